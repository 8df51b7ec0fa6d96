"""Sessions: start, end, stop sensing, and what they bring."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import JSONResponse

from affectloop.codec import decode, to_json
from affectloop.events import Directive, EmotionEstimate, Modality
from affectloop.policy.profile import Role, View, profile
from affectloop.session import Mode
from affectloop.store.sql.database import Work
from affectloop.store.sql.people import People
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import TrainingSession, Trial
from affectloop.store.sql.tokens import Caller
from affectloop.store.sql.training import Directives, Trials
from affectloop_gateway import answering, bodies, opening, sensing
from affectloop_gateway.collector import ESTIMATE
from affectloop_gateway.premises import AnyCaller, Here, Premises, audit_view, for_learner, one_of
from affectloop_gateway.problems import RESPONSES, Problem
from affectloop_gateway.render import description_of
from affectloop_gateway.schemas import answered_with
from affectloop_gateway.sight import known_session, need, sight_of

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], responses=RESPONSES)

SessionId = Annotated[str, Path(description="The session.")]
Starter = Annotated[Caller, Depends(one_of(Role.ADMIN, Role.TEACHER, Role.PLATFORM, Role.RESEARCHER, Role.LEARNER))]
Answerer = Annotated[Caller, Depends(one_of(Role.ADMIN, Role.PLATFORM, Role.RESEARCHER, Role.LEARNER))]


@router.post("", status_code=201, summary="Start a session")
def start(here: Here, asking: Starter, body: bodies.SessionStart) -> bodies.SessionStarted:
    """Start a session under the tenant's profile.

    Modalities without a live consent, or that the profile forbids, are refused one by one; the session starts without them.
    """
    opened = opening.open_session(here, asking, body)
    refused = [bodies.RefusedModality(modality=no.modality, problem=no.problem, remedy=no.remedy) for no in opened.refused]
    return bodies.SessionStarted(**description_of(opened.session), refused=refused, streaming_token=opened.streaming_token)


@router.get("", summary="The newest sessions first")
def sessions(
    here: Here,
    asking: AnyCaller,
    learner_id: Annotated[str | None, Query(description="Only this learner's.")] = None,
    open_only: Annotated[bool, Query(description="Only those that have not ended.")] = False,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 100,
) -> list[bodies.SessionDescription]:
    """The tenant's sessions; a learner's token sees the learner's own."""
    if asking.role is Role.DEVICE:
        raise Problem(403, "token", "a device's token may not do this", "use a person's token")
    whose = asking.learner_id if asking.role is Role.LEARNER else learner_id
    with here.store.reading(asking.tenant_id) as work:
        rows = Sessions(work).latest(learner_id=whose, open_only=open_only, limit=limit)
        return [_description(row) for row in rows if profile(row.profile).shows(asking.role, View.PROGRESS)]


@router.get("/{session_id}", summary="A session")
def session(here: Here, asking: AnyCaller, session_id: SessionId) -> bodies.SessionDescription:
    """How a session was started, and what may be read of it now."""
    with here.store.reading(asking.tenant_id) as work:
        known = known_session(here, asking, work, session_id)
        need(sight_of(asking, work, known), View.PROGRESS, known)
        return bodies.SessionDescription(**description_of(known))


@router.post(
    "/{session_id}/trials",
    status_code=201,
    summary="Store an answer",
    responses={200: {"model": bodies.TrialStored, "description": "It was stored already; nothing changed."}},
)
def trial(here: Here, asking: Answerer, session_id: SessionId, body: bodies.TrialAnswer, response: Response) -> bodies.TrialStored:
    """Store an answer; 201 means that it is stored and will reach the recommender, even if the bus is away now.

    Send it again with the same `trial_id` after a lost answer: 200, and nothing changes. Another answer under that name is a 409.
    """
    stored = answering.answer(here, asking, session_id, body)
    response.status_code = 201 if stored.is_new else 200
    kept = stored.trial
    return bodies.TrialStored(
        session_id=session_id, trial_id=kept.trial_id, number=kept.number, correct=kept.correct, event_time_us=kept.event_time_us
    )


@router.post("/{session_id}/override", status_code=202, summary="Wish for easier or harder items")
def override(here: Here, asking: Answerer, session_id: SessionId, body: bodies.Wish) -> bodies.Wish:
    """Keep the learner's wish; the next answer carries it to the recommender."""
    answering.wish(here, asking, session_id, body.wished_levels)
    return body


@router.post("/{session_id}/end", summary="End a session")
def end(here: Here, asking: Starter, session_id: SessionId, body: bodies.SessionEnd | None = None) -> bodies.SessionEnded:
    """End a session and sum it up; ending it again changes nothing."""
    at_us, figures = answering.end(here, asking, session_id, body.ended_at_us if body else None)
    return bodies.SessionEnded(session_id=session_id, ended_at_us=at_us, figures=figures)


@router.post("/{session_id}/sensing/stop", summary="Stop all sensing of a session at once")
def stop(here: Here, asking: AnyCaller, session_id: SessionId) -> bodies.SensingStopped:
    """Let nothing more be read of this session; the training goes on from the answers. Whoever may see it may stop it."""
    with here.store.reading(asking.tenant_id) as work:
        known_session(here, asking, work, session_id)
    sensing.stop_sensing(here, asking.tenant_id, session_id)
    return bodies.SensingStopped(session_id=session_id, consented=[])


@router.get(
    "/{session_id}/directive",
    summary="What comes next",
    responses={**answered_with(Directive, "The newest directive."), 204: {"description": "There is nothing newer yet."}},
)
async def directive(
    here: Here,
    asking: AnyCaller,
    session_id: SessionId,
    after: Annotated[int, Query(ge=-1, description="Only one beyond this number; -1 takes the newest of all.")] = -1,
    wait_s: Annotated[float, Query(ge=0, le=60, description="How long to wait for it.")] = 0,
) -> Response:
    """The newest directive, as the recommender's event; its `header.sequence` is the number of the trial that it answers."""
    stored = await asyncio.to_thread(_stored_directive, here, asking, session_id)
    newest = here.feed.newest_directive(session_id)
    found = max((newest.number, newest.content) if newest else (-1, {}), stored, key=lambda pair: pair[0])
    if found[0] <= after or found[0] < 0:
        later = await here.feed.directive_after(session_id, after, min(wait_s, here.settings.longest_poll_s))
        if later is None:
            return Response(status_code=204)
        found = (later.number, later.content)
    return _json(found[1])


@router.get(
    "/{session_id}/estimate",
    summary="How the learner is doing now",
    responses={**answered_with(EmotionEstimate, "The newest estimate."), 204: {"description": "There is no estimate yet."}},
)
def estimate(here: Here, asking: AnyCaller, session_id: SessionId) -> Response:
    """The newest estimate, as fusion's event, with each value's standard error. Staff's looks are audited."""
    with here.store.work(asking.tenant_id) as work:
        known = known_session(here, asking, work, session_id)
        need(sight_of(asking, work, known), View.ESTIMATES, known)
        audit_view(here, asking, work, "view.estimate", session_id)
    newest = here.live.latest(session_id, ESTIMATE)
    return Response(status_code=204) if newest is None else _json(to_json(decode(EmotionEstimate, newest)))


@router.get("/{session_id}/events", summary="What happened, in order")
def events(here: Here, asking: AnyCaller, session_id: SessionId) -> list[bodies.Happening]:
    """The session's course: its changes, answers and directives. Staff's looks are audited."""
    with here.store.work(asking.tenant_id) as work:
        row = Sessions(work).get(session_id)
        _may_see(asking, work, row)
        audit_view(here, asking, work, "view.events", session_id)
        happenings = _changes(work, session_id) + _answers(work, session_id) + _directives(work, session_id)
    return sorted(happenings, key=lambda one: (one.at_us, one.number))


def _may_see(asking: Caller, work: Work, row: TrainingSession) -> None:
    """Refuse whoever may not see the session's course; works after the session's key is gone."""
    for_learner(asking, row.learner_id)
    People(work).learner(row.learner_id)
    if not profile(row.profile).shows(asking.role, View.PROGRESS):
        raise Problem(403, "token", f"the profile {row.profile} does not show progress to this role", "ask somebody whose role may see it")


def _changes(work: Work, session_id: str) -> list[bodies.Happening]:
    return [
        bodies.Happening(at_us=one.at_us, kind="change", number=one.number, content={"change": one.change, "consented": one.consented})
        for one in Sessions(work).changes(session_id)
    ]


def _answers(work: Work, session_id: str) -> list[bodies.Happening]:
    return [
        bodies.Happening(at_us=one.event_time_us, kind="trial", number=one.number, content=_answer(one))
        for one in Trials(work).of(session_id)
    ]


def _answer(one: Trial) -> dict[str, Any]:
    measured = {"reaction_time_ms": one.reaction_time_ms, "shown_ms": one.shown_ms, "shown_frames": one.shown_frames}
    return {"trial_id": one.trial_id, "item": one.item, "answer": one.answer, "correct": one.correct, "valid": one.valid, **measured}


def _directives(work: Work, session_id: str) -> list[bodies.Happening]:
    return [
        bodies.Happening(at_us=one.event_time_us, kind="directive", number=one.number, content=one.directive)
        for one in Directives(work).of(session_id)
    ]


def _stored_directive(here: Premises, asking: Caller, session_id: str) -> tuple[int, dict[str, Any]]:
    with here.store.reading(asking.tenant_id) as work:
        known = known_session(here, asking, work, session_id)
        need(sight_of(asking, work, known), View.PROGRESS, known)
        newest = Directives(work).newest(session_id)
        return (newest.number, newest.directive) if newest is not None else (-1, {})


def _description(row: TrainingSession) -> bodies.SessionDescription:
    return bodies.SessionDescription(
        session_id=row.session_id,
        learner_id=row.learner_id,
        mode=Mode(row.mode),
        started_at_us=row.started_at_us,
        ended_at_us=row.ended_at_us,
        profile=row.profile,
        emotion_inference=row.emotion_inference,
        consented=[Modality(name) for name in row.consented],
        streams=[(topic, stream) for topic, stream in row.streams],
    )


def _json(content: dict[str, Any]) -> Response:
    return JSONResponse(content)
