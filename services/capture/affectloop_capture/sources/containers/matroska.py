"""WebM and Matroska: EBML elements.

Source: RFC 8794 section 6 (sizes, the unknown one), RFC 9559 section 5 (elements).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import replace

from affectloop.clock import MICROSECONDS
from affectloop_capture.sources.containers.base import Layout, bytes_missing, no_part

EBML, SEGMENT, CLUSTER, TRACKS, TRACK, TRACK_TYPE = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0x83
INFO, DATE = 0x1549A966, 0x4461
SECONDS_TO_2001 = 978_307_200  # from 1970
VIDEO, SOUND = 1, 2
_ENTERED = {SEGMENT, CLUSTER}
_OF_SEGMENT = {0x114D9B74, INFO, TRACKS, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367}
_OF_CLUSTER = {0xE7, 0xA3, 0xA0, 0xAB, 0xA7, 0x5854, 0xAF}
_ANYWHERE = {0xEC, 0xBF, EBML}
_KNOWN = _ENTERED | _OF_SEGMENT | _OF_CLUSTER | _ANYWHERE
Element = tuple[int, int, int, int | None]  # id, where it begins, where its content begins, the content's size


def knows(first_bytes: bytes) -> bool:
    """Whether the file begins with an EBML header."""
    return first_bytes[:4] == b"\x1aE\xdf\xa3"


def layout(content: mmap.mmap) -> Layout:
    """Its tracks; truncated by the sizes of its elements, damaged where there is none."""
    kinds: set[int] = set()
    made_at_us: int | None = None
    at, size = 0, len(content)
    while at < size:
        element, begin, start, length = _element(content, at)
        if element not in _KNOWN:
            missing = bytes_missing(1) if start > size else None
            return _told(kinds, missing, None if missing else no_part(begin, "a Matroska file"))
        if element in _ENTERED or length is None:
            if length is not None and start + length > size:
                return _told(kinds, bytes_missing(start + length - size), None)
            at = start
            continue
        if start + length > size:
            return _told(kinds, bytes_missing(start + length - size), None)
        if element == TRACKS:
            kinds |= set(_track_types(content, start, start + length))
        if element == INFO:
            made_at_us = next(_dates(content, start, start + length), None)
        at = start + length
    return replace(_told(kinds, None, None), made_at_us=made_at_us)


def _told(kinds: set[int], missing: str | None, damage: str | None) -> Layout:
    return Layout(VIDEO in kinds or not kinds, SOUND in kinds or not kinds, missing, damage)


def _element(content: mmap.mmap, at: int) -> Element:
    """The element there; its id is 0 where there is none, its size ``None`` where it is unknown."""
    first = content[at]
    width = 9 - first.bit_length()
    if width > 4 or at + width >= len(content):
        return 0, at, at + width, 0
    head = at + width
    marker = content[head]
    more = 9 - marker.bit_length()
    if more > 8:
        return 0, at, head, 0
    value = int.from_bytes(content[head : head + more], "big") & ((1 << (7 * more)) - 1)
    unknown = value == (1 << (7 * more)) - 1
    return int.from_bytes(content[at:head], "big"), at, head + more, None if unknown else value


def _track_types(content: mmap.mmap, at: int, end: int) -> Iterator[int]:
    for track in _children(content, at, end, TRACK):
        for kind in _children(content, *track, TRACK_TYPE):
            yield int.from_bytes(content[kind[0] : kind[1]], "big")


def _dates(content: mmap.mmap, at: int, end: int) -> Iterator[int]:
    """When it was made: nanoseconds since 2001."""
    for start, stop in _children(content, at, end, DATE):
        yield int.from_bytes(content[start:stop], "big", signed=True) // 1000 + SECONDS_TO_2001 * MICROSECONDS


def _children(content: mmap.mmap, at: int, end: int, wanted: int) -> Iterator[tuple[int, int]]:
    while at < end:
        element, _, start, length = _element(content, at)
        if not element or length is None:
            return
        if element == wanted:
            yield start, min(start + length, end)
        at = start + length
