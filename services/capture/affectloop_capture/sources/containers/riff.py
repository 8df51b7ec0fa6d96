"""AVI and WAV: RIFF chunks.

Source: Microsoft, Multimedia Programming Interface 1.0 (RIFF); OpenDML AVI 1.02; EBU Tech 3306 (RF64).
"""

from __future__ import annotations

import mmap
import re

from affectloop_capture.sources.containers.base import Layout, bytes_missing, no_part

PLACEHOLDERS_FROM = 0x7FFF0000  # what writers that cannot go back leave as a size: 0x7FFFFFFF, 0xFFFFFFFF and what is near
_NAME = re.compile(rb"[ -~]{4}")
_NOT_ZERO = re.compile(rb"[^\0]")


def knows(first_bytes: bytes) -> bool:
    """Whether the file begins with a RIFF chunk."""
    return first_bytes[:4] in (b"RIFF", b"RF64")


def layout(content: mmap.mmap) -> Layout:
    """Its streams; truncated by its stated size, an AVI damaged where there is no chunk."""
    stated, size, is_avi = int.from_bytes(content[4:8], "little"), len(content), content[8:12] == b"AVI "
    lacking = stated + 8 - size
    # 1: the padding that some writers leave out
    missing = bytes_missing(lacking) if 0 < stated < PLACEHOLDERS_FROM and lacking > 1 else None
    head = content[:65_536]
    video = is_avi and (b"strhvids" in _streams(head) or b"strh" not in head)
    damage = _broken(content) if is_avi and not missing else None
    return Layout(video, not is_avi or b"strhauds" in _streams(head), missing, damage)


def _streams(head: bytes) -> set[bytes]:
    return {b"strh" + head[found.end() + 4 : found.end() + 8] for found in re.finditer(b"strh", head)}


def _broken(content: mmap.mmap) -> str | None:
    at, size = 0, len(content)
    while at + 8 <= size:
        name, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if not _NAME.fullmatch(name):
            return None if _NOT_ZERO.search(content, at) is None else no_part(at, "an AVI")
        enters = name == b"RIFF" or (name == b"LIST" and content[at + 8 : at + 12] in (b"movi", b"rec "))
        at += 12 if enters else 8 + length + length % 2
    return None
