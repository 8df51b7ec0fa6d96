"""A school in memory, for tests of the gateway: two tenants, tokens of every role, learners who agreed, a bus that can go away."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import FastAPI
from sqlalchemy import make_url

from affectloop.bus import Outgoing, Producer, Record
from affectloop.bus.memory import MemoryBus
from affectloop.clock import ManualClock
from affectloop.codec import to_record
from affectloop.errors import Unavailable
from affectloop.events import (
    BLENDSHAPES,
    AudioFeatures,
    BaselineMeasured,
    Directive,
    Emotion,
    EmotionEstimate,
    Event,
    FaceFeatures,
    Guidance,
    Header,
    Item,
    Modality,
    Reason,
    SignalChunk,
    SignalKind,
)  # fmt: skip
from affectloop.policy.profile import Purpose, Role
from affectloop.session import Session
from affectloop.settings import RuntimeSettings
from affectloop.store.live import LiveState
from affectloop.store.live.memory import MemoryLiveState
from affectloop.store.sql.audit import Audit, HeadFile
from affectloop.store.sql.consents import Consents
from affectloop.store.sql.database import Store, engine_of
from affectloop.store.sql.keys import MasterKey
from affectloop.store.sql.people import People, add_tenant
from affectloop.store.sql.tokens import Tokens
from affectloop.topics import TOPICS
from affectloop_gateway.api.dependencies import Dependencies, Looks
from affectloop_gateway.app import create_app
from affectloop_gateway.live.feed import Feed
from affectloop_gateway.settings import GatewaySettings
from affectloop_gateway.workers.fact_ingest import FactIngest
from affectloop_gateway.workers.outbox_publisher import OutboxPublisher

with warnings.catch_warnings():  # newer Starlettes would like another client; the gateway itself uses httpx
    warnings.filterwarnings("ignore", "Using `httpx`")
    from starlette.testclient import TestClient

KEYS = MasterKey(bytes(range(32)))
ITEM = {
    "item_id": "fear-200ms-i875-v0-o7-head-01",
    "emotion": "fear",
    "duration_ms": 200,
    "intensity": 0.875,
    "view_deg": 0,
    "options": 7,
    "poser": "head-01",
}
CLASS = "7b"  # what learners are in and teachers teach, unless a test says otherwise
YEAR_S = 365 * 86_400.0


class FailingBus(MemoryBus):
    """A bus in memory that can be away."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock=clock)
        self.away = False

    def producer(self, *, durable: bool) -> Producer:
        """A producer that notices."""
        return _FailingProducer(self, super().producer(durable=durable))


@dataclass
class _FailingProducer:
    bus: FailingBus
    inner: Producer

    def send(self, records: Sequence[Outgoing]) -> None:
        if self.bus.away:
            raise Unavailable("the bus is away")
        self.inner.send(records)

    def close(self) -> None:
        self.inner.close()


@dataclass
class School:
    """Everything behind the gateway, and the gateway itself."""

    clock: ManualClock
    live: LiveState
    store: Store
    bus: FailingBus
    feed: Feed
    outbox: OutboxPublisher
    dependencies: Dependencies
    client: TestClient
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    def token(self, role: str = "admin", tenant: str = "north", learner_id: str | None = None) -> str:
        """A token of that role; the same one each time. The teacher teaches the learners' class."""
        key = (tenant, f"{role}:{learner_id}")
        if key not in self.tokens:
            with self.store.work(tenant) as work:
                holder = None if learner_id else f"{role}-1"
                self.tokens[key] = Tokens(work).issue(Role(role), holder=holder, learner_id=learner_id, lasts_s=YEAR_S)[1]
                if role == "teacher":
                    People(work).give_class(CLASS, "teacher-1")
        return self.tokens[key]

    def audited(self, tenant: str = "north") -> list[tuple[str, str, str]]:
        """Role, action and subject of every entry of the audit log."""
        with self.store.reading(tenant) as work:
            return [(entry.role, entry.action, entry.subject) for entry in Audit(work).entries(limit=10_000)]

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None, **params: Any) -> Any:
        """A request with a token, by default the administrator's; gives the response."""
        token = self.token() if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.request(method, path, json=body, headers=headers, params=params or None)

    def learner(self, tenant: str = "north", *, consents: Sequence[Modality] = tuple(Modality), birth_year: int | None = 2000) -> str:
        """A learner who agreed to these modalities for every purpose, as far as the tenant's profile allows them."""
        with self.store.work(tenant) as work:
            own = People(work).own_profile()
            learner_id = People(work).add(birth_year=birth_year).learner_id
            People(work).enrol(learner_id, CLASS)
            for modality in own.modalities.intersection(consents):
                for purpose in (Purpose.TRAINING, Purpose.REPORT):
                    Consents(work).give(learner_id, own, modality, purpose, guardian=True, assent=True)
        return learner_id

    def start(self, learner_id: str | None = None, tenant: str = "north", **changes: Any) -> dict[str, Any]:
        """Start a session over HTTP; gives the answer."""
        body = {"learner_id": learner_id or self.learner(tenant), "modalities": ["face", "wristband", "voice"], **changes}
        response = self.call("POST", "/v1/sessions", body, token=self.token(tenant=tenant))
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def answer(self, session_id: str, trial_id: str, **changes: Any) -> Any:
        """Answer a trial over HTTP; gives the response."""
        token = changes.pop("token", None)
        return self.call(
            "POST", f"/v1/sessions/{session_id}/trials", {"trial_id": trial_id, "item": ITEM, "answer": "fear", **changes}, token=token
        )

    def live_session(self, session_id: str) -> Session:
        """The session as live state has it."""
        session = self.live.session(session_id)
        assert session is not None
        return session

    def records(self, *topics: str) -> list[Record]:
        """What lies on the bus."""
        reader = self.bus.tail(topics or [topic.name for topic in TOPICS], from_start=True)
        return reader.poll(0, 10_000)

    def record(self, event: Event) -> Record:
        """The event as a record that came from the bus."""
        made = to_record(event, self.live_session(event.header.session_id).key)
        return Record(made.topic, 0, 0, made.key, made.value, made.headers, self.clock.wall_us())

    def arrive(self, *events: Event) -> None:
        """Let events arrive at the feed."""
        assert self.client.portal is not None
        self.client.portal.call(self.feed.take, [self.record(event) for event in events])

    def ingest(self, *events: Event) -> list[Outgoing]:
        """Let events arrive at the fact ingest; gives dead letters."""
        return FactIngest(self.store, self.live, self.bus, self.clock).take([self.record(event) for event in events])

    def ingest_records(self, *records: Record) -> list[Outgoing]:
        """Let records arrive at the fact ingest; gives dead letters."""
        return FactIngest(self.store, self.live, self.bus, self.clock).take(records)

    def made_token(self, tenant: str = "north") -> str:
        """The name of a fresh token of a researcher."""
        with self.store.work(tenant) as work:
            return Tokens(work).issue(Role.RESEARCHER, holder="r-9")[0].token_id

    def header(self, session_id: str, stream: str, sequence: int = 0, at_s: float = 0.0) -> Header:
        """A header at so many seconds of the session."""
        at_us = self.live_session(session_id).started_at_us + round(at_s * 1e6)
        return Header(session_id=session_id, stream_id=stream, sequence=sequence, event_time_us=at_us, complete_until_us=at_us)

    def face(self, session_id: str, at_s: float = 0.0) -> FaceFeatures:
        """A face with a smile."""
        shapes = np.full(BLENDSHAPES, 0.25, np.float32)
        header = self.header(session_id, "face", round(at_s * 1e6), at_s)
        return FaceFeatures(header=header, quality=0.9, reason=Reason.GOOD, blendshapes=shapes)

    def signal(
        self, session_id: str, at_s: float = 0.0, kind: SignalKind = SignalKind.EDA, rate_hz: float = 4, count: int = 4
    ) -> SignalChunk:
        """Some samples, each its own number."""
        first = round(at_s * rate_hz)
        samples = np.arange(first, first + count, dtype=np.float32)[:, None]
        return SignalChunk(header=self.header(session_id, str(kind), first, at_s), kind=kind, sample_rate_hz=rate_hz, samples=samples)

    def voice(self, session_id: str, at_s: float = 0.0) -> AudioFeatures:
        """A silent half second."""
        return AudioFeatures(header=self.header(session_id, "audio", round(at_s * 2), at_s), quality=0, reason=Reason.SILENT)

    def estimate(self, session_id: str, at_s: float = 0.0) -> EmotionEstimate:
        """A calm estimate."""
        header = self.header(session_id, "fusion", round(at_s * 2), at_s)
        return EmotionEstimate(
            header=header, abstained=False, reason=Reason.GOOD, confidence=0.8, arousal=-0.3, arousal_error=0.1,
            face_share=0.5, wristband_share=0.5, voice_share=0,
        )  # fmt: skip

    def directive(self, session_id: str, number: int, level: int = 5, at_s: float = 0.0) -> Directive:
        """The next item is a brief surprise."""
        item = Item(item_id="surprise-1", emotion=Emotion.SURPRISE, duration_ms=120, intensity=0.6, view_deg=45, options=7)
        return Directive(
            header=self.header(session_id, "directives", number, at_s), item=item, level=level, difficulty=0.1, expected_success=0.78,
            target_success=0.78, ability=0.2, ability_error=0.4, pause_ms=1000, guidance=Guidance.NONE,
        )  # fmt: skip

    def baseline(self, session_id: str, name: str, value: float, at_s: float = 0.0) -> BaselineMeasured:
        """Something learnt."""
        return BaselineMeasured(header=self.header(session_id, name, round(at_s), at_s), name=name, values=np.array([value]))


def template(folder: Path) -> Path:
    """A database with the two tenants and nothing else, to be copied."""
    path = folder / "template.db"
    store = Store.open(f"sqlite:///{path}", KEYS, ManualClock())
    for tenant in ("north", "south"):
        add_tenant(store, tenant, title=tenant, profile="demo")
    store.close()
    return path


@contextmanager
def school(database: Path, folder: Path, **settings: Any) -> Iterator[School]:
    """A school with the tenants ``north`` and ``south``, both under the profile ``demo``, in SQLite and memory."""
    shutil.copy(database, folder / "facts.db")
    clock = ManualClock()
    store = Store(engine_of(make_url(f"sqlite:///{folder / 'facts.db'}")), KEYS, clock, HeadFile(folder / "heads"))  # its tables are made
    with opened(store, MemoryLiveState(clock), clock, **settings) as at:
        yield at
    store.close()


@contextmanager
def opened(store: Store, live: LiveState, clock: ManualClock, **settings: Any) -> Iterator[School]:
    """A school over these stores."""
    bus = FailingBus(clock)
    chosen = GatewaySettings(**{"permissions_every_s": 0.05, **settings})
    feed = Feed(live, clock, history_s=chosen.history_s, history_bytes=chosen.history_bytes, viewer_queue=chosen.viewer_queue)
    outbox = OutboxPublisher(store, bus, batch=chosen.outbox_batch, every_s=chosen.outbox_every_s)
    dependencies = Dependencies(
        settings=chosen,
        store=store,
        live=live,
        clock=clock,
        directives=feed,
        looks=Looks(clock),
        longest_session_us=RuntimeSettings().longest_session_us,
    )
    app = _app(dependencies, feed)
    app.state.dependencies, app.state.feed = dependencies, feed
    with TestClient(app) as client:
        yield School(clock, live, store, bus, feed, outbox, dependencies, client)


_APPS: list[FastAPI] = []  # one for all: making it takes longer than most tests


def _app(dependencies: Dependencies, feed: Feed) -> FastAPI:
    if not _APPS:
        _APPS.append(create_app(dependencies, feed))
    return _APPS[0]


def with_profile(at: School, profile: str, tenant: str = "north") -> None:
    """Put a tenant under another profile, as if it had never been under one."""
    with at.store.work(tenant) as work:
        People(work).tenant().profile = profile


__all__ = ["ITEM", "KEYS", "FailingBus", "School", "replace", "school", "template", "with_profile"]
