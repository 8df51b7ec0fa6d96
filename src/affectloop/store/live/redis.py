"""Live state in Redis, for services in several processes: the same port as in memory, and everything expires.

Scripts run within Redis, so each call is atomic; one primary is meant, not a cluster. What belongs to a session lives
no longer than its descriptor, which lives ``retention_s`` from the last time it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, WatchError

from affectloop.errors import Unavailable
from affectloop.session import Session
from affectloop.store.live import MOST_COUNTED

RETENTION_S = 86_400  # as the longest-lived sealed topic: then the key has nothing left to open
ANSWER_WITHIN_S = 2.0  # a slower Redis is one that is not there

# KEYS: descriptor, hash; ARGV: field, value. What is written dies with the descriptor, and is not written without it.
WRITE = """
local left = redis.call('PTTL', KEYS[1])
if left <= 0 then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], left)
return 1
"""

# As WRITE, with the sequence as ARGV[3] and the sequences' hash as KEYS[3].
WRITE_NEWER = """
local left = redis.call('PTTL', KEYS[1])
if left <= 0 then return 0 end
local known = redis.call('HGET', KEYS[3], ARGV[1])
local new = ARGV[3]  -- compared as text: Lua's numbers have 53 bits
if known and (#known > #new or (#known == #new and known >= new)) then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], left)
redis.call('PEXPIRE', KEYS[3], left)
return 1
"""

# KEYS: sorted set of the events' times; ARGV: window in us, most to count. Redis' own clock, so that all replicas count alike.
COUNT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0)[1]
local member = last and tonumber(last) >= now and tonumber(last) + 1 or now
redis.call('ZADD', KEYS[1], now, string.format('%.0f', member))
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2])
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[1] / 1000) + 1)
return redis.call('ZCARD', KEYS[1])
"""


class RedisLiveState:
    """Live state of several processes.

    Parameters
    ----------
    url
        ``redis://`` or ``rediss://`` address.
    prefix
        Begins the name of every key, so that several installations may share a server.
    retention_s
        How long a session lives after its descriptor was last written.
    """

    def __init__(self, url: str, *, prefix: str = "affectloop", retention_s: float = RETENTION_S) -> None:
        self._redis = Redis.from_url(url, socket_timeout=ANSWER_WITHIN_S, socket_connect_timeout=ANSWER_WITHIN_S, health_check_interval=15)
        self._prefix = prefix
        self._retention_ms = round(retention_s * 1000)
        self._known: dict[str, tuple[bytes, Session]] = {}  # descriptors of the last look at several, and what they say
        self._write = self._redis.register_script(WRITE)
        self._write_newer = self._redis.register_script(WRITE_NEWER)
        self._count = self._redis.register_script(COUNT)

    def put_session(self, session: Session) -> None:
        """Store or replace a session; its expiry starts anew."""
        with self._answering(), self._redis.pipeline(transaction=True) as both:
            self._put(both, session)
            both.execute()

    def session(self, session_id: str) -> Session | None:
        """The session, or ``None``."""
        with self._answering():
            return _session(self._redis.get(self._descriptor(session_id)))

    def sessions_named(self, session_ids: Sequence[str]) -> list[Session | None]:
        """Several sessions at once; one whose descriptor is as it was is not read again."""
        if not session_ids:
            return []
        with self._answering():
            texts: Any = self._redis.mget([self._descriptor(session_id) for session_id in session_ids])
        known, self._known = self._known, {}
        sessions: list[Session | None] = []
        for session_id, text in zip(session_ids, texts, strict=True):
            before = known.get(session_id)
            session = before[1] if before is not None and before[0] == text else _session(text)
            if session is not None:
                self._known[session_id] = (text, session)
            sessions.append(session)
        return sessions

    def change_session(self, session_id: str, change: Callable[[Session], Session]) -> Session | None:
        """Replace a session by what ``change`` makes of it; tries again where another one was faster."""
        both: Any
        with self._answering(), self._redis.pipeline(transaction=True) as both:
            while True:
                try:
                    both.watch(self._descriptor(session_id))
                    session = _session(both.get(self._descriptor(session_id)))
                    if session is None:
                        return None
                    changed = change(session)
                    both.multi()
                    self._put(both, changed)
                    both.execute()
                except WatchError:
                    continue
                return changed

    def forget_session(self, session_id: str) -> None:
        """Delete the session and all that belongs to it."""
        with self._answering(), self._redis.pipeline(transaction=True) as all_of_it:
            all_of_it.delete(self._descriptor(session_id), *(self._part(session_id, part) for part in PARTS))
            all_of_it.zrem(self._index, session_id)
            all_of_it.execute()

    def sessions(self) -> list[str]:
        """The identifiers of all sessions."""
        with self._answering():
            self._redis.zremrangebyscore(self._index, "-inf", self._now_ms())
            names: Any = self._redis.zrange(self._index, 0, -1)
        return sorted(name.decode() for name in names)

    def put_baseline(self, session_id: str, name: str, sequence: int, value: bytes) -> None:
        """Store a baseline unless a newer one is there."""
        keys = [self._descriptor(session_id), self._part(session_id, BASELINES), self._part(session_id, SEQUENCES)]
        with self._answering():
            self._write_newer(keys, [name, value, sequence])

    def baselines(self, session_id: str) -> dict[str, bytes]:
        """The newest baseline of each name."""
        return {name.decode(): value for name, value in self._hash(session_id, BASELINES).items()}

    def mark(self, service: str, session_id: str, name: str) -> None:
        """Note how far a service is."""
        self._write_part(session_id, MARKS, f"{service}\0{name}", b"1")

    def marks(self, service: str, session_id: str) -> frozenset[str]:
        """What was noted."""
        pairs = (field.decode().split("\0", 1) for field in self._hash(session_id, MARKS))
        return frozenset(name for whose, name in pairs if whose == service)

    def put_latest(self, session_id: str, kind: str, value: bytes) -> None:
        """Keep the newest value of a kind."""
        self._write_part(session_id, LATEST, kind, value)

    def drop_latest(self, session_id: str, kind: str) -> None:
        """Delete the newest value of a kind."""
        with self._answering():
            self._redis.hdel(self._part(session_id, LATEST), kind)

    def latest(self, session_id: str, kind: str) -> bytes | None:
        """The newest value of a kind."""
        with self._answering():
            value: Any = self._redis.hget(self._part(session_id, LATEST), kind)
        return value if value is None else bytes(value)

    def take_once(self, name: str, seconds: float) -> bool:
        """Take a name that nobody took in the last ``seconds``."""
        with self._answering():
            return bool(self._redis.set(f"{self._prefix}:once:{name}", b"1", nx=True, px=max(1, round(seconds * 1000))))

    def count_within(self, name: str, seconds: float) -> int:
        """Count one more event of that name within the window."""
        with self._answering():
            counted: Any = self._count([f"{self._prefix}:count:{name}"], [round(seconds * 1e6), MOST_COUNTED])
        return int(counted)

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    @property
    def _index(self) -> str:
        return f"{self._prefix}:sessions"

    def _descriptor(self, session_id: str) -> str:
        return f"{self._prefix}:session:{session_id}"

    def _part(self, session_id: str, part: str) -> str:
        return f"{self._prefix}:{part}:{session_id}"

    def _put(self, pipeline: Any, session: Session) -> None:
        pipeline.set(self._descriptor(session.session_id), session.to_json(), px=self._retention_ms)
        for part in PARTS:
            pipeline.pexpire(self._part(session.session_id, part), self._retention_ms)
        pipeline.zadd(self._index, {session.session_id: self._now_ms() + self._retention_ms})

    def _now_ms(self) -> int:
        time: Any = self._redis.time()  # Redis' own clock, the one it expires by
        return int(time[0] * 1000 + time[1] // 1000)

    def _write_part(self, session_id: str, part: str, field: str, value: bytes) -> None:
        with self._answering():
            self._write([self._descriptor(session_id), self._part(session_id, part)], [field, value])

    def _hash(self, session_id: str, part: str) -> dict[bytes, bytes]:
        with self._answering():
            content: Any = self._redis.hgetall(self._part(session_id, part))
        return dict(content)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except RedisError as error:
            raise Unavailable(f"Redis does not answer ({error}); start it or check its address") from error


BASELINES, SEQUENCES, MARKS, LATEST = "baselines", "sequences", "marks", "latest"
PARTS = (BASELINES, SEQUENCES, MARKS, LATEST)


def _session(text: Any) -> Session | None:
    return None if text is None else Session.from_json(text.decode())
