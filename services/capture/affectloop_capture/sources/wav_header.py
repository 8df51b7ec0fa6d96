"""WAV files whose header was never finished: the content counts.

A recorder writes sizes when it stops. One that was killed, or that writes to a pipe, leaves 0, 0xFFFFFFFF or what it deems large.
Source: Microsoft, Multimedia Programming Interface 1.0 (RIFF); EBU Tech 3306 (RF64).
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import BinaryIO

from affectloop_capture.sources.containers.riff import PLACEHOLDERS_FROM

UNKNOWN = b"\xff\xff\xff\xff"  # libsndfile reads to the end of the file
MOST_CHUNKS = 1_000
_NAME = re.compile(rb"[A-Za-z0-9 _]{4}")


def finished(path: Path) -> BinaryIO | None:
    """The file with its sizes unknown, to be read to its end; ``None`` where the sizes are stated, or it is no WAV."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
            return None
        size_at = _unfinished_size_at(file, path.stat().st_size, is_64=head[:4] == b"RF64")
        if size_at is None:
            return None
        file.seek(0)
        content = bytearray(file.read())
    content[0:8] = b"RIFF" + UNKNOWN
    content[size_at : size_at + 4] = UNKNOWN
    return io.BytesIO(content)


def _unfinished_size_at(file: BinaryIO, end: int, *, is_64: bool) -> int | None:
    """Where the size of the samples stands, if it is none."""
    at, wide_bytes = 12, 0
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        chunk = file.read(8)
        if len(chunk) < 8:
            return None
        length = int.from_bytes(chunk[4:], "little")
        if chunk[:4] == b"ds64":
            wide_bytes = int.from_bytes(file.read(16)[8:], "little")
        if chunk[:4] == b"data":
            if is_64 and length == 0xFFFFFFFF:
                return at + 4 if not wide_bytes or at + 8 + wide_bytes > end + (1 << 40) else None
            is_placeholder = at + 8 + length > end and length >= PLACEHOLDERS_FROM
            return at + 4 if is_placeholder or (not length and _holds_samples(file, at + 8, end)) else None
        at += 8 + length + length % 2
    return None


def _holds_samples(file: BinaryIO, at: int, end: int) -> bool:
    """Whether what follows a size of 0 is samples: something, and no further chunk."""
    file.seek(at)
    head = file.read(8)
    is_chunk = len(head) == 8 and _NAME.fullmatch(head[:4]) is not None and at + 8 + int.from_bytes(head[4:], "little") <= end
    return bool(head) and not is_chunk
