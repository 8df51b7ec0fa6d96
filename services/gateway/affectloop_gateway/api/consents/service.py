"""What follows from a learner's answers."""

from __future__ import annotations

from affectloop.policy.consent import Consent, consented, least_age_years
from affectloop.policy.profile import profile
from affectloop.store.sql.database import Work
from affectloop.store.sql.people import Consents, People
from affectloop_gateway.api.consents import models


def consents_of(work: Work, learner_id: str) -> models.ConsentsDescription:
    """Every answer, and what may be read now because of them."""
    learner, own = People(work).learner(learner_id), profile(People(work).tenant().profile)
    answers = Consents(work).of(learner_id)
    age_years = least_age_years(learner.birth_year, work.now_us)
    allowed = {
        purpose: sorted(consented(own, answers, age_years=age_years, now_us=work.now_us, purpose=purpose))
        for purpose in sorted(own.purposes)
    }
    described = [_answer(answer, work.now_us) for answer in answers]
    return models.ConsentsDescription(
        learner_id=learner_id, profile=own.name, version=own.consent_version, allowed=allowed, answers=described
    )


def _answer(answer: Consent, now_us: int) -> models.ConsentDescription:
    return models.ConsentDescription(
        modality=answer.modality,
        purpose=answer.purpose,
        version=answer.version,
        guardian=answer.guardian,
        assent=answer.assent,
        given_at_us=answer.given_at_us,
        withdrawn_at_us=answer.withdrawn_at_us,
        expires_at_us=answer.expires_at_us,
        stands=answer.stands(now_us),
    )
