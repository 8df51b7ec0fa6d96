"""Facts on their way to the bus: stored together with what they tell, published afterwards, in order."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update

from affectloop.bus import Outgoing
from affectloop.store.sql.database import Work
from affectloop.store.sql.tables import OutboxRow


class Outbox:
    """The outbox of a tenant, or of all for its publisher."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.rows

    def put(self, record: Outgoing) -> None:
        """Store a record. Lock its session first: within a session, rows then become visible in the order of their numbers."""
        row = OutboxRow(
            tenant_id=self._work.tenant_id,
            session_id=record.key.decode(),
            topic=record.topic,
            headers={name: value.decode() for name, value in record.headers.items()},
            payload=record.value,
            stored_at_us=self._work.now_us,
        )
        self._rows.add(row)
        self._rows.flush()

    def waiting(self, limit: int) -> Sequence[tuple[int, Outgoing]]:
        """The oldest records that are not published yet, with their numbers."""
        query = select(OutboxRow).where(OutboxRow.published_at_us.is_(None)).order_by(OutboxRow.number).limit(limit)
        return [(row.number, _record(row)) for row in self._rows.scalars(query)]

    def count_waiting(self) -> int:
        """How many records are not published yet."""
        return self._rows.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.published_at_us.is_(None))) or 0

    def published(self, numbers: Sequence[int]) -> None:
        """The bus has accepted these."""
        self._rows.execute(update(OutboxRow).where(OutboxRow.number.in_(numbers)).values(published_at_us=self._work.now_us))

    def clear(self, before_us: int) -> None:
        """Delete what was published before that."""
        self._rows.execute(delete(OutboxRow).where(OutboxRow.published_at_us < before_us))


def _record(row: OutboxRow) -> Outgoing:
    headers = {name: str(value).encode() for name, value in row.headers.items()}
    return Outgoing(row.topic, row.session_id.encode(), row.payload, headers)
