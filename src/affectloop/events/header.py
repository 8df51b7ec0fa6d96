"""What every event has: who, where and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from affectloop.events.vocabulary import Modality
from affectloop.fields import number

END_OF_TIME_US = (1 << 63) - 1  # complete_until_us of a stream's last record: nothing follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Who, where and when of a record; field 1 of every message."""

    session_id: str
    stream_id: str
    sequence: int = number("1", 0, 1 << 62)  # from event time or from the fact, never from a counter of outputs
    event_time_us: int = number("us since 1970", 1, 1 << 62)  # when it happened, on the capture clock
    complete_until_us: int = number("us since 1970", 1, END_OF_TIME_US)  # no later record of this stream is older
    captured_by: str = ""  # device or program, never a person

    @property
    def ends_stream(self) -> bool:
        """Nothing follows on this stream."""
        return self.complete_until_us == END_OF_TIME_US


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event:
    """What every event has."""

    header: Header
    modality: ClassVar[Modality | None] = None  # whose consent it takes; None for facts and fused results

    @property
    def is_empty(self) -> bool:
        """Only the header speaks (it moves progress on or ends a stream); no processor sees it."""
        return False

    @property
    def ends_us(self) -> int:
        """The first instant after what it holds."""
        return self.header.event_time_us + 1
