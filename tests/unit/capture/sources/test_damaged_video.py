"""The end of a video is proven: a pause is no end, and what cannot be decoded is refused by its frame, or read past and told."""

from pathlib import Path

import pytest

from affectloop.errors import InvalidInput
from affectloop.events import VideoFrame
from affectloop_capture.playback.merge import MergedSource, merge
from affectloop_capture.sources.registry import format_of, open_source
from unit.capture.making import write_video
from unit.capture.matroska import CAMERA, MICROPHONE, Block, frames_at, write_matroska

REMEDY = "copy it again, or read what there is with --salvage"


def played(merged: MergedSource) -> list[VideoFrame]:
    return [event for event in merged.events("s1") if isinstance(event, VideoFrame)]


def times_ms(merged: MergedSource) -> list[int]:
    return [(frame.header.event_time_us - merged.origin_us) // 1000 for frame in played(merged)]


def with_a_hole(path: Path) -> Path:
    """The same file with its middle fifth zeroed."""
    content = bytearray(path.read_bytes())
    first, after = len(content) * 2 // 5, len(content) * 3 // 5
    content[first:after] = bytes(after - first)
    holed = path.with_name(f"hole{path.suffix}")
    holed.write_bytes(content)
    return holed


def sound_at(times: range) -> list[Block]:
    return [(MICROPHONE, time, bytes(160)) for time in times]


def test_a_camera_that_pauses_while_the_sound_goes_on_keeps_its_later_frames(tmp_path: Path) -> None:
    shown = [*range(0, 1000, 40), *range(100_000, 101_000, 40)]
    sound = sound_at(range(0, 101_000, 10))  # ten thousand packets: FFmpeg's readers give up after some
    blocks = sorted([*frames_at(shown), *sound], key=lambda block: block[1])
    merged = merge([open_source(write_matroska(tmp_path / "a.webm", blocks, (CAMERA, MICROPHONE)))])
    assert times_ms(merged) == shown
    assert merged.notes == ("a.webm: its sound is not read: give it as a file of its own, too",)


def test_a_recording_without_a_stated_duration_has_that_of_its_frames(tmp_path: Path) -> None:
    path = write_matroska(tmp_path / "a.webm", frames_at(range(0, 12_000, 40)))
    assert merge([open_source(path)]).duration_us == 12_000_000
    later = merge([open_source(path)], start_s=4)
    assert later.duration_us == 8_000_000
    assert len(played(later)) == 200


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mp4v"), ("a.avi", "MJPG"), ("a.mkv", "mp4v"), ("a.mkv", "MJPG")])
def test_a_hole_is_refused_by_its_frame_and_read_past_only_when_asked(tmp_path: Path, name: str, codec: str) -> None:
    path = with_a_hole(write_video(tmp_path / name, frames=200, fps=20, codec=codec))
    with pytest.raises(InvalidInput, match=f"hole.*damaged.*{REMEDY}") as caught:
        played(merge([open_source(path)]))
    assert "frame" in str(caught.value) or "byte" in str(caught.value)
    merged = merge([open_source(path, salvage=True)])
    read = played(merged)
    assert 100 <= len(read) < 200
    assert read[-1].header.ends_stream
    assert any("DAMAGED" in note for note in merged.notes)
    if name != "a.avi":  # whose frames have no times of their own
        assert times_ms(merged)[-1] == 9950, "what lies after the hole is at its own time"


def test_a_last_packet_that_was_not_written_whole_is_missing(tmp_path: Path) -> None:
    path = write_matroska(tmp_path / "a.webm", frames_at(range(0, 2000, 40)))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InvalidInput, match=r"truncated: \d+ of its bytes are missing"):
        open_source(path)
    assert len(played(merge([open_source(path, salvage=True)]))) >= 48


def test_zeros_that_a_camera_had_reserved_at_the_end_are_no_damage(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=20, fps=20)
    path.write_bytes(path.read_bytes() + bytes(5000))
    assert len(played(merge([open_source(path)]))) == 20


def test_a_container_without_pictures_is_sound(tmp_path: Path) -> None:
    path = write_matroska(tmp_path / "a.mp4", sound_at(range(0, 1000, 10)), (MICROPHONE,))
    assert format_of(path).name == "sound files"


def test_a_container_that_cannot_tell_whether_it_is_whole_is_said_to_be_one(tmp_path: Path) -> None:
    mpeg = write_video(tmp_path / "a.mpg", frames=50, fps=25, codec="PIM1")
    (note,) = merge([open_source(mpeg)]).notes
    assert note.startswith("a.mpg: its container does not say what it should hold")
    assert merge([open_source(write_video(tmp_path / "a.mp4", frames=50, fps=25, codec="mp4v"))]).notes == ()
