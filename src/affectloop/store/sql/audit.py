"""The audit log: who did or saw what, each entry with the hash of the one before, so that a change in the middle shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from sqlalchemy import select

from affectloop.policy.profile import Role
from affectloop.store.sql.database import Work
from affectloop.store.sql.tables import AuditEntry, Tenant

FIRST = "0" * 64  # what the first entry follows


class Audit:
    """One tenant's log. It is only added to; entries name tokens and pseudonyms, never people."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.rows

    def add(self, *, actor: str, role: Role | None, action: str, subject: str) -> None:
        """Append an entry; appenders of one tenant take turns."""
        tenant_id = self._work.tenant_id
        self._rows.get(Tenant, tenant_id, with_for_update=True)
        last = self._rows.scalars(select(AuditEntry).order_by(AuditEntry.number.desc()).limit(1)).first()
        entry = AuditEntry(
            tenant_id=tenant_id,
            number=last.number + 1 if last else 1,
            at_us=self._work.now_us,
            actor=actor,
            role=role.value if role else "",
            action=action,
            subject=subject,
            previous=last.digest if last else FIRST,
        )
        entry.digest = digest(entry)
        self._rows.add(entry)
        self._rows.flush()

    def entries(self, *, after: int = 0, limit: int = 1000) -> Sequence[AuditEntry]:
        """Entries beyond a number, in order."""
        return self._rows.scalars(select(AuditEntry).where(AuditEntry.number > after).order_by(AuditEntry.number).limit(limit)).all()

    def first_broken(self) -> int | None:
        """The number of the first entry that is not what was written, or that does not follow the one before; ``None`` if all is well.

        Entries cut off at the end do not show here: note the newest digest elsewhere from time to time.
        """
        previous = FIRST
        every = self._rows.scalars(select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=1000))
        for number, entry in enumerate(every, start=1):
            if (entry.number, entry.previous, entry.digest) != (number, previous, digest(entry)):
                return number
            previous = entry.digest
        return None


def digest(entry: AuditEntry) -> str:
    """The hash of an entry and of all before it."""
    content = [
        entry.tenant_id, entry.number, entry.at_us, entry.actor, entry.role, entry.action, entry.subject, entry.previous,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()
