"""What is done with learners, without HTTP."""

from __future__ import annotations

from affectloop.policy.access import Action
from affectloop.store.sql.database import Work
from affectloop.store.sql.people import People
from affectloop.store.sql.tokens import Caller
from affectloop_gateway.api.dependencies import Dependencies
from affectloop_gateway.api.learners import models
from affectloop_gateway.api.permissions import permitted


def erase(deps: Dependencies, asking: Caller, learner_id: str) -> tuple[list[str], int]:
    """Erase a learner and let live state forget the sessions; gives those and when."""
    with permitted(deps, asking, Action.LEARNER_ERASE, learner_id=learner_id) as work:
        sessions = People(work).erase(learner_id)
        erased_at_us = work.now_us
    for session_id in sessions:
        deps.live.forget_session(session_id)
    return sessions, erased_at_us


def description_of(work: Work, learner_id: str) -> models.LearnerDescription:
    """A learner as a pseudonym."""
    learner = People(work).learner(learner_id)
    return models.LearnerDescription(learner_id=learner_id, birth_year=learner.birth_year, classes=list(People(work).classes(learner_id)))
