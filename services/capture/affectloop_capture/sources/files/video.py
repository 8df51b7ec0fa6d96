"""Videos as camera frames: any container that OpenCV's FFmpeg reads."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affectloop.clock import MICROSECONDS
from affectloop.errors import InvalidInput
from affectloop.events import END_OF_TIME_US, Event, Header, VideoFrame
from affectloop.session import Stream
from affectloop.topics import FRAMES
from affectloop_capture.admission.image_headers import LARGEST_SIDE_PX
from affectloop_capture.admission.validation import Limits
from affectloop_capture.sources.base import CAMERA, FileFormat, Source
from affectloop_capture.sources.container_sizes import missing_part
from affectloop_capture.sources.pictures import jpeg_of, opencv

FALLBACK_FPS = 30.0  # where a container tells neither times nor a rate
LEAST_SHARE_READ = 0.95  # of the frames that the container counts; its count is often an estimate

# Where in a file, and what, containers of videos begin with.
SIGNATURES = (
    *((4, kind) for kind in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")),  # MP4, MOV, 3GP: ISO/IEC 14496-12
    (0, b"\x1aE\xdf\xa3"),  # WebM, Matroska: RFC 8794
    (8, b"AVI "),
    (0, b"OggS"),
    (0, b"FLV"),
    (0, b"0&\xb2u\x8ef\xcf\x11"),  # ASF, WMV
    (0, b"\0\0\x01\xba"), (0, b"\0\0\x01\xb3"), (0, b"\0\0\0\x01"), (0, b"\0\0\x01\x67"),  # MPEG programs, raw MPEG, raw H.264
    (0, b"\x06\x0e+4"),  # MXF
    (0, b"YUV4MPEG2"), (0, b"DKIF"), (0, b".RMF"),
)  # fmt: skip

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VideoTrack:
    """The frames of a video, compressed again one by one as JPEG."""

    path: Path
    fps: float
    frames: int  # as the container counts

    @property
    def stream(self) -> Stream:
        """The camera's."""
        return Stream(FRAMES.name, CAMERA)

    @property
    def duration_us(self) -> int:
        """By the container's count."""
        return round(self.frames / self.fps * MICROSECONDS)

    def events(self, session_id: str, origin_us: int) -> Iterator[Event]:
        """Each frame, once the next one's time is known."""
        held: tuple[int, int, bytes] | None = None
        for number, time_us, jpeg in self._jpegs():
            if held is not None:
                yield self._frame(session_id, origin_us, held, origin_us + time_us)
            held = number, time_us, jpeg
        if held is not None:
            yield self._frame(session_id, origin_us, held, END_OF_TIME_US)

    def ending(self, header: Header) -> Event:
        """A frame without a picture."""
        return VideoFrame(header=header)

    def _frame(self, session_id: str, origin_us: int, held: tuple[int, int, bytes], until_us: int) -> VideoFrame:
        number, time_us, jpeg = held
        header = Header(
            session_id=session_id,
            stream_id=CAMERA,
            sequence=number,
            event_time_us=origin_us + time_us,
            complete_until_us=until_us,
            captured_by=self.path.suffix.lstrip("."),
        )
        return VideoFrame(header=header, jpeg=jpeg)

    def _jpegs(self) -> Iterator[tuple[int, int, bytes]]:
        """Number, time since the video's start and JPEG of each frame."""
        capture = _opened(self.path)
        try:
            number, time_us = 0, -1
            while True:
                found, picture = capture.read()
                if not found:
                    break
                time_us = self._time_us(capture.get(opencv().CAP_PROP_POS_MSEC), time_us)
                yield number, time_us, _jpeg(self.path, number, picture)
                number += 1
        finally:
            capture.release()
        if number < LEAST_SHARE_READ * self.frames:
            _log.warning("video ended early", extra={"frames_read": number, "frames_stated": self.frames})

    def _time_us(self, position_ms: float, last_us: int) -> int:
        """The container's time; where that stands still, one frame after the last."""
        time_us = round(position_ms * 1000)
        return time_us if time_us > last_us else last_us + round(MICROSECONDS / self.fps)


def open_video(path: Path, *, salvage: bool = False) -> Source:
    """A video as a camera; ``InvalidInput`` where it is none, is truncated, or has no frame.

    A truncated video is refused at once, by its container's own sizes, since a learner who is silently missing
    half of a session would be a wrong result. With ``salvage`` what can be read is, and the description says so.
    """
    missing = missing_part(path)
    if missing and not salvage:
        raise InvalidInput(f"{path}: the video is truncated: {missing}; copy it again, or read what there is with --salvage")
    cv2, capture = opencv(), _opened(path)
    try:
        fps, frames = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        if max(width, height) > LARGEST_SIDE_PX:
            raise InvalidInput(f"{path}: {width} x {height} pixels; the limit is {LARGEST_SIDE_PX} a side; scale the video down")
        if not capture.grab():
            raise InvalidInput(f"{path}: the video has no frame that can be read; check that it plays, or convert it to MP4 (H.264)")
    finally:
        capture.release()
    fps = fps if 0 < fps <= 1000 else FALLBACK_FPS
    track = VideoTrack(path, fps, max(frames, 1))
    description = f"video, {width} x {height}, {fps:.4g} frames a second, {track.duration_us / MICROSECONDS:.1f} s"
    return Source(path.name, (track,), description + (f"; TRUNCATED: {missing}" if missing else ""))


def _opened(path: Path) -> Any:
    library = opencv()
    capture = library.VideoCapture(str(path), library.CAP_FFMPEG)
    if not capture.isOpened():
        raise InvalidInput(f"{path}: cannot be read as a video; check that it plays, or convert it to MP4 (H.264)")
    return capture


def _jpeg(path: Path, number: int, picture: Any) -> bytes:
    jpeg = jpeg_of(picture)
    if jpeg is None or len(jpeg) > Limits().picture_bytes:
        raise InvalidInput(f"{path}: frame {number} cannot be sent as JPEG of at most {Limits().picture_bytes} bytes; scale the video down")
    return jpeg


def _knows(path: Path, first_bytes: bytes) -> bool:
    return any(first_bytes[at : at + len(mark)] == mark for at, mark in SIGNATURES) or _is_transport_stream(first_bytes)


def _is_transport_stream(first_bytes: bytes) -> bool:
    """MPEG-2 packets of 188 bytes, or of 192 with their times before them: ISO/IEC 13818-1 section 2.4.3.2."""
    return any(first_bytes[at : at + 3 * step : step] == b"GGG" for at, step in ((0, 188), (4, 192)))


FORMAT = FileFormat(
    name="videos",
    reads="MP4, MOV, WebM, Matroska, AVI, MPEG and what else OpenCV's FFmpeg decodes, as the learner's camera",
    suffixes=(".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".wmv", ".flv", ".ogv", ".3gp"),
    knows=_knows,
    open=open_video,
)
