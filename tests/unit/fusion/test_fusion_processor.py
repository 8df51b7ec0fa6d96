"""Windows: what they hold, and that nothing but the events decides it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from affectloop.events import END_OF_TIME_US, Event
from affectloop.topics import ESTIMATES
from affectloop_fusion.processor import FusionWindow
from affectloop_fusion.tokens import FACE, HOP_US, VOICE, WINDOW_US, WRISTBAND
from unit.fusion.making import (
    SECOND_US,
    START_US,
    a_body,
    a_face,
    a_processor,
    a_voice,
    assert_same_content,
    assert_same_windows,
    in_order,
    no_body,
    no_face,
    random_session,
    silence,
    units,
    windows_of,
)

END_US = START_US + 14 * SECOND_US  # progress is the least promise: beyond it there is the end of time alone
seeds = some.integers(0, 5)
progress = some.lists(some.integers(START_US, END_US), max_size=40)


@cache
def undisturbed_windows(seed: int) -> list[FusionWindow]:
    return windows_of(random_session(seed))


def test_there_is_a_window_every_half_second_and_the_last_one_says_so() -> None:
    windows = windows_of(random_session(1))
    times = [window.header.event_time_us for window in windows]
    assert times == list(range(START_US + HOP_US, START_US + 14 * SECOND_US + HOP_US + 1, HOP_US))
    assert [window.header.sequence for window in windows] == [time // HOP_US for time in times]
    assert {window.header.stream_id for window in windows} == {ESTIMATES.stream}
    assert [window.header.ends_stream for window in windows] == [False] * (len(windows) - 1) + [True]


def test_silence_of_every_modality_still_gives_windows() -> None:
    events: list[Event] = [make(START_US + 500_000 * place) for place in range(6) for make in (no_face, no_body, silence)]
    windows = windows_of(in_order(events))
    assert len(windows) == 8  # the wristband promised to speak until 3.5 s
    assert not any(mask.any() for window in windows for mask in (window.face_mask, window.wristband_mask, window.voice_mask))
    assert not any(window.trust.any() for window in windows)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, stops=progress)
def test_windows_do_not_depend_on_when_progress_is_told(seed: int, stops: list[int]) -> None:
    events = random_session(seed)
    assert_same_windows(windows_of(events, watermark_us=stops), undisturbed_windows(seed))


@pytest.mark.parametrize("seed", range(3))
def test_windows_do_not_depend_on_how_the_streams_interleave(seed: int) -> None:
    first, *others = random_session(seed)
    processor = a_processor()
    for event in [first, *sorted(others, key=lambda event: event.header.stream_id)]:
        processor.step(event)
    windows = [event for event in processor.advance(END_OF_TIME_US) if isinstance(event, FusionWindow)]
    assert_same_windows(windows, undisturbed_windows(seed))


@settings(max_examples=15, deadline=None)
@given(seed=seeds, kills=some.lists(some.integers(START_US, END_US), min_size=1, max_size=4), stops=progress)
def test_a_successor_fed_from_what_was_needed_goes_on_with_the_same_windows(seed: int, kills: list[int], stops: list[int]) -> None:
    events = random_session(seed)
    undisturbed = undisturbed_windows(seed)
    emitted: dict[int, FusionWindow] = {}
    needed_us, reached_us = 0, 0
    for kill_us in [*sorted(kills), END_OF_TIME_US]:
        processor = a_processor()
        again = [event for event in events if event.header.event_time_us >= needed_us]
        waited_for = len(again)
        for until_us in [stop for stop in sorted({*stops, kill_us}) if reached_us < stop <= kill_us]:
            while again and again[0].header.event_time_us < until_us:
                processor.step(again.pop(0))
            for window in processor.advance(until_us):
                assert isinstance(window, FusionWindow)
                emitted.setdefault(window.header.sequence, window)  # the first copy wins
            reached_us = until_us
        if len(again) < waited_for:  # before its first event, the host makes no processor
            needed_us = processor.needs_from_us
    assert_same_windows([emitted[number] for number in sorted(emitted)], undisturbed)


def test_a_gap_without_any_event_loses_no_window_to_a_crash() -> None:
    quiet_until_us = START_US + 40 * SECOND_US
    events: list[Event] = [a_face(START_US), a_face(quiet_until_us)]
    processor = a_processor()
    processor.step(events[0])
    list(processor.advance(START_US + 30 * SECOND_US))
    again = [event for event in events if event.header.event_time_us >= processor.needs_from_us]
    assert_same_windows(windows_of(again), windows_of(events))


def test_a_window_holds_what_was_before_its_end_and_within_eight_seconds() -> None:
    closing_us = START_US + 10 * SECOND_US
    just_in, just_out, too_old = closing_us - 1, closing_us, closing_us - WINDOW_US - 1
    events = in_order([a_face(too_old), a_body(too_old), a_face(just_out), a_body(just_out), a_voice(just_in)])
    window = next(window for window in windows_of(events) if window.header.event_time_us == closing_us)
    assert not window.face_mask.any()
    assert not window.wristband_mask.any()
    assert window.voice_mask.any(axis=1).tolist() == [False] * 15 + [True]


def test_the_newest_token_is_the_last_one() -> None:
    closing_us = START_US + 9 * SECOND_US
    window = next(
        window
        for window in windows_of([a_face(START_US + SECOND_US), a_face(closing_us - 1, action_units=units(AU12=0.5))])
        if window.header.event_time_us == closing_us
    )
    assert np.flatnonzero(window.face_mask.max(axis=1)).tolist() == [0, 31]
    assert window.face[31, FACE.names.index("AU12")] == pytest.approx(2.0)


def test_a_token_is_the_mean_of_its_frames_whatever_the_frame_rate() -> None:
    def bent(period_us: int) -> FusionWindow:
        frames = [a_face(time_us, action_units=units(AU4=0.3)) for time_us in range(START_US, START_US + SECOND_US, period_us)]
        return windows_of(frames, watermark_us=[START_US + SECOND_US])[1]

    assert_same_content(bent(33_000), bent(100_000))


def test_what_one_frame_lacks_does_not_dilute_what_another_has() -> None:
    events = [a_face(START_US, action_units=units(AU4=0.5)), a_face(START_US + 50_000, action_units=units(AU4=0.5), expression=None)]
    window = windows_of(events)[0]
    token = np.flatnonzero(window.face_mask.max(axis=1))[0]
    assert window.face[token, FACE.names.index("AU4")] == pytest.approx(2.0)
    assert window.face[token, FACE.names.index("neutral")] == pytest.approx(1.8)


def test_another_face_in_the_picture_is_not_the_learner() -> None:
    assert windows_of([a_face(START_US, stream="face-2")]) == []


def test_before_any_event_nothing_is_needed_and_after_the_end_neither() -> None:
    processor = a_processor()
    assert processor.needs_from_us == END_OF_TIME_US
    windows_of(random_session(0, seconds=2), processor=processor)
    assert processor.needs_from_us == END_OF_TIME_US


def test_what_is_held_does_not_grow_with_the_session() -> None:
    processor = a_processor()
    for second in range(120):
        processor.step(a_face(START_US + second * SECOND_US))
        list(processor.advance(START_US + second * SECOND_US))
    assert processor.needs_from_us == START_US + 119 * SECOND_US + HOP_US - WINDOW_US
    held = processor._tokens[FACE]
    assert len(held._waiting) + len(held._sums) <= 10


def test_tokens_have_the_shapes_that_the_net_was_made_for() -> None:
    window = windows_of(random_session(3))[0]
    for kind, tokens in ((FACE, window.face), (WRISTBAND, window.wristband), (VOICE, window.voice)):
        assert tokens.shape == (kind.count, len(kind.features))
        assert tokens.dtype == np.float32
