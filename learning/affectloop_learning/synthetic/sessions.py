"""Synthetic sessions of known truth: how simulated learners feel, and what face, wristband and voice show of it.

THE TRUTH HERE IS INVENTED. No person is in it. Each coupling has the direction that published work reports (``COUPLINGS``
names it); sizes, delays, noise and individual differences are our own guesses, made wide on purpose. A net that does well
on these sessions has learnt these couplings and nothing about people; what it is worth on people is not known.

Sessions are drawn by learner, so that a split by seed is a split by learner:

    session = synthetic_session(seed=7)
    session.values[FACE]      (tokens, features) as affectloop_fusion.tokens declares them, NaN where not measured
    session.truth             (steps, 4): valence, arousal, engagement, strain, four times a second
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from affectloop.events import ACTION_UNITS, EXPRESSIONS
from affectloop_fusion.tokens import FACE, VOICE, WRISTBAND, Array, Kind

STEPS_PER_S = 4
VALENCE, AROUSAL, ENGAGEMENT, STRAIN = range(4)

COUPLINGS = (
    ("valence up", "AU12 up, AU6+7 up", "Lang et al. 1993, Psychophysiology 30:261 (zygomatic)"),
    ("valence down", "AU4 up, AU15 up", "Lang et al. 1993; Larsen et al. 2003, Psychophysiology 40:776 (corrugator)"),
    ("a feeling grows", "its expression grows", "Lang et al. 1993 (zygomatic and corrugator follow rated valence)"),
    ("expression shown", "its action units", "Du et al. 2014, PNAS 111:E1454, table 1 (prototypes)"),
    ("strain up", "AU4 up, AU14 up", "Grafsgaard et al. 2013, ACII (frustration in tutoring)"),
    ("strain up", "smiles without joy", "Hoque et al. 2012, IEEE Trans. Affective Computing 3:323 (smiles of the frustrated)"),
    ("engagement up", "head and gaze on the screen, face in the picture", "Whitehill et al. 2014, IEEE Trans. Affective Computing 5:86"),
    ("engagement up", "fewer blinks", "Stern et al. 1984, Psychophysiology 21:22 (visual attention)"),
    ("arousal up", "more, larger skin conductance responses, tonic level up", "Lang et al. 1993; Boucsein 2012, Electrodermal Activity"),
    ("arousal, strain up", "heart rate up", "Kreibig 2010, Biological Psychology 84:394"),
    ("strain up", "RMSSD down", "Kim et al. 2018, Psychiatry Investigation 15:235"),
    ("arousal up", "pitch, intensity and speaking rate up", "Scherer 2003, Speech Communication 40:227"),
    (
        "a felt expression begins",
        "often a skin conductance response",
        "Lang et al. 1993 (both follow the same picture); how often is our guess",
    ),
    (
        "a polite smile",
        "AU12 up, whatever is felt, and no skin response",
        "Ekman & Friesen 1982, J. Nonverbal Behavior 6:238; how often is our guess",
    ),
    ("movement", "heart rate up, whatever is felt", "a nuisance, so that the net does not read movement as arousal"),
    ("concentration", "AU4 up in some, at any valence", "a nuisance: a frown of thought is not displeasure"),
)

# Correlations of the four courses: strain is aroused and unpleasant, engagement is rather pleasant and awake.
CORRELATION = np.array([[1.0, 0.0, 0.25, -0.5], [0.0, 1.0, 0.2, 0.4], [0.25, 0.2, 1.0, -0.2], [-0.5, 0.4, -0.2, 1.0]])

PROTOTYPES: dict[str, dict[str, float]] = {
    "neutral": {},
    "happiness": {"AU6+7": 0.3, "AU10": 0.25, "AU12": 0.65, "AU25+26": 0.15},  # a broad smile lifts the lip
    "sadness": {"AU1": 0.4, "AU4": 0.3, "AU15": 0.4, "AU17": 0.25},
    "anger": {"AU4": 0.5, "AU6+7": 0.3, "AU10": 0.15, "AU24": 0.35},
    "fear": {"AU1": 0.4, "AU2": 0.3, "AU4": 0.3, "AU5": 0.4, "AU20": 0.35, "AU25+26": 0.25},
    "disgust": {"AU4": 0.25, "AU6+7": 0.25, "AU10": 0.5, "AU17": 0.25},
    "surprise": {"AU1": 0.5, "AU2": 0.5, "AU5": 0.35, "AU25+26": 0.45},
}
# How each course moves the odds of showing an expression (logits at 1); neutral is four times in five.
URGES = np.array(
    [  # valence, arousal, engagement, strain, at rest
        [0.0, 0.0, 0.0, 0.0, 4.0],
        [2.5, 0.6, 0.0, 0.6, 1.0],
        [-2.0, -1.0, 0.0, 0.3, 0.2],
        [-1.8, 1.0, 0.0, 0.9, -0.2],
        [-1.2, 1.4, 0.0, 0.5, -0.7],
        [-1.8, 0.3, 0.0, 0.2, -0.5],
        [0.2, 1.4, 0.3, 0.0, 0.0],
    ]
)
NEUTRAL, HAPPINESS = EXPRESSIONS.index("neutral"), EXPRESSIONS.index("happiness")
UNIT = {name: place for place, name in enumerate(ACTION_UNITS)}
PATTERNS = np.array([[PROTOTYPES[name].get(unit, 0.0) for unit in ACTION_UNITS] for name in EXPRESSIONS])


@dataclass(frozen=True, slots=True)
class SyntheticSession:
    """One learner's session; ``values`` by ``Kind`` start together with ``truth``, at 4, 1 and 2 rows a second."""

    truth: Array
    shown: NDArray[np.int64]  # (steps,), the expression on the face, felt or polite, by EXPRESSIONS
    values: dict[Kind, Array]


@dataclass(frozen=True, slots=True)
class Learner:
    """What differs between people."""

    expressivity: float
    frown_of_thought: float
    gain: Array  # of the action units that the mesh sees on this face, (action units,)
    bias: Array  # of the neutral face that was learnt, (action units,)
    confusions: Array  # of the expression net on this face, (classes,)
    sensitivity: float  # of the expression net to this face
    sharpness: float  # how sure that net is, right or wrong
    stretch_s: float  # how long an expression stays
    heart_gain_bpm: float
    skin_gain: float  # 0 in those whose skin does not respond
    voice_gain: float
    offset: Array  # of the four courses


def draw_learner(draw: np.random.Generator) -> Learner:
    """A learner at random."""
    silent_skin = draw.random() < 0.12  # electrodermal non-responders: about a tenth (Boucsein 2012, 3.3.3)
    return Learner(
        expressivity=float(np.clip(draw.lognormal(-0.1, 0.45), 0.2, 1.6)),
        frown_of_thought=float(max(0.0, draw.normal(0.04, 0.12))),
        gain=np.clip(draw.lognormal(-0.1, 0.45, len(ACTION_UNITS)), 0.1, 2),
        bias=draw.normal(0, 0.2 if draw.random() < 0.12 else 0.04, len(ACTION_UNITS)),  # some "neutral" faces were not
        confusions=draw.normal(0, 0.7, len(EXPRESSIONS)),
        sensitivity=float(draw.uniform(0.4, 1.5)),
        sharpness=float(draw.uniform(1.0, 3.0)),
        stretch_s=float(draw.uniform(1.5, 6.0)),
        heart_gain_bpm=float(draw.lognormal(np.log(7), 0.5)),
        skin_gain=0.0 if silent_skin else float(draw.lognormal(0, 0.4)),
        voice_gain=float(draw.lognormal(0, 0.35)),
        offset=draw.normal(0, 0.6, 4),
    )


def synthetic_session(seed: int, duration_s: int = 240) -> SyntheticSession:
    """The session of learner ``seed``; the same one whenever it is asked for."""
    draw = np.random.default_rng([seed, 20_261_121])
    learner, steps = draw_learner(draw), duration_s * STEPS_PER_S
    truth = courses(draw, learner, steps)
    speaking = segments(draw, steps, share=draw.uniform(0.03, 0.4), mean_s=3.0)
    moving = segments(draw, steps, share=draw.uniform(0, 0.15), mean_s=4.0) * draw.lognormal(-2, 0.6, steps)
    shown, begun = expressions_shown(draw, learner, truth)
    polite = segments(draw, steps, share=draw.uniform(0, 0.2), mean_s=2.0) * (shown == NEUTRAL) > 0
    shown, strength = np.where(polite, HAPPINESS, shown), expression_strength(draw, learner, truth, polite)
    values = {
        FACE: face_course(draw, learner, truth, shown, strength, speaking),
        WRISTBAND: wristband_course(draw, learner, truth, begun, moving),
        VOICE: voice_course(draw, learner, truth, speaking),
    }
    for kind, absent_share in ((FACE, 0.1), (WRISTBAND, 0.25), (VOICE, 0.3)):  # devices that are not there
        if draw.random() < absent_share:
            values[kind][:] = np.nan
    return SyntheticSession(truth, shown, values)


def wander(draw: np.random.Generator, steps: int, slow_s: float, columns: int = 1, rate_hz: float = STEPS_PER_S) -> Array:
    """A Gaussian course of mean 0, deviation 1 and correlation time ``slow_s``, (steps, columns)."""
    keep = np.exp(-1 / (slow_s * rate_hz))
    noise = draw.normal(size=(steps, columns)) * np.sqrt(1 - keep**2)
    noise[0] /= np.sqrt(1 - keep**2)
    course: Array = lfilter([1.0], [1.0, -keep], noise, axis=0)
    return course


def follow(course: Array, slow_s: float, rate_hz: float) -> Array:
    """A course that follows another one late; it starts where that starts."""
    keep = np.exp(-1 / (slow_s * rate_hz))
    late: Array = lfilter([1 - keep], [1.0, -keep], course - course[0]) + course[0]
    return late


def segments(draw: np.random.Generator, steps: int, share: float | Array, mean_s: float) -> Array:
    """On and off, 1 and 0, with about this share of time on, in stretches of ``mean_s`` on average; (steps,)."""
    wish = np.broadcast_to(np.asarray(share, dtype=np.float64), steps)
    changes, luck = draw.random(steps) < 1 / (mean_s * STEPS_PER_S), draw.random(steps)
    latest = np.maximum.accumulate(np.where(changes, np.arange(steps), 0))
    on: Array = (luck[latest] < wish[latest]).astype(np.float64)
    return on


def courses(draw: np.random.Generator, learner: Learner, steps: int) -> Array:
    """How the learner feels, four times a second; (steps, 4)."""
    mixing = np.linalg.cholesky(CORRELATION)
    free = (0.8 * wander(draw, steps, 45.0, 4) + 0.6 * wander(draw, steps, 10.0, 4)) @ mixing.T + learner.offset
    valence, arousal = np.tanh(0.05 + 0.4 * free[:, VALENCE]), np.tanh(-0.15 + 0.45 * free[:, AROUSAL])
    engagement, strain = _share(0.6 + 0.85 * free[:, ENGAGEMENT]), _share(-1.1 + 1.3 * free[:, STRAIN])
    return np.stack([valence, arousal, engagement, strain], axis=1)


def _share(course: Array) -> Array:
    shared: Array = 1 / (1 + np.exp(-course))
    return shared


def expressions_shown(draw: np.random.Generator, learner: Learner, truth: Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Which expression is felt enough to be seen, and where one begins; (steps,) each."""
    steps = len(truth)
    urges = np.concatenate([truth, np.ones((steps, 1))], axis=1) @ URGES.T
    luck = draw.gumbel(size=urges.shape)
    changes = draw.random(steps) < 1 / (learner.stretch_s * STEPS_PER_S)
    latest = np.maximum.accumulate(np.where(changes, np.arange(steps), 0))
    shown: NDArray[np.int64] = (urges + luck)[latest].argmax(axis=1)
    return shown, changes & (shown != NEUTRAL)


def expression_strength(draw: np.random.Generator, learner: Learner, truth: Array, polite: NDArray[np.bool_]) -> Array:
    """How strongly an expression is shown: with how strongly it is felt, and a polite one half; (steps,)."""
    felt = np.minimum(0.35 + 1.1 * np.abs(truth[:, VALENCE]) + 0.3 * np.maximum(truth[:, AROUSAL], 0), 1.3)
    uneven = np.convolve(np.clip(draw.normal(0.9, 0.3, len(truth)), 0.2, 1.5), np.full(8, 1 / 8), mode="same")
    return np.asarray(np.where(polite, 0.5, felt) * uneven * learner.expressivity)


def face_course(
    draw: np.random.Generator, learner: Learner, truth: Array, shown: NDArray[np.int64], strength: Array, speaking: Array
) -> Array:
    """What the face shows, four times a second."""
    steps, (valence, engagement, strain) = len(truth), truth[:, [VALENCE, ENGAGEMENT, STRAIN]].T
    units = PATTERNS[shown] * strength[:, None]
    pleased, displeased = np.maximum(valence, 0), np.maximum(-valence, 0)
    strained, thinking = np.maximum(strain - 0.2, 0), np.maximum(engagement - 0.5, 0)  # a neutral face is taken at ease
    units[:, UNIT["AU12"]] += learner.expressivity * 0.12 * pleased
    units[:, UNIT["AU6+7"]] += learner.expressivity * 0.1 * pleased
    units[:, UNIT["AU4"]] += learner.expressivity * (0.12 * displeased + 0.3 * strained) + learner.frown_of_thought * thinking
    units[:, UNIT["AU15"]] += learner.expressivity * 0.1 * displeased
    units[:, UNIT["AU14"]] += learner.expressivity * 0.2 * strained
    units[:, UNIT["AU25+26"]] += speaking * np.abs(draw.normal(0.15, 0.1, steps))
    units[:, UNIT["AU17"]] += speaking * np.abs(draw.normal(0.05, 0.05, steps))
    blink = draw.random(steps) < draw.lognormal(np.log(16), 0.35) / 60 / STEPS_PER_S * np.exp(-1.5 * (engagement - 0.6))
    units[:, UNIT["AU45"]] += blink * draw.uniform(0.3, 0.7, steps)
    away = segments(draw, steps, share=np.clip(0.95 * (0.85 - engagement), 0.02, 0.7), mean_s=2.5)
    pose = draw.normal(0, [6, 6, 3]) + wander(draw, steps, 4.0, 3) * [3, 3, 2] + away[:, None] * draw.normal(0, [18, 10, 4], (steps, 3))
    quality = np.clip(draw.uniform(0.6, 1.05) + draw.normal(0, 0.04, steps) - np.maximum(np.abs(pose[:, 0]) - 15, 0) / 50, 0.05, 1)
    noise = (wander(draw, steps, 1.0, len(ACTION_UNITS)) * 0.03 + draw.normal(0, 0.02, units.shape)) / quality[:, None]
    seen = np.clip(units * learner.gain + learner.bias + noise, -1, 1)
    odds = _expression_odds(draw, learner, shown, strength, speaking)
    gaze = draw.normal([0, -0.2], [0.1, 0.15]) + (0.08 + 0.25 * away[:, None]) * wander(draw, steps, 0.7, 2)
    raw = draw.uniform(0, [0.25, 0.2, 0.2]) + (seen - learner.bias)[:, [UNIT["AU45"], UNIT["AU12"], UNIT["AU4"]]]
    values = np.concatenate([seen, odds, pose, gaze, np.clip(raw, 0, 1), quality[:, None]], axis=1)
    return _with_face_gaps(draw, values, away)


def _expression_odds(draw: np.random.Generator, learner: Learner, shown: NDArray[np.int64], strength: Array, speaking: Array) -> Array:
    """What an expression net makes of it: right on strong ones, its own mind on weak ones and on talking."""
    steps, classes = len(shown), len(EXPRESSIONS)
    logits = (
        0.6 * wander(draw, steps, 1.5, classes)
        + learner.confusions
        + np.eye(classes)[shown] * (5.0 * learner.sensitivity * strength)[:, None]
    )
    logits[:, 0] += 2.5
    logits += speaking[:, None] * draw.normal(0, 0.8, (steps, classes))
    logits *= learner.sharpness
    odds: Array = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _with_face_gaps(draw: np.random.Generator, values: Array, away: Array) -> Array:
    """No face where it was turned away or covered; no action units before a neutral face is known."""
    gone = segments(draw, len(values), share=0.02 + 0.4 * away, mean_s=2.0) > 0
    values[gone] = np.nan
    neutral_after_s = np.inf if draw.random() < 0.1 else draw.uniform(0, 30)
    values[: int(min(neutral_after_s * STEPS_PER_S, len(values))), : len(ACTION_UNITS)] = np.nan
    return values


def wristband_course(draw: np.random.Generator, learner: Learner, truth: Array, begun: NDArray[np.bool_], moving: Array) -> Array:
    """What a wristband says once a second."""
    each_s = truth.reshape(-1, STEPS_PER_S, 4).mean(axis=1)
    moved = moving.reshape(-1, STEPS_PER_S).mean(axis=1) + draw.lognormal(np.log(0.01), 0.4)
    heart = _heart(draw, learner, each_s, moved)
    skin = _skin(draw, learner, each_s, begun.reshape(-1, STEPS_PER_S).max(axis=1), moved)
    movement = np.log2((moved + 0.003) / 0.033)[:, None]
    values = np.concatenate([heart[:, :3], skin[:, :5], movement, heart[:, 3:], skin[:, 5:]], axis=1)
    values[~np.isfinite(values[:, [1, 4]]).any(axis=1)] = np.nan  # movement alone says nothing
    return values


def _heart(draw: np.random.Generator, learner: Learner, each_s: Array, moved: Array) -> Array:
    """Change and rate (bpm), RMSSD (octaves), and both qualities; (seconds, 5)."""
    seconds, resting = len(each_s), draw.normal(80, 11)
    late = follow(each_s[:, AROUSAL], 4.0, 1.0) + 0.15
    strained = follow(each_s[:, STRAIN], 6.0, 1.0) - 0.25
    change = learner.heart_gain_bpm * (late + 0.7 * strained) + 40 * np.minimum(moved, 0.4)
    change += 3.0 * wander(draw, seconds, 60.0, 1, 1.0)[:, 0] + draw.normal(0, 1.5, seconds)
    quality = np.clip(draw.uniform(0.5, 0.97) - moved + draw.normal(0, 0.05, seconds), 0.1, 1)
    change += draw.normal(0, 1, seconds) * 4 * (1 - quality)
    variable = draw.normal(0, 0.6) - 0.9 * follow(strained, 15.0, 1.0) - 0.3 * follow(late, 15.0, 1.0) + draw.normal(0, 0.15, seconds)
    heart = np.stack([change + draw.normal(0, 2), resting + change, variable, quality, np.clip(quality - 0.1, 0, 1)], axis=1)
    heart[_lost(draw, seconds, draw.uniform(0, 0.25))] = np.nan
    wrist = draw.random() < 0.6  # a wristband rarely has the intervals that variability needs
    gone = _lost(draw, seconds, 0.85 if wrist else 0.05)
    heart[gone, 2] = heart[gone, 4] = np.nan
    heart[: int(draw.uniform(0, 60)), 0] = np.nan  # the resting level is learnt first
    if draw.random() < 0.08:
        heart[:] = np.nan
    return heart


def _skin(draw: np.random.Generator, learner: Learner, each_s: Array, begun: NDArray[np.bool_], moved: Array) -> Array:
    """Tonic change and level (octaves), phasic (uS), responses a minute, amplitude (uS), quality; (seconds, 6)."""
    seconds, level = len(each_s), draw.lognormal(np.log(2.0), 0.8)
    lability = draw.lognormal(np.log(3.0), 0.5) * min(learner.skin_gain, 1.0)
    rate = lability * np.exp(learner.skin_gain * (1.4 * (each_s[:, AROUSAL] + 0.15) + 0.7 * (each_s[:, STRAIN] - 0.25)))
    responses = draw.poisson(np.minimum(rate, 25) / 60) + begun * (draw.random(seconds) < 0.6 * min(learner.skin_gain, 1.0))
    size = (
        draw.lognormal(np.log(0.06), 0.6) * level * draw.lognormal(0, 0.5, seconds) * np.exp(0.8 * learner.skin_gain * each_s[:, AROUSAL])
    )
    amplitude = np.concatenate([np.zeros(3), (responses * np.clip(size, 0.03, 2))[:-3]])  # sweat takes 3 s
    decay = np.exp(-np.arange(15) / 4.0)
    phasic = np.convolve(amplitude, decay)[:seconds] + draw.normal(0, 0.01, seconds)
    counted = np.convolve((amplitude > 0).astype(float), np.ones(60))[:seconds]
    per_min = counted * 60 / np.minimum(np.arange(seconds) + 1, 60)
    per_min[:10] = np.nan  # too few seconds to speak of a rate
    change = 0.35 * learner.skin_gain * (follow(each_s[:, AROUSAL], 8.0, 1.0) + 0.15) + 0.12 * wander(draw, seconds, 90.0, 1, 1.0)[:, 0]
    quality = np.clip(draw.uniform(0.5, 0.97) - moved + draw.normal(0, 0.04, seconds), 0.1, 1)
    tonic = np.log2(level / 2.0) + change
    skin = np.stack([change + draw.normal(0, 0.08), tonic, phasic, per_min, amplitude, quality], axis=1)
    skin[_lost(draw, seconds, draw.uniform(0, 0.2))] = np.nan
    skin[: int(draw.uniform(0, 60)), 0] = np.nan
    if draw.random() < 0.2:  # dry electrodes
        skin[:] = np.nan
    return skin


def _lost(draw: np.random.Generator, seconds: int, share: float) -> NDArray[np.bool_]:
    lost: NDArray[np.bool_] = segments(draw, seconds * STEPS_PER_S, share, 6.0)[::STEPS_PER_S] > 0
    return lost


def voice_course(draw: np.random.Generator, learner: Learner, truth: Array, speaking: Array) -> Array:
    """What a microphone says twice a second; NaN where the learner is silent."""
    share, each = speaking.reshape(-1, 2).mean(axis=1), truth.reshape(-1, 2, 4).mean(axis=1)
    halves, excited = len(share), learner.voice_gain * (each[:, AROUSAL] + 0.15)
    pitch = draw.normal(0.1, 0.35) + 0.3 * excited + draw.normal(0, 0.12, halves)
    intensity = draw.normal(30, 9) + 5 * excited + draw.normal(0, 3, halves)
    rate = np.clip(draw.normal(4, 0.6) + 0.7 * excited + draw.normal(0, 0.8, halves), 0.3, 10)
    error = draw.uniform(0.25, 0.8)
    arousal = np.clip(0.5 * excited - 0.1 + draw.normal(0, 0.15) + draw.normal(0, error, halves), -1, 1)
    quality = np.clip(draw.uniform(0.4, 1.05) + draw.normal(0, 0.05, halves), 0.05, 1)
    voice = np.stack([share * draw.uniform(0.6, 1, halves), pitch, intensity, rate, arousal, np.full(halves, error), quality], axis=1)
    spoken_s = np.convolve(share, np.full(12, 0.5))[:halves]
    voice[spoken_s < 1.5, 3:6] = np.nan  # rate and arousal are of some speech, not of a syllable
    voice[share == 0] = np.nan
    return voice
