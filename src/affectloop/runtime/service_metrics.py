"""One service's metrics: a label is looked up once, not for every record."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter, Histogram

from affectloop.telemetry.metrics import EVENT_AGE, FEED, HELD, PUBLISHED, RECORDS, SESSIONS


class ServiceMetrics:
    """What a service's host counts."""

    def __init__(self, service: str) -> None:
        self.held, self.sessions, self.turn = HELD.labels(service), SESSIONS.labels(service), FEED.labels(service)
        self._service = service
        self.records, self.published, self.event_age = cache(self._records), cache(self._published), cache(self._event_age)

    def _records(self, topic: str, outcome: str) -> Counter:
        return RECORDS.labels(self._service, topic, outcome)

    def _published(self, topic: str) -> Counter:
        return PUBLISHED.labels(self._service, topic)

    def _event_age(self, topic: str) -> Histogram:
        return EVENT_AGE.labels(self._service, topic)
