"""The session as the report's page draws it: columns over time, thinned so that an hour is still a small file.

The names are those of web/src/tracks/model.ts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from affectloop.codec import to_json
from affectloop.events import EXPRESSIONS, Directive, Reason, TrialAnswered
from affectloop.report.collected import Collected
from affectloop.topics import AUDIO_FEATURES, ESTIMATES, FACE_FEATURES, PHYSIO_FEATURES

Row = Sequence[float | None]
Timeline = dict[str, Any]

MOST_ROWS = 7200  # of one track: an hour at 2 Hz, which a screen cannot show whole and a zoom can
FACE_STEP_S = 0.7  # longer steps are gaps, as on the live view: about three records of the stream
PHYSIO_STEP_S = 3.0
HOP_STEP_S = 1.6
SHORTEST_BIN_S = 0.2  # a face at 30 Hz is drawn at 5


def timeline(collected: Collected) -> Timeline:
    """The tracks, trials and decisions of a session, in seconds since its first event."""
    wristband = {"ended": PHYSIO_FEATURES.name in collected.ended}
    return {
        "face": _face(collected) | {"ended": FACE_FEATURES.name in collected.ended},
        "heart": _heart(collected) | wristband,
        "skin": _skin(collected) | wristband,
        "conductance": {"t": [], "columns": [[]]},
        "pulse": {"t": [], "columns": [[]]},
        "voice": _voice(collected) | {"ended": AUDIO_FEATURES.name in collected.ended},
        "affect": _affect(collected) | {"ended": ESTIMATES.name in collected.ended},
        "responses": [
            {"t": round(collected.seconds(response.peak_time_us), 2), "amplitude": round(response.amplitude_microsiemens, 3)}
            for response in collected.responses
        ],
        "trials": [_trial(collected, trial) for trial in collected.trials],
        "decisions": [_decision(collected, directive) for directive in collected.directives],
    }


def track(
    times: Sequence[float], rows: Sequence[Row | None], reasons: Sequence[Reason], *, columns: int, step_s: float, digits: int
) -> Timeline:
    """Columns of one track: means over bins, and the gaps of what was there before thinning; a row of ``None`` is a gap."""
    duration_s = times[-1] - times[0] if times else 0.0
    bin_s = max(SHORTEST_BIN_S, duration_s / MOST_ROWS)
    centres, means = _binned(times, rows, bin_s, columns)
    return {
        "t": [round(float(centre), 2) for centre in centres],
        "columns": [_rounded(column, digits) for column in means.T] if len(centres) else [[] for _ in range(columns)],
        "gaps": gaps(times, [row is not None for row in rows], reasons, step_s=step_s, shortest_s=bin_s),
        "step": max(step_s, 3 * bin_s),
    }


def gaps(times: Sequence[float], given: Sequence[bool], reasons: Sequence[Reason], *, step_s: float, shortest_s: float) -> list[Timeline]:
    """Stretches without a value, from the last value before to the first after, split where the reason changes."""
    found: list[Timeline] = []
    inside = False
    for index, time in enumerate(times):
        previous = times[index - 1] if index else time
        follows = index > 0 and time - previous <= step_s
        goes_on = inside and follows
        if goes_on:
            found[-1]["to"] = time
        reason = str(reasons[index])
        if not given[index] and not (goes_on and found[-1]["reason"] == reason):
            found.append({"from": previous if follows and not goes_on else time, "to": time, "reason": reason})
        inside = not given[index]
    kept = (gap for gap in found if gap["to"] - gap["from"] >= shortest_s)
    return [{"from": round(gap["from"], 2), "to": round(gap["to"], 2), "reason": gap["reason"]} for gap in kept]


def _binned(times: Sequence[float], rows: Sequence[Row | None], bin_s: float, columns: int) -> tuple[Any, Any]:
    """Mean time and mean values of each bin that holds a record; NaN where no record of the bin has a value."""
    if not times:
        return np.empty(0), np.empty((0, columns))
    at = np.asarray(times, dtype=np.float64)
    blank = (np.nan,) * columns
    values = np.asarray([blank if row is None else row for row in rows], dtype=np.float64)
    _, index = np.unique(np.floor(at / bin_s).astype(np.int64), return_inverse=True)
    count = int(index.max()) + 1
    known = np.isfinite(values)
    sums, numbers = np.zeros((count, columns)), np.zeros((count, columns))
    np.add.at(sums, index, np.where(known, values, 0.0))
    np.add.at(numbers, index, known)
    centres = np.bincount(index, weights=at) / np.bincount(index)
    return centres, np.where(numbers > 0, sums / np.maximum(numbers, 1), np.nan)


def _rounded(column: Any, digits: int) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), digits) for value in column]


def _face(collected: Collected) -> Timeline:
    rows = [None if face.expression is None else face.expression.tolist() for face in collected.faces]
    made = track(
        [collected.seconds(face.time_us) for face in collected.faces],
        rows,
        [face.reason for face in collected.faces],
        columns=len(EXPRESSIONS),
        step_s=FACE_STEP_S,
        digits=2,
    )
    if all(row is None for row in rows):  # expressions are not read in this session: a gap is where no face was found
        times = [collected.seconds(face.time_us) for face in collected.faces]
        found = [face.found for face in collected.faces]
        made["gaps"] = gaps(times, found, [face.reason for face in collected.faces], step_s=FACE_STEP_S, shortest_s=SHORTEST_BIN_S)
    return made


def _heart(collected: Collected) -> Timeline:
    rows = [None if event.heart_rate_bpm is None else (event.heart_rate_bpm, event.heart_rate_error_bpm) for event in collected.physio]
    reasons = [event.heart_reason for event in collected.physio]
    return track(_times(collected, collected.physio), rows, reasons, columns=2, step_s=PHYSIO_STEP_S, digits=1)


def _skin(collected: Collected) -> Timeline:
    rows = [
        None
        if event.tonic_microsiemens is None
        else (event.tonic_microsiemens, event.tonic_microsiemens + (event.phasic_microsiemens or 0.0), event.responses_per_min)
        for event in collected.physio
    ]
    reasons = [event.eda_reason for event in collected.physio]
    return track(_times(collected, collected.physio), rows, reasons, columns=3, step_s=PHYSIO_STEP_S, digits=3)


def _voice(collected: Collected) -> Timeline:
    rows = [None if event.voice_share is None else (event.voice_share, event.pitch_hz) for event in collected.audio]
    reasons = [event.reason for event in collected.audio]
    return track(_times(collected, collected.audio), rows, reasons, columns=2, step_s=HOP_STEP_S, digits=2)


def _affect(collected: Collected) -> Timeline:
    rows = [
        None if event.abstained else (event.arousal, event.arousal_error, event.valence, event.valence_error)
        for event in collected.estimates
    ]
    reasons = [event.reason for event in collected.estimates]
    return track(_times(collected, collected.estimates), rows, reasons, columns=4, step_s=HOP_STEP_S, digits=3)


def _times(collected: Collected, events: Sequence[Any]) -> list[float]:
    return [collected.seconds(event.header.event_time_us) for event in events]


def _trial(collected: Collected, trial: TrialAnswered) -> Timeline:
    return {
        "t": round(collected.seconds(trial.header.event_time_us), 2),
        "number": trial.header.sequence,
        "shown": str(trial.item.emotion),
        "answer": str(trial.answer),
        "correct": trial.correct,
        "valid": trial.valid,
        "reactionMs": None if trial.reaction_time_ms is None else round(trial.reaction_time_ms),
        "item": to_json(trial.item),
    }


def _decision(collected: Collected, directive: Directive) -> Timeline:
    return {
        "t": round(collected.seconds(directive.header.event_time_us), 2),
        "number": directive.header.sequence,
        "level": directive.level,
        "item": to_json(directive.item),
        "expected": directive.expected_success,
        "target": directive.target_success,
        "ability": directive.ability,
        "abilityError": directive.ability_error,
        "guidance": str(directive.guidance),
        "causes": to_json(directive.causes),
    }
