"""Every topic, declared once: its event, what it derives from, how private it is and what of it may be seen.

What lists topics anywhere else (a session's streams, recordings, reports, replays, views, what the gateway stores) follows from here;
who writes and reads one is declared by the services.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from affectloop import events
from affectloop.fields import paths

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86_400
PARTITIONS = 8  # equal everywhere, so that a session's records share one partition number; a setting may raise it for all


class Privacy(StrEnum):
    """How private a topic's payload is."""

    RAW = "raw"  # faces, voices, bodies: sealed, shortest retention
    DERIVED = "derived"  # features and estimates: sealed
    FACT = "fact"  # durable, acknowledged when stored; sealed, pseudonymous


class View(StrEnum):
    """What there is to see of a learner; a profile says which role sees which."""

    PROGRESS = "progress"  # trials, directives, results, the session's course
    ESTIMATES = "estimates"  # how they are doing
    FEATURES = "features"  # what face, wristband and voice say
    SIGNALS = "signals"  # the wristband's samples
    NAMES = "names"  # who the pseudonym is


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic's declaration; ``ValueError`` where it contradicts itself or its event.

    Parameters
    ----------
    stream
        Its one stream where a service makes it; streams of devices name themselves.
    derives_from
        What a service makes it of: a session that has a stream of any of these has this topic's stream, too, is waited
        for until that ends, and a replay plays the source instead.
    infers_emotion
        It says what somebody feels: a profile that forbids emotion inference has none of it.
    from_devices
        A device, a browser or a file may bring it, through capture.
    recorded
        ``affectloop record`` writes it into a session's file. Faces and voices never are.
    result
        What a session gives: replays collect it, reports count it.
    kept
        The gateway reads it in its group: it stores what it has a table for, and makes the dead letters of what cannot be
        read. A topic that nobody else reads but a view must be kept, or nobody makes them.
    view, shown
        Who may see it, and what of it: paths of fields. What is not listed here is on no view.
    """

    name: str
    event: type[events.Event]
    privacy: Privacy
    retention_s: int
    rate: str  # records a learner, for the reader
    recorded: bool
    result: bool
    stream: str = ""
    derives_from: tuple[Topic, ...] = ()
    from_devices: bool = False
    infers_emotion: bool = False
    kept: bool = False
    view: View | None = None
    shown: tuple[str, ...] = ()
    max_bytes: int = 1_000_000
    compacted: bool = False

    def __post_init__(self) -> None:
        known = paths(self.event)
        for path in self.shown:
            if path not in known:
                raise ValueError(f"{self.name} shows {path}, which is no field of {self.event.__name__}: it has {', '.join(known)}")
        if bool(self.shown) != (self.view is not None):
            raise ValueError(f"{self.name}: view says who may see it, shown says what; declare both or neither")
        if self.derives_from and not self.stream:
            raise ValueError(f"{self.name} derives from {self.derives_from[0].name}: name the stream that its service makes")

    @property
    def dead_letters(self) -> str:
        """The topic of what could not be read."""
        return self.name + ".dlq"

    @property
    def sources(self) -> frozenset[str]:
        """The names of all topics that it derives from, directly or not."""
        return frozenset().union(*({source.name} | source.sources for source in self.derives_from))


HEADER = (
    "header.session_id", "header.stream_id", "header.sequence", "header.event_time_us", "header.complete_until_us", "header.captured_by",
)  # fmt: skip
ITEM = ("item.item_id", "item.emotion", "item.duration_ms", "item.intensity", "item.view_deg", "item.options", "item.poser")

FRAMES = Topic(
    name="capture.frames.v1", event=events.VideoFrame,
    privacy=Privacy.RAW, retention_s=60 * SECOND, rate="15-60 Hz", max_bytes=4_000_000,
    from_devices=True, recorded=False, result=False,
)  # fmt: skip
SIGNALS = Topic(
    name="capture.signals.v1", event=events.SignalChunk,
    privacy=Privacy.RAW, retention_s=10 * MINUTE, rate="1-4 Hz a signal",
    from_devices=True, recorded=True, result=False,
    view=View.SIGNALS, shown=(*HEADER, "kind", "sample_rate_hz", "samples"),
)  # fmt: skip
AUDIO = Topic(
    name="capture.audio.v1", event=events.AudioChunk,
    privacy=Privacy.RAW, retention_s=60 * SECOND, rate="2-10 Hz",
    from_devices=True, recorded=False, result=False,
)  # fmt: skip
FACE_FEATURES = Topic(
    name="face.features.v1", event=events.FaceFeatures,
    privacy=Privacy.DERIVED, retention_s=HOUR, rate="10-30 Hz", stream="face",
    derives_from=(FRAMES,), from_devices=True, recorded=True, result=True,
    view=View.FEATURES, shown=(*HEADER, "quality", "reason", "box", "pose_deg", "action_units", "expression"),
)  # fmt: skip
PHYSIO_FEATURES = Topic(
    name="physio.features.v1", event=events.PhysioFeatures,
    privacy=Privacy.DERIVED, retention_s=HOUR, rate="1 Hz", stream="physio",
    derives_from=(SIGNALS,), recorded=True, result=True, view=View.FEATURES, shown=(
        *HEADER, "heart_rate_bpm", "heart_rate_error_bpm", "heart_rate_source", "heart_quality", "heart_reason",
        "rmssd_ms", "sdnn_ms", "variability_quality", "variability_reason",
        "tonic_microsiemens", "phasic_microsiemens", "responses_per_min",
        "responses.onset_time_us", "responses.peak_time_us", "responses.amplitude_microsiemens", "eda_quality", "eda_reason",
        "heart_rate_change_bpm", "tonic_change_microsiemens", "temperature_celsius", "movement_g",
        "wear_quality", "wear_reason",
    ),
)  # fmt: skip
AUDIO_FEATURES = Topic(
    name="audio.features.v1", event=events.AudioFeatures,
    privacy=Privacy.DERIVED, retention_s=HOUR, rate="2 Hz", stream="audio",
    derives_from=(AUDIO,), from_devices=True, recorded=True, result=True, view=View.FEATURES, shown=(
        *HEADER, "quality", "reason", "voice_share", "level_dbfs", "pitch_hz", "intensity_db", "syllables_per_s",
        "arousal", "arousal_error",
    ),
)  # fmt: skip
ESTIMATES = Topic(
    name="emotion.estimates.v1", event=events.EmotionEstimate,
    privacy=Privacy.DERIVED, retention_s=DAY, rate="2 Hz", stream="fusion",
    derives_from=(FACE_FEATURES, PHYSIO_FEATURES, AUDIO_FEATURES), infers_emotion=True, recorded=True, result=True, kept=True,
    view=View.ESTIMATES, shown=(
        *HEADER, "abstained", "reason", "confidence", "valence", "valence_error", "arousal", "arousal_error",
        "engagement", "engagement_error", "strain", "strain_error", "expression",
        "face_share", "wristband_share", "voice_share", "model",
    ),
)  # fmt: skip
BASELINES = Topic(
    name="session.baselines.v1", event=events.BaselineMeasured, privacy=Privacy.DERIVED, retention_s=DAY, rate="a few in all",
    recorded=True, result=False, kept=True,
)  # fmt: skip
TRIALS = Topic(
    name="session.trials.v1", event=events.TrialAnswered,
    privacy=Privacy.FACT, retention_s=30 * DAY, rate="0.2 Hz", stream="trials",
    recorded=True, result=True, view=View.PROGRESS, shown=(
        *HEADER, *ITEM, "trial_id", "answer", "correct", "valid",
        "reaction_time_ms", "shown_ms", "shown_frames", "refresh_hz", "wished_levels",
    ),
)  # fmt: skip
DIRECTIVES = Topic(
    name="session.directives.v1", event=events.Directive,
    privacy=Privacy.FACT, retention_s=30 * DAY, rate="0.2 Hz", stream="directives",
    recorded=True, result=True, kept=True, view=View.PROGRESS, shown=(
        *HEADER, *ITEM, "level", "difficulty", "expected_success", "target_success", "ability", "ability_error", "pause_ms",
        "guidance", "causes.cause", "causes.value", "causes.detail",
    ),
)  # fmt: skip
SESSION_EVENTS = Topic(
    name="session.events.v1", event=events.SessionChanged,
    privacy=Privacy.FACT, retention_s=30 * DAY, rate="rare", stream="session", compacted=True,
    recorded=True, result=False, kept=True, view=View.PROGRESS, shown=(*HEADER, "change", "consented", "profile", "service", "topic"),
)  # fmt: skip

TOPICS = tuple(each for each in tuple(globals().values()) if isinstance(each, Topic))  # as they stand above: sources come first
TOPIC_OF_EVENT = {topic.event: topic for topic in TOPICS}
TOPIC_BY_NAME = {topic.name: topic for topic in TOPICS}

DEAD_LETTER_RETENTION_S = 7 * DAY  # longer than what they came from, except facts; sealed payloads die with their key
