import sys

import cv2
import numpy as np
import pytest

from affectloop.clock import ManualClock
from affectloop.errors import Unavailable
from affectloop.events import AudioChunk, Modality, VideoFrame
from affectloop_capture.admission.consent_gate import ConsentGate
from affectloop_capture.admission.image_headers import jpeg_size
from affectloop_capture.playback.live import stream_devices
from affectloop_capture.sources.base import Device
from affectloop_capture.sources.devices.microphone import BLOCK_SAMPLES, Microphone
from affectloop_capture.sources.devices.webcam import Webcam
from unit.capture.making import START_US, KeptRecords, a_session


class Camera:
    """A camera that gives a frame every 40 ms until it is pulled out."""

    def __init__(self, clock: ManualClock, frames: int, *, there: bool = True) -> None:
        self.clock, self.frames, self.there, self.released = clock, frames, there, False

    def isOpened(self) -> bool:
        return self.there

    def read(self) -> tuple[bool, object]:
        self.clock.advance(0.04)
        self.frames -= 1
        return self.frames >= 0, np.zeros((48, 64, 3), np.uint8)

    def release(self) -> None:
        self.released = True


class Capsule:
    """A microphone that counts its samples, and tells its owner to stop after some blocks."""

    def __init__(self, clock: ManualClock, blocks: int) -> None:
        self.clock, self.blocks = clock, blocks
        self.owner: Microphone | None = None

    def __enter__(self) -> "Capsule":
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is held."""

    def read(self, samples: int) -> tuple[object, bool]:
        self.clock.advance(samples / 16_000)
        self.blocks -= 1
        if self.blocks == 0:
            assert self.owner is not None
            self.owner.stop()
        return np.zeros((samples, 1), np.int16), False


def a_microphone(clock: ManualClock, blocks: int) -> Microphone:
    capsule = Capsule(clock, blocks)
    microphone = Microphone(clock, capsule)
    capsule.owner = microphone
    return microphone


def test_a_webcams_frames_carry_the_time_of_their_reading() -> None:
    clock = ManualClock(START_US)
    camera = Camera(clock, 3)
    events = list(Webcam(0, clock, camera).events("s1"))
    assert [event.header.event_time_us - START_US for event in events[:3]] == [40_000, 80_000, 120_000]
    assert events[-1].is_empty
    assert events[-1].header.ends_stream
    assert camera.released
    assert isinstance(events[0], VideoFrame)
    assert jpeg_size(events[0].jpeg) == (64, 48)


def test_a_wall_clock_that_stands_still_does_not_repeat_a_time() -> None:
    class Still(ManualClock):
        def wall_us(self) -> int:
            return START_US

    clock = Still()
    times = [event.header.event_time_us for event in Webcam(0, clock, Camera(clock, 3)).events("s1")]
    assert times == sorted(set(times))


def test_no_camera_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", lambda index: Camera(ManualClock(), 0, there=False))
    with pytest.raises(Unavailable, match="no camera 7 on this machine; play a file instead"):
        Webcam(7, ManualClock())


def test_a_microphones_times_are_counted_from_its_first_sample() -> None:
    clock = ManualClock(START_US)
    events = list(a_microphone(clock, 3).events("s1"))
    assert [event.header.sequence for event in events] == [0, BLOCK_SAMPLES, 2 * BLOCK_SAMPLES, 3 * BLOCK_SAMPLES]
    assert [event.header.event_time_us - START_US for event in events] == [0, 100_000, 200_000, 300_000]
    assert isinstance(events[-1], AudioChunk)
    assert events[-1].is_empty


def test_no_microphone_library_is_said_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(Unavailable, match=r"affectloop\[microphone\]"):
        Microphone(ManualClock())


def test_devices_publish_what_is_consented_and_nothing_else() -> None:
    clock, bus = ManualClock(START_US), KeptRecords()
    session = a_session(consented=frozenset({Modality.FACE}))
    devices: list[Device] = [Webcam(0, clock, Camera(clock, 3)), a_microphone(clock, 3)]
    stream_devices(devices, "s1", bus, ConsentGate(lambda session_id: session, clock))
    assert {record.topic for record in bus.records} == {"capture.frames.v1"}
    assert len(bus.records) == 4


def test_a_bus_that_is_gone_costs_frames_and_not_the_camera() -> None:
    clock, bus = ManualClock(START_US), KeptRecords()
    bus.is_down = True
    camera = Camera(clock, 3)
    stream_devices([Webcam(0, clock, camera)], "s1", bus, ConsentGate(lambda session_id: a_session(), clock))
    assert camera.frames < 0
    assert bus.records == []


def test_what_breaks_one_device_stops_the_others_and_is_said() -> None:
    clock = ManualClock(START_US)

    class Broken(Camera):
        def read(self) -> tuple[bool, object]:
            raise OSError("pulled out")

    endless = Camera(clock, 1_000_000_000)
    with pytest.raises(OSError, match="pulled out"):
        stream_devices(
            [Webcam(0, clock, Broken(clock, 1)), Webcam(1, clock, endless)],
            "s1",
            KeptRecords(),
            ConsentGate(lambda session_id: a_session(), clock),
        )
    assert endless.released
