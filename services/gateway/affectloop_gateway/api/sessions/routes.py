"""Sessions: start, end, stop sensing, and what they bring."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from affectloop.events import Directive, EmotionEstimate
from affectloop.policy.access import Action, without_felt_causes
from affectloop.policy.profile import Role, shown_under
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tokens import Caller
from affectloop.store.sql.training import Directives
from affectloop.topics import DIRECTIVES, View
from affectloop.viewing import as_viewed, session_as_viewed, viewed
from affectloop_gateway.api.bodies import LARGEST, Name
from affectloop_gateway.api.consents.withdrawal import stop_sensing
from affectloop_gateway.api.dependencies import AnyCaller, Dependencies, Deps
from affectloop_gateway.api.errors import RESPONSES, Problem
from affectloop_gateway.api.event_schemas import answered_with
from affectloop_gateway.api.permissions import known_session, newest_estimate, permitted, sees_estimates
from affectloop_gateway.api.sessions import models, trials
from affectloop_gateway.api.sessions.course import course_of, stored_description
from affectloop_gateway.api.sessions.end import end as end_session
from affectloop_gateway.api.sessions.start import start_session

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], responses=RESPONSES)

SessionId = Annotated[Name, Path(description="The session.")]


@router.post("", status_code=201, summary="Start a session")
def start(deps: Deps, asking: AnyCaller, body: models.SessionStart) -> models.SessionStarted:
    """Start a session under the tenant's profile.

    Modalities without a live consent, or that the profile forbids, are refused one by one; the session starts without them.
    """
    started = start_session(deps, asking, body)
    refused = [models.RefusedModality(modality=no.modality, problem=no.problem, remedy=no.remedy) for no in started.refused]
    return models.SessionStarted(**session_as_viewed(started.session), refused=refused, streaming_token=started.streaming_token)


@router.get("", summary="The newest sessions first")
def sessions(
    deps: Deps,
    asking: AnyCaller,
    learner_id: Annotated[Name | None, Query(description="Only this learner's.")] = None,
    open_only: Annotated[bool, Query(description="Only those that have not ended.")] = False,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 100,
) -> list[models.SessionDescription]:
    """The tenant's sessions as far as each one's profile shows them; a learner sees their own, a teacher those of their classes."""
    whose = asking.learner_id if asking.role is Role.LEARNER else learner_id
    taught_by = asking.holder if asking.role is Role.TEACHER else None
    with permitted(deps, asking, Action.SESSIONS_VIEW) as work:
        under = shown_under(asking.role, View.PROGRESS)
        rows = Sessions(work).latest(learner_id=whose, taught_by=taught_by, under=under, open_only=open_only, limit=limit)
        return [stored_description(row) for row in rows]


@router.get("/{session_id}", summary="A session")
def session(deps: Deps, asking: AnyCaller, session_id: SessionId) -> models.SessionDescription:
    """How a session was started, and what may be read of it now."""
    with permitted(deps, asking, Action.SESSION_VIEW, session_id=session_id) as work:
        known = known_session(deps, asking, work, session_id)
        return models.SessionDescription(**session_as_viewed(known))


@router.post(
    "/{session_id}/trials",
    status_code=201,
    summary="Store an answer",
    responses={200: {"model": models.TrialStored, "description": "It was stored already; nothing changed."}},
)
def trial(deps: Deps, asking: AnyCaller, session_id: SessionId, body: models.TrialAnswer, response: Response) -> models.TrialStored:
    """Store an answer; 201 means that it is stored and will reach the recommender, even if the bus is away now.

    Send it again with the same `trial_id` after a lost answer: 200, and nothing changes. Another answer under that name is a 409.
    """
    stored = trials.answer(deps, asking, session_id, body)
    response.status_code = 201 if stored.is_new else 200
    kept = stored.trial
    return models.TrialStored(
        session_id=session_id, trial_id=kept.trial_id, number=kept.number, correct=kept.correct, event_time_us=kept.event_time_us
    )


@router.post("/{session_id}/override", status_code=202, summary="Wish for easier or harder items")
def override(deps: Deps, asking: AnyCaller, session_id: SessionId, body: models.Wish) -> models.Wish:
    """Keep the learner's wish; the next answer carries it to the recommender."""
    trials.wish(deps, asking, session_id, body.wished_levels)
    return body


@router.post("/{session_id}/end", summary="End a session")
def end(deps: Deps, asking: AnyCaller, session_id: SessionId, body: models.SessionEnd | None = None) -> models.SessionEnded:
    """End a session and sum it up; ending it again changes nothing."""
    at_us, figures = end_session(deps, asking, session_id, body.ended_at_us if body else None)
    return models.SessionEnded(session_id=session_id, ended_at_us=at_us, figures=figures)


@router.post("/{session_id}/sensing/stop", summary="Stop all sensing of a session at once")
def stop(deps: Deps, asking: AnyCaller, session_id: SessionId) -> models.SensingStopped:
    """Let nothing more be read of this session; the training goes on from the answers. Whoever is in reach of it may stop it."""
    stop_sensing(deps, asking, session_id)
    return models.SensingStopped(session_id=session_id, consented=[])


@router.get(
    "/{session_id}/directive",
    summary="What comes next",
    responses={**answered_with(Directive, "The newest directive."), 204: {"description": "There is nothing newer yet."}},
)
async def directive(
    deps: Deps,
    asking: AnyCaller,
    session_id: SessionId,
    after: Annotated[int, Query(ge=-1, le=LARGEST, description="Only one beyond this number; -1 takes the newest of all.")] = -1,
    wait_s: Annotated[float, Query(ge=0, le=60, description="How long to wait for it.")] = 0,
) -> Response:
    """The newest directive, as the recommender's event; its `header.sequence` is the number of the trial that it answers."""
    number, content, felt = await asyncio.to_thread(_stored_directive, deps, asking, session_id)
    newest = deps.directives.newest_directive(session_id)
    if newest is not None and newest.number > number:
        number, content = newest.number, newest.content
    if number <= after or number < 0:
        _still_directed(deps, session_id)
        later = await deps.directives.directive_after(session_id, after, min(wait_s, deps.settings.longest_poll_s))
        if later is None:
            return Response(status_code=204)
        content = later.content
        _, _, felt = await asyncio.to_thread(_stored_directive, deps, asking, session_id)  # what may be seen may have changed meanwhile
    return _json(content if felt else without_felt_causes(content))


@router.get(
    "/{session_id}/estimate",
    summary="How the learner is doing now",
    responses={**answered_with(EmotionEstimate, "The newest estimate."), 204: {"description": "There is no estimate yet."}},
)
def estimate(deps: Deps, asking: AnyCaller, session_id: SessionId) -> Response:
    """The newest estimate, as fusion's event, with each value's standard error. Staff's looks are audited."""
    with permitted(deps, asking, Action.ESTIMATE_VIEW, session_id=session_id) as work:
        newest = newest_estimate(deps.live, known_session(deps, asking, work, session_id))
    return Response(status_code=204) if newest is None else _json(as_viewed(newest))


@router.get("/{session_id}/events", summary="What happened, in order")
def events(deps: Deps, asking: AnyCaller, session_id: SessionId) -> list[models.Happening]:
    """The session's course: its changes, answers and directives. Staff's looks are audited."""
    with permitted(deps, asking, Action.EVENTS_VIEW, session_id=session_id) as work:
        Sessions(work).get(session_id)
        return course_of(work, session_id, felt=sees_estimates(deps, asking, work, session_id))


def _still_directed(deps: Dependencies, session_id: str) -> None:
    """Whether a further directive may come at all."""
    session = deps.live.session(session_id)
    if session is not None and session.is_stopped(DIRECTIVES.name):
        raise Problem(
            409, "session_id", "a fault stopped this session in the recommender: no further directive comes", "start a new session"
        )


def _stored_directive(deps: Dependencies, asking: Caller, session_id: str) -> tuple[int, dict[str, Any], bool]:
    """Its number and content, and whether the caller may see what of it rests on estimates."""
    with permitted(deps, asking, Action.DIRECTIVE_VIEW, session_id=session_id) as work:
        known_session(deps, asking, work, session_id)
        felt = sees_estimates(deps, asking, work, session_id)
        newest = Directives(work).newest(session_id)
        return (-1, {}, felt) if newest is None else (newest.number, viewed(DIRECTIVES, newest.directive), felt)


def _json(content: dict[str, Any]) -> Response:
    return JSONResponse(content)
