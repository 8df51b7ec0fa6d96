"""What of a host is asked from another thread than its own."""

import sys
import threading
from collections.abc import Iterator

import pytest

from affectloop.bus import Record
from affectloop.clock import ManualClock
from affectloop.runtime.processor_host import ProcessorHost
from affectloop.settings import RuntimeSettings
from affectloop.store.live.memory import MemoryLiveState
from affectloop.topics import SIGNALS
from toys import PHYSIO

PARTITIONS = 1000


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_another_thread_may_ask_whether_a_host_is_full_while_new_partitions_come_in() -> None:
    host = ProcessorHost(PHYSIO, None, MemoryLiveState(), RuntimeSettings(held_records=PARTITIONS), ManualClock())
    asked, stop = [0], threading.Event()

    def ask() -> None:
        while not stop.is_set() and not host.is_full:
            asked[0] += 1

    thread = threading.Thread(target=ask)
    thread.start()
    for number in range(PARTITIONS):
        host.process([Record(SIGNALS.name, number, 0, b"nobody", b"")])
    thread.join(20)
    stop.set()
    assert not thread.is_alive(), "it sees when the host is full"
    assert asked[0] > 0
