"""The arithmetic behind docs/results/loop.md."""

import pytest

from loop_ages import Expected, Hopping, Timetable, spread, stages

SECOND = 1_000_000


def expected(event_time_us: int, due_us: int, stage: str = "estimate") -> Expected:
    return Expected(stage=stage, session_id="s", event_time_us=event_time_us, due_us=due_us)


def test_a_promise_is_due_with_the_first_record_that_makes_it() -> None:
    stream = Timetable(promised_us=[100, 200, 300], at_us=[110, 210, 310])
    assert [stream.due_us(until) for until in (1, 100, 101, 300)] == [110, 110, 210, 310]


def test_what_nobody_promises_is_never_due() -> None:
    assert Timetable(promised_us=[100], at_us=[110]).due_us(101) is None


def test_a_hop_waits_for_the_slowest_of_its_streams() -> None:
    early = Timetable(promised_us=[SECOND], at_us=[SECOND])
    late = Timetable(promised_us=[2 * SECOND], at_us=[3 * SECOND])
    assert Hopping(SECOND, (early, late)).closed_us(SECOND) == 3 * SECOND


def test_a_hop_that_one_stream_never_reaches_is_not_due() -> None:
    short = Timetable(promised_us=[SECOND], at_us=[SECOND])
    long = Timetable(promised_us=[2 * SECOND], at_us=[2 * SECOND])
    assert Hopping(SECOND, (short, long)).closed_us(2 * SECOND) is None


def test_no_hop_is_due_before_its_own_time_however_far_its_streams_promise() -> None:
    ahead = Timetable(promised_us=[5 * SECOND], at_us=[4 * SECOND])
    assert Hopping(SECOND, (ahead,)).closed_us(5 * SECOND) == 5 * SECOND


def test_a_service_promises_a_hop_beyond_the_one_it_closes() -> None:
    chunks = Timetable(promised_us=[SECOND, 2 * SECOND, 3 * SECOND], at_us=[SECOND + 7, 2 * SECOND + 7, 3 * SECOND + 7])
    physio = Hopping(SECOND, (chunks,))
    assert physio.due_us(2 * SECOND) == SECOND + 7  # the hop at 1 s promises until 2 s
    assert physio.due_us(2 * SECOND + 1) == 2 * SECOND + 7


def test_an_estimate_needs_the_first_frame_after_its_hop_and_the_physiology_of_a_second_before() -> None:
    frames = Timetable(promised_us=[2_450_001, 2_517_001], at_us=[2_450_000, 2_517_000])
    chunks = Timetable(promised_us=[2_100_000, 2_350_000], at_us=[2_100_000, 2_350_000])
    fusion = Hopping(500_000, (frames, Hopping(SECOND, (chunks,))))
    assert fusion.closed_us(2_500_000) == 2_517_000


def test_closings_lie_on_the_grid_within_the_time_measured() -> None:
    assert list(Hopping(500, ()).closings(1_001, 2_500)) == [1_500, 2_000]
    assert list(Hopping(500, ()).closings(1_000, 2_001)) == [1_000, 1_500, 2_000]


def test_percentiles_lie_between_the_ages() -> None:
    told = spread([float(value) for value in range(101)])
    assert (told.count, told.p50, told.p95, told.p99, told.largest) == (101, 50.0, 95.0, 99.0, 100.0)


@pytest.mark.parametrize(("count", "known"), [(0, []), (1, [50]), (19, [50]), (20, [50, 95]), (99, [50, 95]), (100, [50, 95, 99])])
def test_a_percentile_of_too_few_is_not_told(count: int, known: list[int]) -> None:
    told = spread([1.0] * count)
    assert [rank for rank in (50, 95, 99) if getattr(told, f"p{rank}") is not None] == known


def test_what_nobody_saw_is_lost_and_has_no_age() -> None:
    stage = stages([expected(1_000, 1_000), expected(2_000, 2_000)], {("estimate", "s", 1_000): 5_000})["estimate"]
    assert (stage.expected, stage.received, stage.since_input.p50) == (2, 1, 4.0)


def test_the_wait_for_a_frame_counts_from_event_time_alone() -> None:
    stage = stages([expected(10_000, 14_000)], {("estimate", "s", 10_000): 16_000})["estimate"]
    assert (stage.since_input.p50, stage.since_event.p50) == (2.0, 6.0)


def test_stages_and_sessions_are_told_apart() -> None:
    seen = {("physio", "s", 1_000): 3_000, ("estimate", "other", 1_000): 9_000}
    by_stage = stages([expected(1_000, 1_000), expected(1_000, 1_000, "physio")], seen)
    assert {name: stage.received for name, stage in by_stage.items()} == {"estimate": 0, "physio": 1}
