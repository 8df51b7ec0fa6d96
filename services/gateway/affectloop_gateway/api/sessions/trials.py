"""Storing answers, together with what the bus will be told of them, and keeping wishes until an answer carries them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from affectloop.bounds import check_moment, check_not_ahead
from affectloop.events import Emotion, Header, Item, TrialAnswered
from affectloop.policy.access import Action
from affectloop.session import Mode
from affectloop.stimuli.catalogue import catalogue
from affectloop.store.sql.database import Work
from affectloop.store.sql.facts import tell
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import TrainingSession, Trial
from affectloop.store.sql.tokens import Caller
from affectloop.store.sql.training import Directives, OtherTrial, Trials
from affectloop.topics import TRIALS
from affectloop_gateway.api.dependencies import Dependencies
from affectloop_gateway.api.errors import Problem
from affectloop_gateway.api.permissions import permitted
from affectloop_gateway.api.sessions.latest import WISH
from affectloop_gateway.api.sessions.models import ItemShown, TrialAnswer


@dataclass(frozen=True, slots=True)
class Stored:
    """A trial that is stored, now or before."""

    trial: Trial
    is_new: bool


def answer(deps: Dependencies, asking: Caller, session_id: str, given: TrialAnswer) -> Stored:
    """Store an answer with its outbox row, in one transaction; an answer that is stored already stays as it is."""
    with permitted(deps, asking, Action.SESSION_ANSWER, session_id=session_id) as work:
        row = Sessions(work).get(session_id, locked=True)
        known = Trials(work).get(session_id, given.trial_id)
        if known is not None:
            return Stored(_same(known, given), is_new=False)
        _still_open(row)
        event = _event(deps, work, row, given)
        Trials(work).add(row, event, _digest(given))
        tell(work, event)
        work.rows.flush()
        stored = work.rows.get_one(Trial, (row.tenant_id, session_id, given.trial_id))
    if event.wished_levels is not None:
        deps.live.drop_latest(session_id, WISH)
    deps.wake()
    return Stored(stored, is_new=True)


def wish(deps: Dependencies, asking: Caller, session_id: str, levels: int) -> None:
    """Keep what the learner wishes until their next answer carries it."""
    with permitted(deps, asking, Action.SESSION_WISH, session_id=session_id) as work:
        _still_open(Sessions(work).get(session_id))
    deps.live.put_latest(session_id, WISH, str(levels).encode())


def _event(deps: Dependencies, work: Work, row: TrainingSession, given: TrialAnswer) -> TrialAnswered:
    item, at_us = _item(work, row, given.item), _time(deps, work, row, given)
    header = Header(
        session_id=row.session_id,
        stream_id=TRIALS.stream,
        sequence=row.trials + 1,
        event_time_us=at_us,
        complete_until_us=at_us,
        captured_by="gateway",
    )
    return TrialAnswered(
        header=header,
        trial_id=given.trial_id,
        item=item,
        answer=given.answer,
        correct=given.answer is item.emotion,
        valid=given.valid,
        reaction_time_ms=given.reaction_time_ms,
        shown_ms=given.shown_ms,
        shown_frames=given.shown_frames,
        refresh_hz=given.refresh_hz,
        wished_levels=_wished(deps, row.session_id) if given.wished_levels is None else given.wished_levels,
    )


def _item(work: Work, row: TrainingSession, shown: ItemShown) -> Item:
    """The item as it was directed, else as the catalogue has it; what a client says of it is not needed."""
    directed = Directives(work).item(row.session_id, shown.item_id)
    known = catalogue().item(shown.item_id) if directed is None else Item(**{**directed, "emotion": Emotion(directed["emotion"])})
    if known is None:
        raise Problem(422, "item.item_id", "it was neither directed nor is it in the catalogue", "send the item of the directive")
    return known


def _time(deps: Dependencies, work: Work, row: TrainingSession, given: TrialAnswer) -> int:
    """When it was answered; within a session each answer is later than the one before."""
    now_us, last_us = deps.clock.wall_us(), Trials(work).last_time_us(row.session_id)
    is_live = row.mode == Mode.LIVE.value
    if given.answered_at_us is None and not is_live:
        raise Problem(422, "answered_at_us", "a replay has no time of its own", "say when the trial was answered")
    at_us = given.answered_at_us or now_us
    check_moment(at_us, row.started_at_us, deps.longest_session_us, "answered_at_us")
    if is_live:
        check_not_ahead(at_us, now_us, "answered_at_us")
    return max(at_us, last_us + 1)


def _wished(deps: Dependencies, session_id: str) -> int | None:
    levels = deps.live.latest(session_id, WISH)
    return int(levels) if levels else None


def _same(known: Trial, given: TrialAnswer) -> Trial:
    if known.request_digest != _digest(given):
        raise OtherTrial(given.trial_id)
    return known


def _digest(given: TrialAnswer) -> str:
    """Of all that was sent, so that sending it again is known from sending something else under the same name."""
    return hashlib.sha256(given.model_dump_json().encode()).hexdigest()


def _still_open(row: TrainingSession) -> None:
    if row.ended_at_us is not None:
        raise Problem(409, "session_id", "the session has ended", "start a new one")
