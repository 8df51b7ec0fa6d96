"""Action-unit proxies from blendshapes: a documented mapping, not validated against FACS coders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affectloop.events import ACTION_UNITS, BLENDSHAPES, FloatArray

# Outputs of the blendshape net, in its order (ARKit's names).
NAMES = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft",
    "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight",
    "mouthFrownLeft", "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft",
    "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip

# Each unit is the mean of these blendshapes (left and right where there are two). cheekSquint (AU6) and noseSneer (AU9)
# are dead outputs of the net, hence eyeSquint stands for AU6 and AU7 together and AU9 is absent.
SHAPES_OF_UNIT = {
    "AU1": ("browInnerUp",),
    "AU2": ("browOuterUpLeft", "browOuterUpRight"),
    "AU4": ("browDownLeft", "browDownRight"),
    "AU5": ("eyeWideLeft", "eyeWideRight"),
    "AU6+7": ("eyeSquintLeft", "eyeSquintRight"),
    "AU10": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "AU12": ("mouthSmileLeft", "mouthSmileRight"),
    "AU14": ("mouthDimpleLeft", "mouthDimpleRight"),
    "AU15": ("mouthFrownLeft", "mouthFrownRight"),
    "AU17": ("mouthShrugLower",),
    "AU20": ("mouthStretchLeft", "mouthStretchRight"),
    "AU22": ("mouthFunnel",),
    "AU24": ("mouthPressLeft", "mouthPressRight"),
    "AU25+26": ("jawOpen",),
    "AU28": ("mouthRollLower", "mouthRollUpper"),
    "AU45": ("eyeBlinkLeft", "eyeBlinkRight"),
}


def _weights() -> NDArray[np.float64]:
    weights = np.zeros((len(ACTION_UNITS), BLENDSHAPES))
    for row, unit in enumerate(ACTION_UNITS):
        shapes = SHAPES_OF_UNIT[unit]
        weights[row, [NAMES.index(shape) for shape in shapes]] = 1 / len(shapes)
    return weights


_WEIGHTS = _weights()
_BLINK = ACTION_UNITS.index("AU45")


def from_neutral(blendshapes: FloatArray, neutral: NDArray[np.float64]) -> FloatArray:
    """Action units as change from the neutral face: (52,) and (52,) to (16,), -1 to 1, by ``ACTION_UNITS``."""
    change = _WEIGHTS @ (blendshapes.astype(np.float64) - neutral)
    return np.clip(change, -1, 1).astype(np.float32)


def activity(blendshapes: FloatArray) -> float:
    """How much a face is doing, blinks apart: the sum of its action units, 0 for a face at rest."""
    units = _WEIGHTS @ blendshapes.astype(np.float64)
    return float(units.sum() - units[_BLINK])
