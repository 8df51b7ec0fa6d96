"""A host with a clock and live state in the test's hand; no bus."""

from collections.abc import Iterable
from typing import Any

from affectloop.bus import Outgoing, Partition, Record
from affectloop.clock import ManualClock
from affectloop.codec import from_record, to_record
from affectloop.events import Event
from affectloop.runtime.processor_host import Processed, ProcessorHost
from affectloop.runtime.service import Service
from affectloop.session import Mode, Session
from affectloop.settings import RuntimeSettings
from affectloop.store.live.memory import MemoryLiveState
from affectloop.topics import SIGNALS
from toys import PHYSIO, START_US, toy_session

PLACE = Partition(SIGNALS.name, 0)


class Bench:
    """A host with a clock and live state in the test's hand."""

    def __init__(self, service: Service = PHYSIO, wall_us: int = START_US + 60_000_000, **settings: Any) -> None:
        self.clock = ManualClock(wall_us)
        self.live = MemoryLiveState(self.clock)
        self.runtime = RuntimeSettings(**settings)
        self.offset = 0
        self.restart(service)

    def restart(self, service: Service) -> None:
        """A new process over the same live state."""
        self.host = ProcessorHost(service, None, self.live, self.runtime, self.clock)

    def open(self, session: Session) -> Session:
        self.live.put_session(session)
        return session

    def record(self, outgoing: Outgoing) -> Record:
        self.offset += 1
        return Record(outgoing.topic, 0, self.offset - 1, outgoing.key, outgoing.value, outgoing.headers)

    def give(self, session: Session, *events: Event) -> Processed:
        return self.host.process([self.record(to_record(event, session.key)) for event in events])

    def read(self, session: Session, outputs: Iterable[Outgoing]) -> list[Event]:
        return [from_record(self.record(outgoing), session.key) for outgoing in outputs if not outgoing.topic.endswith(".dlq")]


def live_session(*streams: str) -> Session:
    return toy_session(mode=Mode.LIVE, streams=streams or ("eda",))
