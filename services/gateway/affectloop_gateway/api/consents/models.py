"""Bodies of consents: the answers and what follows from them."""

from __future__ import annotations

from pydantic import BaseModel, Field

from affectloop.events import Modality
from affectloop.policy.profile import Purpose
from affectloop_gateway.api.bodies import EARLIEST_US, LATEST_US, Body


class ConsentAnswer(Body):
    """A yes to one modality."""

    purpose: Purpose = Field(Purpose.TRAINING, description="What for.")
    version: int = Field(ge=0, description="Version of the text that was read; the profile says which one counts, and no other is taken.")
    guardian: bool = Field(False, description="A guardian agreed.")
    assent: bool = Field(False, description="The learner agreed.")
    expires_at_us: int | None = Field(None, ge=EARLIEST_US, le=LATEST_US, description="Until when it stands.")


class ConsentDescription(BaseModel):
    """An answer that is stored."""

    modality: Modality = Field(description="To which modality.")
    purpose: Purpose = Field(description="What for.")
    profile: str = Field(description="Whose text was read; under another profile it counts no more.")
    version: int = Field(description="Version of that text.")
    guardian: bool = Field(description="A guardian agreed.")
    assent: bool = Field(description="The learner agreed.")
    given_at_us: int = Field(description="When it was given.")
    withdrawn_at_us: int | None = Field(description="When it was withdrawn.")
    expires_at_us: int | None = Field(description="Until when it stands.")
    stands: bool = Field(description="Given, neither withdrawn nor expired.")


class ConsentsDescription(BaseModel):
    """All answers of a learner and what follows from them."""

    learner_id: str = Field(description="The pseudonym.")
    profile: str = Field(description="The tenant's profile.")
    version: int = Field(description="The version of the text that counts.")
    allowed: dict[Purpose, list[Modality]] = Field(description="What may be read now, by purpose.")
    answers: list[ConsentDescription] = Field(description="Every answer.")


class Withdrawn(BaseModel):
    """What a withdrawal changed."""

    learner_id: str = Field(description="The pseudonym.")
    sessions: list[str] = Field(description="Running sessions in which sensing of the modality has stopped.")
