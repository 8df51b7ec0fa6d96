"""One fact that cannot be published, or shown, costs itself alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from affectloop.bus import Outgoing, Producer
from affectloop.events import Event
from affectloop_gateway.live.downsampling import Downsampler
from affectloop_gateway.live.feed import Arrived
from affectloop_gateway.workers.outbox_publisher import OutboxPublisher
from school import FailingBus, School


class PickyBus(FailingBus):
    """A bus that takes no record of one session."""

    refused = b""

    def producer(self, *, durable: bool) -> Producer:
        return PickyProducer(self, super().producer(durable=durable))


@dataclass
class PickyProducer:
    bus: PickyBus
    inner: Producer

    def send(self, records: Sequence[Outgoing]) -> None:
        if any(record.key == self.bus.refused and record.value for record in records):
            raise ValueError("Ada's record is too large")
        self.inner.send(records)

    def close(self) -> None:
        self.inner.close()


def test_a_fact_that_no_bus_takes_is_a_dead_letter_and_the_others_go_on(at: School, caplog: pytest.LogCaptureFixture) -> None:
    refused, other = at.start()["session_id"], at.start()["session_id"]
    bus = PickyBus(at.clock)
    bus.refused = refused.encode()
    outbox = OutboxPublisher(at.store, bus, batch=10, every_s=1)
    assert (outbox.turn(), outbox.turn()) == (2, 0)
    events = bus.tail(["session.events.v1"], from_start=True).poll(0, 10)
    (letter,) = bus.tail(["session.events.v1.dlq"], from_start=True).poll(0, 10)
    assert [record.key.decode() for record in events] == [other]
    assert (letter.key.decode(), letter.value, letter.headers["service"]) == (refused, b"", b"gateway")
    assert "Ada" not in f"{caplog.text}{letter.headers}"


def test_a_record_that_cannot_be_shown_is_missed_and_the_view_goes_on(at: School) -> None:
    session_id = at.start()["session_id"]
    arrived = [Arrived(at.record(at.estimate(session_id, at_s=second)), 0, 0.0) for second in (1, 2, 3)]
    shown = at.feed.render(session_id, arrived, BrokenOnce())
    assert len(shown) == 2


class BrokenOnce(Downsampler):
    """Fails for its second event."""

    calls = 0

    def __call__(self, event: Event) -> Event | None:
        self.calls += 1
        if self.calls == 2:
            raise ZeroDivisionError
        return super().__call__(event)
