"""The governor: it eases, offers help and breaks, says why, and never hardens."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from affectloop.events import Cause, Guidance
from affectloop.training_science.governor import Governor, Outcome, Rules, Ruling, rule, unpacked
from affectloop.training_science.strain import NOTHING, Reading

START_US = 1_763_711_999_876_543
RULES = Rules()


def course(
    answers: str,
    *,
    readings: Sequence[Reading] = (),
    wishes: dict[int, int] | None = None,
    pair: bool = False,
    trial_s: float = 5.0,
    rests: dict[int, float] | None = None,
) -> list[Ruling]:
    """The rulings after each trial; answers as ``+`` and ``-``; ``rests`` are seconds before a trial."""
    governor = Governor(started_us=START_US, rested_us=START_US)
    outcomes: list[Outcome] = []
    rulings, time_us = [], START_US
    for number, sign in enumerate(answers, 1):
        time_us += round((trial_s + (rests or {}).get(number, 0.0)) * 1e6)
        outcomes.append(Outcome(number=number, correct=sign == "+"))
        governor, ruling = rule(
            RULES, governor, number=number, time_us=time_us, outcomes=outcomes,
            reading=readings[number - 1] if readings else NOTHING, wish=(wishes or {}).get(number), pair=pair,
        )  # fmt: skip
        assert unpacked(governor.packed()) == governor
        rulings.append(ruling)
    return rulings


def causes(ruling: Ruling) -> list[Cause]:
    return [given.cause for given in ruling.causes]


def test_three_misses_in_four_ease_and_show_slow_motion() -> None:
    rulings = course("+-+--+++++")
    assert [ruling.steps_down for ruling in rulings] == [number == 5 for number in range(1, 11)]
    assert rulings[4].guidance is Guidance.SLOW_MOTION
    assert Cause.RECENT_MISSES in causes(rulings[4])
    assert [ruling.target for ruling in rulings[4:]] == [0.90] * 4 + [0.78] * 2


def test_two_misses_in_four_change_nothing() -> None:
    assert all(ruling.target == 0.78 and ruling.guidance is Guidance.NONE for ruling in course("+--++--+"))


def test_a_second_time_compares_the_confused_pair_and_a_third_rests() -> None:
    rulings = course("---+---+---", pair=True)
    assert [rulings[index].guidance for index in (2, 6, 10)] == [Guidance.SLOW_MOTION, Guidance.COMPARE_PAIR, Guidance.BREAK]


def test_a_second_time_without_a_pair_offers_a_break() -> None:
    rulings = course("---+---")
    assert rulings[6].guidance is Guidance.BREAK
    assert rulings[6].pause_ms == RULES.break_ms


def test_after_a_good_while_misses_begin_anew() -> None:
    rulings = course("---" + "+" * 14 + "---", pair=True)
    assert rulings[-1].guidance is Guidance.SLOW_MOTION


def test_strain_eases_and_calm_returns() -> None:
    rulings = course("+" * 12, readings=[Reading(0.7)] * 5 + [Reading(0.2)] * 7)
    assert [ruling.eases_under_strain for ruling in rulings] == [True] * 5 + [False] * 7
    assert Cause.STRAIN_RISING in causes(rulings[0])
    assert Cause.CALM in causes(rulings[5])


def test_between_the_two_thresholds_nothing_changes() -> None:
    assert not any(ruling.eases_under_strain for ruling in course("+" * 8, readings=[Reading(0.6)] * 8))
    eased = course("+" * 9, readings=[Reading(0.7)] + [Reading(0.5)] * 8)
    assert all(ruling.eases_under_strain for ruling in eased)


def test_strain_makes_one_change_in_four_trials_and_says_that_it_holds() -> None:
    rulings = course("+" * 9, readings=[Reading(0.9 if number % 2 else 0.1) for number in range(1, 10)])
    eased = [ruling.eases_under_strain for ruling in rulings]
    changes = [index for index in range(1, 9) if eased[index] != eased[index - 1]]
    assert all(later - earlier >= 4 for earlier, later in pairwise(changes))
    assert Cause.HELD in causes(rulings[1])


def test_a_sensor_that_falls_silent_does_not_harden_at_once() -> None:
    rulings = course("+" * 10, readings=[Reading(0.9)] * 2 + [Reading(None, Cause.ESTIMATE_STALE)] * 8)
    assert [ruling.eases_under_strain for ruling in rulings] == [True] * 5 + [False] * 5
    assert Cause.ESTIMATE_STALE in causes(rulings[2])


def test_strain_that_stays_earns_a_break() -> None:
    rulings = course("+" * 10, readings=[Reading(0.9)] * 10)
    assert [ruling.guidance is Guidance.BREAK for ruling in rulings] == [number == 9 for number in range(1, 11)]


def test_a_break_is_due_every_eight_minutes() -> None:
    rulings = course("+" * 200, trial_s=5.0)
    due = [index + 1 for index, ruling in enumerate(rulings) if Cause.BREAK_DUE in causes(ruling) and ruling.pause_ms == RULES.break_ms]
    assert due == [96, 192]  # 96 trials of 5 s are 8 min


def test_a_pause_that_the_learner_took_counts_as_a_break() -> None:
    rulings = course("+" * 150, rests={90: 120.0})
    due = [index + 1 for index, ruling in enumerate(rulings) if Cause.BREAK_DUE in causes(ruling)]
    assert due == []


def test_after_twenty_minutes_a_break_is_offered_at_each_trial_without_blocking() -> None:
    rulings = course("+" * 250, trial_s=5.0)
    assert all(ruling.guidance is Guidance.BREAK and ruling.pause_ms == RULES.pause_ms for ruling in rulings[239:])


def test_the_learners_wish_stands_above_strain_until_it_ends() -> None:
    rulings = course("+" * 8, readings=[Reading(0.9)] * 8, wishes={3: 2, 6: 0})
    assert [ruling.wished_levels for ruling in rulings] == [0, 0, 2, 2, 2, 0, 0, 0]
    assert [ruling.eases_under_strain for ruling in rulings] == [True, True, False, False, False, True, True, True]
    assert Cause.OVERRIDE in causes(rulings[3])


def test_success_is_told_as_it_is() -> None:
    high, low = course("+" * 8)[-1], course("+--++--+")[-1]
    assert Cause.SUCCESS_HIGH in causes(high)
    assert Cause.SUCCESS_LOW in causes(low)
    assert Cause.ON_TARGET in causes(course("+++-+++-")[-1])


@settings(max_examples=40, deadline=None)
@given(
    answers=st.text("+-", min_size=1, max_size=40),
    strains=st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=40, max_size=40),
    pair=st.booleans(),
)
def test_strain_never_lowers_the_target(answers: str, strains: list[float | None], pair: bool) -> None:
    readings = [NOTHING if strain is None else Reading(strain) for strain in strains]
    with_strain, without = course(answers, readings=readings, pair=pair), course(answers, pair=pair)
    for eased, plain in zip(with_strain, without, strict=True):
        assert eased.target >= plain.target
        assert eased.calm_target == plain.calm_target
        assert eased.steps_down == plain.steps_down
