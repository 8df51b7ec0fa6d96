"""The recommender over a session: it keeps success on target, eases, explains, and needs no estimate."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectloop.codec import decode, encode
from affectloop.events import END_OF_TIME_US, Cause, Directive, Emotion, Guidance, SessionChange, SessionChanged, TrialAnswered
from affectloop.stimuli.posers import POSER_BY_NAME, Use
from affectloop.synthetic.learner import population
from affectloop.training_science.items import LEVEL_WIDTH, level
from affectloop_recommender.settings import RecommenderSettings
from unit.recommender.recommending import (
    START_US,
    TRIAL_US,
    answers_of,
    directives,
    only_directive,
    processor,
    session,
    session_context,
    signs,
    started,
    trial,
    wrong,
)


def causes(directive: Directive) -> list[Cause]:
    return [given.cause for given in directive.causes]


def test_a_session_opens_with_an_easy_item_before_any_trial() -> None:
    directive = only_directive(processor().step(started()))
    assert (directive.header.sequence, directive.header.event_time_us) == (0, START_US)
    assert causes(directive) == [Cause.FIRST_ITEM]
    assert directive.expected_success > 0.8


def test_each_trial_is_answered_at_once_under_its_own_number() -> None:
    inputs, outputs = session(5, signs("+-+-+"))
    made = directives(outputs)
    assert [directive.header.sequence for directive in made] == [0, 1, 2, 3, 4, 5]
    assert [directive.header.event_time_us for directive in made] == [event.header.event_time_us for event in inputs]
    assert {directive.header.stream_id for directive in made} == {"directives"}


def test_directives_fit_their_message() -> None:
    _, outputs = session(12, signs("+---+---+++-"), strain=[0.9] * 12)
    for directive in directives(outputs):
        copy = decode(Directive, encode(directive))
        assert isinstance(copy, Directive)
        assert (copy.item, copy.level, copy.guidance) == (directive.item, directive.level, directive.guidance)
        assert copy.difficulty == pytest.approx(directive.difficulty, abs=1e-5)
        assert copy.level == level(directive.difficulty)


@pytest.mark.parametrize("proneness", [0.0, 1.0], ids=["placid", "prone to strain"])
def test_simulated_learners_succeed_as_often_as_intended(proneness: float) -> None:
    shares = []
    for learner in population(16, seed=21, proneness=proneness):
        inputs, _ = session(84, answers_of(learner))
        shares.append(np.mean([event.correct for event in inputs if isinstance(event, TrialAnswered)]))
    assert 0.75 <= np.mean(shares) <= 0.80
    assert np.mean([0.72 <= share <= 0.83 for share in shares]) >= 0.6  # chance alone spreads 84 answers by 4.5 points
    assert all(0.66 <= share <= 0.90 for share in shares)


def test_strong_learners_get_harder_items_than_weak_ones() -> None:
    strong, weak = session(40, signs("+" * 40))[1], session(40, signs("+-+-" * 10))[1]
    assert directives(strong)[-1].level >= directives(weak)[-1].level + 3


def test_emotions_are_balanced_faces_vary_and_difficulty_uses_its_axes() -> None:
    _, outputs = session(84, answers_of(population(1, seed=4)[0]))
    items = [directive.item for directive in directives(outputs)[:-1]]
    emotions = [item.emotion for item in items]
    assert all(7 <= count <= 19 for count in Counter(emotions).values())
    assert len(Counter(emotions)) == 7
    assert not any(len(set(three)) == 1 for three in zip(emotions, emotions[1:], emotions[2:], strict=False))
    assert all(first.poser != second.poser for first, second in pairwise(items))
    assert {POSER_BY_NAME[item.poser].use for item in items} == {Use.PRACTICE}
    assert (
        min(len({item.duration_ms for item in items}), len({item.intensity for item in items}), len({item.view_deg for item in items})) >= 3
    )


def test_what_is_confused_is_asked_more_often_and_named() -> None:
    def confuses(number: int, item: object) -> Emotion:
        emotion = getattr(item, "emotion", Emotion.FEAR)
        return {Emotion.FEAR: Emotion.SURPRISE, Emotion.SURPRISE: Emotion.FEAR}.get(emotion, emotion)

    made = directives(session(84, confuses)[1])
    asked = Counter(directive.item.emotion for directive in made)
    pair = (asked[Emotion.FEAR] + asked[Emotion.SURPRISE]) / 2
    others = (sum(asked.values()) - 2 * pair) / 5
    assert pair > 1.15 * others
    assert any(given.cause is Cause.CONFUSION and given.detail == "fear/surprise" for directive in made for given in directive.causes)


def test_three_misses_in_four_bring_an_item_a_level_easier_with_slow_motion() -> None:
    _, outputs = session(10, signs("+++++++---"))
    before, eased = directives(outputs)[-2:]
    assert eased.guidance is Guidance.SLOW_MOTION
    assert eased.difficulty <= before.difficulty - LEVEL_WIDTH
    assert eased.target_success == pytest.approx(0.90)
    assert Cause.RECENT_MISSES in causes(eased)


def test_a_comparison_is_followed_by_one_of_the_pair() -> None:
    _, outputs = session(7, signs("---+---"))
    directive = directives(outputs)[-1]
    assert directive.guidance in (Guidance.COMPARE_PAIR, Guidance.BREAK)
    if directive.guidance is Guidance.COMPARE_PAIR:
        assert any(directive.item.emotion in given.detail for given in directive.causes if given.cause is Cause.CONFUSION)


def test_it_works_without_any_estimate_and_says_so() -> None:
    made = directives(session(8, signs("+" * 8))[1])
    assert all(Cause.NO_ESTIMATE in causes(directive) for directive in made[1:])


@pytest.mark.parametrize("silenced", ["profile", "setting"])
def test_where_estimates_may_not_be_used_they_change_nothing(silenced: str) -> None:
    steered = processor(session_context(infers=silenced != "profile"), RecommenderSettings(uses_strain=silenced != "setting"))
    with_strain = session(12, signs("+" * 12), strain=[1.0] * 12, steered=steered)[1]
    without = session(12, signs("+" * 12))[1]
    assert [event.item for event in directives(with_strain)] == [event.item for event in directives(without)]


def test_high_strain_eases_by_a_level_and_says_why() -> None:
    calm, strained = (directives(session(12, signs("+" * 12), strain=[felt] * 12)[1]) for felt in (0.1, 0.9))
    assert Cause.CALM in causes(calm[-1])
    assert Cause.STRAIN_RISING in causes(strained[-1])
    assert strained[-1].level < calm[-1].level


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 1000),
    strain=st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=30, max_size=30),
    wish=st.one_of(st.none(), st.tuples(st.integers(1, 30), st.integers(-3, 3))),
)
def test_strain_never_raises_difficulty(seed: int, strain: list[float | None], wish: tuple[int, int] | None) -> None:
    """The same trials with and without estimates: every item is at most as hard with them."""
    rng, plain, felt = np.random.default_rng(seed), processor(), processor()
    item = only_directive(plain.step(started())).item
    inputs, _ = session(30, signs("+" * 30), strain=strain)
    estimates = [event for event in inputs if event.header.stream_id == "fusion"]
    for number in range(1, 31):
        until_us = START_US + number * TRIAL_US
        while estimates and estimates[0].header.event_time_us < until_us:
            felt.step(estimates.pop(0))
        wished = wish[1] if wish and wish[0] == number else None
        event = trial(number, item, item.emotion if rng.random() < 0.7 else wrong(item), wished_levels=wished)
        without, with_strain = only_directive(plain.step(event)), only_directive(felt.step(event))
        assert with_strain.difficulty <= without.difficulty
        assert with_strain.item.emotion is without.item.emotion
        assert with_strain.target_success >= without.target_success
        item = without.item


def test_the_learners_wish_makes_items_harder_until_it_ends() -> None:
    plain, wishing = processor(), processor()
    item = only_directive(plain.step(started())).item
    levels = []
    for number, wish in enumerate((None, 3, None, 0), 1):
        base = only_directive(plain.step(trial(number, item, item.emotion)))
        wished = only_directive(wishing.step(trial(number, item, item.emotion, wished_levels=wish)))
        levels.append(wished.difficulty - base.difficulty)
        assert (Cause.OVERRIDE in causes(wished)) == (number in (2, 3))
        item = base.item
    assert levels[0] == levels[3] == 0
    assert min(levels[1:3]) > 1.5 * LEVEL_WIDTH


def test_a_trial_shown_wrongly_teaches_nothing_and_is_answered() -> None:
    steered = processor()
    item = only_directive(steered.step(started())).item
    before = only_directive(steered.step(trial(1, item, item.emotion)))
    for number in range(2, 7):
        after = only_directive(steered.step(trial(number, item, wrong(item), valid=False)))
        assert Cause.RECENT_MISSES not in causes(after)
    again = only_directive(steered.step(trial(7, item, item.emotion)))
    assert steered.step(started()) == ()
    assert before.ability_error > 0
    assert again.header.sequence == 7


def test_an_item_from_elsewhere_is_understood_by_its_axes() -> None:
    steered = processor()
    item = only_directive(steered.step(started())).item
    foreign = type(item)(item_id="school-42", emotion=Emotion.ANGER, duration_ms=40.0, intensity=0.4, view_deg=-30.0, options=7, poser="x")
    directive = only_directive(steered.step(trial(1, foreign, Emotion.ANGER)))
    assert directive.item.poser in POSER_BY_NAME


def test_a_break_falls_due_after_eight_minutes() -> None:
    made = directives(session(98, signs("+" * 98))[1])
    due = [directive.header.sequence for directive in made if Cause.BREAK_DUE in causes(directive)]
    assert due == [96]
    assert made[96].guidance is Guidance.BREAK
    assert made[96].pause_ms == 60_000.0


def test_other_changes_of_the_session_are_not_its_business() -> None:
    steered = processor()
    ended = SessionChanged(header=started().header, change=SessionChange.ENDED)
    assert list(steered.step(ended)) == []
    assert list(steered.advance(END_OF_TIME_US)) == []
    assert steered.needs_from_us == END_OF_TIME_US
