"""Hair: strands that grow from the skin, lie on it, and are cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from affectloop_learning.demo_learner.head import Part
from affectloop_learning.demo_learner.mesh import Normals

FloatArray = NDArray[np.float64]

SEED = 14


@dataclass(frozen=True)
class Strands:
    """Curves: points (n, points, 3) from root to tip; half widths and a random number each."""

    points: FloatArray
    half_width: FloatArray  # (n,)
    chance: FloatArray  # (n,)
    roots: NDArray[np.intp]  # (n,), the skin's vertex that each moves with

    def ribbons(self, offsets: FloatArray | None = None) -> NDArray[np.float32]:
        """Vertices of camera-facing ribbons: centre 3, direction 3, side, place, chance, half width; (n, points, 2, 10)."""
        points = self.points if offsets is None else self.points + offsets[:, None]
        count, length, _ = points.shape
        along = np.gradient(points, axis=1)
        along[np.linalg.norm(along, axis=2) < 1e-6] = (0.0, -1.0, 0.0)
        vertices = np.empty((count, length, 2, 10), np.float32)
        vertices[..., 0:3] = points[:, :, None]
        vertices[..., 3:6] = (along / np.linalg.norm(along, axis=2, keepdims=True))[:, :, None]
        vertices[..., 6] = (-1.0, 1.0)
        vertices[..., 7] = np.linspace(0, 1, length)[None, :, None]
        vertices[..., 8] = self.chance[:, None, None]
        vertices[..., 9] = self.half_width[:, None, None]
        return vertices

    def triangles(self) -> NDArray[np.int32]:
        """Two for each piece of each strand, (m, 3)."""
        count, length, _ = self.points.shape
        first = (np.arange(count)[:, None] * length + np.arange(length - 1)) * 2
        quads = np.stack([first, first + 1, first + 3, first, first + 3, first + 2], axis=-1)
        return quads.reshape(-1, 3).astype(np.int32)


class Scalp:
    """The skin, as something to grow from and to lie on."""

    def __init__(self, skin: Part) -> None:
        self.rest = skin.rest
        self.normals = Normals(skin.triangles, len(skin.rest)).of(skin.rest)
        self._triangles = skin.triangles
        self._near = cKDTree(skin.rest)

    def roots(self, density: FloatArray, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
        """Points, normals and nearest vertices, by area and density (a weight for each vertex)."""
        corners = self.rest[self._triangles]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        weight = area * density[self._triangles].mean(axis=1)
        chosen = rng.choice(len(weight), count, p=weight / weight.sum())
        shares = rng.dirichlet((1.0, 1.0, 1.0), count)
        points = (corners[chosen] * shares[:, :, None]).sum(axis=1)
        normals = (self.normals[self._triangles[chosen]] * shares[:, :, None]).sum(axis=1)
        return points, normals, self._triangles[chosen, shares.argmax(axis=1)]

    def laid(self, points: FloatArray, height: FloatArray) -> FloatArray:
        """The points at that height over the skin where they were below it, half way to it where they stand off."""
        _, nearest = self._near.query(points, k=4)
        above = ((points[:, None] - self.rest[nearest]) * self.normals[nearest]).sum(axis=2).mean(axis=1)
        normal = self.normals[nearest].mean(axis=1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        missing = height - above
        laid: FloatArray = points + np.where(missing > 0, missing, 0.5 * missing)[:, None] * normal
        return laid


PARTING_X = 0.30
HAIRLINE_Y = 0.62


def scalp_density(rest: FloatArray, ears: FloatArray) -> FloatArray:
    """Where the head's hair grows, 0 to 1 for each vertex."""
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    front = HAIRLINE_Y + 0.05 * np.cos(np.clip(x / 0.5, 0, 1) * np.pi) - 0.50 * np.clip((x - 0.42) / 0.28, 0, 1) ** 1.4
    side = -0.30 - 0.35 * np.clip((-0.75 - z) / 0.5, 0, 1)
    line = np.where(z > -0.55, front, side)
    density = np.clip((y - line) / 0.06, 0, 1) * (1 - np.clip(ears * 3, 0, 1)) * (y > -0.75)
    return np.asarray(density * np.where(z > -0.45, x < 0.80, True))


def head_hair(skin: Part, count: int = 6_000, points: int = 8) -> Strands:
    """A side parting, combed to both sides, cut over the brows, at the ears and at the neck."""
    rng = np.random.default_rng(SEED)
    scalp = Scalp(skin)
    root, normal, nearest = scalp.roots(scalp_density(skin.rest, skin.mask[:, 3]), count, rng)
    clump = np.round(root * 6) @ np.array([12.9898, 78.233, 37.719])  # the same number for neighbours
    wander = np.stack([np.sin(clump * factor) for factor in (1.0, 1.7, 2.3)], axis=1)
    height = 0.02 + 0.13 * rng.random(count) * np.clip((root[:, 1] + 0.6) / 0.8, 0.35, 1)
    comb = _combed(root, wander, rng)
    length = np.where(root[:, 1] > 0.4, 1.5, 1.0) * rng.uniform(0.85, 1.1, count)
    curves = _grown(scalp, root, normal, comb, length / (points - 1), height, points)
    return Strands(_cut(curves, rng), np.full(count, 0.0090), rng.random(count), nearest)


def _combed(root: FloatArray, wander: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Which way the comb went at each root: away from the parting, at the front forward, (n, 3)."""
    count = len(root)
    side = np.where(root[:, 0] > PARTING_X + 0.05 * wander[:, 0] + 0.02 * rng.normal(size=count), 1.0, -1.0)
    forward = np.clip((root[:, 2] + 0.75) / 0.7, 0, 1)
    comb = np.stack([side * (0.35 + 0.45 * forward), np.zeros(count), 1.1 * forward - 0.5 * (1 - forward)], axis=1)
    combed: FloatArray = comb + (0.14 * wander + 0.05 * rng.normal(size=comb.shape))
    return combed


def _grown(
    scalp: Scalp, root: FloatArray, normal: FloatArray, comb: FloatArray, step: FloatArray, height: FloatArray, points: int
) -> FloatArray:
    """Strands from their roots on: each piece goes on as the last, the comb and gravity pull, the head is in the way."""
    direction = _unit(0.35 * normal + 0.8 * comb + np.array([0.0, 0.1, 0.0]))
    curve = [root - 0.02 * normal]
    for number in range(points - 1):
        direction = _unit(direction + 0.25 * comb + np.array([0.0, -0.55, 0.0]))
        at = scalp.laid(curve[-1] + step[:, None] * direction, height * min(1.0, (number + 1) / 2.5))
        direction = _unit(at - curve[-1])
        curve.append(at)
    return np.stack(curve, axis=1)


def _unit(vectors: FloatArray) -> FloatArray:
    unit: FloatArray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit


def _cut(curves: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Each strand ends where it would pass the scissors."""
    x, y, z = np.abs(curves[..., 0]), curves[..., 1], curves[..., 2]
    ragged = 0.07 * rng.normal(size=(len(curves), 1)) + 0.05 * np.sin(23 * curves[:, -1:, 0]) + 0.04 * np.sin(41 * curves[:, -1:, 2])
    fringe = 0.44 - 0.06 * np.clip(x / 0.5, 0, 1) ** 2 - 0.50 * np.clip((x - 0.53) / 0.2, 0, 1)
    lowest = np.where(z > -0.25, fringe, np.where(z > -1.05, -0.20, -0.72)) + ragged
    beyond = y < lowest
    beyond[:, 0] = False
    last = np.where(beyond.any(axis=1), beyond.argmax(axis=1), curves.shape[1] - 1)
    return _resampled(curves, np.maximum(last, 1))


def _resampled(curves: FloatArray, last: NDArray[np.intp]) -> FloatArray:
    """The curves up to their last point, with as many points as before."""
    length = curves.shape[1]
    place = np.linspace(0, 1, length)[None] * last[:, None]
    lower = np.minimum(place.astype(np.intp), length - 2)
    share = (place - lower)[..., None]
    rows = np.arange(len(curves))[:, None]
    cut: FloatArray = curves[rows, lower] * (1 - share) + curves[rows, lower + 1] * share
    return cut


def brows(skin: Part, count: int = 300, points: int = 4) -> Strands:
    """Two eyebrows of short strands that move with the skin."""
    rng = np.random.default_rng(SEED + 1)
    scalp = Scalp(skin)
    x, y, z = np.abs(skin.rest[:, 0]), skin.rest[:, 1], skin.rest[:, 2]
    _, middle, thick = _brow_line(x)
    density = (np.abs(y - middle) < 2 * thick) * (x > 0.06) * (x < 0.60) * (z > -0.3)
    root, normal, nearest = scalp.roots(density.astype(np.float64), count * 6, rng)
    x = np.abs(root[:, 0])
    along, middle, thick = _brow_line(x)
    off = (root[:, 1] - middle) / thick  # -1 to 1 within the brow
    kept = np.flatnonzero((np.abs(off) < 1) & (x > 0.115 + 0.02 * off) & (x < 0.545))[:count]
    curves = _brow_hairs(root[kept], normal[kept], along[kept], off[kept], points, rng)
    return Strands(curves, np.full(len(kept), 0.0034), rng.random(len(kept)), nearest[kept])


def _brow_line(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How far along the brow a place is (0 inside, 1 outside), how high the brow is there, and half its thickness."""
    along = np.clip((x - 0.12) / 0.42, 0, 1)
    middle = 0.135 + 0.06 * np.sin(np.pi * np.clip(along * 0.8 + 0.10, 0, 1))
    return along, middle, 0.030 * (1 - 0.6 * along**1.5)


def _brow_hairs(
    root: FloatArray, normal: FloatArray, along: FloatArray, off: FloatArray, points: int, rng: np.random.Generator
) -> FloatArray:
    """Upward at the nose, outward from there on, (n, points, 3)."""
    lean = np.clip(along * 1.5, 0, 1)
    direction = np.stack([np.sign(root[:, 0]) * (0.25 + 0.85 * lean), 0.55 - 0.8 * lean - 0.35 * off, 0 * lean], axis=1)
    direction += 0.15 * rng.normal(size=direction.shape) + 0.22 * normal
    direction = _unit(direction - 0.8 * (direction * normal).sum(axis=1, keepdims=True) * normal)
    length = rng.uniform(0.05, 0.08, len(root)) * (1 - 0.35 * along)
    steps = np.linspace(0, 1, points)
    curves: FloatArray = root[:, None] + 0.006 * normal[:, None] + steps[None, :, None] * length[:, None, None] * direction[:, None]
    curves[..., 1] -= 0.02 * (steps**2)[None] * lean[:, None]
    return curves
