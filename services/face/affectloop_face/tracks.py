"""Whose face is whose: the origins of tracks in the picture, learnt once each.

A track has an origin: the box of the face when it began. The origin never moves, so that who is who in a frame
follows from that frame and the stored origins alone, whatever was lost in between. Track 1 is the learner: the largest
face when faces were first there. A further track begins when each of the last frames showed more faces than there are
tracks; hence a learner who moves about alone stays the learner. In a frame, faces and origins are matched so that the sum
of their distances is least.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from affectloop_face.detected_faces import Face

FRAMES_TO_BEGIN = 5  # in a row: a detector's flicker of a frame or two makes nobody


@dataclass(frozen=True, slots=True)
class TrackOrigin:
    """Where a track began, and from when on it counts."""

    since_us: int
    box: NDArray[np.float64]  # (4,) shares of the frame: x, y, width, height


class Tracks:
    """The origins of one session, by the number of their track, from 1."""

    def __init__(self, origins: Mapping[int, TrackOrigin]) -> None:
        self._origins = dict(origins)
        self._recent: deque[tuple[int, int]] = deque(maxlen=FRAMES_TO_BEGIN)  # time and number of faces

    @property
    def oldest_us(self) -> int:
        """The oldest frame that the next decision depends on."""
        recent = list(self._recent)
        return recent[max(0, len(recent) - FRAMES_TO_BEGIN + 1)][0]

    def saw(self, time_us: int, faces: tuple[Face, ...]) -> dict[int, TrackOrigin]:
        """Take one frame's faces; the tracks that begin with it."""
        self._recent.append((time_us, len(faces)))
        if len(self._recent) < FRAMES_TO_BEGIN:
            return {}
        wanted = min(count for _, count in self._recent)
        if wanted <= len(self._origins):
            return {}
        taken = [id(face) for face in self.whose(time_us, faces).values()] if self._origins else []
        newcomers = [face for face in faces if id(face) not in taken]
        numbers = range(len(self._origins) + 1, wanted + 1)
        begun = {number: TrackOrigin(time_us, face.box.astype(np.float64)) for number, face in zip(numbers, newcomers, strict=False)}
        self._origins |= begun
        return begun

    def begun(self, time_us: int) -> list[int]:
        """The tracks that count at this time."""
        return sorted(number for number, origin in self._origins.items() if origin.since_us <= time_us)

    def whose(self, time_us: int, faces: tuple[Face, ...]) -> dict[int, Face]:
        """Each track's face in this frame, where it has one. Before track 1 has begun, the largest face is the learner's."""
        numbers = self.begun(time_us)
        if not numbers:
            return {1: faces[0]} if faces else {}
        if not faces:
            return {}
        cost = np.array([[distance(self._origins[number].box, face.box.astype(np.float64)) for face in faces] for number in numbers])
        rows, columns = linear_sum_assignment(cost)
        return {numbers[row]: faces[column] for row, column in zip(rows, columns, strict=True)}


def distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """How far two boxes (x, y, width, height) are apart: of the centres, in face widths, and the logarithm of the sizes' ratio."""
    sizes = np.sqrt(np.maximum([one[2] * one[3], other[2] * other[3]], 1e-9))
    gap = (one[:2] + one[2:] / 2) - (other[:2] + other[2:] / 2)
    return float(np.hypot(*gap) / sizes.mean() + abs(np.log(sizes[0] / sizes[1])))
