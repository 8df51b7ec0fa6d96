"""Fusion behind the real face and physio processors, on real signals: is what it says sane, though it never met people?"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from affectloop.events import END_OF_TIME_US, EmotionEstimate, Event, Header, SignalChunk, SignalKind, VideoFrame
from affectloop.processor import SessionContext
from affectloop.runtime.service import Service
from affectloop_face.service import SERVICE as FACE
from affectloop_fusion.service import SERVICE as FUSION
from affectloop_physio.service import SERVICE as PHYSIO

START_US, SECOND_US = 1_767_225_600_000_000, 1_000_000
BATCH = 16


def run(service: Service, events: Sequence[Event]) -> list[Event]:
    """What a service makes of one session's events, in batches as a host would."""
    settings = service.settings()
    prepare = service.prepare(settings) if service.prepare else list
    complete = service.complete(settings) if service.complete else list
    processor = service.processor(SessionContext(session_id="s", started_at_us=START_US, emotion_inference=True), settings)
    ordered = sorted(events, key=lambda event: (event.header.event_time_us, event.header.stream_id))
    made: list[Event] = []
    for first in range(0, len(ordered), BATCH):
        for event in prepare(ordered[first : first + BATCH]):
            made += processor.step(event)
        following = ordered[first + BATCH : first + BATCH + 1]
        made += processor.advance(following[0].header.event_time_us if following else END_OF_TIME_US)
    return list(complete(made))


def header(stream: str, sequence: int, begin_s: float, end_s: float) -> Header:
    begin_us, end_us = START_US + round(begin_s * SECOND_US), START_US + round(end_s * SECOND_US)
    return Header(session_id="s", stream_id=stream, sequence=sequence, event_time_us=begin_us, complete_until_us=end_us)


def frames(path: Path, every: int) -> list[Event]:
    video, made, number = cv2.VideoCapture(str(path)), [], 0
    rate_hz = video.get(cv2.CAP_PROP_FPS)
    while video.grab():
        if number % every == 0:
            picture = np.asarray(video.retrieve()[1])
            small = cv2.resize(picture, (640, picture.shape[0] * 640 // picture.shape[1]))
            jpeg = cv2.imencode(".jpg", small)[1].tobytes()
            made.append(VideoFrame(header=header("camera", number, number / rate_hz, (number + every) / rate_hz), jpeg=jpeg))
        number += 1
    return list(made)


def wristband(path: Path, seconds: int) -> list[Event]:
    kinds = {"EDA": SignalKind.EDA, "BVP": SignalKind.PPG, "ACC": SignalKind.ACCELERATION, "TEMP": SignalKind.TEMPERATURE}
    made: list[Event] = []
    with zipfile.ZipFile(path) as archive:
        for name, kind in kinds.items():
            table = np.loadtxt(io.BytesIO(archive.read(f"{name}.csv")), delimiter=",", ndmin=2)
            rate, unit = int(table[1, 0]), 1 / 64 if kind is SignalKind.ACCELERATION else 1.0
            samples = (table[2:] * unit).astype(np.float32)
            made += [
                SignalChunk(
                    header=header(name.lower(), second * rate, second, second + 1),
                    kind=kind,
                    sample_rate_hz=float(rate),
                    samples=samples[second * rate : (second + 1) * rate],
                )
                for second in range(seconds)
            ]
    return made


def estimates(events: Sequence[Event]) -> list[EmotionEstimate]:
    return [event for event in run(FUSION, events) if isinstance(event, EmotionEstimate)]


def valence_between(made: Sequence[EmotionEstimate], begin_s: float, end_s: float) -> float:
    chosen = [each for each in made if begin_s <= (each.header.event_time_us - START_US) / SECOND_US < end_s]
    return float(np.mean([each.valence for each in chosen if each.valence is not None]))


def test_a_real_face_that_cries_and_then_smiles_becomes_more_pleasant(data_folder: Path) -> None:
    made = estimates(run(FACE, frames(data_folder / "face" / "WolfgangLanger_Pexels.mp4", every=3)))
    assert valence_between(made, 16, 20) > valence_between(made, 5, 9) + 0.2
    given = [each for each in made if not each.abstained]
    assert {(each.face_share, each.wristband_share, each.voice_share) for each in given} == {(1.0, 0.0, 0.0)}


def test_a_real_wristband_says_something_of_arousal_and_nothing_of_valence(data_folder: Path) -> None:
    made = estimates(run(PHYSIO, wristband(data_folder / "e4_stress_predict" / "S05_E4.zip", seconds=150)))
    assert len(made) == pytest.approx(300, abs=4)
    given = [each for each in made if not each.abstained]
    assert len(given) > 100
    for each in given:
        assert each.valence is not None
        assert each.arousal is not None
        assert abs(each.valence) < 0.2
        assert abs(each.arousal) < 0.8
        assert each.valence_error is not None
        assert each.valence_error > 0.3
        assert each.wristband_share == pytest.approx(1.0)
        assert each.expression is None
