"""What every service must know of a session: it is in live state before the session's first record."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

from affectloop.events import Modality
from affectloop.topics import TOPICS, Topic


class Mode(StrEnum):
    """Whether a silent stream is waited for."""

    LIVE = "live"  # prompt: a stream that stalls is left behind
    REPLAY = "replay"  # complete: every declared stream is waited for


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream that a session declares: the topic's name and the stream's."""

    topic: str
    stream_id: str


@dataclass(frozen=True, slots=True)
class SessionKey:
    """The key that seals a session's payloads; deleting it erases them."""

    key_id: str
    secret: bytes = field(repr=False)  # 32 bytes, AES-256


class Fault(NamedTuple):
    """A fault stopped the session in a service, which brings nothing more of it to a topic."""

    service: str
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session as live state holds it."""

    session_id: str
    tenant_id: str
    learner_id: str  # pseudonym
    mode: Mode
    started_at_us: int
    profile: str
    emotion_inference: bool  # what the profile allows
    consented: frozenset[Modality]  # modalities with a live consent that the profile allows
    streams: tuple[Stream, ...]  # every stream that will be there, derived ones included
    key: SessionKey
    ended_at_us: int | None = None
    faults: frozenset[Fault] = frozenset()

    def expects(self, topic: Topic) -> frozenset[str]:
        """The streams of a topic that the watermark waits for."""
        return frozenset(stream.stream_id for stream in self.streams if stream.topic == topic.name)

    def allows(self, modality: Modality | None) -> bool:
        """Whether records of this modality may be read; unknown means no."""
        return modality is None or modality in self.consented

    def with_consents(self, consented: frozenset[Modality]) -> Session:
        """The same session with other consents."""
        return replace(self, consented=consented)

    @property
    def stopped_in(self) -> list[str]:
        """The services that a fault stopped it in."""
        return sorted({fault.service for fault in self.faults})

    def is_stopped(self, topic: str) -> bool:
        """Whether a fault stopped it in the service that made this topic: nothing more comes there."""
        return any(fault.topic == topic for fault in self.faults)

    def with_faults(self, faults: Iterable[Fault]) -> Session:
        """The same session, stopped in a service by a fault."""
        return replace(self, faults=self.faults | frozenset(faults))

    def to_json(self) -> str:
        """As live state stores it."""
        fields: dict[str, Any] = asdict(self)
        fields["consented"] = sorted(self.consented)
        fields["faults"] = sorted(self.faults)
        fields["streams"] = [[stream.topic, stream.stream_id] for stream in self.streams]
        fields["key"] = [self.key.key_id, base64.b64encode(self.key.secret).decode()]
        return json.dumps(fields)

    @classmethod
    def from_json(cls, text: str) -> Session:
        """Read what ``to_json`` wrote."""
        fields = json.loads(text)
        fields["mode"] = Mode(fields["mode"])
        fields["consented"] = frozenset(Modality(name) for name in fields["consented"])
        fields["faults"] = frozenset(Fault(*pair) for pair in fields.get("faults", ()))
        fields["streams"] = tuple(Stream(*pair) for pair in fields["streams"])
        key_id, secret = fields["key"]
        fields["key"] = SessionKey(key_id, base64.b64decode(secret))
        return cls(**fields)


def declared_streams(captured: tuple[Stream, ...], *, fused: bool) -> tuple[Stream, ...]:
    """The streams of a session whose devices bring ``captured``: those, and what the services make of them.

    What derives from what stands in the topics' declarations; ``fused`` says whether the profile allows emotion inference.
    """
    made = set(captured)
    for topic in TOPICS:  # in the order of the data path: what derives stands after its sources
        sources = {source.name for source in topic.derives_from}
        if (fused or not topic.infers_emotion) and any(stream.topic in sources for stream in made):
            made.add(Stream(topic.name, topic.stream))
    return tuple(sorted(made, key=lambda stream: (stream.topic, stream.stream_id)))


def new_session(
    *,
    mode: Mode,
    captured: tuple[Stream, ...],
    consented: frozenset[Modality],
    profile: str,
    emotion_inference: bool,
    started_at_us: int,
    tenant_id: str = "local",
    learner_id: str = "learner",
    session_id: str | None = None,
) -> Session:
    """A session with a random name and a fresh key; put it into live state before its first record."""
    return Session(
        session_id=session_id or secrets.token_hex(8),
        tenant_id=tenant_id,
        learner_id=learner_id,
        mode=mode,
        started_at_us=started_at_us,
        profile=profile,
        emotion_inference=emotion_inference,
        consented=consented,
        streams=declared_streams(captured, fused=emotion_inference),
        key=SessionKey(secrets.token_hex(8), secrets.token_bytes(32)),
    )
