"""What it costs to seal and to open a record of each topic: ``python benchmarks/codec.py [--write]``.

Every field of the event is set. The least of many short runs, in processor time: what one core needs, however busy the machine is.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from affectloop.bus import Record
from affectloop.codec import from_record, to_json, to_record
from affectloop.events import AudioChunk, Event, SignalChunk
from affectloop.sealing import new_key
from affectloop.topics import TOPICS, Topic

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

from golden.write import example  # noqa: E402
from loop_page import Table, processor_name  # noqa: E402

RESULT = Path(__file__).parents[1] / "docs" / "results" / "codec-speed.md"
TIMES, RUNS = 200, 100
OFTEN: dict[type[Event], dict[str, Any]] = {  # chunks as long as capture makes them
    SignalChunk: {"samples": np.zeros((16, 1), np.float32)},
    AudioChunk: {"pcm": np.zeros(4000, np.int16)},
}


def least_us(work: Callable[[], object]) -> float:
    """The least processor time of a call, over many runs."""
    spent = []
    for _ in range(RUNS):
        began_ns = time.process_time_ns()
        for _ in range(TIMES):
            work()
        spent.append(time.process_time_ns() - began_ns)
    return min(spent) / TIMES / 1000


def row(topic: Topic) -> list[str]:
    """What one topic's record costs."""
    event: Any = example(topic.event, full=True)
    event, key = replace(event, **OFTEN.get(topic.event, {})), new_key()
    outgoing = to_record(event, key)
    record = Record(outgoing.topic, 0, 0, outgoing.key, outgoing.value, outgoing.headers)
    works: tuple[Callable[[], object], ...] = (lambda: to_record(event, key), lambda: from_record(record, key), lambda: to_json(event))
    return [topic.name, f"{len(outgoing.value):,}", *(f"{least_us(work):.1f}" for work in works)]


def main() -> None:
    """Measure, print, perhaps write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write {RESULT.name}")
    chosen = parser.parse_args()
    table = Table(("microseconds", "bytes", "to a record", "from a record", "to JSON"), [row(topic) for topic in TOPICS])
    head = ["# What a record costs to write and to read", "", f"`python benchmarks/codec.py --write` wrote this on {processor_name()}."]
    head += ["Processor time of one core, sealing included (facts are not sealed).", ""]
    text = "\n".join([*head, *table.lines()])
    print(text)
    if chosen.write:
        RESULT.write_text(text)


if __name__ == "__main__":
    main()
