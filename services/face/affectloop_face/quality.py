"""How far a face may be trusted, and what spoils it.

Each ramp's ends were set where blendshapes of the same face, made smaller, darker or blurred, had moved from those of the
untouched picture by about 0.01 (still within the noise from frame to frame) and by about 0.045 on average.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from affectloop.events import FloatArray, Reason
from affectloop_face.mesh import LEAST_PRESENCE, SIDE, Mesh
from affectloop_face.picture import Picture

OUTER_EYE_CORNERS = (33, 263)
GOOD_FROM = 0.5
YAW_DEG, PITCH_DEG = (60.0, 25.0), (50.0, 25.0)  # none at, full at: at 45 degrees of yaw the expression net was wrong
EYE_SPAN_PX = (18.0, 50.0)  # about 30 and 85 pixels of face width
LUMA = (6.0, 32.0)  # of 255
SHARPNESS = (0.006, 0.04)
INSIDE = (0.5, 0.95)  # share of the mesh within the picture
DARK_PICTURE_LUMA = 16.0  # of 255; below it a face that is not found may well be there


def ramp(value: float, none_at: float, full_at: float) -> float:
    """0 at ``none_at``, 1 at ``full_at``, straight between; either may be the greater."""
    return min(1.0, max(0.0, (value - none_at) / (full_at - none_at)))


def assess(mesh: Mesh, pose_deg: FloatArray, width: int, height: int) -> tuple[float, Reason]:
    """The quality of a face, 0 to 1, and its reason: that of the worst part where it is below 0.5.

    Parameters
    ----------
    mesh, pose_deg
        The face, and its yaw, pitch and roll in degrees.
    width, height
        Of the picture, in pixels.
    """
    yaw, pitch = abs(float(pose_deg[0])), abs(float(pose_deg[1]))
    grey = middle(mesh.crop)
    x, y = mesh.points[:, 0], mesh.points[:, 1]
    inside = float(np.mean((x >= 0) & (x < width) & (y >= 0) & (y < height)))
    worst, reason = min(
        (ramp(yaw, *YAW_DEG), Reason.TURNED_AWAY),
        (ramp(pitch, *PITCH_DEG), Reason.TURNED_AWAY),
        (ramp(eye_span(mesh.points), *EYE_SPAN_PX), Reason.TOO_SMALL),
        (ramp(float(grey.mean()), *LUMA), Reason.TOO_DARK),
        (ramp(math.log(max(1e-6, sharpness(grey))), *map(math.log, SHARPNESS)), Reason.BLURRED),
        (ramp(mesh.presence, LEAST_PRESENCE, 0.95), Reason.UNSURE),
        (ramp(inside, *INSIDE), Reason.UNSURE),
        key=lambda part: part[0],
    )
    return worst, Reason.GOOD if worst >= GOOD_FROM else reason


def is_featureless(mesh: Mesh) -> bool:
    """Whether the region holds too little detail to be a face, however sure the nets are: they see faces in blurred walls."""
    return sharpness(middle(mesh.crop)) <= SHARPNESS[0]


def eye_span(points: FloatArray) -> float:
    """Pixels between the outer corners of the eyes of a mesh (478, 3), in depth too, so that a turned head does not look small."""
    right, left = points[list(OUTER_EYE_CORNERS)]
    return float(np.linalg.norm(left - right))


def middle(crop: Picture) -> Picture:
    """The face within the mesh's region (256, 256, 3), grey (128, 128)."""
    quarter = SIDE // 4
    return np.asarray(cv2.cvtColor(crop[quarter:-quarter, quarter:-quarter], cv2.COLOR_RGB2GRAY), np.uint8)


def sharpness(grey: Picture) -> float:
    """Variance of the Laplacian over the variance of the picture: 0 where there is no detail."""
    _, detail = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    _, contrast = cv2.meanStdDev(grey)
    return float(detail[0, 0] ** 2 / (contrast[0, 0] ** 2 + 1.0))


def is_dark(picture: Picture) -> bool:
    """Whether a picture is so dark that a face in it may be missed."""
    return float(picture[::8, ::8].mean()) < DARK_PICTURE_LUMA
