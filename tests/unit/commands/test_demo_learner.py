"""The demonstration's learner: the files are what their truth says, and the services find in them what it says."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from affectloop.events import (
    ACTION_UNITS,
    END_OF_TIME_US,
    EXPRESSIONS,
    AudioFeatures,
    BaselineMeasured,
    Event,
    FaceFeatures,
    Header,
    Modality,
    PhysioFeatures,
    Reason,
    SignalChunk,
    VideoFrame,
)
from affectloop.processor import Processor, SessionContext
from affectloop.topics import TOPIC_BY_NAME
from affectloop_audio.processor import AudioProcessor
from affectloop_audio.service import arousal_model
from affectloop_audio.settings import AudioSettings
from affectloop_capture.playback.merge import MergedSource, merge
from affectloop_capture.sources.base import Source
from affectloop_commands.demo_learner import FOLDER, demo_source, truth
from affectloop_commands.inputs import open_inputs
from affectloop_face.detection import FaceDetector
from affectloop_face.expression import Classify
from affectloop_face.processor import FaceProcessor
from affectloop_face.settings import FaceSettings
from affectloop_learning.demo_learner import story
from affectloop_physio.processor import PhysioProcessor
from affectloop_physio.settings import PhysioSettings

SESSION = "demo"
TRUTH = truth()
LARGEST_BYTES = 5_000_000  # a clone stays small
EVERY_FRAME = 10  # of the video one is looked at: the rest tells the same
STREAMS = {"camera", "eda", "ppg", "ecg", "acceleration", "temperature", "microphone"}


@pytest.fixture(scope="module")
def learner() -> Source:
    return demo_source()


def chosen(learner: Source, modality: Modality) -> MergedSource:
    """The learner's streams of one modality, with the whole's clock."""
    merged = merge([learner])
    tracks = tuple(track for track in learner.tracks if TOPIC_BY_NAME[track.stream.topic].event.modality is modality)
    return merge([Source("part", tracks, "", merged.origin_us)])


def header(number: int, time_us: int) -> Header:
    return Header(session_id=SESSION, stream_id="camera", sequence=number, event_time_us=time_us, complete_until_us=time_us)


def outputs(merged: MergedSource, processor: Processor) -> list[Event]:
    """What a service says of it; chunks of 250 ms."""
    said: list[Event] = []
    for event in merged.events(SESSION):
        processor.step(event)
    said += processor.advance(END_OF_TIME_US)
    return said


def session_context(merged: MergedSource) -> SessionContext:
    return SessionContext(session_id=SESSION, started_at_us=merged.started_at_us, emotion_inference=True)


@pytest.fixture(scope="module")
def body(learner: Source) -> list[Event]:
    merged = chosen(learner, Modality.WRISTBAND)
    return outputs(merged, PhysioProcessor(session_context(merged), PhysioSettings(_env_file=None)))


@pytest.fixture(scope="module")
def voice(learner: Source) -> list[AudioFeatures]:
    merged = chosen(learner, Modality.VOICE)
    processor = AudioProcessor(session_context(merged), AudioSettings(_env_file=None), arousal_model("voice-arousal-v1"))
    return [event for event in outputs(merged, processor) if isinstance(event, AudioFeatures)]


@pytest.fixture(scope="module")
def face(learner: Source) -> list[FaceFeatures]:
    merged = chosen(learner, Modality.FACE)
    detector, classify = FaceDetector(FaceSettings(_env_file=None)), Classify()
    processor = FaceProcessor(session_context(merged), FaceSettings(_env_file=None))
    said: list[Event] = []
    for frame in some_frames(merged.started_at_us):
        said += processor.step(detector.detect(frame))
    return [event for event in classify(said) if isinstance(event, FaceFeatures)]


def some_frames(origin_us: int) -> list[VideoFrame]:
    capture, frames = cv2.VideoCapture(str(FOLDER / "face.webm")), []
    for number in range(TRUTH["frames"]):
        assert capture.grab(), f"the video ends at frame {number}"
        if number % EVERY_FRAME == 0:
            _, picture = capture.retrieve()
            jpeg = bytes(cv2.imencode(".jpg", picture)[1])
            frames.append(VideoFrame(header=header(number, origin_us + round(number * 1e6 / TRUTH["frames_per_s"])), jpeg=jpeg))
    assert not capture.grab()
    return frames


def seconds(learner: Source, event: Event) -> float:
    return (event.header.event_time_us - merge([learner]).origin_us) / 1e6


def during(learner: Source, events: Sequence[FaceFeatures], start_s: float, end_s: float) -> list[FaceFeatures]:
    return [event for event in events if start_s <= seconds(learner, event) <= end_s]


def unit(event: FaceFeatures, name: str) -> float:
    assert event.action_units is not None, "no neutral face, or no face"
    return float(event.action_units[ACTION_UNITS.index(name)])


def shown(what: str) -> list[tuple[float, float]]:
    """When an expression is held."""
    return [(one["apex_s"], one["hold_s"]) for one in TRUTH["shown"] if one["what"] == what]


def test_the_files_are_those_that_the_truth_describes() -> None:
    for name, expected in TRUTH["sha256"].items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == expected, f"{name}: run affectloop render demo-learner"
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < LARGEST_BYTES


def test_the_truth_is_the_storys() -> None:
    told = json.loads(json.dumps(story.truth()))
    assert {key: TRUTH[key] for key in told} == told, "run affectloop render demo-learner"


def test_it_is_one_learner_with_all_streams_of_the_same_length(learner: Source) -> None:
    assert {stream.stream_id for stream in learner.streams} == STREAMS
    assert all(abs(track.duration_us / 1e6 - TRUTH["duration_s"]) < 0.3 for track in learner.tracks)
    assert "SYNTHETIC" in learner.description


def test_demo_is_a_name_that_can_be_replayed(learner: Source) -> None:
    assert open_inputs([Path("demo")])[0].streams == learner.streams


def test_every_sample_is_where_its_rate_says(learner: Source) -> None:
    merged = chosen(learner, Modality.WRISTBAND)
    chunks = [event for event in merged.events(SESSION) if isinstance(event, SignalChunk)]
    for kind, count in TRUTH["samples"].items():
        own = [chunk for chunk in chunks if chunk.kind == kind]
        assert sum(len(chunk.samples) for chunk in own) == count
        assert {chunk.sample_rate_hz for chunk in own} == {TRUTH["sample_rate_hz"][kind]}


def test_the_heart_rate_found_is_the_true_one(learner: Source, body: list[Event]) -> None:
    beats = np.array(TRUTH["beats_s"])
    found = [(seconds(learner, event), event.heart_rate_bpm) for event in body if isinstance(event, PhysioFeatures)]
    assert sum(rate is not None for _, rate in found) > 0.9 * len(found)
    for closing_s, rate in found:
        seen = beats[(beats > closing_s - 10) & (beats <= closing_s)]
        if rate is not None and closing_s <= TRUTH["duration_s"]:
            assert rate == pytest.approx(60 * (len(seen) - 1) / (seen[-1] - seen[0]), abs=3)


def test_resting_levels_are_learnt_in_time_to_see_the_effort(learner: Source, body: list[Event]) -> None:
    learnt = {event.name: seconds(learner, event) for event in body if isinstance(event, BaselineMeasured)}
    effort_s, relief_s = TRUTH["phases_s"]["effort"]
    assert learnt["physio.resting_heart_rate"] < effort_s + 10
    assert learnt["physio.resting_tonic"] < relief_s
    changes = [
        event.heart_rate_change_bpm for event in body if isinstance(event, PhysioFeatures) and event.heart_rate_change_bpm is not None
    ]
    assert 10 < max(changes) < 16


def test_the_skins_responses_are_found(learner: Source, body: list[Event]) -> None:
    origin_us = merge([learner]).origin_us
    told = [response for event in body if isinstance(event, PhysioFeatures) for response in event.responses]
    found = np.array([(response.onset_time_us - origin_us) / 1e6 for response in told])
    near = [bool(np.abs(found - response["onset_s"]).min() <= 2) for response in TRUTH["responses"]]
    assert sum(near) >= 0.8 * len(near)
    assert len(found) <= len(near) + 2


def test_the_voice_is_heard_when_it_speaks(learner: Source, voice: list[AudioFeatures]) -> None:
    spoken = [phrase["end_s"] - phrase["start_s"] for phrase in TRUTH["said"]]
    heard = float(np.mean([event.voice_share or 0 for event in voice]))
    assert heard == pytest.approx(sum(spoken) / TRUTH["duration_s"], abs=0.1)
    for event in voice:
        end_s = seconds(learner, event)
        if all(end_s <= phrase["start_s"] or end_s - 0.5 >= phrase["end_s"] for phrase in TRUTH["said"]):
            assert not event.voice_share, f"nothing is said before {end_s} s"


def test_effort_is_heard_in_the_voice(learner: Source, voice: list[AudioFeatures]) -> None:
    calm_s, effort_s = TRUTH["phases_s"]["calm"], TRUTH["phases_s"]["effort"]

    def arousal(start_s: float, end_s: float) -> float:
        inside = [event.arousal for event in voice if start_s < seconds(learner, event) <= end_s and event.arousal is not None]
        return float(np.mean(inside))

    assert arousal(*effort_s) > arousal(*calm_s) + 0.15


def test_the_face_is_found_but_for_the_look_away(learner: Source, face: list[FaceFeatures]) -> None:
    begins_s, ends_s = TRUTH["turned_away_s"]
    straight = [event for event in face if not begins_s <= seconds(learner, event) <= ends_s]
    assert sum(event.reason is Reason.GOOD for event in straight) > 0.98 * len(straight)
    away = during(learner, face, begins_s + 1, ends_s - 1)
    assert all(event.reason in (Reason.TURNED_AWAY, Reason.NO_FACE) for event in away)
    assert sum(event.reason is Reason.TURNED_AWAY for event in away) > len(away) / 2


def test_smiles_frowns_and_surprise_are_seen(learner: Source, face: list[FaceFeatures]) -> None:
    for what, name, least in (("smile", "AU12", 0.5), ("frown", "AU4", 0.25), ("surprise", "AU2", 0.15)):
        for start_s, end_s in shown(what):
            strongest = max(unit(event, name) for event in during(learner, face, start_s, end_s))
            assert strongest > least, f"{what} at {start_s} s"


def test_the_expression_net_agrees(learner: Source, face: list[FaceFeatures]) -> None:
    for what, label in (("smile", "happiness"), ("surprise", "surprise")):
        start_s, end_s = shown(what)[0]
        classes = [event.expression for event in during(learner, face, start_s, end_s) if event.expression is not None]
        assert EXPRESSIONS[int(np.mean(classes, axis=0).argmax())] == label


def test_it_is_calm_before_the_effort(learner: Source, face: list[FaceFeatures]) -> None:
    calm = [event for event in during(learner, face, 12, 18) if event.action_units is not None]
    assert len(calm) > 10
    assert np.mean([abs(unit(event, "AU4")) for event in calm]) < 0.1
    assert np.mean([abs(unit(event, "AU12")) for event in calm]) < 0.15
