"""Tokens: made for a person or a system, listed, revoked, signed out with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from affectloop.policy.access import Action
from affectloop.policy.profile import Role
from affectloop.store.sql.tables import Token
from affectloop.store.sql.tokens import Caller, Tokens
from affectloop_gateway.api.admin import models
from affectloop_gateway.api.bodies import Name
from affectloop_gateway.api.dependencies import AnyCaller, Dependencies, Deps
from affectloop_gateway.api.errors import RESPONSES, Problem
from affectloop_gateway.api.permissions import note, permitted

router = APIRouter(prefix="/v1/tokens", tags=["admin"], responses=RESPONSES)


@router.post("", status_code=201, summary="Make a token")
def make(deps: Deps, asking: AnyCaller, body: models.TokenRequest) -> models.TokenMade:
    """Make a token of this tenant. Its text is in this answer and nowhere else.

    An administrator makes those of staff and systems. A learner's opens the learner's name, so it is made by those whom the profile shows
    names to, of learners in their reach.
    """
    if body.role is Role.LEARNER and body.learner_id is not None:
        return _made(deps, asking, body, Action.TOKEN_MAKE_LEARNER, body.learner_id)
    return _made(deps, asking, body, Action.TOKEN_MAKE, None)


@router.get("", summary="Tokens")
def tokens(deps: Deps, asking: AnyCaller) -> list[models.TokenDescription]:
    """Every token that was made, newest first; never their texts."""
    with permitted(deps, asking, Action.TOKENS_VIEW) as work:
        return [_described(token, work.now_us) for token in Tokens(work).every()]


@router.delete("/mine", status_code=204, summary="Sign out")
def sign_out(deps: Deps, asking: AnyCaller) -> Response:
    """Let the token that this request was made with open nothing any more."""
    with permitted(deps, asking, Action.SIGN_OUT) as work:
        Tokens(work).revoke(asking.token_id)
    return Response(status_code=204)


@router.delete("/{token_id}", status_code=204, summary="Revoke a token")
def revoke(deps: Deps, asking: AnyCaller, token_id: Annotated[Name, Path(description="The token's name.")]) -> Response:
    """Let a token open nothing any more; open live views close within a second."""
    with permitted(deps, asking, Action.TOKEN_REVOKE, about=token_id) as work:
        if not Tokens(work).revoke(token_id):
            raise Problem(404, "token_id", "no such token in this tenant", "take its name from the list of tokens")
    return Response(status_code=204)


def _made(deps: Dependencies, asking: Caller, body: models.TokenRequest, action: Action, learner_id: str | None) -> models.TokenMade:
    with permitted(deps, asking, action, learner_id=learner_id, noting=False) as work:
        if body.role is not Role.LEARNER and body.holder is None:
            raise Problem(422, "holder", "the token names nobody", "say which person or system it is for")
        token, text = Tokens(work).issue(body.role, holder=body.holder, learner_id=body.learner_id, lasts_s=body.lasts_s)
        note(work, asking, f"{Action.TOKEN_MAKE}.{body.role}", token.token_id)
        return models.TokenMade(token_id=token.token_id, role=body.role, holder=token.holder, token=text, expires_at_us=token.expires_at_us)


def _described(token: Token, now_us: int) -> models.TokenDescription:
    return models.TokenDescription(
        token_id=token.token_id,
        role=Role(token.role),
        holder=token.holder,
        learner_id=token.learner_id,
        created_at_us=token.created_at_us,
        expires_at_us=token.expires_at_us,
        revoked_at_us=token.revoked_at_us,
        is_good=token.revoked_at_us is None and (token.expires_at_us is None or now_us < token.expires_at_us),
    )
