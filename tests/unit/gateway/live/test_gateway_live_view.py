"""The WebSocket of the live view, and the feed behind it."""

import asyncio
import json
import threading
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from affectloop.clock import ManualClock
from affectloop.events import SignalKind
from affectloop.policy.access import Permissions
from affectloop.store.live.memory import MemoryLiveState
from affectloop.topics import View
from affectloop_gateway.live.feed import Feed, Watch
from affectloop_gateway.live.rendering import Message
from school import School, with_profile


@pytest.fixture
def session_id(at: School) -> str:
    return str(at.start()["session_id"])


def messages(socket: Any, count: int) -> list[dict[str, Any]]:
    """So many messages."""
    return [json.loads(socket.receive_text()) for _ in range(count)]


def topics(socket: Any, count: int) -> list[str]:
    """The topics of so many messages."""
    return [message["topic"] for message in messages(socket, count)]


def close_code(at: School, session_id: str, first: str) -> int:
    """With which code the view closes after this first message."""
    with at.client.websocket_connect(f"/v1/sessions/{session_id}/live") as socket:
        socket.send_text(first)
        with pytest.raises(WebSocketDisconnect) as closed:
            messages(socket, 99)
    return closed.value.code


def test_a_page_gets_the_session_its_past_and_then_what_happens(at: School, session_id: str) -> None:
    at.arrive(at.face(session_id), at.estimate(session_id))
    with at.client.websocket_connect(f"/v1/sessions/{session_id}/live") as socket:
        socket.send_text(json.dumps({"token": at.token()}))
        past = topics(socket, 3)
        at.arrive(at.directive(session_id, 0), at.voice(session_id), at.signal(session_id))
        assert (past, topics(socket, 3)) == (
            ["session", "face.features.v1", "emotion.estimates.v1"],
            ["session.directives.v1", "audio.features.v1", "capture.signals.v1"],
        )


def test_the_token_may_come_as_a_subprotocol(at: School, session_id: str) -> None:
    offered = ["affectloop.v1", f"bearer.{at.token()}"]
    with at.client.websocket_connect(f"/v1/sessions/{session_id}/live", subprotocols=offered) as socket:
        accepted: Any = socket.accepted_subprotocol
        assert (accepted, topics(socket, 1)) == ("affectloop.v1", ["session"])


@pytest.mark.parametrize("first", ["", "nonsense", "[]", '{"token": 5}', '{"token": "al_north_wrong"}', '{"name": "Ada"}'])
def test_a_wrong_token_closes_with_4401(at: School, session_id: str, first: str) -> None:
    assert close_code(at, session_id, first) == 4401


def test_an_unknown_session_and_another_schools_close_alike_with_4404(at: School, session_id: str) -> None:
    other = json.dumps({"token": at.token(tenant="south")})
    assert [close_code(at, name, other) for name in (session_id, "nobody")] == [4404, 4404]


def test_who_may_not_even_see_progress_gets_4403(at: School) -> None:
    with_profile(at, "research")
    session_id = at.start()["session_id"]
    assert close_code(at, session_id, json.dumps({"token": at.token("teacher")})) == 4403


def test_a_teacher_sees_the_training_and_not_how_the_learner_feels(at: School, session_id: str) -> None:
    at.arrive(at.face(session_id), at.estimate(session_id), at.signal(session_id), at.directive(session_id, 0))
    with at.client.websocket_connect(f"/v1/sessions/{session_id}/live") as socket:
        socket.send_text(json.dumps({"token": at.token("teacher")}))
        assert topics(socket, 2) == ["session", "session.directives.v1"]


def test_staff_see_no_measurement_without_consent_to_reports(at: School) -> None:
    learner_id = at.learner()
    at.call("DELETE", f"/v1/learners/{learner_id}/consents/face", purpose="report")
    session_id = at.start(learner_id)["session_id"]
    at.arrive(at.face(session_id), at.estimate(session_id), at.voice(session_id))
    with at.client.websocket_connect(f"/v1/sessions/{session_id}/live") as socket:
        socket.send_text(json.dumps({"token": at.token()}))
        assert topics(socket, 2) == ["session", "audio.features.v1"]


def test_a_learner_sees_everything_of_their_own(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    at.arrive(at.face(session_id), at.signal(session_id), at.estimate(session_id))
    with at.client.websocket_connect(f"/v1/sessions/{session_id}/live") as socket:
        socket.send_text(json.dumps({"token": at.token("learner", learner_id=learner_id)}))
        assert topics(socket, 4) == ["session", "face.features.v1", "capture.signals.v1", "emotion.estimates.v1"]


def test_after_stopping_the_sensing_nothing_measured_is_shown(at: School, session_id: str) -> None:
    at.arrive(at.face(session_id))
    late = [at.face(session_id, at_s=1), at.signal(session_id, kind=SignalKind.PPG), at.directive(session_id, 0)]
    at.call("POST", f"/v1/sessions/{session_id}/sensing/stop")
    with at.client.websocket_connect(f"/v1/sessions/{session_id}/live") as socket:
        socket.send_text(json.dumps({"token": at.token()}))
        first = messages(socket, 1)[0]
        at.arrive(*late)
        assert (first["event"]["consented"], topics(socket, 1)) == ([], ["session.directives.v1"])


def test_a_revoked_token_closes_the_view(at: School, session_id: str) -> None:
    made = at.call("POST", "/v1/tokens", {"role": "counsellor", "holder": "c-2"}).json()
    with at.client.websocket_connect(f"/v1/sessions/{session_id}/live") as socket:
        socket.send_text(json.dumps({"token": made["token"]}))
        socket.receive_text()
        at.call("DELETE", f"/v1/tokens/{made['token_id']}")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4401


def test_a_view_is_audited(at: School, session_id: str) -> None:
    with at.client.websocket_connect(f"/v1/sessions/{session_id}/live") as socket:
        socket.send_text(json.dumps({"token": at.token("counsellor")}))
        socket.receive_text()
    assert at.audited()[-1] == ("counsellor", "view.live", session_id)


def test_sessions_are_not_mixed(at: School, session_id: str) -> None:
    other = at.start()["session_id"]
    with at.client.websocket_connect(f"/v1/sessions/{session_id}/live") as socket:
        socket.send_text(json.dumps({"token": at.token()}))
        socket.receive_text()
        at.arrive(at.voice(other), at.voice(session_id), at.estimate(other))
        at.arrive(at.directive(session_id, 0))
        assert [message["event"]["header"]["session_id"] for message in messages(socket, 2)] == [session_id, session_id]


def test_a_directive_is_waited_for(at: School, session_id: str) -> None:
    answers: list[Any] = []
    path = f"/v1/sessions/{session_id}/directive"
    token = at.token()
    asking = threading.Thread(target=lambda: answers.append(at.call("GET", path, token=token, after=0, wait_s=20)))
    at.arrive(at.directive(session_id, 0))
    asking.start()
    at.arrive(at.directive(session_id, 1, level=7))
    asking.join()
    assert (answers[0].status_code, answers[0].json()["level"]) == (200, 7)


def test_without_a_newer_directive_there_is_no_content(at: School, session_id: str) -> None:
    path = f"/v1/sessions/{session_id}/directive"
    empty = at.call("GET", path)
    at.arrive(at.directive(session_id, 3))
    codes = [at.call("GET", path, after=after).status_code for after in (-1, 2, 3)]
    assert (empty.status_code, codes) == (204, [200, 200, 204])


def test_a_directive_that_the_feed_has_forgotten_is_in_the_database(at: School, session_id: str) -> None:
    at.ingest(at.directive(session_id, 4))
    assert at.call("GET", f"/v1/sessions/{session_id}/directive").json()["header"]["sequence"] == 4


def test_the_newest_estimate_is_told_with_its_uncertainty(at: School, session_id: str) -> None:
    at.ingest(at.estimate(session_id, 0.5), at.estimate(session_id, 1.0))
    told = at.call("GET", f"/v1/sessions/{session_id}/estimate").json()
    assert (told["header"]["sequence"], told["arousal"], told["valence"]) == (2, pytest.approx(-0.3), None)
    assert told["arousal_error"] == pytest.approx(0.1)


def test_the_past_is_a_minute_long(at: School, session_id: str) -> None:
    for _ in range(4):
        at.arrive(at.voice(session_id))
        at.clock.advance(25)
    assert at.client.portal is not None
    assert at.client.portal.call(past_of, at.feed, session_id) == 2


async def past_of(feed: Feed, session_id: str) -> int:
    """How many records a page would be shown."""
    async with feed.watching(session_id, Permissions()) as watch:
        return len(watch.before)


def test_the_past_takes_no_more_memory_than_it_may(at: School) -> None:
    feed = Feed(at.live, at.clock, history_s=60, history_bytes=4_000, viewer_queue=16)
    sessions = [at.start()["session_id"] for _ in range(3)]
    records = [at.record(at.face(name, at_s=second)) for second in range(10) for name in sessions]
    asyncio.run(feed.take(records))
    assert sum(len(each.record.value) for recent in feed._recent.values() for each in recent.records) <= 4_000


def test_a_slow_page_loses_messages_and_holds_nobody_up() -> None:
    async def offered() -> list[str]:
        watch = Watch("session", Permissions(frozenset(View)), 3)
        for number in range(10):
            watch.offer(Message("session.trials.v1", View.PROGRESS, frozenset(), str(number)))
        return [(await watch.next()).text for _ in range(3)]

    assert asyncio.run(offered()) == ["0", "1", "2"]


def test_records_stay_sealed_while_nobody_watches(at: School, session_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("affectloop_gateway.live.feed.message_of", lambda record, *_: opened.append(record.topic))
    at.arrive(at.face(session_id), at.estimate(session_id))
    assert opened == []


def test_a_directive_for_nobody_does_not_stay_for_ever() -> None:
    clock = ManualClock()
    feed = Feed(MemoryLiveState(clock), clock, history_s=60, history_bytes=1_000_000, viewer_queue=16)
    assert asyncio.run(feed.directive_after("session", 0, 0)) is None
    assert feed._waiting == {}
