"""What a container says, and the words for what it lacks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """What a container holds, and what it lacks."""

    video: bool = True  # whether there may be moving pictures; a cover is none
    sound: bool = False  # whether there is sound, as far as it tells
    missing: str | None = None  # what a truncated file lacks, in words
    damage: str | None = None  # where its structure breaks off, in words
    shown_us: int | None = None  # how long it is by its edit list, which hides the rest
    made_at_us: int | None = None  # the date in the file, microseconds since 1970; some writers put the end's, or none


def bytes_missing(count: int) -> str:
    """The words for it."""
    return f"{count} of its bytes are missing"


def no_part(at: int, what: str) -> str:
    """The words for content that is none of the container's."""
    return f"what stands at byte {at} is no part of {what}"
