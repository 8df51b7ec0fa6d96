"""Windows of synthetic sessions, as the fusion service would hand them to its net, with the truth beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affectloop_fusion.tokens import HOP_US, KINDS, WINDOW_US, Array, Kind, Tokens, scaled, trust
from affectloop_learning.synthetic.sessions import STEPS_PER_S, SyntheticSession, synthetic_session

SECOND_US = 1_000_000
TRUTH_S = 2  # an estimate speaks of the last two seconds of its window: shorter, and it is noise; longer, and it is late

# Learners of each part, by seed; disjoint, so that nobody is trained on and tested with.
CALIBRATION, TEST = range(150), range(1_000, 1_300)
FIRST_TRAINED, SEED_STRIDE = 100_000, 10_000  # learners of the next training seed are others, too
STRIDE_S = 5  # neighbouring windows say nearly the same: more learners are worth more than more windows of each


def trained_learners(seed: int, turn: int, count: int) -> range:
    """The learners of one pass of one training; every pass meets new ones."""
    first = FIRST_TRAINED + seed * SEED_STRIDE + turn * count
    return range(first, first + count)


@dataclass(frozen=True, slots=True)
class Windows:
    """Many windows: ``inputs`` by modality (values, mask), truth (n, 4), labels (n,), trust (n, 3), learner (n,)."""

    inputs: dict[Kind, tuple[Tokens, Tokens]]
    truth: Tokens
    labels: NDArray[np.int64]
    trust: Array
    learner: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.truth)

    def ordered(self) -> tuple[Tokens, ...]:
        """The net's six inputs in their order."""
        return tuple(part for kind in KINDS for part in self.inputs[kind])

    def without(self, *absent: Kind) -> Windows:
        """The same windows, some modalities missing."""
        inputs = {kind: (values, mask * 0 if kind in absent else mask) for kind, (values, mask) in self.inputs.items()}
        kept = np.array([kind not in absent for kind in KINDS])
        return Windows(inputs, self.truth, self.labels, self.trust * kept, self.learner)

    def present(self) -> NDArray[np.bool_]:
        """Which modality each window holds anything of; (n, 3)."""
        return np.stack([self.inputs[kind][1].max(axis=(1, 2)) > 0 for kind in KINDS], axis=1)

    def chosen(self, which: NDArray[np.bool_]) -> Windows:
        """Some of the windows."""
        inputs = {kind: (values[which], mask[which]) for kind, (values, mask) in self.inputs.items()}
        return Windows(inputs, self.truth[which], self.labels[which], self.trust[which], self.learner[which])


def windows_of(session: SyntheticSession, learner: int) -> Windows:
    """A window at every ``STRIDE_S``, the first within the session's first 5 s, where less than 8 s are there."""
    seconds = len(session.truth) // STEPS_PER_S
    closings = np.arange(1 + learner % STRIDE_S, seconds + 1, STRIDE_S)
    inputs, trusted = {}, []
    for kind in KINDS:
        unscaled = _sliding(session.values[kind], kind, closings)
        inputs[kind] = scaled(unscaled, kind)
        trusted.append(trust(unscaled, kind))
    truth = np.stack([session.truth[_last_steps(int(closing))].mean(axis=0) for closing in closings])
    labels = np.array([np.bincount(session.shown[_last_steps(int(closing))]).argmax() for closing in closings])
    return Windows(inputs, truth.astype(np.float32), labels, np.stack(trusted, axis=1), np.full(len(closings), learner))


def _last_steps(closing_s: int) -> slice:
    return slice(max(0, closing_s - TRUTH_S) * STEPS_PER_S, closing_s * STEPS_PER_S)


def _sliding(values: Array, kind: Kind, closings: NDArray[np.int64]) -> Array:
    """(closings, tokens, features), NaN before the session began."""
    before = np.full((kind.count, values.shape[1]), np.nan)
    views = np.lib.stride_tricks.sliding_window_view(np.concatenate([before, values]), kind.count, axis=0)
    return views[closings * SECOND_US // kind.token_us].swapaxes(1, 2)


def windows(learners: Iterable[int], duration_s: int = 240) -> Windows:
    """The windows of many learners."""
    parts = [windows_of(synthetic_session(learner, duration_s), learner) for learner in learners]
    parts = [part.chosen(part.present().max(axis=1)) for part in parts]
    inputs = {kind: (_joined([p.inputs[kind][0] for p in parts]), _joined([p.inputs[kind][1] for p in parts])) for kind in KINDS}
    return Windows(
        inputs,
        _joined([part.truth for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.trust for part in parts]),
        np.concatenate([part.learner for part in parts]),
    )


def _joined(parts: list[Tokens]) -> Tokens:
    return np.concatenate(parts)


def token_spec() -> dict[str, object]:
    """The tokens as config.json records them."""
    kinds = {
        str(kind.modality): {
            "token_us": kind.token_us,
            "tokens": kind.count,
            "features": [{"name": feature.name, "centre": feature.centre, "scale": feature.scale} for feature in kind.features],
        }
        for kind in KINDS
    }
    return {"window_us": WINDOW_US, "hop_us": HOP_US, **kinds}
