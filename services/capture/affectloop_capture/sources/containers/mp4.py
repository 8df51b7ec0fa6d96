"""MP4, MOV, M4A, 3GP: boxes.

Source: ISO/IEC 14496-12, sections 4.2 (boxes), 8.4.3 (handler), 8.6.6 (edit list).
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator

from affectloop.clock import MICROSECONDS
from affectloop_capture.sources.containers.base import Layout, bytes_missing, no_part

FIRST_BOXES = (b"ftyp", b"styp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ", b"F4A ")  # their pictures are covers and chapters
SECONDS_FROM_1904 = 2_082_844_800  # to 1970
MOST_BOXES = 100_000  # a fragmented hour has some thousands
_NAME = re.compile(rb"[\xa9 -~]{4}")
_NOT_ZERO = re.compile(rb"[^\0]")
Box = tuple[bytes, int, int]  # kind, start and end of its content


def knows(first_bytes: bytes) -> bool:
    """Whether the file begins with a box."""
    return first_bytes[4:8] in FIRST_BOXES


def layout(content: mmap.mmap) -> Layout:
    """Its tracks by their handlers; truncated or damaged by the sizes of its boxes."""
    missing, damage = _broken(content)
    tracks = [box for moov in _inside(content, b"moov", 0, len(content)) for box in _inside(content, b"trak", *moov[1:])]
    handlers = {_handler(content, track) for track in tracks}
    is_sound = content[8:12] in SOUND_BRANDS
    if not tracks:
        return Layout(missing=missing, damage=damage)
    is_video = b"vide" in handlers and not is_sound
    return Layout(is_video, b"soun" in handlers, missing, damage, _shown_us(content, tracks), _made_at_us(content))


def _broken(content: mmap.mmap) -> tuple[str | None, str | None]:
    """What is missing, and where what stands there is no box."""
    at, size, kinds = 0, len(content), set()
    for _ in range(MOST_BOXES):
        if at + 8 > size:  # a few bytes of padding
            break
        length, kind = _length(content, at, size), content[at + 4 : at + 8]
        if not _NAME.fullmatch(kind):
            if _NOT_ZERO.search(content, at) is None:  # what the camera had reserved
                break
            return None, no_part(at, "an MP4")
        kinds.add(kind)
        if length < 8:
            return f"a box at byte {at} has a size of {length}", None
        if at + length > size:
            return bytes_missing(at + length - size), None
        at += length
    return (None if b"moov" in kinds else "its index (moov) is missing"), None


def _length(content: mmap.mmap, at: int, end: int) -> int:
    length = int.from_bytes(content[at : at + 4], "big")
    if length == 1:
        return int.from_bytes(content[at + 8 : at + 16], "big")
    return length or end - at  # 0: to the end of the file


def _inside(content: mmap.mmap, kind: bytes, at: int, end: int) -> Iterator[Box]:
    """The boxes of one kind between two places."""
    for _ in range(MOST_BOXES):
        if at + 8 > end:
            return
        length, head = _length(content, at, end), 16 if content[at : at + 4] == b"\0\0\0\1" else 8
        if length < 8 or at + length > end:
            return
        if content[at + 4 : at + 8] == kind:
            yield kind, at + head, at + length
        at += length


def _path(content: mmap.mmap, box: Box, *kinds: bytes) -> Box | None:
    """The first box down a path of kinds."""
    for kind in kinds:
        found = next(_inside(content, kind, *box[1:]), None)
        if found is None:
            return None
        box = found
    return box


def _handler(content: mmap.mmap, track: Box) -> bytes:
    found = _path(content, track, b"mdia", b"hdlr")
    return content[found[1] + 8 : found[1] + 12] if found else b""


def _made_at_us(content: mmap.mmap) -> int | None:
    """When it was made, by its header: section 8.2.2, seconds since 1904; 0 where nobody knows."""
    header = _path(content, next(_inside(content, b"moov", 0, len(content))), b"mvhd")
    if header is None:
        return None
    size = 8 if content[header[1] : header[1] + 1] == b"\1" else 4
    seconds = int.from_bytes(content[header[1] + 4 : header[1] + 4 + size], "big")
    return (seconds - SECONDS_FROM_1904) * MICROSECONDS if seconds > SECONDS_FROM_1904 else None


def _shown_us(content: mmap.mmap, tracks: list[Box]) -> int | None:
    """How much of the video its edit list shows."""
    header = _path(content, next(_inside(content, b"moov", 0, len(content))), b"mvhd")
    video = next((track for track in tracks if _handler(content, track) == b"vide"), None)
    edits = _path(content, video, b"edts", b"elst") if video else None
    if header is None or edits is None:
        return None
    at = header[1] + (20 if content[header[1] : header[1] + 1] == b"\1" else 12)
    ticks_s = int.from_bytes(content[at : at + 4], "big")
    wide = content[edits[1] : edits[1] + 1] == b"\1"
    step, size = (20, 8) if wide else (12, 4)
    starts = range(edits[1] + 8, edits[2] - step + 1, step)
    ticks = sum(int.from_bytes(content[start : start + size], "big") for start in starts)
    return round(ticks * MICROSECONDS / ticks_s) if ticks and ticks_s else None
