"""MPEG-2 transport streams: packets of 188 bytes, or of 192 with their times before them.

Source: ISO/IEC 13818-1 section 2.4.3.2.
"""

from __future__ import annotations

import mmap

import numpy as np

from affectloop_capture.sources.containers.base import Layout, no_part

SYNC = 0x47


def knows(first_bytes: bytes) -> bool:
    """Whether the file begins with packets."""
    return _place(first_bytes) is not None


def layout(content: mmap.mmap) -> Layout:
    """Damaged where no packet stands; which streams there are its own tables tell, in any order."""
    start, step = _place(content[:4096]) or (0, 188)
    syncs = np.frombuffer(content, np.uint8)[start::step]
    wrong = np.flatnonzero(syncs != SYNC)
    return Layout(damage=no_part(start + step * int(wrong[0]), "a transport stream") if len(wrong) else None)


def _place(first_bytes: bytes) -> tuple[int, int] | None:
    """Where the first packet's sync byte is, and how far the next."""
    return next(((at, step) for at, step in ((0, 188), (4, 192)) if first_bytes[at : at + 3 * step : step] == bytes([SYNC] * 3)), None)
