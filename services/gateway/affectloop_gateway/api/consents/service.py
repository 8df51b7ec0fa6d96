"""A learner's answers, and what follows from them."""

from __future__ import annotations

from affectloop.events import Modality
from affectloop.policy.consent import Consent, consented, least_age_years
from affectloop.policy.profile import profile
from affectloop.store.sql.consents import Consents
from affectloop.store.sql.database import Work
from affectloop.store.sql.people import People
from affectloop_gateway.api.consents import models
from affectloop_gateway.api.errors import Problem


def give(work: Work, learner_id: str, modality: Modality, body: models.ConsentAnswer) -> None:
    """Note a yes, if it is to the text that counts now."""
    People(work).learner(learner_id, locked=True)
    own = profile(People(work).tenant(anew=True).profile)
    if body.version != own.consent_version:
        raise Problem(
            422,
            "version",
            f"the text of the profile {own.name} has the version {own.consent_version}",
            "let them read that one, and ask again",
        )
    Consents(work).give(
        learner_id, own, modality, body.purpose, guardian=body.guardian, assent=body.assent, expires_at_us=body.expires_at_us
    )


def consents_of(work: Work, learner_id: str) -> models.ConsentsDescription:
    """Every answer, and what may be read now because of them."""
    learner, own = People(work).learner(learner_id), People(work).own_profile()
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
        profile=answer.profile,
        version=answer.version,
        guardian=answer.guardian,
        assent=answer.assent,
        given_at_us=answer.given_at_us,
        withdrawn_at_us=answer.withdrawn_at_us,
        expires_at_us=answer.expires_at_us,
        stands=answer.stands(now_us),
    )
