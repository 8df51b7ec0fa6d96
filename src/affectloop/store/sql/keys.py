"""Envelope encryption: the installation's key wraps each learner's, a learner's wraps their sessions' and seals their rows.

Erasing a learner is deleting their wrapped key: what it sealed stays closed in every table, topic and backup.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from affectloop.errors import CannotOpen, InvalidInput, Unavailable

KEY_BYTES = 32  # AES-256
NONCE_BYTES = 12
PSEUDONYM_BYTES = 12  # 96 bits: a school's learners never collide


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key that seals small things, each for its own place."""

    secret: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> DataKey:
        """A random key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def seal(self, content: bytes, *place: str) -> bytes:
        """Seal something so that it opens only in this place."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.secret).encrypt(nonce, content, "\0".join(place).encode())

    def unseal(self, sealed: bytes, *place: str) -> bytes:
        """Open it; ``CannotOpen`` where the key or the place is another one."""
        try:
            return AESGCM(self.secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], "\0".join(place).encode())
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(f"{place[0]} does not open: other key, other place, or changed") from error


class MasterKey(DataKey):
    """The installation's key; keep a copy of it apart from the database's backups."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> MasterKey:
        """Read a key as ``openssl rand -base64 32`` prints it."""
        try:
            secret = base64.b64decode(text, validate=True)
        except binascii.Error:
            secret = b""
        if len(secret) != KEY_BYTES:
            raise InvalidInput("the master key is not 32 bytes in base64: make one with `openssl rand -base64 32`")
        return cls(secret)

    @classmethod
    def beside(cls, database: str | None, url: str) -> MasterKey:
        """The key in a file beside an embedded database, made when it is missing."""
        if not url.startswith("sqlite") or not database:
            raise Unavailable("PostgreSQL needs a master key: make one with `openssl rand -base64 32`, set AFFECTLOOP_GATEWAY__MASTER_KEY")
        path = Path(database + ".key")
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
        return cls.from_text(path.read_text().strip())

    def audit_key(self) -> bytes:
        """What seals the audit logs."""
        return hmac.digest(self.secret, b"audit", "sha256")

    def pseudonym(self, tenant_id: str, name_elsewhere: str) -> str:
        """The pseudonym of a person whom another system names so: the same every time, and not to be undone."""
        own = hmac.digest(self.secret, b"pseudonym\0" + tenant_id.encode(), "sha256")
        return hmac.digest(own, name_elsewhere.encode(), "sha256")[:PSEUDONYM_BYTES].hex()


def fingerprint(secret: str) -> str:
    """What is kept of a random token instead of the token."""
    return hashlib.sha256(secret.encode()).hexdigest()
