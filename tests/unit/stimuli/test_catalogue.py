"""The catalogue: named for ever, licensed, balanced, and the same after it travelled."""

from collections import Counter
from dataclasses import fields

import numpy as np

from affectloop.events import Emotion, Item
from affectloop.stimuli.catalogue import NORMS, Catalogue, catalogue
from affectloop.stimuli.posers import POSERS, Use
from affectloop.training_science.items import ItemModel

ROWS = tuple(catalogue().rows())


def test_every_row_says_whose_face_it_is_under_which_licence_and_that_nobody_rated_it() -> None:
    assert all(row.licence == "CC0-1.0" and row.norms == NORMS and row.poser_group and row.action_units for row in ROWS)


def test_names_are_unique_and_lead_back_to_the_presentation() -> None:
    assert len({row.item.item_id for row in ROWS}) == len(ROWS)
    for row in ROWS[::97]:
        presentation = catalogue().presentation(row.item)
        assert presentation is not None
        assert row.item.item_id == f"{presentation.name}-{row.item.poser}"


def test_a_known_name_stays_what_it_was() -> None:
    (row,) = [row for row in ROWS if row.item.item_id == "fear-67ms-i875-v45-o7-head-03"]
    assert (row.item.emotion, row.item.duration_ms, row.item.intensity, row.item.view_deg) == (Emotion.FEAR, 67.0, 0.875, 45.0)


def test_an_item_is_the_same_in_single_precision() -> None:
    numbers = [field.name for field in fields(Item) if isinstance(getattr(ROWS[0].item, field.name), float)]
    assert numbers
    assert all(float(np.float32(getattr(row.item, name))) == getattr(row.item, name) for row in ROWS for name in numbers)


def test_emotions_and_groups_have_equal_shares() -> None:
    assert len(set(Counter(row.item.emotion for row in ROWS).values())) == 1
    assert len(set(Counter(row.poser_group for row in ROWS).values())) == 1


def test_tests_keep_faces_that_practice_never_shows() -> None:
    uses = Counter(poser.use for poser in POSERS)
    assert uses[Use.PRACTICE] == 12
    assert uses[Use.ASSESSMENT] == 6


def test_shelves_run_from_easy_to_hard_by_the_model() -> None:
    model = ItemModel(intensity_slope=2.0)
    for emotion, shelf in Catalogue(model).shelves.items():
        assert np.all(np.diff(shelf.difficulties) >= 0)
        middle = len(shelf.presentations) // 2
        shown = shelf.presentations[middle]
        expected = model.difficulties(emotion, shown.duration_ms, shown.intensity, shown.view_deg, shown.options)
        assert shelf.difficulties[middle] == expected
