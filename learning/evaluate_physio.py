"""Score the physiology on real recordings, next to neurokit2 and simple baselines, and write docs/results/physio.md.

    python learning/evaluate_physio.py --data DIR

DIR holds ecg_mitbih/, ppg_troika/, e4_stress_predict/ (CONTRIBUTING.md says where they come from). Takes about five minutes.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import find_peaks

from affectloop.dsp import electrodermal
from affectloop.dsp.cardiac.beats import r_peaks
from affectloop.dsp.cardiac.pulse_rate import FASTEST_BPM, SLOWEST_BPM, amplitude_by_bpm
from affectloop.dsp.filters import FloatArray
from affectloop.events import PhysioFeatures, SignalKind
from physiology_datasets import E4, Wrist, mitbih_names, read_e4, read_mitbih, read_troika
from physiology_scores import (
    RESPONSE_TOLERANCE_S,
    Agreement,
    agreement,
    beats_in_hops,
    features,
    pooled,
    quiet_stretches,
    with_responses,
    wrist_features,
)

OUT = Path(__file__).parents[1] / "docs" / "results" / "physio.md"
SUBJECTS = tuple(f"S{number:02d}" for number in range(1, 21))
E4_SECONDS = 1800  # of each session: half an hour
LEAST_INTERVALS_S = 7.0  # of the device's own intervals within 10 s, for a reference rate
NEIGHBOURHOOD_S, LEAST_NEIGHBOURS = 60.0, 12  # around a window, and the device's own intervals there, for a rough one
WRONG_BPM, ROUGHLY_WRONG_BPM = 10, 20  # a heart seldom departs by 20 bpm from its minute
HR_CSV_DELAY_S = 30.0  # HR.csv follows the beats late: on S05, S08 and S12 it differs least after 25 to 45 s
NOISES_MICROSIEMENS = (0.002, 0.010)

Table = list[tuple[str, ...]]
Made = dict[float, PhysioFeatures]  # what the service tells, by seconds since the start


def main() -> int:
    """Print every table and write them down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the real recordings")
    parser.add_argument("--out", type=Path, default=OUT, help="the page to write")
    options = parser.parse_args()
    page: list[str] = []
    for part in sections(options.data):
        print(part, flush=True)
        page.append(part)
    options.out.write_text("\n".join(page))
    return 0


def sections(data: Path) -> Iterator[str]:
    """The page, part by part."""
    yield HEAD
    yield section(R_PEAKS, r_peak_table(data / "ecg_mitbih"))
    running = [(wrist, wrist_features(wrist)) for wrist in read_troika(data / "ppg_troika")]
    yield section(RUNNING, running_table(running))
    folder = data / "e4_stress_predict"
    sessions = [shortened(read_e4(folder / "Raw_data" / name)) for name in SUBJECTS]
    made = [(session, wrist_features(session.wrist)) for session in sessions]
    intervals = [np.loadtxt(folder / "Raw_data" / name / "IBI.csv", delimiter=",", skiprows=1) for name in SUBJECTS]
    yield section(AT_A_DESK, desk_table(made, intervals))
    yield section(ERRORS, error_table(running, made, intervals))
    yield section(RESPONSES, response_table(sessions))
    yield section(NOTHING, nothing_table())


def section(text: str, table: Table) -> str:
    """A part of the page: words, then a table."""
    head, *rows = ["| " + " | ".join(row) + " |" for row in table]
    return "\n".join([text.strip(), "", head, "|" + "---|" * len(table[0]), *rows, ""])


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


def neurokit(function: str, *arguments: Any, **named: Any) -> Any:
    """Call neurokit2, whose warnings are its own; ``None`` where it fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import neurokit2

        try:
            return getattr(neurokit2, function)(*arguments, **named)
        except (ValueError, IndexError, ZeroDivisionError):
            return None


# --- R peaks -----------------------------------------------------------------------------------------------------


def r_peak_table(folder: Path) -> Table:
    """Per record and pooled: ours as the service collects beats, neurokit2 over the whole record."""
    methods: dict[str, list[tuple[Agreement, Agreement]]] = {"ours": [], "neurokit": [], "pantompkins1985": []}
    table: Table = [("record", "beats", "F1 150 ms", "F1 50 ms", "jitter ms", "neurokit 150 / 50", "Pan-Tompkins 150 / 50")]
    for name in mitbih_names(folder):
        ecg = read_mitbih(folder, name)
        found = {"ours": beats_in_hops(ecg.millivolts, ecg.rate_hz, r_peaks)}
        for method in ("neurokit", "pantompkins1985"):
            clean = neurokit("ecg_clean", ecg.millivolts, sampling_rate=int(ecg.rate_hz), method=method)
            peaks = neurokit("ecg_peaks", clean, sampling_rate=int(ecg.rate_hz), method=method)
            found[method] = np.asarray(peaks[1]["ECG_R_Peaks"], float) / ecg.rate_hz
        for method, at in found.items():
            methods[method].append((agreement(ecg.beats_s, at, 0.15), agreement(ecg.beats_s, at, 0.05)))
        table.append(r_peak_row(name, [scores[-1] for scores in methods.values()]))
    both = [(pooled(wide for wide, _ in scores), pooled(narrow for _, narrow in scores)) for scores in methods.values()]
    return [*table, r_peak_row("**all**", both)]


def r_peak_row(name: str, scores: list[tuple[Agreement, Agreement]]) -> tuple[str, ...]:
    """One record's row: ours, then the others."""
    (wide, narrow), *others = scores
    beats = str(wide.matched + wide.missed)
    rest = (f"{a.f1:.4f} / {b.f1:.4f}" for a, b in others)
    return (name, beats, f"{wide.f1:.4f}", f"{narrow.f1:.4f}", f"{1e3 * narrow.errors.std():.1f}", *rest)


# --- wrists ------------------------------------------------------------------------------------------------------


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


# --- skin --------------------------------------------------------------------------------------------------------


def ours(level: FloatArray) -> FloatArray:
    """Peaks (s) of the responses that the service's rule finds in a minute."""
    smooth = electrodermal.smoothed(level)
    found = electrodermal.responses(smooth, electrodermal.noise(level), 0.03, 1, len(level) - 1)
    return np.array([one.peak for one in found]) / electrodermal.GRID_HZ


def rises(level: FloatArray) -> FloatArray:
    """Peaks that stand out by 0.03 uS, without smoothing."""
    return find_peaks(level, prominence=0.03)[0] / electrodermal.GRID_HZ


def theirs(level: FloatArray, floor: float) -> FloatArray:
    """Peaks of neurokit2's responses of at least ``floor`` uS."""
    made = neurokit("eda_process", level, sampling_rate=4)
    if made is None:
        return np.empty(0)
    return np.asarray(made[1]["SCR_Peaks"][made[1]["SCR_Amplitude"] >= floor], float) / electrodermal.GRID_HZ


SKIN_METHODS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "ours": ours,
    "prominence 0.03 uS, not smoothed": rises,
    "neurokit2 eda_process": lambda level: theirs(level, 0.0),
    "neurokit2, amplitude >= 0.03 uS": lambda level: theirs(level, 0.03),
}


def response_table(sessions: list[E4]) -> Table:
    """Responses put on real quiet minutes, and what is found where none was put."""
    stretches = [stretch for session in sessions for stretch in quiet_stretches(session.conductance_microsiemens)]
    table: Table = [("method", "noise nS", "minutes", "precision", "recall", "F1", "false a quiet minute")]
    for noise in NOISES_MICROSIEMENS:
        for name, method in SKIN_METHODS.items():
            rng = np.random.default_rng(0)
            scores, false = [], 0
            for stretch in stretches:
                false += len(method(stretch + rng.normal(0, noise, len(stretch))))
                level, truth = with_responses(stretch, rng)
                scores.append(agreement(truth, method(level + rng.normal(0, noise, len(level))), RESPONSE_TOLERANCE_S))
            score = pooled(scores)
            table.append(
                (name, f"{1e3 * noise:.0f}", str(len(stretches)), f"{score.precision:.3f}", f"{score.recall:.3f}", f"{score.f1:.3f}",
                 f"{false / len(stretches):.2f}")
            )  # fmt: skip
    return table


# --- nothing -----------------------------------------------------------------------------------------------------


def nothing_table() -> Table:
    """How often a value is told of what has none: 600 s each."""
    rng = np.random.default_rng(0)
    still = (SignalKind.ACCELERATION, np.tile([0.0, 0.0, 1.0], (600 * 32, 1)) + rng.normal(0, 0.005, (600 * 32, 3)), 32.0)
    inputs: dict[str, list[tuple[SignalKind, FloatArray, float]]] = {
        "white noise as ECG, 250 Hz": [(SignalKind.ECG, rng.normal(size=150_000), 250.0)],
        "random walk as ECG, 250 Hz": [(SignalKind.ECG, np.cumsum(rng.normal(size=150_000)), 250.0)],
        "50 Hz hum as ECG, 250 Hz": [(SignalKind.ECG, np.sin(2 * np.pi * 50 * np.arange(150_000) / 250), 250.0)],
        "white noise as PPG, 64 Hz": [(SignalKind.PPG, rng.normal(size=38_400), 64.0)],
        "random walk as PPG, 64 Hz": [(SignalKind.PPG, np.cumsum(rng.normal(size=38_400)), 64.0)],
        "white noise as PPG beside a still wrist": [(SignalKind.PPG, rng.normal(size=38_400), 64.0), still],
        "constant 0.3 uS as EDA": [(SignalKind.EDA, np.full(2400, 0.3), 4.0)],
        "3 uS and 2 nS of noise as EDA": [(SignalKind.EDA, 3 + rng.normal(0, 0.002, 2400), 4.0)],
    }
    table: Table = [("input", "seconds with a heart rate", "with variability", "with a tonic level", "responses")]
    for name, signals in inputs.items():
        made = features(signals)
        counts = [sum(getattr(each, field) is not None for each in made) for field in ("heart_rate_bpm", "rmssd_ms", "tonic_microsiemens")]
        table.append((name, *(f"{count / len(made):.1%}" for count in counts), str(sum(len(each.responses) for each in made))))
    return table


HEAD = """# Physiology: how right it is

Written by `python learning/evaluate_physio.py --data DIR`; do not edit. Real recordings unless a line says otherwise; none of them is
of the adolescents at their screens whom this is made for.
"""

R_PEAKS = """
## R peaks in an ECG

MIT-BIH Arrhythmia Database, the records of the 100 series that were at hand, lead 0, 30 minutes each, at 360 Hz. Ours is what the service
collects: every second the beats 2-3 s back in the window of the last 10 s. neurokit2 sees the whole record at once.
The 100 series is the easier half of the database: figures over all 48 records are lower for every detector.
"""

RUNNING = """
## Heart rate of a runner's wrist

IEEE Signal Processing Cup 2015 (TROIKA), 12 recordings, running: the worst case. A value is told where one rate is probable enough
(`least_wrist_certainty`). The mask's and the tracker's few constants were chosen on these recordings, so this is no held-out figure.
"""

AT_A_DESK = """
## Heart rate of a wrist at a desk

Stress-Predict, Empatica E4, the first half hour of 20 sessions; IBI.csv holds the intervals that
the device itself trusts (reference: at least 7 of 10 s covered), HR.csv its own heart rate, which follows tens of seconds late, also
through movement, and is no ground truth. Where the device trusts no run of beats there is no such reference, and there a wrist is hardest
to read: so what is told is held, roughly, against the median interval of the minute around it too (at least 12 intervals). Rules of
agreement and persistence (`heart.py`) were chosen on that rough figure of these sessions.
"""

ERRORS = """
## The error that is told

`heart_rate_error_bpm` beside the error there was. A standard error holds 68 % within one, 95 % within two.
"""

RESPONSES = """
## Skin conductance responses

Semi-synthetic, since no set with responses marked by people was at hand: minutes of real quiet E4 conductance, four responses each of
0.05-0.5 uS put on them at known times at least 3 s apart, and sensor noise. A response is found where a peak is told within 2 s of its own.
"""

NOTHING = """
## What has no value gets none

Synthetic inputs of ten minutes each, and the share of seconds in which something is told of them all the same.
"""

if __name__ == "__main__":
    sys.exit(main())
