"""What a session brings: trials, directives, baselines and results."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from statistics import median
from typing import Any

from sqlalchemy import func, select

from affectloop.codec import decode, encode, to_json
from affectloop.errors import InvalidInput
from affectloop.events import BaselineMeasured, Directive, Emotion, Modality, TrialAnswered
from affectloop.store.sql.database import Work
from affectloop.store.sql.keys import DataKey
from affectloop.store.sql.tables import Baseline, DirectiveGiven, Result, TrainingSession, Trial

SUMMARY = "summary"  # the result that every session ends with
MODALITY_OF_BASELINE = {"face": Modality.FACE, "physio": Modality.WRISTBAND, "audio": Modality.VOICE}  # by the service that measures it


class OtherTrial(InvalidInput):
    """The name is taken by a trial with other content."""

    def __init__(self, trial_id: str) -> None:
        super().__init__(f"trial {trial_id} is stored with other content: give every trial a name of its own")


class Trials:
    """The answers of one tenant's sessions."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.rows

    def get(self, session_id: str, trial_id: str) -> Trial | None:
        """A stored trial."""
        return self._rows.get(Trial, (self._work.tenant_id, session_id, trial_id))

    def add(self, row: TrainingSession, event: TrialAnswered, request_digest: str = "") -> None:
        """Store a trial as the session's newest one. Lock the session first."""
        row.trials = event.header.sequence
        answered = Trial(
            tenant_id=row.tenant_id,
            session_id=row.session_id,
            trial_id=event.trial_id,
            number=event.header.sequence,
            event_time_us=event.header.event_time_us,
            item=to_json(event.item),
            answer=event.answer.value,
            correct=event.correct,
            valid=event.valid,
            reaction_time_ms=event.reaction_time_ms,
            shown_ms=event.shown_ms,
            shown_frames=event.shown_frames,
            refresh_hz=event.refresh_hz,
            wished_levels=event.wished_levels,
            request_digest=request_digest,
        )
        self._rows.add(answered)

    def of(self, session_id: str) -> Sequence[Trial]:
        """A session's trials, in order."""
        return self._rows.scalars(select(Trial).where(Trial.session_id == session_id).order_by(Trial.number)).all()

    def last_time_us(self, session_id: str) -> int:
        """When the newest one was answered; 0 before the first."""
        return self._rows.scalar(select(func.max(Trial.event_time_us)).where(Trial.session_id == session_id)) or 0

    def sum_up(self, row: TrainingSession) -> dict[str, Any]:
        """Store and give what a session came to."""
        figures = summary(self.of(row.session_id))
        key = {"tenant_id": row.tenant_id, "session_id": row.session_id, "kind": SUMMARY}
        self._rows.merge(Result(**key, learner_id=row.learner_id, at_us=self._work.now_us, figures=figures))
        return figures

    def results(self, learner_id: str, under: Collection[str]) -> Sequence[Result]:
        """What a learner's sessions under these profiles came to, oldest first."""
        own = select(TrainingSession.session_id).where(TrainingSession.profile.in_(under))
        query = select(Result).where(Result.learner_id == learner_id, Result.session_id.in_(own))
        return self._rows.scalars(query.order_by(Result.at_us, Result.session_id)).all()


def summary(trials: Sequence[Trial]) -> dict[str, Any]:
    """What trials come to: counts of the valid ones, in all and by emotion, and the median time to answer."""
    valid = [trial for trial in trials if trial.valid]
    times = [trial.reaction_time_ms for trial in valid if trial.reaction_time_ms is not None]
    shown = {emotion: [trial for trial in valid if trial.item["emotion"] == emotion] for emotion in Emotion}
    return {
        "trials": len(trials),
        "valid": len(valid),
        "correct": sum(trial.correct for trial in valid),
        "median_reaction_time_ms": median(times) if times else None,
        "by_emotion": {
            emotion.value: {"valid": len(some), "correct": sum(trial.correct for trial in some)} for emotion, some in shown.items() if some
        },
    }


class Directives:
    """What the recommender said."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.rows

    def keep(self, event: Directive) -> None:
        """Store a directive; the first one of a number counts."""
        header = event.header
        key = (self._work.tenant_id, header.session_id, header.sequence)
        if self._rows.get(DirectiveGiven, key) is None:
            kept = DirectiveGiven(
                tenant_id=key[0], session_id=key[1], number=key[2], event_time_us=header.event_time_us, directive=to_json(event)
            )
            self._rows.add(kept)

    def item(self, session_id: str, item_id: str) -> dict[str, Any] | None:
        """The item of that name as a directive of the session gave it, the newest one first; ``None`` where none did."""
        newest = self.newest(session_id)
        if newest is None or newest.directive["item"]["item_id"] == item_id:
            return None if newest is None else dict(newest.directive["item"])
        earlier = (dict(one.directive["item"]) for one in reversed(self.of(session_id)))
        return next((item for item in earlier if item["item_id"] == item_id), None)

    def newest(self, session_id: str) -> DirectiveGiven | None:
        """The newest directive of a session."""
        query = select(DirectiveGiven).where(DirectiveGiven.session_id == session_id)
        return self._rows.scalars(query.order_by(DirectiveGiven.number.desc()).limit(1)).first()

    def of(self, session_id: str) -> Sequence[DirectiveGiven]:
        """A session's directives, in order."""
        return self._rows.scalars(
            select(DirectiveGiven).where(DirectiveGiven.session_id == session_id).order_by(DirectiveGiven.number)
        ).all()


class Baselines:
    """What was learnt of a learner, for later sessions; sealed with the learner's key."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.rows

    def keep(self, learner_id: str, event: BaselineMeasured, key: DataKey) -> None:
        """Store a baseline unless one of its name that was measured later is there."""
        header, place = event.header, (self._work.tenant_id, learner_id, event.name)
        row = self._rows.get(Baseline, place)
        if row is None:
            row = Baseline(tenant_id=place[0], learner_id=place[1], name=place[2], event_time_us=0)
            self._rows.add(row)
        elif row.event_time_us >= header.event_time_us:
            return
        row.session_id, row.sequence, row.event_time_us = header.session_id, header.sequence, header.event_time_us
        row.sealed = key.seal(encode(event), "baseline", *place)

    def of(self, learner_id: str, key: DataKey, allowed: frozenset[Modality]) -> list[BaselineMeasured]:
        """The newest of each name whose modality is allowed."""
        found = []
        for row in self._rows.scalars(select(Baseline).where(Baseline.learner_id == learner_id).order_by(Baseline.name)):
            modality = modality_of(row.name)
            if modality is None or modality in allowed:
                event = decode(BaselineMeasured, key.unseal(row.sealed, "baseline", self._work.tenant_id, learner_id, row.name))
                found.append(event)
        return [event for event in found if isinstance(event, BaselineMeasured)]

    def forget(self, learner_id: str | None, modalities: frozenset[Modality]) -> None:
        """Delete what was learnt of a learner, or of anybody, through modalities whose consent is withdrawn."""
        query = select(Baseline) if learner_id is None else select(Baseline).where(Baseline.learner_id == learner_id)
        for row in self._rows.scalars(query):
            if modality_of(row.name) in modalities:
                self._rows.delete(row)


def modality_of(baseline: str) -> Modality | None:
    """Through which modality a baseline was learnt; ``None`` where it comes from the answers."""
    return MODALITY_OF_BASELINE.get(baseline.split(".")[0])
