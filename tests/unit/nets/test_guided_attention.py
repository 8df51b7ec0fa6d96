"""Attention: what is masked does not exist, and the guide decides where the face is looked at."""

from __future__ import annotations

import pytest
import torch

from affectloop.nets.guided_attention import GuidedAttention, Pooling, TokenEncoder, masked_softmax

WIDTH = 8


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_a_masked_softmax_sums_to_one_over_what_is_there() -> None:
    weights = masked_softmax(torch.tensor([[5.0, 1.0, 9.0]]), torch.tensor([[1.0, 1.0, 0.0]]), dim=1)
    assert weights[0, 2] == 0
    assert float(weights.sum()) == pytest.approx(1.0)


def test_a_masked_softmax_over_nothing_is_zero() -> None:
    assert not masked_softmax(torch.randn(2, 3), torch.zeros(2, 3), dim=1).any()


def test_an_encoder_does_not_see_under_the_mask() -> None:
    encode = TokenEncoder(features=3, tokens=4, width=WIDTH)
    values, mask = torch.randn(2, 4, 3), (torch.rand(2, 4, 3) > 0.5).float()
    garbage = torch.where(mask > 0, values, torch.full_like(values, torch.nan))
    assert torch.equal(encode(values, mask), encode(garbage, mask))


def test_an_encoder_tells_what_is_zero_from_what_is_not_measured() -> None:
    encode = TokenEncoder(features=3, tokens=4, width=WIDTH)
    values = torch.zeros(1, 4, 3)
    assert not torch.allclose(encode(values, torch.ones(1, 4, 3)), encode(values, torch.zeros(1, 4, 3)))


def test_an_encoder_knows_when_a_token_was() -> None:
    encode = TokenEncoder(features=3, tokens=2, width=WIDTH)
    tokens = encode(torch.ones(1, 2, 3), torch.ones(1, 2, 3))
    assert not torch.allclose(tokens[:, 0], tokens[:, 1])


def test_pooling_weighs_present_tokens_only() -> None:
    pool = Pooling(WIDTH)
    tokens, present = torch.randn(1, 3, WIDTH), torch.tensor([[1.0, 0.0, 1.0]])
    changed = tokens.clone()
    changed[0, 1] += 100
    assert torch.equal(pool(tokens, present), pool(changed, present))


def test_the_guide_changes_the_answer_of_the_face() -> None:
    look = GuidedAttention(WIDTH, heads=2)
    visual, there = torch.randn(1, 5, WIDTH), torch.ones(1, 5)
    first = look(torch.randn(1, 3, WIDTH), torch.ones(1, 3), visual, there)
    second = look(torch.randn(1, 3, WIDTH), torch.ones(1, 3), visual, there)
    assert first.shape == (1, WIDTH)
    assert not torch.allclose(first, second)


def test_a_guide_that_is_not_there_has_no_say() -> None:
    look = GuidedAttention(WIDTH, heads=2)
    visual, there, absent = torch.randn(1, 5, WIDTH), torch.ones(1, 5), torch.zeros(1, 3)
    assert torch.equal(look(torch.randn(1, 3, WIDTH), absent, visual, there), look(torch.randn(1, 3, WIDTH), absent, visual, there))


def test_a_face_token_that_is_not_there_is_not_looked_at() -> None:
    look = GuidedAttention(WIDTH, heads=2)
    guide, visual, there = torch.randn(1, 3, WIDTH), torch.randn(1, 5, WIDTH), torch.tensor([[1.0, 1.0, 0.0, 1.0, 0.0]])
    changed = visual + (1 - there).unsqueeze(-1) * 50
    assert torch.equal(look(guide, torch.ones(1, 3), visual, there), look(guide, torch.ones(1, 3), changed, there))


def test_with_nothing_to_look_at_the_answer_is_a_number() -> None:
    look = GuidedAttention(WIDTH, heads=2)
    assert torch.isfinite(look(torch.randn(1, 3, WIDTH), torch.zeros(1, 3), torch.randn(1, 5, WIDTH), torch.zeros(1, 5))).all()
