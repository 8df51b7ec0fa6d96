"""Intervals between heartbeats: which are plausible, the rate and the variability that they give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affectloop.dsp.filters import FloatArray
from affectloop.dsp.order import median, medians

SHORTEST_INTERVAL_S = 0.3  # 200 beats per minute
LONGEST_INTERVAL_S = 2.0  # 30 beats per minute
NEIGHBOURS = 5  # intervals in the running median that an interval is compared with
DEVIATION = 0.25  # of it; breathing moves an adolescent's intervals by up to a fifth, a missed beat doubles one


@dataclass(frozen=True, slots=True)
class Rate:
    """A heart rate over some intervals: its ``bpm``, one standard error, and the share of intervals that are plausible."""

    bpm: float
    error_bpm: float
    plausible: float


@dataclass(frozen=True, slots=True)
class Variability:
    """Variability over some intervals: ``rmssd_ms``, ``sdnn_ms``, and the share of intervals that are plausible."""

    rmssd_ms: float
    sdnn_ms: float
    plausible: float


def plausible_intervals(intervals_s: FloatArray) -> NDArray[np.bool_]:
    """Which intervals can be a heart's: within 0.3 and 2 s, and near the median of their neighbours.

    Parameters
    ----------
    intervals_s
        Shape (n,), successive intervals between beats, seconds.

    Returns
    -------
    Shape (n,).

    Source: after Lipponen & Tarvainen, J. Med. Eng. Technol. 43(3), 2019 (deviation from a local median).
    """
    reach = NEIGHBOURS // 2
    if len(intervals_s) <= reach:
        usual = np.full_like(intervals_s, median(intervals_s) if len(intervals_s) else 0.0)
    else:
        around = np.concatenate((intervals_s[reach:0:-1], intervals_s, intervals_s[-2 : -reach - 2 : -1]))
        usual = medians(around[np.arange(len(intervals_s))[:, None] + np.arange(NEIGHBOURS)])
    possible = (intervals_s >= SHORTEST_INTERVAL_S) & (intervals_s <= LONGEST_INTERVAL_S)
    near: NDArray[np.bool_] = np.abs(intervals_s - usual) <= DEVIATION * usual
    return possible & near


def rate(beats_s: FloatArray, timing_error_s: float) -> Rate | None:
    """The mean heart rate over the plausible intervals between beats.

    Parameters
    ----------
    beats_s
        Shape (n,), times of beats, seconds, ascending.
    timing_error_s
        Standard error of one beat's time, seconds.

    Returns
    -------
    Rate, or ``None`` where fewer than three intervals are plausible. Its error grows with the timing error and with the
    share of implausible intervals, each of which may hide a beat.
    """
    intervals = np.diff(beats_s)
    plausible = plausible_intervals(intervals)
    count = int(plausible.sum())
    if count < 3:
        return None
    mean = float(intervals[plausible].mean())
    share = count / len(intervals)
    spread = float(intervals[plausible].std())
    error_s = np.hypot(np.sqrt(2) * timing_error_s, spread * np.sqrt(1 - share)) / np.sqrt(count)
    return Rate(60 / mean, float(60 / mean**2 * error_s), share)


def variability(beats_s: FloatArray, least_plausible: float) -> Variability | None:
    """RMSSD and SDNN over the plausible intervals between beats.

    Parameters
    ----------
    beats_s
        Shape (n,), times of beats over about a minute, seconds, ascending.
    least_plausible
        Share of the intervals that must be plausible, 0 to 1.

    Returns
    -------
    Variability, or ``None`` where too few intervals are plausible or fewer than three successive pairs are.

    Source: Task Force of the ESC and NASPE, Circulation 93(5), 1996 (definitions of SDNN and RMSSD).
    """
    intervals = np.diff(beats_s)
    plausible = plausible_intervals(intervals)
    pairs = plausible[1:] & plausible[:-1]
    if pairs.sum() < 3 or plausible.mean() < least_plausible:
        return None
    steps = np.diff(intervals)[pairs]
    return Variability(
        rmssd_ms=float(1e3 * np.sqrt(np.mean(steps**2))),
        sdnn_ms=float(1e3 * intervals[plausible].std(ddof=1)),
        plausible=float(plausible.mean()),
    )


def merged(beats_s: FloatArray, least_s: float) -> FloatArray:
    """Ascending times without those that repeat one less than ``least_s`` before: the same beat, seen from two windows.

    Parameters
    ----------
    beats_s
        Shape (n,), seconds, in any order.
    least_s
        Least distance of two beats, seconds.
    """
    ordered = np.sort(beats_s)
    if len(ordered) < 2:
        return ordered
    return ordered[np.concatenate(([True], np.diff(ordered) >= least_s))]
