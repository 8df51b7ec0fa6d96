"""Sealing of payloads with the session's key, so that erasing a session is deleting one key.

AES-256-GCM of ``cryptography``; topic, session and stream are associated data, so a sealed payload cannot be moved
to another place. A sealed payload is the 12-byte nonce followed by the ciphertext and its tag.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from affectloop.errors import CannotOpen
from affectloop.session import SessionKey

NONCE_BYTES = 12  # NIST SP 800-38D: random 96-bit nonces are safe up to 2^32 messages a key


def new_key() -> SessionKey:
    """A fresh key with a random name."""
    return SessionKey(key_id=secrets.token_hex(8), secret=AESGCM.generate_key(bit_length=256))


def seal(payload: bytes, key: SessionKey, *, topic: str, session_id: str, stream_id: str) -> bytes:
    """Seal a payload for its place."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key.secret).encrypt(nonce, payload, _place(topic, session_id, stream_id))


def unseal(sealed: bytes, key: SessionKey, *, topic: str, session_id: str, stream_id: str) -> bytes:
    """Open a sealed payload; ``CannotOpen`` where the key or the place is not the one it was sealed for."""
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key.secret).decrypt(nonce, ciphertext, _place(topic, session_id, stream_id))
    except (InvalidTag, ValueError) as error:
        raise CannotOpen(f"payload of {topic} does not open with key {key.key_id}: other key, other place, or changed") from error


def _place(topic: str, session_id: str, stream_id: str) -> bytes:
    return "\0".join((topic, session_id, stream_id)).encode()
