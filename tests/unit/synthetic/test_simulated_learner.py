"""The simulated learner: known, repeatable, and human enough to try a policy on."""

import numpy as np

from affectloop.events import Emotion
from affectloop.stimuli.catalogue import catalogue, item_of
from affectloop.stimuli.posers import PRACTICE_POSERS
from affectloop.synthetic.learner import CONFUSABLE, SimulatedLearner, Traits, population
from affectloop.training_science.items import EMOTIONS

FEAR = item_of(catalogue().shelves[Emotion.FEAR].presentations[80], PRACTICE_POSERS[0])


def test_the_same_seed_gives_the_same_answers() -> None:
    first, second = SimulatedLearner(3), SimulatedLearner(3)
    assert [first.answer(FEAR, number) for number in range(1, 30)] == [second.answer(FEAR, number) for number in range(1, 30)]
    other = SimulatedLearner(4)
    assert [other.answer(FEAR, number).correct for number in range(1, 30)] != [first.answer(FEAR, n).correct for n in range(1, 30)]


def test_answers_are_right_as_often_as_the_curve_says() -> None:
    learner = SimulatedLearner(5, Traits(ability=1.0))
    right = np.mean([learner.answer(FEAR, number).correct for number in range(1, 1500)])
    assert abs(right - learner.success(FEAR, 1)) < 0.04


def test_practice_raises_success_towards_its_gain() -> None:
    learner = SimulatedLearner(5, Traits(gain=1.5, pace=20.0))
    assert learner.ability(Emotion.FEAR, 1) == 0.0
    assert 1.4 < learner.ability(Emotion.FEAR, 84) < 1.5
    assert learner.success(FEAR, 84) > learner.success(FEAR, 1) + 0.1


def test_fear_is_mostly_taken_for_surprise() -> None:
    learner = SimulatedLearner(6, Traits(ability=-2.0))
    wrong = [answer.emotion for answer in (learner.answer(FEAR, number) for number in range(1, 400)) if not answer.correct]
    assert Emotion.FEAR not in wrong
    assert max(EMOTIONS, key=wrong.count) is CONFUSABLE[Emotion.FEAR][0]


def test_misses_strain_a_prone_learner_and_a_break_relieves() -> None:
    learner, placid = SimulatedLearner(7, Traits(ability=-4.0, proneness=1.0)), SimulatedLearner(7, Traits(ability=-4.0))
    fresh = learner.success(FEAR, 1)
    for number in range(1, 12):
        learner.answer(FEAR, number)
        placid.answer(FEAR, number)
    assert learner.strain > 0.8 > placid.strain == 0.2
    assert learner.success(FEAR, 12) < fresh
    strained = learner.strain
    learner.rest()
    assert learner.strain == strained / 2


def test_wrong_answers_take_longer() -> None:
    learner = SimulatedLearner(8)
    answers = [learner.answer(FEAR, number) for number in range(1, 600)]
    right = np.median([answer.reaction_time_ms for answer in answers if answer.correct])
    wrong = np.median([answer.reaction_time_ms for answer in answers if not answer.correct])
    assert wrong > 1.05 * right


def test_a_face_is_hard_in_the_same_way_each_time() -> None:
    learner = SimulatedLearner(9, Traits(face_spread=0.5))
    other = item_of(catalogue().shelves[Emotion.FEAR].presentations[80], PRACTICE_POSERS[1])
    assert learner.success(FEAR, 1) == learner.success(FEAR, 1) != learner.success(other, 1)


def test_a_population_differs() -> None:
    learners = population(20, seed=1)
    assert len({learner.traits.ability for learner in learners}) == 20
    assert population(20, seed=1)[3].traits == learners[3].traits
