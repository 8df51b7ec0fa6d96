"""A replay at full speed keeps close to the services, and is never so close that it waits for itself."""

from __future__ import annotations

import pytest

from affectloop.bus.memory import MemoryBus
from affectloop.clock import ManualClock, SystemClock
from affectloop.errors import InvalidInput, Unavailable
from affectloop.events import EmotionEstimate
from affectloop.runtime.service import load, need_makers, processors
from affectloop.runtime.service_runner import ServiceRunner
from affectloop.settings import RuntimeSettings
from affectloop.store.live.memory import MemoryLiveState
from affectloop_commands.replay import SILENT_LIMIT_S, replay, session_of
from integration.people import a_learner
from sameness import assert_same, nameless

SECONDS = 300.0  # several minutes: a request to the bus holds more of 10 s chunks than the services may be behind
CLOCK = SystemClock()


def estimates(chunk_ms: float) -> list[EmotionEstimate]:
    """The estimates of a wristband's learner."""
    merged, bus, live, runtime = (
        a_learner(SECONDS, modalities=("wristband",), chunk_ms=chunk_ms),
        MemoryBus(),
        MemoryLiveState(),
        RuntimeSettings(),
    )
    session = session_of(merged)
    services = [(service, service.settings()) for service in map(load, ("physio", "fusion"))]
    with ServiceRunner(services, runtime, bus, live, CLOCK) as runner:
        runner.wait_until_ready()
        collector = replay(merged, session, bus, live, CLOCK, speed=None)
    return [event for event in collector.events if isinstance(event, EmotionEstimate)]


def test_chunks_of_ten_seconds_come_to_the_same_end_as_short_ones() -> None:
    found, expected = estimates(10_000), estimates(250)
    assert len(found) == pytest.approx(2 * SECONDS, abs=2)
    assert_same([nameless(event) for event in found], [nameless(event) for event in expected])


def test_services_that_are_silent_are_named_soon_and_end_a_replay(capsys: pytest.CaptureFixture[str]) -> None:
    class Hurried(ManualClock):
        """Time passes while nothing happens."""

        def sleep(self, seconds: float) -> None:
            super().sleep(SILENT_LIMIT_S / 4)

    merged = a_learner(SECONDS, modalities=("wristband",))
    with pytest.raises(Unavailable, match=r"nothing came for 120 s while waiting for .*fusion.*are the services up\?"):
        replay(merged, session_of(merged), MemoryBus(), MemoryLiveState(), Hurried(), speed=None)
    assert "nothing came for 10 s: waiting for fusion (emotion.estimates.v1, made by fusion)" in capsys.readouterr().err


def test_a_declared_stream_that_nobody_makes_is_refused_before_anything_is_played() -> None:
    merged = a_learner(SECONDS, modalities=("wristband",))
    here = [service for service in processors() if service.name != "fusion"]
    need_makers(session_of(merged), merged.streams, processors())
    with pytest.raises(InvalidInput, match=r"nobody makes emotion.estimates.v1 \(stream fusion\), which the session would wait for"):
        need_makers(session_of(merged), merged.streams, here)
