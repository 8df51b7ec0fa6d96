"""When an output could first be made, and how old it is when a reader sees it: the arithmetic of benchmarks/loop.py.

A hop that closes at ``h`` is made once every stream that it reads has promised that nothing older than ``h`` comes, and
in a live session not before ``h``: its newest input is the first record of each stream that promises as much, and the
last of these to fall due. Dues and closings are known before the run, from the timetable of the load.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

LEAST_FOR = {50: 1, 95: 20, 99: 100}  # ages below which a percentile says nothing: it would be the largest, or near it


class Promises(Protocol):
    """A stream, as who waits for it sees it."""

    def due_us(self, until_us: int) -> int | None:
        """When the record falls due that promises nothing older than ``until_us``; ``None`` where none does."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """A stream of the load: what each record promises, and when it is due; both in order, us."""

    promised_us: Sequence[int]
    at_us: Sequence[int]

    def due_us(self, until_us: int) -> int | None:
        """When the first record that promises so much is due."""
        index = bisect_left(self.promised_us, until_us)
        return self.at_us[index] if index < len(self.at_us) else None


@dataclass(frozen=True, slots=True)
class Hopping:
    """The stream of a service that closes a hop when its inputs allow, and then promises one hop more."""

    hop_us: int
    inputs: tuple[Promises, ...]

    def closed_us(self, closing_us: int) -> int | None:
        """When the newest input of the hop that closes at ``closing_us`` is due, or that time itself where all promised ahead."""
        dues = [stream.due_us(closing_us) for stream in self.inputs]
        return max([closing_us, *(due for due in dues if due is not None)]) if None not in dues else None

    def due_us(self, until_us: int) -> int | None:
        """When the newest input is due of the first hop that promises so much."""
        return self.closed_us(-(-(until_us - self.hop_us) // self.hop_us) * self.hop_us)

    def closings(self, from_us: int, until_us: int) -> range:
        """Closing times within [from, until)."""
        return range(-(-from_us // self.hop_us) * self.hop_us, until_us, self.hop_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How ages are spread, ms; a percentile of too few is ``None``."""

    count: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    largest: float | None = None


def spread(values_ms: Sequence[float]) -> Spread:
    """The percentiles of some ages, by linear interpolation."""
    told = {f"p{rank}": float(np.percentile(values_ms, rank)) for rank, least in LEAST_FOR.items() if len(values_ms) >= least}
    return Spread(count=len(values_ms), **told, largest=max(values_ms, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An output that the load must lead to: its event time, and when its newest input was due."""

    stage: str
    session_id: str
    event_time_us: int
    due_us: int

    @property
    def name(self) -> tuple[str, str, int]:
        """What tells it from every other output."""
        return self.stage, self.session_id, self.event_time_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What became of the outputs of one stage."""

    expected: int
    since_input: Spread  # ms from the newest input's due time until a reader saw the output
    since_event: Spread  # ms from the output's event time: with the wait for a frame, or for a chunk to fill

    @property
    def received(self) -> int:
        """How many were seen."""
        return self.since_input.count


def stages(expected: Iterable[Expected], seen_us: Mapping[tuple[str, str, int], int]) -> dict[str, Stage]:
    """What became of each stage's expected outputs; ``seen_us`` says when each was seen first."""
    by_stage: dict[str, list[Expected]] = {}
    for output in expected:
        by_stage.setdefault(output.stage, []).append(output)
    return {stage: _stage(outputs, seen_us) for stage, outputs in by_stage.items()}


def _stage(outputs: Sequence[Expected], seen_us: Mapping[tuple[str, str, int], int]) -> Stage:
    seen = [(output, seen_us[output.name]) for output in outputs if output.name in seen_us]
    return Stage(
        expected=len(outputs),
        since_input=spread([(at_us - output.due_us) / 1000 for output, at_us in seen]),
        since_event=spread([(at_us - output.event_time_us) / 1000 for output, at_us in seen]),
    )
