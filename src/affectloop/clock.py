"""The only module that reads the machine's clocks; everything else takes a ``Clock``."""

import time
from typing import Protocol

MICROSECONDS = 1_000_000  # in a second


class Clock(Protocol):
    """Where the time comes from when waiting or measuring is needed."""

    def wall_us(self) -> int:
        """Microseconds since 1970-01-01 UTC."""

    def monotonic_s(self) -> float:
        """Seconds that never run backwards; the origin is arbitrary."""

    def sleep(self, seconds: float) -> None:
        """Block the calling thread for that long."""


class SystemClock:
    """The clock of this machine."""

    def wall_us(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1000

    def monotonic_s(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block the calling thread for that long."""
        time.sleep(seconds)


class ManualClock:
    """A clock that a test moves by hand; sleeping moves it too."""

    def __init__(self, wall_us: int = 1_767_225_600_000_000) -> None:  # 2026-01-01T00:00Z
        self._wall_us = wall_us
        self._monotonic_s = 0.0

    def wall_us(self) -> int:
        """Microseconds since 1970-01-01 UTC, as set."""
        return self._wall_us

    def monotonic_s(self) -> float:
        """Seconds since the clock was made."""
        return self._monotonic_s

    def sleep(self, seconds: float) -> None:
        """Move on without waiting."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move both times on by ``seconds``."""
        self._monotonic_s += seconds
        self._wall_us += round(seconds * MICROSECONDS)
