"""Every topic, declared once: its event, who writes and reads it, how long it lives and how private it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from affectloop import events

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86_400
PARTITIONS = 8  # equal everywhere, so that a session's records share one partition number; a setting may raise it for all


class Privacy(StrEnum):
    """How private a topic's payload is."""

    RAW = "raw"  # faces, voices, bodies: sealed, shortest retention
    DERIVED = "derived"  # features and estimates: sealed
    FACT = "fact"  # durable, acknowledged when stored; pseudonymous


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic's declaration."""

    name: str
    event: type[events.Event]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    privacy: Privacy
    retention_s: int
    rate: str  # records a learner, for the reader
    stream: str = ""  # its one stream where a service makes it; streams of devices name themselves
    max_bytes: int = 1_000_000
    compacted: bool = False

    @property
    def dead_letters(self) -> str:
        """The topic of what could not be read."""
        return self.name + ".dlq"

    @property
    def sealed(self) -> bool:
        """Whether payloads are sealed with the session's key."""
        return self.privacy is not Privacy.FACT


FRAMES = Topic(
    name="capture.frames.v1", event=events.VideoFrame, producers=("capture",), consumers=("face",),
    privacy=Privacy.RAW, retention_s=60 * SECOND, rate="15-60 Hz", max_bytes=4_000_000,
)  # fmt: skip
SIGNALS = Topic(
    name="capture.signals.v1", event=events.SignalChunk, producers=("capture",), consumers=("physio", "gateway"),
    privacy=Privacy.RAW, retention_s=10 * MINUTE, rate="1-4 Hz a signal",
)  # fmt: skip
AUDIO = Topic(
    name="capture.audio.v1", event=events.AudioChunk, producers=("capture",), consumers=("audio",),
    privacy=Privacy.RAW, retention_s=60 * SECOND, rate="2-10 Hz",
)  # fmt: skip
FACE_FEATURES = Topic(
    name="face.features.v1", event=events.FaceFeatures, producers=("face", "capture"), consumers=("fusion", "gateway"),
    privacy=Privacy.DERIVED, retention_s=HOUR, rate="10-30 Hz", stream="face",
)  # fmt: skip
PHYSIO_FEATURES = Topic(
    name="physio.features.v1", event=events.PhysioFeatures, producers=("physio",), consumers=("fusion", "gateway"),
    privacy=Privacy.DERIVED, retention_s=HOUR, rate="1 Hz", stream="physio",
)  # fmt: skip
AUDIO_FEATURES = Topic(
    name="audio.features.v1", event=events.AudioFeatures, producers=("audio", "capture"), consumers=("fusion", "gateway"),
    privacy=Privacy.DERIVED, retention_s=HOUR, rate="2 Hz", stream="audio",
)  # fmt: skip
ESTIMATES = Topic(
    name="emotion.estimates.v1", event=events.EmotionEstimate, producers=("fusion",), consumers=("recommender", "gateway"),
    privacy=Privacy.DERIVED, retention_s=DAY, rate="2 Hz", stream="fusion",
)  # fmt: skip
BASELINES = Topic(
    name="session.baselines.v1", event=events.BaselineMeasured, producers=("face", "physio", "audio", "recommender"),
    consumers=("gateway",), privacy=Privacy.DERIVED, retention_s=DAY, rate="a few in all",
)  # fmt: skip
TRIALS = Topic(
    name="session.trials.v1", event=events.TrialAnswered, producers=("gateway",), consumers=("recommender", "gateway"),
    privacy=Privacy.FACT, retention_s=30 * DAY, rate="0.2 Hz", stream="trials",
)  # fmt: skip
DIRECTIVES = Topic(
    name="session.directives.v1", event=events.Directive, producers=("recommender",), consumers=("gateway",),
    privacy=Privacy.FACT, retention_s=30 * DAY, rate="0.2 Hz", stream="directives",
)  # fmt: skip
SESSION_EVENTS = Topic(
    name="session.events.v1", event=events.SessionChanged,
    producers=("gateway", "face", "physio", "audio", "fusion", "recommender"), consumers=("recommender", "gateway"),
    privacy=Privacy.FACT, retention_s=30 * DAY, rate="rare", stream="session", compacted=True,
)  # fmt: skip

TOPICS = (
    FRAMES, SIGNALS, AUDIO, FACE_FEATURES, PHYSIO_FEATURES, AUDIO_FEATURES, ESTIMATES, BASELINES, TRIALS, DIRECTIVES, SESSION_EVENTS,
)  # fmt: skip
TOPIC_OF_EVENT = {topic.event: topic for topic in TOPICS}
TOPIC_BY_NAME = {topic.name: topic for topic in TOPICS}

DEAD_LETTER_RETENTION_S = 7 * DAY  # longer than what they came from, except facts; sealed payloads die with their key
