"""One microphone's chunks, put together again: numbered samples, and the frames that they fill."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from affectloop.dsp.voice.audio_rate import Resampler, resampler_from
from affectloop.dsp.voice.features import FULL_SCALE, SAMPLE_RATE_HZ, STEP, Frames, framed
from affectloop.events import AudioChunk

JITTER_US = 2_000  # times that a device rounds or corrects by less leave no gap


@dataclass(frozen=True, slots=True)
class Sound:
    """What a microphone brought within a hop: its samples, and the frames that they completed."""

    pcm: NDArray[np.int16]
    frames: Frames
    seconds: float


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some samples: the number of the first since the stream began, when it was, and how fast they follow."""

    number: int
    at_us: float
    rate_hz: float
    pcm: NDArray[np.int16]

    @property
    def end_us(self) -> float:
        return self.at_us + len(self.pcm) * 1e6 / self.rate_hz

    def samples_before(self, time_us: int) -> int:
        """Samples older than a time; a sample within half a period of it counts as on it, since times are rounded."""
        return int(np.clip(np.ceil((time_us - self.at_us) * self.rate_hz / 1e6 - 0.5), 0, len(self.pcm)))

    def without(self, count: int) -> _Piece:
        """The same without its first samples."""
        return replace(self, number=self.number + count, at_us=self.at_us + count * 1e6 / self.rate_hz, pcm=self.pcm[count:])


class AudioBuffer:
    """A stream of audio chunks, read hop by hop.

    Frames lie on a grid of sample numbers and exist where all their samples do, so that neither chunks nor the place
    where reading began move them. A gap, or another rate, starts anew.
    """

    def __init__(self) -> None:
        self._waiting: deque[_Piece] = deque()
        self._next_number = 0  # of the sample after the last that came, read or waiting
        self._next_us = 0.0
        self._rate_hz = 0.0
        self._resampler: Resampler = resampler_from(SAMPLE_RATE_HZ)
        self._raw: NDArray[np.float32] = np.zeros(0, np.float32)
        self._raw_number = 0
        self._ready: NDArray[np.float32] = np.zeros(0, np.float32)
        self._next_output: int | None = None  # at 16 kHz; None until a run of samples begins

    def take(self, chunk: AudioChunk) -> None:
        """Queue a chunk; what overlaps earlier samples is left out."""
        piece = _Piece(chunk.header.sequence, float(chunk.header.event_time_us), chunk.sample_rate_hz, chunk.pcm)
        last = self._waiting[-1] if self._waiting else None
        known = last.number + len(last.pcm) if last else self._next_number
        piece = piece.without(min(max(known - piece.number, 0), len(piece.pcm)))
        if len(piece.pcm):
            self._waiting.append(piece)

    def until(self, time_us: int) -> Sound:
        """The samples before a time that were not read yet, and the frames that they complete."""
        pcm: list[NDArray[np.int16]] = []
        frames: list[Frames] = []
        seconds = 0.0
        while self._waiting and (count := self._waiting[0].samples_before(time_us)):
            piece = self._waiting.popleft()
            if not self._continues(piece):
                frames.append(self._cut())
                self._begin(piece)
            self._raw = np.concatenate([self._raw, piece.pcm[:count].astype(np.float32) / np.float32(FULL_SCALE)])
            rest = piece.without(count)
            self._next_number, self._next_us = rest.number, rest.at_us
            pcm.append(piece.pcm[:count])
            seconds += count / piece.rate_hz
            if len(rest.pcm):
                self._waiting.appendleft(rest)
                break
        frames.append(self._cut())
        return Sound(np.concatenate([*pcm, np.zeros(0, np.int16)]), np.concatenate(frames), seconds)

    def _continues(self, piece: _Piece) -> bool:
        return (piece.number, piece.rate_hz) == (self._next_number, self._rate_hz) and abs(piece.at_us - self._next_us) < JITTER_US

    def _begin(self, piece: _Piece) -> None:
        self._rate_hz = piece.rate_hz
        self._resampler = resampler_from(piece.rate_hz)
        self._raw, self._raw_number = np.zeros(0, np.float32), piece.number
        self._ready, self._next_output = np.zeros(0, np.float32), None

    def _cut(self) -> Frames:
        """Frames that are complete; what later frames need is kept."""
        number, resampled = self._resampler.outputs(self._raw_number, self._raw)
        if self._next_output is None:
            self._next_output = number + -number % STEP  # frames lie on the grid
        resampled = resampled[self._next_output - number :]
        self._next_output += len(resampled)
        oldest = np.clip(self._resampler.first_input_of(self._next_output), self._raw_number, self._raw_number + len(self._raw))
        self._raw, self._raw_number = self._raw[oldest - self._raw_number :], int(oldest)
        self._ready = np.concatenate([self._ready, resampled])
        frames = framed(self._ready)
        self._ready = self._ready[len(frames) * STEP :]
        return frames
