"""Who may stream for a session: a port, and its default over live state."""

from __future__ import annotations

import hashlib
import hmac
from typing import Protocol

from affectloop.store.live import LiveState

STREAM_TOKEN = "stream-token"  # kind of the newest value in live state; whoever opens the session puts the digest there


class Authorize(Protocol):
    """Whether the token's bearer may stream for the session."""

    def __call__(self, token: str, session_id: str) -> bool:
        """The answer; unknown means no."""


def token_digest(token: str) -> bytes:
    """What live state holds of a token: SHA-256, 32 bytes. Tokens are random, so a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).digest()


class StreamAuthentication:
    """One streaming token a session, its digest in live state as ``latest(session_id, "stream-token")``."""

    def __init__(self, live: LiveState) -> None:
        self._live = live

    def __call__(self, token: str, session_id: str) -> bool:
        """Compare in constant time; a session without a token takes none."""
        known = self._live.latest(session_id, STREAM_TOKEN)
        return known is not None and hmac.compare_digest(known, token_digest(token))
