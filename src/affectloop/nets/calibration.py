"""Losses for values with their own error, and the temperatures that make the errors true on held-out data."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

BETA = 0.5  # between fitting the mean (1) and the plain likelihood (0), which neglects what is hard


def beta_nll(values: Tensor, errors: Tensor, truth: Tensor) -> Tensor:
    """Gaussian negative log likelihood, each term weighted by its variance to the power ``BETA``.

    Parameters
    ----------
    values, errors, truth
        (batch, values); errors are standard deviations, above 0.

    Returns
    -------
    Tensor
        A scalar.

    Notes
    -----
    Source: Seitzer et al. 2022, "On the pitfalls of heteroscedastic uncertainty estimation", eq. 5.
    """
    likelihood = functional.gaussian_nll_loss(values, truth, errors**2, reduction="none")
    return (likelihood * errors.detach() ** (2 * BETA)).mean()


def error_temperatures(values: Tensor, errors: Tensor, truth: Tensor) -> Tensor:
    """What each value's errors must be multiplied by to be as large as they say: (values,).

    Notes
    -----
    The maximum-likelihood scale of a Gaussian: the root mean square of the standardised residuals.
    Source: Laves et al. 2020, "Well-calibrated regression uncertainty in medical imaging", eq. 9.
    """
    return (((truth - values) / errors) ** 2).mean(dim=0).sqrt()


def class_temperature(logits: Tensor, labels: Tensor) -> Tensor:
    """What logits must be divided by for the least cross-entropy: (1,), within 0.25 to 4.

    Parameters
    ----------
    logits
        (batch, classes).
    labels
        (batch,), integer.

    Notes
    -----
    Source: Guo et al. 2017, "On calibration of modern neural networks", section 4.2.
    """
    candidates = torch.logspace(-2, 2, 81, base=2.0)
    losses = torch.stack([functional.cross_entropy(logits / temperature, labels) for temperature in candidates])
    return candidates[losses.argmin()].reshape(1)
