import itertools
import struct
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from affectloop.errors import InvalidInput
from affectloop.events import VideoFrame
from affectloop_capture.admission.validation import Limits, check_frame
from affectloop_capture.playback.merge import FILES_START_AT_US, merge
from affectloop_capture.sources import frames as frames_module
from affectloop_capture.sources.containers.layout import missing_part
from affectloop_capture.sources.files.video import VideoTrack, open_video
from affectloop_capture.sources.frames import packets_of
from affectloop_capture.sources.registry import open_source
from unit.capture.making import write_video


def frames(path: Path, *, salvage: bool = False) -> list[VideoFrame]:
    merged = merge([open_video(path, salvage=salvage)])
    return [event for event in merged.events("s1") if isinstance(event, VideoFrame)]


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mp4v"), ("a.avi", "MJPG"), ("a.mkv", "mp4v")])
def test_every_container_gives_its_frames_at_their_times(tmp_path: Path, name: str, codec: str) -> None:
    read = frames(write_video(tmp_path / name, frames=20, fps=20, codec=codec))
    assert [frame.header.sequence for frame in read] == list(range(20))
    assert [frame.header.event_time_us - FILES_START_AT_US for frame in read] == [number * 50_000 for number in range(20)]


def test_a_frame_promises_the_time_of_the_next(tmp_path: Path) -> None:
    read = frames(write_video(tmp_path / "a.mp4"))
    assert all(before.header.complete_until_us == after.header.event_time_us for before, after in itertools.pairwise(read))
    assert read[-1].header.ends_stream


def test_a_frame_is_a_jpeg_that_the_gate_takes(tmp_path: Path) -> None:
    frame = frames(write_video(tmp_path / "a.mp4"))[0]
    check_frame(frame, Limits())
    decoded = cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape == (48, 64, 3)


def test_the_same_video_gives_the_same_bytes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=5)
    assert [frame.jpeg for frame in frames(path)] == [frame.jpeg for frame in frames(path)]


def truncated(tmp_path: Path, name: str, codec: str) -> Path:
    whole = write_video(tmp_path / name, frames=60, codec=codec).read_bytes()
    path = tmp_path / f"half-{name}"
    path.write_bytes(whole[: len(whole) // 2])
    return path


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mp4v"), ("a.avi", "MJPG"), ("a.mkv", "mp4v")])
def test_a_truncated_video_is_refused_before_a_frame_is_decoded(
    tmp_path: Path, name: str, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = truncated(tmp_path, name, codec)
    opened: list[object] = []
    monkeypatch.setattr(cv2, "VideoCapture", lambda *arguments: opened.append(arguments))
    with pytest.raises(InvalidInput, match=f"half-{name}: the video is truncated") as caught:
        open_video(path)
    assert "copy it again" in str(caught.value)
    assert opened == []


def test_what_there_is_of_a_truncated_video_can_be_salvaged(tmp_path: Path) -> None:
    path = truncated(tmp_path, "a.avi", "MJPG")
    assert "TRUNCATED" in open_video(path, salvage=True).notes[0]
    read = frames(path, salvage=True)
    assert 0 < len(read) < 60
    assert read[-1].header.ends_stream


def test_a_video_whose_index_is_gone_cannot_be_salvaged(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read as a video"):
        open_video(truncated(tmp_path, "a.mp4", "mp4v"), salvage=True)


def test_a_text_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("not a video")
    with pytest.raises(InvalidInput, match=r"a\.mp4: cannot be read as a video"):
        open_video(path)


def test_a_playlist_in_disguise_fetches_nothing(tmp_path: Path) -> None:
    inner = write_video(tmp_path / "inner.mp4")
    path = tmp_path / "outer.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{inner.as_uri()}\n#EXT-X-ENDLIST\n")
    with pytest.raises(InvalidInput, match="cannot be read as a video"):
        open_video(path)


class StubbornCapture:
    """A capture whose container tells no time and no frame rate, or no frame."""

    def __init__(self, pictures: int) -> None:
        self.pictures = pictures
        self.grabbed = 0

    def isOpened(self) -> bool:
        return True

    def get(self, what: int) -> float:
        return {cv2.CAP_PROP_FRAME_WIDTH: 64.0, cv2.CAP_PROP_FRAME_HEIGHT: 48.0}.get(what, 0.0)

    def grab(self) -> bool:
        self.grabbed += 1
        return self.grabbed <= self.pictures

    def read(self) -> tuple[bool, object]:
        self.pictures -= 1
        return self.pictures >= 0, np.zeros((48, 64, 3), np.uint8)

    def release(self) -> None:
        """Nothing is held."""


def test_a_video_without_a_frame_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames_module, "opened", lambda path, *options: StubbornCapture(0))
    path = tmp_path / "a.mov"
    path.write_bytes(b"")
    with pytest.raises(InvalidInput, match="no frame that can be read"):
        open_video(path)


def test_frames_whose_container_tells_no_time_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames_module, "opened", lambda path, *options: StubbornCapture(3))
    packets = replace(packets_of(tmp_path / "a.mov"), fps=25.0)
    times = [event.header.event_time_us for event in VideoTrack(tmp_path / "a.mov", packets).events("s1", 1_000_000)]
    assert times == [1_000_000, 1_040_000, 1_080_000]


def test_a_video_of_8k_is_refused_by_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Large(StubbornCapture):
        def get(self, what: int) -> float:
            return 7680.0

    monkeypatch.setattr(frames_module, "opened", lambda path, *options: Large(3))
    path = tmp_path / "a.mov"
    path.write_bytes(b"")
    with pytest.raises(InvalidInput, match="scale the video down"):
        open_video(path)


def test_a_kind_that_is_not_read_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2,3")
    with pytest.raises(InvalidInput, match=r"\.csv is not read; give .*, videos"):
        open_source(tmp_path / "a.csv")
    with pytest.raises(InvalidInput, match="there is no such file"):
        open_source(tmp_path / "b.mp4")


@pytest.mark.parametrize("head", [b"RIFF\xff\xff\xff\xffWAVE", b"RIFF\0\0\0\0WAVE", b"something else"])
def test_a_container_that_tells_no_size_is_taken_as_whole(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "a").write_bytes(head + bytes(100))
    assert missing_part(tmp_path / "a") is None


@pytest.mark.parametrize(
    ("boxes", "missing"),
    [
        ([(b"ftyp", 8), (b"moov", 40), (b"mdat", 0)], None),
        ([(b"ftyp", 8), (b"mdat", 40)], "its index (moov) is missing"),
        ([(b"ftyp", 8), (b"moov", 3)], "a box at byte 8 has a size of 3"),
        ([(b"ftyp", 8), (b"moov", 8), (b"mdat", 1_000)], "892 of its bytes are missing"),
    ],
)
def test_the_boxes_of_an_mp4_say_what_is_missing(tmp_path: Path, boxes: list[tuple[bytes, int]], missing: str | None) -> None:
    content = b""
    for kind, size in boxes:
        content += struct.pack(">I", size) + kind + bytes(max(min(size, 100) - 8, 0))
    (tmp_path / "a").write_bytes(content + (bytes(8) if boxes[-1][1] == 1_000 else b""))
    assert missing_part(tmp_path / "a") == missing


def test_a_real_video_has_its_frames_at_the_containers_times(data_folder: Path) -> None:
    read = frames(data_folder / "face" / "WolfgangLanger_Pexels.mp4")
    assert len(read) == 472
    steps = {after.header.event_time_us - before.header.event_time_us for before, after in itertools.pairwise(read)}
    assert steps <= {41_708, 41_709}
