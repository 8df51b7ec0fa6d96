"""JPEG pictures, decoded defensively: what cannot be read is ``None``, and nothing is decoded before its size is known."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # (height, width, 3) RGB

START, END = b"\xff\xd8", b"\xff\xd9"
SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF markers; the three are tables and an extension
WITHOUT_LENGTH = frozenset(range(0xD0, 0xD8)) | {0x01}
TRAILING = 1024  # bytes after the end marker: cameras pad


def size_of(jpeg: bytes) -> tuple[int, int] | None:
    """Width and height from the frame header of a JPEG; ``None`` where there is none."""
    at = len(START)
    while jpeg.startswith(START) and at + 9 <= len(jpeg) and jpeg[at] == 0xFF:
        marker = jpeg[at + 1]
        if marker == 0xFF or marker in WITHOUT_LENGTH:
            at += 1 if marker == 0xFF else 2
        elif marker in SIZES:
            return int.from_bytes(jpeg[at + 7 : at + 9]), int.from_bytes(jpeg[at + 5 : at + 7])
        else:
            at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return None


def decoded(jpeg: bytes, most_pixels: int) -> Picture | None:
    """The picture, or ``None`` where it is broken, cut short or larger than allowed."""
    size = size_of(jpeg)
    if size is None or not 0 < size[0] * size[1] <= most_pixels or jpeg.rfind(END, -TRAILING) < 0:
        return None
    try:
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        return None
    return None if picture is None else picture.astype(np.uint8, copy=False)
