"""Resting levels: learnt once from a minute that was calm, worn and plausible, then what changes are measured from."""

from __future__ import annotations

from collections import deque

import numpy as np

from affectloop.events import BaselineMeasured, Header
from affectloop.processor import SessionContext

SECOND_US = 1_000_000
HOPS = 60  # the last minute
LEAST_HOPS = 40  # of it must have a settled value
SERVICE = "physio"


class RestingBaseline:
    """The median of a value over the first minute in which it is mostly there, at rest.

    A level that is stored already, of this session or an earlier one, is kept: a processor that takes over says the same.

    Parameters
    ----------
    context
        The session, with the levels that are known of the learner.
    name
        Of the level, after ``physio.``.
    plausible
        Least and most that a resting level can be.
    widest
        How far the values of the minute may lie apart, as a share of their median: what changes by more is not at rest.
    """

    def __init__(self, context: SessionContext, name: str, *, plausible: tuple[float, float], widest: float) -> None:
        self._context = context
        self._name = name
        self._plausible = plausible
        self._widest = widest
        self._stored = context.baselines.get(f"{SERVICE}.{name}")
        self._recent: deque[tuple[int, float | None]] = deque(maxlen=HOPS)

    def learnt(self, closing_us: int, value: float | None, *, off_body: bool) -> BaselineMeasured | None:
        """Take this hop's value, if it is one at rest; gives the level at the hop that completes it."""
        if self._stored is not None:
            return None
        if off_body:
            self._recent.clear()
        self._recent.append((closing_us, value))
        known = [(at_us, each) for at_us, each in self._recent if each is not None]
        if len(known) < LEAST_HOPS or not self._at_rest(values := np.array([each for _, each in known])):
            return None
        self._stored = BaselineMeasured(
            header=Header(
                session_id=self._context.session_id,
                stream_id=f"{SERVICE}.baseline.{self._name}",
                sequence=closing_us // SECOND_US,
                event_time_us=closing_us,
                complete_until_us=closing_us,
            ),
            name=f"{SERVICE}.{self._name}",
            values=np.array([np.median(values)]),
            measured_from_us=known[0][0] - SECOND_US,
        )
        return self._stored

    def _at_rest(self, values: np.ndarray) -> bool:
        level = float(np.median(values))
        low, high = self._plausible
        return low <= level <= high and float(np.ptp(values)) <= self._widest * level

    def change(self, closing_us: int, value: float | None) -> float | None:
        """How far a value is from the level; ``None`` before the level's own time."""
        if value is None or self._stored is None or self._stored.header.event_time_us > closing_us:
            return None
        return value - float(self._stored.values[0])
