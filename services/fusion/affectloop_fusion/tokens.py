"""What the net sees of a window: tokens of each modality, their masks, and how far each modality can be trusted.

Every token is the mean of what was measured within its time; a value that was not measured is masked, whatever number
stands in its place. Values are scaled with the constants below, which were chosen from physiology and from the
features' ranges, never fitted to data, so that nothing of a training set is in them.

Why not the raw 52 blendshapes: the action units are the same net's outputs less the learner's own neutral face, and
the neutral face is who somebody is, not how they are. What the action units leave out (gaze, lids) is taken from the
blendshapes, and two raw levels stand in until a neutral face is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affectloop.events import ACTION_UNITS, EXPRESSIONS, AudioFeatures, FaceFeatures, Modality, PhysioFeatures

Array = NDArray[np.float64]
Tokens = NDArray[np.float32]

WINDOW_US = 8_000_000  # a slow skin conductance response (3 s to its onset, 3 s to its peak) fits whole
HOP_US = 500_000
LIMIT = 3.0  # scaled values are cut here: one broken sensor must not outvote everything else

# Blendshapes of the face_landmarker, left and right, by their place in its output.
BLINK, SMILE, BROW_DOWN = (9, 10), (44, 45), (1, 2)
LOOK_DOWN, LOOK_UP = (11, 12), (17, 18)
LOOK_LEFT, LOOK_RIGHT = (15, 14), (13, 16)  # left eye out and right eye in; left eye in and right eye out
LEFT_SIDES, RIGHT_SIDES = np.array([LOOK_RIGHT, LOOK_LEFT, LOOK_UP, LOOK_DOWN, BLINK, SMILE, BROW_DOWN]).T


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of a token: the net sees ``(value - centre) / scale``."""

    name: str
    centre: float
    scale: float


@dataclass(frozen=True, slots=True)
class Kind:
    """The tokens of one modality: how long each is, how many fill a window, what each holds."""

    modality: Modality
    token_us: int
    features: tuple[Feature, ...]

    def __hash__(self) -> int:
        """By modality: features by the dozen are compared where it matters, not hashed at every look-up."""
        return hash(self.modality)

    @property
    def count(self) -> int:
        """Tokens of a window."""
        return WINDOW_US // self.token_us

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names, in order."""
        return tuple(feature.name for feature in self.features)


FACE = Kind(
    Modality.FACE,
    250_000,  # an expression seen at work lasts 0.5 s or more; a micro-expression is the face service's own matter
    (
        *(Feature(name, 0.0, 0.25) for name in ACTION_UNITS),  # change from neutral; 0.25 is a clear movement
        *(Feature(name, 0.0, 0.5) for name in EXPRESSIONS),
        Feature("yaw_deg", 0.0, 25.0),
        Feature("pitch_deg", 0.0, 20.0),
        Feature("roll_deg", 0.0, 20.0),
        Feature("gaze_right", 0.0, 0.3),
        Feature("gaze_up", 0.0, 0.3),
        Feature("lids_closed", 0.1, 0.3),
        Feature("smile", 0.1, 0.3),  # raw, for the time before a neutral face is known
        Feature("brow_down", 0.1, 0.3),  # likewise
        Feature("quality", 0.7, 0.3),
    ),
)
WRISTBAND = Kind(
    Modality.WRISTBAND,
    1_000_000,
    (
        Feature("heart_rate_change_bpm", 0.0, 12.0),  # what a mental stressor adds
        Feature("heart_rate_bpm", 78.0, 18.0),  # an adolescent at rest
        Feature("rmssd_octaves_from_40_ms", 0.0, 1.0),
        Feature("tonic_change_octaves", 0.0, 0.5),  # of the level, since its size differs tenfold between people
        Feature("tonic_octaves_from_2_us", 0.0, 2.0),
        Feature("phasic_microsiemens", 0.0, 0.2),
        Feature("responses_per_min", 4.0, 6.0),  # 1 to 3 at rest, 20 when excited (Boucsein 2012)
        Feature("response_amplitude_microsiemens", 0.0, 0.3),  # of the responses confirmed within the token
        Feature("movement_octaves_from_30_mg", 0.0, 3.0),
        Feature("heart_quality", 0.7, 0.3),
        Feature("variability_quality", 0.7, 0.3),
        Feature("eda_quality", 0.7, 0.3),
    ),
)
VOICE = Kind(
    Modality.VOICE,
    500_000,
    (
        Feature("voice_share", 0.5, 0.3),
        Feature("pitch_octaves_from_180_hz", 0.0, 0.5),
        Feature("intensity_db", 30.0, 12.0),
        Feature("syllables_per_s", 4.0, 2.0),
        Feature("arousal", 0.0, 0.5),
        Feature("arousal_error", 0.5, 0.3),
        Feature("quality", 0.7, 0.3),
    ),
)
KINDS = (FACE, WRISTBAND, VOICE)
UNITS, CLASSES = slice(0, len(ACTION_UNITS)), slice(len(ACTION_UNITS), len(ACTION_UNITS) + len(EXPRESSIONS))  # places in FACE.features
NO_FACE = np.full(len(FACE.features), np.nan)
POSE, EYES_AND_RAW = slice(CLASSES.stop, CLASSES.stop + 3), slice(CLASSES.stop + 3, CLASSES.stop + 8)

QUALITY_COLUMNS = {
    Modality.FACE: ("quality",),
    Modality.WRISTBAND: ("heart_quality", "eda_quality"),
    Modality.VOICE: ("quality",),
}
ENOUGH_SHARE = 0.5  # half a window's tokens carry the full weight of their quality


CENTRES = {kind.modality: np.array([feature.centre for feature in kind.features]) for kind in KINDS}
SCALES = {kind.modality: np.array([feature.scale for feature in kind.features]) for kind in KINDS}
QUALITY_PLACES = {kind.modality: [kind.names.index(name) for name in QUALITY_COLUMNS[kind.modality]] for kind in KINDS}


def scaled(values: Array, kind: Kind) -> tuple[Tokens, Tokens]:
    """Tokens and their masks from values with NaN where nothing was measured; shape (..., features) each."""
    known = np.isfinite(values)
    return scaled_means(np.where(known, values, 0.0), known, kind).astype(np.float32), known.astype(np.float32)


def scaled_means(means: Array, known: NDArray[np.bool_], kind: Kind) -> Array:
    """Tokens from means and what of them is known; shape (..., features) each."""
    tokens: Array = (means - CENTRES[kind.modality]) / SCALES[kind.modality]
    np.maximum(tokens, -LIMIT, out=tokens)
    np.minimum(tokens, LIMIT, out=tokens)
    tokens *= known
    return tokens


def trust(values: Array, kind: Kind) -> Array:
    """How far a modality's window can be trusted, 0 to 1: mean quality of its tokens, less where half are missing.

    ``values`` are unscaled, (..., tokens, features); the wristband's quality is that of its better sensor.
    """
    known = np.isfinite(values)
    return trusted(qualities(np.where(known, values, 0.0), kind), np.asarray(known.any(axis=-1), np.float64), kind)


def qualities(means: Array, kind: Kind) -> Array:
    """The quality of each token from its means, which are 0 where nothing was measured; shape (...,)."""
    result: Array = means[..., QUALITY_PLACES[kind.modality]].max(axis=-1)
    return result


def trusted(quality: Array, present: Array, kind: Kind) -> Array:
    """As ``trust``, from the quality of each of the window's tokens and whether it is there, 0 or 1; (..., tokens) each."""
    seen = np.add.reduce(present, axis=-1)
    result: Array = np.add.reduce(quality, axis=-1) / np.maximum(seen, 1) * np.minimum(1.0, seen / (ENOUGH_SHARE * kind.count))
    return result


def face_values(event: FaceFeatures) -> Array | None:
    """One frame's values by ``FACE.features``; ``None`` where no face was understood."""
    understood = (event.action_units, event.expression, event.blendshapes)
    if event.quality <= 0.0 or all(part is None for part in understood):
        return None
    values = NO_FACE.copy()
    for place, part in ((UNITS, event.action_units), (CLASSES, event.expression), (POSE, event.pose_deg)):
        if part is not None:
            values[place] = part
    if event.blendshapes is not None:
        values[EYES_AND_RAW] = _eyes_and_raw(event.blendshapes)
    values[-1] = event.quality
    return values


def _eyes_and_raw(blendshapes: NDArray[np.float32]) -> list[float]:
    """Gaze to the right and up, lids, smile, brow: each level the mean of both sides."""
    right, left, up, down, blink, smile, brow = ((blendshapes[LEFT_SIDES] + blendshapes[RIGHT_SIDES]).astype(np.float64) / 2).tolist()
    return [right - left, up - down, blink, smile, brow]


def physio_values(event: PhysioFeatures) -> Array | None:
    """One second's values by ``WRISTBAND.features``; ``None`` where neither heart nor skin was measured.

    Movement alone is no reason to speak of arousal.
    """
    heart, skin = event.heart_quality > 0.0, event.eda_quality > 0.0
    heart = heart and event.heart_rate_bpm is not None
    skin = skin and event.tonic_microsiemens is not None
    if not (heart or skin):
        return None
    variable = event.variability_quality > 0.0 and event.rmssd_ms is not None
    return np.array(
        [
            _known(event.heart_rate_change_bpm, heart),
            _known(event.heart_rate_bpm, heart),
            octaves(event.rmssd_ms, 40.0, 1.0, variable),
            tonic_change_octaves(event.tonic_microsiemens, event.tonic_change_microsiemens) if skin else np.nan,
            octaves(event.tonic_microsiemens, 2.0, 0.05, skin),
            _known(event.phasic_microsiemens, skin),
            _known(event.responses_per_min, skin),
            _known(sum(response.amplitude_microsiemens for response in event.responses), skin),
            octaves(event.movement_g, 0.03, 0.003, True),
            _known(event.heart_quality, heart),
            _known(event.variability_quality, variable),
            _known(event.eda_quality, skin),
        ]
    )


def voice_values(event: AudioFeatures) -> Array | None:
    """One half second's values by ``VOICE.features``; ``None`` where the learner does not speak: silence is not calm."""
    if event.quality <= 0.0 or not event.voice_share:
        return None
    return np.array(
        [
            event.voice_share,
            octaves(event.pitch_hz, 180.0, 0.0, True),
            _known(event.intensity_db, True),
            _known(event.syllables_per_s, True),
            _known(event.arousal, True),
            _known(event.arousal_error, True),
            event.quality,
        ]
    )


def _known(value: float | None, trusted: bool) -> float:
    return value if trusted and value is not None else np.nan


def octaves(value: float | None, reference: float, floor: float, trusted: bool) -> float:
    """How many times ``value`` is twice ``reference``; ``floor`` is added to both where the value may be 0."""
    if value is None or not trusted:
        return np.nan
    return float(np.log2((value + floor) / (reference + floor)))


LEAST_TONIC_MICROSIEMENS = 0.1  # below it, a change is one of contact


def tonic_change_octaves(level: float | None, change: float | None) -> float:
    """The tonic level over the resting one, in octaves: the change as a share of the learner's own level."""
    if level is None or change is None:
        return np.nan
    resting = max(level - change, LEAST_TONIC_MICROSIEMENS)
    return float(np.log2(max(level, LEAST_TONIC_MICROSIEMENS) / resting))
