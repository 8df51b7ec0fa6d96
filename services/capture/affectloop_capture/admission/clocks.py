"""How a device's clock stands to the server's, from nothing but the times at which its records arrive."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass
from itertools import combinations

from affectloop.clock import MICROSECONDS

BUCKET_US = 10 * MICROSECONDS  # of each, only the quickest record counts: transport only ever delays
MOST_BUCKETS = 60  # ten minutes: long enough that 10 ms of jitter in the minima is 17 ppm of drift
FEWEST_FOR_DRIFT = 6  # one minute


@dataclass(frozen=True, slots=True)
class ClockState:
    """Offset and drift of a device's clock."""

    offset_s: float  # server less device, the least transport time included
    drift_ratio: float | None  # seconds that the device gains in each second of the server; None until a minute is known


class ClockWatch:
    """Offset and drift of one device, robust against late records.

    The least difference of arrival and device time within 10 s is the clocks' offset plus the quickest transport; the
    Theil-Sen slope over those of the last ten minutes is the drift.

    Source: Sen, J. Am. Stat. Assoc. 63 (1968) 1379; Mills, RFC 5905 section 10 (the least delay tells the offset best).
    """

    def __init__(self) -> None:
        self._minima: deque[tuple[int, int]] = deque(maxlen=MOST_BUCKETS)  # (arrival, least difference) in microseconds
        self._bucket = -1
        self._best: tuple[int, int] | None = None

    def add(self, device_us: int, arrival_us: int) -> ClockState | None:
        """One record: when it was whole by the device's clock, when it arrived by the server's; a state every 10 s."""
        bucket, point, state = arrival_us // BUCKET_US, (arrival_us, arrival_us - device_us), None
        if bucket != self._bucket:
            if self._best is not None:
                self._minima.append(self._best)
                state = self._state()
            self._bucket, self._best = bucket, None
        if self._best is None or point[1] < self._best[1]:
            self._best = point
        return state

    def _state(self) -> ClockState:
        latest = [difference for _, difference in list(self._minima)[-FEWEST_FOR_DRIFT:]]
        return ClockState(statistics.median(latest) / MICROSECONDS, self._drift())

    def _drift(self) -> float | None:
        if len(self._minima) < FEWEST_FOR_DRIFT:
            return None
        slopes = [(before[1] - after[1]) / (after[0] - before[0]) for before, after in combinations(self._minima, 2)]
        return statistics.median(slopes)
