"""A session's physiology: every second told, a value where there is one to tell, the reason where there is none."""

import dataclasses

import numpy as np
import pytest

from affectloop.codec import decode, encode
from affectloop.events import END_OF_TIME_US, BaselineMeasured, PhysioFeatures, Reason, SignalKind
from affectloop.processor import SessionContext
from affectloop.synthetic.physiology import Movement, Response
from affectloop_physio.processor import HISTORY_US
from physio_recordings import START_US, Played, Signal, arriving, chest_strap, features, wristband

SECOND_US = 1_000_000


def at(made: list[PhysioFeatures], second: int) -> PhysioFeatures:
    """What the hop that closes after so many seconds says."""
    return next(each for each in made if each.header.event_time_us == START_US + second * SECOND_US)


def test_every_second_is_told_and_the_last_one_ends_the_stream() -> None:
    made = features(wristband(30.0))
    assert [each.header.event_time_us for each in made] == [START_US + second * SECOND_US for second in range(1, 32)]
    assert [each.header.sequence for each in made] == [each.header.event_time_us // SECOND_US for each in made]
    assert [each.header.ends_stream for each in made] == [False] * 30 + [True]


def test_what_is_told_passes_the_codec() -> None:
    made = features([*wristband(75.0, responses=[Response(30.0, 0.3)]), chest_strap(75.0)])
    assert all(isinstance(decode(PhysioFeatures, encode(each)), PhysioFeatures) for each in made)


def test_the_heart_rate_is_the_beats_own() -> None:
    made = features(wristband(60.0, heart_rate_bpm=lambda time_s: np.where(time_s < 30, 66.0, 90.0)))
    assert at(made, 4).heart_reason is Reason.WARMING_UP
    assert at(made, 25).heart_rate_bpm == pytest.approx(66.0, abs=1.5)
    assert at(made, 55).heart_rate_bpm == pytest.approx(90.0, abs=1.5)


def test_an_ecg_goes_before_a_pulse_and_the_pulse_steps_in() -> None:
    strap = chest_strap(40.0)
    torn = dataclasses.replace(strap, samples=np.where(np.arange(len(strap.samples)) < 20 * 130, strap.samples, 0.0))
    made = features([*wristband(40.0), torn])
    assert at(made, 15).heart_rate_source is SignalKind.ECG
    assert at(made, 35).heart_rate_source is SignalKind.PPG


def test_variability_comes_after_a_minute_and_is_the_beats_own() -> None:
    made = features([chest_strap(80.0)])
    assert at(made, 55).variability_reason is Reason.WARMING_UP
    assert at(made, 70).variability_reason is Reason.GOOD
    assert at(made, 70).rmssd_ms == pytest.approx(35.0, rel=0.2)  # 5 % arrhythmia at 0.25 Hz around 833 ms, and 4 ms of jitter
    assert at(made, 70).sdnn_ms == pytest.approx(28.0, rel=0.25)


def test_too_few_beats_give_no_variability() -> None:
    made = features(wristband(90.0, movements=[Movement(20.0, 40.0, 1.7, 0.6)]))
    assert at(made, 75).rmssd_ms is None
    assert at(made, 75).variability_reason is Reason.TOO_FEW_BEATS


def test_a_moving_wrist_keeps_its_rate_with_a_wider_error_or_says_why_not() -> None:
    made = features(wristband(80.0, movements=[Movement(40.0, 70.0, 1.7, 0.5)]))
    moving = [each for each in made if START_US + 43 * SECOND_US < each.header.event_time_us < START_US + 70 * SECOND_US]
    told = [each for each in moving if each.heart_rate_bpm is not None]
    assert len(told) > 15
    assert np.abs(np.array([each.heart_rate_bpm for each in told]) - 72.0).max() < 8.0
    assert min(each.heart_rate_error_bpm or 0.0 for each in told) > (at(made, 35).heart_rate_error_bpm or 9.0)
    assert all(each.heart_reason is Reason.MOVING for each in moving if each.heart_rate_bpm is None)


def test_responses_are_told_once_with_their_times_and_counted() -> None:
    put = [Response(30.0, 0.2), Response(50.0, 0.4), Response(58.0, 0.1)]
    made = features(wristband(90.0, responses=put))
    told = [response for each in made for response in each.responses]
    assert [(one.peak_time_us - START_US) / 1e6 for one in told] == pytest.approx([one.peak_s for one in put], abs=0.6)
    assert all(one.onset_time_us < one.peak_time_us for one in told)
    assert at(made, 80).responses_per_min == pytest.approx(3.0)
    assert at(made, 20).responses_per_min is None


def test_tonic_and_phasic_part_at_a_response() -> None:
    made = features(wristband(60.0, responses=[Response(40.0, 0.5)]))
    assert at(made, 38).phasic_microsiemens == pytest.approx(0.0, abs=0.01)
    assert at(made, 42).phasic_microsiemens == pytest.approx(0.5, abs=0.1)
    assert at(made, 42).tonic_microsiemens == pytest.approx(3.0, abs=0.02)


def test_resting_levels_are_learnt_in_the_first_minute_and_changes_told_after_it() -> None:
    played = Played().play(arriving(wristband(100.0, heart_rate_bpm=lambda time_s: np.where(time_s < 80, 66.0, 84.0)), 1.0))
    learnt = {event.name: event for event in played if isinstance(event, BaselineMeasured)}
    made = [event for event in played if isinstance(event, PhysioFeatures)]
    assert set(learnt) == {"physio.resting_heart_rate", "physio.resting_tonic"}
    assert learnt["physio.resting_heart_rate"].values[0] == pytest.approx(66.0, abs=1.0)
    assert learnt["physio.resting_tonic"].header.stream_id == "physio.baseline.resting_tonic"
    assert all(event.header.event_time_us <= START_US + 61 * SECOND_US for event in learnt.values())
    assert at(made, 40).heart_rate_change_bpm is None
    assert at(made, 98).heart_rate_change_bpm == pytest.approx(18.0, abs=2.0)
    assert at(made, 98).tonic_change_microsiemens == pytest.approx(0.0, abs=0.05)


def test_an_earlier_sessions_resting_level_counts_from_the_start_and_is_kept() -> None:
    first = Played().play(arriving([chest_strap(70.0)], 1.0))
    (stored,) = [event for event in first if isinstance(event, BaselineMeasured)]
    later = [dataclasses.replace(chest_strap(70.0, seed=2, heart_rate_bpm=90.0), start_us=START_US + 86_400 * SECOND_US)]
    context = SessionContext(session_id="s1", started_at_us=later[0].start_us, baselines={stored.name: stored})
    again = Played(context).play(arriving(later, 1.0))
    changes = [event.heart_rate_change_bpm for event in again if isinstance(event, PhysioFeatures) and event.heart_rate_bpm is not None]
    assert not [event for event in again if isinstance(event, BaselineMeasured)]
    assert changes == pytest.approx([18.0] * len(changes), abs=4.0)


def constant(kind: SignalKind, rate_hz: float, value: float, duration_s: float = 40.0) -> Signal:
    return Signal(kind, rate_hz, np.full(int(duration_s * rate_hz), value))


def noisy(kind: SignalKind, rate_hz: float, deviation: float, duration_s: float = 40.0) -> Signal:
    return Signal(kind, rate_hz, np.random.default_rng(7).normal(0, deviation, int(duration_s * rate_hz)))


@pytest.mark.parametrize(
    ("signal", "heart", "eda"),
    [
        (constant(SignalKind.ECG, 250.0, 0.2), Reason.OFF_BODY, Reason.NO_SIGNAL),
        (constant(SignalKind.PPG, 64.0, 0.0), Reason.OFF_BODY, Reason.NO_SIGNAL),
        (noisy(SignalKind.ECG, 250.0, 1.0), Reason.NOISY, Reason.NO_SIGNAL),
        (noisy(SignalKind.PPG, 64.0, 1.0), Reason.NOISY, Reason.NO_SIGNAL),
        (noisy(SignalKind.ECG, 10.0, 1.0), Reason.NOISY, Reason.NO_SIGNAL),
        (constant(SignalKind.EDA, 4.0, 0.3), Reason.NO_SIGNAL, Reason.OFF_BODY),
        (constant(SignalKind.EDA, 4.0, 0.02), Reason.NO_SIGNAL, Reason.OFF_BODY),
        (constant(SignalKind.EDA, 4.0, 5e5), Reason.NO_SIGNAL, Reason.OFF_BODY),
        (noisy(SignalKind.EDA, 4.0, 1.0), Reason.NO_SIGNAL, Reason.OFF_BODY),
        (noisy(SignalKind.ACCELERATION, 32.0, 1e5), Reason.NO_SIGNAL, Reason.NO_SIGNAL),
        (constant(SignalKind.TEMPERATURE, 4.0, 1e4), Reason.NO_SIGNAL, Reason.NO_SIGNAL),
        (Signal(SignalKind.PPG, 64.0, np.arange(3.0)), Reason.WARMING_UP, Reason.NO_SIGNAL),
    ],
)
def test_what_is_no_signal_of_a_body_gives_no_value_and_the_reason(signal: Signal, heart: Reason, eda: Reason) -> None:
    made = features([signal])
    last = made[min(len(made) - 1, 35)] if len(made) > 3 else made[0]
    assert (last.heart_reason, last.eda_reason) == (heart, eda)
    assert (last.heart_rate_bpm, last.tonic_microsiemens, last.rmssd_ms, last.responses_per_min) == (None, None, None, None)
    assert [each for each in made if each.responses] == []
    assert last.heart_quality < 0.4
    assert last.eda_quality == 0.0


def test_a_room_cold_sensor_is_off_the_body() -> None:
    signals = [signal for signal in wristband(30.0) if signal.kind is SignalKind.EDA]
    made = features([*signals, constant(SignalKind.TEMPERATURE, 4.0, 21.0, 30.0)])
    assert at(made, 25).eda_reason is Reason.OFF_BODY


def test_a_contact_lost_is_no_response() -> None:
    (eda,) = [signal for signal in wristband(60.0) if signal.kind is SignalKind.EDA]
    eda.samples[120:128] -= 2.0
    made = features([eda])
    assert [each for each in made if each.responses] == []
    assert at(made, 32).eda_reason is Reason.NOISY
    assert at(made, 45).eda_reason is Reason.GOOD


def put_on(duration_s: float = 60.0, at_s: float = 0.0) -> Signal:
    """A band that is put on: air, then a rise from 0 to 3.4 uS within 2 s."""
    (eda,) = [signal for signal in wristband(duration_s) if signal.kind is SignalKind.EDA]
    first = int(at_s * 4)
    eda.samples[: first + 1] = np.random.default_rng(3).uniform(0.0, 0.002, first + 1)
    eda.samples[first + 1 : first + 9] = [0.83, 1.18, 1.61, 2.09, 2.58, 2.85, 2.95, 2.98]
    return eda


@pytest.mark.parametrize("at_s", [0.0, 30.0])
def test_putting_the_band_on_is_neither_tonic_nor_a_response(at_s: float) -> None:
    made = features([put_on(at_s=at_s)])
    told = [each for each in made if each.tonic_microsiemens is not None]
    assert at(made, int(at_s) + 4).eda_reason is Reason.WARMING_UP
    assert [each for each in told if each.header.event_time_us < START_US + (at_s + 8) * SECOND_US] == []
    assert at(made, int(at_s) + 11).eda_reason is Reason.GOOD
    assert [each.tonic_microsiemens for each in told] == pytest.approx([3.0] * len(told), abs=0.05)
    assert [each.phasic_microsiemens for each in told] == pytest.approx([0.0] * len(told), abs=0.05)
    assert [each for each in made if each.responses] == []


def test_a_lost_contact_does_not_pull_the_tonic_level_down() -> None:
    (eda,) = [signal for signal in wristband(60.0) if signal.kind is SignalKind.EDA]
    eda.samples[120:128] -= 2.0
    told = [each.tonic_microsiemens for each in features([eda]) if each.tonic_microsiemens is not None]
    assert told == pytest.approx([3.0] * len(told), abs=0.05)


def swinging(bpm: float, size: float, from_s: float, until_s: float, duration_s: float = 60.0) -> list[Signal]:
    """A wristband at 80 bpm whose PPG drowns for a while in a swing that its acceleration does not show."""
    ppg, *rest = wristband(duration_s, heart_rate_bpm=80.0)
    time_s = np.arange(len(ppg.samples)) / 64.0
    swing = size * ppg.samples.std() * np.sin(2 * np.pi * bpm / 60 * time_s)
    ppg.samples[:] += np.where((time_s >= from_s) & (time_s < until_s), swing, 0.0)
    return [ppg, *rest]


@pytest.mark.parametrize(("bpm", "size"), [(43.0, 3.0), (55.0, 3.0)])
def test_a_rate_that_recent_pulses_deny_is_not_told(bpm: float, size: float) -> None:
    made = features(swinging(bpm, size, 20.0, 32.0))
    told = [each.heart_rate_bpm for each in made if each.heart_rate_bpm is not None]
    assert len(told) > 25
    assert told == pytest.approx([80.0] * len(told), abs=10.0)
    assert at(made, 31).heart_rate_bpm is None
    assert at(made, 31).heart_reason is Reason.NOISY


def test_a_rate_that_nothing_vouches_for_must_last() -> None:
    made = features(swinging(43.0, 3.0, 0.0, 9.0))
    told = [each.heart_rate_bpm for each in made if each.heart_rate_bpm is not None]
    assert told == pytest.approx([80.0] * len(told), abs=10.0)


def test_a_stream_that_starts_late_and_ends_early_is_told_of_while_it_is_there() -> None:
    strap = dataclasses.replace(chest_strap(20.0), start_us=START_US + 15 * SECOND_US)
    made = features([*[signal for signal in wristband(60.0) if signal.kind is SignalKind.EDA], strap])
    assert at(made, 10).heart_reason is Reason.NO_SIGNAL
    assert at(made, 30).heart_reason is Reason.GOOD
    assert at(made, 50).heart_reason is Reason.NO_SIGNAL
    assert at(made, 50).eda_reason is Reason.GOOD


def test_a_gap_is_warmed_up_from_and_a_lost_packet_is_not_felt() -> None:
    chunks = arriving([chest_strap(60.0)], 0.1)
    lost = [chunk for number, chunk in enumerate(chunks) if number != 205 and not 300 <= number < 330]
    made = [event for event in Played().play(lost) if isinstance(event, PhysioFeatures)]
    assert at(made, 22).heart_rate_bpm == pytest.approx(72.0, abs=3.0)
    assert at(made, 35).heart_reason is Reason.WARMING_UP
    assert at(made, 45).heart_rate_bpm == pytest.approx(72.0, abs=3.0)


@pytest.mark.parametrize("claimed_hz", [0.01, 2.0, 40.0, 100.0, 200.0, 10_000.0])
def test_a_wrong_rate_never_gives_a_wrong_heart_rate(claimed_hz: float) -> None:
    chunks = [dataclasses.replace(chunk, sample_rate_hz=claimed_hz) for chunk in arriving([chest_strap(40.0)], 1.0)]
    made = [event for event in Played().play(chunks) if isinstance(event, PhysioFeatures)]
    told = [each.heart_rate_bpm for each in made if each.heart_rate_bpm is not None]
    assert told == pytest.approx([72.0] * len(told), abs=4.0)


def test_of_two_of_a_kind_the_one_that_speaks_is_heard() -> None:
    ppg, *rest = wristband(40.0)
    made = features([dataclasses.replace(ppg, samples=ppg.samples[: 20 * 64]), *rest, dataclasses.replace(ppg, stream_id="another")])
    assert at(made, 15).heart_rate_bpm == pytest.approx(72.0, abs=3.0)
    assert at(made, 35).heart_rate_bpm == pytest.approx(72.0, abs=3.0)


def test_a_stream_may_change_its_channels_and_its_kind() -> None:
    ppg = wristband(40.0)[0]
    twice = dataclasses.replace(ppg, samples=np.stack([ppg.samples, -0.5 * ppg.samples], axis=1))
    chunks, wider = arriving([ppg], 1.0), arriving([twice], 1.0)
    mixed = chunks[:10] + wider[10:25] + [dataclasses.replace(chunk, kind=SignalKind.EDA) for chunk in chunks[25:]]
    made = [event for event in Played().play(mixed) if isinstance(event, PhysioFeatures)]
    assert len(made) == 41
    assert at(made, 22).heart_reason is Reason.GOOD
    assert at(made, 36).heart_reason is Reason.NO_SIGNAL


def test_history_is_bounded() -> None:
    played = Played()
    played.play([chunk for chunk in arriving(wristband(120.0), 1.0) if chunk.header.complete_until_us != END_OF_TIME_US])
    assert START_US + 119 * SECOND_US - played.processor.needs_from_us <= HISTORY_US + 2 * SECOND_US
