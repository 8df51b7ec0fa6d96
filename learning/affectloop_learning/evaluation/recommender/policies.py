"""Policies that choose items one by one: staircases, and the recommender's own processor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from affectloop.events import (
    Directive,
    EmotionEstimate,
    Event,
    Guidance,
    Header,
    Item,
    Reason,
    SessionChange,
    SessionChanged,
    TrialAnswered,
)
from affectloop.processor import SessionContext
from affectloop.stimuli.catalogue import DURATIONS_MS, Presentation, item_of
from affectloop.stimuli.posers import PRACTICE_POSERS
from affectloop.synthetic.learner import Answer
from affectloop.training_science.items import EMOTIONS, INDEX_OF_EMOTION, ItemModel
from affectloop_recommender.processor import RecommenderProcessor
from affectloop_recommender.settings import RecommenderSettings

TRIAL_S = 6.0
HOP_S = 0.5
STARTED_US = 1_700_000_000_000_000
MODEL = ItemModel()


class Policy(Protocol):
    """Chooses items one by one."""

    def first(self) -> Item:
        """The first item."""

    def after(self, number: int, item: Item, answer: Answer, strain: float) -> Item:
        """The item after a trial; ``strain`` is what a policy with estimates gets to see, noisily."""

    @property
    def ability(self) -> float:
        """What it believes of the learner's ability for the next item's emotion; NaN where it believes nothing."""

    @property
    def rests(self) -> bool:
        """Whether it offers a break before the next item."""


class Staircase:
    """One duration for all, or two down and one up for each emotion; full expressions from the front, in balanced order.

    Source: Levitt 1971: two down, one up converges where the square of the success is a half.
    """

    rests = False

    def __init__(self, seed: int, start_ms: int, down: int | None) -> None:
        self._rng = np.random.default_rng(seed)
        self._at = [DURATIONS_MS.index(start_ms)] * len(EMOTIONS)
        self._run = [0] * len(EMOTIONS)
        self._down = down
        self._order: list[int] = []

    def first(self) -> Item:
        """The first item."""
        if not self._order:
            self._order = self._rng.permutation(len(EMOTIONS)).tolist()
        index = self._order.pop()
        self._emotion = index
        shown = Presentation(
            emotion=EMOTIONS[index], duration_ms=DURATIONS_MS[self._at[index]], intensity=1.0, view_deg=0, options=len(EMOTIONS)
        )
        return item_of(shown, PRACTICE_POSERS[int(self._rng.integers(len(PRACTICE_POSERS)))])

    def after(self, number: int, item: Item, answer: Answer, strain: float) -> Item:
        """The item after a trial."""
        index = INDEX_OF_EMOTION[item.emotion]
        if self._down is not None:
            self._run[index] = self._run[index] + 1 if answer.correct else 0
            if not answer.correct:
                self._at[index] = min(self._at[index] + 1, len(DURATIONS_MS) - 1)
            elif self._run[index] == self._down:
                self._at[index], self._run[index] = max(self._at[index] - 1, 0), 0
        return self.first()

    @property
    def ability(self) -> float:
        """What the staircase's place says, where it moves."""
        if self._down is None:
            return float("nan")
        converges = 0.5 ** (1.0 / self._down)
        share = (converges - 1 / len(EMOTIONS)) / (1 - 1 / len(EMOTIONS) - MODEL.lapse)
        place = MODEL.difficulties(EMOTIONS[self._emotion], DURATIONS_MS[self._at[self._emotion]], 1.0, 0.0, len(EMOTIONS))
        return float(place + np.log(share / (1 - share)))


class Recommended:
    """The recommender's own processor, fed with events."""

    def __init__(self, seed: int, *, estimates: bool) -> None:
        self._rng = np.random.default_rng(seed)
        self._estimates = estimates
        self._session = f"simulated-{seed}"
        context = SessionContext(session_id=self._session, started_at_us=STARTED_US, emotion_inference=estimates)
        self._processor = RecommenderProcessor(context, RecommenderSettings())
        self._time_us = STARTED_US
        self._directive = self._directed(SessionChanged(header=self._header("session", 0, STARTED_US), change=SessionChange.STARTED))

    def first(self) -> Item:
        """The first item."""
        return self._directive.item

    def after(self, number: int, item: Item, answer: Answer, strain: float) -> Item:
        """The item after a trial."""
        until_us = self._time_us + round((TRIAL_S + (self._directive.pause_ms / 1e3 if self.rests else 0.0)) * 1e6)
        if self._estimates:
            for estimate in self._felt(strain, until_us):
                self._processor.step(estimate)
        self._time_us = until_us
        self._processor.advance(until_us)
        self._directive = self._directed(
            TrialAnswered(
                header=self._header("trials", number, until_us), trial_id=str(number), item=item, answer=answer.emotion,
                correct=answer.correct, valid=True, reaction_time_ms=answer.reaction_time_ms,
            )
        )  # fmt: skip
        return self._directive.item

    @property
    def ability(self) -> float:
        """As the directive says."""
        return self._directive.ability

    @property
    def error(self) -> float:
        """Its standard error."""
        return self._directive.ability_error

    @property
    def rests(self) -> bool:
        """Whether the directive offers a break."""
        return self._directive.guidance is Guidance.BREAK

    def _felt(self, strain: float, until_us: int) -> Iterator[EmotionEstimate]:
        """Estimates at 2 Hz: the true strain, an error that lasts, an error that does not, and one in six unsure."""
        lasting = 0.1 * self._rng.standard_normal()
        for time_us in range(self._time_us, until_us, round(HOP_S * 1e6)):
            seen = float(np.clip(strain + lasting + 0.15 * self._rng.standard_normal(), 0.0, 1.0))
            confidence = 0.4 if self._rng.random() < 1 / 6 else 0.8
            yield EmotionEstimate(
                header=self._header("fusion", time_us // round(HOP_S * 1e6), time_us), abstained=False, reason=Reason.GOOD,
                confidence=confidence, strain=seen, strain_error=0.15, face_share=0.5, wristband_share=0.5, voice_share=0.0,
            )  # fmt: skip

    def _directed(self, event: Event) -> Directive:
        (directive,) = [made for made in self._processor.step(event) if isinstance(made, Directive)]
        return directive

    def _header(self, stream_id: str, sequence: int, time_us: int) -> Header:
        return Header(
            session_id=self._session, stream_id=stream_id, sequence=sequence, event_time_us=time_us, complete_until_us=time_us + 1
        )
