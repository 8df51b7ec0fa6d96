"""The gateway as the runtime runs it: a real server on loopback, ready when it listens, gone when it is cancelled."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from affectloop.codec import from_record, to_record
from affectloop.errors import Unavailable
from affectloop.events import TrialAnswered
from affectloop.store.sql.bootstrap import bootstrap
from affectloop.store.sql.database import Store
from affectloop_gateway.service import bind
from gateway_server import running
from school import ITEM, School


def test_an_answer_goes_over_the_bus_to_the_live_view(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[str], list[str]]:
        async with running(tmp_path) as gateway:
            session = await gateway.call("POST", "/v1/sessions", {"learner_id": gateway.first.learner_id, "modalities": ["face"]})
            path = f"/v1/sessions/{session['session_id']}"
            async with connect(f"ws://{gateway.address}{path}/live", proxy=None) as socket:
                await socket.send(json.dumps({"token": gateway.first.admin_token}))
                seen = [json.loads(await socket.recv())["topic"]]
                await gateway.call("POST", f"{path}/trials", {"trial_id": "one", "item": ITEM, "answer": "fear"})
                while seen[-1] != "session.trials.v1":
                    seen.append(json.loads(await socket.recv())["topic"])
            records = gateway.bus.tail(["session.trials.v1"], from_start=True).poll(0, 10)
            key = gateway.live.session(session["session_id"])
            assert key is not None
            events = [from_record(record, key.key) for record in records]
            return seen, [event.trial_id for event in events if isinstance(event, TrialAnswered)]

    seen, published = asyncio.run(scenario())
    assert (seen[0], seen[-1], published) == ("session", "session.trials.v1", ["one"])


def test_what_the_recommender_says_is_stored(tmp_path: Path, at: School) -> None:
    async def scenario() -> Any:
        async with running(tmp_path) as gateway:
            session = await gateway.call("POST", "/v1/sessions", {"learner_id": gateway.first.learner_id})
            live = gateway.live.session(session["session_id"])
            assert live is not None
            at.live.put_session(live)
            gateway.bus.producer(durable=True).send([to_record(at.directive(live.session_id, 0), live.key)])
            return await gateway.call("GET", f"/v1/sessions/{live.session_id}/directive?wait_s=20")

    assert asyncio.run(scenario())["level"] == 5


def test_it_leaves_cleanly_and_its_facts_stay(tmp_path: Path) -> None:
    async def scenario() -> tuple[str, str]:
        async with running(tmp_path) as gateway:
            session = await gateway.call("POST", "/v1/sessions", {"learner_id": gateway.first.learner_id})
        async with running(tmp_path) as again:
            (listed,) = await again.call("GET", "/v1/sessions")
        return session["session_id"], listed["session_id"]

    started, listed = asyncio.run(scenario())
    assert started == listed


def test_a_port_that_is_taken_is_named_with_the_remedy() -> None:
    taken = bind("127.0.0.1", 0)
    taken.listen()
    with taken, pytest.raises(Unavailable, match="AFFECTLOOP_GATEWAY__PORT"):
        bind("127.0.0.1", taken.getsockname()[1])


def test_a_first_run_has_an_administrator_and_the_demonstrations_learner(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'facts.db'}")
    first, second = bootstrap(store, profile_name="demo"), bootstrap(store, profile_name="demo")
    strict = bootstrap(store, tenant_id="school")
    store.close()
    assert (first.learner_id, first.admin_token == second.admin_token) == (second.learner_id, False)
    assert (strict.learner_id, first.admin_token in repr(first)) == (None, False)
