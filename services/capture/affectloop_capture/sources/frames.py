"""The frames of a video, read to an end that is proven: what the container's packets promise is decoded, or told as lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectloop.clock import MICROSECONDS
from affectloop.errors import InvalidInput
from affectloop_capture.sources.pictures import opencv

FALLBACK_FPS = 30.0  # where a container tells neither times nor a rate
LEAST_LOST = 3  # packets without a frame between two frames: a codec hides one of its own now and then, never three
MOST_REORDERED = 16  # frames that a decoder still holds when it meets a damaged packet
FLUSHED = 70  # further reads after a failure, beyond the packets that are left: a decoder gives up after 64 tries
LEAST_RETRIES = 1_000
LEAST_SHARE_READ = 0.95  # of packets without times


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame."""

    time_us: int  # since the video's start
    picture: Any


@dataclass(frozen=True, slots=True)
class Lost:
    """Frames that could not be decoded."""

    count: int
    from_us: int
    until_us: int | None  # None: to the end


@dataclass(frozen=True, slots=True, eq=False)
class Packets:
    """What a container holds of a video, known without decoding."""

    count: int
    times_us: NDArray[np.int64]  # in order, each once; empty where there are none
    fps: float
    width: int
    height: int

    @property
    def duration_us(self) -> int:
        """To the time of the frame after the last."""
        if not len(self.times_us):
            return round(self.count / self.fps * MICROSECONDS)
        return int(self.times_us[-1] + self.step_us)

    @property
    def step_us(self) -> float:
        """From one frame to the next, mostly."""
        return float(np.median(np.diff(self.times_us))) if len(self.times_us) > 1 else MICROSECONDS / self.fps

    def between(self, after_us: int, before_us: int) -> int:
        """How many packets have times strictly between."""
        first, last = np.searchsorted(self.times_us, [after_us + 1_000, before_us - 1_000])
        return max(int(last - first), 0)

    def after(self, time_us: int) -> int:
        """How many packets have later times."""
        return len(self.times_us) - int(np.searchsorted(self.times_us, time_us + 1_000))

    @property
    def longest_gap(self) -> tuple[int, int] | None:
        """Number and time of the frame before the longest pause, where there is one of some frames."""
        steps = np.diff(self.times_us)
        if not len(steps) or steps.max() < LEAST_LOST * np.median(steps):
            return None
        return int(steps.argmax()), int(self.times_us[steps.argmax()])


def packets_of(path: Path) -> Packets:
    """Every packet's time, in one pass without decoding; ``InvalidInput`` where the file cannot be opened as a video."""
    library = opencv()
    capture = opened(path, library.CAP_PROP_FORMAT, -1)
    try:
        stated = capture.get(library.CAP_PROP_FRAME_COUNT)
        retries = round(min(max(stated, LEAST_RETRIES), 10_000_000))
        count, failed, times = 0, 0, []
        while failed < retries:
            if capture.grab():
                count, failed = count + 1, 0
                times.append(round(capture.get(library.CAP_PROP_POS_MSEC) * 1000))
            else:
                failed += 1
        fps = capture.get(library.CAP_PROP_FPS)
        width, height = (int(capture.get(side)) for side in (library.CAP_PROP_FRAME_WIDTH, library.CAP_PROP_FRAME_HEIGHT))
    finally:
        capture.release()
    known = np.unique(np.asarray(times, np.int64))
    known = known if len(known) > count / 2 else known[:0]  # raw streams tell no time
    return Packets(count, known, fps if 0 < fps <= 1000 else FALLBACK_FPS, width, height)


def frames_of(path: Path, packets: Packets, shown_us: int | None = None) -> Iterator[Frame | Lost]:
    """Every frame that can be decoded, and what is lost between.

    A decoder that stops is asked again as long as packets are left, so that a damaged part does not pass for the end.
    ``shown_us`` is where an edit list ends the video before its packets do.
    """
    capture = opened(path)
    is_cut = shown_us is not None and shown_us + MICROSECONDS / 4 < packets.duration_us  # then packets and frames have other times
    try:
        count, time_us, failed, pending, waited = 0, -1, 0, 0, 0
        while failed <= (packets.count - count if is_cut else packets.after(time_us)) + FLUSHED:
            found, picture = capture.read()
            if not found:
                failed += 1
                continue
            before_us, time_us = time_us, _next_us(capture.get(opencv().CAP_PROP_POS_MSEC), time_us, packets.fps)
            missing = 0 if is_cut else packets.between(before_us, time_us)
            pending, waited = pending + failed, 0 if failed else waited + 1
            is_past = time_us - before_us > 1.5 * packets.step_us or waited >= MOST_REORDERED
            if missing >= LEAST_LOST or (pending and is_past):
                yield Lost(max(pending, missing), max(before_us, 0), time_us)
                pending = 0
            yield Frame(time_us, picture)
            count, failed = count + 1, 0
    finally:
        capture.release()
    missing = packets.after(time_us) if len(packets.times_us) else packets.count - count
    if not is_cut and missing >= (LEAST_LOST if len(packets.times_us) else max((1 - LEAST_SHARE_READ) * packets.count, LEAST_LOST)):
        yield Lost(max(pending, missing), max(time_us, 0), None)
    elif pending:
        yield Lost(pending, max(time_us, 0), None)


def opened(path: Path, *options: int) -> Any:
    """A capture of the file; ``InvalidInput`` where it is no video."""
    library = opencv()
    capture = library.VideoCapture(str(path), library.CAP_FFMPEG, list(options))
    if not capture.isOpened():
        raise InvalidInput(f"{path}: cannot be read as a video; check that it plays, or convert it to MP4 (H.264)")
    return capture


def _next_us(position_ms: float, last_us: int, fps: float) -> int:
    """The container's time; where that stands still, one frame after the last."""
    time_us = round(position_ms * 1000)
    return time_us if time_us > last_us else last_us + round(MICROSECONDS / fps)
