"""Rows for tests of the store of durable facts."""

from __future__ import annotations

from affectloop.events import (
    BaselineMeasured,
    Directive,
    Emotion,
    Guidance,
    Header,
    Item,
    Modality,
    TrialAnswered,
)  # fmt: skip
from affectloop.session import Mode, Session, Stream, new_session
from affectloop.store.sql.database import EVERY_TENANT, Store
from affectloop.store.sql.keys import MasterKey
from affectloop.store.sql.people import People
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import Owned, Table

KEYS = MasterKey(bytes(range(32)))
DAY_S = 86_400
ITEM = Item(
    item_id="fear-200ms-i875-v0-o7-head-01", emotion=Emotion.FEAR, duration_ms=200, intensity=0.875, view_deg=0, options=7, poser="head-01"
)  # fmt: skip


def learner(store: Store, tenant: str = "north", name: str | None = None) -> str:
    with store.work(tenant) as work:
        return People(work).add(birth_year=2000, name=name).learner_id


def started(store: Store, learner_id: str, tenant: str = "north") -> Session:
    session = new_session(
        mode=Mode.LIVE,
        captured=(Stream("capture.frames.v1", "camera"),),
        consented=frozenset({Modality.FACE}),
        profile="demo",
        emotion_inference=True,
        started_at_us=store_time(store),
        tenant_id=tenant,
        learner_id=learner_id,
    )
    with store.work(tenant) as work:
        Sessions(work).add(session, People(work).key(learner_id), b"digest")
    return session


def store_time(store: Store) -> int:
    with store.reading(EVERY_TENANT) as work:
        return work.now_us


def header(session: Session, stream: str, sequence: int, at_us: int | None = None) -> Header:
    at_us = session.started_at_us + sequence if at_us is None else at_us
    return Header(session_id=session.session_id, stream_id=stream, sequence=sequence, event_time_us=at_us, complete_until_us=at_us)


def trial(session: Session, number: int, *, correct: bool = True) -> TrialAnswered:
    answer = Emotion.FEAR if correct else Emotion.SURPRISE
    return TrialAnswered(
        header=header(session, "trials", number),
        trial_id=f"t{number}",
        item=ITEM,
        answer=answer,
        correct=correct,
        valid=True,
        reaction_time_ms=700,
    )


def directive(session: Session, number: int, level: int = 5) -> Directive:
    return Directive(
        header=header(session, "directives", number),
        item=ITEM,
        level=level,
        difficulty=0,
        expected_success=0.78,
        target_success=0.78,
        ability=0,
        ability_error=1,
        pause_ms=1000,
        guidance=Guidance.NONE,
    )


def baseline(session: Session, name: str, value: float, sequence: int = 1) -> BaselineMeasured:
    return BaselineMeasured(header=header(session, f"{name}.baseline", sequence), name=name, values=[value])  # type: ignore[arg-type]


def every_table() -> list[str]:
    return sorted(mapper.class_.__tablename__ for mapper in Table.registry.mappers if issubclass(mapper.class_, Owned))
