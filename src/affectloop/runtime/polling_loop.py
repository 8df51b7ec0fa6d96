"""The loop that polls: memory and kafka-python alike, since both stand behind the bus port."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from affectloop.bus import Bus
from affectloop.runtime.processor_host import ProcessorHost
from affectloop.runtime.service import Service
from affectloop.settings import RuntimeSettings
from affectloop.telemetry.metrics import FEED

logger = logging.getLogger(__name__)

POLL_S = 0.05  # how long a turn waits for records; stalls and endings are noticed as often
FULL_PAUSE_S = 0.02
GATHER_S = 0.005  # records of many learners come one by one: a turn costs as much for one as for ten, and so much later is nothing
GATHER_FROM_BROKER_S = 0.02  # where a turn is also two requests to a broker
GATHERED_RECORDS = 50  # a turn of as many needs no gathering
HEAVY_RECORDS = 25  # a turn of frames through nets takes well under a second, so that writers do not wait for its acknowledgement


def run_polling(
    service: Service,
    host: ProcessorHost,
    bus: Bus,
    runtime: RuntimeSettings,
    stop: threading.Event,
    turned: Callable[[], None] = lambda: None,
) -> None:
    """Feed the host from the bus until ``stop`` is set; then finish the turn, publish, acknowledge and leave.

    ``turned`` is called once a turn, for liveness.
    """
    consumer = bus.consumer(service.name, [topic.name for topic in service.consumes], host.revoke)
    producer = bus.producer(durable=True)  # inputs are acknowledged on the strength of it
    most = runtime.poll_records if service.prepare is None else min(runtime.poll_records, HEAVY_RECORDS)
    turn, gather_s = FEED.labels(service.name), GATHER_S if runtime.bus == "memory" else GATHER_FROM_BROKER_S
    logger.info("service started")
    try:
        while not stop.is_set():
            if host.is_full:
                stop.wait(FULL_PAUSE_S)
            records = [] if host.is_full else consumer.poll(POLL_S, most)
            with turn.time():
                processed = host.process(records)
                producer.send(processed.outputs)
                consumer.acknowledge(host.commit(processed))
            turned()
            if 0 < len(records) < min(most, GATHERED_RECORDS):
                stop.wait(gather_s)
    finally:
        consumer.close()
        producer.close()
        logger.info("service stopped")
