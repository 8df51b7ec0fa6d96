"""The learner's head: parts of the mesh in one shape, and what each face unit moves of them.

Lengths are decimetres from the point between the eyes: x to the learner's left, y up, z to the front.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affectloop_learning.demo_learner.anny_data import AnnyData
from affectloop_learning.demo_learner.mesh import Normals, Surface, cut_out

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

AGE_YEARS = 14.0
MALENESS = 0.35
ANCESTRY = {"asian": 0.35, "african": 0.2, "caucasian": 0.45}
FEATURES = {  # what makes it somebody: MakeHuman's targets; none of those that look like a feeling
    "head/head-oval": 0.35,
    "nose/nose-scale-horiz-decr": 0.15,
    "chin/chin-width-decr": 0.2,
    "cheek/l-cheek-volume-incr": 0.15,
    "cheek/r-cheek-volume-incr": 0.15,
}
# Lids that are wide open look afraid, a mouth that is not the least bit raised looks cross.
AT_REST = {"eyeBlinkLeft": 0.02, "eyeBlinkRight": 0.02, "mouthSmileLeft": 0.12, "mouthSmileRight": 0.12, "browInnerUp": 0.12}

LOWEST_SKIN, WIDEST_SKIN = 5.35, 1.9  # of the base mesh, dm: head, neck and what the neckline shows
LOWEST_CLOTH, HIGHEST_CLOTH, WIDEST_CLOTH = 3.4, 6.5, 3.4
CLOTH_THICKNESS = 0.05
RIGHT_EYE, LEFT_EYE = "helper-r-eye", "helper-l-eye"


@dataclass(frozen=True)
class Part:
    """Something with a surface."""

    kind: str
    rest: FloatArray  # (n, 3)
    triangles: IntArray  # (m, 3)
    moves: NDArray[np.float32] | None  # (units, n, 3), or nothing moves
    mask: FloatArray  # (n, 4), what it means is the kind's


@dataclass(frozen=True)
class Eye:
    """An eyeball."""

    centre: FloatArray
    radius: float


@dataclass(frozen=True)
class Head:
    """All of it; ``units`` name the rows of every part's ``moves``."""

    units: tuple[str, ...]
    parts: tuple[Part, ...]
    eyes: tuple[Eye, Eye]  # right, left

    def part(self, kind: str) -> Part:
        """The part of that kind."""
        return next(part for part in self.parts if part.kind == kind)


def build(data: AnnyData) -> Head:
    """The learner."""
    body = data.body(age=AGE_YEARS, maleness=MALENESS, ancestry=ANCESTRY)
    for name, share in FEATURES.items():
        body = body + share * data.target(name)
    eyes_at = [_middle(data, body, group) for group in (RIGHT_EYE, LEFT_EYE)]
    base_at = [_middle(data, data.base.vertices, group) for group in (RIGHT_EYE, LEFT_EYE)]
    scale = float(np.linalg.norm(np.subtract(*eyes_at)) / np.linalg.norm(np.subtract(*base_at)))  # the units were made for the base
    units = tuple(data.face_units())
    moved = np.stack([scale * data.face_unit(unit) for unit in units])
    for name, share in AT_REST.items():
        body = body + share * moved[units.index(name)]
    body = body - np.mean(eyes_at, axis=0)
    eyes = tuple(_eye(data, body, group) for group in (RIGHT_EYE, LEFT_EYE))
    parts = [_skin(data, body, moved), _eyes(eyes), _shirt(data, body), _lashes(data, body, moved, eyes)]
    for kind, groups in (("teeth", ("helper-upper-teeth", "helper-lower-teeth")), ("tongue", ("helper-tongue",))):
        parts.append(_helper(data, body, moved, kind, groups))
    return Head(units, tuple(parts), (eyes[0], eyes[1]))


def _middle(data: AnnyData, body: FloatArray, group: str) -> FloatArray:
    vertices = body[np.unique(data.base.quads[data.base.groups == group])]
    middle: FloatArray = (vertices.max(axis=0) + vertices.min(axis=0)) / 2
    return middle


def _eye(data: AnnyData, body: FloatArray, group: str) -> Eye:
    vertices = body[np.unique(data.base.quads[data.base.groups == group])]
    return Eye(_middle(data, body, group), float(np.ptp(vertices[:, 1])) / 2)


def _moves(surface: Surface, moved: FloatArray) -> NDArray[np.float32]:
    return np.stack([surface.positions(offsets) for offsets in moved]).astype(np.float32)


def _skin(data: AnnyData, body: FloatArray, moved: FloatArray) -> Part:
    base = data.base
    corners = base.vertices[base.quads]
    chosen = (base.groups == "body") & (corners[..., 1].min(axis=1) > LOWEST_SKIN) & (np.abs(corners[..., 0]).max(axis=1) < WIDEST_SKIN)
    surface = cut_out(base.quads[chosen], base.uv[base.quads_uv[chosen]], len(base.vertices), levels=1)
    masks = [surface.sampled(data.mask(name)) for name in ("lips", "eyelids", "inside-mouth", "ears")]
    return Part("skin", surface.positions(body), surface.triangles, _moves(surface, moved), np.stack(masks, axis=1))


def _shirt(data: AnnyData, body: FloatArray) -> Part:
    base = data.base
    corners = base.vertices[base.quads]
    low, high = corners[..., 1].min(axis=1), corners[..., 1].max(axis=1)
    chosen = (base.groups == "body") & (low > LOWEST_CLOTH) & (high < HIGHEST_CLOTH) & (np.abs(corners[..., 0]).max(axis=1) < WIDEST_CLOTH)
    surface = cut_out(base.quads[chosen], base.uv[base.quads_uv[chosen]], len(base.vertices), levels=1)
    rest = surface.positions(body)
    rest = rest + CLOTH_THICKNESS * Normals(surface.triangles, len(rest)).of(rest)
    return Part("shirt", rest, surface.triangles, None, np.zeros((len(rest), 4)))


def _helper(data: AnnyData, body: FloatArray, moved: FloatArray, kind: str, groups: Sequence[str]) -> Part:
    base = data.base
    chosen = np.isin(base.groups, groups)
    surface = cut_out(base.quads[chosen], base.uv[base.quads_uv[chosen]], len(base.vertices), levels=1)
    rest = surface.positions(body)
    return Part(kind, rest, surface.triangles, _moves(surface, moved), np.zeros((len(rest), 4)))


def _lashes(data: AnnyData, body: FloatArray, moved: FloatArray, eyes: Sequence[Eye]) -> Part:
    """The upper lids' strips; the mask's first two are the place along the lid and how far out, 0 to 1."""
    lashes = _helper(data, body, moved, "lash", ("helper-r-eyelashes-2", "helper-l-eyelashes-2"))
    mask = lashes.mask
    for eye in eyes:
        own = np.flatnonzero(lashes.rest[:, 0] * eye.centre[0] > 0)
        places = np.stack([lashes.rest[own, 0], np.linalg.norm(lashes.rest[own] - eye.centre, axis=1)], axis=1)
        mask[own, :2] = (places - places.min(axis=0)) / np.ptp(places, axis=0)
    return lashes


def _eyes(eyes: Sequence[Eye]) -> Part:
    """The front of two spheres; where they look is the renderer's."""
    rings, spokes = 24, 40
    polar, around = np.meshgrid(np.linspace(0, 0.62 * np.pi, rings), np.linspace(0, 2 * np.pi, spokes, endpoint=False), indexing="ij")
    ball = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], axis=-1).reshape(-1, 3)
    ring, spoke = np.meshgrid(np.arange(rings - 1), np.arange(spokes), indexing="ij")
    corner = ring * spokes + spoke
    following = ring * spokes + (spoke + 1) % spokes
    triangles = np.concatenate(
        [
            np.stack([corner, corner + spokes, following + spokes], axis=-1).reshape(-1, 3),
            np.stack([corner, following + spokes, following], axis=-1).reshape(-1, 3),
        ]
    )
    rest = np.concatenate([eye.centre + eye.radius * ball for eye in eyes])
    return Part("eye", rest, np.concatenate([triangles, triangles + len(ball)]), None, np.zeros((len(rest), 4)))
