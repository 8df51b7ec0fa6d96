"""What a session was and what happened in it, from what is stored; works after its key is gone."""

from __future__ import annotations

from typing import Any

from affectloop.events import Modality
from affectloop.policy.access import without_felt_causes
from affectloop.session import Mode
from affectloop.store.sql.database import Work
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import TrainingSession, Trial
from affectloop.store.sql.training import Directives, Trials
from affectloop.topics import DIRECTIVES
from affectloop.viewing import viewed
from affectloop_gateway.api.sessions import models


def course_of(work: Work, session_id: str, *, felt: bool) -> list[models.Happening]:
    """Its changes, answers and directives in order; of those, what rests on estimates only where that is ``felt``."""
    happenings = _changes(work, session_id) + _answers(work, session_id) + _directives(work, session_id, felt=felt)
    return sorted(happenings, key=lambda one: (one.at_us, one.number))


def stored_description(row: TrainingSession) -> models.SessionDescription:
    """A session as it is stored."""
    return models.SessionDescription(
        session_id=row.session_id,
        learner_id=row.learner_id,
        mode=Mode(row.mode),
        started_at_us=row.started_at_us,
        ended_at_us=row.ended_at_us,
        profile=row.profile,
        emotion_inference=row.emotion_inference,
        consented=[Modality(name) for name in row.consented],
        streams=[(topic, stream) for topic, stream in row.streams],
        faults=sorted({service for service, _ in row.faults}),
    )


def _changes(work: Work, session_id: str) -> list[models.Happening]:
    return [
        models.Happening(at_us=one.at_us, kind="change", number=one.number, content={"change": one.change, "consented": one.consented})
        for one in Sessions(work).changes(session_id)
    ]


def _answers(work: Work, session_id: str) -> list[models.Happening]:
    return [
        models.Happening(at_us=one.event_time_us, kind="trial", number=one.number, content=_answer(one))
        for one in Trials(work).of(session_id)
    ]


def _answer(one: Trial) -> dict[str, Any]:
    measured = {"reaction_time_ms": one.reaction_time_ms, "shown_ms": one.shown_ms, "shown_frames": one.shown_frames}
    return {"trial_id": one.trial_id, "item": one.item, "answer": one.answer, "correct": one.correct, "valid": one.valid, **measured}


def _directives(work: Work, session_id: str, *, felt: bool) -> list[models.Happening]:
    told = [(one, viewed(DIRECTIVES, one.directive)) for one in Directives(work).of(session_id)]
    return [
        models.Happening(
            at_us=one.event_time_us, kind="directive", number=one.number, content=content if felt else without_felt_causes(content)
        )
        for one, content in told
    ]
