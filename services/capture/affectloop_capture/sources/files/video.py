"""Videos as camera frames: any container that OpenCV's FFmpeg reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
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
from affectloop_capture.sources.containers.base import Layout
from affectloop_capture.sources.containers.layout import layout_of
from affectloop_capture.sources.frames import Lost, Packets, frames_of, packets_of
from affectloop_capture.sources.pictures import jpeg_of

# What further kinds of videos begin with, whose containers are not looked into.
SIGNATURES = (
    b"0&\xb2u\x8ef\xcf\x11",  # ASF, WMV
    b"\0\0\x01\xba", b"\0\0\x01\xb3", b"\0\0\0\x01", b"\0\0\x01\x67",  # MPEG programs, raw MPEG, raw H.264
    b"\x06\x0e+4",  # MXF
    b"YUV4MPEG2", b"DKIF", b".RMF",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class VideoTrack:
    """The frames of a video, compressed again one by one as JPEG.

    With ``salvage``, what is lost of a damaged video is added to ``notes`` as it is met; without, it is an ``InvalidInput``.
    """

    path: Path
    packets: Packets
    shown_us: int | None = None  # by the container's edit list
    salvage: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def stream(self) -> Stream:
        """The camera's."""
        return Stream(FRAMES.name, CAMERA)

    @property
    def duration_us(self) -> int:
        """By the times of the container's packets."""
        return max(self.packets.duration_us if self.shown_us is None else min(self.shown_us, self.packets.duration_us), 1)

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
        """Number, time since the video's start and JPEG of each frame; what is lost keeps its numbers."""
        number = 0
        for each in frames_of(self.path, self.packets, self.shown_us):
            if isinstance(each, Lost):
                self._tell(number, each)
                number += each.count
            else:
                yield number, each.time_us, _jpeg(self.path, number, each.picture)
                number += 1

    def _tell(self, number: int, lost: Lost) -> None:
        if not self.salvage:
            raise InvalidInput(
                f"{self.path}: frame {number}, at {lost.from_us / MICROSECONDS:.1f} s, cannot be decoded: the video is damaged there; "
                "copy it again, or read what there is with --salvage"
            )
        until = "the end" if lost.until_us is None else f"{lost.until_us / MICROSECONDS:.1f} s"
        frames = f"{lost.count} frame{'s' * (lost.count > 1)} from frame {number} on"
        self.notes.append(f"DAMAGED: {frames} could not be decoded, {lost.from_us / MICROSECONDS:.1f} s to {until}")


def open_video(path: Path, *, salvage: bool = False) -> Source:
    """A video as a camera; ``InvalidInput`` where it is none, is truncated or damaged, or has no frame.

    A truncated video is refused at once, by its container's own sizes, since a learner who is silently missing
    half of a session would be a wrong result. With ``salvage`` what can be read is, and the notes say what is missing.
    """
    known = layout_of(path)
    layout = known or Layout()
    if layout.missing and not salvage:
        raise InvalidInput(f"{path}: the video is truncated: {layout.missing}; copy it again, or read what there is with --salvage")
    packets = packets_of(path)
    if max(packets.width, packets.height) > LARGEST_SIDE_PX:
        size = f"{packets.width} x {packets.height} pixels"
        raise InvalidInput(f"{path}: {size}; the limit is {LARGEST_SIDE_PX} a side; scale the video down")
    if not packets.count:
        raise InvalidInput(f"{path}: the video has no frame that can be read; check that it plays, or convert it to MP4 (H.264)")
    damage = _damage(layout, packets)
    if damage and not salvage:
        raise InvalidInput(f"{path}: the video is damaged: {damage}; copy it again, or read what there is with --salvage")
    track = VideoTrack(path, packets, layout.shown_us, salvage)
    track.notes.extend(_notes(layout, damage))
    if known is None:
        track.notes.append("its container does not say what it should hold: a hole would go unnoticed; convert it to MP4 from the original")
    description = f"video, {packets.width} x {packets.height}, {packets.fps:.4g} frames a second, {track.duration_us / MICROSECONDS:.1f} s"
    return Source(path.name, (track,), description, layout.made_at_us, track.notes, clock_is_rough=True)


def _damage(layout: Layout, packets: Packets) -> str | None:
    """Where the container breaks off, with the frame before the longest pause: most likely the same place."""
    if layout.damage is None or packets.longest_gap is None:
        return layout.damage
    number, time_us = packets.longest_gap
    return f"{layout.damage}, about frame {number + 1} at {time_us / MICROSECONDS:.1f} s"


def _notes(layout: Layout, damage: str | None) -> Iterator[str]:
    if layout.missing:
        yield f"TRUNCATED: {layout.missing}"
    if damage:
        yield f"DAMAGED: {damage}; what lies there is missing"
    if layout.sound and layout.video:
        yield "its sound is not read: give it as a file of its own, too"


def _jpeg(path: Path, number: int, picture: Any) -> bytes:
    jpeg = jpeg_of(picture)
    if jpeg is None or len(jpeg) > Limits().picture_bytes:
        raise InvalidInput(f"{path}: frame {number} cannot be sent as JPEG of at most {Limits().picture_bytes} bytes; scale the video down")
    return jpeg


def _knows(path: Path, first_bytes: bytes) -> bool:
    layout = layout_of(path) if first_bytes else None
    return layout.video if layout else any(first_bytes.startswith(mark) for mark in SIGNATURES)


FORMAT = FileFormat(
    name="videos",
    reads="MP4, MOV, WebM, Matroska, AVI, MPEG and what else OpenCV's FFmpeg decodes, as the learner's camera",
    suffixes=(".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".wmv", ".flv", ".ogv", ".3gp"),
    knows=_knows,
    open=open_video,
)
