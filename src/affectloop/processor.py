"""What a service's logic looks like: the pure state machine of one session."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from affectloop.events import END_OF_TIME_US, BaselineMeasured, Event, Header


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionContext:
    """What a processor knows of its session before the first event.

    ``baselines`` holds what this or an earlier session of the learner has learnt, by name; one applies from its own
    event time on, so that a processor that takes over repeats what the lost one said.
    """

    session_id: str
    started_at_us: int
    emotion_inference: bool = False  # what the session's profile allows; unknown means no
    baselines: Mapping[str, BaselineMeasured] = field(default_factory=dict)


class Processor(Protocol):
    """A state machine over the events of one session and one service. No bus, bytes, clock, log, thread or file.

    The host gives it events in (event time, stream, sequence) order, never twice, and only those of consented
    modalities. Windows close in ``advance`` alone: how many samples a chunk holds must change nothing.
    """

    def step(self, event: Event) -> Iterable[Event]:
        """Take one event; yield what follows from it at once."""

    def advance(self, watermark_us: int) -> Iterable[Event]:
        """Every event before ``watermark_us`` has been stepped: close the windows that end at or before it.

        ``END_OF_TIME_US`` says that the session is over: the last record of each output stream then carries
        ``complete_until_us = END_OF_TIME_US``.
        """

    @property
    def needs_from_us(self) -> int:
        """The oldest event time that an output still to come depends on; older records may be forgotten."""

    @property
    def closes_next_us(self) -> int:
        """The least watermark at which ``advance`` gives something; ``END_OF_TIME_US`` where only the session's end does.

        A session is advanced when something came, or when the watermark has reached this.
        """


SILENT_HOP_US = 60_000_000  # where no window holds anything, one record a minute says so


@dataclass(slots=True)
class _Stretch:
    """A stretch of data: where it begins, and until when a window reaches back into it."""

    first_us: int
    reach_us: int


class HoppingWindows:
    """The closing times of the windows of one stream: multiples of ``hop_us``, from the first event on.

    A hop at ``h`` sees the samples before ``h``; its number ``h // hop_us`` is its output's sequence, so that a copy
    made after a crash is known as one. The last hop is the first one beyond the watermark of every input, hence
    it closes at the end of time only, whatever the batches were.

    Silence is data, but a long one is told in few words: once no window reaches back to a sample, windows close at whole
    minutes until samples come again. Two samples hours apart cost hundreds of hops, not tens of thousands.

    Parameters
    ----------
    hop_us
        Time between windows, us; divides a minute.
    longest_us
        How far back the longest window reaches, us.
    """

    def __init__(self, hop_us: int, *, longest_us: int) -> None:
        self.hop_us = hop_us
        self.next_us: int | None = None
        self._longest_us = longest_us
        self._closed_us = 0
        self._stretches: deque[_Stretch] = deque()
        self._complete_until_us = 0

    def saw(self, header: Header, until_us: int | None = None) -> None:
        """An event arrived whose samples end before ``until_us`` (by default, its header's ``complete_until_us``)."""
        first_us = header.event_time_us
        if until_us is None:
            until_us = first_us if header.ends_stream else header.complete_until_us
        self._complete_until_us = max(self._complete_until_us, until_us)
        sees_us = self._hop_after(first_us)
        self.next_us = sees_us if self.next_us is None else min(self.next_us, max(sees_us, self._closed_us + self.hop_us))
        reach_us = min(until_us, first_us + self._longest_us) + self._longest_us
        last = self._stretches[-1] if self._stretches else None
        if last is not None and first_us <= last.reach_us:
            last.reach_us = max(last.reach_us, reach_us)
        else:
            self._stretches.append(_Stretch(first_us, reach_us))

    @property
    def closes_next_us(self) -> int:
        """The next closing time; ``END_OF_TIME_US`` before the first event."""
        return END_OF_TIME_US if self.next_us is None else self.next_us

    def due(self, watermark_us: int) -> Iterator[int]:
        """Closing times up to ``watermark_us``; at the end of time, up to the last one."""
        ends = watermark_us == END_OF_TIME_US
        limit = self._last_us if ends else watermark_us
        while self.next_us is not None and self.next_us <= limit:
            self._closed_us = closing = self.next_us
            self.next_us = min(self._after(closing), limit) if ends and closing < limit else self._after(closing)
            yield closing

    def header(self, context: SessionContext, stream_id: str, closing_us: int, watermark_us: int) -> Header:
        """The header of the output of the hop that closes at ``closing_us``."""
        final = watermark_us == END_OF_TIME_US and closing_us == self._last_us
        return Header(
            session_id=context.session_id,
            stream_id=stream_id,
            sequence=closing_us // self.hop_us,
            event_time_us=closing_us,
            complete_until_us=END_OF_TIME_US if final else closing_us + self.hop_us,
        )

    def _after(self, closing_us: int) -> int:
        """The hop after one: the next, or in a long silence the one at the next minute or at the next sample."""
        following_us = closing_us + self.hop_us
        while self._stretches and self._stretches[0].reach_us < following_us:
            self._stretches.popleft()
        minute_us = (closing_us // SILENT_HOP_US + 1) * SILENT_HOP_US
        if not self._stretches:
            return minute_us
        return min(max(following_us, self._hop_after(self._stretches[0].first_us)), minute_us)

    def _hop_after(self, time_us: int) -> int:
        """The first hop that sees a sample of that time."""
        return (time_us // self.hop_us + 1) * self.hop_us

    @property
    def _last_us(self) -> int:
        return self._hop_after(self._complete_until_us)
