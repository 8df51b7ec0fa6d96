"""Files as one learner, to a report: what `affectloop replay FILE... --report DIR` does, as a library.

    python examples/03_replay_a_file.py [FILE...]

Give videos, Empatica E4 zips, WAV or FLAC; without any, the project's own (synthetic) voice is played.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from affectloop.bus.memory import MemoryBus
from affectloop.clock import SystemClock
from affectloop.events import AudioFeatures
from affectloop.report import write_report
from affectloop.runtime.service import processors
from affectloop.runtime.service_runner import ServiceRunner
from affectloop.settings import RuntimeSettings
from affectloop.store.live.memory import MemoryLiveState
from affectloop_capture.playback.merge import merge
from affectloop_capture.sources.registry import open_source
from affectloop_commands import demo_learner
from affectloop_commands.replay import replay, session_of


def main(files: list[Path]) -> None:
    """Replay, write the report into a folder, and say how much of the time somebody spoke."""
    clock = SystemClock()
    learner = merge([open_source(path) for path in files], duration_s=20.0)
    session = session_of(learner)  # whoever replays files states that their person agreed
    bus, live = MemoryBus(clock=clock), MemoryLiveState()
    services = [(service, service.settings()) for service in processors()]
    with ServiceRunner(services, RuntimeSettings(), bus, live, clock) as runner:
        runner.wait_until_ready()
        results = replay(learner, session, bus, live, clock, speed=None)
    shares = [event.voice_share for event in results.events if isinstance(event, AudioFeatures) and event.voice_share is not None]
    if shares:
        print(f"a voice in {100 * sum(shares) / len(shares):.0f} % of {len(shares) / 2:g} s")
    print("report:", write_report(Path(tempfile.mkdtemp(prefix="affectloop-report-")), results.events, session))


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or [demo_learner.FOLDER / "voice.flac"])
