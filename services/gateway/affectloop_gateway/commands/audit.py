"""``affectloop audit verify``: whether the audit logs are what was written, none changed, cut or written anew."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from affectloop.cli import FAILED, Command
from affectloop.clock import SystemClock
from affectloop.store.sql.audit import Audit, read_heads
from affectloop.store.sql.database import Head, Store
from affectloop.store.sql.people import tenants
from affectloop_gateway.database import heads_of, open_store
from affectloop_gateway.settings import GatewaySettings


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["verify"], help="what to do")
    parser.add_argument("tenant", nargs="*", help="only these tenants (default: all)")
    parser.add_argument(
        "--heads",
        type=Path,
        action="append",
        metavar="FILE",
        help="heads that were kept elsewhere: the file of AFFECTLOOP_GATEWAY__AUDIT_HEADS (default), or the gateway's log; may be repeated",
    )


def _run(chosen: argparse.Namespace) -> int:
    settings = GatewaySettings()
    own = heads_of(settings)
    files: list[Path] = chosen.heads or ([own] if own is not None and own.exists() else [])
    heads = [head for path in files for head in read_heads(path)]
    if not heads:
        print("no heads to compare with: a cut end or a log written anew would not show; name a file by --heads", file=sys.stderr)
    store = open_store(settings, SystemClock())
    try:
        names = sorted({tenant.tenant_id for tenant in tenants(store)} | {head.tenant_id for head in heads})
        problems = [problem for name in chosen.tenant or names if (problem := _verify(store, name, heads))]
    finally:
        store.close()
    print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    return FAILED if problems else 0


def _verify(store: Store, name: str, heads: list[Head]) -> str | None:
    """What is wrong with a tenant's log; says so where all is well."""
    own = [head for head in heads if head.tenant_id == name]
    with store.reading(name) as work:
        log = Audit(work)
        count, broken, missing = log.count(), log.first_broken(), log.missing(own)
    if broken is not None:
        return f"{name}: entry {broken} is not what was written, or does not follow the one before: compare with a backup"
    if missing is not None:
        what = "the end was cut off" if missing.number > count else "the log was written anew"
        return f"{name}: entry {missing.number} was kept as {missing.digest[:16]} and is not there: {what}; compare with a backup"
    print(f"{name}: {count} entries, whole; {len(own)} heads that were kept elsewhere agree")
    return None


COMMAND = Command(
    summary="whether the audit logs are whole",
    description=(
        "Check every entry against the installation's key and the entry before, and the log against heads that were kept elsewhere.\n"
        "Exit code 1 where a log was changed, cut or written anew.\n\n"
        "  affectloop audit verify\n"
        "  docker compose logs --no-log-prefix gateway > gateway.log; affectloop audit verify --heads gateway.log\n"
    ),
    arguments=_arguments,
    run=_run,
)
