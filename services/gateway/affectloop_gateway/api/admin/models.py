"""Bodies of what a tenant's administration asks and is told."""

from __future__ import annotations

from pydantic import BaseModel, Field

from affectloop.events import Modality
from affectloop.policy.profile import Purpose, Role
from affectloop_gateway.api.bodies import Body


class TokenRequest(Body):
    """A token to be made."""

    role: Role = Field(description="What its holder is.")
    learner_id: str | None = Field(None, description="Whose token it is: for the role learner, and only for it.")
    lasts_s: float | None = Field(None, gt=0, le=400 * 86_400, description="How long it is good; without end where it is left out.")


class TokenMade(BaseModel):
    """A token; its text is shown once and only its hash is kept."""

    token_id: str = Field(description="Its name, as the audit log has it.")
    role: Role = Field(description="What its holder is.")
    token: str = Field(description="The token.")
    expires_at_us: int | None = Field(description="Until when it is good.")


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
    role: str = Field(description="Its role.")
    action: str = Field(description="What was done or seen.")
    subject: str = Field(description="Of whom or what: a pseudonym, a session, a token.")
    digest: str = Field(description="Hash of this entry and all before it.")


class AuditLog(BaseModel):
    """A stretch of the audit log."""

    entries: list[AuditDescription] = Field(description="Entries in order.")
    first_broken: int | None = Field(description="Number of the first entry that was changed after it was written; null when none was.")
