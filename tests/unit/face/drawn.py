"""Faces and scenes for the tests: drawn ones that the nets take for faces, and made-up ones for the processor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import cv2
import numpy as np

from affectloop.events import END_OF_TIME_US, Header, Reason, VideoFrame
from affectloop_face.action_units import NAMES
from affectloop_face.detected_faces import CROP_SIDE, DetectedFaces, Face
from affectloop_face.picture import Picture

GROUND = (96, 110, 120)
START_US = 1_700_000_000_000_000
FRAME_US = 40_000  # 25 Hz


def drawn_face(side: int = 240, turn: float = 0.0) -> Picture:
    """A cartoon of a face; ``turn`` shifts its features to the right as a turn of the head does."""
    scale = side / 240
    picture = np.full((side, side, 3), GROUND, np.uint8)

    def ellipse(x: float, y: float, width: float, height: float, colour: tuple[int, int, int]) -> None:
        centre, axes = (int(x * scale), int(y * scale)), (max(1, int(width * scale)), max(1, int(height * scale)))
        cv2.ellipse(picture, centre, axes, 0, 0, 360, colour, -1, cv2.LINE_AA)

    ellipse(120, 118, 82, 104, (60, 40, 30))
    ellipse(120, 130, 68, 88, (214, 168, 140))
    for x in (90 + turn, 150 + turn):
        ellipse(x, 104, 24, 14, (190, 140, 115))
        ellipse(x, 112, 16, 8, (245, 242, 238))
        ellipse(x, 112, 7, 7, (70, 50, 40))
        ellipse(x, 112, 3, 3, (10, 10, 10))
        ellipse(x, 92, 20, 5, (70, 45, 35))
    nose = 120 + turn * 1.6
    ellipse(nose, 138, 9, 26, (226, 184, 156))
    ellipse(nose, 160, 15, 7, (190, 135, 112))
    ellipse(nose - 7, 162, 4, 3, (120, 70, 60))
    ellipse(nose + 7, 162, 4, 3, (120, 70, 60))
    ellipse(120 + turn, 186, 26, 9, (176, 82, 80))
    ellipse(120 + turn, 185, 24, 2, (110, 40, 45))
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), scale), np.uint8)


def scene(*faces: tuple[int, int, Picture], width: int = 640, height: int = 480) -> Picture:
    """A picture with faces at their left and top."""
    picture = np.full((height, width, 3), GROUND, np.uint8)
    for left, top, face in faces:
        picture[top : top + face.shape[0], left : left + face.shape[1]] = face
    return picture


def jpeg(picture: Picture) -> bytes:
    """A picture as JPEG."""
    done, content = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert done
    return content.tobytes()


def header(number: int, *, ends: bool = False, session_id: str = "s") -> Header:
    """The header of a camera's frame."""
    time_us = START_US + number * FRAME_US
    return Header(
        session_id=session_id,
        stream_id="camera",
        sequence=number,
        event_time_us=time_us,
        complete_until_us=END_OF_TIME_US if ends else time_us + FRAME_US,
    )


def frame(content: bytes, number: int = 0) -> VideoFrame:
    """A camera's frame."""
    return VideoFrame(header=header(number), jpeg=content)


def a_face(
    x: float = 0.5,
    size: float = 0.3,
    *,
    y: float = 0.5,
    quality: float = 1.0,
    reason: Reason = Reason.GOOD,
    yaw_deg: float = 0.0,
    shapes: Mapping[str, float] = MappingProxyType({}),
) -> Face:
    """A face centred at x and y, with some blendshapes."""
    blendshapes = np.zeros(len(NAMES), np.float32)
    for name, value in shapes.items():
        blendshapes[NAMES.index(name)] = value
    return Face(
        quality=quality,
        reason=reason,
        box=np.array([x - size / 2, y - size / 2, size, size], np.float32),
        pose_deg=np.array([yaw_deg, 0, 0], np.float32),
        blendshapes=blendshapes,
        crop=np.zeros((CROP_SIDE, CROP_SIDE, 3), np.uint8),
    )


def seen(number: int, *faces: Face, reason: Reason = Reason.NO_FACE, ends: bool = False) -> DetectedFaces:
    """What the nets saw in one frame."""
    largest_first = tuple(sorted(faces, key=lambda face: -float(face.box[2])))
    return DetectedFaces(header=header(number, ends=ends), faces=largest_first, reason=Reason.GOOD if faces else reason)


def still(count: int, *faces: Face, first: int = 0) -> Sequence[DetectedFaces]:
    """The same faces in many frames."""
    return [seen(number, *faces) for number in range(first, first + count)]
