"""The samples of one stream, held for the windows that still need them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectloop.events import SignalChunk

FloatArray = NDArray[np.float64]

ROUNDING_US = 0.75  # chunk times are whole microseconds: a sample this close before a boundary lies on it
SEAMLESS_US = 1.5  # two roundings: chunks that meet this closely are one run
BRIDGED_US = 250_000  # a shorter gap, a lost packet or two, is filled with a straight line


@dataclass(frozen=True, slots=True)
class Window:
    """Uniform samples of one stream up to a closing time, the newest unbroken stretch.

    ``samples`` is (n, channels) with n >= 1; ``first_us`` and ``last_us`` are the times of the first and last one.
    """

    samples: FloatArray
    rate_hz: float
    first_us: float
    last_us: float
    bridged: float  # share of the samples that fill gaps

    @property
    def duration_us(self) -> float:
        """From the first sample to the end of the last."""
        return len(self.samples) * 1e6 / self.rate_hz

    def times_us(self, at: FloatArray) -> FloatArray:
        """Times of positions in samples; a clock that drifts slowly is followed."""
        steps = max(len(self.samples) - 1, 1)
        return self.first_us + at * ((self.last_us - self.first_us) / steps)


@dataclass(slots=True)
class _Run:
    """Samples without a seam: number of the first one on the buffer, its time, and the step."""

    first: int
    time_us: float
    step_us: float

    def count_before(self, time_us: float) -> int:
        """How many samples of an endless run lie before a time."""
        return max(math.ceil((time_us - ROUNDING_US - self.time_us) / self.step_us), 0)

    def time_of(self, number: int) -> float:
        """The time of the buffer's sample of that number."""
        return self.time_us + (number - self.first) * self.step_us


class SampleBuffer:
    """A buffer of samples by time. How the stream was cut into chunks leaves no trace in its windows."""

    def __init__(self, channels: int = 1) -> None:
        self._data = np.empty((256, channels), np.float32)
        self._begin = 0  # of what is held, in the array
        self._first = 0  # number of the sample there
        self._end = 0  # number of the sample that comes next
        self._runs: list[_Run] = []

    @property
    def channels(self) -> int:
        """Values a sample."""
        return self._data.shape[1]

    def append(self, chunk: SignalChunk) -> None:
        """Take a chunk of as many channels; chunks come by time of their first sample."""
        count = len(chunk.samples)
        time_us, step_us = chunk.header.event_time_us, 1e6 / chunk.sample_rate_hz
        run = self._runs[-1] if self._runs else None
        if run is None or run.step_us != step_us or abs(run.time_of(self._end) - time_us) > SEAMLESS_US:
            self._runs.append(_Run(self._end, float(time_us), step_us))
        place = self._room(count)
        self._data[place : place + count] = chunk.samples
        self._end += count

    def _room(self, count: int) -> int:
        """Where the next samples go, once there is room."""
        held = self._end - self._first
        if self._begin + held + count > len(self._data):
            enough = 2 * (held + count) <= len(self._data)
            larger = self._data if enough else np.empty((4 * (held + count), self.channels), np.float32)
            larger[:held] = self._data[self._begin : self._begin + held].copy()
            self._data, self._begin = larger, 0
        return self._begin + held

    def forget_before(self, time_us: float) -> None:
        """Let go of samples before a time."""
        while len(self._runs) > 1 and self._runs[1].time_us <= time_us:
            self._runs.pop(0)
        if self._runs:
            first = min(max(self._runs[0].first + self._runs[0].count_before(time_us), self._first), self._end)
            self._begin += first - self._first
            self._first = first

    def window(self, from_us: float, until_us: float) -> Window | None:
        """The newest unbroken stretch of samples with ``from_us`` <= time < ``until_us``; ``None`` without any."""
        last = self._last_before(until_us)
        if last is None:
            return None
        number, end = last
        run = self._runs[number]
        start = max(run.first + run.count_before(from_us), self._first)
        if start >= end:
            return None
        pieces, filled = [self._held(start, end)], 0
        while start == run.first and number > 0:
            before = self._runs[number - 1]
            missing = self._missing(before, run)
            begin = max(before.first + before.count_before(from_us), self._first)
            if missing is None or begin >= run.first:
                break
            pieces += [self._bridge(run.first, missing), self._held(begin, run.first)]
            number, start, run, filled = number - 1, begin, before, filled + missing
        samples = np.concatenate(pieces[::-1]).astype(np.float64)
        first_us = run.time_of(start)
        last_us = self._runs[last[0]].time_of(end - 1)
        return Window(samples, 1e6 / run.step_us, first_us, last_us, filled / len(samples))

    def _last_before(self, time_us: float) -> tuple[int, int] | None:
        """The number of the newest run with a sample before a time, and of the sample after its last such."""
        end = self._end
        for number in range(len(self._runs) - 1, -1, -1):
            run = self._runs[number]
            until = min(run.first + run.count_before(time_us), end)
            if until > max(run.first, self._first):
                return number, until
            end = run.first
        return None

    def _missing(self, before: _Run, after: _Run) -> int | None:
        """Samples missing between two runs that can be joined; ``None`` where they cannot."""
        gap_us = after.time_us - before.time_of(after.first)
        if before.step_us != after.step_us or not -0.5 * after.step_us <= gap_us <= BRIDGED_US:
            return None
        return round(gap_us / after.step_us)

    def _held(self, start: int, end: int) -> NDArray[np.float32]:
        offset = self._begin - self._first
        return self._data[start + offset : end + offset]

    def _bridge(self, number: int, missing: int) -> NDArray[np.float32]:
        """A straight line of samples before the buffer's sample of that number."""
        left, right = self._held(number - 1, number + 1)
        share = np.arange(1, missing + 1, dtype=np.float32)[:, None] / np.float32(missing + 1)
        line: NDArray[np.float32] = left + (right - left) * share
        return line


def forget_hops(hops: dict[int, Any], until_us: int) -> None:
    """Let go of what was noted by hop, in order of time, up to one; in a long silence hops lie minutes apart."""
    while hops and (oldest_us := next(iter(hops))) <= until_us:
        del hops[oldest_us]
