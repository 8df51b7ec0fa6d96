from dataclasses import replace

import cv2
import numpy as np
import pytest

from affectloop.errors import InvalidMessage
from affectloop.events import END_OF_TIME_US, Event, SignalKind, VideoFrame
from affectloop.session import Mode
from affectloop_capture.admission.validation import Limits, StreamOrder, StreamPosition, check_content, check_times
from unit.capture.making import START_US, a_chunk, a_depth_png, a_frame, a_header, a_jpeg, a_session, claiming, some_audio

LIMITS = Limits()


def refusal_of(event: Event) -> InvalidMessage:
    with pytest.raises(InvalidMessage) as caught:
        check_content(event, LIMITS)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "rate_hz", "samples"),
    [
        (SignalKind.EDA, 4, [0.0, 100.0]),
        (SignalKind.ECG, 250, [-5.0, 5.0]),
        (SignalKind.PPG, 64, [-800.0, 900.0]),
        (SignalKind.ACCELERATION, 32, [[0.0, 0.0, 1.0], [-2.0, 2.0, 16.0]]),
        (SignalKind.TEMPERATURE, 4, [0.0, 50.0]),
    ],
)
def test_what_a_sensor_delivers_is_taken(kind: SignalKind, rate_hz: float, samples: list[float]) -> None:
    chunk = a_chunk(samples, kind, rate_hz)
    check_content(chunk, LIMITS)
    assert not chunk.is_empty


@pytest.mark.parametrize(
    ("kind", "rate_hz", "samples"),
    [
        (SignalKind.EDA, 4, [1.0, 100.5]),
        (SignalKind.EDA, 4, [1.0, -0.5]),
        (SignalKind.ECG, 250, [0.0, 21.0]),
        (SignalKind.PPG, 64, [0.0, np.inf]),
        (SignalKind.ACCELERATION, 32, [[0.0, 0.0, 1.0], [0.0, 17.0, 1.0]]),
        (SignalKind.TEMPERATURE, 4, [30.0, 382.21]),  # what an E4 says when its sensor fails
        (SignalKind.EDA, 4, [1.0, np.nan]),
    ],
)
def test_a_sample_out_of_range_is_refused_with_its_number_and_unit(kind: SignalKind, rate_hz: float, samples: list[float]) -> None:
    error = refusal_of(a_chunk(samples, kind, rate_hz))
    assert error.field == "SignalChunk.samples"
    assert "sample 1" in error.problem
    assert error.remedy


def test_a_rate_that_no_sensor_has_is_refused() -> None:
    assert refusal_of(a_chunk(kind=SignalKind.EDA, rate_hz=0.5)).field == "SignalChunk.sample_rate_hz"


def test_an_acceleration_of_one_axis_is_refused() -> None:
    assert "3 channels" in refusal_of(a_chunk([0.0], SignalKind.ACCELERATION, 32)).problem


def test_a_minute_of_samples_at_once_is_refused() -> None:
    assert "60.0 s" in refusal_of(a_chunk([1.0] * 240)).problem
    assert "20.0 s" in refusal_of(some_audio(16_000 * 20)).problem


def test_a_bomb_of_a_jpeg_is_refused_without_a_decode(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[object] = []
    for decoder in ("imdecode", "imread"):
        monkeypatch.setattr(cv2, decoder, lambda *arguments: decoded.append(arguments))
    assert "30000 x 30000" in refusal_of(a_frame(jpeg=claiming(a_jpeg(), 30_000, 30_000))).problem
    assert decoded == []


def test_a_picture_of_too_many_bytes_is_refused_by_their_number() -> None:
    assert "bytes" in refusal_of(a_frame(jpeg=a_jpeg() + b"\0" * LIMITS.picture_bytes)).problem


def test_depth_is_checked_beside_its_picture() -> None:
    good = VideoFrame(header=a_header("camera"), jpeg=a_jpeg(), depth_png16=a_depth_png())
    check_content(good, LIMITS)
    assert refusal_of(replace(good, depth_png16=b"\x89PNG")).field == "VideoFrame.depth_png16"


def test_an_empty_frame_is_no_picture_to_check() -> None:
    empty = VideoFrame(header=a_header("camera"))
    check_content(empty, LIMITS)
    assert empty.is_empty


def times_refused(event: Event, now_us: int, mode: Mode = Mode.LIVE) -> str:
    with pytest.raises(InvalidMessage) as caught:
        check_times(event, a_session(mode=mode), now_us, LIMITS)
    return caught.value.problem


def test_an_event_from_before_the_session_is_refused() -> None:
    assert "before the session" in times_refused(a_frame(time_us=START_US - 6_000_000), START_US)


def test_an_event_from_the_future_is_refused_in_a_live_session_only() -> None:
    event = a_frame(time_us=START_US + 20_000_000)
    assert "10.0 s in the future" in times_refused(event, START_US + 10_000_000)
    check_times(event, a_session(mode=Mode.REPLAY), START_US + 10_000_000, LIMITS)


def test_a_promise_from_before_the_event_is_refused() -> None:
    event = replace(a_frame(), header=a_header("camera", until_us=START_US - 1))
    assert "before the event" in times_refused(event, START_US)


def test_clocks_within_the_tolerance_are_taken() -> None:
    event = a_frame(time_us=START_US + 4_000_000)
    check_times(event, a_session(), START_US, LIMITS)
    assert event.header.event_time_us > START_US


def test_numbers_that_follow_are_next() -> None:
    order = StreamOrder()
    assert order.position(a_chunk()) is StreamPosition.NEXT
    assert order.position(a_chunk(sequence=4, time_us=START_US + 1_000_000)) is StreamPosition.NEXT


def test_a_number_that_was_there_is_a_copy() -> None:
    order = StreamOrder()
    order.position(a_chunk())
    assert order.position(a_chunk()) is StreamPosition.COPY


def test_a_number_that_jumps_is_a_gap() -> None:
    order = StreamOrder()
    order.position(a_chunk())
    assert order.position(a_chunk(sequence=5, time_us=START_US + 1_250_000)) is StreamPosition.AFTER_GAP


def test_a_stream_that_a_call_meets_in_its_middle_has_no_gap() -> None:
    assert StreamOrder().position(a_chunk(sequence=400)) is StreamPosition.NEXT


def test_a_record_older_than_its_streams_promise_is_refused() -> None:
    order = StreamOrder()
    order.position(a_chunk())
    with pytest.raises(InvalidMessage, match="1 us older"):
        order.position(a_chunk(sequence=4, time_us=START_US + 999_999))


def test_nothing_follows_the_end_of_a_stream() -> None:
    order = StreamOrder()
    order.position(replace(a_frame(), header=a_header("camera", until_us=END_OF_TIME_US)))
    with pytest.raises(InvalidMessage, match="has ended"):
        order.position(a_frame(1, START_US + 1))
