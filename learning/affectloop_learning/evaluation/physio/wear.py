"""Whether the band is worn: what is told and learnt of bands that are not, and what the decision costs on those that are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from affectloop.dsp.filters import FloatArray
from affectloop.events import BaselineMeasured, Event, PhysioFeatures, Reason, SignalKind
from affectloop_learning.datasets.physiology import E4, Wrist
from affectloop_learning.evaluation.physio.off_body import RATES_HZ, Case, cases
from affectloop_learning.evaluation.physio.wrists import LEAST_NEIGHBOURS, WRONG_BPM, interval_rate
from affectloop_learning.markdown import Table
from affectloop_learning.progress import counted
from affectloop_learning.replay.physio import START_US, Signals, band_signals, by_second, served

SLOW = (SignalKind.EDA, SignalKind.TEMPERATURE)
LACKING: dict[str, tuple[SignalKind, ...]] = {
    "all four sensors": (),
    "no temperature": (SignalKind.TEMPERATURE,),
    "no conductance": (SignalKind.EDA,),
    "no acceleration": (SignalKind.ACCELERATION,),
    "pulse and acceleration": SLOW,
    "pulse alone": (*SLOW, SignalKind.ACCELERATION),
}
CHOSEN_ON = 10  # the first sessions: limits of wear.py were chosen on them, the others score
BARE_MICROSIEMENS, TAIL_S = 0.05, 240  # conductance that stays lower to the end: the band was off; seconds before the end to look at
CARRIED_LAG = 6  # samples by which a loose band's pulse follows its acceleration
CARRIED_NOISE_G = 0.02
RESTING = "physio.resting_heart_rate"


def synthetic_table() -> Table:
    """Seconds off the body in which a heart rate is told, by what sensors the band has."""
    table: Table = [("synthetic case", *LACKING, "heart told while worn", "resting heart learnt")]
    for case in counted(cases(), "synthetic bands"):
        made = [served(_without(case, lacking)) for lacking in LACKING.values()]
        told = [_told_off(case, by_second(events)) for events in made]
        table.append((case.name, *told, _told_worn(case, by_second(made[0])), _resting(made[0])))
    return table


def _without(case: Case, lacking: Sequence[SignalKind]) -> Signals:
    return [(kind, samples, RATES_HZ[kind]) for kind, samples in case.signals.items() if kind not in lacking]


def _told_off(case: Case, made: dict[float, PhysioFeatures]) -> str:
    rates = [made[at].heart_rate_bpm for at in case.off_seconds()]
    told = [rate for rate in rates if rate is not None]
    return f"{len(told) / len(rates):.0%} ({min(told):.0f}-{max(told):.0f} bpm)" if told else "0%"


def _told_worn(case: Case, made: dict[float, PhysioFeatures]) -> str:
    seconds = case.heart_seconds()
    return f"{np.mean([made[at].heart_rate_bpm is not None for at in seconds]):.0%}" if len(seconds) else "-"


def _resting(made: Sequence[Event]) -> str:
    level = _level(made)
    return "none" if level is None else f"{level.values[0]:.0f} bpm, from {_second(level.measured_from_us):.0f} s"


def _level(made: Sequence[Event]) -> BaselineMeasured | None:
    return next((event for event in made if isinstance(event, BaselineMeasured) and event.name == RESTING), None)


def _second(time_us: int | None) -> float:
    return np.nan if time_us is None else (time_us - START_US) / 1e6


def carried_table(runners: Sequence[Wrist]) -> Table:
    """Real steps as a loose band shows them: the acceleration of runners as their pulse, too."""
    table: Table = [("band", "seconds", "with a heart rate", "resting hearts learnt")]
    slow: dict[str, Signals] = {"pulse and acceleration": (), "and conductance, in air": ((SignalKind.EDA, np.zeros(4 * 600), 4.0),)}
    for name, more in slow.items():
        made = [served([*carried(wrist), *more]) for wrist in counted(runners, f"runners' steps, {name}")]
        events = [
            event
            for each, wrist in zip(made, runners, strict=True)
            for at, event in by_second(each).items()
            if at <= len(wrist.acceleration_g) / wrist.acceleration_rate_hz
        ]
        told = np.mean([event.heart_rate_bpm is not None for event in events])
        table.append((name, str(len(events)), f"{told:.1%}", str(sum(_level(each) is not None for each in made))))
    return table


def carried(wrist: Wrist) -> list[tuple[SignalKind, FloatArray, float]]:
    """A band that is carried by who moves like that."""
    swing = np.roll(wrist.acceleration_g @ np.array([0.7, 0.5, 0.5]), CARRIED_LAG)
    pulse = swing - swing.mean() + np.random.default_rng(0).normal(0, CARRIED_NOISE_G, len(swing))
    return [
        (SignalKind.PPG, pulse, wrist.acceleration_rate_hz),
        (SignalKind.ACCELERATION, wrist.acceleration_g, wrist.acceleration_rate_hz),
    ]


def worn_table(served_sessions: Sequence[list[Event]], lacking: Sequence[list[Event]], intervals: Sequence[FloatArray]) -> Table:
    """What the decision costs on wrists: seconds in which the device itself found a heart, and ours held that none wears it."""
    table: Table = [
        ("sessions", "seconds with a reference", "of them held not worn", "the same, pulse and acceleration", "heart told",
         "the same, pulse and acceleration", "resting hearts learnt", f"off by > {WRONG_BPM} bpm", "learnt from, median")
    ]  # fmt: skip
    for name, part in (("chosen on", slice(0, CHOSEN_ON)), ("**scored on**", slice(CHOSEN_ON, None))):
        whole, less, beats = served_sessions[part], lacking[part], intervals[part]
        if whole:
            costs = [_cost(each, beats) for each in (whole, less)]
            learnt = [(level, own) for events, own in zip(whole, beats, strict=True) if (level := _level(events)) is not None]
            errors = np.array([float(level.values[0]) - _during(level, own) for level, own in learnt])
            known = errors[~np.isnan(errors)]
            table.append(
                (f"{name} ({len(whole)})", str(costs[0][0]), *(f"{refused:.2%}" for _, refused, _ in costs),
                 *(f"{told:.1%}" for _, _, told in costs), str(len(learnt)), f"{(np.abs(known) > WRONG_BPM).sum()} of {len(known)}",
                 f"{np.median([_second(level.measured_from_us) for level, _ in learnt]):.0f} s")
            )  # fmt: skip
    return table


def _cost(sessions: Sequence[list[Event]], intervals: Sequence[FloatArray]) -> tuple[int, float, float]:
    """Seconds with a reference; the share of them held not worn; the share of all seconds with a heart rate."""
    refused, told = [], []
    for events, beats in zip(sessions, intervals, strict=True):
        for at, event in by_second(events).items():
            told.append(event.heart_rate_bpm is not None)
            if not np.isnan(interval_rate(beats, at)):
                refused.append(event.wear_reason in (Reason.OFF_BODY, Reason.WARMING_UP))
    return len(refused), float(np.mean(refused)), float(np.mean(told))


def _during(level: BaselineMeasured, beats: FloatArray) -> float:
    """The median rate of the device's own intervals while a level was measured; NaN where these are few."""
    since, until = _second(level.measured_from_us), _second(level.header.event_time_us)
    within = beats[(beats[:, 0] > since) & (beats[:, 0] <= until), 1]
    return 60 / float(np.median(within)) if len(within) >= LEAST_NEIGHBOURS else np.nan


def taken_off_table(sessions: Sequence[E4]) -> Table:
    """Real ends: seconds after the conductance fell for good, before the recording stopped."""
    table: Table = [("session", "seconds off the body", "with a heart rate", "with a tonic level", "held off the body, of them")]
    for number, session in enumerate(sessions):
        end_s = int(min(len(session.conductance_microsiemens), len(session.temperature_celsius)) / 4)
        bare = np.flatnonzero(session.conductance_microsiemens[: end_s * 4] >= BARE_MICROSIEMENS)
        off_s = end_s - (int(bare[-1]) // 4 + 1) if len(bare) else 0
        if off_s > 1:
            made = by_second(served(_last(session, end_s)))
            events = [event for at, event in made.items() if TAIL_S - off_s + 1 < at <= TAIL_S]
            held = sum(event.wear_reason is Reason.OFF_BODY for event in events)
            part = "chosen on" if number < CHOSEN_ON else "scored on"
            table.append(
                (f"{session.wrist.name} ({part})", str(len(events)), str(sum(event.heart_rate_bpm is not None for event in events)),
                 str(sum(event.tonic_microsiemens is not None for event in events)), str(held))
            )  # fmt: skip
    return table


def _last(session: E4, end_s: int) -> Signals:
    """The last minutes of a session."""
    return [(kind, samples[round((end_s - TAIL_S) * hz) : round(end_s * hz)], hz) for kind, samples, hz in band_signals(session)]
