"""Where the faces of a picture are: BlazeFace (short range), every frame anew.

Source: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", arXiv:1907.05047 (2019).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from affectloop.events import FloatArray
from affectloop_face.nets import DETECTOR, Nets
from affectloop_face.picture import Picture

SIDE = 128  # pixels of the net's input
LEAST_SCORE = 0.5
OVERLAP = 0.3  # intersection over union above which two candidates are one face
FAR = 0.22  # of the picture's longer side: the net misses faces below about 1/8 of it, and their neighbours are about as small
POSITIONS = [0, 2, 3, 4, 5, 6, 7]  # rows of a candidate that are places; row 1 is the size
RIGHT_EYE, LEFT_EYE = 2, 3  # rows of a candidate; right and left are the person's own
GRID = ((8, 2), (16, 6))  # stride in pixels and anchors per cell


@dataclass(frozen=True, slots=True)
class Candidates:
    """Possible faces in pixels of the picture: centre, size, right eye, left eye, nose, mouth, right ear, left ear."""

    points: FloatArray  # (n, 8, 2)
    scores: FloatArray  # (n,) 0 to 1


def _anchors() -> FloatArray:
    centres = []
    for stride, count in GRID:
        cells = SIDE // stride
        y, x = np.mgrid[:cells, :cells]
        centres.append(np.repeat(np.stack([x.ravel(), y.ravel()], 1) + 0.5, count, axis=0) / cells)
    return np.concatenate(centres).astype(np.float32)


_ANCHORS = _anchors()  # (896, 2) shares of the input


def detect(nets: Nets, picture: Picture) -> Candidates:
    """The faces of a picture, overlapping candidates merged.

    Where nothing is found, or the faces are far away, the picture is looked at again in overlapping squares.
    """
    whole = candidates(nets, picture)
    found = merged(whole)
    longer = max(picture.shape[:2])
    if len(found.scores) and found.points[:, 1].max() >= FAR * longer:
        return found
    parts = [whole, *(_within(nets, picture, left, top) for left, top in squares(picture))]
    return merged(Candidates(np.concatenate([part.points for part in parts]), np.concatenate([part.scores for part in parts])))


def squares(picture: Picture) -> Iterator[tuple[int, int]]:
    """The left and top corners of the two squares at the ends of the longer side; none for a square picture."""
    height, width = picture.shape[:2]
    if height != width:
        yield 0, 0
        yield max(0, width - height), max(0, height - width)


def _within(nets: Nets, picture: Picture, left: int, top: int) -> Candidates:
    """Candidates in one square, without those that its borders cut."""
    height, width = picture.shape[:2]
    side = min(height, width)
    part = candidates(nets, picture[top : top + side, left : left + side])
    low, high = part.points[:, 0] - part.points[:, 1] / 2, part.points[:, 0] + part.points[:, 1] / 2
    cut = ((low < 0) & (np.array([left, top]) > 0)) | ((high > side) & (np.array([left, top]) + side < [width, height]))
    kept = ~cut.any(axis=1)
    points = part.points[kept]
    points[:, POSITIONS] += np.array([left, top], np.float32)
    return Candidates(points, part.scores[kept])


def candidates(nets: Nets, picture: Picture) -> Candidates:
    """What the net says of a whole picture, letterboxed."""
    height, width = picture.shape[:2]
    longer = max(height, width)
    inner = max(1, round(width * SIDE / longer)), max(1, round(height * SIDE / longer))
    left, top = (SIDE - inner[0]) // 2, (SIDE - inner[1]) // 2
    letterbox = np.zeros((SIDE, SIDE, 3), np.uint8)
    letterbox[top : top + inner[1], left : left + inner[0]] = reduced(picture, inner)
    regressors, classificators = nets.run(DETECTOR, letterbox[None].astype(np.float32) / np.float32(127.5) - 1)
    scores = 1 / (1 + np.exp(-np.clip(classificators.ravel(), -50, 50)))
    kept = scores >= LEAST_SCORE
    points: FloatArray = regressors.reshape(-1, 8, 2)[kept] / np.float32(SIDE)
    points[:, POSITIONS] += _ANCHORS[kept][:, None]
    points *= longer
    points[:, POSITIONS] -= np.array([left, top], np.float32) * longer / SIDE
    return Candidates(points, scores[kept].astype(np.float32))


def reduced(picture: Picture, size: tuple[int, int]) -> Picture:
    """The picture at a smaller size (width, height): halved while that is exact, which costs a fifth of averaging areas of any size."""
    height, width = picture.shape[:2]
    while width % 2 == height % 2 == 0 and width >= 2 * size[0] and height >= 2 * size[1]:
        width, height = width // 2, height // 2
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    nearly = width < 2 * size[0]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR if nearly else cv2.INTER_AREA), np.uint8)


def merged(found: Candidates) -> Candidates:
    """Weighted non-maximum suppression: candidates that overlap the best one become their mean, weighted by score."""
    points, scores = [], []
    rest = np.argsort(-found.scores, kind="stable")
    while len(rest):
        same = overlap(found.points[rest[0]], found.points[rest]) > OVERLAP
        same[0] = True
        weights = found.scores[rest[same]]
        points.append((found.points[rest[same]] * weights[:, None, None]).sum(axis=0) / weights.sum())
        scores.append(found.scores[rest[0]])
        rest = rest[~same]
    return Candidates(np.array(points, np.float32).reshape(-1, 8, 2), np.array(scores, np.float32))


def overlap(one: FloatArray, many: FloatArray) -> NDArray[np.float32]:
    """Intersection over union of a candidate's box (8, 2) with those of others (n, 8, 2)."""
    low = np.maximum(one[0] - one[1] / 2, many[:, 0] - many[:, 1] / 2)
    high = np.minimum(one[0] + one[1] / 2, many[:, 0] + many[:, 1] / 2)
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = one[1].prod() + many[:, 1].prod(axis=1) - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)
