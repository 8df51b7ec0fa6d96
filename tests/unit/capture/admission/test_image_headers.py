import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectloop.errors import InvalidMessage
from affectloop_capture.admission.image_headers import LARGEST_SIDE_PX, MOST_SCANS, MOST_SEGMENTS, depth_size, jpeg_size
from unit.capture.making import a_depth_png, a_jpeg, claiming, depth_claiming


def refusal_of(jpeg: bytes) -> str:
    with pytest.raises(InvalidMessage) as caught:
        jpeg_size(jpeg)
    return caught.value.problem


def test_the_size_is_read_from_the_header() -> None:
    assert jpeg_size(a_jpeg(64, 48)) == (64, 48)


def test_a_progressive_jpeg_is_read() -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    assert jpeg_size(bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1])) == (64, 48)


def test_a_jpeg_that_claims_30000_x_30000_is_refused_by_its_header() -> None:
    assert "30000 x 30000" in refusal_of(claiming(a_jpeg(), 30_000, 30_000))


@pytest.mark.parametrize(("width", "height"), [(LARGEST_SIDE_PX + 1, 1), (1, LARGEST_SIDE_PX + 1), (0, 48), (64, 0)])
def test_a_side_out_of_bounds_is_refused(width: int, height: int) -> None:
    assert f"{width} x {height}" in refusal_of(claiming(a_jpeg(), width, height))


def test_the_largest_size_is_taken() -> None:
    assert jpeg_size(claiming(a_jpeg(), LARGEST_SIDE_PX, LARGEST_SIDE_PX)) == (LARGEST_SIDE_PX, LARGEST_SIDE_PX)


def test_every_truncation_is_refused() -> None:
    whole = a_jpeg()
    for length in range(len(whole) - 2):
        assert refusal_of(whole[:length])


def test_a_size_within_metadata_is_not_the_pictures_size() -> None:
    whole = a_jpeg()
    thumbnail = claiming(whole, 30_000, 30_000)
    inside = whole[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + whole[2:]
    assert jpeg_size(inside) == (64, 48)


def test_a_million_empty_segments_are_not_walked() -> None:
    assert str(MOST_SEGMENTS) in refusal_of(b"\xff\xd8" + b"\xff\xe0\x00\x02" * 1_000_000)


def test_a_picture_of_many_scans_is_refused() -> None:
    whole = a_jpeg()
    assert "scans" in refusal_of(whole[:-2] + b"\xff\xda\x00\x02" * MOST_SCANS + whole[-2:])


@pytest.mark.parametrize("marker", [0xC3, 0xC9, 0xCF])
def test_lossless_and_arithmetic_compression_are_refused(marker: int) -> None:
    assert "compressed in a way" in refusal_of(a_jpeg().replace(b"\xff\xc0", bytes([0xFF, marker])))


def measured(jpeg: bytes) -> tuple[int, int]:
    """The size, or that of one pixel where the picture is refused; anything else is a defect."""
    try:
        return jpeg_size(jpeg)
    except InvalidMessage:
        return 1, 1


@given(st.binary(max_size=200), st.integers(0, 600))
def test_any_bytes_are_refused_or_measured(content: bytes, kept: int) -> None:
    for jpeg in (content, b"\xff\xd8" + content, a_jpeg()[:kept] + content):
        assert max(measured(jpeg)) <= LARGEST_SIDE_PX


def test_the_size_of_a_depth_picture_is_read_from_its_header() -> None:
    assert depth_size(a_depth_png(64, 48)) == (64, 48)


def test_a_depth_picture_that_claims_too_much_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="claims 60000 x 60000"):
        depth_size(depth_claiming(a_depth_png(), 60_000, 60_000))


def test_an_eight_bit_picture_is_no_depth() -> None:
    with pytest.raises(InvalidMessage, match="8 bits"):
        depth_size(bytes(cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1]))


@pytest.mark.parametrize(
    "damage", [lambda png: png[:20], lambda png: png[:-4], lambda png: png[:17] + b"\x55" + png[18:], lambda png: b"no"]
)
def test_a_damaged_depth_picture_is_refused(damage: object) -> None:
    assert callable(damage)
    with pytest.raises(InvalidMessage):
        depth_size(damage(a_depth_png()))
