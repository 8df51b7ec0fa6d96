"""Starting a session: policy and consent first, then live state, then the fact that it started."""

from __future__ import annotations

from dataclasses import dataclass

from affectloop.bounds import check_start
from affectloop.codec import encode
from affectloop.events import Modality, SessionChange
from affectloop.policy.access import Action
from affectloop.policy.consent import Refusal, least_age_years, refusal
from affectloop.policy.profile import STRICTEST, Profile, profile
from affectloop.session import Mode, Session, Stream, new_session
from affectloop.store.live.grants import make_grant, put_grant
from affectloop.store.sql.consents import Consents
from affectloop.store.sql.database import Work
from affectloop.store.sql.facts import tell
from affectloop.store.sql.keys import DataKey
from affectloop.store.sql.people import People
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import Learner
from affectloop.store.sql.tokens import Caller
from affectloop.store.sql.training import Baselines
from affectloop.topics import AUDIO, FRAMES, SIGNALS, TOPIC_BY_NAME
from affectloop_gateway.api.dependencies import Dependencies
from affectloop_gateway.api.errors import Problem
from affectloop_gateway.api.permissions import permitted
from affectloop_gateway.api.sessions.models import SessionStart

USUAL_STREAMS = {
    Modality.FACE: (Stream(FRAMES.name, "camera"),),
    Modality.WRISTBAND: (Stream(SIGNALS.name, "eda"), Stream(SIGNALS.name, "ppg")),
    Modality.VOICE: (Stream(AUDIO.name, "microphone"),),
}


@dataclass(frozen=True, slots=True)
class Started:
    """A session that was started, what it will not read, and what its devices stream with."""

    session: Session
    refused: list[Refusal]
    streaming_token: str


def start_session(deps: Dependencies, asking: Caller, start: SessionStart) -> Started:
    """Start a session. Its descriptor is in live state before anybody can hear that it started."""
    started: Started | None = None
    learner_id = _learner_id(deps, asking, start)
    try:
        with permitted(deps, asking, Action.SESSION_START, learner_id=learner_id) as work:
            learner = People(work).learner(learner_id, locked=True)  # a withdrawal comes wholly before or wholly after this session
            allowed_by = _profile(work, start)
            refused = _refused(work, learner, allowed_by, start)
            session = _session(deps, asking, start, learner, allowed_by, frozenset(no.modality for no in refused))
            token, grant = make_grant(session.session_id)
            started = Started(session, refused, token)
            key = People(work).key(learner.learner_id)
            put_live(deps, work, session, grant, key)
            row = Sessions(work).add(session, key, grant)
            event = Sessions(work).note(row, SessionChange.STARTED, session.started_at_us)
            tell(work, event)
    except BaseException:
        if started is not None:
            deps.live.forget_session(started.session.session_id)
        raise
    deps.wake()
    return started


def put_live(deps: Dependencies, work: Work, session: Session, grant: bytes, key: DataKey) -> None:
    """Put a session into live state, with the learner's earlier baselines and what its devices stream with."""
    deps.live.put_session(session)
    put_grant(deps.live, session.session_id, grant)
    for baseline in Baselines(work).of(session.learner_id, key, session.consented):
        deps.live.put_baseline(session.session_id, baseline.name, baseline.header.sequence, encode(baseline))


def _learner_id(deps: Dependencies, asking: Caller, start: SessionStart) -> str:
    if start.learner_id is not None and start.known_elsewhere_as is None:
        return start.learner_id
    if start.learner_id is None and start.known_elsewhere_as is not None:
        return deps.store.pseudonym(asking.tenant_id, start.known_elsewhere_as)
    raise Problem(422, "learner_id", "neither or both names of the learner are given", "give learner_id or known_elsewhere_as")


def _profile(work: Work, start: SessionStart) -> Profile:
    own = People(work).tenant(anew=True).profile  # as it is now that the learner is locked
    if start.profile not in (None, own, STRICTEST):
        raise Problem(403, "profile", f"{start.profile} is not this tenant's profile", f"use {own}, or {STRICTEST} for a stricter session")
    return profile(start.profile or own)


def _refused(work: Work, learner: Learner, allowed_by: Profile, start: SessionStart) -> list[Refusal]:
    """Why each modality that is asked for is not read, where it is not."""
    answers = Consents(work).of(learner.learner_id)
    age_years = least_age_years(learner.birth_year, work.now_us)
    asked = sorted(set(start.modalities) | {_modality(stream) for stream in _streams(start)})
    found = (refusal(allowed_by, modality, answers, age_years=age_years, now_us=work.now_us) for modality in asked)
    return [no for no in found if no is not None]


def _session(
    deps: Dependencies, asking: Caller, start: SessionStart, learner: Learner, allowed_by: Profile, refused: frozenset[Modality]
) -> Session:
    if (start.mode is Mode.REPLAY) != (start.started_at_us is not None):
        raise Problem(422, "started_at_us", "a replay says when it began, a live session begins now", "give it for mode replay only")
    if start.started_at_us is not None:
        check_start(start.started_at_us, deps.clock.wall_us())
    captured = tuple(stream for stream in _streams(start) if _modality(stream) not in refused)
    return new_session(
        mode=start.mode,
        captured=captured,
        consented=frozenset(map(_modality, captured)),
        profile=allowed_by.name,
        emotion_inference=allowed_by.emotion_inference and start.emotion_inference,
        started_at_us=start.started_at_us or deps.clock.wall_us(),
        tenant_id=asking.tenant_id,
        learner_id=learner.learner_id,
    )


def _streams(start: SessionStart) -> list[Stream]:
    """The streams that devices will bring: those given, and the usual ones of a modality without any."""
    given = [Stream(stream.topic, stream.stream_id) for stream in start.streams or []]
    without = set(start.modalities) - set(map(_modality, given))
    return given + [stream for modality in sorted(without) for stream in USUAL_STREAMS[modality]]


def _modality(stream: Stream) -> Modality:
    topic = TOPIC_BY_NAME.get(stream.topic)
    if topic is None or topic.event.modality is None or not topic.from_devices:
        brought = sorted(name for name, known in TOPIC_BY_NAME.items() if known.from_devices)
        raise Problem(422, "streams.topic", f"devices bring nothing to {stream.topic}", f"use one of: {', '.join(brought)}")
    return topic.event.modality
