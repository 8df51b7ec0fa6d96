"""The channels of a sound as one voice: what is silent is left out, what has the opposite phase is turned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectloop.events import FloatArray

Block = NDArray[np.floating[Any]]  # (n, channels)

SILENT_RATIO = 1e-4  # of the loudest channel's energy: 40 dB below it there is only the noise of an open input
OPPOSITE = -0.5  # correlation with the loudest channel below which adding the two would take the voice away


@dataclass(frozen=True, slots=True)
class Mix:
    """How much of each channel the voice is."""

    weights: tuple[float, ...]

    @property
    def notes(self) -> Iterator[str]:
        """What was done to the channels, for the user."""
        for number, weight in enumerate(self.weights, start=1):
            if weight == 0:
                yield f"channel {number} of {len(self.weights)} is silent and was left out"
            elif weight < 0:
                yield f"channel {number} of {len(self.weights)} has the opposite phase and was turned"

    def mono(self, block: Block) -> FloatArray:
        """One channel of a block."""
        even = len(set(self.weights)) == 1
        mono: FloatArray = np.asarray(block.mean(axis=1) if even else block @ np.asarray(self.weights), np.float32)
        return mono


def mix_of(blocks: Iterable[Block], channels: int) -> Mix:
    """The mix for all of a sound: the mean of its channels, but of those that sound, and in the loudest one's phase."""
    products = np.zeros((channels, channels))
    for block in blocks:
        finite = np.nan_to_num(block.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        products += finite.T @ finite
    energy = np.diag(products)
    loudest = int(energy.argmax())
    sounding = energy > SILENT_RATIO * energy[loudest]
    if not energy[loudest]:
        return Mix((1 / channels,) * channels)
    alike = products[loudest] / np.sqrt(np.maximum(energy * energy[loudest], np.finfo(float).tiny))
    signs = np.where(alike < OPPOSITE, -1.0, 1.0)
    return Mix(tuple(float(weight) for weight in np.where(sounding, signs, 0.0) / sounding.sum()))
