"""From one trial to the next: the learner after it, and what is decided. Pure and replayable, without headers or streams."""

from __future__ import annotations

from dataclasses import dataclass, replace

from affectloop.events import Cause, CauseGiven, TrialAnswered
from affectloop.stimuli.catalogue import Catalogue
from affectloop.stimuli.posers import NUMBER_OF_POSER
from affectloop.training_science.governor import Rules, Ruling, eased_at, opening, rule
from affectloop.training_science.items import INDEX_OF_EMOTION
from affectloop.training_science.strain import Reading
from affectloop_recommender.item_selection import Draw, Selection, select_item
from affectloop_recommender.learner import Learner, Trial, pair_name
from affectloop_recommender.level_causes import Step, level_causes

UNKNOWN_POSER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What comes next, and why."""

    choice: Selection
    ruling: Ruling


def opened(catalogue: Catalogue, rules: Rules, learner: Learner, draw: Draw) -> Decision:
    """The session's first item."""
    ruling = opening(rules)
    return Decision(choice=select_item(catalogue, learner, ruling, 0.0, draw), ruling=ruling)


def answered(
    catalogue: Catalogue, rules: Rules, learner: Learner, event: TrialAnswered, reading: Reading, draw: Draw
) -> tuple[Learner, Decision]:
    """The learner after a trial, and the next item."""
    difficulty = catalogue.model.difficulty(event.item, event.shown_ms)
    answer = INDEX_OF_EMOTION[event.answer]
    after = learner.after(_trial(event), answer, model=catalogue.model, difficulty=difficulty, options=event.item.options)
    pair = after.confused_pair()
    governor, ruling = rule(
        rules, after.governor, number=event.header.sequence, time_us=event.header.event_time_us,
        outcomes=after.outcomes, reading=reading, wish=event.wished_levels, pair=pair is not None,
    )  # fmt: skip
    if pair and not event.correct and {INDEX_OF_EMOTION[event.item.emotion], answer} == {pair[0], pair[1]}:
        confusion = CauseGiven(cause=Cause.CONFUSION, value=pair[2], detail=pair_name(pair))
        ruling = replace(ruling, causes=(confusion, *ruling.causes))
    after = replace(after, governor=governor)
    choice = select_item(catalogue, after, ruling, difficulty, draw)
    step = Step(
        emotion=INDEX_OF_EMOTION[event.item.emotion], next_emotion=INDEX_OF_EMOTION[choice.item.emotion],
        difficulty=catalogue.model.difficulty(event.item), next_difficulty=choice.difficulty,
        before=learner.ability, after=after.ability, was_eased=eased_at(learner.governor, event.header.sequence - 1),
        is_eased=eased_at(governor, event.header.sequence), ruling=ruling,
    )  # fmt: skip
    return after, Decision(choice=choice, ruling=replace(ruling, causes=(*level_causes(step), *ruling.causes)))


def _trial(event: TrialAnswered) -> Trial:
    item = event.item
    return Trial(
        number=event.header.sequence,
        emotion=INDEX_OF_EMOTION[item.emotion],
        correct=event.correct,
        valid=event.valid,
        duration_ms=item.duration_ms,
        intensity=item.intensity,
        view_deg=item.view_deg,
        poser=NUMBER_OF_POSER.get(item.poser, UNKNOWN_POSER),
    )
