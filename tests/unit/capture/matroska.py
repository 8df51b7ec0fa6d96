"""Small Matroska files, written element by element as recorders write them."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from unit.capture.making import a_jpeg

UNKNOWN = b"\x01" + b"\xff" * 7
CAMERA, MICROPHONE = 1, 2
Block = tuple[int, int, bytes]  # track, milliseconds, content


def element(name: str, content: bytes, *, is_unknown: bool = False) -> bytes:
    """An element by the hexadecimal id."""
    return bytes.fromhex(name) + (UNKNOWN if is_unknown else (len(content) | 1 << 56).to_bytes(8, "big")) + content


def number(name: str, value: int) -> bytes:
    return element(name, value.to_bytes(8, "big"))


def track(which: int) -> bytes:
    """A camera of motion JPEG, or a microphone of 16-bit PCM at 8 kHz."""
    head = number("d7", which) + number("73c5", which)
    if which == CAMERA:
        return element("ae", head + number("83", 1) + element("86", b"V_MJPEG") + element("e0", number("b0", 64) + number("ba", 48)))
    sound = element("b5", struct.pack(">d", 8000.0)) + number("9f", 1) + number("6264", 16)
    return element("ae", head + number("83", 2) + element("86", b"A_PCM/INT/LIT") + element("e1", sound))


def write_matroska(path: Path, blocks: Iterable[Block], tracks: tuple[int, ...] = (CAMERA,), made_ns: int | None = None) -> Path:
    """A file as a browser's recorder writes it: no duration, no size of the segment, no index; ``made_ns`` is since 2001."""
    header = element("1a45dfa3", element("4282", b"matroska") + number("4287", 4) + number("4285", 2))
    info = element("1549a966", number("2ad7b1", 1_000_000) + (b"" if made_ns is None else number("4461", made_ns)))
    body = info + element("1654ae6b", b"".join(track(which) for which in tracks))
    clusters: dict[int, bytes] = {}
    for which, time_ms, content in blocks:
        start = time_ms // 10_000 * 10_000
        block = element("a3", bytes([0x80 | which]) + struct.pack(">hB", time_ms - start, 0x80) + content)
        clusters[start] = clusters.get(start, number("e7", start)) + block
    body += b"".join(element("1f43b675", content) for content in clusters.values())
    path.write_bytes(header + element("18538067", body, is_unknown=True))
    return path


def frames_at(times_ms: Iterable[int]) -> list[Block]:
    return [(CAMERA, time_ms, a_jpeg()) for time_ms in times_ms]
