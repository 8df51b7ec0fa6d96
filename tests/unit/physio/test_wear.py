"""A band is worn or it is not: one decision from whatever sensors there are, before a heart or a level is told of."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectloop.events import BaselineMeasured, Event, PhysioFeatures, Reason, SignalKind
from affectloop.synthetic.physiology import Movement
from affectloop_physio.settings import PhysioSettings
from affectloop_physio.wear import DECISION_US, SETTLING_US, Contact, PulseOrigin, Wear, WearTracker
from physio_recordings import START_US, Played, Signal, arriving, wristband

SECOND_US = 1_000_000
RATES_HZ = {SignalKind.PPG: 64.0, SignalKind.ACCELERATION: 32.0, SignalKind.EDA: 4.0, SignalKind.TEMPERATURE: 4.0}
RESTLESS = [np.array([0.02 * (second % 3), 0.0, 1.0]) for second in range(300)]
STILL = [np.array([0.0, 0.0, 1.0])] * 300


def decided(contacts: Iterable[Contact]) -> list[Wear]:
    """The decisions on evidence, second by second."""
    tracker = WearTracker(PhysioSettings(_env_file=None))
    return [tracker.decided(START_US + second * SECOND_US, contact) for second, contact in enumerate(contacts, 1)]


def lasting(seconds: int = 40, *, postures: list[np.ndarray] | None = None, **what: float) -> list[Contact]:
    return [Contact(posture_g=postures[second] if postures else None, pulse=True, **what) for second in range(seconds)]


@pytest.mark.parametrize(
    ("contacts", "reason"),
    [
        (lasting(celsius=20.0, microsiemens=0.0, postures=STILL), Reason.OFF_BODY),  # a table
        (lasting(celsius=43.0, microsiemens=0.0, postures=STILL), Reason.OFF_BODY),  # a radiator
        (lasting(celsius=34.0, postures=STILL), Reason.OFF_BODY),  # as warm as skin, yet no wrist is so still
        (lasting(celsius=31.0, microsiemens=0.0, postures=RESTLESS), Reason.OFF_BODY),  # a pocket
        (lasting(celsius=32.0, microsiemens=0.02), Reason.OFF_BODY),  # what a bare E4 says
        (lasting(postures=STILL), Reason.OFF_BODY),
        (lasting(10, postures=STILL), Reason.WARMING_UP),  # too short a stillness to say
        (lasting(celsius=32.0, microsiemens=2.0, postures=STILL), Reason.GOOD),  # asleep
        (lasting(celsius=32.0, microsiemens=0.04, postures=RESTLESS), Reason.GOOD),  # dry electrodes
        (lasting(celsius=32.0), Reason.GOOD),
        (lasting(microsiemens=2.0), Reason.GOOD),
        (lasting(postures=RESTLESS), Reason.GOOD),
        (lasting(), Reason.UNSURE),
        ([Contact()], Reason.NO_SIGNAL),
    ],
)
def test_each_sensor_says_what_it_can_and_one_that_lacks_says_nothing(contacts: list[Contact], reason: Reason) -> None:
    assert decided(contacts)[-1].reason is reason


def test_the_more_sensors_agree_the_surer_it_is() -> None:
    surer = [lasting(microsiemens=2.0), lasting(microsiemens=2.0, celsius=32.0), lasting(microsiemens=2.0, celsius=32.0, postures=RESTLESS)]
    assert [decided(contacts)[-1].quality for contacts in surer] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert decided(lasting(celsius=20.0))[-1].quality == 0.0


def test_a_temperature_that_falls_as_in_air_is_a_band_taken_off_and_one_that_rises_again_is_put_on() -> None:
    fall = [Contact(celsius=33.0 - 0.3 * second) for second in range(20)]
    rise = [Contact(celsius=27.3 + 0.3 * second) for second in range(15)]
    made = decided([*lasting(60, celsius=33.0), *fall, *rise])
    assert [wear.reason for wear in made[:68]] == [Reason.GOOD] * 68
    assert [wear.reason for wear in made[70:80]] == [Reason.OFF_BODY] * 10
    assert made[-1].reason is Reason.GOOD


def test_levels_settle_for_a_minute_after_putting_on() -> None:
    made = decided([*lasting(10, celsius=32.0, microsiemens=0.0), *lasting(90, celsius=32.0, microsiemens=2.0)])
    assert [wear.settled for wear in made] == [False] * 69 + [True] * 31
    assert not any(wear.settled for wear in decided(lasting(90)))  # nobody knows whether it is worn


def test_skin_that_still_warms_under_the_band_is_not_settled() -> None:
    made = decided([Contact(celsius=28.0 + 0.03 * second) for second in range(100)])
    assert {wear.reason for wear in made} == {Reason.GOOD}
    assert made[20].settled
    assert not made[-1].settled


number = st.one_of(st.none(), st.floats(0, 45, allow_nan=False))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.builds(Contact, celsius=number, microsiemens=number), min_size=121, max_size=160))
def test_a_decision_depends_on_the_last_two_minutes_alone(contacts: list[Contact]) -> None:
    tracker, length = WearTracker(PhysioSettings(_env_file=None)), (DECISION_US + SETTLING_US) // SECOND_US
    late = [
        tracker.decided(START_US + second * SECOND_US, contacts[second - 1])
        for second in range(len(contacts) - length + 1, len(contacts) + 1)
    ]
    assert late[-1] == decided(contacts)[-1]


def test_a_beat_that_movement_explains_is_a_hearts_only_if_it_was_heard_without_it_within_the_minute() -> None:
    origin = PulseOrigin()
    for second in range(1, 100):
        origin.take(second * SECOND_US, explained=not 20 < second <= 30)
        expected = second > 20 and second < 88
        if second > 22:
            assert origin.is_heart(second * SECOND_US) == expected, second
    origin.forget()
    origin.take(100 * SECOND_US, explained=True)
    assert not origin.is_heart(100 * SECOND_US)


def bare(duration_s: float, *, celsius: float, steps: bool = False) -> list[Signal]:
    """A band on no skin, whose pulse sensor sees its own ringing, or the steps of who carries it."""
    rng = np.random.default_rng(5)
    movements = [Movement(0.0, duration_s, 110 / 60, 0.3)] if steps else []
    ppg, acceleration, eda, temperature = wristband(duration_s, seed=2, heart_rate_bpm=114.0, movements=movements)
    if steps:
        ppg.samples[:] = 4 * movements[0].at(np.arange(len(ppg.samples)) / 64.0 - 0.05) + rng.normal(0, 0.05, len(ppg.samples))
    eda.samples[:] = 0.0
    temperature.samples[:] = celsius
    return [ppg, acceleration, eda, temperature]


def spliced(*parts: list[Signal]) -> list[Signal]:
    """One band's signals after the other's."""
    return [Signal(each[0].kind, each[0].rate_hz, np.concatenate([one.samples for one in each])) for each in zip(*parts, strict=True)]


def told(events: Iterable[Event]) -> list[PhysioFeatures]:
    return [event for event in events if isinstance(event, PhysioFeatures)]


@pytest.mark.parametrize("lacking", [(), (SignalKind.TEMPERATURE,), (SignalKind.EDA,), (SignalKind.ACCELERATION,)])
@pytest.mark.parametrize("signals", [bare(150.0, celsius=20.0), bare(150.0, celsius=43.0)], ids=["table", "radiator"])
def test_a_band_that_lies_about_has_no_heart_and_teaches_none(signals: list[Signal], lacking: tuple[SignalKind, ...]) -> None:
    events = Played().play(arriving([signal for signal in signals if signal.kind not in lacking], 1.0))
    assert [each.heart_rate_bpm for each in told(events) if each.heart_rate_bpm is not None] == []
    assert {each.wear_reason for each in told(events)[10:150]} == {Reason.OFF_BODY}
    assert {each.heart_reason for each in told(events)[10:150]} == {Reason.OFF_BODY}
    assert [event for event in events if isinstance(event, BaselineMeasured)] == []


def test_the_steps_of_who_carries_a_band_are_no_heart() -> None:
    signals = [signal for signal in bare(120.0, celsius=31.0, steps=True) if signal.kind in (SignalKind.PPG, SignalKind.ACCELERATION)]
    events = Played().play(arriving(signals, 1.0))
    assert [each.heart_rate_bpm for each in told(events) if each.heart_rate_bpm is not None] == []
    assert {each.heart_reason for each in told(events)[30:118]} == {Reason.MOVING}
    assert [event for event in events if isinstance(event, BaselineMeasured)] == []


def test_a_pulse_alone_is_told_as_one_that_nobody_vouches_for_and_teaches_nothing() -> None:
    events = Played().play(arriving(wristband(120.0)[:1], 1.0))
    assert {each.wear_reason for each in told(events)[:119]} == {Reason.UNSURE}
    assert told(events)[60].heart_rate_bpm == pytest.approx(72.0, abs=2.0)
    assert [event for event in events if isinstance(event, BaselineMeasured)] == []


@pytest.fixture(scope="module")
def worn_for_a_while() -> list[Signal]:
    """On a table for 30 s, worn for 170, off for 40, carried for 40."""
    return spliced(bare(30.0, celsius=22.0), wristband(170.0), bare(40.0, celsius=25.0), bare(40.0, celsius=30.0, steps=True))


@pytest.fixture(scope="module")
def undisturbed(worn_for_a_while: list[Signal]) -> list[Event]:
    return Played().play(arriving(worn_for_a_while, 1.0))


def test_a_band_that_is_put_on_and_taken_off_is_told_of_while_it_is_worn(undisturbed: list[Event]) -> None:
    made = {(each.header.event_time_us - START_US) // SECOND_US: each for each in told(undisturbed)}
    assert all(made[second].heart_rate_bpm is None for second in [*range(1, 40), *range(203, 280)])
    rates = [made[second].heart_rate_bpm for second in range(45, 199)]
    assert rates == pytest.approx([72.0] * len(rates), abs=4.0)
    levels = {event.name: event for event in undisturbed if isinstance(event, BaselineMeasured)}
    assert levels["physio.resting_heart_rate"].values[0] == pytest.approx(72.0, abs=1.5)
    assert levels["physio.resting_tonic"].values[0] == pytest.approx(3.0, abs=0.05)
    for event in levels.values():  # from a minute after it was put on
        assert event.measured_from_us is not None
        assert START_US + 89 * SECOND_US <= event.measured_from_us < event.header.event_time_us - 39 * SECOND_US


@pytest.mark.parametrize("chunk_s", [0.25, 60.0])
def test_chunks_of_a_band_put_on_and_off_make_no_difference(
    worn_for_a_while: list[Signal], undisturbed: list[Event], chunk_s: float
) -> None:
    assert_told_the_same(Played().play(arriving(worn_for_a_while, chunk_s)), undisturbed)


@settings(max_examples=4, deadline=None)
@given(chunk_s=st.sampled_from([1.0, 60.0]), kills=st.sets(st.floats(0.0, 0.999), min_size=1, max_size=3))
def test_a_kill_makes_no_difference_to_what_is_told_of_a_band_put_on_and_off(
    worn_for_a_while: list[Signal], undisturbed: list[Event], chunk_s: float, kills: set[float]
) -> None:
    chunks = arriving(worn_for_a_while, chunk_s)
    assert_told_the_same(Played().play(chunks, kills=frozenset(int(kill * len(chunks)) for kill in kills)), undisturbed)


def assert_told_the_same(made: list[Event], expected: list[Event]) -> None:
    """The same rates, levels, reasons and resting levels, second by second."""
    assert sorted(map(_said, made)) == sorted(map(_said, expected))


def _said(event: Event) -> tuple[str, int, str]:
    if isinstance(event, BaselineMeasured):
        return event.name, event.header.event_time_us, f"{event.values.round(2)} {event.measured_from_us}"
    assert isinstance(event, PhysioFeatures)
    values = (event.heart_rate_bpm, event.heart_rate_error_bpm, event.rmssd_ms, event.tonic_microsiemens, event.tonic_change_microsiemens)
    reasons = (event.heart_reason, event.variability_reason, event.eda_reason, event.wear_reason, event.wear_quality)
    return "physio", event.header.event_time_us, f"{[None if value is None else round(value, 2) for value in values]} {reasons}"
