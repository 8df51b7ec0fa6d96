"""A webcam of this machine, live."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from affectloop.clock import Clock
from affectloop.errors import Unavailable
from affectloop.events import END_OF_TIME_US, Event, Header, VideoFrame
from affectloop.session import Stream
from affectloop.topics import FRAMES
from affectloop_capture.sources.base import CAMERA
from affectloop_capture.sources.pictures import jpeg_of, opencv


class Webcam:
    """A camera of this machine; frames that come while one is sent stay in the driver, which forgets them."""

    def __init__(self, index: int, clock: Clock, camera: Any = None) -> None:
        self._clock, self._index = clock, index
        self._camera = camera if camera is not None else opencv().VideoCapture(index)
        self._stopped = threading.Event()
        if not self._camera.isOpened():
            raise Unavailable(f"there is no camera {index} on this machine; play a file instead, or let the browser capture")

    @property
    def stream(self) -> Stream:
        """The camera's."""
        return Stream(FRAMES.name, CAMERA)

    def events(self, session_id: str) -> Iterator[Event]:
        """Each frame at the time it was read."""
        number, time_us = 0, 0
        try:
            while not self._stopped.is_set():
                found, picture = self._camera.read()
                if not found:
                    break
                time_us = max(self._clock.wall_us(), time_us + 1)  # a wall clock may step back
                yield VideoFrame(header=self._header(session_id, number, time_us, time_us + 1), jpeg=_compressed(picture))
                number += 1
            end_us = max(self._clock.wall_us(), time_us + 1)
            yield VideoFrame(header=self._header(session_id, number, end_us, END_OF_TIME_US))
        finally:
            self._camera.release()

    def stop(self) -> None:
        """After the frame at hand."""
        self._stopped.set()

    def _header(self, session_id: str, number: int, time_us: int, until_us: int) -> Header:
        return Header(
            session_id=session_id,
            stream_id=CAMERA,
            sequence=number,
            event_time_us=time_us,
            complete_until_us=until_us,
            captured_by=f"camera {self._index}",
        )


def _compressed(picture: Any) -> bytes:
    jpeg = jpeg_of(picture)
    if jpeg is None:
        raise Unavailable("the camera gives pictures that cannot be compressed; choose another camera")
    return jpeg
