"""From frames to the faces in them: every frame by itself, so that nothing depends on what came before."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import cv2
import numpy as np

from affectloop.events import Event, FloatArray, Reason, VideoFrame
from affectloop_face import nets
from affectloop_face.detected_faces import DetectedFaces, Face
from affectloop_face.detector import OVERLAP, Candidates, detect
from affectloop_face.expression import expression_crop
from affectloop_face.mesh import Mesh, blendshapes_of, mesh_of
from affectloop_face.nets import Nets
from affectloop_face.picture import Picture, decoded
from affectloop_face.pose import pose_of
from affectloop_face.quality import assess, is_dark, is_featureless
from affectloop_face.settings import FaceSettings


class FaceDetector:
    """Finds the faces of frames; safe to use from several threads, each with nets of its own."""

    def __init__(self, settings: FaceSettings) -> None:
        cv2.setNumThreads(1)  # parallel over learners, not within a frame
        self._settings = settings
        self._own = threading.local()
        self._nets()  # so that a missing model ends the start, not the first frame

    def __call__(self, events: Sequence[Event]) -> Sequence[Event]:
        """The faces of each frame, in its place; all else as it was."""
        return [self.detect(event) if isinstance(event, VideoFrame) and event.jpeg else event for event in events]

    def detect(self, frame: VideoFrame) -> DetectedFaces:
        """The faces of one frame, the largest first."""
        picture = decoded(frame.jpeg, self._settings.most_pixels)
        if picture is None:
            return DetectedFaces(header=frame.header, faces=(), reason=Reason.NO_SIGNAL)
        faces = faces_of(self._nets(), picture, self._settings.most_faces)
        absent = Reason.TOO_DARK if is_dark(picture) else Reason.NO_FACE
        return DetectedFaces(header=frame.header, faces=faces, reason=Reason.GOOD if faces else absent)

    def _nets(self) -> Nets:
        if not hasattr(self._own, "nets"):
            self._own.nets = nets.load(self._settings.backend)
        loaded: Nets = self._own.nets
        return loaded


def faces_of(loaded: Nets, picture: Picture, most: int) -> tuple[Face, ...]:
    """The faces of a picture, the largest first."""
    found = detect(loaded, picture)
    order = largest_first(found)[:most]
    meshes = [mesh for number in order if (mesh := mesh_of(loaded, picture, found.points[number])) is not None]
    faces = [face_of(loaded, picture, mesh) for mesh in distinct(meshes) if not is_featureless(mesh)]
    return tuple(sorted(faces, key=lambda face: -float(face.box[2] * face.box[3])))


def largest_first(found: Candidates) -> list[int]:
    """The numbers of the detected faces, by size."""
    return [int(number) for number in np.argsort(-found.points[:, 1].prod(axis=1), kind="stable")]


def distinct(meshes: list[Mesh]) -> list[Mesh]:
    """Without meshes that lie on an earlier one: two detections can lead to one face."""
    kept: list[Mesh] = []
    for mesh in meshes:
        if all(shared(extent(mesh.points), extent(other.points)) <= OVERLAP for other in kept):
            kept.append(mesh)
    return kept


def extent(points: FloatArray) -> FloatArray:
    """Left, top, right and bottom (4,) of a mesh, in pixels."""
    return np.concatenate([points[:, :2].min(axis=0), points[:, :2].max(axis=0)])


def shared(one: FloatArray, other: FloatArray) -> float:
    """Intersection over union of two boxes given by left, top, right and bottom."""
    sides = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None)
    both = float(sides.prod())
    return both / max(1e-9, float((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod()) - both)


def face_of(loaded: Nets, picture: Picture, mesh: Mesh) -> Face:
    """What is read from one face's mesh."""
    height, width = picture.shape[:2]
    pose = pose_of(mesh.points)
    quality, reason = assess(mesh, pose, width, height)
    left, top, right, bottom = np.clip(extent(mesh.points) / (width, height, width, height), -0.5, 1.5)
    return Face(
        quality=quality,
        reason=reason,
        box=np.array([left, top, right - left, bottom - top], np.float32),
        pose_deg=pose,
        blendshapes=blendshapes_of(loaded, mesh.points),
        crop=expression_crop(picture, mesh.points),
    )
