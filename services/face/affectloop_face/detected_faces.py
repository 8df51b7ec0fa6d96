"""What passes between the nets and the processor: never on a bus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from affectloop.events import Event, FaceFeatures, FloatArray, Modality, Reason

CROP_SIDE = 112  # pixels; what the expression net takes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """One face of a picture, as the nets see it."""

    quality: float  # 0 to 1
    reason: Reason  # why the quality is what it is
    box: FloatArray  # (4,) shares of the frame: x, y, width, height
    pose_deg: FloatArray  # (3,) yaw, pitch, roll
    blendshapes: FloatArray  # (52,) 0 to 1
    crop: NDArray[np.uint8]  # (112, 112, 3) RGB, upright


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DetectedFaces(Event):
    """The faces of one frame, the largest first; it takes the place of the frame, with the frame's header."""

    modality: ClassVar[Modality | None] = Modality.FACE
    faces: tuple[Face, ...]
    reason: Reason  # why there is no face; GOOD where there is one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unclassified(Event):
    """Features whose expression is still to be classified from the crop; its header is the features'."""

    modality: ClassVar[Modality | None] = Modality.FACE
    features: FaceFeatures
    crop: NDArray[np.uint8]  # (112, 112, 3) RGB
