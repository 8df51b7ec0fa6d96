"""Tenants: made once, and put under another profile by an administrator's act alone."""

from __future__ import annotations

from affectloop.errors import InvalidInput
from affectloop.events import Modality
from affectloop.policy.profile import profiles
from affectloop.store.sql.consents import Consents
from affectloop.store.sql.database import Work
from affectloop.store.sql.facts import stop_reading
from affectloop.store.sql.people import People
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.training import Baselines

EVERY_MODALITY = frozenset(Modality)


def change_profile(work: Work, name: str) -> list[str]:
    """Put the tenant under another profile; gives the running sessions of which nothing may be read any more.

    Nothing that was agreed to under the old one stands, even if the tenant comes back to it: people must be asked again. What was
    learnt through their consents is deleted. No session starts meanwhile.
    """
    known_profile(name)
    people = People(work)
    people.lock_all()
    tenant = people.tenant(anew=True)
    if tenant.profile == name:
        return []
    Consents(work).withdraw_all()
    Baselines(work).forget(None, EVERY_MODALITY)
    running = [Sessions(work).get(row.session_id, locked=True) for row in Sessions(work).open_ones()]
    stopped = [row.session_id for row in running if stop_reading(work, row, EVERY_MODALITY)]
    tenant.profile = name  # last: others lock the tenant after learners and sessions
    return stopped


def known_profile(name: str) -> str:
    """The name, if there is such a profile."""
    if name not in profiles():
        raise InvalidInput(f"there is no profile {name}: use one of {', '.join(profiles())}")
    return name
