"""Why the level that a reader sees moved from one item to the next, where no rule above the learner model moved it."""

from __future__ import annotations

from dataclasses import dataclass

from affectloop.events import Cause, CauseGiven
from affectloop.training_science.ability import Ability
from affectloop.training_science.governor import Ruling
from affectloop.training_science.items import EMOTIONS, level

FELT = 0.1  # logits: less than this neither moves a level nor can be felt


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From one item to the next: emotions by index, difficulties and beliefs in logits."""

    emotion: int
    next_emotion: int
    difficulty: float
    next_difficulty: float
    before: Ability
    after: Ability
    was_eased: bool
    is_eased: bool
    ruling: Ruling


def level_causes(step: Step) -> tuple[CauseGiven, ...]:
    """The cause of a level that moved, first of the causes; none where it stayed or where a rule says why already.

    A level follows from the target and the ability for the emotion shown, so it moves when easing ends, when the answer
    changed the belief, when another emotion is shown, or because the axes vary around the same expected success. Named is
    the largest share that points the level's way.
    """
    moved = level(step.next_difficulty) - level(step.difficulty)
    rule_moved = step.ruling.steps_down or step.ruling.eases_under_strain or step.ruling.wished_levels
    if moved == 0 or rule_moved:
        return ()
    if step.was_eased and not step.is_eased and moved > 0:
        return (CauseGiven(cause=Cause.EASING_OVER),)
    old, new = step.before.of(step.next_emotion)[0], step.after.of(step.next_emotion)[0]
    learnt, elsewhere = new - old, old - step.before.of(step.emotion)[0]
    shares = [
        (learnt, CauseGiven(cause=Cause.ABILITY_UP if learnt > 0 else Cause.ABILITY_DOWN, value=learnt)),
        (elsewhere, CauseGiven(cause=Cause.OTHER_EMOTION, value=elsewhere, detail=EMOTIONS[step.next_emotion].value)),
    ]
    felt = [(share, cause) for share, cause in shares if share * moved > 0 and abs(share) >= FELT]
    if not felt:
        return (CauseGiven(cause=Cause.VARIED),)
    return (max(felt, key=lambda candidate: abs(candidate[0]))[1],)
