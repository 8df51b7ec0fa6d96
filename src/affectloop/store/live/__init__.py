"""Live state: what every service must know now, and what lives only as long as a session. The port; its backends stand beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from affectloop.session import Session

MOST_COUNTED = 10_000  # events of a name: beyond it a count stays there, since no limit is higher


class LiveState(Protocol):
    """Sessions, their baselines, and how far each service is with them. Every call is atomic; values are opaque bytes.

    What is written for a session that is not there is not kept: nothing of an erased one comes back.
    """

    def put_session(self, session: Session) -> None:
        """Store or replace a session."""

    def session(self, session_id: str) -> Session | None:
        """The session, or ``None`` where it is unknown or erased."""

    def sessions_named(self, session_ids: Sequence[str]) -> list[Session | None]:
        """Several sessions at once, in the order of their names; as ``session`` each."""

    def change_session(self, session_id: str, change: Callable[[Session], Session]) -> Session | None:
        """Replace a session by what ``change`` makes of it, with no other change in between; gives the new one.

        ``None`` where it is unknown: an erased session does not come back. ``change`` may be called more than once.
        """

    def forget_session(self, session_id: str) -> None:
        """Delete the session, its key and all that belongs to it."""

    def sessions(self) -> list[str]:
        """The identifiers of all sessions."""

    def put_baseline(self, session_id: str, name: str, sequence: int, value: bytes) -> None:
        """Store a baseline unless one of the same name with a higher or equal sequence is there."""

    def baselines(self, session_id: str) -> dict[str, bytes]:
        """The newest baseline of each name."""

    def mark(self, service: str, session_id: str, name: str) -> None:
        """Note that a service has finished with a session (``finished``) or one of its streams (``ended:<topic>:<stream>``)."""

    def marks(self, service: str, session_id: str) -> frozenset[str]:
        """What was noted."""

    def put_latest(self, session_id: str, kind: str, value: bytes) -> None:
        """Keep the newest value of a kind (``estimate``, ``directive``)."""

    def drop_latest(self, session_id: str, kind: str) -> None:
        """Delete the newest value of a kind, if there is one."""

    def latest(self, session_id: str, kind: str) -> bytes | None:
        """The newest value of a kind."""

    def take_once(self, name: str, seconds: float) -> bool:
        """Take a name that nobody took in the last ``seconds``; the second taker gets ``False`` (nonces)."""

    def count_within(self, name: str, seconds: float) -> int:
        """Count one more event of that name; returns how many there are within the window, at most ``MOST_COUNTED`` (rate limits).

        A name is always counted over the same window.
        """
