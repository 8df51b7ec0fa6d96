"""The token that a session's devices stream with: known by its hash in live state, so that capture needs no database.

Capture calls ``holds_grant``; what the token allows is the session's own consents, asked for at every record.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from affectloop.store.live import LiveState

STREAM_TOKEN = "stream-token"  # kind of the newest value in live state, beside estimate and directive
MARK = "als"


def make_grant(session_id: str) -> tuple[str, bytes]:
    """A fresh streaming token and what is kept of it. It is random, so a slow hash would add nothing."""
    token = f"{MARK}_{session_id}_{secrets.token_urlsafe(32)}"
    return token, _digest(token)


def put_grant(live: LiveState, session_id: str, digest: bytes) -> None:
    """Let the holder of the token stream into the session, as long as live state knows it."""
    live.put_latest(session_id, STREAM_TOKEN, digest)


def holds_grant(live: LiveState, session_id: str, token: str) -> bool:
    """Whether this token may stream into the session; unknown means no."""
    known = live.latest(session_id, STREAM_TOKEN)
    return known is not None and hmac.compare_digest(known, _digest(token))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
