"""The figures of a session, each with its unit in its name; ``None`` where nothing was measured."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from affectloop.events import Event, TrialAnswered
from affectloop.report.collected import Collected, StreamSeen, collect, mean

Figures = dict[str, Any]

NORMAL_95 = 1.959964  # two-sided 95 % of the normal distribution
AFFECT = ("valence", "arousal", "engagement", "strain")


def summarise(events: Iterable[Event]) -> Figures:
    """The figures of a session's events, in any order; of copies the first counts."""
    return figures(collect(events))


def figures(collected: Collected) -> Figures:
    """The figures of a collected session."""
    parts = (_session, _heart, _skin, _face, _voice, _estimates, _trials, _difficulty)
    found: Figures = {}
    for part in parts:
        found |= part(collected)
    found["streams"] = [_stream(stream) for stream in collected.streams.values()]
    return found


def wilson(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share.

    Source: Wilson 1927, Journal of the American Statistical Association 22, the interval of the score test.
    """
    if count == 0:
        return 0.0, 1.0
    share, z2 = right / count, NORMAL_95**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = NORMAL_95 / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def _session(collected: Collected) -> Figures:
    return {
        "session_id": collected.session_id,
        "started_at_us": collected.first_us,
        "duration_s": collected.duration_s,
        "stopped_by_fault": sorted(collected.faults),
    }


def _heart(collected: Collected) -> Figures:
    rates = [event.heart_rate_bpm for event in collected.physio if event.heart_rate_bpm is not None]
    return {
        "heart_rate_mean_bpm": mean(rates),
        "heart_rate_lowest_bpm": min(rates, default=None),
        "heart_rate_highest_bpm": max(rates, default=None),
        "heart_rate_error_mean_bpm": mean(event.heart_rate_error_bpm for event in collected.physio),
        "wristband_duration_s": _span_s([event.header.event_time_us for event in collected.physio]),
        "heart_rate_given_ratio": _given(collected.physio, "heart_rate_bpm"),
        "rmssd_mean_ms": mean(event.rmssd_ms for event in collected.physio),
        "sdnn_mean_ms": mean(event.sdnn_ms for event in collected.physio),
    }


def _skin(collected: Collected) -> Figures:
    responses = collected.responses
    levels = [event.tonic_microsiemens for event in collected.physio]
    minutes = sum(level is not None for level in levels) * _step_s([event.header.event_time_us for event in collected.physio]) / 60
    measured = any(level is not None for level in levels)
    return {
        "eda_responses_count": len(responses) if measured or responses else None,
        "eda_responses_per_min": len(responses) / minutes if minutes else None,
        "eda_response_amplitude_mean_microsiemens": mean(response.amplitude_microsiemens for response in responses),
        "eda_tonic_mean_microsiemens": mean(levels),
        "eda_given_ratio": _given(collected.physio, "tonic_microsiemens"),
    }


def _face(collected: Collected) -> Figures:
    faces = collected.faces
    step_s = _step_s([face.time_us for face in faces])
    return {
        "face_frames_count": len(faces),
        "face_duration_s": _span_s([face.time_us for face in faces]),
        "face_rate_hz": 1 / step_s if step_s else None,
        "face_found_ratio": _share(face.found for face in faces),
        "face_good_ratio": _share(face.reason == "good" for face in faces),
    }


def _voice(collected: Collected) -> Figures:
    pitches = [event.pitch_hz for event in collected.audio if event.pitch_hz is not None]
    return {
        "voice_share_ratio": mean(event.voice_share for event in collected.audio),
        "voice_given_ratio": _given(collected.audio, "voice_share"),
        "voice_pitch_median_hz": float(np.median(pitches)) if pitches else None,
        "voice_hops_count": len(collected.audio),
        "voice_duration_s": _span_s([event.header.event_time_us for event in collected.audio]),
    }


def _estimates(collected: Collected) -> Figures:
    given = [estimate for estimate in collected.estimates if not estimate.abstained]
    found: Figures = {
        "estimates_count": len(collected.estimates),
        "estimates_given_ratio": _share(not estimate.abstained for estimate in collected.estimates),
        "confidence_mean_ratio": mean(estimate.confidence for estimate in given),
        "models": sorted({estimate.model for estimate in collected.estimates if estimate.model}),
    }
    for name in AFFECT:
        found[f"{name}_mean"] = mean(getattr(estimate, name) for estimate in given)
        found[f"{name}_error_mean"] = mean(getattr(estimate, f"{name}_error") for estimate in given)
    for modality in ("face", "wristband", "voice"):
        found[f"estimate_{modality}_share_mean_ratio"] = mean(getattr(estimate, f"{modality}_share") for estimate in given)
    return found


def _trials(collected: Collected) -> Figures:
    valid = [trial for trial in collected.trials if trial.valid]
    right = sum(trial.correct for trial in valid)
    low, high = wilson(right, len(valid))
    times = [trial.reaction_time_ms for trial in valid if trial.reaction_time_ms is not None]
    return {
        "trials_count": len(collected.trials),
        "trials_valid_count": len(valid),
        "trials_correct_count": right,
        "accuracy_ratio": right / len(valid) if valid else None,
        "accuracy_low_ratio": low if valid else None,
        "accuracy_high_ratio": high if valid else None,
        "chance_ratio": mean(1 / trial.item.options for trial in valid),
        "reaction_time_median_ms": float(np.median(times)) if times else None,
        "emotions": _by_emotion(valid),
    }


def _by_emotion(trials: Sequence[TrialAnswered]) -> list[Figures]:
    groups: dict[str, list[TrialAnswered]] = defaultdict(list)
    for trial in trials:
        groups[str(trial.item.emotion)].append(trial)
    rows = []
    for emotion, group in sorted(groups.items()):
        right = sum(trial.correct for trial in group)
        low, high = wilson(right, len(group))
        counted = {"emotion": emotion, "trials_count": len(group), "trials_correct_count": right}
        rows.append(counted | {"accuracy_ratio": right / len(group), "accuracy_low_ratio": low, "accuracy_high_ratio": high})
    return rows


def _difficulty(collected: Collected) -> Figures:
    levels = [directive.level for directive in collected.directives]
    last = collected.directives[-1] if collected.directives else None
    return {
        "level_first": levels[0] if levels else None,
        "level_last": levels[-1] if levels else None,
        "level_lowest": min(levels, default=None),
        "level_highest": max(levels, default=None),
        "ability_last_logit": last.ability if last else None,
        "ability_last_error_logit": last.ability_error if last else None,
    }


def _stream(stream: StreamSeen) -> Figures:
    span_s = (stream.last_us - stream.first_us) / 1e6
    return {
        "topic": stream.topic,
        "stream_id": stream.stream_id,
        "records_count": stream.records,
        "records_per_s": stream.records / span_s if span_s > 0 else None,
        "duration_s": span_s,
        "longest_gap_s": stream.longest_step_us / 1e6,
        "reasons_ratio": {reason: count / stream.records for reason, count in stream.reasons.most_common()},
    }


def _share(flags: Iterable[bool]) -> float | None:
    return mean(float(flag) for flag in flags)


def _given(events: Sequence[Event], name: str) -> float | None:
    """For which share of the time there was a value: of a silence there is only one record a minute."""
    times_us = [event.header.event_time_us for event in events]
    given = sum(getattr(event, name) is not None for event in events)
    span_s = _span_s(times_us)
    return min(given * _step_s(times_us) / span_s, 1.0) if span_s else mean(float(given) for _ in events)


def _span_s(times_us: Sequence[int]) -> float:
    """From the first record to the end of the last: a session's streams need not be equally long."""
    return (times_us[-1] - times_us[0]) / 1e6 + _step_s(times_us) if times_us else 0.0


def _step_s(times_us: Sequence[int]) -> float:
    """The usual step between two records; 0 where there are not two."""
    return float(np.median(np.diff(times_us))) / 1e6 if len(times_us) > 1 else 0.0
