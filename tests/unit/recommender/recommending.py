"""What the recommender's tests share: events of a session, and a session run to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from affectloop.events import (
    BaselineMeasured,
    Directive,
    Emotion,
    EmotionEstimate,
    Event,
    Header,
    Item,
    Reason,
    SessionChange,
    SessionChanged,
    TrialAnswered,
)
from affectloop.processor import SessionContext
from affectloop.synthetic.learner import Answer, SimulatedLearner
from affectloop_recommender.processor import RecommenderProcessor
from affectloop_recommender.settings import RecommenderSettings

START_US = 1_700_000_000_000_000
TRIAL_US = 5_000_000
HOP_US = 500_000


def header(stream_id: str, sequence: int, time_us: int, session_id: str = "session") -> Header:
    return Header(session_id=session_id, stream_id=stream_id, sequence=sequence, event_time_us=time_us, complete_until_us=time_us)


def session_context(
    baseline: BaselineMeasured | None = None, *, session_id: str = "session", started_at_us: int = START_US, infers: bool = True
) -> SessionContext:
    baselines = {baseline.name: baseline} if baseline else {}
    return SessionContext(session_id=session_id, started_at_us=started_at_us, emotion_inference=infers, baselines=baselines)


def processor(opened: SessionContext | None = None, settings: RecommenderSettings | None = None) -> RecommenderProcessor:
    return RecommenderProcessor(opened or session_context(), settings or RecommenderSettings())


def started(session_id: str = "session", time_us: int = START_US) -> SessionChanged:
    return SessionChanged(header=header("session", 0, time_us, session_id), change=SessionChange.STARTED)


def trial(
    number: int, item: Item, answer: Emotion, *, session_id: str = "session", time_us: int | None = None, **more: object
) -> TrialAnswered:
    fields: dict[str, object] = {"valid": True, "reaction_time_ms": 1500.0} | more
    at_us = START_US + number * TRIAL_US if time_us is None else time_us
    return TrialAnswered(
        header=header("trials", number, at_us, session_id), trial_id=f"{session_id}-{number}", item=item, answer=answer,
        correct=answer is item.emotion, **fields,  # type: ignore[arg-type]
    )  # fmt: skip


def estimate(time_us: int, strain: float | None, confidence: float = 0.9) -> EmotionEstimate:
    return EmotionEstimate(
        header=header("fusion", time_us // HOP_US, time_us), abstained=strain is None, reason=Reason.GOOD, confidence=confidence,
        strain=strain, face_share=0.5, wristband_share=0.5, voice_share=0.0,
    )  # fmt: skip


def wrong(item: Item) -> Emotion:
    return Emotion.SURPRISE if item.emotion is Emotion.FEAR else Emotion.FEAR


def only_directive(events: object) -> Directive:
    (directive,) = [event for event in events if isinstance(event, Directive)]  # type: ignore[attr-defined]
    return directive


def answers_of(learner: SimulatedLearner) -> Callable[[int, Item], Emotion]:
    def emotion(number: int, item: Item) -> Emotion:
        answer: Answer = learner.answer(item, number)
        return answer.emotion

    return emotion


def signs(text: str) -> Callable[[int, Item], Emotion]:
    """Answers by a text of ``+`` and ``-``."""
    return lambda number, item: item.emotion if text[number - 1] == "+" else wrong(item)


def session(
    count: int, answer: Callable[[int, Item], Emotion], *, strain: Sequence[float | None] = (), steered: RecommenderProcessor | None = None
) -> tuple[list[Event], list[Event]]:
    """Run a session; gives what went in, in event-time order, and what came out. ``strain`` is by trial."""
    steered = steered or processor()
    inputs: list[Event] = [started()]
    outputs = list(steered.step(inputs[0]))
    for number in range(1, count + 1):
        for time_us in range(START_US + (number - 1) * TRIAL_US + HOP_US, START_US + number * TRIAL_US, HOP_US) if strain else ():
            inputs.append(estimate(time_us, strain[number - 1]))
            outputs += steered.step(inputs[-1])
        item = only_directive(outputs[-2:]).item
        inputs.append(trial(number, item, answer(number, item)))
        outputs += steered.step(inputs[-1])
        outputs += steered.advance(inputs[-1].header.event_time_us)
    return inputs, outputs


def directives(events: Sequence[Event]) -> list[Directive]:
    return [event for event in events if isinstance(event, Directive)]


def baselines(events: Sequence[Event]) -> list[BaselineMeasured]:
    return [event for event in events if isinstance(event, BaselineMeasured)]
