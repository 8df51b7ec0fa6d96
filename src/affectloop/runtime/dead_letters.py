"""What could not be read: its dead letter, and the rate above which the service stops."""

from __future__ import annotations

from collections import deque

from affectloop.bus import Outgoing, Record
from affectloop.errors import AffectloopError, InvalidMessage

WINDOW = 1000  # records over which the rate is taken


class TooManyDeadLetters(AffectloopError):
    """So much is unreadable that going on would lose data quietly."""


def dead_letter(record: Record, error: InvalidMessage, service: str) -> Outgoing:
    """The record as it came, with its cause in the headers."""
    cause = {
        "error": str(error),
        "field": error.field,
        "service": service,
        "source": f"{record.topic}/{record.partition}/{record.offset}",
    }
    return Outgoing(
        f"{record.topic}.dlq", record.key, record.value, {**record.headers, **{name: text.encode() for name, text in cause.items()}}
    )


class DeadLetterLimit:
    """Counts the dead among the last records.

    Parameters
    ----------
    ratio, least
        The service stops when more than ``ratio`` of the last 1000 records are dead, and at least ``least`` are.
    """

    def __init__(self, ratio: float, least: int) -> None:
        self._ratio = ratio
        self._least = least
        self._last: deque[bool] = deque(maxlen=WINDOW)

    def count(self, dead: bool) -> None:
        """Count one record; raises ``TooManyDeadLetters`` above the limit."""
        self._last.append(dead)
        if not dead:
            return
        total = sum(self._last)
        if total >= self._least and total > self._ratio * len(self._last):
            raise TooManyDeadLetters(
                f"{total} of the last {len(self._last)} records could not be read; the dead-letter topics say why, "
                "mend the sender or raise AFFECTLOOP_RUNTIME__DEAD_LETTER_RATIO"
            )
