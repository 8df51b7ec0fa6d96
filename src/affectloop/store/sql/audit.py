"""The audit log: who did or saw what. Each entry is sealed with a key that the database does not hold, over the one before.

A change in the middle breaks the chain; who has the database alone cannot mend it. So that a cut end or a log written all
anew shows too, the head of the chain is kept elsewhere at every entry: a line of the process' log, and a file.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event, select

from affectloop.errors import InvalidInput
from affectloop.policy.profile import Role
from affectloop.store.sql.database import Head, Work
from affectloop.store.sql.tables import AuditEntry, Tenant

logger = logging.getLogger(__name__)

FIRST = "0" * 64  # what the first entry follows
HEAD = "audit head"  # how the log calls it


class Audit:
    """One tenant's log. It is only added to; entries name tokens, their holders and pseudonyms, never people."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.rows

    def add(self, *, actor: str, holder: str, role: Role | None, action: str, subject: str) -> None:
        """Append an entry; appenders of one tenant take turns. Its head is kept elsewhere once it is committed."""
        tenant_id = self._work.tenant_id
        self._rows.get(Tenant, tenant_id, with_for_update=True)
        last = self._rows.scalars(select(AuditEntry).order_by(AuditEntry.number.desc()).limit(1)).first()
        entry = AuditEntry(
            tenant_id=tenant_id,
            number=last.number + 1 if last else 1,
            at_us=self._work.now_us,
            actor=actor,
            holder=holder,
            role=role.value if role else "",
            action=action,
            subject=subject,
            previous=last.digest if last else FIRST,
        )
        entry.digest = self._digest(entry)
        self._rows.add(entry)
        self._rows.flush()
        head = Head(tenant_id, entry.number, entry.digest)
        event.listen(self._rows, "after_commit", lambda _: self._work.keep_head(head), once=True)

    def entries(self, *, after: int = 0, limit: int = 1000) -> Sequence[AuditEntry]:
        """Entries beyond a number, in order."""
        return self._rows.scalars(select(AuditEntry).where(AuditEntry.number > after).order_by(AuditEntry.number).limit(limit)).all()

    def count(self) -> int:
        """The number of the last entry."""
        return self._rows.scalar(select(AuditEntry.number).order_by(AuditEntry.number.desc()).limit(1)) or 0

    def first_broken(self) -> int | None:
        """The number of the first entry that is not what was written, or that does not follow the one before; ``None`` if all is well.

        Entries cut off at the end do not show here: ``missing`` compares with the heads that were kept.
        """
        previous = FIRST
        every = self._rows.scalars(select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=1000))
        for number, entry in enumerate(every, start=1):
            if (entry.number, entry.previous) != (number, previous) or not hmac.compare_digest(entry.digest, self._digest(entry)):
                return number
            previous = entry.digest
        return None

    def missing(self, heads: Iterable[Head]) -> Head | None:
        """The first head of this tenant that the log does not hold as it was kept."""
        kept = {row.number: row.digest for row in self._rows.execute(select(AuditEntry.number, AuditEntry.digest))}
        own = (head for head in heads if head.tenant_id == self._work.tenant_id)
        return next((head for head in own if kept.get(head.number) != head.digest), None)

    def _digest(self, entry: AuditEntry) -> str:
        content = [
            entry.tenant_id, entry.number, entry.at_us, entry.actor, entry.holder, entry.role, entry.action, entry.subject, entry.previous,
        ]  # fmt: skip
        return hmac.digest(self._work.keys.audit_key(), json.dumps(content, ensure_ascii=True).encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class HeadFile:
    """Keeps the head of every audit log in a file, beside the line of the process' log; the file is only added to."""

    path: Path | None

    def __call__(self, head: Head) -> None:
        """Keep a head. The entry is committed: a file that cannot be written is told of, and undoes nothing."""
        fields = {"tenant": head.tenant_id, "number": head.number, "digest": head.digest}
        logger.info(HEAD, extra=fields)
        if self.path is None:
            return
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "a") as file:
                file.write(json.dumps({"phrase": HEAD, **fields}) + "\n")
        except OSError as error:
            logger.error("the audit head is in this log alone: its file cannot be written", extra={"cause": error.strerror})


def read_heads(path: Path) -> list[Head]:
    """The heads in a file of them, or in a log of JSON lines; other lines are passed over."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}): name the file of audit heads, or a log that holds them") from error
    found = [head for head in map(_head, lines) if head is not None]
    if not found:
        raise InvalidInput(f"{path} holds no audit head: name the file that AFFECTLOOP_GATEWAY__AUDIT_HEADS named, or the gateway's log")
    return found


def _head(line: str) -> Head | None:
    try:
        content = json.loads(line[line.index("{") :])  # container logs put a time before it
        return Head(str(content["tenant"]), int(content["number"]), str(content["digest"])) if content["phrase"] == HEAD else None
    except (ValueError, KeyError, TypeError):
        return None
