"""FLV: tags.

Source: Adobe Flash Video File Format Specification 10.1, annex E.
"""

from __future__ import annotations

import mmap

from affectloop_capture.sources.containers.base import Layout, bytes_missing, no_part

SOUND, VIDEO, SCRIPT = 8, 9, 18


def knows(first_bytes: bytes) -> bool:
    """Whether the file begins so."""
    return first_bytes[:3] == b"FLV"


def layout(content: mmap.mmap) -> Layout:
    """Its tags; truncated in one, damaged where there is none."""
    at, size, kinds = int.from_bytes(content[5:9], "big") + 4, len(content), set()
    missing = damage = None
    while at + 11 <= size and not missing and not damage:
        kind, length = content[at] & 31, int.from_bytes(content[at + 1 : at + 4], "big")
        if kind not in (SOUND, VIDEO, SCRIPT):
            damage = no_part(at, "an FLV file")
        elif at + 11 + length > size:
            missing = bytes_missing(at + 11 + length - size)
        kinds.add(kind)
        at += 11 + length + 4
    return Layout(VIDEO in kinds, SOUND in kinds, missing, damage)
