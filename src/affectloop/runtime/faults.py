"""What a fault of one session costs: that session in this service, and nothing else."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path

from affectloop.bus import Outgoing
from affectloop.errors import AffectloopError, InvalidMessage
from affectloop.events import END_OF_TIME_US, Event, Header, SessionChange, SessionChanged
from affectloop.session import Fault, Session

MINUTE_S = 60.0


class Stage(StrEnum):
    """What the service was doing."""

    READ = "read"
    PREPARE = "prepare"
    STEP = "step"
    COMPLETE = "complete"
    ENCODE = "encode"


class TooManyFaults(AffectloopError):
    """Sessions of so many people fail that it is the service, not a session, that is at fault."""


def apart(
    batch: Callable[[Sequence[Event]], Sequence[Event]], events: Sequence[Event], failed: Callable[[str, Exception], None]
) -> list[Event]:
    """A batch over many sessions; where it fails, each session's events by themselves, one by one up to the one that fails.

    ``failed`` is told of each session whose events fail, and why.
    """
    try:
        return list(batch(events))
    except Exception:
        by_session: dict[str, list[Event]] = {}
        for event in events:
            by_session.setdefault(event.header.session_id, []).append(event)
        made, failures = _one_by_one(batch, by_session.values())
    for session_id, failure in failures.items():
        failed(session_id, failure)
    return made


def _one_by_one(
    batch: Callable[[Sequence[Event]], Sequence[Event]], sessions: Iterable[Sequence[Event]]
) -> tuple[list[Event], dict[str, Exception]]:
    made: list[Event] = []
    failures: dict[str, Exception] = {}
    for events in sessions:
        for event in events:
            try:
                made += batch([event])
            except Exception as error:
                failures[event.header.session_id] = error
                break
    return made, failures


def fault_letter(newest: tuple[str, int, int], session: Session, error: Exception, service: str, stage: Stage) -> Outgoing:
    """Why a session was stopped, without the record: what could be read is no dead letter, and may be a face.

    ``newest`` is where the session's newest record lies: topic, partition, offset.
    """
    cause = {
        "error": reason(error),
        "field": field_of(error),
        "service": service,
        "stage": stage.value,
        "source": "/".join(map(str, newest)),
    }
    headers = {name: text.encode() for name, text in cause.items()}
    return Outgoing(f"{newest[0]}.dlq", session.session_id.encode(), b"", headers)


def fault_events(session: Session, faults: Sequence[Fault], at_us: int) -> list[SessionChanged]:
    """The facts that a service stopped a session: one for each topic that it brings nothing more to."""
    return [
        SessionChanged(
            header=Header(
                session_id=session.session_id,
                stream_id=f"fault.{fault.service}",
                sequence=number,
                event_time_us=max(at_us, session.started_at_us, 1),
                complete_until_us=END_OF_TIME_US,
                captured_by=fault.service,
            ),
            change=SessionChange.STOPPED_BY_FAULT,
            consented=tuple(sorted(session.consented)),
            profile=session.profile,
            service=fault.service,
            topic=fault.topic,
        )
        for number, fault in enumerate(faults, 1)
    ]


def reason(error: Exception) -> str:
    """What went wrong and where. Only our own errors are quoted: another's text may hold what a person sent."""
    return f"{error}" if isinstance(error, AffectloopError) else f"{type(error).__name__} at {place_of(error)}"


def field_of(error: Exception) -> str:
    """The field that is outside its limits, where it is that."""
    return error.field if isinstance(error, InvalidMessage) else ""


def place_of(error: Exception) -> str:
    """File and line that raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"


class FaultLimit:
    """Counts the learners whose sessions a fault stopped within a minute: one learner cannot stop a service by failing often.

    Parameters
    ----------
    most
        The service stops at so many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._last_s: dict[tuple[str, str], float] = {}

    def count(self, session: Session, now_s: float) -> None:
        """Count one."""
        self._last_s[session.tenant_id, session.learner_id] = now_s

    def check(self, now_s: float) -> None:
        """Raises ``TooManyFaults`` at the limit. Asked once those sessions are marked, so that a restart does not meet them again."""
        self._last_s = {learner: at_s for learner, at_s in self._last_s.items() if at_s > now_s - MINUTE_S}
        if len(self._last_s) >= self._most:
            raise TooManyFaults(
                f"sessions of {len(self._last_s)} learners failed within a minute; the dead-letter topics say why, "
                "mend the service or raise AFFECTLOOP_RUNTIME__FAULTS_A_MINUTE"
            )
