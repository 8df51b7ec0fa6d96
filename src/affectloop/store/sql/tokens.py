"""Bearer tokens with a tenant and a role; the database keeps their hashes only.

A token reads ``al_<tenant>_<secret>``: the tenant in it says where to look, and is nothing that a holder could change.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from affectloop.errors import InvalidInput, NotAllowed
from affectloop.policy.profile import Role
from affectloop.store.sql.database import TENANT_NAME, Store, Work
from affectloop.store.sql.keys import fingerprint
from affectloop.store.sql.people import People
from affectloop.store.sql.tables import Token

MARK = "al"
LASTS_S = 86_400.0  # unless it is asked for longer
HOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds a token."""

    tenant_id: str
    token_id: str
    role: Role
    holder: str  # whom it was made for
    learner_id: str | None = None


class Tokens:
    """The tokens of one tenant."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.rows

    def issue(self, role: Role, *, holder: str | None = None, learner_id: str | None = None, lasts_s: float = LASTS_S) -> tuple[Token, str]:
        """A new token: its row and the text that is shown once. It names the person or system that it is for; a learner's, the learner."""
        if (role is Role.LEARNER) != (learner_id is not None):
            raise InvalidInput("a learner's token names its learner, and no other role's does")
        if learner_id is not None:
            People(self._work).learner(learner_id)
        holder = learner_id or holder
        if holder is None or not HOLDER.fullmatch(holder):
            raise InvalidInput("a token names whom it is for: give letters, digits, dots and hyphens, at most 64; no person's name")
        text = f"{MARK}_{self._work.tenant_id}_{secrets.token_urlsafe(32)}"
        token = Token(
            tenant_id=self._work.tenant_id,
            token_id=secrets.token_hex(8),
            secret_hash=fingerprint(text),
            role=role.value,
            holder=holder,
            learner_id=learner_id,
            created_at_us=self._work.now_us,
            expires_at_us=self._work.now_us + round(lasts_s * 1e6),
        )
        self._rows.add(token)
        self._rows.flush()
        return token, text

    def revoke(self, token_id: str) -> bool:
        """Let a token open nothing any more; ``False`` where there is none."""
        token = self._rows.get(Token, (self._work.tenant_id, token_id))
        if token is None:
            return False
        token.revoked_at_us = token.revoked_at_us or self._work.now_us
        return True

    def caller(self, text: str) -> Caller | None:
        """Who holds this token, if it is good now."""
        token = self._rows.scalars(select(Token).where(Token.secret_hash == fingerprint(text))).first()
        now_us = self._work.now_us
        if token is None or token.revoked_at_us is not None or (token.expires_at_us is not None and token.expires_at_us <= now_us):
            return None
        return Caller(token.tenant_id, token.token_id, Role(token.role), token.holder, token.learner_id)

    def every(self) -> Sequence[Token]:
        """All that were made, newest first."""
        return self._rows.scalars(select(Token).order_by(Token.created_at_us.desc(), Token.token_id)).all()

    def name_of(self, text: str) -> str | None:
        """The name of a token, good or not; ``None`` where it was never made."""
        return self._rows.scalars(select(Token.token_id).where(Token.secret_hash == fingerprint(text))).first()


def tenant_of(text: str) -> str:
    """The tenant that a token names; ``NotAllowed`` where it is no token."""
    mark, _, rest = text.partition("_")
    tenant_id, _, secret = rest.partition("_")
    if mark != MARK or not secret or not TENANT_NAME.fullmatch(tenant_id):
        raise NotAllowed("this is no token of Affectloop")
    return tenant_id


def caller_of(store: Store, text: str) -> Caller:
    """Who holds this token; ``NotAllowed`` where nobody does now."""
    with store.reading(tenant_of(text)) as work:
        caller = Tokens(work).caller(text)
    if caller is None:
        raise NotAllowed("the token is unknown, expired or revoked")
    return caller
