"""Ending a session: what is stored first, then live state; a store that refuses has ended nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from affectloop.bounds import check_moment, check_not_ahead
from affectloop.errors import InvalidMessage
from affectloop.events import SessionChange
from affectloop.policy.access import Action
from affectloop.session import Session
from affectloop.store.live import LiveState
from affectloop.store.sql.database import EVERY_TENANT, Work
from affectloop.store.sql.facts import tell, time_of
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import TrainingSession
from affectloop.store.sql.tokens import Caller
from affectloop.store.sql.training import Trials
from affectloop_gateway.api.dependencies import Dependencies
from affectloop_gateway.api.permissions import permitted


def end(deps: Dependencies, asking: Caller, session_id: str, ended_at_us: int | None) -> tuple[int, dict[str, Any]]:
    """End a session, once; gives when it ended and what it came to."""
    with permitted(deps, asking, Action.SESSION_END, session_id=session_id) as work:
        row = Sessions(work).get(session_id, locked=True)
        if row.ended_at_us is None:
            end_row(deps, work, row, ended_at_us)
        figures = Trials(work).sum_up(row)
        at_us = row.ended_at_us or 0
    end_live(deps.live, session_id, at_us)
    deps.wake()
    return at_us, figures


def end_row(deps: Dependencies, work: Work, row: TrainingSession, ended_at_us: int | None = None) -> None:
    """Store the end of a session whose row is locked; once that is committed, ``end_live``."""
    at_us = time_of(work, row) if ended_at_us is None else _checked(deps, work, row, ended_at_us)
    event = Sessions(work).note(row, SessionChange.ENDED, at_us)
    tell(work, event)


def end_live(live: LiveState, session_id: str, at_us: int) -> None:
    """Let live state know that a session has ended."""

    def ended(session: Session) -> Session:
        return replace(session, ended_at_us=at_us)

    live.change_session(session_id, ended)


def finish_live(deps: Dependencies) -> None:
    """End in live state what ended in the database, where a process went away in between."""
    with deps.store.reading(EVERY_TENANT) as work:
        ended = [(row.session_id, row.ended_at_us) for row in Sessions(work).with_keys() if row.ended_at_us is not None]
    for session_id, at_us in ended:
        session = deps.live.session(session_id)
        if session is not None and session.ended_at_us is None:
            end_live(deps.live, session_id, at_us)


def _checked(deps: Dependencies, work: Work, row: TrainingSession, ended_at_us: int) -> int:
    """The given end, which is neither before the session's last trial nor in the future."""
    check_moment(ended_at_us, row.started_at_us, deps.longest_session_us, "ended_at_us")
    check_not_ahead(ended_at_us, deps.clock.wall_us(), "ended_at_us")
    if ended_at_us < Trials(work).last_time_us(row.session_id):
        raise InvalidMessage("ended_at_us", "is before the session's last trial", "leave it out, or give a later time")
    return ended_at_us
