"""Learners, their consents, and their erasure."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from affectloop.events import Modality
from affectloop.policy.consent import Consent, consented, least_age_years
from affectloop.policy.profile import Purpose, Role, View, profile
from affectloop.store.sql.audit import Audit
from affectloop.store.sql.database import Work
from affectloop.store.sql.people import Consents, People
from affectloop.store.sql.tokens import Caller
from affectloop.store.sql.training import Trials
from affectloop_gateway import bodies, sensing
from affectloop_gateway.premises import Here, audit_view, for_learner, one_of
from affectloop_gateway.problems import RESPONSES, Problem

router = APIRouter(prefix="/v1/learners", tags=["learners"], responses=RESPONSES)

LearnerId = Annotated[str, Path(description="The learner's pseudonym.")]
OneModality = Annotated[Modality, Path(description="The modality.")]
Office = Annotated[Caller, Depends(one_of(Role.ADMIN, Role.PLATFORM))]
Staff = Annotated[Caller, Depends(one_of(Role.ADMIN, Role.PLATFORM, Role.TEACHER, Role.COUNSELLOR))]
Person = Annotated[Caller, Depends(one_of(Role.ADMIN, Role.PLATFORM, Role.TEACHER, Role.COUNSELLOR, Role.LEARNER))]
Answerer = Annotated[Caller, Depends(one_of(Role.ADMIN, Role.PLATFORM, Role.LEARNER))]


@router.post("", status_code=201, summary="Add a learner, or find one again")
def add(here: Here, asking: Office, body: bodies.LearnerGiven) -> bodies.LearnerDescription:
    """Add a learner. Given `known_elsewhere_as`, the same learner is found each time; that name itself is not kept."""
    with here.store.work(asking.tenant_id) as work:
        people = People(work)
        learner = people.add(known_elsewhere_as=body.known_elsewhere_as, birth_year=body.birth_year, name=body.name)
        if body.class_id is not None:
            people.enrol(learner.learner_id, body.class_id)
            work.rows.flush()
        _note(work, asking, "learner.add", learner.learner_id)
        return _description(work, learner.learner_id)


@router.get("", summary="Learners")
def learners(
    here: Here, asking: Staff, class_id: Annotated[str | None, Query(description="Only those of this class.")] = None
) -> list[bodies.LearnerDescription]:
    """The tenant's learners as pseudonyms, newest first."""
    with here.store.reading(asking.tenant_id) as work:
        return [_description(work, learner.learner_id) for learner in People(work).learners(class_id)]


@router.get("/{learner_id}", summary="A learner")
def learner(here: Here, asking: Person, learner_id: LearnerId) -> bodies.LearnerDescription:
    """A learner as a pseudonym."""
    for_learner(asking, learner_id)
    with here.store.reading(asking.tenant_id) as work:
        return _description(work, learner_id)


@router.get("/{learner_id}/name", summary="Who a pseudonym is")
def name(here: Here, asking: Person, learner_id: LearnerId) -> bodies.LearnerName:
    """The name from the vault, for roles that the profile shows names to. Each look is audited."""
    for_learner(asking, learner_id)
    with here.store.work(asking.tenant_id) as work:
        own = asking.role is Role.LEARNER
        if not own and not profile(People(work).tenant().profile).shows(asking.role, View.NAMES):
            raise Problem(403, "token", "the profile does not show names to this role", "ask somebody whose role may see them")
        People(work).learner(learner_id)
        _note(work, asking, "view.name", learner_id)
        return bodies.LearnerName(learner_id=learner_id, name=People(work).name(learner_id))


@router.delete("/{learner_id}", summary="Erase a learner")
async def erase(here: Here, asking: Office, learner_id: LearnerId) -> bodies.Erased:
    """Delete the learner's key, name, consents, sessions and results; sealed records in every topic stay closed for ever."""
    sessions, erased_at_us = await asyncio.to_thread(_erase, here, asking, learner_id)
    for session_id in sessions:
        here.feed.forget(session_id)
    return bodies.Erased(learner_id=learner_id, erased_at_us=erased_at_us, sessions=len(sessions))


@router.get("/{learner_id}/results", summary="What a learner's sessions came to")
def results(here: Here, asking: Person, learner_id: LearnerId) -> list[bodies.ResultDescription]:
    """The figures of each ended session, oldest first. Staff's looks are audited."""
    for_learner(asking, learner_id)
    with here.store.work(asking.tenant_id) as work:
        People(work).learner(learner_id)
        audit_view(here, asking, work, "view.results", learner_id)
        return [
            bodies.ResultDescription(session_id=one.session_id, kind=one.kind, at_us=one.at_us, figures=one.figures)
            for one in Trials(work).results(learner_id)
        ]


@router.get("/{learner_id}/consents", summary="A learner's consents")
def consents(here: Here, asking: Person, learner_id: LearnerId) -> bodies.ConsentsDescription:
    """Every answer, and what may be read now because of them."""
    for_learner(asking, learner_id)
    with here.store.reading(asking.tenant_id) as work:
        return _consents(work, learner_id)


@router.put("/{learner_id}/consents/{modality}", summary="Give a consent")
def give(
    here: Here, asking: Answerer, learner_id: LearnerId, modality: OneModality, body: bodies.ConsentAnswer
) -> bodies.ConsentsDescription:
    """Note a yes. It counts for sessions that start afterwards. A learner's own token can note the learner's assent alone."""
    for_learner(asking, learner_id)
    if asking.role is Role.LEARNER and body.guardian:
        raise Problem(403, "guardian", "a learner cannot answer for a guardian", "let the school's office note the guardian's answer")
    with here.store.work(asking.tenant_id) as work:
        People(work).learner(learner_id, locked=True)
        Consents(work).give(
            learner_id, modality, body.purpose, body.version, guardian=body.guardian, assent=body.assent, expires_at_us=body.expires_at_us
        )
        _note(work, asking, f"consent.give.{modality}.{body.purpose}", learner_id)
        return _consents(work, learner_id)


@router.delete("/{learner_id}/consents/{modality}", summary="Withdraw a consent")
def withdraw(
    here: Here,
    asking: Person,
    learner_id: LearnerId,
    modality: OneModality,
    purpose: Annotated[Purpose | None, Query(description="Only for this purpose; for every one where it is left out.")] = None,
) -> bodies.Withdrawn:
    """Take a consent back: sensing of the modality stops in running sessions at once, and what was learnt through it is deleted."""
    for_learner(asking, learner_id)
    changed = sensing.withdraw(here, asking, learner_id, modality, purpose)
    with here.store.work(asking.tenant_id) as work:
        _note(work, asking, f"consent.withdraw.{modality}.{purpose or 'all'}", learner_id)
    return bodies.Withdrawn(learner_id=learner_id, sessions=changed)


def _erase(here: Here, asking: Caller, learner_id: str) -> tuple[list[str], int]:
    with here.store.work(asking.tenant_id) as work:
        sessions = People(work).erase(learner_id)
        erased_at_us = work.now_us
        _note(work, asking, "learner.erase", learner_id)
    for session_id in sessions:
        here.live.forget_session(session_id)
    return sessions, erased_at_us


def _note(work: Work, asking: Caller, action: str, subject: str) -> None:
    Audit(work).add(actor=asking.token_id, role=asking.role, action=action, subject=subject)


def _description(work: Work, learner_id: str) -> bodies.LearnerDescription:
    learner = People(work).learner(learner_id)
    return bodies.LearnerDescription(learner_id=learner_id, birth_year=learner.birth_year, classes=list(People(work).classes(learner_id)))


def _consents(work: Work, learner_id: str) -> bodies.ConsentsDescription:
    learner, own = People(work).learner(learner_id), profile(People(work).tenant().profile)
    answers = Consents(work).of(learner_id)
    age_years = least_age_years(learner.birth_year, work.now_us)
    allowed = {
        purpose: sorted(consented(own, answers, age_years=age_years, now_us=work.now_us, purpose=purpose))
        for purpose in sorted(own.purposes)
    }
    described = [_answer(answer, work.now_us) for answer in answers]
    return bodies.ConsentsDescription(
        learner_id=learner_id, profile=own.name, version=own.consent_version, allowed=allowed, answers=described
    )


def _answer(answer: Consent, now_us: int) -> bodies.ConsentDescription:
    return bodies.ConsentDescription(
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
