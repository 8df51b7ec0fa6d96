"""A buffer forgets how its samples were cut, and never joins what does not belong runner."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectloop.events import Header, SignalChunk, SignalKind
from affectloop_physio.sample_buffer import SampleBuffer

START_US = 1_767_225_600_000_000


def chunk(values: np.ndarray, rate_hz: float, start_us: int) -> SignalChunk:
    header = Header(session_id="s", stream_id="ppg", sequence=0, event_time_us=start_us, complete_until_us=start_us + 1)
    return SignalChunk(header=header, kind=SignalKind.PPG, sample_rate_hz=rate_hz, samples=values.astype(np.float32)[:, None])


def taped(values: np.ndarray, rate_hz: float, cuts: list[int], start_us: int = START_US) -> SampleBuffer:
    buffer = SampleBuffer()
    for begin, end in zip([0, *cuts], [*cuts, len(values)], strict=True):
        if end > begin:
            buffer.append(chunk(values[begin:end], rate_hz, start_us + round(begin * 1e6 / rate_hz)))
    return buffer


@settings(max_examples=60, deadline=None)
@given(
    rate_hz=st.sampled_from([1.0, 4.0, 32.0, 64.0, 130.0, 360.0, 1024.0]),
    cuts=st.lists(st.integers(0, 400), max_size=12).map(sorted),
    window=st.tuples(st.integers(0, 6_000_000), st.integers(1, 4_000_000)),
)
def test_windows_do_not_know_the_cuts(rate_hz: float, cuts: list[int], window: tuple[int, int]) -> None:
    values = np.random.default_rng(1).normal(size=400)
    begin, end = START_US + window[0], START_US + window[0] + window[1]
    whole, cut = taped(values, rate_hz, []).window(begin, end), taped(values, rate_hz, cuts).window(begin, end)
    assert (whole is None) == (cut is None)
    if whole is not None and cut is not None:
        assert np.array_equal(whole.samples, cut.samples)
        assert cut.first_us == pytest.approx(whole.first_us, abs=1.5)
        assert cut.last_us == pytest.approx(whole.last_us, abs=1.5)


def test_a_window_holds_the_samples_from_its_begin_to_before_its_end() -> None:
    window = taped(np.arange(40.0), 4.0, [13]).window(START_US + 1_000_000, START_US + 3_000_000)
    assert window is not None
    assert window.samples[:, 0].tolist() == [4, 5, 6, 7, 8, 9, 10, 11]
    assert window.times_us(np.array([0.0, 7.0])) == pytest.approx([START_US + 1_000_000, START_US + 2_750_000])


def test_a_short_gap_is_bridged_and_told() -> None:
    buffer = SampleBuffer()
    buffer.append(chunk(np.zeros(10), 50.0, START_US))
    buffer.append(chunk(np.full(10, 6.0), 50.0, START_US + 300_000))
    window = buffer.window(START_US, START_US + 1_000_000)
    assert window is not None
    assert window.samples[8:17, 0] == pytest.approx([0, 0, 1, 2, 3, 4, 5, 6, 6])
    assert window.bridged == pytest.approx(5 / 25)


def test_what_lies_behind_a_long_gap_or_another_rate_is_left_out() -> None:
    buffer = SampleBuffer()
    buffer.append(chunk(np.zeros(10), 50.0, START_US))
    buffer.append(chunk(np.ones(10), 50.0, START_US + 900_000))
    after_gap = buffer.window(START_US, START_US + 2_000_000)
    buffer.append(chunk(np.full(10, 2.0), 25.0, START_US + 1_100_000))
    other_rate = buffer.window(START_US, START_US + 2_000_000)
    assert after_gap is not None
    assert after_gap.samples[:, 0].tolist() == [1.0] * 10
    assert other_rate is not None
    assert other_rate.samples[:, 0].tolist() == [2.0] * 10


def test_samples_after_the_window_do_not_reach_into_it_even_over_a_gap() -> None:
    buffer = SampleBuffer()
    buffer.append(chunk(np.zeros(10), 50.0, START_US))
    before = buffer.window(START_US, START_US + 250_000)
    buffer.append(chunk(np.ones(10), 50.0, START_US + 300_000))
    after = buffer.window(START_US, START_US + 250_000)
    assert before is not None
    assert after is not None
    assert np.array_equal(before.samples, after.samples)


def test_a_clock_that_drifts_is_followed() -> None:
    buffer = SampleBuffer()
    for second in range(10):
        buffer.append(chunk(np.zeros(64), 64.0, START_US + second * 1_000_500))
    window = buffer.window(START_US, START_US + 20_000_000)
    assert window is not None
    assert len(window.samples) == 640
    assert window.last_us == pytest.approx(START_US + 9 * 1_000_500 + 63 * 15_625, abs=1)


def test_forgetting_keeps_what_later_windows_need() -> None:
    buffer = SampleBuffer()
    for second in range(100):
        buffer.append(chunk(np.full(32, float(second)), 32.0, START_US + second * 1_000_000))
        buffer.forget_before(START_US + (second - 10) * 1_000_000)
    window = buffer.window(START_US + 92_000_000, START_US + 100_000_000)
    assert window is not None
    assert window.samples[::32, 0].tolist() == [92, 93, 94, 95, 96, 97, 98, 99]
    assert buffer.window(START_US, START_US + 5_000_000) is None
