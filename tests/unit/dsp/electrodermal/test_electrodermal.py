"""Skin conductance responses of absolute size: found where they were put, none in a constant input."""

import numpy as np
import pytest

from affectloop.dsp import electrodermal
from affectloop.synthetic.physiology import Response, conductance

PUT = (Response(12.0, 0.10), Response(25.0, 0.40), Response(31.0, 0.15), Response(45.0, 0.05))


def found_in(level: np.ndarray, least: float = 0.03) -> list[electrodermal.Response]:
    return electrodermal.responses(electrodermal.smoothed(level), electrodermal.noise(level), least, 1, len(level) - 1)


@pytest.mark.parametrize("noise", [0.0, 0.002])
def test_responses_are_found_where_they_were_put(noise: float) -> None:
    level = conductance(60.0, 4.0, np.random.default_rng(1), responses=PUT, noise_microsiemens=noise)
    peaks = [one.peak / 4 for one in found_in(level)]
    assert peaks == pytest.approx([one.peak_s for one in PUT], abs=0.8)


def test_amplitudes_are_from_trough_to_peak() -> None:
    level = conductance(60.0, 4.0, np.random.default_rng(1), responses=[Response(20.0, 0.3)], noise_microsiemens=0.001)
    (only,) = found_in(level)
    assert only.amplitude_microsiemens == pytest.approx(0.3, rel=0.1)
    assert only.onset / 4 == pytest.approx(20.0, abs=1.0)


@pytest.mark.parametrize("level", [0.3, 3.0, 12.0])
def test_a_constant_input_gives_no_response(level: float) -> None:
    assert found_in(np.full(240, level)) == []


@pytest.mark.parametrize(("noise", "most_a_minute"), [(0.002, 0.05), (0.010, 0.3)])
def test_noise_alone_gives_next_to_none(noise: float, most_a_minute: float) -> None:
    rng = np.random.default_rng(2)
    count = sum(len(found_in(conductance(60.0, 4.0, rng, noise_microsiemens=noise))) for _ in range(60))
    assert count / 60 <= most_a_minute


def test_a_rise_below_the_threshold_is_none_and_the_threshold_is_a_setting() -> None:
    level = conductance(60.0, 4.0, np.random.default_rng(3), responses=[Response(20.0, 0.022)], noise_microsiemens=0.0005)
    assert found_in(level) == []
    assert len(found_in(level, least=0.01)) == 1


def test_a_rise_whose_beginning_is_not_seen_is_none() -> None:
    level = conductance(60.0, 4.0, np.random.default_rng(4), responses=[Response(20.0, 0.3)], noise_microsiemens=0.0)
    (only,) = found_in(level)
    assert found_in(level[only.onset + 4 :]) == []


def test_the_same_peak_is_found_from_any_window_that_holds_its_surroundings() -> None:
    level = conductance(60.0, 4.0, np.random.default_rng(4), responses=PUT)
    whole = electrodermal.smoothed(level)
    (peak,) = [one.peak for one in found_in(level) if abs(one.peak / 4 - PUT[1].peak_s) < 1]
    for start in (peak - 64, peak - 50, peak - 40):
        part = electrodermal.smoothed(level[start : start + 80])
        again = electrodermal.responses(part, 0.002, 0.03, peak - start - 2, peak - start + 2)
        assert [one.peak + start for one in again] == [peak]
        assert part[20:60] == pytest.approx(whole[start + 20 : start + 60])


def test_the_tonic_level_lies_under_the_responses() -> None:
    level = conductance(20.0, 4.0, np.random.default_rng(5), tonic_microsiemens=4.0, responses=[Response(3.0, 0.5), Response(9.0, 0.5)])
    assert electrodermal.tonic_level(electrodermal.smoothed(level)) == pytest.approx(4.0, abs=0.03)


def test_noise_is_measured_beside_a_response() -> None:
    level = conductance(20.0, 4.0, np.random.default_rng(6), responses=[Response(5.0, 0.5)], noise_microsiemens=0.01)
    assert electrodermal.noise(level) == pytest.approx(0.01, rel=0.35)
    assert electrodermal.noise(level[:2]) == 0.0
