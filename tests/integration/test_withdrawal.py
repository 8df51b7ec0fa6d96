"""A consent that is withdrawn while a learner is sensed: within a second nothing of it comes in any more, and the rest goes on."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from affectloop.clock import SystemClock
from affectloop.events import EmotionEstimate, Event, Modality, SessionChange, SessionChanged
from affectloop.topics import AUDIO, AUDIO_FEATURES, ESTIMATES, FACE_FEATURES, FRAMES, PHYSIO_FEATURES, SESSION_EVENTS, SIGNALS
from integration.installation import Device, Installation, School, wait_for
from integration.people import a_learner

EFFECT_US = 1_000_000  # what is promised
SLACK_US = 2_000_000  # of a machine that does much else
LONGER_THAN_THE_TEST_S = 60.0
CLOCK = SystemClock()
MODALITIES = tuple(Modality)
RAW = {Modality.FACE: FRAMES, Modality.WRISTBAND: SIGNALS, Modality.VOICE: AUDIO}
FEATURES = {Modality.FACE: FACE_FEATURES, Modality.WRISTBAND: PHYSIO_FEATURES, Modality.VOICE: AUDIO_FEATURES}


@dataclass
class Sensed:
    """A learner whose device streams everything."""

    school: School
    learner_id: str
    session_id: str
    device: Device
    withdrawn_us: int = 0  # when the gateway had answered

    def withdraw(self, modality: Modality) -> None:
        changed = self.school.call("DELETE", f"/v1/learners/{self.learner_id}/consents/{modality}")["sessions"]
        assert changed == [self.session_id]
        self.withdrawn_us = CLOCK.wall_us()

    @property
    def over_us(self) -> int:
        """From then on nothing may come in."""
        return self.withdrawn_us + EFFECT_US + SLACK_US


def sensed(installation: Installation, stack: ExitStack, held_s: float) -> Sensed:
    school, merged = installation.school("demo"), a_learner(LONGER_THAN_THE_TEST_S)
    learner_id = school.learner(MODALITIES)
    started = school.start(learner_id, merged)
    device = stack.enter_context(Device(installation.capture, started, merged, held_s))
    return Sensed(school, learner_id, started["session_id"], device)


def after(events: list[tuple[int, Event]], time_us: int) -> list[Event]:
    """What the bus took since."""
    return [event for ingest_us, event in events if ingest_us >= time_us]


def share(event: Event, modality: Modality) -> float:
    assert isinstance(event, EmotionEstimate)
    shares = {Modality.FACE: event.face_share, Modality.WRISTBAND: event.wristband_share, Modality.VOICE: event.voice_share}
    return shares[modality]


@pytest.fixture(scope="module")
def withdrawn(installation: Installation) -> Iterator[dict[Modality, Sensed]]:
    """Three learners, each of whom withdrew another modality in the middle, and what came of it some seconds later."""
    with ExitStack() as stack:
        learners = {modality: sensed(installation, stack, held_s=4.0) for modality in MODALITIES}

        def rests_on_all(one: Sensed) -> bool:
            estimates = installation.events(one.session_id, ESTIMATES.name)
            return any(all(share(event, modality) > 0 for modality in MODALITIES) for _, event in estimates)

        wait_for(lambda: all(map(rests_on_all, learners.values())), "estimates rest on face, wristband and voice")
        for modality, one in learners.items():
            one.withdraw(modality)

        def goes_on(modality: Modality, one: Sensed) -> bool:
            topics = [FEATURES[other] for other in MODALITIES if other is not modality] + [ESTIMATES]
            return all(len(after(installation.events(one.session_id, topic.name), one.over_us)) >= 2 for topic in topics)

        wait_for(lambda: all(goes_on(modality, one) for modality, one in learners.items()), "the other modalities and estimates go on")
        yield learners


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_second_after_its_withdrawal_nothing_of_a_modality_comes_in(
    modality: Modality, withdrawn: dict[Modality, Sensed], installation: Installation
) -> None:
    one = withdrawn[modality]
    for topic in (RAW[modality], FEATURES[modality]):
        events = installation.events(one.session_id, topic.name)
        assert events, "it was there before"
        assert after(events, one.over_us) == []


@pytest.mark.parametrize("modality", MODALITIES)
def test_no_estimate_rests_on_what_was_withdrawn(modality: Modality, withdrawn: dict[Modality, Sensed], installation: Installation) -> None:
    one = withdrawn[modality]
    later = after(installation.events(one.session_id, ESTIMATES.name), one.over_us)
    assert [share(event, modality) for event in later] == [0.0] * len(later)


@pytest.mark.parametrize("modality", MODALITIES)
def test_the_device_is_told_once_and_the_bus_hears_of_it(
    modality: Modality, withdrawn: dict[Modality, Sensed], installation: Installation
) -> None:
    one = withdrawn[modality]
    problems = {answer.refusal.problem for answer in one.device.refusals}
    assert problems == {f"there is no live consent for {modality}"}
    changes = [event for _, event in installation.events(one.session_id, SESSION_EVENTS.name) if isinstance(event, SessionChanged)]
    assert [change.change for change in changes] == [SessionChange.STARTED, SessionChange.CONSENT_WITHDRAWN]
    assert set(changes[-1].consented) == set(MODALITIES) - {modality}


def test_many_withdrawals_at_random_moments_leave_nothing_behind(installation: Installation) -> None:
    """A race: while devices stream, some withdraw once and some twice, whenever it happens."""
    chance = random.Random(11)
    with ExitStack() as stack:
        learners = [sensed(installation, stack, held_s=chance.uniform(0, 4)) for _ in range(6)]
        plans = [(one, chance.sample(MODALITIES, chance.choice((1, 1, 2))), chance.uniform(0, 1.5)) for one in learners]
        done: dict[str, list[tuple[Modality, int]]] = {one.session_id: [] for one in learners}

        def withdraw(one: Sensed, modalities: list[Modality], pause_s: float) -> None:
            for modality in modalities:
                threading.Event().wait(pause_s)
                one.withdraw(modality)
                done[one.session_id].append((modality, one.over_us))

        threads = [threading.Thread(target=withdraw, args=plan) for plan in plans]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert [len(done[one.session_id]) for one in learners] == [len(modalities) for _, modalities, _ in plans]
        wait_for(lambda: all(_left_goes_on(installation, one, done[one.session_id]) for one in learners), "what is left goes on")
    for one in learners:
        for modality, over_us in done[one.session_id]:
            assert _left_over(installation, one, modality, over_us) == []


def _left_goes_on(installation: Installation, one: Sensed, done: list[tuple[Modality, int]]) -> bool:
    left, last_us = set(MODALITIES) - {modality for modality, _ in done}, max(over_us for _, over_us in done)
    return all(after(installation.events(one.session_id, RAW[modality].name), last_us) for modality in left)


def _left_over(installation: Installation, one: Sensed, modality: Modality, over_us: int) -> list[Any]:
    """What came in of a modality, or rests on it, after it was to be over."""
    raw, features, estimates = (
        after(installation.events(one.session_id, topic.name), over_us) for topic in (RAW[modality], FEATURES[modality], ESTIMATES)
    )
    return raw + features + [event for event in estimates if share(event, modality) > 0]
