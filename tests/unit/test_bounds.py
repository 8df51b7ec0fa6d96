"""One rule of what times may be: within their session, in microseconds, and not for ever."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectloop.bounds import EARLIEST_US, LATEST_US, check_moment, check_not_ahead, check_record, check_start
from affectloop.errors import InvalidMessage
from affectloop.events import END_OF_TIME_US
from affectloop.session import Mode
from toys import START_US, signal, toy_session

HOUR_US = 3_600_000_000
LONGEST_US = 12 * HOUR_US
ANY_TIME = st.integers(-(1 << 70), 1 << 70)


@pytest.mark.parametrize(("factor", "unit"), [(1000, "milliseconds"), (1_000_000, "seconds")])
def test_a_time_in_another_unit_is_named(factor: int, unit: str) -> None:
    with pytest.raises(InvalidMessage, match=f"started_at_us: .* is a time in {unit}; give microseconds"):
        check_start(START_US // factor, START_US)


@given(at_us=ANY_TIME)
def test_a_start_that_is_taken_lies_between_2000_and_now(at_us: int) -> None:
    try:
        check_start(at_us, START_US)
    except InvalidMessage:
        return
    assert EARLIEST_US <= at_us <= START_US + 5_000_000


@given(at_us=ANY_TIME)
def test_a_moment_that_is_taken_lies_within_its_session(at_us: int) -> None:
    try:
        check_moment(at_us, START_US, LONGEST_US, "ended_at_us")
    except InvalidMessage:
        taken = False
    else:
        taken = True
    assert taken == (START_US <= at_us <= START_US + LONGEST_US)


def test_a_live_moment_is_not_ahead_of_the_clock() -> None:
    check_not_ahead(START_US + 1_000_000, START_US, "answered_at_us")
    with pytest.raises(InvalidMessage, match=r"60\.0 s in the future"):
        check_not_ahead(START_US + 60_000_000, START_US, "answered_at_us")


@given(begins=st.integers(1, 1 << 61), until=st.integers(1, END_OF_TIME_US), mode=st.sampled_from(Mode))
def test_a_record_that_is_taken_brings_no_more_hops_than_its_session_is_long(begins: int, until: int, mode: Mode) -> None:
    session, chunk = toy_session(mode=mode), signal("s1", "eda", 0, 1.0, start_us=begins)
    event = replace(chunk, header=replace(chunk.header, complete_until_us=until))
    try:
        check_record(event, session, LONGEST_US)
    except InvalidMessage:
        return
    assert START_US - 5_000_000 <= begins <= START_US + LONGEST_US
    assert until == END_OF_TIME_US or until <= START_US + LONGEST_US + 60_000_000


def test_a_replay_may_leave_a_stream_silent_for_an_hour_and_a_live_device_may_not() -> None:
    chunk = signal("s1", "eda", 0, 1.0)
    quiet = replace(chunk, header=replace(chunk.header, complete_until_us=START_US + HOUR_US))
    check_record(quiet, toy_session(mode=Mode.REPLAY), LONGEST_US)
    with pytest.raises(InvalidMessage, match=r"Header.complete_until_us: is more than a minute beyond the record"):
        check_record(quiet, toy_session(mode=Mode.LIVE), LONGEST_US)


def test_the_bounds_are_years_that_a_person_would_name() -> None:
    assert (EARLIEST_US, LATEST_US) == (946_684_800_000_000, 4_102_444_800_000_000)
