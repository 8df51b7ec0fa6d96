"""Meshes of quads: refined, cut out, with normals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags, vstack

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class Surface:
    """Some quads of a mesh, refined: ``positions`` makes its vertices from those of the whole mesh."""

    refine: csr_matrix  # (n, vertices of the whole mesh)
    quads: IntArray  # (f, 4)
    corner_uv: FloatArray  # (f, 4, 2)

    def positions(self, vertices: FloatArray) -> FloatArray:
        """Its vertices, (n, 3), for those of the whole mesh; of offsets, its offsets."""
        return np.asarray(self.refine @ vertices)

    @property
    def triangles(self) -> IntArray:
        """(2 f, 3)."""
        return np.concatenate([self.quads[:, [0, 1, 2]], self.quads[:, [0, 2, 3]]])

    def sampled(self, mask: FloatArray) -> FloatArray:
        """A mask at each vertex, (n,): the mean over its corners."""
        height, width = mask.shape
        x = np.clip((self.corner_uv[..., 0] * width).astype(np.intp), 0, width - 1)
        y = np.clip(((1 - self.corner_uv[..., 1]) * height).astype(np.intp), 0, height - 1)
        sums = np.bincount(self.quads.ravel(), mask[y, x].ravel(), self.refine.shape[0])
        counts = np.bincount(self.quads.ravel(), minlength=self.refine.shape[0])
        mean: FloatArray = sums / np.maximum(counts, 1)
        return mean


def cut_out(quads: IntArray, corner_uv: FloatArray, vertex_count: int, *, levels: int) -> Surface:
    """Those quads alone, refined by so many Catmull-Clark steps."""
    used, numbered = np.unique(quads, return_inverse=True)
    quads = numbered.reshape(quads.shape)
    refine = csr_matrix((np.ones(len(used)), (np.arange(len(used)), used)), shape=(len(used), vertex_count))
    for _ in range(levels):
        step, quads = catmull_clark(quads, refine.shape[0])
        refine, corner_uv = (step @ refine).tocsr(), _refined_uv(corner_uv)
    return Surface(refine, quads, corner_uv)


def catmull_clark(quads: IntArray, count: int) -> tuple[csr_matrix, IntArray]:
    """One step: the matrix from the old vertices to the new, and the new quads, four for each old one in its corners' order.

    Source: Catmull & Clark, Computer-Aided Design 10(6), 1978; boundaries as cubic B-splines.
    """
    faces = len(quads)
    sides = np.stack([quads, np.roll(quads, -1, axis=1)], axis=2).reshape(-1, 2)
    edges, edge_of_side = np.unique(np.sort(sides, axis=1), axis=0, return_inverse=True)
    edge_of_side = edge_of_side.reshape(faces, 4)
    to_face = _matrix(np.repeat(np.arange(faces), 4), quads.ravel(), 0.25, (faces, count))
    to_middle = _matrix(np.repeat(np.arange(len(edges)), 2), edges.ravel(), 0.5, (len(edges), count))
    beside = _matrix(edge_of_side.ravel(), np.repeat(np.arange(faces), 4), 1.0, (len(edges), faces))
    inner = np.asarray(beside.sum(axis=1)).ravel() == 2
    to_edge = diags(np.where(inner, 0.5, 1.0)) @ to_middle + diags(np.where(inner, 0.25, 0.0)) @ beside @ to_face
    refine = vstack([_to_vertex(quads, edges, inner, to_face, to_middle, count), to_edge, to_face]).tocsr()
    middle = np.repeat(np.arange(faces), 4).reshape(faces, 4) + count + len(edges)
    children = np.stack([quads, count + edge_of_side, middle, count + np.roll(edge_of_side, 1, axis=1)], axis=2)
    return refine, children.reshape(-1, 4)


def _to_vertex(
    quads: IntArray, edges: IntArray, inner: NDArray[np.bool_], to_face: csr_matrix, to_middle: csr_matrix, count: int
) -> csr_matrix:
    of_face = _matrix(quads.ravel(), np.repeat(np.arange(len(quads)), 4), 1.0, (count, len(quads)))
    of_edge = _matrix(edges.ravel(), np.repeat(np.arange(len(edges)), 2), 1.0, (count, len(edges)))
    rim = edges[~inner]
    of_rim = _matrix(rim.ravel(), np.repeat(np.flatnonzero(~inner), 2), 1.0, (count, len(edges)))
    on_rim = np.bincount(rim.ravel(), minlength=count) > 0
    valence = np.maximum(np.bincount(edges.ravel(), minlength=count), 1)
    inside = diags(np.where(on_rim, 0.0, 1 / valence**2)) @ (of_face @ to_face + 2 * (of_edge @ to_middle))
    keep = diags(np.where(on_rim, 0.5, 1 - 3 / valence))
    return csr_matrix(keep + inside + 0.25 * (of_rim @ to_middle))


def _refined_uv(corner_uv: FloatArray) -> FloatArray:
    following, centre = np.roll(corner_uv, -1, axis=1), corner_uv.mean(axis=1, keepdims=True)
    middle = (corner_uv + following) / 2
    children = np.stack([corner_uv, middle, np.broadcast_to(centre, corner_uv.shape), np.roll(middle, 1, axis=1)], axis=2)
    return children.reshape(-1, 4, 2)


def _matrix(rows: IntArray, columns: IntArray, value: float, shape: tuple[int, int]) -> csr_matrix:
    return coo_matrix((np.full(len(rows), value), (rows, columns)), shape=shape).tocsr()


class Normals:
    """Normals of a surface whose vertices move."""

    def __init__(self, triangles: IntArray, count: int) -> None:
        self._triangles = triangles
        self._gather = _matrix(triangles.ravel(), np.repeat(np.arange(len(triangles)), 3), 1.0, (count, len(triangles)))

    def of(self, positions: FloatArray) -> FloatArray:
        """Unit normals at the vertices, (n, 3)."""
        first, second, third = (positions[self._triangles[:, corner]] for corner in range(3))
        normals = self._gather @ np.cross(second - first, third - first)
        unit: FloatArray = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
        return unit
