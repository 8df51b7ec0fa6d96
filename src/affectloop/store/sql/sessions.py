"""Sessions as facts: who, when, under which profile and consents, and the key while it lives."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Select, delete, select

from affectloop.errors import InvalidInput
from affectloop.events import END_OF_TIME_US, Header, Modality, SessionChange, SessionChanged
from affectloop.policy.profile import profile
from affectloop.session import Fault, Mode, Session, SessionKey, Stream
from affectloop.store.sql.database import Work
from affectloop.store.sql.keys import DataKey
from affectloop.store.sql.tables import Enrolment, SessionChangeNoted, Teaching, TrainingSession
from affectloop.topics import SESSION_EVENTS, Privacy


class UnknownSession(InvalidInput):
    """There is no such session in this tenant."""

    def __init__(self, session_id: str) -> None:
        super().__init__(f"no session {session_id} in this tenant: start one, or check its name")


class Sessions:
    """The sessions of one tenant."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.rows

    def add(self, session: Session, learner_key: DataKey, grant: bytes) -> TrainingSession:
        """Store a session; its key goes in wrapped by the learner's."""
        row = TrainingSession(
            tenant_id=self._work.tenant_id,
            session_id=session.session_id,
            learner_id=session.learner_id,
            profile=session.profile,
            mode=session.mode.value,
            emotion_inference=session.emotion_inference,
            consented=sorted(session.consented),
            streams=[[stream.topic, stream.stream_id] for stream in session.streams],
            started_at_us=session.started_at_us,
            created_at_us=self._work.now_us,
            faults=[],
            changes=0,
            trials=0,
            key_id=session.key.key_id,
            wrapped_key=learner_key.seal(session.key.secret, "session-key", self._work.tenant_id, session.session_id),
            grant=grant,
        )
        self._rows.add(row)
        self._rows.flush()
        return row

    def get(self, session_id: str, *, locked: bool = False) -> TrainingSession:
        """A session; ``locked`` makes other writers of it wait until the transaction ends."""
        key = (self._work.tenant_id, session_id)
        row = self._rows.get(TrainingSession, key, with_for_update=True if locked else None, populate_existing=locked)
        if row is None:
            raise UnknownSession(session_id)
        return row

    def find(self, session_id: str) -> TrainingSession | None:
        """A session, or ``None``."""
        return self._rows.get(TrainingSession, (self._work.tenant_id, session_id))

    def open_ones(self, learner_id: str | None = None) -> Sequence[TrainingSession]:
        """The sessions that have not ended, of a learner or of all."""
        query = select(TrainingSession).where(TrainingSession.ended_at_us.is_(None))
        if learner_id is not None:
            query = query.where(TrainingSession.learner_id == learner_id)
        return self._rows.scalars(query.order_by(TrainingSession.session_id)).all()

    def latest(
        self,
        *,
        learner_id: str | None = None,
        taught_by: str | None = None,
        under: Collection[str] | None = None,
        open_only: bool = False,
        limit: int = 100,
    ) -> Sequence[TrainingSession]:
        """The newest sessions first: of a learner, of a teacher's classes, under these profiles."""
        query = select(TrainingSession).order_by(TrainingSession.created_at_us.desc(), TrainingSession.session_id).limit(limit)
        if taught_by is not None:
            query = query.where(TrainingSession.learner_id.in_(taught(taught_by)))
        if under is not None:
            query = query.where(TrainingSession.profile.in_(under))
        if learner_id is not None:
            query = query.where(TrainingSession.learner_id == learner_id)
        if open_only:
            query = query.where(TrainingSession.ended_at_us.is_(None))
        return self._rows.scalars(query).all()

    def with_keys(self) -> Sequence[TrainingSession]:
        """Those that live state must know: open ones, and ended ones whose records may still be read."""
        return self._rows.scalars(select(TrainingSession).where(TrainingSession.wrapped_key.is_not(None))).all()

    def descriptor(self, row: TrainingSession, learner_key: DataKey) -> Session | None:
        """The session as live state holds it; ``None`` once its key is gone."""
        if row.wrapped_key is None:
            return None
        return Session(
            session_id=row.session_id,
            tenant_id=row.tenant_id,
            learner_id=row.learner_id,
            mode=Mode(row.mode),
            started_at_us=row.started_at_us,
            profile=row.profile,
            emotion_inference=row.emotion_inference,
            consented=frozenset(map(Modality, row.consented)),
            streams=tuple(Stream(*pair) for pair in row.streams),
            key=SessionKey(row.key_id, learner_key.unseal(row.wrapped_key, "session-key", row.tenant_id, row.session_id)),
            ended_at_us=row.ended_at_us,
            faults=frozenset(Fault(*pair) for pair in row.faults),
        )

    def note(self, row: TrainingSession, change: SessionChange, at_us: int) -> SessionChanged:
        """Note what happened to a session; gives the event that says so. Lock the row first."""
        number, consented = row.changes, tuple(map(Modality, row.consented))
        row.changes = number + 1
        if change is SessionChange.ENDED:
            row.ended_at_us, row.closed_at_us = at_us, self._work.now_us
        key = {"tenant_id": row.tenant_id, "session_id": row.session_id}
        self._rows.add(SessionChangeNoted(**key, number=number, at_us=at_us, change=change.value, consented=sorted(consented)))
        header = Header(
            session_id=row.session_id,
            stream_id=SESSION_EVENTS.stream,
            sequence=number,
            event_time_us=at_us,
            complete_until_us=END_OF_TIME_US if change is SessionChange.ENDED else at_us,
            captured_by="gateway",
        )
        return SessionChanged(header=header, change=change, consented=consented, profile=row.profile)

    def changes(self, session_id: str) -> Sequence[SessionChangeNoted]:
        """What happened to a session, in order."""
        query = select(SessionChangeNoted).where(SessionChangeNoted.session_id == session_id)
        return self._rows.scalars(query.order_by(SessionChangeNoted.number)).all()

    def abandoned(self, before_us: int) -> Sequence[TrainingSession]:
        """Open ones that were created before that."""
        query = select(TrainingSession).where(TrainingSession.ended_at_us.is_(None), TrainingSession.created_at_us < before_us)
        return self._rows.scalars(query).all()

    def close_expired(self) -> list[str]:
        """Delete the keys and facts whose retention has ended; gives the sessions that live state must forget."""
        sealed, facts = [], []
        for name in self._rows.scalars(select(TrainingSession.profile).distinct()).all():
            kept_s = profile(name).retention_s
            sealed += [row for row in self._closed_before(name, kept_s[Privacy.DERIVED]) if row.wrapped_key is not None]
            facts += [row.session_id for row in self._closed_before(name, kept_s[Privacy.FACT])]
        for row in sealed:
            row.wrapped_key = None
        self._rows.flush()
        erase_sessions(self._work, facts)
        return sorted({row.session_id for row in sealed} | set(facts))

    def _closed_before(self, profile_name: str, kept_s: int) -> Sequence[TrainingSession]:
        until_us = self._work.now_us - kept_s * 1_000_000
        query = select(TrainingSession).where(TrainingSession.profile == profile_name, TrainingSession.closed_at_us <= until_us)
        return self._rows.scalars(query).all()


def erase_sessions(work: Work, session_ids: Iterable[str]) -> None:
    """Delete sessions and all that hangs on them."""
    work.rows.execute(delete(TrainingSession).where(TrainingSession.session_id.in_(list(session_ids))))


def taught(holder: str) -> Select[Any]:
    """The learners of a teacher's classes, as a query."""
    own = select(Teaching.class_id).where(Teaching.holder == holder)
    return select(Enrolment.learner_id).where(Enrolment.class_id.in_(own))
