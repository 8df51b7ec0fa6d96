"""The figures of a report, against sessions whose figures are known."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.stats import binomtest

from affectloop.events import Event, Reason, SignalChunk, SignalKind
from affectloop.report import summarise
from affectloop.report.figures import wilson
from unit.report.report_events import audio, directive, estimate, face, header, physio, trial


def session() -> list[Event]:
    found: list[Event] = [face(number, number / 10, Reason.TURNED_AWAY if 40 <= number < 60 else Reason.GOOD) for number in range(200)]
    found += [physio(at, rate=None if at < 3 else 70.0 + at, tonic=2.0, onsets=(5.2,) if at == 7 else ()) for at in range(1, 21)]
    found += [audio(number, 0.5 if number % 4 == 0 else 0.0) for number in range(1, 41)]
    found += [estimate(number, None if number < 10 else 0.4) for number in range(1, 41)]
    found += [trial(number, correct=number != 3) for number in range(1, 5)]
    found += [directive(number, level) for number, level in enumerate((5, 6, 7, 6, 6))]
    return found


def test_the_figures_are_those_of_the_events() -> None:
    found = summarise(session())
    assert found["duration_s"] == pytest.approx(20.0)
    assert found["heart_rate_mean_bpm"] == pytest.approx(70 + sum(range(3, 21)) / 18)
    assert (found["heart_rate_lowest_bpm"], found["heart_rate_highest_bpm"]) == (73.0, 90.0)
    assert found["heart_rate_given_ratio"] == pytest.approx(0.9)
    assert found["face_found_ratio"] == pytest.approx(0.9)
    assert found["face_rate_hz"] == pytest.approx(10.0)
    assert found["voice_share_ratio"] == pytest.approx(0.125)
    assert found["estimates_count"] == 40
    assert found["estimates_given_ratio"] == pytest.approx(31 / 40)
    assert found["arousal_mean"] == pytest.approx(0.4)
    assert (found["level_first"], found["level_last"], found["level_highest"]) == (5, 6, 7)
    assert found["models"] == ["fusion-v1"]


def test_responses_are_counted_over_the_time_in_which_the_skin_was_read() -> None:
    found = summarise([physio(at, tonic=None if at > 60 else 2.0, onsets=(5.0, 7.0) if at == 10 else ()) for at in range(1, 121)])
    assert found["eda_responses_count"] == 2
    assert found["eda_responses_per_min"] == pytest.approx(2.0)
    assert found["eda_given_ratio"] == pytest.approx(0.5)


def test_an_hour_in_which_nothing_was_measured_is_an_hour_though_it_has_one_record_a_minute() -> None:
    silence = [physio(at, rate=None, tonic=None) for at in range(240, 3840, 60)]
    found = summarise([*(physio(at, rate=70.0) for at in range(1, 201)), *silence])
    assert found["heart_rate_given_ratio"] == pytest.approx(200 / 3780, rel=0.01)


def test_a_response_that_two_hops_tell_is_one() -> None:
    assert summarise([physio(8, onsets=(5.2,)), physio(9, onsets=(5.2, 7.7))])["eda_responses_count"] == 2


def test_neither_order_nor_copies_change_a_figure() -> None:
    events = session()
    shuffled = events + events[:50]
    random.Random(3).shuffle(shuffled)
    one, other = summarise(events), summarise(shuffled)
    ignored = {"streams", "started_at_us"}
    assert {name: value for name, value in one.items() if name not in ignored} == {
        name: value for name, value in other.items() if name not in ignored
    }


def test_what_was_not_measured_has_no_figure() -> None:
    found = summarise([trial(1, correct=True)])
    for name in ("heart_rate_mean_bpm", "eda_responses_count", "face_found_ratio", "voice_share_ratio", "estimates_given_ratio"):
        assert found[name] is None


def test_a_session_of_nothing_has_figures_of_nothing() -> None:
    found = summarise([])
    assert found["duration_s"] == 0
    assert found["accuracy_ratio"] is None


def test_an_invalid_trial_is_counted_but_not_scored() -> None:
    found = summarise([trial(1, correct=True), trial(2, correct=False, valid=False)])
    assert (found["trials_count"], found["trials_valid_count"], found["accuracy_ratio"]) == (2, 1, 1.0)
    assert found["chance_ratio"] == pytest.approx(0.2)


def test_each_modality_says_how_long_it_was_recorded() -> None:
    found = summarise(session())
    assert found["face_duration_s"] == pytest.approx(20.0)
    assert found["voice_duration_s"] == pytest.approx(20.0)
    assert summarise([face(1, 0.1)])["wristband_duration_s"] == 0


def test_others_in_the_picture_are_no_frames_of_the_learner() -> None:
    found = summarise([face(1, 0.1), face(1, 0.1, Reason.NO_FACE, stream="face-2")])
    assert found["face_frames_count"] == 1
    assert found["face_found_ratio"] == 1.0


def test_each_stream_says_how_complete_it_is() -> None:
    streams = {stream["stream_id"]: stream for stream in summarise(session())["streams"]}
    assert streams["face"]["reasons_ratio"] == {"good": pytest.approx(0.9), "turned-away": pytest.approx(0.1)}
    assert streams["physio (heart)"]["reasons_ratio"]["off-body"] == pytest.approx(0.1)
    assert streams["physio (heart)"]["longest_gap_s"] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(("right", "count"), [(0, 10), (8, 10), (10, 10), (41, 56)])
def test_an_interval_is_wilsons(right: int, count: int) -> None:
    reference = binomtest(right, count).proportion_ci(method="wilson")
    assert wilson(right, count) == pytest.approx((reference.low, reference.high), abs=1e-6)


def test_without_trials_every_accuracy_is_possible() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_record_that_only_promises_is_not_counted() -> None:
    empty = SignalChunk(header=header("eda", 1, 1.0), kind=SignalKind.EDA, sample_rate_hz=4.0, samples=np.empty((0, 1), np.float32))
    assert summarise([empty])["streams"] == []
