"""What is done with learners, without HTTP."""

from __future__ import annotations

from affectloop.store.sql.database import Work
from affectloop.store.sql.people import People
from affectloop_gateway.api.learners import models


def description_of(work: Work, learner_id: str) -> models.LearnerDescription:
    """A learner as a pseudonym."""
    learner = People(work).learner(learner_id)
    return models.LearnerDescription(learner_id=learner_id, birth_year=learner.birth_year, classes=list(People(work).classes(learner_id)))
