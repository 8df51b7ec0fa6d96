"""Items, answers, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from affectloop.events.header import Event
from affectloop.events.vocabulary import Cause, Emotion, Guidance
from affectloop.fields import number


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One training item: which expression, how long, how strong, from where."""

    item_id: str
    emotion: Emotion
    duration_ms: float = number("ms", 10, 2000)
    intensity: float = number("1", 0, 1)
    view_deg: float = number("degrees of yaw", -90, 90)
    options: int = number("answers offered", 2, 7)
    poser: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialAnswered(Event):
    """A learner answered an item; a fact. Stream ``trials``, ``sequence`` the number of the trial, from 1."""

    trial_id: str
    item: Item
    answer: Emotion
    correct: bool
    valid: bool  # shown with exactly the frames asked for
    reaction_time_ms: float | None = number("ms after the onset", 0, 600_000, optional=True)
    shown_ms: float | None = number("ms, measured", 0, 10_000, optional=True)
    shown_frames: int | None = number("1", 0, 10_000, optional=True)
    refresh_hz: float | None = number("Hz", 1, 1000, optional=True)
    wished_levels: int | None = number("levels above what is chosen, from here on; 0 ends the wish", -11, 11, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseGiven:
    """A cause with its figure: ``success-high`` and 0.92."""

    cause: Cause
    value: float | None = number("by cause", -1e6, 1e6, optional=True)
    detail: str = ""  # emotions by name ("fear/surprise"), never free text of a person


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Directive(Event):
    """What comes next, and why; a fact. Stream ``directives``, ``sequence`` the number of the trial it answers (0 opens)."""

    item: Item
    level: int = number("1", 1, 12)
    difficulty: float = number("logit", -20, 20)
    expected_success: float = number("probability", 0, 1)
    target_success: float = number("probability", 0, 1)
    ability: float = number("logit", -20, 20)
    ability_error: float = number("logit, one standard error", 0, 20)
    pause_ms: float = number("ms before the next item", 0, 600_000)
    guidance: Guidance
    causes: tuple[CauseGiven, ...] = ()
