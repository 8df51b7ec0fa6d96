"""Ogg: pages.

Source: RFC 3533 section 6 (pages), RFC 7845 (Opus), RFC 5334 section 4 (codecs).
"""

from __future__ import annotations

import mmap

from affectloop_capture.sources.containers.base import Layout, bytes_missing, no_part

VIDEO_CODECS = (b"\x80theora", b"BBCD\0", b"OVP80")
_HEAD = 27


def knows(first_bytes: bytes) -> bool:
    """Whether the file begins with a page."""
    return first_bytes[:4] == b"OggS"


def layout(content: mmap.mmap) -> Layout:
    """Its codecs by their first packets; truncated in a page, damaged where there is none or one is left out."""
    at, size, video, sound = 0, len(content), False, False
    numbers: dict[bytes, int] = {}
    while at < size:
        if content[at : at + 4] != b"OggS":
            return Layout(video, sound, None, no_part(at, "an Ogg file"))
        segments = content[at + _HEAD - 1] if at + _HEAD <= size else 255
        body = at + _HEAD + segments
        end = body + sum(content[at + _HEAD : body])
        if end > size or body > size:
            return Layout(video, sound, bytes_missing(max(end, body) - size), None)
        stream, number = content[at + 14 : at + 18], int.from_bytes(content[at + 18 : at + 22], "little")
        if content[at + 5] & 2:  # the first page of a stream
            video, sound = video or content[body:end].startswith(VIDEO_CODECS), sound or not content[body:end].startswith(VIDEO_CODECS)
        elif number != numbers.get(stream, number - 1) + 1:
            return Layout(video, sound, None, f"a page is left out at byte {at}")
        numbers[stream] = number
        at = end
    return Layout(video, sound, None, None)
