"""``affectloop tenant``: make a tenant, put it under another profile, make a token of its staff."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from affectloop.cli import Command
from affectloop.clock import SystemClock
from affectloop.errors import InvalidInput
from affectloop.policy.profile import STAFF, STRICTEST, Role, profile, profiles
from affectloop.store.sql.audit import Audit
from affectloop.store.sql.database import Store, Work
from affectloop.store.sql.people import add_tenant, tenants
from affectloop.store.sql.tenancy import change_profile, known_profile
from affectloop.store.sql.tokens import LASTS_S, Tokens
from affectloop_gateway.database import open_store
from affectloop_gateway.settings import GatewaySettings

BY_COMMAND = "command"  # who did it, as the audit log says
LONGEST_DAYS = 400


def _arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", help="what to do")
    actions.add_parser("list", help="every tenant with its profile")
    create = actions.add_parser("create", help="make a tenant")
    create.add_argument("tenant", help="its name: lower-case letters, digits and hyphens, at most 32")
    create.add_argument("--profile", choices=sorted(profiles()), default=STRICTEST, help=f"jurisdiction profile (default: {STRICTEST})")
    create.add_argument("--title", help="what it calls itself (default: its name)")
    change = actions.add_parser("profile", help="put a tenant under another profile: every consent must be given again")
    change.add_argument("tenant", help="its name")
    change.add_argument("profile", choices=sorted(profiles()), help="the profile")
    token = actions.add_parser("token", help="make a token and print it: shown once, only its hash is kept")
    token.add_argument("tenant", help="the tenant's name")
    token.add_argument("--role", choices=sorted(role.value for role in STAFF), default=Role.ADMIN.value, help="default: admin")
    token.add_argument("--for", dest="holder", required=True, metavar="HOLDER", help="whom it is for: an identifier, no name")
    token.add_argument("--days", type=float, default=LASTS_S / 86_400, help="how long it is good (default: 1)")


def _run(chosen: argparse.Namespace) -> int:
    store = open_store(GatewaySettings(), SystemClock())
    try:
        ACTIONS[chosen.action](store, chosen)
    finally:
        store.close()
    return 0


def _list(store: Store, _: argparse.Namespace) -> None:
    for tenant in tenants(store):
        print(f"{tenant.tenant_id:32} {profile(tenant.profile).name:12} {tenant.title}")


def _create(store: Store, chosen: argparse.Namespace) -> None:
    name = chosen.tenant
    there = {tenant.tenant_id: tenant.profile for tenant in tenants(store)}
    if there.get(name, chosen.profile) != chosen.profile:
        raise InvalidInput(
            f"{name} is there under {there[name]}: put it under another by `affectloop tenant profile {name} {chosen.profile}`"
        )
    if name in there:
        _say(f"{name} was there under {chosen.profile}; nothing changed")
        return
    with store.work(name):
        pass  # refuses a name that no tenant can have
    add_tenant(store, name, title=chosen.title or name, profile=known_profile(chosen.profile))
    with store.work(name) as work:
        _note(work, f"tenant.create.{chosen.profile}", name)
    _say(f"made {name} under {chosen.profile}; next: affectloop tenant token {name} --for ADMINISTRATOR")


def _profile(store: Store, chosen: argparse.Namespace) -> None:
    before = _known(store, chosen.tenant)
    if before == chosen.profile:
        _say(f"{chosen.tenant} was under {before}; nothing changed")
        return
    with store.work(chosen.tenant) as work:
        stopped = change_profile(work, chosen.profile)
        _note(work, f"tenant.profile.{chosen.profile}", chosen.tenant)
    _say(
        f"{chosen.tenant} is under {chosen.profile}, no longer under {before}: no consent stands, each must be given again; "
        f"{len(stopped)} running sessions are read no more (the gateway tells live state within seconds)"
    )


def _token(store: Store, chosen: argparse.Namespace) -> None:
    _known(store, chosen.tenant)
    if not 0 < chosen.days <= LONGEST_DAYS:
        raise InvalidInput(f"--days {chosen.days:g} is out of range: a token is good for at most {LONGEST_DAYS} days")
    with store.work(chosen.tenant) as work:
        token, text = Tokens(work).issue(Role(chosen.role), holder=chosen.holder, lasts_s=chosen.days * 86_400)
        _note(work, f"token.make.{chosen.role}", token.token_id)
    until = datetime.fromtimestamp((token.expires_at_us or 0) / 1e6, UTC).isoformat(timespec="minutes")
    print(text)
    _say(f"token {token.token_id} of {chosen.tenant} for {chosen.holder}, {chosen.role}, until {until}; it is not shown again")


def _known(store: Store, name: str) -> str:
    """The tenant's profile."""
    there = {tenant.tenant_id: tenant.profile for tenant in tenants(store)}
    if name not in there:
        raise InvalidInput(f"there is no tenant {name}: make it by `affectloop tenant create {name}`")
    return there[name]


def _note(work: Work, action: str, subject: str) -> None:
    Audit(work).add(actor=BY_COMMAND, holder="", role=None, action=action, subject=subject)


def _say(what: str) -> None:
    """On standard error: standard output is for a token that a script takes."""
    print(what, file=sys.stderr)


ACTIONS: Mapping[str, Callable[[Store, argparse.Namespace], None]] = {
    "list": _list,
    "create": _create,
    "profile": _profile,
    "token": _token,
}
COMMAND = Command(
    summary="make tenants and tokens, change a tenant's profile",
    description=(
        "Work on the gateway's database (AFFECTLOOP_GATEWAY__DATABASE, __MASTER_KEY); each act is audited and says what it did.\n\n"
        "  affectloop tenant create my-school --profile eu-school\n"
        "  affectloop tenant token my-school --for head-office            an administrator's, for a day\n"
        "  affectloop tenant token my-school --role platform --for moodle --days 90\n"
        "  affectloop tenant profile my-school us-school                  every consent must be given again\n"
    ),
    arguments=_arguments,
    run=_run,
)
