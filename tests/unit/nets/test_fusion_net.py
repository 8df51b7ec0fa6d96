"""The fusion net: masks, shares, bounds, and the same answer from torch, safetensors and ONNX."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor

from affectloop import models
from affectloop.nets.calibration import beta_nll, class_temperature, error_temperatures
from affectloop.nets.export import INPUTS, OUTPUTS, example_inputs, load, save, served
from affectloop.nets.fusion import LEAST_ERROR, FusionNet, FusionShape, TokenShape, parameters

SMALL = FusionShape(face=TokenShape(6, 5), wristband=TokenShape(3, 4), voice=TokenShape(4, 3), width=8, heads=2)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def random_inputs(shape: FusionShape, batch: int) -> tuple[Tensor, ...]:
    draws = example_inputs(shape, batch)
    return tuple(torch.randn_like(part) if place % 2 == 0 else (torch.rand_like(part) > 0.4).float() for place, part in enumerate(draws))


def without(inputs: tuple[Tensor, ...], kept: tuple[int, int, int]) -> tuple[Tensor, ...]:
    return tuple(part if place % 2 == 0 else part * kept[place // 2] for place, part in enumerate(inputs))


def by_onnx(path: Path, inputs: tuple[Tensor, ...]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    outputs: list[np.ndarray] = session.run(list(OUTPUTS), dict(zip(INPUTS, (part.numpy() for part in inputs), strict=True)))
    return outputs


@pytest.mark.parametrize("kept", list(itertools.product((0, 1), repeat=3)))
def test_any_modality_may_be_missing(kept: tuple[int, int, int]) -> None:
    fused = FusionNet(SMALL)(*without(random_inputs(SMALL, 5), kept))
    for part in (fused.values, fused.errors, fused.logits, fused.shares):
        assert torch.isfinite(part).all()
    assert ((fused.shares > 0) == torch.tensor(kept, dtype=torch.bool)).all()
    np.testing.assert_allclose(fused.shares.detach().sum(dim=1), float(any(kept)), atol=1e-6)


def test_values_stay_within_their_scales_and_errors_above_the_least() -> None:
    fused = FusionNet(SMALL)(*(part * 50 if place % 2 == 0 else part for place, part in enumerate(random_inputs(SMALL, 64))))
    assert (fused.values.abs() <= 1).all()
    assert (fused.values[:, 2:] >= 0).all()
    assert (fused.errors >= LEAST_ERROR).all()


def test_a_masked_modality_has_no_say() -> None:
    net, inputs = FusionNet(SMALL), without(random_inputs(SMALL, 4), (1, 0, 1))
    other = tuple(torch.full_like(part, torch.nan) if place == 2 else part for place, part in enumerate(inputs))
    assert torch.equal(net(*inputs).values, net(*other).values)


def test_the_wristband_is_heard_beside_its_guiding() -> None:
    net, inputs = FusionNet(SMALL), random_inputs(SMALL, 4)
    assert not torch.allclose(net(*inputs).values, net(*without(inputs, (1, 0, 1))).values)


def test_without_the_guide_the_face_is_read_alone() -> None:
    shape = FusionShape.from_json({**SMALL.to_json(), "guided": False})
    net, guided = FusionNet(shape), FusionNet(SMALL)
    guided.load_state_dict(net.state_dict())
    inputs = random_inputs(SMALL, 4)
    assert not torch.allclose(net(*inputs).values, guided(*inputs).values)
    alone = without(inputs, (1, 0, 1))
    assert torch.equal(net(*alone).values, guided(*alone).values)


def test_a_shape_survives_its_json() -> None:
    assert FusionShape.from_json(SMALL.to_json()) == SMALL


def test_temperatures_widen_errors_and_flatten_classes() -> None:
    net, inputs = FusionNet(SMALL), random_inputs(SMALL, 4)
    before = net(*inputs)
    net.temperatures.fill_(2.0)
    net.class_temperature.fill_(2.0)
    after = net(*inputs)
    torch.testing.assert_close(after.errors, before.errors * 2)
    torch.testing.assert_close(after.logits, before.logits / 2)
    assert torch.equal(after.values, before.values)


def test_what_was_saved_is_what_is_loaded(tmp_path: Path) -> None:
    net, inputs = FusionNet(SMALL).eval(), random_inputs(SMALL, 3)
    net.temperatures.fill_(1.5)
    save(net, tmp_path / "weights.safetensors")
    assert torch.equal(load(SMALL, tmp_path / "weights.safetensors")(*inputs).errors, net(*inputs).errors)


def test_the_served_model_is_its_weights_and_small() -> None:
    config = models.config("fusion-v1")
    net = load(FusionShape.from_json(config["shape"]), models.checked("fusion-v1", "weights.safetensors"))
    assert parameters(net) == config["parameters"] < 300_000
    np.testing.assert_allclose(net.temperatures, config["temperatures"], atol=1e-3)
    for batch in (1, 19):
        inputs = random_inputs(net.shape, batch)
        for said, wanted in zip(by_onnx(models.checked("fusion-v1", "model.onnx"), inputs), served(net, inputs), strict=True):
            np.testing.assert_allclose(said, wanted, atol=1e-4)


def test_the_served_model_says_the_same_in_a_batch_as_alone() -> None:
    path = models.checked("fusion-v1", "model.onnx")
    inputs = random_inputs(FusionShape.from_json(models.config("fusion-v1")["shape"]), 24)
    together = by_onnx(path, inputs)
    for place in (0, 11, 23):
        for whole, alone in zip(together, by_onnx(path, tuple(part[place : place + 1] for part in inputs)), strict=True):
            np.testing.assert_allclose(whole[place : place + 1], alone, atol=1e-4)


def test_errors_that_are_half_too_small_get_a_temperature_of_two() -> None:
    truth = torch.randn(20_000, 2)
    temperatures = error_temperatures(torch.zeros_like(truth), torch.full_like(truth, 0.5), truth)
    np.testing.assert_allclose(temperatures, [2.0, 2.0], atol=0.05)


def test_an_overconfident_classifier_is_cooled() -> None:
    labels = torch.randint(0, 3, (5_000,))
    honest = torch.nn.functional.one_hot(labels, 3) * 1.5 + torch.randn(5_000, 3)
    assert float(class_temperature(honest * 3, labels)) > 2 * float(class_temperature(honest, labels))


def test_the_loss_is_least_at_the_truth_and_at_the_true_error() -> None:
    truth = torch.randn(10_000, 1)
    right = beta_nll(torch.zeros_like(truth), torch.ones_like(truth), truth)
    shifted = beta_nll(torch.full_like(truth, 0.5), torch.ones_like(truth), truth)
    assert right < shifted
    errors = torch.full_like(truth, 2.0, requires_grad=True)
    beta_nll(torch.zeros_like(truth), errors, truth).backward()  # type: ignore[no-untyped-call]
    assert errors.grad is not None
    assert float(errors.grad.sum()) > 0  # too large an error is to shrink
