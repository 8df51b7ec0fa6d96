"""What a service's logic looks like: the pure state machine of one session."""

from __future__ import annotations

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


class HoppingWindows:
    """The closing times of the windows of one stream: multiples of ``hop_us``, from the first event on.

    A hop at ``h`` sees the samples before ``h``; its number ``h // hop_us`` is its output's sequence, so that a copy
    made after a crash is known as one. The last hop is the first one beyond the watermark of every input, hence
    it closes at the end of time only, whatever the batches were.
    """

    def __init__(self, hop_us: int) -> None:
        self.hop_us = hop_us
        self.next_us: int | None = None
        self._complete_until_us = 0

    def saw(self, header: Header, until_us: int | None = None) -> None:
        """An event arrived whose samples end before ``until_us`` (by default, its header's ``complete_until_us``)."""
        if self.next_us is None:
            self.next_us = (header.event_time_us // self.hop_us + 1) * self.hop_us
        if until_us is None:
            until_us = header.event_time_us if header.ends_stream else header.complete_until_us
        self._complete_until_us = max(self._complete_until_us, until_us)

    def due(self, watermark_us: int) -> Iterator[int]:
        """Closing times up to ``watermark_us``; at the end of time, up to the last one."""
        limit = self._last_us if watermark_us == END_OF_TIME_US else watermark_us
        while self.next_us is not None and self.next_us <= limit:
            closing = self.next_us
            self.next_us += self.hop_us
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

    @property
    def _last_us(self) -> int:
        return (self._complete_until_us // self.hop_us + 1) * self.hop_us
