"""A webcam and a microphone of this machine, live."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from affectloop.bus import Producer
from affectloop.clock import Clock
from affectloop.codec import to_record
from affectloop.errors import Unavailable
from affectloop.events import END_OF_TIME_US, AudioChunk, Event, Header, VideoFrame, offset_us
from affectloop.session import Stream
from affectloop.telemetry import metrics
from affectloop.topics import AUDIO, FRAMES, TOPIC_OF_EVENT
from affectloop_capture.gate import CaptureGate, refusal_by
from affectloop_capture.sources import CAMERA, MICROPHONE
from affectloop_capture.video import JPEG_QUALITY, opencv

SERVICE = "capture"
VOICE_HZ = 16_000
BLOCK_SAMPLES = 1_600  # 100 ms: ten records a second


class Device(Protocol):
    """A live source: blocks until there is something, until it is told to stop."""

    @property
    def stream(self) -> Stream:
        """Its stream."""

    def events(self, session_id: str) -> Iterator[Event]:
        """What it captures, as it happens; the last event ends the stream."""

    def stop(self) -> None:
        """Let ``events`` end after the event at hand."""


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


class Microphone:
    """A microphone of this machine through PortAudio; times are counted from the first sample."""

    def __init__(self, clock: Clock, device: Any = None) -> None:
        self._clock = clock
        self._device = device if device is not None else _input_stream()
        self._stopped = threading.Event()

    @property
    def stream(self) -> Stream:
        """The microphone's."""
        return Stream(AUDIO.name, MICROPHONE)

    def events(self, session_id: str) -> Iterator[Event]:
        """A tenth of a second at a time."""
        number, start_us = 0, 0
        with self._device as device:
            while not self._stopped.is_set():
                block, _ = device.read(BLOCK_SAMPLES)
                pcm = np.asarray(block, np.int16).reshape(-1)
                start_us = start_us or self._clock.wall_us() - offset_us(len(pcm), VOICE_HZ)
                yield self._chunk(session_id, start_us, number, pcm)
                number += len(pcm)
        if number:
            yield self._chunk(session_id, start_us, number, np.empty(0, np.int16))

    def stop(self) -> None:
        """After the block at hand."""
        self._stopped.set()

    def _chunk(self, session_id: str, start_us: int, number: int, pcm: np.ndarray[Any, np.dtype[np.int16]]) -> AudioChunk:
        header = Header(
            session_id=session_id,
            stream_id=MICROPHONE,
            sequence=number,
            event_time_us=start_us + offset_us(number, VOICE_HZ),
            complete_until_us=start_us + offset_us(number + len(pcm), VOICE_HZ) if len(pcm) else END_OF_TIME_US,
            captured_by="microphone",
        )
        return AudioChunk(header=header, sample_rate_hz=VOICE_HZ, pcm=pcm)


def _input_stream() -> Any:
    try:
        import sounddevice  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except (ImportError, OSError) as error:  # OSError: the package is there, PortAudio is not
        remedy = "pip install 'affectloop[microphone]', and on Linux the package libportaudio2; or play a WAV file instead"
        raise Unavailable(f"microphones need sounddevice: {remedy}") from error
    try:
        return sounddevice.InputStream(samplerate=VOICE_HZ, channels=1, dtype="int16", blocksize=BLOCK_SAMPLES)
    except sounddevice.PortAudioError as error:
        raise Unavailable(
            f"there is no microphone on this machine ({error}); play a WAV file instead, or let the browser capture"
        ) from error


def _compressed(picture: Any) -> bytes:
    library = opencv()
    done, jpeg = library.imencode(".jpg", picture, [library.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise Unavailable("the camera gives pictures that cannot be compressed; choose another camera")
    return bytes(jpeg)


def stream_devices(devices: Sequence[Device], session_id: str, producer: Producer, gate: CaptureGate) -> None:
    """Publish what the devices capture, each in its thread, until all are stopped; what one raises stops the others."""
    failures: list[BaseException] = []

    def stream(device: Device) -> None:
        try:
            for event in device.events(session_id):
                _publish(event, producer, gate)
        except BaseException as error:
            failures.append(error)
            for other in devices:
                other.stop()

    threads = [threading.Thread(target=stream, args=(device,), name=f"capture-{device.stream.stream_id}") for device in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _publish(event: Event, producer: Producer, gate: CaptureGate) -> None:
    topic = TOPIC_OF_EVENT[type(event)].name
    session = gate.session(event.header.session_id)
    if session is None or refusal_by(session, event) is not None:
        metrics.RECORDS.labels(SERVICE, topic, "refused").inc()
        return
    try:
        producer.send([to_record(event, session.key)])
    except Unavailable:
        metrics.DROPPED.labels(SERVICE, topic, "bus-unavailable").inc()
    else:
        metrics.PUBLISHED.labels(SERVICE, topic).inc()
