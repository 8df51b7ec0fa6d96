"""The face service's logic: what one session's frames say, person by person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from affectloop.events import END_OF_TIME_US, BaselineMeasured, Event, FaceFeatures, FloatArray, Header, Reason
from affectloop.processor import SessionContext
from affectloop_face.action_units import from_neutral
from affectloop_face.detected_faces import DetectedFaces, Face, Unclassified
from affectloop_face.neutral import NeutralWindow
from affectloop_face.settings import FaceSettings
from affectloop_face.tracks import TrackOrigin, Tracks

LEARNER = 1  # the learner's track
NEUTRAL, TRACK = "neutral", "track-"  # names of the baselines
CLASSIFIED_FROM = 0.5  # quality: the expression net errs on turned, small, dark and blurred faces


class FaceProcessor:
    """One session's faces. Each frame gives one ``FaceFeatures`` a person, of the frame's own time and sequence."""

    def __init__(self, context: SessionContext, settings: FaceSettings) -> None:
        self._context = context
        self._settings = settings
        own = {name: event for name, event in context.baselines.items() if event.header.session_id == context.session_id}
        self._stored = list(own.values())
        self._tracks = Tracks({number: _origin(event) for name, event in own.items() if (number := _track_number(name))})
        self._neutral = context.baselines.get(_full(NEUTRAL))
        self._window = NeutralWindow(settings.neutral_window_s)
        self._last: Header | None = None

    def step(self, event: Event) -> Iterable[Event]:
        """One frame: what begins with it, then a record for every person known."""
        if not isinstance(event, DetectedFaces):
            return
        header = self._last = event.header
        yield from (stored for stored in self._stored if stored.header.event_time_us == header.event_time_us)
        for number, origin in self._tracks.saw(header.event_time_us, event.faces).items():
            yield _baseline(header, f"{TRACK}{number}", origin.box)
        faces = self._tracks.whose(header.event_time_us, event.faces)
        yield from self._learn_neutral(header, faces.get(LEARNER))
        for number in self._people(header.event_time_us):
            yield self._features(number, header, faces.get(number), event.reason)

    def advance(self, watermark_us: int) -> Iterable[Event]:
        """At the end of time, end the streams whose last frame did not."""
        last = self._last
        if watermark_us != END_OF_TIME_US or last is None or last.ends_stream:
            return
        end = Header(
            session_id=last.session_id,
            stream_id=last.stream_id,
            sequence=last.sequence + 1,
            event_time_us=max(last.complete_until_us, last.event_time_us + 1),
            complete_until_us=END_OF_TIME_US,
        )
        for number in self._people(last.event_time_us):
            yield self._features(number, end, None, Reason.NO_SIGNAL)
        self._last = end

    @property
    def closes_next_us(self) -> int:
        """Nothing happens by time alone."""
        return END_OF_TIME_US

    @property
    def needs_from_us(self) -> int:
        """The frames that the neutral face is taken from, until it is; then those that a newcomer is known by."""
        if self._last is None:
            return 0
        if self._last.ends_stream:
            return END_OF_TIME_US
        if self._neutral is None:
            return min(self._tracks.oldest_us, max(0, self._last.event_time_us - self._window.window_us))
        return self._tracks.oldest_us

    def _people(self, time_us: int) -> list[int]:
        return self._tracks.begun(time_us) or [LEARNER]

    def _learn_neutral(self, header: Header, face: Face | None) -> Iterator[Event]:
        if self._neutral is not None:
            return
        shapes = self._window.add(header.event_time_us, face)
        if shapes is not None:
            self._neutral = _baseline(header, NEUTRAL, shapes)
            yield self._neutral

    def _features(self, number: int, frame: Header, face: Face | None, reason: Reason) -> Event:
        header = _header(frame, "face" if number == LEARNER else f"face-{number}")
        if face is None:
            return FaceFeatures(header=header, quality=0, reason=Reason.NO_FACE if reason is Reason.GOOD else reason)
        if face.quality == 0:
            return FaceFeatures(header=header, quality=0, reason=face.reason, box=face.box, pose_deg=face.pose_deg)
        features = FaceFeatures(
            header=header,
            quality=face.quality,
            reason=face.reason,
            box=face.box,
            pose_deg=face.pose_deg,
            blendshapes=face.blendshapes,
            action_units=self._action_units(face, frame.event_time_us) if number == LEARNER else None,
        )
        return Unclassified(header=header, features=features, crop=face.crop) if self._is_classified(number, face) else features

    def _action_units(self, face: Face, time_us: int) -> FloatArray | None:
        neutral = self._neutral
        if neutral is None or (neutral.header.session_id == self._context.session_id and time_us < neutral.header.event_time_us):
            return None
        return from_neutral(face.blendshapes, neutral.values)

    def _is_classified(self, number: int, face: Face) -> bool:
        wanted = number == LEARNER or self._settings.classify_others
        return self._context.emotion_inference and wanted and face.quality >= CLASSIFIED_FROM


def _header(frame: Header, stream_id: str) -> Header:
    return Header(
        session_id=frame.session_id,
        stream_id=stream_id,
        sequence=frame.sequence,
        event_time_us=frame.event_time_us,
        complete_until_us=frame.complete_until_us,
    )


def _full(name: str) -> str:
    return f"face.{name}"


def _baseline(frame: Header, name: str, values: NDArray[np.float64]) -> BaselineMeasured:
    header = Header(
        session_id=frame.session_id,
        stream_id=f"face.baseline.{name}",
        sequence=frame.sequence,
        event_time_us=frame.event_time_us,
        complete_until_us=frame.event_time_us,
    )
    return BaselineMeasured(header=header, name=_full(name), values=values)


def _track_number(name: str) -> int | None:
    prefix = _full(TRACK)
    return int(name.removeprefix(prefix)) if name.startswith(prefix) else None


def _origin(event: BaselineMeasured) -> TrackOrigin:
    return TrackOrigin(event.header.event_time_us, event.values)
