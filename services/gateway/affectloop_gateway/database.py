"""The database that the settings name, for the service and its commands."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from affectloop.clock import Clock
from affectloop.store.sql.audit import HeadFile
from affectloop.store.sql.database import Store
from affectloop.store.sql.keys import MasterKey
from affectloop_gateway.settings import GatewaySettings


def open_store(settings: GatewaySettings, clock: Clock) -> Store:
    """Open it, and keep the heads of its audit logs where the settings say."""
    key = MasterKey.from_text(settings.master_key.get_secret_value()) if settings.master_key else None
    return Store.open(settings.database, key, clock, HeadFile(heads_of(settings)))


def heads_of(settings: GatewaySettings) -> Path | None:
    """The file of audit heads: the one that is set, else the one beside an embedded database."""
    if settings.audit_heads is not None:
        return settings.audit_heads
    beside = settings.database.startswith("sqlite") and make_url(settings.database).database
    return Path(f"{beside}.audit-heads") if beside else None
