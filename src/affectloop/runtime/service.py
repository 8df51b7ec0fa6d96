"""What a service declares of itself; the entry-point group ``affectloop.services`` names one of these each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import entry_points
from typing import Any

from pydantic_settings import BaseSettings

from affectloop.bus import Bus
from affectloop.clock import Clock
from affectloop.errors import InvalidInput, Unavailable
from affectloop.events import Event
from affectloop.processor import Processor, SessionContext
from affectloop.session import Session, Stream
from affectloop.settings import RuntimeSettings
from affectloop.store.live import LiveState
from affectloop.telemetry.health import Health
from affectloop.topics import Topic

Batch = Callable[[Sequence[Event]], Sequence[Event]]


class Loop(StrEnum):
    """Which loop hosts the service over Kafka."""

    BATCHES = "batches"  # kafka-python polls batches of many learners: array code
    JOINS = "joins"  # Faust: few records of several topics, joined


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What one replica takes; compose and Kubernetes hold it to this. docs/results/loop.md says what one core carries."""

    cpus: float = 1.0  # at most
    memory_mib: int = 768  # at most
    reserved_cpus: float = 0.25
    reserved_memory_mib: int = 256
    autoscaled: bool = True  # by processor time; not where a second replica is for availability only


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service that turns events into events.

    ``prepare`` and ``complete`` make stateless functions over a batch of events of many sessions (nets), run before
    and after ``step``: they are called once, when the service starts, and load their models then. What a function
    returns takes the place of what it was given; headers must stay.
    """

    name: str
    consumes: tuple[Topic, ...]
    produces: tuple[Topic, ...]
    settings: type[BaseSettings]
    processor: Callable[[SessionContext, Any], Processor]
    prepare: Callable[[Any], Batch] | None = None
    complete: Callable[[Any], Batch] | None = None
    loop: Loop = Loop.BATCHES
    resources: Resources = Resources()

    @property
    def infers_emotion(self) -> bool:
        """A topic of its says what somebody feels: a profile that forbids emotion inference never runs it on a session."""
        return any(topic.infers_emotion for topic in self.produces)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What an edge is given: the bus, live state, the clock, and where it says how it is."""

    bus: Bus
    live: LiveState
    clock: Clock
    ready: Callable[[], None]  # call it when the edge serves
    health: Health  # what else of it must turn or be there
    runtime: RuntimeSettings = field(default_factory=RuntimeSettings)


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A service that talks to the outside (capture, gateway): it runs until it is cancelled, then leaves cleanly."""

    name: str
    consumes: tuple[Topic, ...]
    produces: tuple[Topic, ...]
    settings: type[BaseSettings]
    run: Callable[[Any, Surroundings], Awaitable[None]]
    resources: Resources = Resources()


def installed() -> dict[str, Service | Edge]:
    """Every installed service by name."""
    return {point.name: load(point.name) for point in entry_points(group="affectloop.services")}


def processors() -> list[Service]:
    """Every installed service that turns events into events; one that lacks its extra is left out."""
    found = []
    for point in entry_points(group="affectloop.services"):
        with suppress(Unavailable):
            found.append(load(point.name))
    return [service for service in found if isinstance(service, Service)]


def makers(stream: Stream, services: Sequence[Service]) -> list[str]:
    """The names of those of the services that make the stream."""
    return [service.name for service in services if stream.topic in {topic.name for topic in service.produces}]


def need_makers(session: Session, brought: Sequence[Stream], services: Sequence[Service]) -> None:
    """Refuse a session that would wait for a stream that nobody makes: neither who brings these nor any of the services."""
    for stream in session.streams:
        if stream not in brought and not makers(stream, services):
            raise InvalidInput(
                f"nobody makes {stream.topic} (stream {stream.stream_id}), which the session would wait for: here are"
                f" {', '.join(service.name for service in services)}; run the service whose SERVICE.produces names it too"
                " (`affectloop doctor` says what one lacks)"
            )


def load(name: str) -> Service | Edge:
    """The service of that name; ``Unavailable`` says what is missing."""
    points = {point.name: point for point in entry_points(group="affectloop.services")}
    if name not in points:
        raise Unavailable(f"no service is named {name}: there are {', '.join(sorted(points))}")
    try:
        service: Service | Edge = points[name].load()
    except ImportError as error:
        raise Unavailable(f"{name} needs {error.name}: pip install 'affectloop[{name}]'") from error
    return service
