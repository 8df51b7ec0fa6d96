"""When each of several sources starts: by its own clock, by what was asked, or with the others, which is then said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from affectloop.bounds import CLOCK_TOLERANCE_US, EARLIEST_US
from affectloop.clock import MICROSECONDS
from affectloop.errors import InvalidInput
from affectloop_capture.sources.base import Source

FILES_START_AT_US = 1_767_225_600 * MICROSECONDS  # 2026-01-01T00:00Z, where no file says when it was made: replays must repeat
TOGETHER_US = MICROSECONDS // 10  # less is not worth a line


@dataclass(frozen=True, slots=True)
class Placed:
    """When sources start, in microseconds since 1970, and what was assumed, each a sentence."""

    starts_us: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def origin_us(self) -> int:
        """When the first starts."""
        return min(self.starts_us)


def placed(sources: Sequence[Source], offsets_s: Mapping[int, float], now_us: int | None = None) -> Placed:
    """Where each source lies.

    ``offsets_s`` gives, by a source's number, how long after the first of the others it starts, instead of by its clock. Clocks
    keep their distance; where a clock says a time before 2000 or after ``now_us``, it was never set. A file without a clock, or
    with a rough one (a video's date) that no clock confirms, starts with the first.
    """
    notes: list[str] = []
    clocks = {number: at for number, source in enumerate(sources) if (at := _clock(source, now_us, notes)) is not None}
    sure = {number: at for number, at in clocks.items() if not sources[number].clock_is_rough}
    first_us = min((at for number, at in sure.items() if number not in offsets_s), default=min(sure.values(), default=FILES_START_AT_US))
    starts = {number: at for number, at in sure.items() if number not in offsets_s}
    if starts:
        rough = {number: at for number, at in clocks.items() if number not in sure and number not in offsets_s}
        starts |= _confirmed(sources, rough, starts, notes)
    by_clock = frozenset(starts)
    first_us = min(starts.values(), default=first_us)
    starts |= {number: first_us + round(after_s * MICROSECONDS) for number, after_s in offsets_s.items()}
    starts = dict.fromkeys(range(len(sources)), first_us) | starts
    notes.extend(_said(sources, starts, by_clock, offsets_s))
    notes.extend(_not_overlapping(sources, starts))
    return Placed(tuple(starts.values()), tuple(notes))


def _clock(source: Source, now_us: int | None, notes: list[str]) -> int | None:
    """What its clock says, where that can be."""
    at_us = source.starts_at_us
    if at_us is None:
        return None
    if at_us < EARLIEST_US:
        problem = "was never set"
    elif now_us is not None and at_us > now_us + CLOCK_TOLERANCE_US:
        problem = "is ahead of this machine's"
    else:
        return at_us
    if not source.clock_is_rough:
        said = datetime.fromtimestamp(at_us / MICROSECONDS, UTC)
        notes.append(f"{source.name}: its clock {problem} ({said:%Y-%m-%d %H:%M} UTC) and counts for nothing")
    return None


def _confirmed(sources: Sequence[Source], rough: Mapping[int, int], starts: Mapping[int, int], notes: list[str]) -> dict[int, int]:
    """Of the files that only have a date those that lie within what the clocks span."""
    begin_us = min(starts.values())
    end_us = max(at_us + sources[number].duration_us for number, at_us in starts.items())
    confirmed = {}
    for number, at_us in rough.items():
        source = sources[number]
        if begin_us - source.duration_us < at_us < end_us:
            confirmed[number] = at_us
            notes.append(f"{source.name}: is placed by the date in the file, which some cameras write at the end; {_option(source)}")
        else:
            notes.append(f"{source.name}: the date in the file lies outside the others and counts for nothing; {_option(source)}")
    return confirmed


def _said(sources: Sequence[Source], starts: Mapping[int, int], clocks: frozenset[int], offsets_s: Mapping[int, float]) -> Iterator[str]:
    """A line for each source that does not start with the first by its clock."""
    if len(sources) == 1:
        return
    first = min(starts, key=lambda number: (starts[number], number not in clocks))
    if not clocks and not offsets_s:
        yield f"no file has a clock: all are taken to start together; {_option(sources[-1])}"
        return
    for number, source in enumerate(sources):
        late_us = starts[number] - starts[first]
        if late_us > TOGETHER_US:
            why = "as was asked" if number in offsets_s else "by their clocks"
            yield f"{source.name}: starts {late_us / MICROSECONDS:.1f} s after {sources[first].name}, {why}"
        elif number not in clocks and number not in offsets_s:
            yield f"{source.name}: has no clock and is taken to start with the first; {_option(source)}"


def _option(source: Source) -> str:
    return f"--offset {source.name}=SECONDS says otherwise"


def _not_overlapping(sources: Sequence[Source], starts: Mapping[int, int]) -> Iterator[str]:
    """A line where nothing of two sources in a row was measured at the same time."""
    ordered = sorted(starts, key=lambda number: starts[number])
    last = ordered[0] if ordered else 0
    for number in ordered[1:]:
        gap_us = starts[number] - starts[last] - sources[last].duration_us
        if gap_us >= 0:
            one, other = sources[last].name, sources[number].name
            yield f"{one} and {other} do not overlap: {other} begins {gap_us / MICROSECONDS:.1f} s after {one} has ended"
        if starts[number] + sources[number].duration_us > starts[last] + sources[last].duration_us:
            last = number


def check_length(sources: Sequence[Source], starts_us: Sequence[int], length_us: int, longest_us: int) -> None:
    """``InvalidInput`` where what is played lasts longer than a session may."""
    if length_us <= longest_us:
        return
    limit = f"a session lasts at most {longest_us / 3600 / MICROSECONDS:g} h (AFFECTLOOP_RUNTIME__LONGEST_SESSION_H)"
    part = "play a part of it with --start and --duration, both in seconds"
    longest = max(source.duration_us for source in sources)
    if longest <= longest_us:
        first, last = (choose(range(len(sources)), key=lambda number: starts_us[number]) for choose in (min, max))
        apart = f"{sources[first].name} and {sources[last].name} begin {_hours(starts_us[last] - starts_us[first])} apart"
        raise InvalidInput(f"{apart}, and {limit}; start them together with --offset {sources[last].name}=0, or {part}")
    name = max(sources, key=lambda source: source.duration_us).name
    raise InvalidInput(f"{name}: lasts {_hours(longest)}, and {limit}; {part}")


def _hours(us: int) -> str:
    return f"{us / 3600 / MICROSECONDS:.1f} h"
