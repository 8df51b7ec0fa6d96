import numpy as np
import pytest

from affectloop_capture.admission.clocks import BUCKET_US, FEWEST_FOR_DRIFT, ClockState, ClockWatch


def watched(*, offset_s: float, drift: float, minutes: int, seed: int = 3) -> ClockState:
    """A device at 4 Hz whose records take 5 ms to arrive, some of them a second longer."""
    watch, noise, state = ClockWatch(), np.random.default_rng(seed), None
    start_us = 1_767_225_600_000_000
    for index in range(minutes * 240):
        true_us = start_us + index * 250_000
        delay_us = 5_000 + int(noise.exponential(20_000)) + (1_000_000 if noise.random() < 0.1 else 0)
        device_us = start_us + round((true_us - start_us) * (1 + drift) - offset_s * 1e6)
        state = watch.add(device_us, true_us + delay_us) or state
    assert state is not None
    return state


def test_the_offset_is_that_of_the_quickest_records() -> None:
    assert watched(offset_s=0.8, drift=0, minutes=3).offset_s == pytest.approx(0.805, abs=0.005)


@pytest.mark.parametrize("drift", [0.0, 2e-4, -1e-3])
def test_the_drift_is_found_through_late_records(drift: float) -> None:
    found = watched(offset_s=-0.3, drift=drift, minutes=10).drift_ratio
    assert found == pytest.approx(drift, abs=3e-5)


def test_a_drift_is_not_claimed_before_a_minute() -> None:
    watch, start_us = ClockWatch(), 1_767_225_600_000_000
    states = [watch.add(start_us + index * BUCKET_US, start_us + index * BUCKET_US) for index in range(FEWEST_FOR_DRIFT + 1)]
    assert [state is not None and state.drift_ratio is not None for state in states] == [False] * FEWEST_FOR_DRIFT + [True]
