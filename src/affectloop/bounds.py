"""What the times and counts of a session may be: one rule for what enters by REST, gRPC, file or bus.

A time that is off by a factor of a thousand (milliseconds taken for microseconds is enough) lies decades from its session; believed
once, it makes windows without number and values that no table holds. ``InvalidMessage`` names the field and what to do.
"""

from __future__ import annotations

from affectloop.clock import MICROSECONDS
from affectloop.errors import InvalidMessage
from affectloop.events import Event
from affectloop.session import Mode, Session
from affectloop.topics import TOPIC_OF_EVENT, Privacy

EARLIEST_US = 946_684_800 * MICROSECONDS  # 2000: no recording of a wristband, a webcam or a headset here is older
LATEST_US = 4_102_444_800 * MICROSECONDS  # 2100: later times are in another unit
CLOCK_TOLERANCE_US = 5 * MICROSECONDS  # network time keeps a device well within
CLIENT_AHEAD_US = 2 * MICROSECONDS  # of the server, in a live session: what a browser says of now
LONGEST_RECORD_US = 60 * MICROSECONDS  # raw records are kept no longer than a minute; a longer one could not be read again
FURTHEST_WATERMARK_US = 60 * MICROSECONDS  # of a live stream: a device here speaks at least once a minute, or its stream is overdue
UNITS = ((1_000, "milliseconds"), (MICROSECONDS, "seconds"))


def check_start(at_us: int, now_us: int, field: str = "started_at_us") -> None:
    """A session began between 2000 and now."""
    _check_unit(at_us, field)
    if at_us > now_us + CLOCK_TOLERANCE_US:
        raise InvalidMessage(field, f"is {_seconds(at_us - now_us)} in the future", "set the clock, or give when it really began")


def check_moment(at_us: int, started_at_us: int, longest_us: int, field: str) -> None:
    """A moment of a session lies between its start and the longest that a session may last."""
    _check_unit(at_us, field)
    if at_us < started_at_us:
        raise InvalidMessage(field, f"is {_seconds(started_at_us - at_us)} before the session began", "give it on the session's clock")
    if at_us > started_at_us + longest_us:
        raise InvalidMessage(field, f"is {_seconds(at_us - started_at_us)} after the session began", _remedy(longest_us))


def check_not_ahead(at_us: int, now_us: int, field: str) -> None:
    """A moment of a live session is not in the future."""
    if at_us > now_us + CLIENT_AHEAD_US:
        raise InvalidMessage(field, f"is {_seconds(at_us - now_us)} in the future", "leave it out, or set the client's clock")


def check_record(event: Event, session: Session, longest_us: int) -> None:
    """An event and its watermark lie within its session; facts, which the gateway checked, may end it late."""
    header, latest_us = event.header, session.started_at_us + longest_us
    if header.event_time_us < session.started_at_us - CLOCK_TOLERANCE_US:
        before = _seconds(session.started_at_us - header.event_time_us)
        raise InvalidMessage("Header.event_time_us", f"is {before} before the session began", "set the device's clock")
    if event.ends_us - header.event_time_us > LONGEST_RECORD_US:
        length = _seconds(event.ends_us - header.event_time_us)
        raise InvalidMessage(f"{type(event).__name__}", f"holds {length} at once", "send at most a minute in a record")
    is_fact = TOPIC_OF_EVENT[type(event)].privacy is Privacy.FACT
    if event.ends_us > latest_us and not is_fact:
        after = _seconds(header.event_time_us - session.started_at_us)
        raise InvalidMessage("Header.event_time_us", f"is {after} after the session began", _remedy(longest_us))
    if header.ends_stream or is_fact:
        return
    if session.mode is Mode.LIVE and header.complete_until_us > event.ends_us + FURTHEST_WATERMARK_US:
        raise InvalidMessage("Header.complete_until_us", "is more than a minute beyond the record", "give the time of the next sample")
    if header.complete_until_us > latest_us + FURTHEST_WATERMARK_US:
        raise InvalidMessage("Header.complete_until_us", "lies beyond the session", "give the time of the next sample")


def _check_unit(at_us: int, field: str) -> None:
    if EARLIEST_US <= at_us <= LATEST_US:
        return
    for factor, unit in UNITS:
        if EARLIEST_US <= at_us * factor <= LATEST_US:
            raise InvalidMessage(field, f"{at_us} is a time in {unit}", "give microseconds since 1970")
    raise InvalidMessage(field, f"{at_us} is no time between 2000 and 2100", "give microseconds since 1970")


def _seconds(us: int) -> str:
    return f"{us / MICROSECONDS:,.1f} s"


def _remedy(longest_us: int) -> str:
    hours = longest_us / 3600 / MICROSECONDS
    return f"a session lasts at most {hours:g} h (AFFECTLOOP_RUNTIME__LONGEST_SESSION_H): start a new one"
