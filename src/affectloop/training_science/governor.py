"""Rules above the learner model: they ease after misses and under strain, call breaks, and say why. They never harden.

Source: the design's section on adaptive difficulty; misses and breaks work without any estimate. Affective signals may
lower the difficulty or offer help, never raise it (D'Mello & Graesser 2012 found harm where support was not needed).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from affectloop.events import Cause, CauseGiven, Guidance
from affectloop.training_science.items import FloatArray
from affectloop.training_science.strain import Reading

MISS_WINDOW = 4  # trials looked back on
MISSES = 3  # among them: frustration, and a sign that the model is wrong for now
EASED_TRIALS = 4  # how long the eased target lasts
EPISODE_TRIALS = 12  # a second time within so many trials is the same trouble, and easing alone did not mend it
AFFECT_EVERY = 4  # trials between two changes that strain made: no see-saw
STRAINED_LONG = 8  # trials eased under strain that stays: a break is offered
RECENT_TRIALS = 8  # the success that is reported as high or low
LEAST_RECENT = 4
SUCCESS_BAND = 0.1  # around the target
REST_S = 60.0  # a gap this long between trials was a break
NEVER = -1_000_000  # a trial number before any


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The limits that a deployment sets.

    Parameters
    ----------
    target : float
        Success aimed at. Elo practice systems keep 75 to 80 %; among seven choices that is hard enough to learn from.
    eased_target : float
        Success aimed at after misses, and under strain.
    strain_on, strain_off : float
        Smoothed strain (0 to 1) above which the training eases, and below which it returns: hysteresis.
    break_every_s, longest_s : float
        A break is offered so often; after ``longest_s`` it is offered at every trial. Neither ever blocks.
    pause_ms, break_ms : float
        Before the next item (flash safety wants 1 s between stimuli), and in a break.
    """

    target: float = 0.78
    eased_target: float = 0.90
    strain_on: float = 0.65
    strain_off: float = 0.45
    break_every_s: float = 8 * 60.0
    longest_s: float = 20 * 60.0
    pause_ms: float = 1_000.0
    break_ms: float = 60_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Governor:
    """What the rules remember from trial to trial; trials are counted by number."""

    started_us: int
    rested_us: int  # the end of the last break
    last_us: int = 0  # the last trial; 0 before any
    missed_at: int = NEVER  # the last time that the misses were too many
    triggers: int = 0  # times in this episode
    strained: bool = False
    affect_at: int = NEVER  # the last change that strain made
    read_at: int = NEVER  # the last trial at which strain could be said
    wished_levels: int = 0  # the learner's own wish; 0 for none

    def packed(self) -> FloatArray:
        """As numbers, (9,); times in seconds, which a float64 holds to a quarter of a microsecond."""
        times = [self.started_us / 1e6, self.rested_us / 1e6, self.last_us / 1e6]
        counts = [self.missed_at, self.triggers, self.strained, self.affect_at, self.read_at, self.wished_levels]
        return np.array(times + counts, float)


PACKED_SIZE = 9


def unpacked(values: FloatArray) -> Governor:
    """Read what ``packed`` wrote; ``values`` is (9,)."""
    started_us, rested_us, last_us = (round(value * 1e6) for value in values[:3].tolist())
    missed_at, triggers, strained, affect_at, read_at, wished = (int(value) for value in values[3:])
    return Governor(
        started_us=started_us, rested_us=rested_us, last_us=last_us, missed_at=missed_at, triggers=triggers,
        strained=bool(strained), affect_at=affect_at, read_at=read_at, wished_levels=wished,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A valid trial as the rules see it."""

    number: int
    correct: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the rules ask of the next item.

    ``steps_down`` wants it a level below what was missed just now, ``eases_under_strain`` a level below what would be
    chosen without that.
    """

    target: float
    calm_target: float  # what it would be without strain
    guidance: Guidance
    pause_ms: float
    causes: tuple[CauseGiven, ...]
    steps_down: bool = False
    eases_under_strain: bool = False
    wished_levels: int = 0


def rule(
    rules: Rules,
    governor: Governor,
    *,
    number: int,
    time_us: int,
    outcomes: Sequence[Outcome],
    reading: Reading,
    wish: int | None,
    pair: bool,
) -> tuple[Governor, Ruling]:
    """Judge after a trial.

    Parameters
    ----------
    rules, governor
        The limits, and what was remembered after the trial before.
    number, time_us : int
        The trial's.
    outcomes : sequence of Outcome
        Valid trials in order, this one included; the last sixteen are enough.
    reading : Reading
        Smoothed strain, or why there is none.
    wish : int or None
        Levels that the learner asked for with this trial; 0 ends a wish, ``None`` says nothing.
    pair : bool
        Whether there is a pair of emotions to compare.

    Returns
    -------
    Governor, Ruling
        What to remember, and what to ask for.
    """
    if governor.last_us and time_us - governor.last_us >= REST_S * 1e6:
        governor = replace(governor, rested_us=time_us)
    wished = governor.wished_levels if wish is None else wish
    governor, missed = _after_misses(replace(governor, last_us=time_us, wished_levels=wished), number, outcomes)
    governor, affect = _under_strain(rules, governor, number, reading)
    due, tired = _break_due(rules, governor, time_us)
    guidance = _guidance(governor, number, pair, missed=bool(missed), due=bool(due))
    rests = guidance is Guidance.BREAK and not tired
    if rests:
        governor = replace(governor, rested_us=time_us)
    eased = _lately_missed(governor, number)
    eases_under_strain = governor.strained and not wished
    override = (CauseGiven(cause=Cause.OVERRIDE, value=float(wished)),) if wished else ()
    return governor, Ruling(
        target=rules.eased_target if eased or eases_under_strain else rules.target,
        calm_target=rules.eased_target if eased else rules.target,
        guidance=guidance,
        pause_ms=rules.break_ms if rests else rules.pause_ms,
        causes=(*missed, *_success(rules, outcomes, missed), *affect, *due, *override),
        steps_down=bool(missed),
        eases_under_strain=eases_under_strain,
        wished_levels=wished,
    )


def eased_at(governor: Governor, number: int) -> bool:
    """Whether the item after that trial was an eased one: the session's first, after misses, or under strain."""
    return number == 0 or governor.strained or _lately_missed(governor, number)


def opening(rules: Rules) -> Ruling:
    """What the first item of a session is asked for: nothing is known yet, so it is an easy one."""
    causes = (CauseGiven(cause=Cause.FIRST_ITEM),)
    target = rules.eased_target
    return Ruling(target=target, calm_target=target, guidance=Guidance.NONE, pause_ms=rules.pause_ms, causes=causes)


def _lately_missed(governor: Governor, number: int) -> bool:
    return number - governor.missed_at < EASED_TRIALS


def _after_misses(governor: Governor, number: int, outcomes: Sequence[Outcome]) -> tuple[Governor, tuple[CauseGiven, ...]]:
    """Three misses in four, counted anew after each time."""
    window = [outcome for outcome in outcomes[-MISS_WINDOW:] if outcome.number > governor.missed_at]
    misses = sum(not outcome.correct for outcome in window)
    if misses < MISSES or window[-1].correct:
        return governor, ()
    again = number - governor.missed_at <= EPISODE_TRIALS
    governor = replace(governor, missed_at=number, triggers=governor.triggers + 1 if again else 1)
    return governor, (CauseGiven(cause=Cause.RECENT_MISSES, value=float(misses)),)


def _guidance(governor: Governor, number: int, pair: bool, *, missed: bool, due: bool) -> Guidance:
    """After misses slow motion, then another activity, then a break; a break also when due, and under strain that stays."""
    eased_for = number - governor.affect_at
    worn = governor.strained and eased_for > 0 and eased_for % STRAINED_LONG == 0
    if due or (missed and governor.triggers > 2) or (missed and governor.triggers == 2 and not pair):
        return Guidance.BREAK
    if missed:
        return Guidance.SLOW_MOTION if governor.triggers == 1 else Guidance.COMPARE_PAIR
    return Guidance.BREAK if worn else Guidance.NONE


def _under_strain(rules: Rules, governor: Governor, number: int, reading: Reading) -> tuple[Governor, tuple[CauseGiven, ...]]:
    """Ease when strain is high, return when it is low or can no longer be said; one change in four trials."""
    if reading.strain is None:  # a sensor that falls silent does not harden at once
        wanted = governor.strained and number - governor.read_at < AFFECT_EVERY
        causes = (CauseGiven(cause=reading.cause or Cause.NO_ESTIMATE),)
    else:
        governor = replace(governor, read_at=number)
        wanted = reading.strain >= (rules.strain_off if governor.strained else rules.strain_on)
        causes = (CauseGiven(cause=Cause.STRAIN_RISING if wanted else Cause.CALM, value=reading.strain),)
    if wanted == governor.strained:
        return governor, causes
    if number - governor.affect_at < AFFECT_EVERY:
        return governor, (*causes, CauseGiven(cause=Cause.HELD, value=float(AFFECT_EVERY - (number - governor.affect_at))))
    return replace(governor, strained=wanted, affect_at=number), causes


def _break_due(rules: Rules, governor: Governor, time_us: int) -> tuple[tuple[CauseGiven, ...], bool]:
    """The cause with its minutes, and whether it is the session that was long enough."""
    in_all_s, since_s = (time_us - governor.started_us) / 1e6, (time_us - governor.rested_us) / 1e6
    tired = in_all_s >= rules.longest_s
    if not tired and since_s < rules.break_every_s:
        return (), False
    return (CauseGiven(cause=Cause.BREAK_DUE, value=(in_all_s if tired else since_s) / 60.0),), tired


def _success(rules: Rules, outcomes: Sequence[Outcome], missed: tuple[CauseGiven, ...]) -> tuple[CauseGiven, ...]:
    """How the last answers stand to the target; the misses, where they are named, say it already."""
    recent = [outcome.correct for outcome in outcomes[-RECENT_TRIALS:]]
    if missed or len(recent) < LEAST_RECENT:
        return ()
    share = sum(recent) / len(recent)
    cause = Cause.SUCCESS_HIGH if share > rules.target + SUCCESS_BAND else Cause.SUCCESS_LOW
    return (CauseGiven(cause=cause if abs(share - rules.target) > SUCCESS_BAND else Cause.ON_TARGET, value=share),)
