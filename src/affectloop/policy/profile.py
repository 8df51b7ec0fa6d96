"""Jurisdiction profiles: what a tenant's law and choice allow, read from the TOML files beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from affectloop.events import Modality
from affectloop.topics import Privacy, View

STRICTEST = "eu-school"  # the default, and the answer to every unknown name


class Purpose(StrEnum):
    """What a person consents to, beside the modality."""

    TRAINING = "training"  # the session adapts to the learner
    REPORT = "report"  # what was measured is shown to staff
    RESEARCH = "research"  # it leaves the school, pseudonymous, for a named study


class Role(StrEnum):
    """Who holds a token."""

    ADMIN = "admin"
    TEACHER = "teacher"
    COUNSELLOR = "counsellor"
    LEARNER = "learner"
    PLATFORM = "platform"
    RESEARCHER = "researcher"
    DEVICE = "device"


STAFF = frozenset({Role.ADMIN, Role.TEACHER, Role.COUNSELLOR, Role.RESEARCHER, Role.PLATFORM})  # whose views are audited


class Deed(StrEnum):
    """What there is to do about a learner; a profile says which role does which."""

    PEOPLE = "people"  # add and erase learners, say who teaches whom
    CONSENTS = "consents"  # note what was agreed to
    SESSIONS = "sessions"  # start and end
    ANSWERS = "answers"  # of trials, and wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one jurisdiction's profile allows."""

    name: str
    jurisdiction: str
    summary: str
    modalities: frozenset[Modality]
    purposes: frozenset[Purpose]
    emotion_inference: bool
    consent_version: int  # of the text that was agreed to
    minimum_age_years: int
    assent_from_age_years: int  # from here on nothing goes against the child's own no
    own_from_age_years: int  # from here on a person decides alone
    retention_s: Mapping[Privacy, int]
    sees: Mapping[Role, frozenset[View]]
    does: Mapping[Role, frozenset[Deed]]

    def shows(self, role: Role, view: View) -> bool:
        """Whether a role may see this; unknown means no."""
        return view in self.sees.get(role, frozenset())

    def lets(self, role: Role, deed: Deed) -> bool:
        """Whether a role may do this; unknown means no."""
        return deed in self.does.get(role, frozenset())


def profile(name: str | None) -> Profile:
    """The profile of that name; the strictest one where it is unknown or not set."""
    return profiles().get(name or STRICTEST, profiles()[STRICTEST])


def shown_under(role: Role, view: View) -> frozenset[str]:
    """The names of the profiles that show this to a role; an unknown profile counts as the strictest one and is not among them."""
    return frozenset(name for name, known in profiles().items() if known.shows(role, view))


@cache
def profiles() -> dict[str, Profile]:
    """Every profile by name."""
    found = [entry for entry in files("affectloop.policy").joinpath("profiles").iterdir() if entry.name.endswith(".toml")]
    read = [_read(entry.name.removesuffix(".toml"), tomllib.loads(entry.read_text(encoding="utf-8"))) for entry in found]
    return {known.name: known for known in sorted(read, key=lambda known: known.name)}


def _read(name: str, content: dict[str, Any]) -> Profile:
    consent, retention = content.pop("consent"), content.pop("retention_s")
    return Profile(
        name=name,
        jurisdiction=content["jurisdiction"],
        summary=content["summary"],
        modalities=frozenset(map(Modality, content["modalities"])),
        purposes=frozenset(map(Purpose, content["purposes"])),
        emotion_inference=content["emotion_inference"],
        consent_version=consent["version"],
        minimum_age_years=consent["minimum_age_years"],
        assent_from_age_years=consent["assent_from_age_years"],
        own_from_age_years=consent["own_from_age_years"],
        retention_s={privacy: retention[privacy] for privacy in Privacy},
        sees={Role(role): frozenset(map(View, views)) for role, views in content["sees"].items()},
        does={Role(role): frozenset(map(Deed, deeds)) for role, deeds in content["does"].items()},
    )
