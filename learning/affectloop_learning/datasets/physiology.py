"""Recordings of hearts, pulses and skin: MIT-BIH, TROIKA, Stress-Predict, and a pair of ECG and PPG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from affectloop_learning.datasets.folders import reading

FloatArray = NDArray[np.float64]

BEAT_CODES = (*range(1, 14), 25, 30, 34, 35, 38, 41)  # annotation codes of MIT-BIH that are beats
E4_SLOW_HZ = 4.0  # conductance and temperature
TROIKA_RATE_HZ = 125.0
TROIKA_WINDOW_S, TROIKA_STEP_S = 8.0, 2.0  # a heart rate every 2 s over 8 s


@dataclass(frozen=True)
class Ecg:
    """One lead and its annotated beats."""

    name: str
    millivolts: FloatArray  # (n,)
    rate_hz: float
    beats_s: FloatArray  # (beats,)


@dataclass(frozen=True)
class Wrist:
    """A wrist's pulse and acceleration, and the heart rate that a reference gives for windows ending at ``rate_at_s``."""

    name: str
    pulse: FloatArray  # (n, channels)
    pulse_rate_hz: float
    acceleration_g: FloatArray  # (m, 3)
    acceleration_rate_hz: float
    heart_rate_bpm: FloatArray  # (k,)
    rate_at_s: FloatArray  # (k,)


def read_mitbih(folder: Path, name: str) -> Ecg:
    """Lead 0 of a MIT-BIH record (format 212) and its beats."""
    with reading(folder / f"{name}.dat", "a record of MIT-BIH (format 212, its .hea and .atr beside it)"):
        return _mitbih(folder, name)


def _mitbih(folder: Path, name: str) -> Ecg:
    first, lead, *_ = (folder / f"{name}.hea").read_text().splitlines()
    rate_hz, count = float(first.split()[2]), int(first.split()[3])
    gain, zero = float(lead.split()[2]), int(lead.split()[4])
    packed = np.fromfile(folder / f"{name}.dat", np.uint8).reshape(-1, 3).astype(np.int32)[:count]
    lead0 = packed[:, 0] | ((packed[:, 1] & 0x0F) << 8)
    lead0 = np.where(lead0 > 2047, lead0 - 4096, lead0)
    beats = _mitbih_beats(np.fromfile(folder / f"{name}.atr", np.uint16))
    return Ecg(name, (lead0 - zero) / gain, rate_hz, beats / rate_hz)


def _mitbih_beats(words: NDArray[np.uint16]) -> FloatArray:
    """Samples of the annotations that are beats."""
    at, beats, index = 0, [], 0
    while index < len(words):
        code, step = int(words[index]) >> 10, int(words[index]) & 0x3FF
        index += 1
        if code == 59:  # SKIP: a long step follows, high word first
            at += (int(words[index]) << 16) + int(words[index + 1])
            index += 2
        elif code == 63:  # AUX: text of ``step`` bytes
            index += (step + 1) // 2
        elif code in (60, 61, 62):  # NUM, SUB, CHN: no step in time
            continue
        elif code == 0:
            break
        else:
            at += step
            if code in BEAT_CODES:
                beats.append(at)
    return np.array(beats, float)


def read_pair(folder: Path) -> tuple[Ecg, Ecg]:
    """Simultaneous ECG and PPG of one person, each with its annotated peaks (the PPG's in the same shape)."""
    return _iphys(folder, "ECG"), _iphys(folder, "PPG")


def _iphys(folder: Path, kind: str) -> Ecg:
    record = loadmat(folder / f"iphys_{kind}Data.mat")[kind][0, 0]
    rate_hz = float(record["fs"].ravel()[0])
    return Ecg(kind, record["data"].ravel().astype(float), rate_hz, (record["peaks"].ravel() - 1.0) / rate_hz)


def read_troika(path: Path) -> Wrist:
    """A training recording of SPC2015 (DATA_01_TYPE01.mat): two wrist pulses, acceleration, the heart rate of windows of 8 s."""
    with reading(path, "a recording of SPC2015 (its _BPMtrace.mat beside it)"):
        return _troika(path)


def _troika(path: Path) -> Wrist:
    signals = loadmat(path)["sig"].astype(float)[-5:]  # the first of six rows is the ECG
    rates = loadmat(path.with_name(path.stem + "_BPMtrace.mat"))["BPM0"].ravel().astype(float)
    ends = TROIKA_WINDOW_S + TROIKA_STEP_S * np.arange(len(rates), dtype=np.float64)
    return Wrist(path.stem, signals[:2].T, TROIKA_RATE_HZ, signals[2:].T, TROIKA_RATE_HZ, rates, ends)


@dataclass(frozen=True)
class E4:
    """One Empatica E4 session: the wrist, skin conductance and temperature at 4 Hz."""

    wrist: Wrist
    conductance_microsiemens: FloatArray
    temperature_celsius: FloatArray


def read_e4(folder: Path) -> E4:
    """A folder of E4 CSV files; the device's own heart rate is the reference (an average over 10 s)."""
    with reading(folder, "a session of an Empatica E4 (BVP, ACC, EDA, TEMP and HR.csv)"):
        return _e4(folder)


def _e4(folder: Path) -> E4:
    start, pulse_rate, pulse = _e4_csv(folder / "BVP.csv")
    _, acceleration_rate, acceleration = _e4_csv(folder / "ACC.csv")
    heart_start, _, heart = _e4_csv(folder / "HR.csv")
    at = heart_start - start + np.arange(len(heart), dtype=np.float64)
    wrist = Wrist(folder.name, pulse, pulse_rate, acceleration / 64.0, acceleration_rate, heart[:, 0], at)
    return E4(wrist, _e4_csv(folder / "EDA.csv")[2][:, 0], _e4_csv(folder / "TEMP.csv")[2][:, 0])


def read_e4_intervals(folder: Path) -> FloatArray:
    """The intervals between beats that an E4 itself trusts (IBI.csv): when each ended and how long it was, in seconds; (n, 2)."""
    with reading(folder / "IBI.csv", "intervals of an Empatica E4"):
        return np.loadtxt(folder / "IBI.csv", delimiter=",", skiprows=1, ndmin=2)


def _e4_csv(path: Path) -> tuple[float, float, FloatArray]:
    """Start (Unix seconds), rate, values (n, columns) of an E4 CSV file."""
    rows = np.loadtxt(path, delimiter=",", ndmin=2)
    return float(rows[0, 0]), float(rows[1, 0]), rows[2:]
