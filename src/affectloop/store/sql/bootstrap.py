"""The first tenant of an installation, its administrator's token, and for a demonstration a learner who agreed to everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from affectloop.policy.profile import Purpose, Role, profile
from affectloop.store.sql.audit import Audit
from affectloop.store.sql.consents import Consents
from affectloop.store.sql.database import Store
from affectloop.store.sql.people import People, add_tenant
from affectloop.store.sql.tokens import LASTS_S, Tokens

LOCAL = "local"  # the tenant of sessions that name none
DEMO_LEARNER = "the learner of the demonstration"
DEMO_AGE_YEARS = 30
HOLDER = "first-administrator"


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """What a first run needs."""

    tenant_id: str
    admin_token: str = field(repr=False)
    learner_id: str | None  # of the demonstration


def bootstrap(store: Store, *, tenant_id: str = LOCAL, profile_name: str | None = None, lasts_s: float = LASTS_S) -> Bootstrapped:
    """Make a tenant and a token of its administrator; safe to call at every start, the token is a new one each time.

    Under the profile ``demo`` there is a learner too, an adult who consented to every modality for every purpose; under
    any other profile people are added by people.
    """
    known = profile(add_tenant(store, tenant_id, title=tenant_id, profile=profile(profile_name).name).profile)
    with store.work(tenant_id) as work:
        made, token = Tokens(work).issue(Role.ADMIN, holder=HOLDER, lasts_s=lasts_s)
        Audit(work).add(actor="bootstrap", holder="", role=None, action=f"token.make.{made.role}", subject=made.token_id)
        learner_id = None
        if known.name == "demo":
            year = datetime.fromtimestamp(work.now_us / 1e6, UTC).year
            learner_id = People(work).add(known_elsewhere_as=DEMO_LEARNER, birth_year=year - DEMO_AGE_YEARS).learner_id
            for modality in known.modalities:
                for purpose in (Purpose.TRAINING, Purpose.REPORT):
                    Consents(work).give(learner_id, known, modality, purpose, guardian=False, assent=True)
    return Bootstrapped(tenant_id, token, learner_id)
