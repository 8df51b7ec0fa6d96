"""Real recordings, where AFFECTLOOP_DATA names them; `affectloop evaluate physio` publishes the figures."""

from pathlib import Path

import numpy as np
import pytest

from affectloop.dsp.cardiac.beats import r_peaks
from affectloop.dsp.cardiac.pulse import pulses
from affectloop_learning.datasets.physiology import read_e4, read_e4_intervals, read_mitbih, read_pair, read_troika
from affectloop_learning.evaluation.scores import agreement
from affectloop_learning.replay.physio import beats_in_hops, wrist_readings


@pytest.mark.parametrize(("record", "least"), [("100", 0.995), ("105", 0.97), ("119", 0.995)])
def test_r_peaks_of_the_arrhythmia_records(data_folder: Path, record: str, least: float) -> None:
    ecg = read_mitbih(data_folder / "ecg_mitbih", record)
    five_minutes = ecg.millivolts[: int(300 * ecg.rate_hz)]
    found = beats_in_hops(five_minutes, ecg.rate_hz, r_peaks)
    assert agreement(ecg.beats_s[ecg.beats_s < 300], found, 0.15).f1 >= least


def test_ecg_and_pulse_of_one_person_beat_together(data_folder: Path) -> None:
    ecg, ppg = read_pair(data_folder / "physio_pair")
    hearts = r_peaks(ecg.millivolts, ecg.rate_hz).at / ecg.rate_hz
    upstrokes = pulses(ppg.millivolts, ppg.rate_hz).at / ppg.rate_hz
    assert agreement(ecg.beats_s, hearts, 0.05).f1 > 0.98
    assert np.median(np.diff(upstrokes)) == pytest.approx(np.median(np.diff(hearts)), abs=0.01)
    assert len(upstrokes) == pytest.approx(len(ppg.beats_s), abs=1)


def test_a_runners_wrist_is_followed(data_folder: Path) -> None:
    second = read_troika(data_folder / "ppg_troika" / "DATA_02_TYPE02.mat")
    readings = wrist_readings(second)
    told = ~np.isnan(readings)
    assert told.mean() > 0.6
    assert np.abs(readings - second.heart_rate_bpm)[told].mean() < 5.0


def test_a_wristbands_own_beats_give_the_same_rate(data_folder: Path) -> None:
    folder = data_folder / "e4_stress_predict" / "Raw_data" / "S05"
    wrist, intervals = read_e4(folder).wrist, read_e4_intervals(folder)
    errors = []
    for end in range(100, 400, 10):
        within = intervals[(intervals[:, 0] > end - 10) & (intervals[:, 0] < end), 1]
        found = pulses(wrist.pulse[(end - 10) * 64 : end * 64, 0], 64.0)
        if within.sum() > 7 and found.quality > 0.6:
            errors.append(abs(60 * 64 / np.mean(np.diff(found.at)) - 60 / within.mean()))
    assert len(errors) > 5
    assert np.median(errors) < 1.0
