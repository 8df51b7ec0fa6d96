"""Consent: person x modality x purpose x version of a profile's text, with a guardian and the child's assent where the age asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from affectloop.events import Modality
from affectloop.policy.profile import Profile, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One answer that a person, a guardian or both have given."""

    modality: Modality
    purpose: Purpose
    profile: str  # whose text they read: under another profile they must be asked again
    version: int  # of that text
    guardian: bool = False  # a guardian agreed
    assent: bool = False  # the person agreed
    given_at_us: int
    withdrawn_at_us: int | None = None
    expires_at_us: int | None = None

    def stands(self, now_us: int) -> bool:
        """Given, neither withdrawn nor expired."""
        return self.given_at_us <= now_us and self.withdrawn_at_us is None and (self.expires_at_us is None or now_us < self.expires_at_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a modality is not used, and what would change that."""

    modality: Modality
    problem: str
    remedy: str


def consented(
    profile: Profile, consents: Iterable[Consent], *, age_years: int | None, now_us: int, purpose: Purpose = Purpose.TRAINING
) -> frozenset[Modality]:
    """The modalities that the profile allows and that have a live consent; unknown means no."""
    given = tuple(consents)
    asked = ((modality, refusal(profile, modality, given, age_years=age_years, now_us=now_us, purpose=purpose)) for modality in Modality)
    return frozenset(modality for modality, no in asked if no is None)


def refusal(
    profile: Profile,
    modality: Modality,
    consents: Iterable[Consent],
    *,
    age_years: int | None,
    now_us: int,
    purpose: Purpose = Purpose.TRAINING,
) -> Refusal | None:
    """Why the modality may not be used for the purpose; ``None`` where it may."""
    problem, remedy = _of_profile(profile, modality, purpose) or _of_age(profile, age_years) or ("", "")
    if not problem:
        live = [
            consent
            for consent in consents
            if (consent.modality, consent.purpose) == (modality, purpose)
            and (consent.profile, consent.version) == (profile.name, profile.consent_version)
            and consent.stands(now_us)
        ]
        problem, remedy = _of_consents(profile, live, age_years or 0, purpose)
    return Refusal(modality=modality, problem=problem, remedy=remedy) if problem else None


def _of_profile(profile: Profile, modality: Modality, purpose: Purpose) -> tuple[str, str] | None:
    if modality not in profile.modalities:
        return f"the profile {profile.name} does not allow it", "train without it: the training adapts to the answers alone"
    if purpose not in profile.purposes:
        return f"the profile {profile.name} does not allow the purpose {purpose}", "ask the tenant's administrator for another profile"
    return None


def _of_age(profile: Profile, age_years: int | None) -> tuple[str, str] | None:
    if age_years is None:
        return "the learner's year of birth is not known", "set birth_year of the learner"
    if age_years < profile.minimum_age_years:
        return f"the learner is younger than {profile.minimum_age_years} years", "train without it"
    return None


def _of_consents(profile: Profile, live: list[Consent], age_years: int, purpose: Purpose) -> tuple[str, str]:
    if not live:
        return (
            f"there is no live consent to version {profile.consent_version} of the text for {purpose}",
            "ask for consent, then start anew",
        )
    alone = age_years >= profile.own_from_age_years
    if not alone and not any(consent.guardian for consent in live):
        return "a guardian has not agreed", "ask a guardian, then start anew"
    if (alone or age_years >= profile.assent_from_age_years) and not any(consent.assent for consent in live):
        return "the learner has not agreed", "ask the learner, then start anew"
    return "", ""


def least_age_years(birth_year: int | None, now_us: int) -> int | None:
    """The age that a person born in that year has at least; ``None`` where the year is unknown."""
    if birth_year is None:
        return None
    this_year = datetime.fromtimestamp(now_us / 1e6, UTC).year
    return max(0, this_year - birth_year - 1)  # the birthday may still be to come
