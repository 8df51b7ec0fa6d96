import stat
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from affectloop.bus import Outgoing, Record
from affectloop.codec import from_record, to_record
from affectloop.errors import CannotOpen, InvalidInput
from affectloop.events import END_OF_TIME_US, Event, FaceFeatures, Reason
from affectloop.recording import MAGIC, Recording, RecordingWriter, key_path
from affectloop.session import Mode, Session, Stream
from affectloop.topics import AUDIO, FACE_FEATURES, FRAMES, SIGNALS
from affectloop_capture.playback.merge import merge
from affectloop_capture.sources.files.recording import open_recorded, silent
from affectloop_capture.sources.registry import open_source
from unit.capture.making import START_US, a_chunk, a_frame, a_header, a_session, some_audio, values

SESSION = a_session()
EVENTS: list[Event] = [
    a_chunk([1.0, 1.1], sequence=0),
    a_frame(0, START_US + 40_000),
    a_chunk([1.2, 1.3], sequence=2, time_us=START_US + 500_000),
    a_frame(1, START_US + 80_000),
    some_audio(1600, 0),
]


def recorded(path: Path, events: list[Event] | None = None, session: Session = SESSION) -> list[Outgoing]:
    records = [to_record(event, session.key) for event in (EVENTS if events is None else events)]
    with RecordingWriter(path, session) as writer:
        writer.write(records)
    return records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.affectloop"


def test_the_topics_own_bytes_come_back(path: Path) -> None:
    records = recorded(path)
    assert [(record.topic, record.key, record.value, record.headers) for record in Recording(path).records()] == [
        (record.topic, record.key, record.value, dict(record.headers)) for record in records
    ]


def test_the_ingest_time_of_a_record_is_kept(path: Path) -> None:
    sent = to_record(EVENTS[0], SESSION.key)
    with RecordingWriter(path, SESSION) as writer:
        writer.write([Record(sent.topic, 3, 17, sent.key, sent.value, sent.headers, 123_456)])
    assert [record.ingest_time_us for record in Recording(path).records()] == [123_456]


def test_each_stream_can_be_read_by_itself(path: Path) -> None:
    recorded(path)
    frames = list(Recording(path).events(Stream(FRAMES.name, "camera")))
    assert values(frames) == values([EVENTS[1], EVENTS[3]])


def test_the_session_comes_back_to_be_replayed(path: Path) -> None:
    recorded(path)
    assert Recording(path).session() == replace(SESSION, mode=Mode.REPLAY)


def test_records_of_other_sessions_are_passed_over(path: Path) -> None:
    other = a_session(session_id="s2")
    with RecordingWriter(path, SESSION) as writer:
        assert writer.write([to_record(a_frame(session_id="s2"), other.key), to_record(a_frame(), SESSION.key)]) == 1
    assert Recording(path).counts == {FRAMES.name: 1}


def test_the_recording_does_not_hold_its_key(path: Path) -> None:
    recorded(path)
    content = path.read_bytes()
    assert SESSION.key.secret not in content
    assert SESSION.to_json().split('"key": ')[1].split(",")[1].strip(' "]}').encode() not in content
    assert stat.S_IMODE(key_path(path).stat().st_mode) == 0o600


def test_without_its_key_nothing_of_a_recording_opens(path: Path) -> None:
    recorded(path)
    key_path(path).unlink()
    recording = Recording(path)
    assert recording.counts[FRAMES.name] == 2
    with pytest.raises(CannotOpen, match="missing"):
        list(recording.events(Stream(FRAMES.name, "camera")))
    with pytest.raises(CannotOpen):
        open_source(path)


def test_another_recordings_key_is_named_as_such(path: Path) -> None:
    recorded(path)
    other = path.with_name("two.affectloop")
    recorded(other, session=a_session())
    key_path(path).write_bytes(key_path(other).read_bytes())
    with pytest.raises(CannotOpen, match="key of another recording"):
        Recording(path).session()


def test_every_truncation_after_the_header_keeps_the_records_before_it(path: Path) -> None:
    recorded(path)
    whole, count = path.read_bytes(), len(EVENTS)
    sizes = []
    for length in range(len(whole), len(MAGIC), -97):
        path.write_bytes(whole[:length])
        try:
            recording = Recording(path)
        except InvalidInput as error:
            assert "no whole header" in str(error)  # noqa: PT017 - the only other answer
            continue
        kept = list(recording.records())
        assert bool(recording.warning) == (recording.whole_bytes < length)
        sizes.append(len(kept))
    assert sizes[0] == count
    assert sizes == sorted(sizes, reverse=True)


def test_damage_in_the_middle_is_named_by_its_place(path: Path) -> None:
    recorded(path)
    content = bytearray(path.read_bytes())
    content[content.index(FRAMES.name.encode()) + 100] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="is damaged at byte"):
        Recording(path)


def test_a_killed_writers_recording_is_gone_on_with(path: Path) -> None:
    recorded(path, EVENTS[:2])
    with path.open("ab") as file:
        file.write(struct.pack("<II", 500, 0) + b"half a record")
    recorded(path, EVENTS[2:])
    recording = Recording(path)
    assert recording.warning == ""
    assert len(list(recording.records())) == len(EVENTS)


def test_a_tail_of_zeros_as_a_power_cut_leaves_it_is_tolerated(path: Path) -> None:
    recorded(path)
    with path.open("ab") as file:
        file.write(bytes(4096))
    assert "4096 bytes are no whole record" in Recording(path).warning


def test_a_recording_is_not_gone_on_with_under_another_key(path: Path) -> None:
    recorded(path)
    with pytest.raises(InvalidInput, match="into another file"):
        RecordingWriter(path, a_session())


def test_a_recording_is_not_mixed_with_another_session(path: Path) -> None:
    recorded(path)
    with pytest.raises(InvalidInput, match="holds session s1"):
        RecordingWriter(path, a_session(session_id="s2"))


@pytest.mark.parametrize("content", [b"", b"something else entirely", MAGIC])
def test_what_is_no_recording_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"one\.affectloop"):
        Recording(path)


def test_a_copy_made_by_a_crash_is_played_once(path: Path) -> None:
    recorded(path, [EVENTS[1], EVENTS[3], EVENTS[1], EVENTS[3]])
    assert len(list(Recording(path).events(Stream(FRAMES.name, "camera")))) == 2


def test_a_recording_plays_as_what_was_recorded_under_another_session(path: Path) -> None:
    recorded(path)
    merged = merge([open_source(path)], chunk_ms=5000)
    played = list(merged.events("s9"))
    assert merged.started_at_us == START_US
    assert {event.header.session_id for event in played} == {"s9"}
    frames = [event.header.event_time_us for event in played if event.header.stream_id == "camera"]
    assert frames == [START_US + 40_000, START_US + 80_000]
    (eda,) = [event for event in played if event.header.stream_id == "eda"]
    assert values([eda])[0][:4] == ("eda", 0, START_US, END_OF_TIME_US)


def test_a_recording_is_cut_into_chunks_as_any_file(path: Path) -> None:
    recorded(path)
    once = [event.header.sequence for event in merge([open_source(path)], chunk_ms=50).events("s9") if event.header.stream_id == "eda"]
    assert once == [0, 1, 2, 3]


def test_a_recording_without_an_end_still_ends_each_stream(path: Path) -> None:
    recorded(path)
    ending = [event.header.stream_id for event in merge([open_source(path)]).events("s9") if event.header.ends_stream]
    assert sorted(ending) == ["camera", "eda", "microphone"]


def a_face(sequence: int) -> FaceFeatures:
    time_us = START_US + sequence
    return FaceFeatures(header=a_header("face", sequence, time_us), quality=0.5, reason=Reason.GOOD)


def test_the_rawest_of_each_modality_is_played_unless_asked_otherwise(path: Path) -> None:
    recorded(path, [*EVENTS, a_face(0)])
    assert {stream.topic for stream in open_recorded(path).streams} == {FRAMES.name, SIGNALS.name, AUDIO.name}
    assert {stream.topic for stream in open_recorded(path, [FACE_FEATURES]).streams} == {FACE_FEATURES.name}


def test_features_are_played_where_nothing_rawer_was_recorded(path: Path) -> None:
    recorded(path, [a_face(0), a_face(1)])
    assert [event.header.sequence for event in merge([open_recorded(path)]).events("s9")] == [0, 1]


def test_a_recording_of_nothing_is_refused(path: Path) -> None:
    recorded(path, [])
    with pytest.raises(InvalidInput, match="no stream that can be played"):
        open_recorded(path)


def test_a_silent_event_says_that_nothing_was_measured() -> None:
    header = a_header("face", 7)
    face = silent(a_face(0), header)
    assert isinstance(face, FaceFeatures)
    assert (face.quality, face.reason, face.header) == (0.0, Reason.NO_SIGNAL, header)
    assert silent(a_frame(), header).is_empty
    assert silent(some_audio(), header).is_empty


def test_a_replayed_payload_is_sealed_for_its_own_session(path: Path) -> None:
    recorded(path)
    again = a_session(session_id="s9")
    (event, *_) = merge([open_source(path)]).events("s9")
    sent = to_record(event, again.key)
    opened = from_record(Record(sent.topic, 0, 0, sent.key, sent.value, sent.headers), again.key)
    assert opened.header == event.header
