"""A host turns only the sessions that have news or are due: nothing comes out otherwise than if it turned them all, always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from affectloop.bus import Partition, Record
from affectloop.clock import ManualClock
from affectloop.codec import from_record, to_json, to_record
from affectloop.events import AudioFeatures, Event, Header, Modality, PhysioFeatures, Reason, SessionChange, SessionChanged
from affectloop.runtime.due_times import DueTimes
from affectloop.runtime.processor_host import Processed, ProcessorHost
from affectloop.runtime.service import Service
from affectloop.session import Mode, Session
from affectloop.settings import RuntimeSettings
from affectloop.store.live.memory import MemoryLiveState
from affectloop.topics import SESSION_EVENTS
from toys import FUSION, PHYSIO, START_US, signal, toy_session

RUNTIME = RuntimeSettings(stall_after_s=1.0, first_record_within_s=3.0, refresh_s=0.25, idle_after_s=8.0, unknown_session_s=2.0)
FACTS_TOO = replace(FUSION, consumes=(*FUSION.consumes, SESSION_EVENTS))
NAMES = ("s0", "s1", "s2")
EVERYTHING, NOTHING = frozenset(Modality), frozenset[Modality]()
CONSENTS = {0: NOTHING, 1: NOTHING, 500: frozenset({Modality.VOICE}), 1000: EVERYTHING, 4000: EVERYTHING}


class TurnsAll(ProcessorHost):
    """As a host was that knew of no news."""

    def process(self, records: Sequence[Record]) -> Processed:
        self._news |= dict.fromkeys(self._states)
        return super().process(records)


class Pair:
    """Two hosts that are given the same at the same time."""

    def __init__(self, service: Service, mode: Mode) -> None:
        self.clock = ManualClock(START_US)
        self.live = MemoryLiveState(self.clock)
        self.hosts = [kind(service, None, self.live, RUNTIME, self.clock) for kind in (ProcessorHost, TurnsAll)]
        self.sessions = {name: toy_session(name, mode) for name in NAMES}
        self.offset = 0
        for session in self.sessions.values():
            self.live.put_session(session)

    def turn(self, *events: Event) -> None:
        """One turn of both; fails where they differ."""
        records = []
        for event in events:
            outgoing = to_record(event, self.sessions[event.header.session_id].key)
            number = NAMES.index(event.header.session_id)
            records.append(Record(outgoing.topic, number, self.offset, outgoing.key, outgoing.value, outgoing.headers))
            self.offset += 1
        one, other = (self._turned(host, records) for host in self.hosts)
        assert one == other

    def _turned(self, host: ProcessorHost, records: Sequence[Record]) -> tuple[dict[str, list[Any]], list[str], dict[Partition, int], int]:
        processed = host.process(records)
        made: dict[str, list[Any]] = {name: [] for name in NAMES}
        for outgoing in processed.outputs:
            record = Record(outgoing.topic, 0, 0, outgoing.key, outgoing.value, outgoing.headers)
            name = outgoing.key.decode()
            is_letter = outgoing.topic.endswith(".dlq")
            made[name].append(outgoing.headers if is_letter else to_json(from_record(record, self.sessions[name].key)))
        finished = sorted(processed.finished)
        return made, finished, host.commit(processed), host.held

    def change(self, name: str, **changes: Any) -> None:
        """Live state knows of something else."""
        self.sessions[name] = replace(self.sessions[name], **changes)
        self.live.put_session(self.sessions[name])


@dataclass(frozen=True)
class Move:
    """What happens next: time passes, then something comes, or nothing."""

    after_ms: int
    name: str
    kind: int  # of what comes
    lag_ms: int  # how old it is; negative for a device whose clock is ahead
    ahead_ms: int  # how far it promises


moves = some.builds(
    Move,
    after_ms=some.sampled_from([0, 1, 20, 50, 130, 400, 1100, 3900]),
    name=some.sampled_from(NAMES),
    kind=some.integers(0, 9),
    lag_ms=some.sampled_from([-400, 0, 0, 10, 300, 2500]),
    ahead_ms=some.sampled_from([0, 1, 500, 1000, 4000]),
)


def a_header(pair: Pair, move: Move, stream: str, hop_us: int) -> Header:
    time_us = max(pair.clock.wall_us() - move.lag_ms * 1000, START_US)
    return Header(
        session_id=move.name, stream_id=stream, sequence=time_us // hop_us, event_time_us=time_us,
        complete_until_us=time_us + move.ahead_ms * 1000 + 1,
    )  # fmt: skip


def physio(header: Header) -> PhysioFeatures:
    return PhysioFeatures(
        header=header, heart_quality=0.0, heart_reason=Reason.NO_SIGNAL, variability_quality=0.0, variability_reason=Reason.NO_SIGNAL,
        eda_quality=1.0, eda_reason=Reason.GOOD, tonic_microsiemens=header.event_time_us % 7_000 / 1000,
    )  # fmt: skip


def voice(header: Header) -> AudioFeatures:
    return AudioFeatures(header=header, quality=1.0, reason=Reason.GOOD, level_dbfs=-float(header.event_time_us % 90))


def happens(pair: Pair, move: Move) -> None:
    """Do it to both hosts."""
    pair.clock.advance(move.after_ms / 1000)
    if move.kind <= 3:
        pair.turn(physio(a_header(pair, move, "physio", 1000)))
    elif move.kind <= 5:
        pair.turn(voice(a_header(pair, move, "audio", 1000)))
    elif move.kind == 6:
        fact = SessionChanged(header=a_header(pair, move, "session", 1), change=SessionChange.STARTED)
        pair.turn(replace(fact, header=replace(fact.header, complete_until_us=fact.header.event_time_us)))
    elif move.kind == 7:
        pair.change(move.name, consented=CONSENTS[move.ahead_ms])
        pair.turn()
    elif move.kind == 8 and move.lag_ms >= 10:
        pair.change(move.name, ended_at_us=pair.clock.wall_us())
        pair.turn()
    else:
        pair.turn()


@settings(max_examples=150, deadline=None)
@given(mode=some.sampled_from([Mode.LIVE, Mode.LIVE, Mode.REPLAY]), facts=some.booleans(), course=some.lists(moves, max_size=60))
def test_news_and_due_times_give_what_turning_every_session_gives_and_at_the_same_turn(mode: Mode, facts: bool, course: list[Move]) -> None:
    pair = Pair(FACTS_TOO if facts else FUSION, mode)
    for move in course:
        happens(pair, move)
    for _ in range(40):
        pair.clock.advance(0.3)
        pair.turn()


def test_what_the_clock_has_let_go_is_late_though_no_window_closed() -> None:
    pair, speaks = Pair(FUSION, Mode.LIVE), Move(after_ms=0, name="s0", kind=0, lag_ms=0, ahead_ms=4000)
    nothing, the_voice = replace(speaks, kind=9), replace(speaks, kind=5)
    happens(pair, speaks)
    happens(pair, replace(speaks, after_ms=4000))
    happens(pair, replace(nothing, after_ms=300))  # the voice is overdue
    happens(pair, replace(nothing, after_ms=50))
    happens(pair, replace(the_voice, after_ms=50, lag_ms=80))
    for _ in range(4):
        happens(pair, replace(nothing, after_ms=500))


def test_a_session_that_ended_without_any_consent_finishes_when_it_has_been_silent() -> None:
    pair = Pair(FUSION, Mode.LIVE)
    happens(pair, Move(after_ms=0, name="s0", kind=0, lag_ms=0, ahead_ms=500))
    pair.change("s0", consented=NOTHING, ended_at_us=pair.clock.wall_us())
    for _ in range(6):
        pair.clock.advance(0.3)
        pair.turn()
    assert "finished" in pair.live.marks("fusion", "s0")


def test_a_session_without_news_is_left_alone() -> None:
    turned: list[str] = []

    class Watched(ProcessorHost):
        def _turn_session(self, session_id: str, *rest: Any) -> None:
            turned.append(session_id)
            super()._turn_session(session_id, *rest)

    clock, live = ManualClock(START_US + 60_000_000), MemoryLiveState()
    host = Watched(PHYSIO, None, live, RuntimeSettings(), clock)
    sessions: list[Session] = [toy_session(f"s{number}", Mode.LIVE, ("eda",)) for number in range(20)]
    for session in sessions:
        live.put_session(session)
        host.process([_record(signal(session.session_id, "eda", 0, 1.0), session)])
    turned.clear()
    clock.advance(0.1)
    host.process([_record(signal("s7", "eda", 1, 1.0), sessions[7])])
    host.process([])
    assert turned == ["s7"]


def _record(event: Event, session: Session) -> Record:
    outgoing = to_record(event, session.key)
    return Record(outgoing.topic, 0, event.header.sequence, outgoing.key, outgoing.value, outgoing.headers)


@given(some.lists(some.tuples(some.sampled_from(NAMES), some.integers(0, 30)), max_size=40))
def test_no_name_is_given_later_than_it_is_due(settings_of_times: list[tuple[str, int]]) -> None:
    times, due = DueTimes(), dict[str, float]()
    for now, (name, at) in enumerate(settings_of_times):
        due[name] = at
        times.set(name, at)
        for passed in times.passed(now):
            if due.get(passed, now) < now:
                del due[passed]
            else:
                times.set(passed, due[passed])
        assert all(at >= now for at in due.values())


def test_times_that_move_on_do_not_pile_up() -> None:
    times = DueTimes()
    for now in range(10_000):
        times.set("s", now + 100)
        if times.passed(now):
            times.set("s", now + 100)
    assert len(times._times) == 1
