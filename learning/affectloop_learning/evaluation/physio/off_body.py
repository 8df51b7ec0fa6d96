"""Bands that nobody wears, or not all the time: synthetic signals of known truth, called so wherever they are told of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affectloop.dsp.filters import FloatArray, Spectrum
from affectloop.events import SignalKind
from affectloop.synthetic import physiology
from affectloop.synthetic.physiology import Movement

DURATION_S = 480.0
PULSE_HZ, ACCELERATION_HZ, SLOW_HZ = 64.0, 32.0, 4.0
STEPS = Movement(0.0, DURATION_S, 110 / 60, 0.3)
HEART_BPM = 74.0
NOISE_BAND_HZ = (1.88, 1.94)  # a sensor that sees nothing turns up its gain until its own filter rings
COOLING_S = 60.0  # time constant of a bare sensor

Signals = dict[SignalKind, FloatArray]
RATES_HZ = {
    SignalKind.PPG: PULSE_HZ,
    SignalKind.ACCELERATION: ACCELERATION_HZ,
    SignalKind.EDA: SLOW_HZ,
    SignalKind.TEMPERATURE: SLOW_HZ,
}


@dataclass(frozen=True)
class Case:
    """What a band's four sensors say, and from when to when (s) it is worn; never, where both are the same."""

    name: str
    signals: Signals
    worn_from_s: float = 0.0
    worn_until_s: float = 0.0

    def heart_seconds(self) -> FloatArray:
        """The closing times, in seconds, at which a rate of the last 10 s could be told: all that it looks at is worn."""
        return np.arange(self.worn_from_s + 10, self.worn_until_s + 1)

    def off_seconds(self) -> FloatArray:
        """The closing times at which the band is not worn."""
        closings = np.arange(1.0, DURATION_S + 1)
        return closings[(closings <= self.worn_from_s) | (closings > self.worn_until_s)]


def cases(seed: int = 0) -> list[Case]:
    """The synthetic cases, eight minutes each."""
    rng = np.random.default_rng(seed)
    never = {
        "on a table, 20 degrees": _band(rng, celsius=20.0),
        "on a table, 29 degrees": _band(rng, celsius=29.0),
        "on a warm radiator, 43 degrees": _band(rng, celsius=43.0),
        "on a warm radiator, 34 degrees": _band(rng, celsius=34.0),
        "in a pocket, seated and walking": _band(rng, celsius=31.0, movements=_pocket()),
        "carried in hand with steps": _band(rng, celsius=30.0, movements=[STEPS]),
        "carried by its electrodes with steps": {
            **_band(rng, celsius=30.0, movements=[STEPS]), SignalKind.EDA: physiology.conductance(DURATION_S, SLOW_HZ, rng)
        },
    }  # fmt: skip
    table, worn = _band(rng, celsius=22.0), _worn(rng)
    return [
        *(Case(name, signals) for name, signals in never.items()),
        Case("put on at minute 2", _joined(table, worn, 120.0), 120.0, DURATION_S),
        Case("taken off at minute 4", _joined(worn, table, 240.0), 0.0, 240.0),
    ]


def _pocket() -> list[Movement]:
    """Seated with a shift now and then, a walk of a minute in between."""
    shifts = [Movement(at, at + 2.0, 0.7, 0.15) for at in np.arange(10.0, DURATION_S, 25.0)]
    return [*shifts, Movement(200.0, 260.0, 110 / 60, 0.3)]


def _band(rng: np.random.Generator, *, celsius: float, movements: list[Movement] | None = None) -> Signals:
    """A band on no skin: no conductance, the temperature of what it lies on, in the pulse its own noise and what shakes it."""
    movements = movements or []
    time_s = physiology.sample_times(DURATION_S, PULSE_HZ)
    shaken = sum((4.0 * each.at(time_s - 0.05) for each in movements), np.zeros(len(time_s)))
    noise = Spectrum(rng.normal(size=len(time_s)), PULSE_HZ, 1.0).band(*NOISE_BAND_HZ)
    noise = noise / noise.std() * (0.15 if STEPS in movements else 1.0) + rng.normal(0, 0.05, len(time_s))
    slow = len(physiology.sample_times(DURATION_S, SLOW_HZ))
    return {
        SignalKind.PPG: shaken + noise,
        SignalKind.ACCELERATION: physiology.acceleration(DURATION_S, ACCELERATION_HZ, rng, movements=movements),
        SignalKind.EDA: np.zeros(slow),
        SignalKind.TEMPERATURE: np.round((celsius + rng.normal(0, 0.01, slow)) / 0.02) * 0.02,
    }


def _worn(rng: np.random.Generator) -> Signals:
    """A band on a wrist at a desk, that shifts every half minute."""
    beats = physiology.beat_times(DURATION_S, HEART_BPM, rng)
    shifts = [Movement(at, at + 1.5, 0.6, 0.05) for at in np.arange(15.0, DURATION_S, 30.0)]
    return {
        SignalKind.PPG: physiology.photoplethysmogram(beats, DURATION_S, PULSE_HZ, rng, movements=shifts),
        SignalKind.ACCELERATION: physiology.acceleration(DURATION_S, ACCELERATION_HZ, rng, movements=shifts),
        SignalKind.EDA: physiology.conductance(DURATION_S, SLOW_HZ, rng),
        SignalKind.TEMPERATURE: physiology.skin_temperature(DURATION_S, SLOW_HZ, rng),
    }


def _joined(first: Signals, then: Signals, at_s: float) -> Signals:
    """One band's signals up to a time, the other's after it; the temperature follows as a sensor does."""
    joined = {kind: np.concatenate((first[kind][: int(at_s * hz)], then[kind][int(at_s * hz) :])) for kind, hz in RATES_HZ.items()}
    celsius = joined[SignalKind.TEMPERATURE]
    begin = int(at_s * SLOW_HZ)
    since_s = np.arange(len(celsius) - begin) / SLOW_HZ
    gap = celsius[begin] - celsius[begin - 1]
    joined[SignalKind.TEMPERATURE] = np.concatenate((celsius[:begin], celsius[begin:] - gap * np.exp(-since_s / COOLING_S)))
    return joined
