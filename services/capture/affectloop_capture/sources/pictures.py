"""OpenCV for videos and cameras, and the JPEG in which a frame travels."""

from __future__ import annotations

import os
from typing import Any

from affectloop.errors import Unavailable

JPEG_QUALITY = 92  # the mesh's landmarks move less than a tenth of a pixel against the decoded frame
MOST_PACKETS_BETWEEN_FRAMES = 1_000_000_000  # of sound, while a camera pauses: after 4,096 (80 s) OpenCV would take it for the end


def opencv() -> Any:
    """OpenCV, told to keep quiet on damaged files (we say it ourselves) and to open nothing but files.

    A file that is a playlist in disguise would otherwise make FFmpeg fetch what it names.
    """
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # read when it is imported
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read when the first video is opened
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "protocol_whitelist;file")
    os.environ.setdefault("OPENCV_FFMPEG_READ_ATTEMPTS", str(MOST_PACKETS_BETWEEN_FRAMES))
    try:
        import cv2
    except ImportError as error:
        raise Unavailable("videos and cameras need OpenCV: pip install 'affectloop[capture]'") from error
    return cv2


def jpeg_of(picture: Any) -> bytes | None:
    """A decoded picture as JPEG; ``None`` where it cannot be compressed."""
    library = opencv()
    done, jpeg = library.imencode(".jpg", picture, [library.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(jpeg) if done else None
