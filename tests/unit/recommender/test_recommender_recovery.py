"""After a crash, a copy or a new session the recommender goes on from what it knew, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectloop.codec import decode, encode, to_json
from affectloop.events import BaselineMeasured, Directive, EmotionEstimate, Event
from affectloop.synthetic.learner import population
from affectloop_recommender.learner import unpacked
from unit.recommender.recommending import (
    HOP_US,
    START_US,
    TRIAL_US,
    answers_of,
    baselines,
    directives,
    estimate,
    only_directive,
    processor,
    session,
    session_context,
    signs,
    started,
    trial,
)

STRAIN = [0.2] * 8 + [0.9] * 8 + [None] * 6 + [0.8] * 3 + [0.1] * 15
INPUTS, OUTPUTS = session(40, answers_of(population(1, seed=2, proneness=1.0)[0]), strain=STRAIN)


def first_copies(outputs: list[Event]) -> dict[tuple[str, int], object]:
    kept: dict[tuple[str, int], object] = {}
    for event in outputs:
        kept.setdefault((event.header.stream_id, event.header.sequence), to_json(event))
    return kept


def killed(kills: list[int], unsettled: list[int]) -> list[Event]:
    """The outputs of a session whose processor is killed after so many inputs.

    As the host does it: what is acknowledged is older than ``needs_from_us`` was when the last baseline was stored, and
    up to ``unsettled`` inputs before the kill had their outputs accepted but nothing noted.
    """
    outputs: list[Event] = []
    stored: BaselineMeasured | None = None
    at, oldest_us = 0, 0
    for kill, lost in [*zip(kills, unsettled, strict=False), (len(INPUTS), 0)]:
        steered = processor(session_context(stored))
        for index, event in enumerate(INPUTS[:kill]):
            if event.header.event_time_us < oldest_us and index < at:
                continue
            made = [*steered.step(event), *steered.advance(event.header.event_time_us)]
            outputs += made
            if index < kill - lost:
                stored = baselines(made)[-1] if baselines(made) else stored
                at, oldest_us = max(at, index + 1), max(oldest_us, steered.needs_from_us)
    return outputs


@settings(max_examples=20, deadline=None)
@given(kills=st.lists(st.integers(0, len(INPUTS)), max_size=4).map(sorted), unsettled=st.lists(st.integers(0, 30), min_size=4, max_size=4))
def test_kills_change_no_directive(kills: list[int], unsettled: list[int]) -> None:
    assert first_copies(killed(kills, unsettled)) == first_copies(OUTPUTS)


def test_a_trial_that_comes_again_is_not_applied_twice() -> None:
    _, outputs = session(6, signs("+-+-++"))
    stored = baselines(outputs)[-1]
    steered = processor(session_context(stored))
    for event in session(6, signs("+-+-++"))[0]:
        assert list(steered.step(event)) == []
    item = directives(outputs)[-1].item
    undisturbed = processor()
    session(6, signs("+-+-++"), steered=undisturbed)
    again, once = (list(one.step(trial(7, item, item.emotion))) for one in (steered, undisturbed))
    assert [to_json(event) for event in again] == [to_json(event) for event in once]


def test_a_copy_of_the_last_trial_changes_nothing() -> None:
    steered = processor()
    item = only_directive(steered.step(started())).item
    event = trial(1, item, item.emotion)
    assert len(list(steered.step(event))) == 2
    assert list(steered.step(event)) == []


@pytest.mark.parametrize("late", [1, 4])
def test_a_trial_does_not_wait_for_estimates_on_their_way(late: int) -> None:
    """Estimates of the last two seconds may come before or after the trial: the directives are the same."""
    steered, held = processor(), list[Event]()
    outputs: list[Event] = []
    for event in INPUTS:
        if isinstance(event, EmotionEstimate):
            held.append(event)
            if len(held) > late:
                outputs += steered.step(held.pop(0))
        else:
            outputs += steered.step(event)
    assert first_copies(outputs) == first_copies(OUTPUTS)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, len(INPUTS) - 1), max_size=10))
def test_when_time_is_told_changes_nothing(told: list[int]) -> None:
    steered, outputs = processor(), list[Event]()
    for index, event in enumerate(INPUTS):
        outputs += steered.step(event)
        if index in told:
            outputs += steered.advance(event.header.event_time_us)
    assert first_copies(outputs) == first_copies(OUTPUTS)


def test_the_baseline_survives_its_journey_bit_by_bit() -> None:
    for baseline in baselines(OUTPUTS)[::7]:
        copy = decode(BaselineMeasured, encode(baseline))
        assert isinstance(copy, BaselineMeasured)
        learner = unpacked(copy.values)
        assert learner is not None
        assert np.array_equal(learner.packed(), baseline.values)
        assert learner.number == baseline.header.sequence


def test_every_trial_leaves_a_baseline_under_its_number() -> None:
    assert [baseline.header.sequence for baseline in baselines(OUTPUTS)] == list(range(1, 41))
    assert {(baseline.name, baseline.header.stream_id) for baseline in baselines(OUTPUTS)} == {
        ("recommender.ability", "recommender.baseline.ability")
    }


def test_the_next_session_begins_where_the_last_one_ended() -> None:
    _, outputs = session(60, signs("+" * 60))
    stored = baselines(outputs)[-1]
    week_us = 7 * 86_400_000_000
    later = processor(session_context(stored, session_id="next", started_at_us=START_US + week_us))
    first = only_directive(later.step(started("next", START_US + week_us)))
    newcomer = only_directive(processor().step(started()))
    assert first.ability > newcomer.ability + 1.0
    assert first.level > newcomer.level
    item = first.item
    event = trial(1, item, item.emotion, session_id="next", time_us=START_US + week_us + TRIAL_US)
    directive, baseline = later.step(event)
    assert isinstance(directive, Directive)
    assert (directive.header.sequence, baseline.header.sequence) == (1, 1)


def test_a_baseline_of_another_version_is_as_good_as_none() -> None:
    stored = baselines(OUTPUTS)[-1]
    foreign = BaselineMeasured(header=stored.header, name=stored.name, values=np.array([99.0, 1.0, 2.0]))
    directive = only_directive(processor(session_context(foreign)).step(started()))
    assert to_json(directive) == to_json(only_directive(processor().step(started())))


def test_what_no_trial_can_look_back_on_is_let_go() -> None:
    steered = processor()
    for hop in range(4000):
        now_us = START_US + hop * HOP_US
        steered.step(estimate(now_us, 0.3))
        steered.advance(now_us)
    assert steered.needs_from_us == pytest.approx(START_US + 3999 * HOP_US - 90_000_000)
    assert len(steered._glimpses) < 200
