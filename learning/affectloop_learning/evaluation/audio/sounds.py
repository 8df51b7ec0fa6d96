"""Samples as floats, and when their frames are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affectloop.dsp.voice.features import FRAME, SAMPLE_RATE_HZ, STEP

Sound = NDArray[np.float32]


def floats(pcm: NDArray[np.int16]) -> Sound:
    """Samples (n,) from -1 to 1."""
    return pcm.astype(np.float32) / np.float32(32_768)


def frame_times(count: int) -> NDArray[np.float64]:
    """The middles of so many frames, in seconds; (count,)."""
    return (np.arange(count) * STEP + FRAME / 2) / SAMPLE_RATE_HZ
