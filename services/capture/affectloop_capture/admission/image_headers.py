"""What a compressed picture claims to be, read from its header alone: nothing is decoded, whatever it claims."""

from __future__ import annotations

import struct
import zlib

from affectloop.errors import InvalidMessage

Size = tuple[int, int]  # width, height in pixels

LARGEST_SIDE_PX = 4096  # above 4K video; its 50 MB decoded are what a face service can bear
MOST_SEGMENTS = 256  # a camera writes about ten; a million of four bytes would keep a core busy
MOST_SCANS = 64  # a progressive picture has about ten; each scan costs a pass over all of it when decoded

_FRAME_STARTS = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended and progressive Huffman
_OTHER_FRAME_STARTS = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})  # lossless, hierarchical, arithmetic
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_IMAGE_START, _IMAGE_END, _SCAN_START = 0xD8, 0xD9, 0xDA

_JPEG, _DEPTH = "VideoFrame.jpeg", "VideoFrame.depth_png16"
_PNG_SIGNATURE, _PNG_END = b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND\xaeB`\x82"


def jpeg_size(jpeg: bytes, largest_side_px: int = LARGEST_SIDE_PX) -> Size:
    """Width and height by the frame header (SOF); ``InvalidMessage`` for what is no whole, bounded JPEG.

    Source: ITU-T T.81, annex B.
    """
    if jpeg[:2] != b"\xff\xd8":
        raise InvalidMessage(_JPEG, "is not a JPEG: it does not begin with FF D8", "compress the picture as JPEG")
    size: Size | None = None
    at = 2
    for _ in range(MOST_SEGMENTS):
        marker, at, end = _segment(jpeg, at)
        if marker in _FRAME_STARTS:
            size = _frame_size(jpeg[at:end], largest_side_px)
        elif marker in _OTHER_FRAME_STARTS:
            raise InvalidMessage(_JPEG, f"is compressed in a way that cameras do not use (marker {marker:X})", "send baseline JPEG")
        elif marker == _SCAN_START:
            _check_scans(jpeg, end)
            break
        at = end
    else:
        raise InvalidMessage(_JPEG, f"has over {MOST_SEGMENTS} segments before its picture", "leave the metadata out")
    if size is None:
        raise InvalidMessage(_JPEG, "has a picture before its size", "compress the picture again")
    return size


def _segment(jpeg: bytes, at: int) -> tuple[int, int, int]:
    """The next segment: its marker, where its content begins and where it ends."""
    while jpeg[at : at + 2] == b"\xff\xff":  # fill bytes
        at += 1
    if at + 2 > len(jpeg):
        raise _truncated()
    if jpeg[at] != 0xFF:
        raise InvalidMessage(_JPEG, f"has no marker at byte {at}", "compress the picture again")
    marker = jpeg[at + 1]
    if marker in _ALONE:
        return marker, at + 2, at + 2
    if marker in (_IMAGE_START, _IMAGE_END):
        raise InvalidMessage(_JPEG, "ends before its picture begins", "compress the picture again")
    if at + 4 > len(jpeg):
        raise _truncated()
    length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
    if length < 2:
        raise InvalidMessage(_JPEG, f"has a segment of {length} bytes at byte {at}", "compress the picture again")
    if at + 2 + length > len(jpeg):
        raise _truncated()
    return marker, at + 4, at + 2 + length


def _frame_size(frame: bytes, largest_side_px: int) -> Size:
    if len(frame) < 6:
        raise _truncated()
    bits, height, width, components = struct.unpack(">BHHB", frame[:6])
    if bits != 8 or components not in (1, 3) or len(frame) < 6 + 3 * components:
        raise InvalidMessage(_JPEG, f"has {components} components of {bits} bits", "send grey or colour of 8 bits")
    return _bounded(_JPEG, width, height, largest_side_px)


def _bounded(field: str, width: int, height: int, largest_side_px: int) -> Size:
    if not (0 < width <= largest_side_px and 0 < height <= largest_side_px):
        limit = f"the limit is {largest_side_px} x {largest_side_px}"
        raise InvalidMessage(field, f"claims {width} x {height} pixels; {limit}", "send a smaller picture")
    return width, height


def _check_scans(jpeg: bytes, at: int) -> None:
    if jpeg.rfind(b"\xff\xd9", at) < 0:
        raise _truncated()
    if jpeg.count(b"\xff\xda", at) >= MOST_SCANS:
        raise InvalidMessage(_JPEG, f"has {MOST_SCANS} scans or more", "send baseline JPEG")


def _truncated() -> InvalidMessage:
    return InvalidMessage(_JPEG, "is truncated", "send the whole picture")


def depth_size(png: bytes, largest_side_px: int = LARGEST_SIDE_PX) -> Size:
    """Width and height of a 16-bit grey PNG; ``InvalidMessage`` for anything else.

    Source: W3C Portable Network Graphics, section 11.2.2 (IHDR).
    """
    if png[:8] != _PNG_SIGNATURE or png[8:16] != b"\0\0\0\rIHDR" or len(png) < 33:
        raise InvalidMessage(_DEPTH, "is not a PNG", "compress the depth as 16-bit grey PNG")
    if zlib.crc32(png[12:29]) != int.from_bytes(png[29:33], "big"):
        raise InvalidMessage(_DEPTH, "has a damaged header", "send it again")
    width, height, bits, colour = struct.unpack(">IIBB", png[16:26])
    if (bits, colour) != (16, 0):
        raise InvalidMessage(_DEPTH, f"has {bits} bits of colour type {colour}", "send 16-bit grey: millimetres")
    if not png.endswith(_PNG_END):
        raise InvalidMessage(_DEPTH, "is truncated", "send the whole picture")
    return _bounded(_DEPTH, width, height, largest_side_px)
