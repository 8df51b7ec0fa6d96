"""Bad input of every kind, through the real entries: each gets a clear answer, and nobody else notices."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from affectloop.bus import Outgoing
from affectloop.cli import FAILED, main
from affectloop.clock import SystemClock
from affectloop.codec import KEY_ID, STREAM, to_message, to_record
from affectloop.events import Event, FaceFeatures, Modality, Reason
from affectloop.messages.v1.capture_service_pb2 import StreamResponse
from affectloop.recording import RecordingWriter
from affectloop.sealing import seal
from affectloop.session import Mode, Session, new_session
from affectloop.topics import FACE_FEATURES, FRAMES, SIGNALS, TOPICS, Topic
from affectloop_commands.replay import replay, session_of
from integration.installation import Device, Installation, request, wait_for
from integration.people import a_learner
from sameness import assert_same, nameless
from unit.capture.making import CAPTURED, E4_TABLES, a_chunk, a_frame, a_jpeg, claiming, write_e4, write_sound, write_video

CLOCK = SystemClock()
BODY = slice(2, None)  # of a table: without the rows of start and rate


def noise(seed: int, size: int = 200) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8).tobytes()


def truncated(whole: Path) -> Path:
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) * 6 // 10])
    return whole


def without_rate(table: str) -> str:
    start, _, rest = table.split("\n", 2)
    return f"{start}\n{rest}"


def with_rate(table: str, rate: str) -> str:
    start, _, rest = table.split("\n", 2)
    return f"{start}\n{rate}\n{rest}"


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def recorded_by_a_later_version(path: Path) -> Path:
    session = new_session(
        mode=Mode.REPLAY, captured=CAPTURED, consented=frozenset(Modality), profile="research", emotion_inference=True, started_at_us=1
    )  # fmt: skip
    with RecordingWriter(path, session) as writer:
        writer.write([Outgoing("capture.signals.v9", session.session_id.encode(), b"sealed", {STREAM: b"eda"})])
    return path


BAD_FILES: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    "truncated MP4": (lambda at: truncated(write_video(at / "face.mp4")), "the video is truncated", "--salvage"),
    "truncated AVI": (lambda at: truncated(write_video(at / "face.avi", codec="MJPG")), "the video is truncated", "--salvage"),
    "E4 without a rate": (
        lambda at: write_e4(at / "wrist.zip", {"EDA": without_rate(E4_TABLES["EDA"])}),
        "EDA.csv row 2: the rate is 0.5 Hz",
        "export the session again",
    ),
    "E4 with a negative rate": (
        lambda at: write_e4(at / "wrist.zip", {"BVP": with_rate(E4_TABLES["BVP"], "-64.0")}),
        "BVP.csv row 2: the rate is -64 Hz",
        "export the session again",
    ),
    "WAV of no bytes": (lambda at: written(at / "voice.wav", b""), "holds no samples", "record it again"),
    "WAV of no samples": (lambda at: write_sound(at / "voice.wav", np.empty(0, np.int16)), "holds no samples", "record it again"),
    "WAV of NaN": (
        lambda at: write_sound(at / "voice.wav", np.full(16_000, np.nan, np.float32), subtype="FLOAT"),
        "sample 0 is not a number",
        "export the sound again",
    ),
    "noise as a zip": (lambda at: written(at / "wrist.zip", noise(2)), "is no whole zip", "copy it again"),
    "noise as a recording": (lambda at: written(at / "old.affectloop", noise(3)), "is no recorded session", "affectloop record"),
    "topics of a later version": (
        lambda at: recorded_by_a_later_version(at / "new.affectloop"),
        "holds no stream that can be played, only capture.signals.v9",
        "record the capture topics",
    ),
}


@pytest.mark.parametrize(("make", "problem", "remedy"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_named_in_one_line_with_what_to_do(
    make: Callable[[Path], Path], problem: str, remedy: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = make(tmp_path)
    assert main(["replay", str(path), "--report", str(tmp_path / "report")]) == FAILED
    said = capfd.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith(f"affectloop replay: {path}: ")
    assert problem in line
    assert remedy in line
    assert not (tmp_path / "report").exists()


def test_noise_as_a_video_is_one_line_of_the_program_itself(tmp_path: Path) -> None:
    """Neither OpenCV nor FFmpeg adds words of their own."""
    path = written(tmp_path / "face.mp4", noise(1))
    command = [sys.executable, "-m", "affectloop.cli", "replay", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (FAILED, "")
    problem = "cannot be read as a video; check that it plays, or convert it to MP4 (H.264)"
    assert done.stderr == f"affectloop replay: {path}: {problem}\n"


def test_the_gateway_names_a_topic_of_a_version_that_it_does_not_know(installation: Installation) -> None:
    school = installation.school("demo")
    asked = {"learner_id": school.learner(), "streams": [{"topic": "capture.signals.v9", "stream_id": "eda"}]}
    answer = school.http.post("/v1/sessions", json=asked)
    assert answer.status_code == 422
    assert "capture.signals.v9" in answer.json()["problem"]
    assert "capture.signals.v1" in answer.json()["remedy"]


@dataclass(frozen=True)
class Hostile:
    """A record that nobody should be able to read."""

    topic: Topic
    record: Outgoing
    is_certain: bool = True  # whether it must become a dead letter: a session may be over before it comes


def hostile_records(session: Session, seed: int, *, is_certain: bool) -> Iterator[Hostile]:
    """What cannot be read, of every topic: noise, nothing, noise sealed with the right key, a key that is no text."""
    key = session.session_id.encode()
    for topic in TOPICS:
        stream = next(iter(session.expects(topic)), topic.stream or "eda")
        headers = {STREAM: stream.encode(), KEY_ID: session.key.key_id.encode()}
        seed += 10
        sealed = seal(noise(seed), session.key, topic=topic.name, session_id=session.session_id, stream_id=stream)
        for record in (
            Outgoing(topic.name, key, noise(seed + 1), headers),
            Outgoing(topic.name, key, noise(seed + 2), {}),
            Outgoing(topic.name, key, sealed, headers),
            Outgoing(topic.name, b"\xff\xfe" + key, noise(seed + 3), headers),
        ):
            yield Hostile(topic, record, is_certain)
    yield Hostile(SIGNALS, not_a_number(session), is_certain)


def not_a_number(session: Session) -> Outgoing:
    """A chunk that the codec would not have written."""
    good = moved(a_chunk(), session)
    message: Any = to_message(good)
    message.samples[1] = float("nan")
    header = good.header
    payload = seal(
        message.SerializeToString(), session.key, topic=SIGNALS.name, session_id=session.session_id, stream_id=header.stream_id
    )  # fmt: skip
    return Outgoing(SIGNALS.name, session.session_id.encode(), payload, to_record(good, session.key).headers)


def moved(event: Event, session: Session) -> Any:
    """The same event, of this session and of now."""
    header, now_us = event.header, CLOCK.wall_us()
    until_us = now_us + header.complete_until_us - header.event_time_us
    return replace(event, header=replace(header, session_id=session.session_id, event_time_us=now_us, complete_until_us=until_us))


def results(events: Sequence[Event]) -> dict[tuple[str, str, int], Any]:
    """What can be compared of two sessions: everything but their names."""
    found = {}
    for event in events:
        found[type(event).__name__, event.header.stream_id, event.header.sequence] = nameless(event)
    return found


def test_what_cannot_be_read_becomes_a_dead_letter_and_another_session_gets_what_it_gets_alone(installation: Installation) -> None:
    merged = a_learner(12.0)
    alone = replay(merged, session_of(merged), installation.bus, installation.live, CLOCK, speed=None)
    beside, victim = session_of(merged), live_session(installation)
    hostile = [
        one
        for pair in zip(
            hostile_records(victim, 1000, is_certain=True), hostile_records(beside, 2000, is_certain=False), strict=True
        )
        for one in pair
    ]  # fmt: skip
    producer = installation.bus.producer(durable=True)

    def attack() -> None:
        for one in hostile:
            producer.send([one.record])
            threading.Event().wait(0.01)

    attacker = threading.Thread(target=attack, daemon=True)
    attacker.start()
    disturbed = replay(merged, beside, installation.bus, installation.live, CLOCK, speed=None)
    attacker.join(30)
    assert_same(results(disturbed.events), results(alone.events))
    for topic in TOPICS:
        certain = {one.record.value for one in hostile if one.topic is topic and one.is_certain}
        wait_for(lambda: certain <= {letter.value for letter in installation.dead_letters(topic.name)}, f"dead letters of {topic.name}")  # noqa: B023
        for letter in installation.dead_letters(topic.name):
            assert {"error", "field", "service", "source"} <= letter.headers.keys()
            assert b": " in letter.headers["error"], "field and problem"
    assert installation.runner.failure is None


def live_session(installation: Installation) -> Session:
    """A live session of which everything may be read."""
    session = new_session(
        mode=Mode.LIVE, captured=CAPTURED, consented=frozenset(Modality), profile="research", emotion_inference=True,
        started_at_us=CLOCK.wall_us(),
    )  # fmt: skip
    installation.live.put_session(session)
    return session


def test_a_picture_that_claims_30000_by_30000_is_seen_as_no_picture_without_being_decoded(installation: Installation) -> None:
    """On the topic itself, past capture: the record is good, its picture is not."""
    session, producer = live_session(installation), installation.bus.producer(durable=True)
    bomb = moved(a_frame(jpeg=claiming(a_jpeg(), 30_000, 30_000)), session)
    producer.send([to_record(bomb, session.key)])
    wait_for(lambda: bool(installation.events(session.session_id, FACE_FEATURES.name)), "the face service says what it saw")
    ((_, features),) = installation.events(session.session_id, FACE_FEATURES.name)
    assert isinstance(features, FaceFeatures)
    assert (features.quality, features.reason, features.blendshapes) == (0.0, Reason.NO_SIGNAL, None)


def test_a_device_is_told_the_field_of_each_bad_record_and_another_device_goes_on(installation: Installation) -> None:
    school, merged = installation.school("demo"), a_learner(30.0, modalities=("wristband",))
    started = school.start(school.learner(["face", "wristband"]), modalities=["face", "wristband"])
    other = school.start(school.learner(["wristband"]), merged)
    session = installation.session(started["session_id"])
    good = moved(a_chunk(), session)
    bad = request(good)
    bad.signal.samples[2] = float("nan")
    bomb = request(moved(a_frame(jpeg=claiming(a_jpeg(), 30_000, 30_000)), session))
    later_version = b"\xfa\x01\x02\x08\x01"  # field 31, which this version does not know
    with Device(installation.capture, other, merged) as device:
        payloads = [bad.SerializeToString(), bomb.SerializeToString(), later_version, request(good).SerializeToString()]
        answers = called(installation, started, payloads)
        with pytest.raises(grpc.RpcError, match="not this protobuf message"):
            called(installation, started, [noise(5)])
        wait_for(lambda: len(installation.events(other["session_id"], SIGNALS.name)) > 8, "the other device streams")
    assert [answer.refusal.field for answer in answers[:-1]] == ["SignalChunk.samples", "VideoFrame.jpeg", "StreamRequest.captured"]
    assert all(answer.refusal.problem and answer.refusal.remedy for answer in answers[:-1])
    assert "30000 x 30000" in answers[1].refusal.problem
    assert answers[-1].accepted == 1
    assert device.refusals == []
    assert installation.records(session.session_id, FRAMES.name) == []


def called(installation: Installation, started: dict[str, Any], payloads: list[bytes]) -> list[StreamResponse]:
    """One whole call with whatever bytes."""
    with grpc.insecure_channel(installation.capture) as channel:
        call = channel.stream_stream("/affectloop.v1.CaptureService/Stream", None, response_deserializer=StreamResponse.FromString)
        metadata = (("authorization", f"Bearer {started['streaming_token']}"),)
        return list(call(iter(payloads), metadata=metadata, timeout=60))
