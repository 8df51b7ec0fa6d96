"""Bodies of what a tenant's administration asks and is told."""

from __future__ import annotations

from pydantic import BaseModel, Field

from affectloop.events import Modality
from affectloop.policy.profile import Purpose, Role
from affectloop.store.sql.tokens import LASTS_S
from affectloop_gateway.api.bodies import NAME, Body


class TokenRequest(Body):
    """A token to be made."""

    role: Role = Field(description="What its holder is.")
    holder: str | None = Field(
        None,
        pattern=NAME,
        description="The person or system that it is for, as the school's own directory calls them: an identifier, never a name. Classes "
        "are given to a teacher under it. A learner's token is for the learner.",
    )
    learner_id: str | None = Field(None, description="Whose token it is: for the role learner, and only for it.")
    lasts_s: float = Field(LASTS_S, gt=0, le=400 * 86_400, description="How long it is good, seconds; a day unless it is asked for longer.")


class TokenMade(BaseModel):
    """A token; its text is shown once and only its hash is kept."""

    token_id: str = Field(description="Its name, as the audit log has it.")
    role: Role = Field(description="What its holder is.")
    holder: str = Field(description="Whom it is for.")
    token: str = Field(description="The token.")
    expires_at_us: int | None = Field(description="Until when it is good.")


class TokenDescription(BaseModel):
    """A token that was made; its text is not kept."""

    token_id: str = Field(description="Its name, as the audit log has it.")
    role: Role = Field(description="What its holder is.")
    holder: str = Field(description="Whom it is for.")
    learner_id: str | None = Field(description="Whose it is, for learners.")
    created_at_us: int = Field(description="When it was made.")
    expires_at_us: int | None = Field(description="Until when it is good.")
    revoked_at_us: int | None = Field(description="Since when it opens nothing any more.")
    is_good: bool = Field(description="Neither expired nor revoked.")


class TenantDescription(BaseModel):
    """The tenant."""

    tenant_id: str = Field(description="Its name.")
    title: str = Field(description="What it calls itself.")
    profile: str = Field(description="The jurisdiction profile that it is under.")


class ProfileChange(Body):
    """Another jurisdiction profile for the tenant."""

    profile: str = Field(description="Its name, one of /v1/profiles.")


class ProfileChanged(TenantDescription):
    """The tenant under its profile, and what that stopped."""

    sessions: list[str] = Field(description="Running sessions of which nothing is read any more: every consent must be given again.")


class TeacherOfClass(BaseModel):
    """Who teaches a class."""

    class_id: str = Field(description="The class.")
    holder: str = Field(description="The teacher, as their tokens name them.")


class ProfileDescription(BaseModel):
    """What a jurisdiction profile allows."""

    name: str = Field(description="Its name.")
    jurisdiction: str = Field(description="Where it is meant for.")
    summary: str = Field(description="What it means in a sentence.")
    modalities: list[Modality] = Field(description="What may be read with consent.")
    purposes: list[Purpose] = Field(description="What for.")
    emotion_inference: bool = Field(description="Whether emotion may be inferred.")
    consent_version: int = Field(description="The version of the consent text that counts.")


class AuditDescription(BaseModel):
    """An entry of the audit log."""

    number: int = Field(description="Its number.")
    at_us: int = Field(description="When.")
    actor: str = Field(description="Name of the token that did it.")
    holder: str = Field(description="Whom that token was made for.")
    role: str = Field(description="Its role.")
    action: str = Field(description="What was done or seen.")
    subject: str = Field(description="Of whom or what: a pseudonym, a session, a token.")
    digest: str = Field(description="Sealed digest of this entry and all before it.")


class AuditLog(BaseModel):
    """A stretch of the audit log."""

    entries: list[AuditDescription] = Field(description="Entries in order.")
    first_broken: int | None = Field(
        description="Number of the first entry that was changed after it was written; null when none was. "
        "A cut end shows to `affectloop audit verify`."
    )
