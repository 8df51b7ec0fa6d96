"""The face mesh: 478 points and 52 blendshapes of one face.

Source: Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", arXiv:1907.06724
(2019); the model cards of MediaPipe's Face Mesh V2 and Blendshape V2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from affectloop.events import FloatArray
from affectloop_face.detector import LEFT_EYE, RIGHT_EYE
from affectloop_face.nets import BLENDSHAPES, MESH, Nets
from affectloop_face.picture import Picture

SIDE = 256  # pixels of the net's input
# The net was made for the region that a tracked mesh asks for: 1.5 times the mesh's box. From the detector's box that
# region is larger and higher; the two figures are means over the 544 frames of two videos (1.12 times 1.5, and 3 % up).
REGION_SCALE = 1.68
REGION_SHIFT = -0.045  # of the detector's box, along the face, towards the forehead
LEAST_PRESENCE = 0.5
# Regions lie on a grid, finer than the detector's noise: its last bits, which differ between backends and processors,
# would else move single pixels of the crop and blendshapes by up to 0.002.
GRID_PX, GRID_RAD = 1 / 8, 1 / 512

# The points that the blendshape net takes, in its order.
BLENDSHAPE_POINTS = np.array([
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81, 82, 84, 87,
    88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160,
    161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283, 284,
    285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362,
    365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454,
    466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
])  # fmt: skip

Affine = NDArray[np.float64]  # (2, 3) from pixels of a crop to pixels of the picture


@dataclass(frozen=True, slots=True)
class Mesh:
    """One face's mesh."""

    points: FloatArray  # (478, 3) pixels: right, down, and away from the camera (on the scale of the first two)
    presence: float  # probability that there is a face
    crop: Picture  # (256, 256, 3) the region that the net saw


def affine(centre: tuple[float, float], side: float, angle: float, pixels: int) -> Affine:
    """From a crop of ``pixels`` a side to the square of ``side`` in the picture, turned by ``angle`` (radians, clockwise)."""
    scale = side / pixels
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    half = pixels / 2
    return np.array([[cos, -sin, centre[0] - (cos - sin) * half], [sin, cos, centre[1] - (sin + cos) * half]])


def cut(picture: Picture, region: Affine, pixels: int) -> Picture:
    """The region as a square crop; beyond the picture its border goes on."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(picture, region, (pixels, pixels), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return crop.astype(np.uint8, copy=False)


def region_of(detection: FloatArray) -> Affine:
    """The region in which the mesh is looked for: the detector's box, upright by the eyes, widened."""
    right, left = detection[RIGHT_EYE], detection[LEFT_EYE]
    angle = on_grid(math.atan2(left[1] - right[1], left[0] - right[0]), GRID_RAD)
    box = on_grid(float(detection[1].max()), GRID_PX)
    x = on_grid(float(detection[0, 0]), GRID_PX) - math.sin(angle) * REGION_SHIFT * box
    y = on_grid(float(detection[0, 1]), GRID_PX) + math.cos(angle) * REGION_SHIFT * box
    return affine((x, y), REGION_SCALE * box, angle, SIDE)


def on_grid(value: float, step: float) -> float:
    """The nearest multiple of a step."""
    return round(value / step) * step


def mesh_of(nets: Nets, picture: Picture, detection: FloatArray) -> Mesh | None:
    """The mesh of a detected face (8, 2); ``None`` where the mesh net sees no face."""
    region = region_of(detection)
    crop = cut(picture, region, SIDE)
    flat, flag = nets.run(MESH, np.multiply(crop[None], np.float32(1 / 255), dtype=np.float32))
    presence = 1 / (1 + math.exp(-float(flag.ravel()[0])))
    if presence < LEAST_PRESENCE:
        return None
    found = flat.reshape(478, 3).astype(np.float64)
    scale = math.hypot(region[0, 0], region[1, 0])
    points = np.column_stack([found[:, :2] @ region[:, :2].T + region[:, 2], found[:, 2] * scale])
    return Mesh(points.astype(np.float32), presence, crop)


def blendshapes_of(nets: Nets, points: FloatArray) -> FloatArray:
    """The 52 blendshapes, 0 to 1, of a mesh (478, 3) in pixels."""
    (shapes,) = nets.run(BLENDSHAPES, np.ascontiguousarray(points[None, BLENDSHAPE_POINTS, :2]))
    return np.clip(shapes.ravel(), 0, 1)
