"""Bodies of what is told of learners."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from affectloop_gateway.api.bodies import NAME, Body


class LearnerGiven(Body):
    """A learner to be added, or found again."""

    known_elsewhere_as: str | None = Field(
        None, min_length=1, max_length=256, description="Their name in the calling system; only a pseudonym made from it is kept."
    )
    birth_year: int | None = Field(None, ge=1900, le=2200, description="Year of birth; without it no consent counts.")
    name: str | None = Field(None, min_length=1, max_length=256, description="Who it is; kept in the vault alone, sealed.")
    class_id: str | None = Field(None, pattern=NAME, description="A class that they are in.")


class LearnerDescription(BaseModel):
    """A learner, as a pseudonym."""

    learner_id: str = Field(description="The pseudonym.")
    birth_year: int | None = Field(description="Year of birth, where it is known.")
    classes: list[str] = Field(description="Classes that they are in.")


class LearnerName(BaseModel):
    """Who a pseudonym is."""

    learner_id: str = Field(description="The pseudonym.")
    name: str | None = Field(description="The name, where the vault has one.")


class ResultDescription(BaseModel):
    """What a session came to."""

    session_id: str = Field(description="The session.")
    kind: str = Field(description="summary: counts over the session's trials.")
    at_us: int = Field(description="When it was summed up.")
    figures: dict[str, Any] = Field(description="Counts of trials, valid and correct ones, in all and by emotion; median_reaction_time_ms.")


class ErasedPlace(BaseModel):
    """What an erasure did in one place."""

    place: str = Field(description="database, live-state, bus, live-view, recordings, audit-log or backups.")
    done: str = Field(description="What was done there, or is left to do.")


class Erased(BaseModel):
    """A receipt."""

    learner_id: str = Field(description="The pseudonym, which may be audited but names nobody any more.")
    erased_at_us: int = Field(description="When the learner's key was deleted.")
    sessions: int = Field(description="How many sessions were deleted.")
    places: list[ErasedPlace] = Field(description="Every place where something of the learner was, and what was done there.")
