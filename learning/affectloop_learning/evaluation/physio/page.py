"""The page docs/results/physio.md, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from affectloop_learning.datasets.folders import found
from affectloop_learning.datasets.physiology import read_e4, read_e4_intervals, read_troika
from affectloop_learning.evaluation.physio.nothing import nothing_table
from affectloop_learning.evaluation.physio.r_peaks import r_peak_table
from affectloop_learning.evaluation.physio.skin import response_table
from affectloop_learning.evaluation.physio.wrists import desk_table, error_table, running_table, shortened
from affectloop_learning.markdown import worded
from affectloop_learning.progress import counted
from affectloop_learning.replay.physio import wrist_features


def sections(data: Path) -> Iterator[str]:
    """The page, part by part."""
    records = found(data, "ecg_mitbih/*.dat", "records of the MIT-BIH Arrhythmia Database (PhysioNet)")
    runners = found(data, "ppg_troika/DATA_??_TYPE??.mat", "the training recordings of the IEEE Signal Processing Cup 2015 (TROIKA)")
    folders = [path.parent for path in found(data, "e4_stress_predict/Raw_data/S*/IBI.csv", "the sessions of Stress-Predict")]
    yield HEAD
    yield worded(R_PEAKS, r_peak_table(records))
    running = [(wrist, wrist_features(wrist)) for wrist in map(read_troika, counted(runners, "runners"))]
    yield worded(RUNNING, running_table(running))
    sessions = [shortened(read_e4(folder)) for folder in counted(folders, "sessions read")]
    made = [(session, wrist_features(session.wrist)) for session in counted(sessions, "sessions at a desk")]
    intervals = [read_e4_intervals(folder) for folder in folders]
    yield worded(AT_A_DESK, desk_table(made, intervals))
    yield worded(ERRORS, error_table(running, made, intervals))
    yield worded(RESPONSES, response_table(sessions))
    yield worded(NOTHING, nothing_table())


HEAD = """# Physiology: how right it is

Written by `affectloop evaluate physio --data DIR --write`; do not edit. Real recordings unless a line says otherwise; none of them is
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
