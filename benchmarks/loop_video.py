"""The camera's pictures for benchmarks/loop.py: a face, at 640 x 480 and 15 frames a second."""

from __future__ import annotations

from pathlib import Path

import cv2

from affectloop.errors import InvalidInput

VIDEO = Path("face") / "WolfgangLanger_Pexels.mp4"
WIDTH, HEIGHT = 640, 480
JPEG_QUALITY = 85
FRAMES = 120  # 8 s, then again


def jpegs(data: Path) -> list[bytes]:
    """Every second frame, as a camera of 15 Hz gives it, the middle cut to 4:3."""
    video = cv2.VideoCapture(str(data / VIDEO))
    made: list[bytes] = []
    while len(made) < FRAMES:
        there, frame = video.read()
        if not there or not video.grab():
            break
        height, width = frame.shape[:2]
        wide = height * WIDTH // HEIGHT
        left = (width - wide) // 2
        picture = cv2.resize(frame[:, left : left + wide], (WIDTH, HEIGHT))
        made.append(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes())
    if not made:
        raise InvalidInput(f"{data / VIDEO} holds no video: CONTRIBUTING.md says where it is from")
    return made
