"""Events, windows and feeds that the tests of fusion are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from affectloop.events import (
    ACTION_UNITS,
    BLENDSHAPES,
    END_OF_TIME_US,
    AudioFeatures,
    Event,
    FaceFeatures,
    FloatArray,
    Header,
    PhysioFeatures,
    Reason,
    SignalKind,
    SkinConductanceResponse,
)
from affectloop.processor import SessionContext
from affectloop_fusion.processor import FusionProcessor, FusionWindow
from affectloop_fusion.settings import FusionSettings
from affectloop_fusion.tokens import BLINK, BROW_DOWN, LOOK_DOWN, LOOK_LEFT, LOOK_RIGHT, LOOK_UP, SMILE, Array

SECOND_US = 1_000_000
START_US = 1_767_225_600 * SECOND_US
NEUTRAL = np.array([0.9] + [0.1 / 6] * 6, np.float32)


def a_header(stream: str, time_us: int, period_us: int, *, last: bool = False) -> Header:
    until_us = END_OF_TIME_US if last else time_us + period_us
    return Header(session_id="s", stream_id=stream, sequence=time_us // period_us, event_time_us=time_us, complete_until_us=until_us)


def units(**changes: float) -> FloatArray:
    """Action units, all neutral but these (``AU12=0.4``)."""
    return np.array([changes.get(name, 0.0) for name in ACTION_UNITS], np.float32)


def a_face(
    time_us: int,
    *,
    action_units: FloatArray | None = None,
    expression: FloatArray | None = NEUTRAL,
    smile: float = 0.1,
    stream: str = "face",
) -> FaceFeatures:
    """A good frame of a face at rest that looks at the screen."""
    shapes = np.zeros(BLENDSHAPES, np.float32)
    shapes[list(BLINK)], shapes[list(SMILE)], shapes[list(BROW_DOWN)] = 0.1, smile, 0.15
    return FaceFeatures(
        header=a_header(stream, time_us, SECOND_US // 10), quality=0.9, reason=Reason.GOOD, pose_deg=np.zeros(3, np.float32),
        blendshapes=shapes, action_units=units() if action_units is None else action_units, expression=expression,
    )  # fmt: skip


def no_face(time_us: int) -> FaceFeatures:
    return FaceFeatures(header=a_header("face", time_us, SECOND_US // 10), quality=0.0, reason=Reason.NO_FACE)


def a_body(
    time_us: int, *, heart_change: float = 0.0, per_min: float = 3.0, tonic_change: float = 0.0, last: bool = False
) -> PhysioFeatures:
    """A second of a wristband on a body at rest."""
    return PhysioFeatures(
        header=a_header("physio", time_us, SECOND_US, last=last), heart_rate_bpm=78.0 + heart_change, heart_rate_source=SignalKind.PPG,
        heart_quality=0.9, heart_reason=Reason.GOOD, rmssd_ms=40.0, variability_quality=0.8, variability_reason=Reason.GOOD,
        tonic_microsiemens=2.0 + tonic_change, phasic_microsiemens=0.0, responses_per_min=per_min,
        eda_quality=0.9, eda_reason=Reason.GOOD, heart_rate_change_bpm=heart_change, tonic_change_microsiemens=tonic_change,
        movement_g=0.01,
    )  # fmt: skip


def no_body(time_us: int) -> PhysioFeatures:
    return PhysioFeatures(
        header=a_header("physio", time_us, SECOND_US), heart_quality=0.0, heart_reason=Reason.OFF_BODY, variability_quality=0.0,
        variability_reason=Reason.OFF_BODY, eda_quality=0.0, eda_reason=Reason.OFF_BODY, movement_g=0.3,
    )  # fmt: skip


def a_voice(time_us: int, *, arousal: float | None = 0.0, pitch_hz: float | None = 180.0) -> AudioFeatures:
    """Half a second of a calm voice."""
    return AudioFeatures(
        header=a_header("audio", time_us, SECOND_US // 2), quality=0.8, reason=Reason.GOOD, voice_share=0.7, level_dbfs=-30.0,
        pitch_hz=pitch_hz, intensity_db=30.0, syllables_per_s=4.0, arousal=arousal, arousal_error=None if arousal is None else 0.4,
    )  # fmt: skip


def silence(time_us: int) -> AudioFeatures:
    header = a_header("audio", time_us, SECOND_US // 2)
    return AudioFeatures(header=header, quality=0.0, reason=Reason.NO_SPEECH, voice_share=0.0, level_dbfs=-70.0)


def random_session(seed: int, seconds: int = 14) -> list[Event]:
    """A session of all three streams with gaps, in event-time order; each stream ends as a real one does."""
    draw = np.random.default_rng(seed)
    events: list[Event] = []
    for time_us in range(START_US, START_US + seconds * SECOND_US, 80_000):
        moved = units(**{name: float(draw.uniform(-0.3, 0.8)) for name in ACTION_UNITS})
        events.append(a_face(time_us, action_units=moved, smile=float(draw.random())) if draw.random() < 0.8 else no_face(time_us))
    for time_us in range(START_US, START_US + seconds * SECOND_US, SECOND_US):
        events.append(a_body(time_us, heart_change=float(draw.normal(0, 10))) if draw.random() < 0.8 else no_body(time_us))
    for time_us in range(START_US, START_US + seconds * SECOND_US, SECOND_US // 2):
        events.append(a_voice(time_us, arousal=float(draw.uniform(-1, 1))) if draw.random() < 0.5 else silence(time_us))
    return in_order(events)


def in_order(events: Iterable[Event]) -> list[Event]:
    """As the host releases them."""
    return sorted(events, key=lambda event: (event.header.event_time_us, event.header.stream_id, event.header.sequence))


def a_processor() -> FusionProcessor:
    return FusionProcessor(SessionContext(session_id="s", started_at_us=START_US, emotion_inference=True), FusionSettings())


def windows_of(
    events: Iterable[Event], *, watermark_us: Sequence[int] = (), processor: FusionProcessor | None = None
) -> list[FusionWindow]:
    """What a processor gives for these events when it is told of progress at these times, then of the end."""
    processor = processor or a_processor()
    waiting = list(events)
    made: list[Event] = []
    for until_us in (*sorted(watermark_us), END_OF_TIME_US):
        while waiting and waiting[0].header.event_time_us < until_us:
            made += processor.step(waiting.pop(0))
        made += processor.advance(until_us)
    return [event for event in made if isinstance(event, FusionWindow)]


def steady(
    seconds: int = 10, *, face: FaceFeatures | None = None, body: PhysioFeatures | None = None, voice: AudioFeatures | None = None
) -> FusionWindow:
    """The window at the end of some seconds in which nothing changed."""
    events: list[Event] = []
    for event, period_us in ((face, 100_000), (body, SECOND_US), (voice, 500_000)):
        if event is not None:
            times = range(START_US, START_US + seconds * SECOND_US, period_us)
            events += [moved(event, a_header(event.header.stream_id, time_us, period_us)) for time_us in times]
    return windows_of(in_order(events), watermark_us=[START_US + seconds * SECOND_US])[2 * seconds - 1]


def moved(event: Event, header: Header) -> Event:
    """The same at another time."""
    return replace(event, header=header)


def assert_same_windows(left: Sequence[FusionWindow], right: Sequence[FusionWindow]) -> None:
    assert [window.header for window in left] == [window.header for window in right]
    for one, other in zip(left, right, strict=True):
        assert_same_content(one, other)


def assert_same_content(one: FusionWindow, other: FusionWindow) -> None:
    for name in ("face", "face_mask", "wristband", "wristband_mask", "voice", "voice_mask", "trust"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-6, err_msg=name)


def face_of_row(row: Array, time_us: int) -> FaceFeatures:
    """The frame whose values a row of ``FACE.features`` holds."""
    if not np.isfinite(row).any():
        return no_face(time_us)
    shapes = np.zeros(BLENDSHAPES, np.float32)
    gaze_right, gaze_up, lids, smile, brow = row[26:31]
    for pair, level in ((LOOK_RIGHT, gaze_right), (LOOK_LEFT, -gaze_right), (LOOK_UP, gaze_up), (LOOK_DOWN, -gaze_up)):
        shapes[list(pair)] = max(level, 0.0)
    shapes[list(BLINK)], shapes[list(SMILE)], shapes[list(BROW_DOWN)] = lids, smile, brow
    return FaceFeatures(
        header=a_header("face", time_us, SECOND_US // 4), quality=float(row[31]), reason=Reason.GOOD,
        pose_deg=row[23:26].astype(np.float32), blendshapes=shapes, expression=row[16:23].astype(np.float32),
        action_units=row[:16].astype(np.float32) if np.isfinite(row[0]) else None,
    )  # fmt: skip


def body_of_row(row: Array, time_us: int) -> PhysioFeatures:
    """The second whose values a row of ``WRISTBAND.features`` holds."""

    def known(place: int) -> float | None:
        return float(row[place]) if np.isfinite(row[place]) else None

    def power(place: int, reference: float, floor: float) -> float | None:
        return float(2 ** row[place] * (reference + floor) - floor) if np.isfinite(row[place]) else None

    tonic = power(4, 2.0, 0.05)
    change = None if tonic is None or not np.isfinite(row[3]) else tonic - tonic / float(2 ** row[3])
    amplitude = known(7) or 0.0
    responses = (SkinConductanceResponse(onset_time_us=1, peak_time_us=2, amplitude_microsiemens=amplitude),) if amplitude else ()
    return PhysioFeatures(
        header=a_header("physio", time_us, SECOND_US), heart_rate_bpm=known(1), heart_quality=known(9) or 0.0, heart_reason=Reason.GOOD,
        rmssd_ms=power(2, 40.0, 1.0), variability_quality=known(10) or 0.0, variability_reason=Reason.GOOD, tonic_microsiemens=tonic,
        phasic_microsiemens=known(5), responses_per_min=known(6), responses=responses, eda_quality=known(11) or 0.0, eda_reason=Reason.GOOD,
        heart_rate_change_bpm=known(0), tonic_change_microsiemens=change, movement_g=power(8, 0.03, 0.003),
    )  # fmt: skip


def voice_of_row(row: Array, time_us: int) -> AudioFeatures:
    """The half second whose values a row of ``VOICE.features`` holds."""
    if not np.isfinite(row).any():
        return silence(time_us)
    known = [float(value) if np.isfinite(value) else None for value in row]
    return AudioFeatures(
        header=a_header("audio", time_us, SECOND_US // 2), quality=float(row[6]), reason=Reason.GOOD, voice_share=float(row[0]),
        pitch_hz=float(2 ** row[1] * 180), intensity_db=float(row[2]), syllables_per_s=known[3], arousal=known[4], arousal_error=known[5],
    )  # fmt: skip
