"""Consents: given, read and withdrawn."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from affectloop.events import Modality
from affectloop.policy.access import Action
from affectloop.policy.profile import Purpose, Role
from affectloop_gateway.api.bodies import Name
from affectloop_gateway.api.consents import models, service
from affectloop_gateway.api.consents.withdrawal import withdraw as take_back
from affectloop_gateway.api.dependencies import AnyCaller, Deps
from affectloop_gateway.api.errors import RESPONSES, Problem
from affectloop_gateway.api.permissions import permitted

router = APIRouter(prefix="/v1/learners", tags=["learners"], responses=RESPONSES)

LearnerId = Annotated[Name, Path(description="The learner's pseudonym.")]
OneModality = Annotated[Modality, Path(description="The modality.")]


@router.get("/{learner_id}/consents", summary="A learner's consents")
def consents(deps: Deps, asking: AnyCaller, learner_id: LearnerId) -> models.ConsentsDescription:
    """Every answer, and what may be read now because of them."""
    with permitted(deps, asking, Action.CONSENTS_VIEW, learner_id=learner_id) as work:
        return service.consents_of(work, learner_id)


@router.put("/{learner_id}/consents/{modality}", summary="Give a consent")
def give(
    deps: Deps, asking: AnyCaller, learner_id: LearnerId, modality: OneModality, body: models.ConsentAnswer
) -> models.ConsentsDescription:
    """Note a yes to the text of the tenant's profile. It counts for sessions that start afterwards.

    A learner's own token can note the learner's assent alone.
    """
    if asking.role is Role.LEARNER and body.guardian:
        raise Problem(403, "guardian", "a learner cannot answer for a guardian", "let the school's office note the guardian's answer")
    with permitted(deps, asking, Action.CONSENT_GIVE, learner_id=learner_id, detail=f".{modality}.{body.purpose}") as work:
        service.give(work, learner_id, modality, body)
        return service.consents_of(work, learner_id)


@router.delete("/{learner_id}/consents/{modality}", summary="Withdraw a consent")
def withdraw(
    deps: Deps,
    asking: AnyCaller,
    learner_id: LearnerId,
    modality: OneModality,
    purpose: Annotated[Purpose | None, Query(description="Only for this purpose; for every one where it is left out.")] = None,
) -> models.Withdrawn:
    """Take a consent back: sensing of the modality stops in running sessions at once, and what was learnt through it is deleted."""
    changed = take_back(deps, asking, learner_id, modality, purpose)
    return models.Withdrawn(learner_id=learner_id, sessions=changed)
