"""What the tenant's administration does: its profile, the audit log; and the profiles that there are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from affectloop.errors import InvalidInput
from affectloop.policy.access import Action
from affectloop.policy.profile import profiles
from affectloop.store.sql.audit import Audit
from affectloop.store.sql.people import People
from affectloop.store.sql.tenancy import known_profile
from affectloop_gateway.api.admin import models
from affectloop_gateway.api.bodies import LARGEST
from affectloop_gateway.api.consents.withdrawal import put_under
from affectloop_gateway.api.dependencies import AnyCaller, Deps
from affectloop_gateway.api.errors import RESPONSES, Problem
from affectloop_gateway.api.permissions import permitted

router = APIRouter(prefix="/v1", tags=["admin"], responses=RESPONSES)


@router.get("/tenant", summary="The tenant")
def tenant(deps: Deps, asking: AnyCaller) -> models.TenantDescription:
    """What it is called, and the profile that it is under."""
    with permitted(deps, asking, Action.TENANT_VIEW) as work:
        own = People(work).tenant()
        return models.TenantDescription(tenant_id=own.tenant_id, title=own.title, profile=own.profile)


@router.put("/tenant/profile", summary="Put the tenant under another profile")
def change_profile(deps: Deps, asking: AnyCaller, body: models.ProfileChange) -> models.ProfileChanged:
    """Consents were given under the old profile: they must be given again, and running sessions read nothing from here on."""
    try:
        name = known_profile(body.profile)
    except InvalidInput as error:
        problem, _, remedy = str(error).partition(": ")
        raise Problem(422, "profile", problem, remedy) from error
    changed = put_under(deps, asking, name)
    return models.ProfileChanged(**tenant(deps, asking).model_dump(), sessions=changed)


@router.get("/audit", summary="The audit log")
def audit(
    deps: Deps,
    asking: AnyCaller,
    after: Annotated[int, Query(ge=0, le=LARGEST, description="Only entries beyond this number.")] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000, description="How many at most.")] = 1000,
) -> models.AuditLog:
    """Who did and saw what, and was denied what; and whether the log is still what was written."""
    with permitted(deps, asking, Action.AUDIT_VIEW) as work:
        log = Audit(work)
        entries = [
            models.AuditDescription(
                number=entry.number,
                at_us=entry.at_us,
                actor=entry.actor,
                holder=entry.holder,
                role=entry.role,
                action=entry.action,
                subject=entry.subject,
                digest=entry.digest,
            )
            for entry in log.entries(after=after, limit=limit)
        ]
        return models.AuditLog(entries=entries, first_broken=log.first_broken())


@router.get("/profiles", summary="Jurisdiction profiles")
def known_profiles(deps: Deps, asking: AnyCaller) -> list[models.ProfileDescription]:
    """Every profile that there is."""
    with permitted(deps, asking, Action.PROFILES_VIEW):
        return [
            models.ProfileDescription(
                name=known.name,
                jurisdiction=known.jurisdiction,
                summary=known.summary,
                modalities=sorted(known.modalities),
                purposes=sorted(known.purposes),
                emotion_inference=known.emotion_inference,
                consent_version=known.consent_version,
            )
            for known in profiles().values()
        ]
