"""Consents: given, read and withdrawn."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from affectloop.events import Modality
from affectloop.policy.profile import Purpose, Role
from affectloop.store.sql.people import Consents, People
from affectloop.store.sql.tokens import Caller
from affectloop_gateway.api.consents import models, service
from affectloop_gateway.api.consents.withdrawal import withdraw as take_back
from affectloop_gateway.api.dependencies import Deps, for_learner, note, one_of
from affectloop_gateway.api.errors import RESPONSES, Problem

router = APIRouter(prefix="/v1/learners", tags=["learners"], responses=RESPONSES)

LearnerId = Annotated[str, Path(description="The learner's pseudonym.")]
OneModality = Annotated[Modality, Path(description="The modality.")]
Person = Annotated[Caller, Depends(one_of(Role.ADMIN, Role.PLATFORM, Role.TEACHER, Role.COUNSELLOR, Role.LEARNER))]
Answerer = Annotated[Caller, Depends(one_of(Role.ADMIN, Role.PLATFORM, Role.LEARNER))]


@router.get("/{learner_id}/consents", summary="A learner's consents")
def consents(deps: Deps, asking: Person, learner_id: LearnerId) -> models.ConsentsDescription:
    """Every answer, and what may be read now because of them."""
    for_learner(asking, learner_id)
    with deps.store.reading(asking.tenant_id) as work:
        return service.consents_of(work, learner_id)


@router.put("/{learner_id}/consents/{modality}", summary="Give a consent")
def give(
    deps: Deps, asking: Answerer, learner_id: LearnerId, modality: OneModality, body: models.ConsentAnswer
) -> models.ConsentsDescription:
    """Note a yes. It counts for sessions that start afterwards. A learner's own token can note the learner's assent alone."""
    for_learner(asking, learner_id)
    if asking.role is Role.LEARNER and body.guardian:
        raise Problem(403, "guardian", "a learner cannot answer for a guardian", "let the school's office note the guardian's answer")
    with deps.store.work(asking.tenant_id) as work:
        People(work).learner(learner_id, locked=True)
        Consents(work).give(
            learner_id, modality, body.purpose, body.version, guardian=body.guardian, assent=body.assent, expires_at_us=body.expires_at_us
        )
        note(work, asking, f"consent.give.{modality}.{body.purpose}", learner_id)
        return service.consents_of(work, learner_id)


@router.delete("/{learner_id}/consents/{modality}", summary="Withdraw a consent")
def withdraw(
    deps: Deps,
    asking: Person,
    learner_id: LearnerId,
    modality: OneModality,
    purpose: Annotated[Purpose | None, Query(description="Only for this purpose; for every one where it is left out.")] = None,
) -> models.Withdrawn:
    """Take a consent back: sensing of the modality stops in running sessions at once, and what was learnt through it is deleted."""
    for_learner(asking, learner_id)
    changed = take_back(deps, asking, learner_id, modality, purpose)
    with deps.store.work(asking.tenant_id) as work:
        note(work, asking, f"consent.withdraw.{modality}.{purpose or 'all'}", learner_id)
    return models.Withdrawn(learner_id=learner_id, sessions=changed)
