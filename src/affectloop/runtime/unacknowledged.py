"""Records that were read and may be needed again: until when, and what may be acknowledged."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
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
        self._pending: dict[Partition, deque[Pending]] = defaultdict(deque)

    @property
    def count(self) -> int:
        """Records read and not acknowledged. May be asked from another thread: Faust's agent does while a turn runs."""
        return sum(len(pending) for pending in list(self._pending.values()))

    def note(self, record: Record) -> Pending:
        """A record was read."""
        pending = Pending(record.offset, record.key.decode(errors="replace"))
        self._pending[record.place].append(pending)
        return pending

    def take(self, is_needless: Callable[[Pending], bool]) -> Iterator[tuple[Partition, Pending]]:
        """Take from the front of each partition what nothing needs."""
        for place, pending in self._pending.items():
            while pending and is_needless(pending[0]):
                yield place, pending.popleft()

    def revoke(self, numbers: set[int]) -> None:
        """Forget partitions of these numbers."""
        for place in [place for place in self._pending if place.number in numbers]:
            del self._pending[place]
