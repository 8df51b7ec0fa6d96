import asyncio
from collections.abc import Sequence

import pytest

from affectloop.events import END_OF_TIME_US, Event, VideoFrame
from affectloop_capture.ingest.send_queue import WAITING_CHUNKS, SendQueue
from unit.capture.making import START_US, a_chunk, a_frame, a_header


class SlowBus:
    """Takes a batch when it is let to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.free = asyncio.Event()

    async def __call__(self, events: Sequence[Event]) -> None:
        await self.free.wait()
        self.batches.append([event.header.sequence for event in events])


def test_a_frame_that_comes_while_one_is_in_flight_is_dropped() -> None:
    async def scene() -> tuple[list[bool], list[list[int]]]:
        bus = SlowBus()
        lane = SendQueue(bus)
        taken = []
        for number in range(4):
            taken.append(lane.offer(a_frame(number)))
            await asyncio.sleep(0)  # the send begins
        bus.free.set()
        await lane.empty()
        taken.append(lane.offer(a_frame(4)))
        await lane.empty()
        return taken, bus.batches

    taken, batches = asyncio.run(scene())
    assert taken == [True, False, False, False, True]
    assert batches == [[0], [4]]


def test_chunks_wait_in_order_up_to_a_bound() -> None:
    async def scene() -> tuple[list[bool], list[list[int]]]:
        bus = SlowBus()
        lane = SendQueue(bus)
        taken = []
        for number in range(WAITING_CHUNKS + 3):
            taken.append(lane.offer(a_chunk(sequence=4 * number)))
            await asyncio.sleep(0)
        bus.free.set()
        await lane.empty()
        return taken, bus.batches

    taken, batches = asyncio.run(scene())
    assert taken == [True] * (WAITING_CHUNKS + 1) + [False] * 2
    assert batches == [[0], [4 * number for number in range(1, WAITING_CHUNKS + 1)]]


def test_the_end_of_a_stream_is_never_dropped() -> None:
    async def scene() -> list[list[int]]:
        bus = SlowBus()
        lane = SendQueue(bus)
        lane.offer(a_frame(0))
        await asyncio.sleep(0)
        assert lane.offer(VideoFrame(header=a_header("camera", 1, START_US + 1, END_OF_TIME_US)))
        bus.free.set()
        await lane.empty()
        return bus.batches

    assert asyncio.run(scene()) == [[0], [1]]


def test_what_sending_raises_is_raised_to_the_next_who_comes() -> None:
    async def scene() -> None:
        async def broken(events: Sequence[Event]) -> None:
            raise RuntimeError("a defect")

        lane = SendQueue(broken)
        lane.offer(a_frame(0))
        with pytest.raises(RuntimeError, match="a defect"):
            await lane.empty()
        assert lane.offer(a_frame(1))
        with pytest.raises(RuntimeError, match="a defect"):
            await lane.empty()

    asyncio.run(scene())
