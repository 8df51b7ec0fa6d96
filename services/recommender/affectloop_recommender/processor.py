"""One learner's session: trials in, directives out, at once; estimates only inform."""

from __future__ import annotations

from collections.abc import Iterable

from affectloop.events import (
    END_OF_TIME_US,
    BaselineMeasured,
    Directive,
    EmotionEstimate,
    Event,
    Header,
    SessionChange,
    SessionChanged,
    TrialAnswered,
)
from affectloop.processor import SessionContext
from affectloop.stimuli.catalogue import catalogue
from affectloop.training_science.items import level
from affectloop.training_science.strain import NOTHING, Glimpse, Reading, gated, read
from affectloop_recommender.item_selection import Draw
from affectloop_recommender.learner import Learner, newcomer, returning, unpacked
from affectloop_recommender.policy import Decision, answered, opened
from affectloop_recommender.settings import RecommenderSettings

ABILITY = "recommender.ability"
ABILITY_STREAM = "recommender.baseline.ability"
DIRECTIVES = "directives"
# The next trial may be as much older than the newest event as a slow network makes it, and looks back 32 s at estimates.
HELD_US = 90_000_000
DAY_US = 86_400_000_000


class RecommenderProcessor:
    """The recommender's state machine.

    After each trial everything that later decisions rest on, but the estimates of the last half minute, is yielded as
    the baseline ``recommender.ability``: a processor that takes over goes on from there, and passes over the trials that
    the baseline has counted (their directives were accepted before it was stored). Without a baseline of this session it
    begins with what an earlier session learnt, or with the prior.
    """

    def __init__(self, context: SessionContext, settings: RecommenderSettings) -> None:
        self._context = context
        self._settings = settings
        self._rules = settings.rules
        self._catalogue = catalogue()
        self._learner = _known(context)
        self._glimpses: list[Glimpse] = []
        self._newest_us = 0

    def step(self, event: Event) -> Iterable[Event]:
        """Decide when a session starts and when a trial is answered; remember estimates."""
        self._newest_us = max(self._newest_us, event.header.event_time_us)
        if isinstance(event, TrialAnswered):
            return self._answered(event)
        if isinstance(event, SessionChanged) and event.change is SessionChange.STARTED:
            return self._opened(event)
        if isinstance(event, EmotionEstimate) and self._context.emotion_inference and self._settings.uses_strain:
            gate = self._settings.confidence_gate
            self._glimpses.append(gated(event.header.event_time_us, event.strain, event.confidence, event.abstained, gate))
        return ()

    def advance(self, watermark_us: int) -> Iterable[Event]:
        """Nothing happens by time alone; what no trial can look back on any more is forgotten."""
        self._newest_us = max(self._newest_us, watermark_us)
        oldest_us = self.needs_from_us
        self._glimpses = [glimpse for glimpse in self._glimpses if glimpse.time_us >= oldest_us]
        return ()

    @property
    def closes_next_us(self) -> int:
        """Nothing happens by time alone."""
        return END_OF_TIME_US

    @property
    def needs_from_us(self) -> int:
        """The oldest estimate that the next trial may look back on."""
        return END_OF_TIME_US if self._newest_us == END_OF_TIME_US else max(self._newest_us - HELD_US, 0)

    def _opened(self, event: SessionChanged) -> Iterable[Event]:
        if self._learner.number > 0:  # trials were answered: the first item is long past
            return ()
        draw = Draw(self._context.session_id, 0)
        return (self._directive(event.header, 0, opened(self._catalogue, self._rules, self._learner, draw)),)

    def _answered(self, event: TrialAnswered) -> Iterable[Event]:
        number = event.header.sequence
        if number <= self._learner.number:
            return ()
        draw = Draw(self._context.session_id, number)
        self._learner, decision = answered(self._catalogue, self._rules, self._learner, event, self._reading(event), draw)
        return (self._directive(event.header, number, decision), self._baseline(event.header))

    def _reading(self, event: TrialAnswered) -> Reading:
        return read(self._glimpses, event.header.event_time_us) if self._glimpses else NOTHING

    def _directive(self, cause: Header, number: int, decision: Decision) -> Directive:
        choice, ruling = decision.choice, decision.ruling
        return Directive(
            header=self._header(DIRECTIVES, number, cause.event_time_us),
            item=choice.item,
            level=level(choice.difficulty),
            difficulty=choice.difficulty,
            expected_success=choice.expected_success,
            target_success=ruling.target,
            ability=choice.ability,
            ability_error=choice.ability_error,
            pause_ms=ruling.pause_ms,
            guidance=ruling.guidance,
            causes=ruling.causes,
        )

    def _baseline(self, cause: Header) -> BaselineMeasured:
        header = self._header(ABILITY_STREAM, cause.sequence, cause.event_time_us)
        return BaselineMeasured(header=header, name=ABILITY, values=self._learner.packed())

    def _header(self, stream_id: str, sequence: int, time_us: int) -> Header:
        return Header(
            session_id=self._context.session_id, stream_id=stream_id, sequence=sequence, event_time_us=time_us, complete_until_us=time_us
        )


def _known(context: SessionContext) -> Learner:
    """What is known of the learner before the session's next event."""
    baseline = context.baselines.get(ABILITY)
    learner = unpacked(baseline.values) if baseline else None
    if baseline is None or learner is None:
        return newcomer(context.started_at_us)
    if baseline.header.session_id == context.session_id:
        return learner
    days = (context.started_at_us - baseline.header.event_time_us) / DAY_US
    return returning(learner, days, context.started_at_us)
