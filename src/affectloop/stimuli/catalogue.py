"""The items: emotion x duration x intensity x view x options, shown by any poser. Generated, with names that stay.

A *presentation* is an item without its face. Numbers are such that single precision holds them exactly, so that an item
is the same before and after it travelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from affectloop.events import Emotion, Item
from affectloop.stimuli.posers import ACTION_UNITS, CONSENT, LICENCE, POSER_BY_NAME, POSERS, Poser, Use
from affectloop.training_science.items import ALL_OPTIONS, FloatArray, ItemModel

DURATIONS_MS = (33, 50, 67, 83, 100, 133, 167, 200, 267, 333, 500)  # 2 to 30 frames at 60 Hz; a screen shows the nearest
LONGEST_MICRO_MS = 200  # the upper limit that accuracy suggests (Shen, Wu & Fu 2012); the definition reaches 500
INTENSITIES = (0.5, 0.625, 0.75, 0.875, 1.0)  # below a half, the heads' expressions are read as neutral
VIEWS_DEG = (0, 45, 90)  # front, three-quarter, profile
ENTRY_DURATIONS_MS = (200, 333, 500)  # first steps: slow, full, from the front, and fewer answers to choose from
ENTRY_OPTIONS = (2, 4)
NORMS = "none: prior from the item model"  # no person has rated these faces


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """How an expression is shown, whoever shows it."""

    emotion: Emotion
    duration_ms: int
    intensity: float
    view_deg: int
    options: int

    @property
    def name(self) -> str:
        """``fear-67ms-i875-v45-o7``: stable for ever, since records hold it."""
        return f"{self.emotion}-{self.duration_ms}ms-i{round(self.intensity * 1000)}-v{self.view_deg}-o{self.options}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One item with all that is known of it."""

    item: Item
    prior_difficulty: float  # logits
    action_units: tuple[str, ...]
    poser_group: str
    use: Use
    licence: str = LICENCE
    consent: str = CONSENT
    norms: str = NORMS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shelf:
    """The presentations of one emotion, from easy to hard, as arrays for the chooser."""

    presentations: tuple[Presentation, ...]
    difficulties: FloatArray  # (n,) logits, ascending
    options: FloatArray  # (n,) answers offered
    crutches: FloatArray  # (n,) 1 where it is longer than a micro-expression or offers fewer answers, else 0


class Catalogue:
    """Every item of the training, by the prior difficulties of one item model."""

    def __init__(self, model: ItemModel) -> None:
        self.model = model
        self.shelves = {emotion: _shelf(model, emotion) for emotion in Emotion}
        self._by_name = {shown.name: shown for shelf in self.shelves.values() for shown in shelf.presentations}
        self._ending = re.compile(f"-({'|'.join(POSER_BY_NAME)})$")

    def rows(self) -> Iterator[Row]:
        """Every item with its particulars."""
        for emotion, shelf in self.shelves.items():
            for presentation, difficulty in zip(shelf.presentations, shelf.difficulties, strict=True):
                for poser in POSERS:
                    yield Row(
                        item=item_of(presentation, poser), prior_difficulty=float(difficulty), action_units=ACTION_UNITS[emotion],
                        poser_group=poser.group, use=poser.use,
                    )  # fmt: skip

    def presentation(self, item: Item) -> Presentation | None:
        """How a catalogued item is shown; ``None`` for one from elsewhere."""
        return self._by_name.get(item.item_id.removesuffix(f"-{item.poser}"))

    def item(self, item_id: str) -> Item | None:
        """The catalogued item of that name; ``None`` where there is none."""
        ending = self._ending.search(item_id)
        shown = self._by_name.get(item_id[: ending.start()]) if ending else None
        return item_of(shown, POSER_BY_NAME[ending[1]]) if ending and shown else None


def item_of(presentation: Presentation, poser: Poser) -> Item:
    """The item that shows this expression on this face."""
    return Item(
        item_id=f"{presentation.name}-{poser.name}",
        emotion=presentation.emotion,
        duration_ms=float(presentation.duration_ms),
        intensity=presentation.intensity,
        view_deg=float(presentation.view_deg),
        options=presentation.options,
        poser=poser.name,
    )


def presentations(emotion: Emotion) -> list[Presentation]:
    """Every way to show an emotion, in the order of the axes."""
    full = [
        Presentation(emotion=emotion, duration_ms=duration, intensity=intensity, view_deg=view, options=ALL_OPTIONS)
        for duration in DURATIONS_MS for intensity in INTENSITIES for view in VIEWS_DEG
    ]  # fmt: skip
    entry = [
        Presentation(emotion=emotion, duration_ms=duration, intensity=1.0, view_deg=0, options=options)
        for duration in ENTRY_DURATIONS_MS for options in ENTRY_OPTIONS
    ]  # fmt: skip
    return full + entry


def _shelf(model: ItemModel, emotion: Emotion) -> Shelf:
    shown = presentations(emotion)
    axes = np.array([[one.duration_ms, one.intensity, one.view_deg, one.options] for one in shown], float)
    difficulties = model.difficulties(emotion, *axes.T)
    order = np.argsort(difficulties, kind="stable")
    axes = axes[order]
    crutches = (axes[:, 0] > LONGEST_MICRO_MS) | (axes[:, 3] < ALL_OPTIONS)
    return Shelf(
        presentations=tuple(shown[index] for index in order),
        difficulties=difficulties[order],
        options=axes[:, 3],
        crutches=crutches.astype(float),
    )


@cache
def catalogue() -> Catalogue:
    """The catalogue under the default item model."""
    return Catalogue(ItemModel())
