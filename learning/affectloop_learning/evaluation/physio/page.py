"""The page docs/results/physio.md, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from affectloop_learning.datasets.folders import found
from affectloop_learning.datasets.physiology import read_e4, read_e4_intervals, read_troika
from affectloop_learning.evaluation.physio.nothing import nothing_table
from affectloop_learning.evaluation.physio.r_peaks import r_peak_table
from affectloop_learning.evaluation.physio.skin import response_table
from affectloop_learning.evaluation.physio.wear import carried_table, synthetic_table, taken_off_table, worn_table
from affectloop_learning.evaluation.physio.wrists import desk_table, error_table, running_table, shortened
from affectloop_learning.markdown import worded
from affectloop_learning.progress import counted
from affectloop_learning.replay.physio import band_signals, by_second, served, wrist_features, wrist_signals


def sections(data: Path) -> Iterator[str]:
    """The page, part by part."""
    records = found(data, "ecg_mitbih/*.dat", "records of the MIT-BIH Arrhythmia Database (PhysioNet)")
    runners = found(data, "ppg_troika/DATA_??_TYPE??.mat", "the training recordings of the IEEE Signal Processing Cup 2015 (TROIKA)")
    folders = [path.parent for path in found(data, "e4_stress_predict/Raw_data/S*/IBI.csv", "the sessions of Stress-Predict")]
    yield HEAD
    yield worded(R_PEAKS, r_peak_table(records))
    running = [(wrist, wrist_features(wrist)) for wrist in map(read_troika, counted(runners, "runners"))]
    yield worded(RUNNING, running_table(running))
    whole = [read_e4(folder) for folder in counted(folders, "sessions read")]
    sessions = [shortened(session) for session in whole]
    worn = [served(band_signals(session)) for session in counted(sessions, "sessions at a desk")]
    made = [(session, by_second(events)) for session, events in zip(sessions, worn, strict=True)]
    intervals = [read_e4_intervals(folder) for folder in folders]
    yield worded(AT_A_DESK, desk_table(made, intervals))
    yield worded(ERRORS, error_table(running, made, intervals))
    lacking = [served(wrist_signals(session.wrist)) for session in counted(sessions, "sessions, pulse and acceleration")]
    yield worded(OFF_BODY, synthetic_table())
    yield worded(CARRIED, carried_table([wrist for wrist, _ in running]))
    yield worded(WORN, worn_table(worn, lacking, intervals))
    yield worded(TAKEN_OFF, taken_off_table(whole))
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

Stress-Predict, Empatica E4, all four sensors, the first half hour of 20 sessions; IBI.csv holds the intervals that
the device itself trusts (reference: at least 7 of 10 s covered), HR.csv its own heart rate, which follows tens of seconds late, also
through movement, and is no ground truth. Where the device trusts no run of beats there is no such reference, and there a wrist is hardest
to read: so what is told is held, roughly, against the median interval of the minute around it too (at least 12 intervals). Rules of
agreement and persistence (`heart.py`) were chosen on that rough figure of these sessions.
"""

ERRORS = """
## The error that is told

`heart_rate_error_bpm` beside the error there was. A standard error holds 68 % within one, 95 % within two.
"""

OFF_BODY = """
## Never a heart where there is none

Synthetic bands of eight minutes that nobody wears, or not all the time, and the share of the seconds off the body in which a
heart rate is told, with all sensors and with some of them lacking. A pulse sensor that sees nothing is modelled as noise that the
band's own filter makes ring at 113-116 a minute; steps are 110 a minute in acceleration and pulse alike. By what they have, a band
without conductance in a pocket, one without acceleration that is carried by its electrodes, and a pulse alone cannot be told from a wrist.
"""

CARRIED = """
Semi-synthetic: the real acceleration of the runners above as the pulse of a loose band, too (late by 48 ms, with noise of 20 mg).
"""

WORN = """
What that costs on wrists. The limits of the decision (`wear.py`: air, fall, warming, unrest) and of a resting minute were chosen on
Stress-Predict S01 to S10 alone, none on the runners; S11 to S20 score. Half an hour each; a reference is at least 7 of 10 s
covered by IBI.csv; a resting level's error is to the median of the intervals in the time that it was learnt in, where there are
at least 12.
"""

TAKEN_OFF = """
Real ends of recordings after the band came off (the conductance stays below 0.05 uS to the end). They are few and short, none is a
band on a table for minutes, and the sessions start on the wrist.
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
