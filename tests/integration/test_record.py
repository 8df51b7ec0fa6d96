"""A recorded session holds no face and no voice, and gives the estimates again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from affectloop.bus.memory import MemoryBus
from affectloop.clock import SystemClock
from affectloop.events import EmotionEstimate
from affectloop.recording import Recording
from affectloop.runtime.service import processors
from affectloop.runtime.service_runner import ServiceRunner
from affectloop.settings import RuntimeSettings
from affectloop.store.live.memory import MemoryLiveState
from affectloop.topics import AUDIO, FRAMES
from affectloop_capture.playback.merge import MergedSource, merge
from affectloop_capture.sources.files.recording import open_recorded
from affectloop_commands.record import record
from affectloop_commands.replay import replay, session_of
from integration.people import a_learner
from sameness import assert_same, nameless

CLOCK = SystemClock()


@contextmanager
def services() -> Iterator[tuple[MemoryBus, MemoryLiveState]]:
    bus, live = MemoryBus(), MemoryLiveState()
    with ServiceRunner([(service, service.settings()) for service in processors()], RuntimeSettings(), bus, live, CLOCK) as runner:
        runner.wait_until_ready()
        yield bus, live


def estimated(merged: MergedSource, bus: MemoryBus, live: MemoryLiveState, path: Path | None = None) -> list[EmotionEstimate]:
    """The estimates of a learner, who is recorded where there is a path."""
    session, stop = session_of(merged), threading.Event()
    recorder = threading.Thread(target=lambda: record(session, bus, path, stop, from_start=True) if path else None, daemon=True)
    recorder.start()
    collector = replay(merged, session, bus, live, CLOCK, speed=None)
    recorder.join(30)  # it ends with the streams
    assert not recorder.is_alive()
    return [event for event in collector.events if isinstance(event, EmotionEstimate)]


def test_pictures_and_sound_are_not_kept_and_the_estimates_come_again(tmp_path: Path) -> None:
    path = tmp_path / "session.affectloop"
    with services() as (bus, live):
        expected = estimated(a_learner(12.0), bus, live, path)
        counts = Recording(path).counts
        assert FRAMES.name not in counts
        assert AUDIO.name not in counts
        assert len(counts) >= 4, "signals, features of the face and of the voice, estimates"
        found = estimated(merge([open_recorded(path)]), bus, live)
    assert len(expected) >= 24
    assert_same([nameless(event) for event in found], [nameless(event) for event in expected])
