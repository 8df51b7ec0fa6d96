"""What is behind the learner: a wall, a window's light, a shelf, all out of focus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

WALL, SHELF = (176, 186, 190), (118, 132, 142)  # blue, green, red
BOOKS = ((92, 104, 150), (128, 140, 96), (150, 128, 96), (110, 150, 170), (140, 120, 130), (96, 128, 120), (170, 170, 160))
OUT_OF_FOCUS = 1 / 60  # of the picture's side


def background(side: int) -> NDArray[np.uint8]:
    """The room, (side, side, 3), blue first."""
    rng = np.random.default_rng(5)
    room = np.empty((side, side, 3))
    room[:] = WALL

    def box(left: float, top: float, right: float, bottom: float, colour: tuple[int, int, int]) -> None:
        room[int(top * side) : int(bottom * side), int(left * side) : int(right * side)] = colour

    box(0.76, 0.36, 1.0, 0.385, SHELF)
    left = 0.775
    while left < 1.0:
        width = rng.uniform(0.016, 0.034)
        box(left, 0.36 - rng.uniform(0.10, 0.17), left + width, 0.36, BOOKS[int(rng.integers(len(BOOKS)))])
        left += width + 0.003
    box(0.04, 0.10, 0.20, 0.34, (205, 208, 206))
    box(0.055, 0.12, 0.185, 0.32, (158, 170, 150))
    y, x = np.mgrid[0:side, 0:side] / side
    light = 1.08 - 0.32 * np.hypot(x - 0.1, 0.8 * (y - 0.1))
    blurred = gaussian_filter(room, (OUT_OF_FOCUS * side, OUT_OF_FOCUS * side, 0), mode="nearest") * light[..., None]
    return np.asarray(np.clip(blurred + 0.5, 0, 255), np.uint8)
