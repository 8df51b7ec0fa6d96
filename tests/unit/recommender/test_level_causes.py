"""A level that moved says by what: the answers, another emotion, the end of easing, or only another way of showing."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from affectloop.events import Cause, Directive, TrialAnswered
from affectloop.synthetic.learner import SimulatedLearner, Traits
from affectloop.training_science.ability import Ability, prior
from affectloop.training_science.governor import Rules, Ruling, opening
from affectloop.training_science.items import LEVEL_WIDTH
from affectloop_recommender.level_causes import Step, level_causes
from unit.recommender.recommending import answers_of, directives, session

RULES = Rules()
CALM = replace(opening(RULES), target=RULES.target, calm_target=RULES.target, causes=())
NAMES_A_RULE = {Cause.RECENT_MISSES, Cause.STRAIN_RISING, Cause.OVERRIDE}
SAYS_WHY = {Cause.ABILITY_UP, Cause.ABILITY_DOWN, Cause.OTHER_EMOTION, Cause.VARIED, Cause.EASING_OVER}


def believed(overall: float, *offsets: float) -> Ability:
    belief = prior()
    mean = belief.mean.copy()
    mean[0] = overall
    mean[1 : 1 + len(offsets)] = offsets
    return replace(belief, mean=mean)


def step(
    levels: int,
    *,
    before: Ability | None = None,
    after: Ability | None = None,
    next_emotion: int = 0,
    was_eased: bool = False,
    is_eased: bool = False,
    ruling: Ruling = CALM,
) -> Step:
    return Step(
        emotion=0, next_emotion=next_emotion, difficulty=0.0, next_difficulty=levels * LEVEL_WIDTH, before=before or believed(0.0),
        after=after or before or believed(0.0), was_eased=was_eased, is_eased=is_eased, ruling=ruling,
    )  # fmt: skip


def test_answers_that_changed_the_belief_are_named_with_their_logits() -> None:
    (up,) = level_causes(step(1, after=believed(0.4)))
    assert up.cause is Cause.ABILITY_UP
    assert up.value == pytest.approx(0.4)
    (down,) = level_causes(step(-1, after=believed(-0.3)))
    assert down.cause is Cause.ABILITY_DOWN
    assert down.value == pytest.approx(-0.3)


def test_another_emotion_is_named_where_the_skill_differs_there() -> None:
    (cause,) = level_causes(step(-1, before=believed(0.5, 0.0, -0.6), after=believed(0.6, 0.0, -0.6), next_emotion=1))
    assert (cause.cause, cause.detail) == (Cause.OTHER_EMOTION, "contempt")
    assert cause.value == pytest.approx(-0.6)


def test_what_points_the_other_way_is_no_reason() -> None:
    (cause,) = level_causes(step(-1, after=believed(0.4)))
    assert cause.cause is Cause.VARIED


def test_the_end_of_easing_is_said_before_what_was_learnt_meanwhile() -> None:
    (cause,) = level_causes(step(2, after=believed(0.4), was_eased=True))
    assert cause.cause is Cause.EASING_OVER
    (cause,) = level_causes(step(2, after=believed(0.4), was_eased=True, is_eased=True))
    assert cause.cause is Cause.ABILITY_UP, "it is not over yet"


def test_nothing_is_said_of_a_level_that_stayed_or_that_a_rule_moved() -> None:
    assert level_causes(step(0, after=believed(0.4))) == ()
    for rule in ({"steps_down": True}, {"eases_under_strain": True}, {"wished_levels": -1}):
        assert level_causes(step(-1, ruling=replace(CALM, **rule))) == ()


@pytest.mark.parametrize("seed", range(5))
def test_every_move_of_a_session_has_its_reason(seed: int) -> None:
    learner = SimulatedLearner(seed, Traits(ability=0.4, gain=0.8, pace=25.0, face_spread=0.3, proneness=1.0))
    inputs, outputs = session(60, answers_of(learner))
    made: list[Directive] = directives(outputs)
    moves = [(old, new) for old, new in pairwise(made) if new.level != old.level]
    assert len(moves) > 5
    for _, new in moves:
        assert {given.cause for given in new.causes} & (SAYS_WHY | NAMES_A_RULE), new
    assert sum(isinstance(event, TrialAnswered) for event in inputs) == 60
