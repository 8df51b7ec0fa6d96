"""No acknowledged answer is lost, whatever dies: the gateway, the recommender, the broker."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from affectloop.bus.kafka import KafkaBus
from affectloop.codec import from_record, to_json
from affectloop.events import Directive, Event, TrialAnswered
from affectloop.store.live.redis import RedisLiveState
from affectloop.store.sql.bootstrap import LOCAL, Bootstrapped, bootstrap
from affectloop.store.sql.database import Store
from affectloop.store.sql.training import Directives, Trials
from affectloop.topics import DIRECTIVES, TRIALS
from servers.kafka import KafkaServer
from servers.ports import free_port
from system.programs import AFFECTLOOP, Programs

PATIENCE_S = 90.0
LEARNERS = 2
BEFORE_A_FAULT = 3  # trials that each learner answers before each kill
PARTITIONS = 4
ITEM = {"item_id": "fear-200ms-i875-v0-o7-head-01", "emotion": "fear", "duration_ms": 200, "intensity": 0.875, "view_deg": 0, "options": 7}


def wait_for(met: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < until, f"not within {PATIENCE_S:g} s: {what}"
        time.sleep(0.1)


@dataclass
class Client:
    """A learner's page: answers trial after trial, and sends each again until it is acknowledged."""

    address: str
    token: str
    session_id: str
    acknowledged: dict[str, int] = field(default_factory=dict)  # trial -> the number that it was given
    attempts: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {self.token}"}, timeout=5) as http:
            while not self.stop.is_set():
                trial_id = f"trial-{len(self.acknowledged) + 1}"
                body = {"trial_id": trial_id, "item": ITEM, "answer": "fear", "reaction_time_ms": 900.0}
                while (number := self._sent(http, body)) is None:
                    time.sleep(0.1)
                self.acknowledged[trial_id] = number
                time.sleep(0.05)

    def _sent(self, http: httpx.Client, body: dict[str, Any]) -> int | None:
        """The number of an acknowledged trial; without an answer nobody knows whether it is stored."""
        self.attempts += 1
        try:
            answer = http.post(f"/v1/sessions/{self.session_id}/trials", json=body)
        except httpx.TransportError:
            return None
        if answer.status_code >= 500:
            return None
        assert answer.status_code in (200, 201), answer.text
        number: int = answer.json()["number"]
        return number


@dataclass
class Door:
    """The gateway's address, an administrator's token, and where its facts are."""

    address: str
    health: str
    start: Bootstrapped
    database: str

    def opened(self) -> str:
        """A session without any sensor."""
        headers = {"Authorization": f"Bearer {self.start.admin_token}"}
        answer = httpx.post(f"{self.address}/v1/sessions", json={"learner_id": self.start.learner_id}, headers=headers, timeout=20)
        assert answer.status_code == 201, answer.text
        session_id: str = answer.json()["session_id"]
        return session_id

    def is_open(self) -> bool:
        try:
            return httpx.get(f"{self.health}/health/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def stored(self, session_id: str) -> tuple[dict[str, int], dict[int, Any]]:
        """Trials and directives in SQL: names with numbers, numbers with what was said."""
        store = Store.open(self.database)
        try:
            with store.reading(LOCAL) as work:
                trials = {trial.trial_id: trial.number for trial in Trials(work).of(session_id)}
                return trials, {given.number: given.directive for given in Directives(work).of(session_id)}
        finally:
            store.close()


@contextmanager
def served(programs: Programs, kafka: KafkaServer, redis: str, folder: Path) -> Iterator[Door]:
    """Gateway and recommender over Kafka and Redis, each a program."""
    database, port, health = f"sqlite:///{folder / 'facts.db'}", free_port(), free_port()
    store = Store.open(database)
    start = bootstrap(store, profile_name="demo")
    store.close()
    options = ("--bus", f"kafka://{kafka.bootstrap}", "--state", redis)
    subprocess.run([*AFFECTLOOP, "topics", "create", "--bus", options[1]], check=True, capture_output=True, env=programs.environment)
    programs.environment.update(AFFECTLOOP_GATEWAY__PORT=str(port), AFFECTLOOP_GATEWAY__DATABASE=database)
    programs.start("gateway", "run", "gateway", *options, "--health-port", str(health))
    programs.start("recommender", "run", "recommender", *options)
    door = Door(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{health}", start, database)
    wait_for(door.is_open, "the gateway serves")
    yield door


def on_the_bus(kafka: KafkaServer, redis: str, topic: str) -> list[Event]:
    """Everything a topic holds, in the order of each partition."""
    bus = KafkaBus(kafka.bootstrap, partitions=PARTITIONS)
    tail = bus.tail([topic], from_start=True)
    found: list[Event] = []
    live = RedisLiveState(redis)
    while records := tail.poll(2.0, 1000):
        for record in records:
            session = live.session(record.key.decode())
            assert session is not None
            found.append(from_record(record, session.key))
    live.close()
    tail.close()
    return found


def firsts(events: list[Event], session_id: str) -> dict[int, Event]:
    """The first copy of each number of a session."""
    found: dict[int, Event] = {}
    for event in events:
        if event.header.session_id == session_id:
            found.setdefault(event.header.sequence, event)
    return found


@pytest.mark.kafka
@pytest.mark.redis
@pytest.mark.timeout(300)
def test_every_acknowledged_answer_is_stored_told_and_answered_whatever_is_killed(
    own_kafka: KafkaServer, redis_address: str, tmp_path: Path
) -> None:
    settings = {"AFFECTLOOP_RUNTIME__KAFKA_SESSION_TIMEOUT_MS": "2000", "AFFECTLOOP_RUNTIME__PARTITIONS": str(PARTITIONS)}
    with Programs(tmp_path, settings) as programs, served(programs, own_kafka, redis_address, tmp_path) as door:
        clients = [Client(door.address, door.start.admin_token, door.opened()) for _ in range(LEARNERS)]
        threads = [threading.Thread(target=client.run, daemon=True) for client in clients]
        for thread in threads:
            thread.start()

        def answer_on(what: str) -> None:
            goals = [len(client.acknowledged) + BEFORE_A_FAULT for client in clients]

            def answered_on() -> bool:
                programs.supervise()
                return all(len(client.acknowledged) >= goal for client, goal in zip(clients, goals, strict=True))

            wait_for(answered_on, what)

        answer_on("answers are acknowledged")
        programs.kill("gateway")
        answer_on("the gateway is back")
        programs.kill("recommender")
        answer_on("answers are acknowledged without a recommender")
        own_kafka.stop(signal.SIGKILL)
        answer_on("answers are acknowledged without a broker")
        own_kafka.start()
        answer_on("the broker is back")
        for client in clients:
            client.stop.set()
        for thread in threads:
            thread.join(PATIENCE_S)
        stored = {client.session_id: door.stored(client.session_id) for client in clients}

        def all_answered() -> bool:
            programs.supervise()
            return all(set(trials.values()) <= door.stored(name)[1].keys() for name, (trials, _) in stored.items())

        wait_for(all_answered, "every answer has its directive")
        stored = {client.session_id: door.stored(client.session_id) for client in clients}
        trials, directives = on_the_bus(own_kafka, redis_address, TRIALS.name), on_the_bus(own_kafka, redis_address, DIRECTIVES.name)
        assert programs.leave() == {"gateway": 0, "recommender": 0}
    for client in clients:
        assert client.acknowledged == stored[client.session_id][0]
        check_told(client, trials)
        check_answered(client, directives, stored[client.session_id][1])


def check_told(client: Client, trials: list[Event]) -> None:
    """Each acknowledged trial is on its topic under its number, and nothing else is."""
    told = {event.trial_id: number for number, event in firsts(trials, client.session_id).items() if isinstance(event, TrialAnswered)}
    assert told == client.acknowledged
    copies = {
        (event.header.sequence, event.trial_id)
        for event in trials
        if event.header.session_id == client.session_id and isinstance(event, TrialAnswered)
    }
    assert len(copies) == len(told), "a number means one trial in every copy"


def check_answered(client: Client, directives: list[Event], kept: dict[int, Any]) -> None:
    """One directive a trial counts, and it is the first in the log that the gateway has kept."""
    said = firsts(directives, client.session_id)
    opening = {0}  # is left out where the first answer reached the recommender before the session's start did
    assert said.keys() - opening == set(client.acknowledged.values())
    assert all(isinstance(event, Directive) for event in said.values())
    assert {number: to_json(event) for number, event in said.items()} == kept
