"""Which way a head is turned: the rotation that lays the canonical face on the mesh."""

from __future__ import annotations

import math

import numpy as np

from affectloop.events import FloatArray

# Rigid landmarks of the canonical face: number in the mesh, weight, position in cm (right in the picture, up, towards the camera).
# Source: geometry_pipeline_metadata_landmarks.binarypb within face_landmarker.task (Apache-2.0), its Procrustes basis.
BASIS = np.array([
    (4, 0.07090994, 0.0, -0.46317, 7.58658), (6, 0.03210014, 0.0, 2.47325, 5.78863), (10, 0.00844655, 0.0, 8.26178, 4.48153),
    (33, 0.05872417, -4.44586, 2.66399, 3.17342), (54, 0.00766708, -6.27933, 6.61543, 1.42585),
    (67, 0.00907806, -3.52396, 8.00598, 3.72916), (117, 0.00979194, -5.25866, 0.94581, 2.97431),
    (119, 0.01456537, -3.30068, 0.86164, 3.87278), (121, 0.01859136, -1.82073, 1.46795, 4.22412),
    (127, 0.00519799, -7.74309, 2.365, -2.00517), (129, 0.12062521, -1.78579, -0.97828, 4.85047),
    (132, 0.00556002, -7.2709, -2.89092, -2.25245), (133, 0.05328618, -1.85643, 2.58524, 3.7579),
    (136, 0.06689046, -5.08528, -7.17859, 0.71471), (143, 0.01481655, -6.40757, 2.23602, 1.56084),
    (147, 0.01426283, -6.23488, -1.94443, 1.66354), (198, 0.02546219, -1.24681, 0.2303, 5.68104),
    (205, 0.04725228, -3.83293, -1.53733, 4.13773), (263, 0.05872417, 4.44586, 2.66399, 3.17342),
    (284, 0.00766708, 6.27933, 6.61543, 1.42585), (297, 0.00907806, 3.52396, 8.00598, 3.72916),
    (346, 0.00979194, 5.25866, 0.94581, 2.97431), (348, 0.01456537, 3.30068, 0.86164, 3.87278),
    (350, 0.01859136, 1.82073, 1.46795, 4.22412), (356, 0.00519799, 7.74309, 2.365, -2.00517),
    (358, 0.12062521, 1.78579, -0.97828, 4.85047), (361, 0.00556002, 7.2709, -2.89092, -2.25245),
    (362, 0.05328618, 1.85643, 2.58524, 3.7579), (365, 0.06689046, 5.08528, -7.17859, 0.71471),
    (372, 0.01481655, 6.40757, 2.23602, 1.56084), (376, 0.01426283, 6.23488, -1.94443, 1.66354),
    (420, 0.02546219, 1.24681, 0.2303, 5.68104), (425, 0.04725228, 3.83293, -1.53733, 4.13773),
])  # fmt: skip
_NUMBERS = BASIS[:, 0].astype(int)
_WEIGHTS = BASIS[:, 1] / BASIS[:, 1].sum()
_CANONICAL = BASIS[:, 2:] - _WEIGHTS @ BASIS[:, 2:]


def pose_of(points: FloatArray) -> FloatArray:
    """Yaw, pitch and roll in degrees of a mesh.

    Parameters
    ----------
    points
        (478, 3) float32, pixels: right, down, away from the camera.

    Returns
    -------
    (3,) float32, -180 to 180. Yaw above 0: the face looks to the picture's right (the person's left). Pitch above 0: it
    looks up. Roll above 0: it is tilted clockwise as the picture shows it.

    Notes
    -----
    Weighted orthogonal Procrustes under weak perspective. An upright head in front of a camera that is not at eye height
    has a pitch. Source: Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    IEEE TPAMI 13(4), 1991, eq. 40-43.
    """
    seen = points[_NUMBERS].astype(np.float64) * (1, -1, -1)
    seen -= _WEIGHTS @ seen
    left, _, right = np.linalg.svd((seen * _WEIGHTS[:, None]).T @ _CANONICAL)
    handed = np.array([1.0, 1.0, np.linalg.det(left) * np.linalg.det(right)])
    rotation = (left * handed) @ right
    yaw = math.atan2(rotation[0, 2], rotation[2, 2])
    pitch = math.asin(max(-1.0, min(1.0, rotation[1, 2])))
    roll = math.atan2(-rotation[1, 0], rotation[1, 1])
    return np.degrees([yaw, pitch, roll]).astype(np.float32)
