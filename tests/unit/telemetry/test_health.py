"""What a process says of its health, and that nobody can keep it from saying it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx

from affectloop.clock import ManualClock
from affectloop.telemetry.health import FIRST_TURN_LIMIT_S, MOST_ASKING, TURN_LIMIT_S, Health, serve_health
from servers.ports import free_port


@contextmanager
def served(health: Health) -> Iterator[int]:
    port = free_port()
    server = serve_health(health, "127.0.0.1", port)
    try:
        yield port
    finally:
        server.shutdown()
        server.server_close()


def test_a_loop_whose_first_turn_does_not_end_is_late() -> None:
    clock = ManualClock()
    health = Health(clock)
    health.expect("physio")
    clock.advance(FIRST_TURN_LIMIT_S)
    assert (health.late, health.missing) == ([], ["physio"])
    clock.advance(1)
    assert health.late == ["physio"]


def test_a_loop_that_turned_and_does_not_turn_again_is_late() -> None:
    clock = ManualClock()
    health = Health(clock)
    turned = health.expect("physio")
    turned()
    clock.advance(TURN_LIMIT_S + 1)
    assert (health.late, health.missing) == (["physio"], [])
    turned()
    assert health.late == []


def test_a_loop_may_have_to_turn_without_making_anything_ready() -> None:
    health = Health(ManualClock())
    ready, turned = health.ready_once("gateway"), health.turns("gateway")
    turned()
    assert health.missing == ["gateway"]
    ready()
    assert health.missing == []


def test_readiness_asks_what_else_must_be_there_and_liveness_does_not() -> None:
    health = Health(ManualClock())
    lacking: list[str] = []
    health.check(lambda: lacking)
    with served(health) as port:
        before = httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code
        lacking.append("database")
        ready = httpx.get(f"http://127.0.0.1:{port}/health/ready")
        live = httpx.get(f"http://127.0.0.1:{port}/health/live")
    assert (before, ready.status_code, ready.json()["missing"], live.status_code) == (200, 503, ["database"], 200)


def test_who_asks_and_does_not_finish_takes_a_bounded_number_of_places() -> None:
    with served(Health(ManualClock())) as port, ExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(MOST_ASKING + 1)]
        assert held[-1].recv(1) == b""  # hung up on, while the others wait for the end of what they never ask
