"""Live state of one process."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Sequence

from affectloop.clock import Clock, SystemClock
from affectloop.session import Session
from affectloop.store.live import MOST_COUNTED

MOST_NAMES = 100_000  # that are counted at a time
FORGOTTEN_AT_ONCE = 2  # more than come in: the names never pile up, and no call waits for a sweep


class MemoryLiveState:
    """Live state of one process."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._baselines: dict[str, dict[str, tuple[int, bytes]]] = defaultdict(dict)
        self._marks: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._latest: dict[str, dict[str, bytes]] = defaultdict(dict)
        self._taken: set[str] = set()
        self._until: list[tuple[float, str]] = []  # a heap: until when each name is taken
        self._counted: dict[str, _Counted] = {}

    def put_session(self, session: Session) -> None:
        """Store or replace a session."""
        with self._lock:
            self._sessions[session.session_id] = session

    def session(self, session_id: str) -> Session | None:
        """The session, or ``None``."""
        with self._lock:
            return self._sessions.get(session_id)

    def sessions_named(self, session_ids: Sequence[str]) -> list[Session | None]:
        """Several sessions at once."""
        with self._lock:
            return [self._sessions.get(session_id) for session_id in session_ids]

    def change_session(self, session_id: str, change: Callable[[Session], Session]) -> Session | None:
        """Replace a session by what ``change`` makes of it."""
        with self._lock:
            if session_id not in self._sessions:
                return None
            self._sessions[session_id] = change(self._sessions[session_id])
            return self._sessions[session_id]

    def forget_session(self, session_id: str) -> None:
        """Delete the session and all that belongs to it."""
        with self._lock:
            for table in (self._sessions, self._baselines, self._marks, self._latest):
                table.pop(session_id, None)

    def sessions(self) -> list[str]:
        """The identifiers of all sessions."""
        with self._lock:
            return sorted(self._sessions)

    def put_baseline(self, session_id: str, name: str, sequence: int, value: bytes) -> None:
        """Store a baseline unless a newer one is there."""
        with self._lock:
            if session_id not in self._sessions:
                return
            known = self._baselines[session_id].get(name)
            if known is None or known[0] < sequence:
                self._baselines[session_id][name] = (sequence, value)

    def baselines(self, session_id: str) -> dict[str, bytes]:
        """The newest baseline of each name."""
        with self._lock:
            return {name: value for name, (_, value) in self._baselines.get(session_id, {}).items()}

    def mark(self, service: str, session_id: str, name: str) -> None:
        """Note how far a service is."""
        with self._lock:
            if session_id in self._sessions:
                self._marks[session_id][service].add(name)

    def marks(self, service: str, session_id: str) -> frozenset[str]:
        """What was noted."""
        with self._lock:
            return frozenset(self._marks[session_id][service]) if session_id in self._marks else frozenset()

    def put_latest(self, session_id: str, kind: str, value: bytes) -> None:
        """Keep the newest value of a kind."""
        with self._lock:
            if session_id in self._sessions:
                self._latest[session_id][kind] = value

    def drop_latest(self, session_id: str, kind: str) -> None:
        """Delete the newest value of a kind."""
        with self._lock:
            self._latest.get(session_id, {}).pop(kind, None)

    def latest(self, session_id: str, kind: str) -> bytes | None:
        """The newest value of a kind."""
        with self._lock:
            return self._latest.get(session_id, {}).get(kind)

    def take_once(self, name: str, seconds: float) -> bool:
        """Take a name that nobody took in the last ``seconds``."""
        now = self._clock.monotonic_s()
        with self._lock:
            while self._until and self._until[0][0] <= now:
                self._taken.discard(heapq.heappop(self._until)[1])
            if name in self._taken:
                return False
            self._taken.add(name)
            heapq.heappush(self._until, (now + seconds, name))
            return True

    def count_within(self, name: str, seconds: float) -> int:
        """Count one more event of that name within the window."""
        now = self._clock.monotonic_s()
        with self._lock:
            counted = self._counted.pop(name, None) or _Counted(seconds)
            self._counted[name] = counted  # the name that was quiet longest comes first
            counted.note(now)
            self._forget_quiet(now)
            return len(counted.times)

    @property
    def names(self) -> int:
        """How many names are counted or taken now."""
        with self._lock:
            return len(self._counted) + len(self._taken)

    def _forget_quiet(self, now: float) -> None:
        """Names that nobody counts any more, and beyond the limit those that were quiet longest: an attacker chooses names."""
        for name in list(itertools.islice(self._counted, FORGOTTEN_AT_ONCE)):
            counted = self._counted[name]
            if counted.times[-1] <= now - counted.seconds or len(self._counted) > MOST_NAMES:
                del self._counted[name]


class _Counted:
    """When the events of one name were."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.times: deque[float] = deque(maxlen=MOST_COUNTED)

    def note(self, now: float) -> None:
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        self.times.append(now)
