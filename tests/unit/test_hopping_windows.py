"""Windows close at every hop while they hold something, and once a minute in a long silence; batches change nothing."""

from hypothesis import given
from hypothesis import strategies as st

from affectloop.events import END_OF_TIME_US, Header
from affectloop.processor import SILENT_HOP_US, HoppingWindows

HOP_US, LONGEST_US = 1_000_000, 10_000_000
BEGIN_US = 1_767_225_600_000_000


def header(at_us: int, until_us: int) -> Header:
    return Header(session_id="s", stream_id="eda", sequence=at_us, event_time_us=at_us, complete_until_us=until_us)


def hops(events: list[tuple[int, int]], told_at: set[int]) -> list[int]:
    """Closing times of windows over events (begin, end) in order; time is told before the events of these numbers, then of the end."""
    windows = HoppingWindows(HOP_US, longest_us=LONGEST_US)
    closed: list[int] = []
    for number, (begin, end) in enumerate(events):
        if number in told_at:
            closed += windows.due(begin)
        windows.saw(header(begin, end))
    return closed + list(windows.due(END_OF_TIME_US))


@given(
    steps=st.lists(st.tuples(st.integers(0, 90_000_000), st.integers(1, 15_000_000)), min_size=1, max_size=12),
    told_at=st.sets(st.integers(0, 11)),
)
def test_how_often_time_is_told_moves_no_window(steps: list[tuple[int, int]], told_at: set[int]) -> None:
    events, at_us = [], BEGIN_US
    for gap_us, length_us in steps:
        at_us += gap_us
        events.append((at_us, at_us + length_us))
    closed = hops(events, told_at)
    assert closed == hops(events, set())
    assert closed == sorted(set(closed))
    assert all(at % HOP_US == 0 for at in closed)
    for begin, end in events:  # every window that holds a sample closes
        first, last = begin // HOP_US + 1, (min(end, begin + LONGEST_US) + LONGEST_US) // HOP_US
        seen = {hop * HOP_US for hop in range(first, last) if hop * HOP_US <= closed[-1]}
        assert seen <= set(closed)


def test_a_silence_of_eleven_hours_costs_a_record_a_minute() -> None:
    far_us = BEGIN_US + 11 * 3_600_000_000
    closed = hops([(BEGIN_US, BEGIN_US + HOP_US), (far_us, far_us + HOP_US)], {1})
    silent = [at for at in closed if BEGIN_US + LONGEST_US + 2 * HOP_US < at < far_us]
    assert all(at % SILENT_HOP_US == 0 for at in silent)
    assert len(silent) == 11 * 60 - 1
    assert closed[-1] == far_us + 2 * HOP_US


def test_samples_that_come_within_the_silent_minute_are_seen_at_once() -> None:
    again_us = BEGIN_US + 30_500_000
    closed = hops([(BEGIN_US, BEGIN_US + HOP_US), (again_us, again_us + HOP_US)], {1})
    assert BEGIN_US + 31_000_000 in closed
    assert BEGIN_US + 30_000_000 not in closed
