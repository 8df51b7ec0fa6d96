"""Playing devices of this machine onto the bus, through the same gate as a device that calls."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from affectloop.bus import Producer
from affectloop.codec import to_record
from affectloop.errors import Unavailable
from affectloop.events import Event
from affectloop.telemetry import metrics
from affectloop.topics import TOPIC_OF_EVENT
from affectloop_capture.admission.consent_gate import ConsentGate, refusal_by
from affectloop_capture.sources.base import Device

SERVICE = "capture"


def stream_devices(devices: Sequence[Device], session_id: str, producer: Producer, gate: ConsentGate) -> None:
    """Publish what the devices capture, each in its thread, until all are stopped; what one raises stops the others."""
    failures: list[BaseException] = []

    def stream(device: Device) -> None:
        try:
            for event in device.events(session_id):
                _publish(event, producer, gate)
        except BaseException as error:
            failures.append(error)
            for other in devices:
                other.stop()

    threads = [threading.Thread(target=stream, args=(device,), name=f"capture-{device.stream.stream_id}") for device in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _publish(event: Event, producer: Producer, gate: ConsentGate) -> None:
    topic = TOPIC_OF_EVENT[type(event)].name
    session = gate.session(event.header.session_id)
    if session is None or refusal_by(session, event) is not None:
        metrics.RECORDS.labels(SERVICE, topic, "refused").inc()
        return
    try:
        producer.send([to_record(event, session.key)])
    except Unavailable:
        metrics.DROPPED.labels(SERVICE, topic, "bus-unavailable").inc()
    else:
        metrics.PUBLISHED.labels(SERVICE, topic).inc()
