"""Small sessions, events and files that the tests of capture are about."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import soundfile
from numpy.typing import NDArray

from affectloop.bus import Outgoing
from affectloop.errors import Unavailable
from affectloop.events import AudioChunk, Event, Header, Modality, SignalChunk, SignalKind, VideoFrame
from affectloop.session import Mode, Session, Stream, new_session
from affectloop.topics import AUDIO, FRAMES, SIGNALS

START_US = 1_767_225_600_000_000
EVERYTHING = frozenset(Modality)
CAPTURED = (Stream(FRAMES.name, "camera"), Stream(SIGNALS.name, "eda"), Stream(AUDIO.name, "microphone"))

E4_START_S = 1_644_829_925
E4_TABLES: Mapping[str, str] = {
    "EDA": f"{E4_START_S}.0\n4.0\n" + "\n".join(f"{0.5 + 0.01 * index:.3f}" for index in range(40)),
    "BVP": f"{E4_START_S}.0\n64.0\n" + "\n".join(f"{index % 64 - 32:.2f}" for index in range(640)),
    "ACC": f"{E4_START_S}.0,{E4_START_S}.0,{E4_START_S}.0\n32.0,32.0,32.0\n" + "\n".join(f"{index % 3},0,64" for index in range(320)),
    "TEMP": f"{E4_START_S}.0\n4.0\n" + "\n".join("31.5" for _ in range(40)),
    "HR": f"{E4_START_S + 10}.0\n1.0\n72.5\n73.0\n",
    "IBI": "",
    "tags": f"{E4_START_S + 3}\n{E4_START_S + 7.5}\n",
}


def a_session(
    *,
    consented: frozenset[Modality] = EVERYTHING,
    captured: tuple[Stream, ...] = CAPTURED,
    mode: Mode = Mode.LIVE,
    emotion_inference: bool = True,
    session_id: str = "s1",
) -> Session:
    return new_session(
        mode=mode, captured=captured, consented=consented, profile="research", emotion_inference=emotion_inference,
        started_at_us=START_US, session_id=session_id,
    )  # fmt: skip


def a_header(stream_id: str, sequence: int = 0, time_us: int = START_US, until_us: int | None = None, session_id: str = "s1") -> Header:
    until_us = time_us + 1 if until_us is None else until_us
    return Header(session_id=session_id, stream_id=stream_id, sequence=sequence, event_time_us=time_us, complete_until_us=until_us)


def a_jpeg(width: int = 64, height: int = 48) -> bytes:
    picture = np.full((height, width, 3), 90, np.uint8)
    return bytes(cv2.imencode(".jpg", picture)[1])


def claiming(jpeg: bytes, width: int, height: int) -> bytes:
    """The same picture, whose header claims another size."""
    at = jpeg.index(b"\xff\xc0")
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def a_depth_png(width: int = 64, height: int = 48) -> bytes:
    return bytes(cv2.imencode(".png", np.full((height, width), 800, np.uint16))[1])


def depth_claiming(png: bytes, width: int, height: int) -> bytes:
    """The same depth, whose header claims another size and is signed for it."""
    header = png[12:16] + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + header + zlib.crc32(header).to_bytes(4, "big") + png[33:]


def a_frame(sequence: int = 0, time_us: int = START_US, jpeg: bytes | None = None, session_id: str = "s1") -> VideoFrame:
    return VideoFrame(header=a_header("camera", sequence, time_us, session_id=session_id), jpeg=a_jpeg() if jpeg is None else jpeg)


def a_chunk(
    samples: Sequence[float] | Sequence[Sequence[float]] = (1.0, 1.1, 1.2, 1.3),
    kind: SignalKind = SignalKind.EDA,
    rate_hz: float = 4.0,
    sequence: int = 0,
    time_us: int = START_US,
) -> SignalChunk:
    array = np.asarray(samples, np.float32)
    array = array.reshape(-1, 1) if array.ndim == 1 else array
    header = a_header("eda" if kind is SignalKind.EDA else str(kind), sequence, time_us, time_us + round(len(array) * 1e6 / rate_hz))
    return SignalChunk(header=header, kind=kind, sample_rate_hz=rate_hz, samples=array)


def some_audio(samples: int = 1600, sequence: int = 0, time_us: int = START_US) -> AudioChunk:
    header = a_header("microphone", sequence, time_us, time_us + round(samples * 1e6 / 16_000))
    return AudioChunk(header=header, sample_rate_hz=16_000, pcm=np.arange(samples, dtype=np.int16))


def write_e4(path: Path, changes: Mapping[str, str | None] | None = None, folder: str = "") -> Path:
    """An E4 zip of 10 s; ``changes`` replaces tables by name, ``None`` leaves one out."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**E4_TABLES, **(changes or {})}.items():
            if text is not None:
                archive.writestr(f"{folder}{name}.csv", text)
    return path


def write_video(path: Path, frames: int = 20, fps: float = 20.0, codec: str = "mp4v") -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (64, 48))
    noise = np.random.default_rng(7)
    for _ in range(frames):
        writer.write(noise.integers(0, 255, (48, 64, 3), np.uint8))
    writer.release()
    return path


def write_sound(path: Path, samples: NDArray[Any], rate_hz: int = 16_000, subtype: str | None = None) -> Path:
    soundfile.write(path, samples, rate_hz, subtype=subtype)
    return path


class KeptRecords:
    """A producer that keeps what it is given, or is down."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.batches: list[int] = []
        self.is_down = False

    def send(self, records: Sequence[Outgoing]) -> None:
        if self.is_down:
            raise Unavailable("the broker is gone")
        self.records += records
        self.batches.append(len(records))

    def close(self) -> None:
        """Nothing to release."""


def values(events: Sequence[Event]) -> list[tuple[object, ...]]:
    """What of events can be compared: header and payload."""
    listed: list[tuple[object, ...]] = []
    for event in events:
        header = event.header
        payload: object = None
        if isinstance(event, VideoFrame):
            payload = event.jpeg
        elif isinstance(event, SignalChunk):
            payload = event.samples.tobytes()
        elif isinstance(event, AudioChunk):
            payload = event.pcm.tobytes()
        listed.append((header.stream_id, header.sequence, header.event_time_us, header.complete_until_us, payload))
    return listed
