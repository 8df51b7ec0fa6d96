"""The recommender as the runtime finds and hosts it."""

import pytest
from pydantic import ValidationError

from affectloop.bus import Outgoing, Record
from affectloop.clock import ManualClock
from affectloop.codec import from_record, to_record
from affectloop.events import END_OF_TIME_US, BaselineMeasured, Directive, Event
from affectloop.runtime.processor_host import ProcessorHost
from affectloop.runtime.service import load
from affectloop.session import Mode, Session, Stream, new_session
from affectloop.settings import RuntimeSettings
from affectloop.store.live.memory import MemoryLiveState
from affectloop.topics import BASELINES, DIRECTIVES, ESTIMATES
from affectloop_recommender.service import SERVICE
from affectloop_recommender.settings import RecommenderSettings
from unit.recommender.recommending import START_US, TRIAL_US, directives, estimate, signs, started, trial


def records(session: Session, events: list[Event], offset: int = 0) -> list[Record]:
    made = [to_record(event, session.key) for event in events]
    return [Record(one.topic, 0, offset + index, one.key, one.value, one.headers) for index, one in enumerate(made)]


def live_session() -> Session:
    return new_session(
        mode=Mode.LIVE, captured=(Stream(ESTIMATES.name, "fusion"),), consented=frozenset(), profile="laboratory", emotion_inference=True,
        started_at_us=START_US, session_id="session",
    )  # fmt: skip


def test_it_is_found_by_name_and_declares_what_it_does() -> None:
    assert load("recommender") is SERVICE
    assert SERVICE.produces == (DIRECTIVES, BASELINES)
    assert not SERVICE.infers_emotion


def test_settings_name_their_limits_and_refuse_nonsense() -> None:
    assert all(field.description for field in RecommenderSettings.model_fields.values())
    assert RecommenderSettings(break_every_min=5).rules.break_every_s == 300
    with pytest.raises(ValidationError):
        RecommenderSettings(target_success=1.2)


def test_under_the_host_a_trial_is_answered_though_estimates_are_late_and_another_host_goes_on() -> None:
    session, live, clock = live_session(), MemoryLiveState(), ManualClock()
    live.put_session(session)
    answers, made = signs("++-"), list[Event]()
    event: Event = started()
    for number in range(1, 4):
        host = ProcessorHost(SERVICE, RecommenderSettings(), live, RuntimeSettings(), clock)  # the one before was killed
        processed = host.process(records(session, [event, estimate(START_US + (number - 1) * TRIAL_US, 0.2)], offset=2 * number))
        made += [from_record(record, session.key) for record in _as_records(processed.outputs)]
        host.commit(processed)
        item = directives(made)[-1].item
        event = trial(number, item, answers(number, item))
    assert [made_one.header.sequence for made_one in made if isinstance(made_one, Directive)] == [0, 1, 2]
    assert [made_one.header.sequence for made_one in made if isinstance(made_one, BaselineMeasured)] == [1, 2]
    assert all(made_one.header.complete_until_us < END_OF_TIME_US for made_one in made)


def _as_records(outputs: list[Outgoing]) -> list[Record]:
    return [Record(one.topic, 0, index, one.key, one.value, one.headers) for index, one in enumerate(outputs)]
