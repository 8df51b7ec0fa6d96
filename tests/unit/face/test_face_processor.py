from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectloop.codec import decode, encode, to_json
from affectloop.events import ACTION_UNITS, END_OF_TIME_US, BaselineMeasured, Event, FaceFeatures, Reason
from affectloop.processor import SessionContext
from affectloop_face.detected_faces import DetectedFaces, Unclassified
from affectloop_face.processor import FaceProcessor
from affectloop_face.settings import FaceSettings
from unit.face.drawn import FRAME_US, START_US, a_face, header, seen, still

SETTINGS = FaceSettings(neutral_window_s=2)
SMILE = {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8}
BLINK = {"eyeBlinkLeft": 1.0}


def session_context(*baselines: BaselineMeasured, emotion_inference: bool = False) -> SessionContext:
    return SessionContext(
        session_id="s",
        started_at_us=START_US,
        emotion_inference=emotion_inference,
        baselines={baseline.name: baseline for baseline in baselines},
    )


def processed(frames: Sequence[DetectedFaces], given: SessionContext | None = None, settings: FaceSettings = SETTINGS) -> list[Event]:
    processor = FaceProcessor(given or session_context(), settings)
    outputs = [event for frame in frames for event in processor.step(frame)]
    return outputs + list(processor.advance(END_OF_TIME_US))


def features(outputs: Sequence[Event], stream: str = "face") -> list[FaceFeatures]:
    of_stream = [event for event in outputs if event.header.stream_id == stream]
    return [event.features if isinstance(event, Unclassified) else event for event in of_stream if not isinstance(event, BaselineMeasured)]  # type: ignore[misc]


def baselines(outputs: Sequence[Event]) -> dict[str, BaselineMeasured]:
    return {event.name: event for event in outputs if isinstance(event, BaselineMeasured)}


def centre(record: FaceFeatures) -> float | None:
    return None if record.box is None else round(float(record.box[0] + record.box[2] / 2), 2)


def test_each_frame_gives_one_record_of_its_own_time_and_sequence() -> None:
    records = features(processed(still(3, a_face())))[:3]
    assert [record.header.sequence for record in records] == [0, 1, 2]
    assert [record.header.event_time_us for record in records] == [START_US, START_US + FRAME_US, START_US + 2 * FRAME_US]
    assert [record.header.complete_until_us for record in records] == [START_US + n * FRAME_US for n in (1, 2, 3)]


@pytest.mark.parametrize("reason", [Reason.NO_FACE, Reason.TOO_DARK, Reason.NO_SIGNAL])
def test_a_frame_without_a_face_says_why(reason: Reason) -> None:
    (record, _) = features(processed([seen(0, reason=reason)]))
    assert (record.quality, record.reason) == (0, reason)
    assert record.box is record.pose_deg is record.blendshapes is record.action_units is record.expression is None


def test_a_face_that_cannot_be_trusted_at_all_has_a_place_and_no_values() -> None:
    record = features(processed([seen(0, a_face(quality=0, reason=Reason.TURNED_AWAY, yaw_deg=70))]))[0]
    assert (record.quality, record.reason, record.blendshapes) == (0, Reason.TURNED_AWAY, None)
    assert record.box is not None


def test_a_second_face_becomes_a_stream_of_its_own() -> None:
    outputs = processed([*still(10, a_face(0.3)), *still(10, a_face(0.3), a_face(0.8, 0.2), first=10)])
    assert {centre(record) for record in features(outputs)[:20]} == {0.3}
    others = features(outputs, "face-2")
    assert [record.header.sequence for record in others[:-1]] == list(range(14, 20))
    assert {centre(record) for record in others[:-1]} == {0.8}


def test_a_new_person_is_a_baseline_from_its_frame_on() -> None:
    baseline = baselines(processed([*still(10, a_face(0.3)), *still(10, a_face(0.3), a_face(0.8, 0.2), first=10)]))["face.track-2"]
    assert baseline.header.stream_id == "face.baseline.track-2"
    assert (baseline.header.sequence, baseline.header.event_time_us) == (14, header(14).event_time_us)
    assert baseline.header.complete_until_us == baseline.header.event_time_us
    assert baseline.values.tolist() == pytest.approx([0.7, 0.4, 0.2, 0.2])


def test_a_face_that_flickers_up_makes_nobody() -> None:
    flicker = [seen(n, a_face(0.3), *([a_face(0.8, 0.2)] if n % 4 else [])) for n in range(40)]
    assert {event.header.stream_id for event in processed(flicker)} == {"face", "face.baseline.track-1", "face.baseline.neutral"}


def test_the_learner_is_the_largest_face_at_the_start() -> None:
    outputs = processed([*still(10, a_face(0.2, 0.2), a_face(0.7, 0.3)), *still(10, a_face(0.2, 0.35), a_face(0.7, 0.3), first=10)])
    assert {centre(record) for record in features(outputs)[:20]} == {0.7}


def test_a_learner_who_moves_about_alone_stays_the_learner() -> None:
    outputs = processed([seen(n, a_face(0.2 + 0.6 * n / 50, 0.2 + 0.2 * n / 50)) for n in range(50)])
    assert features(outputs, "face-2") == []
    assert all(record.quality == 1 for record in features(outputs)[:50])


def test_a_person_who_stays_while_the_learner_leaves_is_not_taken_for_the_learner() -> None:
    outputs = processed([*still(10, a_face(0.3), a_face(0.8, 0.2)), *still(5, a_face(0.78, 0.2), first=10)])
    assert [record.reason for record in features(outputs)[10:15]] == [Reason.NO_FACE] * 5
    assert {centre(record) for record in features(outputs, "face-2")[-6:-1]} == {0.78}


def test_action_units_wait_for_the_neutral_face_and_are_the_change_from_it() -> None:
    rest = {"browInnerUp": 0.3}
    outputs = processed([*still(40, a_face(shapes=rest)), *still(5, a_face(shapes=rest | SMILE), first=40)])
    learnt = baselines(outputs)["face.neutral"].header.sequence
    records = features(outputs)
    assert all(record.action_units is None for record in records[:learnt])
    smile = records[44].action_units
    assert smile is not None
    assert smile[ACTION_UNITS.index("AU12")] == pytest.approx(0.8)
    assert smile[ACTION_UNITS.index("AU1")] == pytest.approx(0, abs=1e-6)


def test_a_smile_and_a_blink_while_the_neutral_face_is_learnt_do_not_move_it() -> None:
    frames = [seen(n, a_face(shapes=SMILE if n % 5 < 2 else BLINK if n % 5 == 2 else {})) for n in range(60)]
    neutral = baselines(processed(frames))["face.neutral"].values
    assert neutral.tolist() == [0] * 52


def test_a_turned_head_teaches_no_neutral_face() -> None:
    assert "face.neutral" not in baselines(processed(still(100, a_face(yaw_deg=20))))


def test_the_neutral_face_of_an_earlier_session_counts_from_the_start() -> None:
    earlier = baselines(processed(still(60, a_face())))["face.neutral"]
    earlier = replace(earlier, header=replace(earlier.header, session_id="earlier", event_time_us=END_OF_TIME_US // 4))
    outputs = processed(still(60, a_face(shapes=SMILE)), session_context(earlier))
    assert features(outputs)[0].action_units is not None
    assert "face.neutral" not in baselines(outputs)


def test_places_of_an_earlier_session_do_not_count() -> None:
    track = baselines(processed(still(10, a_face(0.2), a_face(0.8, 0.2))))["face.track-2"]
    track = replace(track, header=replace(track.header, session_id="earlier"))
    assert features(processed(still(10, a_face()), session_context(track)), "face-2") == []


def test_the_last_frame_ends_every_stream() -> None:
    frames = [*still(10, a_face(0.3), a_face(0.8, 0.2)), seen(10, a_face(0.3), a_face(0.8, 0.2), ends=True)]
    outputs = processed(frames)
    for stream in ("face", "face-2"):
        assert [record.header.ends_stream for record in features(outputs, stream)][-2:] == [False, True]
        assert features(outputs, stream)[-1].quality == 1


def test_streams_whose_last_frame_said_nothing_end_with_a_record_without_signal() -> None:
    last = features(processed(still(10, a_face())))[-1]
    assert (last.header.sequence, last.header.event_time_us) == (10, START_US + 10 * FRAME_US)
    assert last.header.ends_stream
    assert (last.quality, last.reason) == (0, Reason.NO_SIGNAL)


def test_a_session_without_a_frame_says_nothing() -> None:
    assert processed([]) == []


def test_without_emotion_inference_nothing_is_left_to_classify() -> None:
    assert not any(isinstance(event, Unclassified) for event in processed(still(60, a_face())))


def test_expressions_are_asked_for_the_learner_alone_unless_others_agreed() -> None:
    frames = still(10, a_face(0.3), a_face(0.8, 0.2))
    allowed = session_context(emotion_inference=True)
    agreed = FaceSettings(neutral_window_s=2, classify_others=True)
    asked = [
        {event.header.stream_id for event in processed(frames, allowed, s) if isinstance(event, Unclassified)} for s in (SETTINGS, agreed)
    ]
    assert asked == [{"face"}, {"face", "face-2"}]


def test_a_poor_face_is_not_classified() -> None:
    frames = still(10, a_face(quality=0.4, reason=Reason.BLURRED))
    assert not any(isinstance(event, Unclassified) for event in processed(frames, session_context(emotion_inference=True)))


def test_what_the_processor_gives_survives_the_codec() -> None:
    for event in processed(still(60, a_face(0.3), a_face(0.8, 0.2, quality=0, reason=Reason.TOO_SMALL))):
        assert to_json(decode(type(event), encode(event))) == to_json(event)


def test_once_all_is_learnt_only_the_last_frames_are_needed() -> None:
    processor = FaceProcessor(session_context(), SETTINGS)
    assert processor.needs_from_us == 0
    for frame in still(30, a_face()):
        list(processor.step(frame))
        assert START_US - 2_000_000 <= processor.needs_from_us <= frame.header.event_time_us
    assert processor.needs_from_us == header(26).event_time_us


def test_baselines_that_were_stored_too_early_change_nothing_before_their_time() -> None:
    frames = [*still(20, a_face(0.3)), *still(30, a_face(0.3), a_face(0.8, 0.2), first=20)]
    undisturbed = processed(frames)
    assert set(baselines(undisturbed)) == {"face.neutral", "face.track-1", "face.track-2"}
    again = processed(frames, session_context(*baselines(undisturbed).values()))
    assert sorted(map(repr, map(to_json, again))) == sorted(map(repr, map(to_json, undisturbed)))


class Recovered:
    """A host that may lose its processor: outputs that were published, and what live state and the bus remember."""

    def __init__(self, frames: Sequence[DetectedFaces]) -> None:
        self.frames = frames
        self.published: dict[tuple[str, int], object] = {}
        self.stored: dict[str, BaselineMeasured] = {}
        self.acknowledged = 0
        self.next = 0
        self.start()

    def start(self) -> None:
        self.processor = FaceProcessor(session_context(*self.stored.values()), SETTINGS)
        self.next = self.acknowledged

    def turn(self, count: int, lost_after: str) -> None:
        """Feed some frames; the processor may die once it has stepped, or its baselines are stored, or its outputs published."""
        batch = self.frames[self.next : self.next + count]
        self.next += len(batch)
        outputs = [event for frame in batch for event in self.processor.step(frame)]
        if self.next == len(self.frames):
            outputs += self.processor.advance(END_OF_TIME_US)
        if lost_after == "step":
            return self.start()
        if lost_after in ("store", "commit", ""):
            self.store(outputs)
        if lost_after == "store":
            return self.start()
        for event in outputs:
            self.published.setdefault((event.header.stream_id, event.header.sequence), to_json(event))
        if lost_after == "publish":
            return self.start()
        needs = self.processor.needs_from_us
        self.acknowledged = sum(frame.header.event_time_us < needs for frame in self.frames)
        return self.start() if lost_after == "commit" else None

    def store(self, outputs: Sequence[Event]) -> None:
        for event in outputs:
            if isinstance(event, BaselineMeasured):
                stored = decode(BaselineMeasured, encode(event))
                assert isinstance(stored, BaselineMeasured)
                self.stored.setdefault(event.name, stored)


def wandering(choices: Sequence[tuple[int, int, float]]) -> list[DetectedFaces]:
    """Frames with up to three people who come, go, move and smile."""
    frames: list[DetectedFaces] = []
    for number, (people, duration, smile) in enumerate(choices):
        for _ in range(duration):
            faces = [a_face(0.2 + 0.3 * n + 0.01 * number, 0.3 - 0.05 * n, shapes={"mouthSmileLeft": smile}) for n in range(people)]
            frames.append(seen(len(frames), *faces))
    return frames


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 25), st.floats(0, 1, width=32)), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(1, 20), st.sampled_from(["", "", "step", "store", "publish", "commit"])), max_size=30),
)
def test_lost_processors_change_nothing(choices: list[tuple[int, int, float]], turns: list[tuple[int, str]]) -> None:
    frames = wandering(choices)
    undisturbed = {(event.header.stream_id, event.header.sequence): to_json(event) for event in processed(frames)}
    host = Recovered(frames)
    for count, lost_after in turns:
        host.turn(count, lost_after)
    host.turn(len(frames), "")
    assert host.published == undisturbed
