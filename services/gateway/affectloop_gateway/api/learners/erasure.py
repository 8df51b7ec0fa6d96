"""Erasing a learner: the rows and the key, live state, the files that held them, the keys of recordings; and the receipt."""

from __future__ import annotations

from dataclasses import dataclass

from affectloop.errors import Unavailable
from affectloop.policy.access import Action
from affectloop.recording import destroy_keys
from affectloop.store.sql.people import People
from affectloop.store.sql.tokens import Caller
from affectloop_gateway.api.dependencies import Dependencies
from affectloop_gateway.api.learners.models import ErasedPlace
from affectloop_gateway.api.permissions import permitted

CUT = "rows and keys are deleted and overwritten, and the log that held them is cut"
LATER = "rows and keys are deleted; what a reader keeps in the log is cut within a minute"
SERVER = "rows and keys are deleted; PostgreSQL frees their pages at its next vacuum, its log with its next checkpoints"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased, and when."""

    sessions: list[str]
    at_us: int
    places: list[ErasedPlace]


def erase(deps: Dependencies, asking: Caller, learner_id: str) -> Erasure:
    """Erase a learner; nothing is half done.

    Live state forgets before the rows are committed: where that fails nothing was erased, and where the commit fails the sessions
    come back from their rows.
    """
    with permitted(deps, asking, Action.LEARNER_ERASE, learner_id=learner_id) as work:
        erased = People(work).erase(learner_id)
        at_us = work.now_us
        work.rows.flush()
        for session_id in erased:
            deps.live.forget_session(session_id)
    recordings = destroy_keys(deps.settings.recordings, set(erased.values()))
    return Erasure(list(erased), at_us, _places(deps, len(erased), recordings))


def _places(deps: Dependencies, sessions: int, recordings: int) -> list[ErasedPlace]:
    told = {
        "database": _scrubbed(deps),
        "live-state": f"{sessions} sessions with their keys, baselines and newest values are deleted",
        "bus": "records and dead letters, facts too, were sealed with keys that are deleted: they stay closed until their topics drop them",
        "live-view": "what this process showed of the sessions is dropped",
        "recordings": f"{recordings} keys under {deps.settings.recordings} are destroyed; copies elsewhere are yours to destroy",
        "audit-log": "keeps what was done to whom: the pseudonym and its sessions' names, which lead to nobody any more",
        "backups": "not reached: repeat the erasure after restoring one from before it",
    }
    return [ErasedPlace(place=place, done=done) for place, done in told.items()]


def _scrubbed(deps: Dependencies) -> str:
    if deps.store.is_postgres:
        return SERVER
    try:
        return CUT if deps.store.scrub() else LATER
    except Unavailable:
        return LATER
