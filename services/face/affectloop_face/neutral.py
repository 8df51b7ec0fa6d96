"""The learner's neutral face, learnt once from the session's first calm seconds."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from affectloop.events import FloatArray, Reason
from affectloop_face.action_units import activity
from affectloop_face.detected_faces import Face

FRONTAL_YAW_DEG, FRONTAL_PITCH_DEG = 15.0, 20.0  # a camera above or below the screen pitches an upright head
SLOT_US = 250_000  # good frames are counted by quarter seconds, so that the frame rate does not matter
NEEDED_SHARE = 0.5  # of the window's slots
CALM_SHARE = 1 / 3  # of the frames: people are at rest for at least a third of ten seconds in front of a screen


class NeutralWindow:
    """The good frontal frames of the last seconds, until they are enough."""

    def __init__(self, window_s: float) -> None:
        self.window_us = round(window_s * 1e6)
        self._frames: deque[tuple[int, FloatArray]] = deque()

    def add(self, time_us: int, face: Face | None) -> NDArray[np.float64] | None:
        """Take one frame's face; the neutral blendshapes (52,) once the window holds enough."""
        while self._frames and self._frames[0][0] <= time_us - self.window_us:
            self._frames.popleft()
        if face is None or not is_good_and_frontal(face):
            return None
        self._frames.append((time_us, face.blendshapes))
        slots = {time // SLOT_US for time, _ in self._frames}
        if len(slots) < NEEDED_SHARE * self.window_us / SLOT_US:
            return None
        return calm_median([shapes for _, shapes in self._frames])


def is_good_and_frontal(face: Face) -> bool:
    """Whether a frame may tell what the neutral face is."""
    yaw, pitch, _ = face.pose_deg
    return face.reason is Reason.GOOD and abs(yaw) <= FRONTAL_YAW_DEG and abs(pitch) <= FRONTAL_PITCH_DEG


def calm_median(frames: list[FloatArray]) -> NDArray[np.float64]:
    """The median of the calmest third of the frames: robust to blinks, speech and a smile meanwhile."""
    calmest = sorted(range(len(frames)), key=lambda number: activity(frames[number]))
    kept = calmest[: max(1, round(len(frames) * CALM_SHARE))]
    return np.median(np.array([frames[number] for number in kept], np.float64), axis=0)
