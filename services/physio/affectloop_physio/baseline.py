"""Resting levels: learnt once from the first minute of good signal, then what changes are measured from."""

from __future__ import annotations

from collections import deque

import numpy as np

from affectloop.events import BaselineMeasured, Header
from affectloop.processor import SessionContext

HOPS = 60  # the last minute
LEAST_HOPS = 40  # of it must have a settled value
SERVICE = "physio"


class RestingBaseline:
    """The median of a value over the first minute in which it is mostly there.

    A level that is stored already, of this session or an earlier one, is kept: a processor that takes over says the same.
    """

    def __init__(self, context: SessionContext, name: str) -> None:
        self._context = context
        self._name = name
        self._stored = context.baselines.get(f"{SERVICE}.{name}")
        self._recent: deque[float | None] = deque(maxlen=HOPS)

    def learnt(self, closing_us: int, value: float | None) -> BaselineMeasured | None:
        """Take this hop's settled value; gives the level at the hop that completes it."""
        if self._stored is not None:
            return None
        self._recent.append(value)
        values = [each for each in self._recent if each is not None]
        if len(values) < LEAST_HOPS:
            return None
        self._stored = BaselineMeasured(
            header=Header(
                session_id=self._context.session_id,
                stream_id=f"{SERVICE}.baseline.{self._name}",
                sequence=closing_us // 1_000_000,
                event_time_us=closing_us,
                complete_until_us=closing_us,
            ),
            name=f"{SERVICE}.{self._name}",
            values=np.array([np.median(values)]),
        )
        return self._stored

    def change(self, closing_us: int, value: float | None) -> float | None:
        """How far a value is from the level; ``None`` before the level's own time."""
        if value is None or self._stored is None or self._stored.header.event_time_us > closing_us:
            return None
        return value - float(self._stored.values[0])
