"""Bodies of what sessions are asked and answer; the OpenAPI description is made of these."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from affectloop.events import Emotion, Modality
from affectloop.session import Mode
from affectloop_gateway.api.bodies import EARLIEST_US, LATEST_US, NAME, Body


class DeviceStream(Body):
    """A stream that a device will bring."""

    topic: str = Field(description="Topic that it goes to, as capture.signals.v1.", examples=["capture.signals.v1"])
    stream_id: str = Field(pattern=NAME, description="Name of the stream within the session.", examples=["eda"])


class SessionStart(Body):
    """A session to be started."""

    learner_id: str | None = Field(None, description="Pseudonym of the learner; this or known_elsewhere_as.")
    known_elsewhere_as: str | None = Field(
        None, max_length=256, description="The learner's name in the calling system, as given when they were added."
    )
    profile: str | None = Field(None, description="Jurisdiction profile: the tenant's own, or eu-school for a stricter session.")
    mode: Mode = Field(Mode.LIVE, description="live: a silent stream is left behind. replay: every declared stream is waited for.")
    modalities: list[Modality] = Field(
        [], description="What the session would like to read; what consent or the profile forbids is refused."
    )
    streams: list[DeviceStream] | None = Field(
        None, max_length=32, description="Streams that devices will bring; by default camera, eda and ppg, microphone, by modality."
    )
    emotion_inference: bool = Field(True, description="False leaves emotion inference out where the profile would allow it.")
    started_at_us: int | None = Field(
        None, ge=EARLIEST_US, le=LATEST_US, description="When a replayed session began; a live one begins now."
    )


class RefusedModality(BaseModel):
    """A modality that the session will not read."""

    modality: Modality = Field(description="Which one.")
    problem: str = Field(description="Why not.")
    remedy: str = Field(description="What would change that.")


class SessionDescription(BaseModel):
    """A session; its key is never told."""

    session_id: str = Field(description="Its name.")
    learner_id: str = Field(description="The learner's pseudonym.")
    mode: Mode = Field(description="live, or replay, in which every declared stream is waited for.")
    started_at_us: int = Field(description="When it began, on its own clock, microseconds since 1970.")
    ended_at_us: int | None = Field(description="When it ended.")
    profile: str = Field(description="The jurisdiction profile that it runs under.")
    emotion_inference: bool = Field(description="Whether emotion is inferred in it.")
    consented: list[Modality] = Field(description="The modalities that may be read now.")
    streams: list[tuple[str, str]] = Field(description="Every stream that it declares, derived ones too: topic and stream.")
    faults: list[str] = Field(description="Services that a fault stopped it in; the others go on.")


class SessionStarted(SessionDescription):
    """A session that was started."""

    refused: list[RefusedModality] = Field(description="The modalities that were asked for and will not be read.")
    streaming_token: str = Field(description="Devices stream with it, as capture's 'authorization: Bearer'; shown once.")


class ItemShown(Body):
    """The item that was answered."""

    item_id: str = Field(min_length=1, max_length=128, description="Its name in the catalogue, or as the directive gave it.")
    emotion: Emotion = Field(description="The emotion shown.")
    duration_ms: float = Field(ge=10, le=2000, description="How long it was to be shown.")
    intensity: float = Field(ge=0, le=1, description="How strong it is.")
    view_deg: float = Field(ge=-90, le=90, description="From where it is seen: yaw in degrees.")
    options: int = Field(ge=2, le=7, description="How many answers were offered.")
    poser: str = Field("", max_length=64, description="Whose face showed it.")


class TrialAnswer(Body):
    """An answer to be stored."""

    trial_id: str = Field(pattern=NAME, description="Name that the client gives it; sending it again changes nothing.")
    item: ItemShown = Field(description="What was asked.")
    answer: Emotion = Field(description="What was answered.")
    valid: bool = Field(True, description="Whether it was shown with exactly the frames asked for.")
    reaction_time_ms: float | None = Field(None, ge=0, le=600_000, description="From the onset to the answer.")
    shown_ms: float | None = Field(None, ge=0, le=10_000, description="How long it was really shown.")
    shown_frames: int | None = Field(None, ge=0, le=10_000, description="In how many frames it was shown.")
    refresh_hz: float | None = Field(None, ge=1, le=1000, description="The screen's refresh rate.")
    wished_levels: int | None = Field(
        None, ge=-11, le=11, description="Levels above what is chosen that the learner wishes from here on; 0 ends it."
    )
    answered_at_us: int | None = Field(
        None, ge=EARLIEST_US, le=LATEST_US, description="When, on the session's clock; a live session may leave it to the server."
    )


class TrialStored(BaseModel):
    """A trial that is stored; it will reach the recommender whatever happens to the bus."""

    session_id: str = Field(description="Its session.")
    trial_id: str = Field(description="Its name.")
    number: int = Field(description="Its number in the session, from 1; the directive that follows from it has the same.")
    correct: bool = Field(description="Whether the answer is right.")
    event_time_us: int = Field(description="When it counts as answered.")


class Wish(Body):
    """What the learner wishes."""

    wished_levels: int = Field(ge=-11, le=11, description="Levels above (or, negative, below) what is chosen; 0 ends the wish.")


class SessionEnd(Body):
    """When a session ended."""

    ended_at_us: int | None = Field(
        None, ge=EARLIEST_US, le=LATEST_US, description="On the session's clock; by default now, or its last trial in a replay."
    )


class SessionEnded(BaseModel):
    """What a session came to."""

    session_id: str = Field(description="Its name.")
    ended_at_us: int = Field(description="When it ended.")
    figures: dict[str, Any] = Field(description="Counts of trials, valid and correct ones, in all and by emotion; median_reaction_time_ms.")


class SensingStopped(BaseModel):
    """What may be read of a session from now on."""

    session_id: str = Field(description="Its name.")
    consented: list[Modality] = Field(description="The modalities that may still be read: none.")


class Happening(BaseModel):
    """Something that happened in a session."""

    at_us: int = Field(description="When, on the session's clock.")
    kind: str = Field(description="change, trial or directive.")
    number: int = Field(description="Its number among its kind.")
    content: dict[str, Any] = Field(description="What it was.")
