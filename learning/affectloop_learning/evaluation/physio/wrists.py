"""Heart rates of moving and of resting wrists, and whether the error that is told is the error there is."""

from __future__ import annotations

import numpy as np

from affectloop.dsp.cardiac.pulse_rate import FASTEST_BPM, SLOWEST_BPM, amplitude_by_bpm
from affectloop.dsp.filters import FloatArray
from affectloop.events import PhysioFeatures
from affectloop_learning.datasets.physiology import E4, Wrist
from affectloop_learning.evaluation.physio.neurokit import neurokit
from affectloop_learning.markdown import Table

E4_SECONDS = 1800  # of each session: half an hour
LEAST_INTERVALS_S = 7.0  # of the device's own intervals within 10 s, for a reference rate
NEIGHBOURHOOD_S, LEAST_NEIGHBOURS = 60.0, 12  # around a window, and the device's own intervals there, for a rough one
WRONG_BPM, ROUGHLY_WRONG_BPM = 10, 20  # a heart seldom departs by 20 bpm from its minute
HR_CSV_DELAY_S = 30.0  # HR.csv follows the beats late: on S05, S08 and S12 it differs least after 25 to 45 s

Made = dict[float, PhysioFeatures]  # what the service tells, by seconds since the start


def shortened(session: E4) -> E4:
    """The first half hour of a session."""
    wrist = session.wrist
    until = wrist.rate_at_s <= E4_SECONDS
    return E4(
        Wrist(
            wrist.name,
            wrist.pulse[: int(E4_SECONDS * wrist.pulse_rate_hz)],
            wrist.pulse_rate_hz,
            wrist.acceleration_g[: int(E4_SECONDS * wrist.acceleration_rate_hz)],
            wrist.acceleration_rate_hz,
            wrist.heart_rate_bpm[until],
            wrist.rate_at_s[until],
        ),
        session.conductance_microsiemens[: int(E4_SECONDS * 4)],
        session.temperature_celsius[: int(E4_SECONDS * 4)],
    )


def running_table(running: list[tuple[Wrist, Made]]) -> Table:
    """Heart rate of runners: ours where told, spectral peak and neurokit2's peaks on the same windows of 8 s."""
    table: Table = [
        ("recording", "windows", "told", "ours MAE bpm", "within 5 bpm", "off by > 10 bpm", "largest line MAE", "neurokit peaks MAE")
    ]
    everything = []
    for wrist, made in running:
        rows = np.array([(told_rate(made, end), truth, *simple_rates(wrist, end)) for truth, end in reference(wrist)])
        everything.append(rows)
        table.append(running_row(wrist.name, rows))
    return [*table, running_row("**all**", np.concatenate(everything))]


def reference(wrist: Wrist) -> list[tuple[float, float]]:
    """The reference's heart rates, each with the end of its window."""
    return list(zip(wrist.heart_rate_bpm.tolist(), wrist.rate_at_s.tolist(), strict=True))


def told_rate(made: Made, end_s: float) -> float:
    """What the service tells at a time; NaN for nothing."""
    event = made.get(float(round(end_s)))
    return np.nan if event is None or event.heart_rate_bpm is None else event.heart_rate_bpm


def simple_rates(wrist: Wrist, end_s: float) -> tuple[float, float]:
    """The spectrum's largest line, and the median interval of neurokit2's peaks, of the last 8 s."""
    rate_hz = wrist.pulse_rate_hz
    window = wrist.pulse[round((end_s - 8) * rate_hz) : round(end_s * rate_hz)]
    lines = amplitude_by_bpm(window, rate_hz).mean(axis=1)
    largest = SLOWEST_BPM + float(np.argmax(lines[SLOWEST_BPM : FASTEST_BPM + 1]))
    info = neurokit("ppg_findpeaks", neurokit("ppg_clean", window[:, 0], sampling_rate=int(rate_hz)), sampling_rate=int(rate_hz))
    peaks = np.asarray(info["PPG_Peaks"], float) if info else np.empty(0)
    return largest, 60 * rate_hz / float(np.median(np.diff(peaks))) if len(peaks) > 1 else np.nan


def running_row(name: str, rows: FloatArray) -> tuple[str, ...]:
    """Errors of ours (where told), of the largest line, of neurokit2."""
    ours, largest, theirs = (np.abs(rows[:, column] - rows[:, 1]) for column in (0, 2, 3))
    told = ~np.isnan(ours)
    mae = f"{np.nanmean(ours):.2f}" if told.any() else "-"
    close = f"{(ours[told] <= 5).mean():.0%}" if told.any() else "-"
    wrong = f"{(ours[told] > WRONG_BPM).mean():.2%}" if told.any() else "-"
    return (name, str(len(rows)), f"{told.mean():.0%}", mae, close, wrong, f"{largest.mean():.1f}", f"{np.nanmean(theirs):.1f}")


def desk_table(made: list[tuple[E4, Made]], intervals: list[FloatArray]) -> Table:
    """Heart rate of E4 sessions against the device's own intervals, and against its own heart rate."""
    table: Table = [("session", "told", "told, of referenced", "MAE to IBI.csv", "95 % within", "off by > 10 bpm",
                     "off by > 20 bpm from its minute", "median / of HR.csv", "MAE to HR.csv")]  # fmt: skip
    everything = []
    for (session, events), beats in zip(made, intervals, strict=True):
        rows = np.array(
            [
                (told_rate(events, end), interval_rate(beats, end), late_rate(session.wrist, end), rough_rate(beats, end))
                for end in range(6, E4_SECONDS, 2)
            ]
        )
        everything.append(rows)
        table.append(desk_row(session.wrist.name, rows))
    return [*table, desk_row("**all**", np.concatenate(everything))]


def interval_rate(beats: FloatArray, end_s: float) -> float:
    """The mean rate of the device's own intervals of the last 10 s; NaN where they cover too little."""
    within = beats[(beats[:, 0] > end_s - 10) & (beats[:, 0] <= end_s), 1]
    return 60 / float(within.mean()) if within.sum() >= LEAST_INTERVALS_S else np.nan


def rough_rate(beats: FloatArray, end_s: float) -> float:
    """The median rate of the device's own intervals of the minute around a window of 10 s; NaN where these are few."""
    within = beats[np.abs(beats[:, 0] - (end_s - 5)) <= NEIGHBOURHOOD_S / 2, 1]
    return 60 / float(np.median(within)) if len(within) >= LEAST_NEIGHBOURS else np.nan


def late_rate(wrist: Wrist, end_s: float) -> float:
    """The device's own heart rate, which follows late."""
    return float(np.interp(end_s + HR_CSV_DELAY_S, wrist.rate_at_s, wrist.heart_rate_bpm))


def desk_row(name: str, rows: FloatArray) -> tuple[str, ...]:
    """Errors where both are there."""
    told, known = ~np.isnan(rows[:, 0]), ~np.isnan(rows[:, 1])
    errors = np.abs(rows[:, 0] - rows[:, 1])[told & known]
    within = f"{np.percentile(errors, 95):.1f} bpm" if len(errors) else "-"
    mae = f"{errors.mean():.2f} bpm" if len(errors) else "-"
    covered = f"{told[known].mean():.0%}" if known.any() else "-"
    own = f"{np.median(rows[told, 0]):.0f} / {np.median(rows[:, 2]):.0f} bpm"
    wrong = (share_off(rows[:, 0] - rows[:, 1], WRONG_BPM), share_off(rows[:, 0] - rows[:, 3], ROUGHLY_WRONG_BPM))
    return (name, f"{told.mean():.0%}", covered, mae, within, *wrong, own, f"{np.abs(rows[:, 0] - rows[:, 2])[told].mean():.1f} bpm")


def share_off(errors: FloatArray, bpm: float) -> str:
    """Of the errors that are known, the share beyond a bound, and of how many."""
    known = np.abs(errors[~np.isnan(errors)])
    return f"{(known > bpm).mean():.2%} of {len(known)}" if len(known) else "-"


def error_table(
    running: list[tuple[Wrist, Made]],
    made: list[tuple[E4, Made]],
    intervals: list[FloatArray],
) -> Table:
    """How the told standard error compares with the error."""
    moving = [(events.get(end), truth) for wrist, events in running for truth, end in reference(wrist)]
    at_desk = [
        (events.get(float(end)), interval_rate(beats, end))
        for (_, events), beats in zip(made, intervals, strict=True)
        for end in range(12, E4_SECONDS, 2)
    ]
    table: Table = [("set", "told", "mean told error bpm", "root mean square error bpm", "within 1 error", "within 2 errors")]
    for name, pairs in (("runners (TROIKA)", moving), ("at a desk (E4 against IBI.csv)", at_desk)):
        rows = np.array(
            [
                (event.heart_rate_bpm - truth, event.heart_rate_error_bpm)
                for event, truth in pairs
                if event is not None and event.heart_rate_bpm is not None and event.heart_rate_error_bpm is not None and not np.isnan(truth)
            ]
        )
        share = [f"{(np.abs(rows[:, 0]) <= times * rows[:, 1]).mean():.0%}" for times in (1, 2)]
        table.append((name, str(len(rows)), f"{rows[:, 1].mean():.2f}", f"{np.sqrt((rows[:, 0] ** 2).mean()):.2f}", *share))
    return table
