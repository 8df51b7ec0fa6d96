"""What pages and devices must see of the load at the edges."""

from __future__ import annotations

from loop_edges import due_at_the_edges
from loop_load import Topology, Window, expected, streams

START_US = 1_767_225_600_123_457
WINDOW = Window(start_us=START_US, measured_us=START_US + 6_000_000, ends_us=START_US + 20_000_000)


def test_a_page_must_see_every_estimate_and_directive_and_every_answer_is_acknowledged() -> None:
    due = due_at_the_edges(["a", "b"], WINDOW)
    for number, session_id in enumerate(["a", "b"]):
        planned = list(expected(streams(Topology.EDGE, number, WINDOW), session_id, WINDOW))
        mine = [output for output in due if output.session_id == session_id]
        for stage in ("estimate", "directive"):
            assert [output for output in mine if output.stage == stage] == [output for output in planned if output.stage == stage]
        answered = {(output.event_time_us, output.due_us) for output in mine if output.stage == "answered"}
        assert answered == {(output.event_time_us, output.due_us) for output in planned if output.stage == "directive"} != set()
        assert {output.stage for output in mine} == {"estimate", "directive", "answered"}


def test_an_answer_is_due_when_it_is_given() -> None:
    answers = [output for output in due_at_the_edges(["a"], WINDOW) if output.stage == "answered"]
    assert all(output.due_us == output.event_time_us for output in answers)
