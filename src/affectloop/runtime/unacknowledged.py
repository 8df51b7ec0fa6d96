"""Records that were read and may be needed again: until when, and what may be acknowledged."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from affectloop.bus import Partition, Record
from affectloop.runtime.session_state import StreamName


@dataclass(slots=True)
class Pending:
    """A record that is not acknowledged yet."""

    offset: int
    session_id: str
    ends_us: int = 0  # the first instant after what it holds
    ends: StreamName | None = None
    done: bool = False  # nothing will need it again


class Unacknowledged:
    """What was read of each partition, in order."""

    def __init__(self) -> None:
        self._pending: dict[int, dict[str, deque[Pending]]] = defaultdict(lambda: defaultdict(deque))  # by number, then topic
        self.count = 0  # may be asked from another thread: Faust's agent does while a turn runs

    def note(self, record: Record) -> Pending:
        """A record was read."""
        pending = Pending(record.offset, record.key.decode(errors="replace"))
        self._pending[record.partition][record.topic].append(pending)
        self.count += 1
        return pending

    def take(self, is_needless: Callable[[Pending], bool], numbers: Iterable[int]) -> Iterator[tuple[Partition, Pending]]:
        """Take from the front of each partition of these numbers what nothing needs."""
        for number in numbers:
            for topic, pending in self._pending[number].items():
                while pending and is_needless(pending[0]):
                    self.count -= 1
                    yield Partition(topic, number), pending.popleft()

    def revoke(self, numbers: set[int]) -> None:
        """Forget partitions of these numbers."""
        for number in numbers:
            self.count -= sum(map(len, self._pending.pop(number, {}).values()))
