"""Learners, their names, results and erasure."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query

from affectloop.policy.access import Action
from affectloop.policy.profile import Role, shown_under
from affectloop.store.sql.people import People
from affectloop.store.sql.training import Trials
from affectloop.topics import View
from affectloop_gateway.api.bodies import Name
from affectloop_gateway.api.dependencies import AnyCaller, Deps
from affectloop_gateway.api.errors import RESPONSES
from affectloop_gateway.api.learners import erasure, models, service
from affectloop_gateway.api.permissions import note, permitted

router = APIRouter(prefix="/v1/learners", tags=["learners"], responses=RESPONSES)

LearnerId = Annotated[Name, Path(description="The learner's pseudonym.")]


@router.post("", status_code=201, summary="Add a learner, or find one again")
def add(deps: Deps, asking: AnyCaller, body: models.LearnerGiven) -> models.LearnerDescription:
    """Add a learner. Given `known_elsewhere_as`, the same learner is found each time; that name itself is not kept."""
    with permitted(deps, asking, Action.LEARNER_ADD, noting=False) as work:
        people = People(work)
        learner = people.add(known_elsewhere_as=body.known_elsewhere_as, birth_year=body.birth_year, name=body.name)
        if body.class_id is not None:
            people.enrol(learner.learner_id, body.class_id)
            work.rows.flush()
        note(work, asking, Action.LEARNER_ADD, learner.learner_id)
        return service.description_of(work, learner.learner_id)


@router.get("", summary="Learners")
def learners(
    deps: Deps, asking: AnyCaller, class_id: Annotated[Name | None, Query(description="Only those of this class.")] = None
) -> list[models.LearnerDescription]:
    """The tenant's learners as pseudonyms, newest first; a teacher sees those of their own classes."""
    taught_by = asking.holder if asking.role is Role.TEACHER else None
    with permitted(deps, asking, Action.LEARNERS_VIEW) as work:
        return [service.description_of(work, learner.learner_id) for learner in People(work).learners(class_id, taught_by)]


@router.get("/{learner_id}", summary="A learner")
def learner(deps: Deps, asking: AnyCaller, learner_id: LearnerId) -> models.LearnerDescription:
    """A learner as a pseudonym."""
    with permitted(deps, asking, Action.LEARNER_VIEW, learner_id=learner_id) as work:
        return service.description_of(work, learner_id)


@router.get("/{learner_id}/name", summary="Who a pseudonym is")
def name(deps: Deps, asking: AnyCaller, learner_id: LearnerId) -> models.LearnerName:
    """The name from the vault, for roles that the profile shows names to. Each look is audited."""
    with permitted(deps, asking, Action.NAME_VIEW, learner_id=learner_id) as work:
        return models.LearnerName(learner_id=learner_id, name=People(work).name(learner_id))


@router.delete("/{learner_id}", summary="Erase a learner")
async def erase(deps: Deps, asking: AnyCaller, learner_id: LearnerId) -> models.Erased:
    """Delete the learner's key, name, consents, sessions and results; sealed records in every topic stay closed for ever."""
    done = await asyncio.to_thread(erasure.erase, deps, asking, learner_id)
    for session_id in done.sessions:
        deps.directives.forget(session_id)
    return models.Erased(learner_id=learner_id, erased_at_us=done.at_us, sessions=len(done.sessions), places=done.places)


@router.get("/{learner_id}/results", summary="What a learner's sessions came to")
def results(deps: Deps, asking: AnyCaller, learner_id: LearnerId) -> list[models.ResultDescription]:
    """The figures of each ended session, oldest first. Staff's looks are audited."""
    with permitted(deps, asking, Action.RESULTS_VIEW, learner_id=learner_id) as work:
        return [
            models.ResultDescription(session_id=one.session_id, kind=one.kind, at_us=one.at_us, figures=one.figures)
            for one in Trials(work).results(learner_id, shown_under(asking.role, View.PROGRESS))
        ]
