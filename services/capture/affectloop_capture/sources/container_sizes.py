"""Whether a media file is whole, by the sizes that its container states: microseconds, nothing is decoded."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

MOST_BOXES = 100_000  # a fragmented hour has some thousands
_EBML, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"


def missing_part(path: Path) -> str | None:
    """What a truncated file lacks, in words; ``None`` where it is whole, or of a container that does not tell.

    Source: ISO/IEC 14496-12 section 4.2 (boxes), RIFF 1.0, RFC 8794 section 6 (EBML element sizes).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
            return _missing_box(file, size)
        if start[:4] == b"RIFF":
            return _missing_riff(start, size)
        if start[:4] == _EBML:
            return _missing_segment(file, size)
    return None


def _missing_box(file: BinaryIO, size: int) -> str | None:
    at, kinds = 0, set()
    for _ in range(MOST_BOXES):
        if at >= size:
            break
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            break  # a few bytes of padding
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:  # to the end of the file
            length = size - at
        kinds.add(kind)
        if length < 8:
            return f"a box at byte {at} has a size of {length}"
        if at + length > size:
            return f"{at + length - size} of its bytes are missing"
        at += length
    return None if b"moov" in kinds else "its index (moov) is missing"


def _missing_riff(start: bytes, size: int) -> str | None:
    stated = int.from_bytes(start[4:8], "little")
    if stated in (0, 0xFFFFFFFF):  # written to a pipe: unknown
        return None
    missing = stated + 8 - size
    return f"{missing} of its bytes are missing" if missing > 1 else None  # 1: the padding that some writers leave out


def _missing_segment(file: BinaryIO, size: int) -> str | None:
    file.seek(4)
    length = _element_size(file)
    file.seek(file.tell() + (length or 0))
    if file.read(4) != _SEGMENT:
        return None
    length = _element_size(file)
    missing = file.tell() + length - size if length is not None else 0
    return f"{missing} of its bytes are missing" if missing > 0 else None


def _element_size(file: BinaryIO) -> int | None:
    """A variable-length size; ``None`` where it says unknown, as live streams do."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    value = int.from_bytes(bytes([first[0] & ((1 << (7 - more)) - 1)]) + file.read(more), "big")
    return None if value == (1 << (7 * (more + 1))) - 1 else value
