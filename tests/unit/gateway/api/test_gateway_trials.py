"""Answers: acknowledged when stored, once each, in order, whatever the bus does."""

from typing import Any

import pytest

from affectloop.codec import from_record
from affectloop.events import Emotion, TrialAnswered
from affectloop.store.sql.database import EVERY_TENANT
from affectloop.store.sql.outbox import Outbox
from affectloop.store.sql.training import Trials
from affectloop.topics import TRIALS
from school import ITEM, School


@pytest.fixture
def session_id(at: School) -> str:
    return str(at.start()["session_id"])


def published(at: School, session_id: str) -> list[TrialAnswered]:
    """The trials on the bus."""
    events = [from_record(record, at.live_session(session_id).key) for record in at.records(TRIALS.name)]
    return [event for event in events if isinstance(event, TrialAnswered)]


def test_an_acknowledged_answer_is_in_the_database(at: School, session_id: str) -> None:
    response = at.answer(session_id, "one", reaction_time_ms=700, shown_frames=12)
    with at.store.reading("north") as work:
        kept = Trials(work).get(session_id, "one")
    assert response.status_code == 201
    assert kept is not None
    assert (kept.number, kept.correct, kept.reaction_time_ms, kept.shown_frames) == (1, True, 700, 12)


def test_an_answer_reaches_the_bus_as_it_was_given(at: School, session_id: str) -> None:
    at.clock.advance(5)
    at.answer(session_id, "one", answer="surprise", reaction_time_ms=700, wished_levels=-2)
    at.outbox.turn()
    (event,) = published(at, session_id)
    assert (event.trial_id, event.answer, event.correct, event.reaction_time_ms) == ("one", Emotion.SURPRISE, False, 700)
    assert (event.header.stream_id, event.header.sequence, event.header.event_time_us) == ("trials", 1, at.clock.wall_us())
    assert (event.item.emotion, event.wished_levels) == (Emotion.FEAR, -2)


def test_an_answer_sent_twice_is_stored_once(at: School, session_id: str) -> None:
    first, second = at.answer(session_id, "one"), at.answer(session_id, "one")
    at.outbox.turn()
    assert ([first.status_code, second.status_code], first.json() == second.json()) == ([201, 200], True)
    assert len(published(at, session_id)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"answer": "anger"},
        {"valid": False},
        {"item": {**ITEM, "item_id": "fear-2"}},
        {"item": {**ITEM, "intensity": 0.5}},
        {"reaction_time_ms": 701},
        {"reaction_time_ms": None},
        {"shown_ms": 199},
        {"shown_frames": 11},
        {"refresh_hz": 75},
        {"wished_levels": 1},
        {"answered_at_us": 1_800_000_000_000_000},
    ],
)
def test_other_content_under_a_stored_name_is_refused(at: School, session_id: str, changes: dict[str, Any]) -> None:
    sent = {"reaction_time_ms": 700, "shown_ms": 200, "shown_frames": 12, "refresh_hz": 60}
    at.answer(session_id, "one", **sent)
    response = at.answer(session_id, "one", **{**sent, **changes})
    assert (response.status_code, response.json()["field"]) == (409, "trial_id")


def test_answers_are_numbered_within_their_session(at: School, session_id: str) -> None:
    other = at.start()["session_id"]
    numbers = [at.answer(which, name).json()["number"] for which, name in ((session_id, "a"), (other, "a"), (session_id, "b"))]
    assert numbers == [1, 1, 2]


def test_answers_of_one_moment_get_different_times(at: School, session_id: str) -> None:
    times = [at.answer(session_id, name).json()["event_time_us"] for name in "abc"]
    assert times == sorted(set(times))


def test_a_client_may_say_when_it_was_answered(at: School, session_id: str) -> None:
    at.clock.advance(10)
    at_us = at.clock.wall_us() - 3_000_000
    assert at.answer(session_id, "one", answered_at_us=at_us).json()["event_time_us"] == at_us


@pytest.mark.parametrize("offset_s", [-1.0, 3.0])
def test_an_answer_outside_the_session_is_refused(at: School, session_id: str, offset_s: float) -> None:
    at_us = at.clock.wall_us() + round(offset_s * 1e6)
    response = at.answer(session_id, "one", answered_at_us=at_us)
    assert (response.status_code, response.json()["field"]) == (422, "answered_at_us")


def test_a_replay_must_say_when_it_was_answered(at: School) -> None:
    session_id = at.start(mode="replay", started_at_us=at.clock.wall_us() - 1)["session_id"]
    assert at.answer(session_id, "one").json()["remedy"] == "say when the trial was answered"


def test_an_ended_session_takes_no_more_answers_but_repeats_old_ones(at: School, session_id: str) -> None:
    at.answer(session_id, "one")
    at.call("POST", f"/v1/sessions/{session_id}/end")
    assert [at.answer(session_id, name).status_code for name in ("one", "two")] == [200, 409]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"answer": "joy"}, "answer"),
        ({"trial_id": ""}, "trial_id"),
        ({"trial_id": "a b"}, "trial_id"),
        ({"reaction_time_ms": -1}, "reaction_time_ms"),
        ({"item": {**ITEM, "intensity": 2}}, "item.intensity"),
        ({"item": {**ITEM, "options": 1}}, "item.options"),
        ({"name": "Ada"}, "name"),
    ],
)
def test_an_answer_that_breaks_the_contract_is_named_by_its_field(at: School, session_id: str, changes: dict[str, Any], field: str) -> None:
    response = at.call("POST", f"/v1/sessions/{session_id}/trials", {"trial_id": "one", "item": ITEM, "answer": "fear", **changes})
    assert (response.status_code, response.json()["field"]) == (422, field)


def test_what_breaks_the_contract_is_not_said_back(at: School, session_id: str) -> None:
    response = at.call("POST", f"/v1/sessions/{session_id}/trials", {"trial_id": "one", "item": ITEM, "answer": "Ada Lovelace"})
    assert "Ada" not in response.text


def test_the_item_of_the_directive_counts_not_what_the_client_says_of_it(at: School, session_id: str) -> None:
    at.ingest(at.directive(session_id, 0))
    claimed = {**ITEM, "item_id": "surprise-1", "emotion": "fear", "duration_ms": 999}
    assert at.answer(session_id, "one", item=claimed, answer="surprise").json()["correct"]


def test_the_item_of_the_catalogue_counts_where_none_was_directed(at: School, session_id: str) -> None:
    claimed = {**ITEM, "emotion": "anger", "duration_ms": 999, "poser": "head-02"}
    answered = at.answer(session_id, "one", item=claimed, answer="fear").json()
    with at.store.reading("north") as work:
        kept = Trials(work).get(session_id, "one")
    assert kept is not None
    assert (answered["correct"], kept.item) == (True, ITEM)


@pytest.mark.parametrize(
    "item_id", ["mine", "fear-1", "fear-200ms-i875-v0-o7", "fear-201ms-i875-v0-o7-head-01", "fear-200ms-i875-v0-o7-head-99"]
)
def test_a_client_cannot_bring_an_item_of_its_own(at: School, session_id: str, item_id: str) -> None:
    at.ingest(at.directive(session_id, 0))
    response = at.answer(session_id, "one", item={**ITEM, "item_id": item_id})
    assert (response.status_code, response.json()["field"]) == (422, "item.item_id")


def test_an_item_that_was_directed_earlier_in_the_session_may_be_answered_and_another_sessions_not(at: School, session_id: str) -> None:
    at.ingest(at.directive(session_id, 0), at.directive(session_id, 1))
    other = at.start()["session_id"]
    shown = {**ITEM, "item_id": "surprise-1"}
    assert [at.answer(where, "one", item=shown).status_code for where in (session_id, other)] == [201, 422]


def test_a_wish_travels_with_the_next_answer_once(at: School, session_id: str) -> None:
    assert at.call("POST", f"/v1/sessions/{session_id}/override", {"wished_levels": -2}).status_code == 202
    for name in ("one", "two"):
        at.answer(session_id, name)
    at.outbox.turn()
    assert [event.wished_levels for event in published(at, session_id)] == [-2, None]


def test_an_acknowledged_answer_survives_a_dead_bus(at: School, session_id: str) -> None:
    at.bus.away = True
    acknowledged = [at.answer(session_id, name).status_code for name in "abc"]
    at.bus.away = False
    while at.outbox.turn():
        pass
    assert acknowledged == [201, 201, 201]
    assert [(event.trial_id, event.header.sequence) for event in published(at, session_id)] == [("a", 1), ("b", 2), ("c", 3)]


def test_a_bus_that_dies_under_the_publisher_leaves_everything_in_the_outbox(at: School, session_id: str) -> None:
    at.answer(session_id, "one")
    at.bus.away = True
    with pytest.raises(Exception, match="the bus is away"):
        at.outbox.turn()
    with at.store.reading(EVERY_TENANT) as work:
        assert Outbox(work).count_waiting() == 2


def test_the_publisher_publishes_each_fact_once(at: School, session_id: str) -> None:
    at.answer(session_id, "one")
    counts = [at.outbox.turn() for _ in range(2)]
    assert (counts, len(at.records())) == ([2, 0], 2)


def test_the_publisher_keeps_the_order_over_batches(at: School, session_id: str) -> None:
    for number in range(7):
        at.answer(session_id, f"t{number}")
    at.outbox._batch = 3
    while at.outbox.turn():
        pass
    assert [event.header.sequence for event in published(at, session_id)] == [1, 2, 3, 4, 5, 6, 7]


def test_the_course_of_a_session_is_told_in_order(at: School, session_id: str) -> None:
    at.ingest(at.directive(session_id, 0, at_s=1))
    at.clock.advance(2)
    at.answer(session_id, "one")
    at.ingest(at.directive(session_id, 1, at_s=3))
    at.clock.advance(2)
    at.call("POST", f"/v1/sessions/{session_id}/end")
    course = at.call("GET", f"/v1/sessions/{session_id}/events").json()
    assert [(one["kind"], one["number"]) for one in course] == [
        ("change", 0),
        ("directive", 0),
        ("trial", 1),
        ("directive", 1),
        ("change", 1),
    ]


def test_what_sessions_came_to_is_told_of_the_learner(at: School) -> None:
    learner_id = at.learner()
    for answers in (["fear"], ["fear", "anger"]):
        session_id = at.start(learner_id)["session_id"]
        for number, given in enumerate(answers):
            at.answer(session_id, f"t{number}", answer=given)
        at.call("POST", f"/v1/sessions/{session_id}/end")
        at.clock.advance(1)
    told = at.call("GET", f"/v1/learners/{learner_id}/results").json()
    assert [(one["figures"]["trials"], one["figures"]["correct"]) for one in told] == [(1, 1), (2, 1)]
