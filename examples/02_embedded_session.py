"""A session in one process: services on the memory bus, a recorded learner played into them, their results collected.

    python examples/02_embedded_session.py

The learner is the project's own: a drawn face, simulated body signals, a computer's voice.
"""

from __future__ import annotations

from affectloop.bus.memory import MemoryBus
from affectloop.clock import SystemClock
from affectloop.events import EmotionEstimate, Modality
from affectloop.runtime.service import need_makers, processors
from affectloop.runtime.service_runner import ServiceRunner
from affectloop.session import Mode, new_session
from affectloop.settings import RuntimeSettings
from affectloop.store.live.memory import MemoryLiveState
from affectloop_capture.playback.merge import merge
from affectloop_capture.playback.publish import play
from affectloop_commands.demo_learner import demo_source
from affectloop_commands.session_results import SessionResults

SECONDS = 6.0


def main() -> None:
    """Play at full speed, and print what fusion makes of face, wristband and voice."""
    clock, runtime = SystemClock(), RuntimeSettings()
    bus, live = MemoryBus(clock=clock), MemoryLiveState()
    learner = merge([demo_source()], duration_s=SECONDS)
    session = new_session(
        mode=Mode.REPLAY,  # complete rather than prompt: every declared stream is waited for
        captured=learner.streams,
        consented=frozenset(Modality),  # what is not consented goes nowhere
        profile="research",
        emotion_inference=True,
        started_at_us=learner.started_at_us,
    )
    live.put_session(session)  # before its first record: unknown means no
    need_makers(session, learner.streams, processors())  # a stream that nobody makes would be waited for, too
    services = [(service, service.settings()) for service in processors()]
    with ServiceRunner(services, runtime, bus, live, clock) as runner:
        runner.wait_until_ready()
        results = SessionResults(bus, session)
        played = play(learner, session, bus.producer(durable=True), clock, speed=None)
        while not results.complete and runner.failure is None:
            clock.sleep(0.05)
        results.close()
    print(f"{played.records} records of {SECONDS:g} s, played and understood in {played.took_s:.1f} s or little more")
    for event in results.events:
        if isinstance(event, EmotionEstimate):
            at_s = (event.header.event_time_us - session.started_at_us) / 1e6
            value = f"no estimate: {event.reason}" if event.arousal is None else f"arousal {event.arousal:+.2f} ± {event.arousal_error:.2f}"
            print(f"{at_s:5.1f} s  {value}  (confidence {event.confidence:.2f})")


if __name__ == "__main__":
    main()
