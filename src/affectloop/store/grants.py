"""The token that a session's devices stream with: known by its hash in live state, so that capture needs no database.

Capture calls ``holds_grant``; what the token allows is the session's own consents, asked for at every record.
"""

from __future__ import annotations

import hmac
import secrets

from affectloop.store.keys import fingerprint
from affectloop.store.live import LiveState

KIND = "streaming-grant"  # beside estimate and directive in live state
MARK = "als"


def make_grant(session_id: str) -> tuple[str, str]:
    """A fresh streaming token and its hash."""
    token = f"{MARK}_{session_id}_{secrets.token_urlsafe(32)}"
    return token, fingerprint(token)


def put_grant(live: LiveState, session_id: str, grant_hash: str) -> None:
    """Let the holder of the token stream into the session, as long as live state knows it."""
    live.put_latest(session_id, KIND, grant_hash.encode())


def holds_grant(live: LiveState, session_id: str, token: str) -> bool:
    """Whether this token may stream into the session; unknown means no."""
    known = live.latest(session_id, KIND)
    return known is not None and hmac.compare_digest(known, fingerprint(token).encode())
