"""What every source is made of: tracks on one clock, from a file of a known format or a device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from affectloop.events import Event, Header
from affectloop.session import Stream

CAMERA = "camera"
MICROPHONE = "microphone"
VOICE_HZ = 16_000  # the audio service's rate: speech lies under 8 kHz
FIRST_BYTES = 4096  # of a file, by which a format knows it


class Track(Protocol):
    """One stream of a source, in pieces as they are read; ``merge`` cuts them as asked."""

    @property
    def stream(self) -> Stream:
        """The topic's and the stream's name."""

    @property
    def duration_us(self) -> int:
        """From the source's start to the stream's end; of a video, what its container says."""

    def events(self, session_id: str, origin_us: int) -> Iterator[Event]:
        """The events in time order, when the source starts at ``origin_us``."""

    def ending(self, header: Header) -> Event:
        """An event in which only the header speaks."""


@dataclass(frozen=True)
class Source:
    """One file or recording: tracks on one clock."""

    name: str
    tracks: tuple[Track, ...]
    description: str  # a line for the user
    starts_at_us: int | None = None  # by its own clock, where it has one
    notes: list[str] = field(default_factory=list)  # what is missing or was assumed; grows while a damaged file plays
    clock_is_rough: bool = False  # such as the date in a video, which may be that of its end, or of a copy

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams it brings."""
        return tuple(track.stream for track in self.tracks)

    @property
    def duration_us(self) -> int:
        """Until the end of its longest stream."""
        return max(track.duration_us for track in self.tracks)


class OpenFile(Protocol):
    """How a format opens a file."""

    def __call__(self, path: Path, *, salvage: bool = False) -> Source:
        """The file as a source; ``InvalidInput`` names the file, what is wrong and the remedy.

        ``salvage`` reads what there is of a damaged file instead of refusing it, and says in the description what is missing.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFormat:
    """One kind of file that can be played; a module in ``sources/files`` names it ``FORMAT``.

    Parameters
    ----------
    name
        As a user says it, in the plural; the command's help and the service's README list it.
    reads
        What of it is read, in a line, for the README.
    suffixes
        Of file names, lower case with their dot: whose file it is when nobody knows its first bytes.
    knows
        Whether a path with these first bytes (none of a folder) is such a file. It may read more of it, decodes nothing and
        raises nothing.
    open
        Reads it.
    """

    name: str
    reads: str
    suffixes: tuple[str, ...]
    knows: Callable[[Path, bytes], bool]
    open: OpenFile


class Device(Protocol):
    """A live source: blocks until there is something, until it is told to stop."""

    @property
    def stream(self) -> Stream:
        """Its stream."""

    def events(self, session_id: str) -> Iterator[Event]:
        """What it captures, as it happens; the last event ends the stream."""

    def stop(self) -> None:
        """Let ``events`` end after the event at hand."""
