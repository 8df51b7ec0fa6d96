"""The item model: what makes an item hard, and what a level is."""

import numpy as np
import pytest

from affectloop.events import Emotion, Item
from affectloop.stimuli.catalogue import catalogue
from affectloop.training_science.items import LEVELS, ItemModel, level

MODEL = ItemModel()


def item(**changes: object) -> Item:
    fields: dict[str, object] = {
        "item_id": "any", "emotion": Emotion.FEAR, "duration_ms": 100.0, "intensity": 1.0, "view_deg": 0.0, "options": 7,
        "poser": "head-01",
    }  # fmt: skip
    return Item(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "harder",
    [{"duration_ms": 50.0}, {"intensity": 0.5}, {"view_deg": 45.0}, {"view_deg": -90.0}],
    ids=["briefer", "weaker", "turned", "profile"],
)
def test_each_axis_makes_an_item_harder(harder: dict[str, object]) -> None:
    assert MODEL.difficulty(item(**harder)) > MODEL.difficulty(item()) + 0.1


def test_fewer_answers_make_an_item_easier_beyond_the_guess() -> None:
    assert MODEL.difficulty(item(options=2)) < MODEL.difficulty(item(options=7))


def test_time_helps_less_beyond_the_plateau() -> None:
    before = MODEL.difficulty(item(duration_ms=100.0)) - MODEL.difficulty(item(duration_ms=200.0))
    beyond = MODEL.difficulty(item(duration_ms=200.0)) - MODEL.difficulty(item(duration_ms=400.0))
    assert 0 < beyond < before / 2


def test_the_measured_duration_counts_where_there_is_one() -> None:
    assert MODEL.difficulty(item(duration_ms=100.0), shown_ms=50.0) == MODEL.difficulty(item(duration_ms=50.0))


@pytest.mark.parametrize("options", [2, 4, 7])
def test_success_lies_between_the_guess_and_the_lapse(options: int) -> None:
    success = MODEL.success(np.array([-50.0, 0.0, 50.0]), options)
    assert success == pytest.approx([1 / options, (1 + 1 / options - MODEL.lapse) / 2, 1 - MODEL.lapse])


def test_the_threshold_duration_inverts_the_difficulty() -> None:
    for ability in (-1.5, 0.0, 2.0):
        duration = MODEL.threshold_ms(ability, Emotion.SADNESS)
        assert MODEL.difficulty(item(emotion=Emotion.SADNESS, duration_ms=duration)) == pytest.approx(ability)


def test_levels_never_fall_with_difficulty_and_use_all_twelve() -> None:
    levels = [level(difficulty) for difficulty in np.linspace(-6, 7, 400)]
    assert levels == sorted(levels)
    assert set(levels) == set(range(1, LEVELS + 1))


def test_the_catalogue_spans_the_levels() -> None:
    difficulties = np.concatenate([shelf.difficulties for shelf in catalogue().shelves.values()])
    assert level(difficulties.min()) == 1
    assert level(difficulties.max()) == LEVELS
