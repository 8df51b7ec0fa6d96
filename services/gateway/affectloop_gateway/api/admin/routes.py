"""What the tenant's administration does: tokens, the audit log; and the profiles that there are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from affectloop.policy.profile import Role, profiles
from affectloop.store.sql.audit import Audit
from affectloop.store.sql.tokens import Caller, Tokens
from affectloop_gateway.api.admin import models
from affectloop_gateway.api.dependencies import AnyCaller, Deps, one_of
from affectloop_gateway.api.errors import RESPONSES, Problem

router = APIRouter(prefix="/v1", tags=["admin"], responses=RESPONSES)

Admin = Annotated[Caller, Depends(one_of(Role.ADMIN))]
Office = Annotated[Caller, Depends(one_of(Role.ADMIN, Role.PLATFORM))]


@router.post("/tokens", status_code=201, summary="Make a token")
def make(deps: Deps, asking: Office, body: models.TokenRequest) -> models.TokenMade:
    """Make a token of this tenant. Its text is in this answer and nowhere else. A platform makes tokens of learners only."""
    if asking.role is Role.PLATFORM and body.role is not Role.LEARNER:
        raise Problem(403, "role", "a platform makes tokens of learners only", "ask the tenant's administrator")
    with deps.store.work(asking.tenant_id) as work:
        token, text = Tokens(work).issue(body.role, learner_id=body.learner_id, lasts_s=body.lasts_s)
        Audit(work).add(actor=asking.token_id, role=asking.role, action=f"token.make.{body.role}", subject=token.token_id)
        return models.TokenMade(token_id=token.token_id, role=body.role, token=text, expires_at_us=token.expires_at_us)


@router.delete("/tokens/{token_id}", status_code=204, summary="Revoke a token")
def revoke(deps: Deps, asking: Admin, token_id: Annotated[str, Path(description="The token's name.")]) -> Response:
    """Let a token open nothing any more; open live views close within a second."""
    with deps.store.work(asking.tenant_id) as work:
        if not Tokens(work).revoke(token_id):
            raise Problem(404, "token_id", "no such token in this tenant", "take its name from the audit log")
        Audit(work).add(actor=asking.token_id, role=asking.role, action="token.revoke", subject=token_id)
    return Response(status_code=204)


@router.get("/audit", summary="The audit log")
def audit(
    deps: Deps,
    asking: Admin,
    after: Annotated[int, Query(ge=0, description="Only entries beyond this number.")] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000, description="How many at most.")] = 1000,
) -> models.AuditLog:
    """Who did and saw what, and whether the log is still what was written."""
    with deps.store.reading(asking.tenant_id) as work:
        log = Audit(work)
        entries = [
            models.AuditDescription(
                number=entry.number,
                at_us=entry.at_us,
                actor=entry.actor,
                role=entry.role,
                action=entry.action,
                subject=entry.subject,
                digest=entry.digest,
            )
            for entry in log.entries(after=after, limit=limit)
        ]
        return models.AuditLog(entries=entries, first_broken=log.first_broken())


@router.get("/profiles", summary="Jurisdiction profiles")
def known_profiles(asking: AnyCaller) -> list[models.ProfileDescription]:
    """Every profile that there is."""
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
