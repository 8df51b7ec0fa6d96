"""The fusion net: three modalities, any of which may be missing, to values with their own error."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from affectloop.events import EXPRESSIONS
from affectloop.nets.guided_attention import GuidedAttention, Pooling, TokenEncoder, masked_softmax

VALUES = ("valence", "arousal", "engagement", "strain")
SIGNED = (True, True, False, False)  # in [-1, 1], or in [0, 1]
LEAST_ERROR = 0.02  # no face, heart and voice say more exactly how somebody feels


@dataclass(frozen=True, slots=True)
class TokenShape:
    """How many tokens a window holds of a modality, and how many numbers each."""

    tokens: int
    features: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionShape:
    """The net's sizes.

    ``guided`` set to false leaves the face to one learned query: the comparison that shows what the guide is worth.
    """

    face: TokenShape
    wristband: TokenShape
    voice: TokenShape
    width: int = 48
    heads: int = 4
    guided: bool = True

    def to_json(self) -> dict[str, Any]:
        """As config.json holds it."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> FusionShape:
        """Read what ``to_json`` gave."""
        shapes = {name: TokenShape(**fields[name]) for name in ("face", "wristband", "voice")}
        return cls(**{**fields, **shapes})


@dataclass(frozen=True, slots=True)
class Fused:
    """What the net says of a batch of windows.

    ``values`` and ``errors`` are (batch, 4) by ``VALUES``, the errors one calibrated standard deviation; ``logits`` are
    (batch, 7) by ``EXPRESSIONS``, calibrated; ``shares`` are (batch, 3): face, wristband, voice, and sum to 1, or to 0
    where nothing is there.
    """

    values: Tensor
    errors: Tensor
    logits: Tensor
    shares: Tensor


class FusionNet(nn.Module):
    """Guided attention over the face, body and voice as their own streams, a gate per value over the modalities.

    Every modality ends in one layer-normed vector, so that the gate's weight is what the modality contributes; the
    gates are softmaxes over the modalities that are present, which is also how a missing one is handled.
    """

    def __init__(self, shape: FusionShape) -> None:
        super().__init__()
        self.shape, width = shape, shape.width
        kinds = (shape.face, shape.wristband, shape.voice)
        self.encoders = nn.ModuleList(TokenEncoder(kind.features, kind.tokens, width) for kind in kinds)
        self.look = GuidedAttention(width, shape.heads)
        self.body, self.speech = Pooling(width), Pooling(width)
        self.gates = nn.ModuleList(nn.Linear(width, len(VALUES) + 1) for _ in kinds)
        # Each value, and the expression, reads its own mixture, and knows which modalities are in it.
        self.heads = nn.ModuleList(_head(width + len(kinds), 2) for _ in VALUES)
        self.classes = _head(width + len(kinds), len(EXPRESSIONS))
        self.temperatures = nn.Buffer(torch.ones(len(VALUES)))
        self.class_temperature = nn.Buffer(torch.ones(1))

    def forward(
        self, face: Tensor, face_mask: Tensor, wristband: Tensor, wristband_mask: Tensor, voice: Tensor, voice_mask: Tensor
    ) -> Fused:
        """Estimate a batch of windows; each input is (batch, tokens, features), masks are 1 where measured."""
        tokens = [
            encode(*given)
            for encode, given in zip(self.encoders, ((face, face_mask), (wristband, wristband_mask), (voice, voice_mask)), strict=True)
        ]
        present = [mask.amax(dim=-1) for mask in (face_mask, wristband_mask, voice_mask)]
        asking = present[1] if self.shape.guided else torch.zeros_like(present[1])
        vectors = torch.stack(
            [self.look(tokens[1], asking, tokens[0], present[0]), self.body(tokens[1], present[1]), self.speech(tokens[2], present[2])],
            dim=1,
        )
        there = torch.stack([part.amax(dim=-1) for part in present], dim=1)
        return self._decide(vectors, there)

    def _decide(self, vectors: Tensor, there: Tensor) -> Fused:
        """(batch, 3, width) and (batch, 3) to the estimate."""
        scores = torch.stack([gate(vectors[:, place]) for place, gate in enumerate(self.gates)], dim=1)
        weights = masked_softmax(scores, there.unsqueeze(-1), dim=1)  # (batch, 3, values + 1)
        mixtures = torch.matmul(weights.transpose(1, 2), vectors)  # (batch, values + 1, width)
        said = torch.stack([head(torch.cat([mixtures[:, place], there], dim=-1)) for place, head in enumerate(self.heads)], dim=1)
        values = torch.stack(
            [torch.tanh(said[:, place, 0]) if signed else torch.sigmoid(said[:, place, 0]) for place, signed in enumerate(SIGNED)], dim=1
        )
        errors = (functional.softplus(said[..., 1]) + LEAST_ERROR) * self.temperatures
        logits = self.classes(torch.cat([mixtures[:, len(VALUES)], there], dim=-1)) / self.class_temperature
        return Fused(values, errors, logits, weights[..., : len(VALUES)].mean(dim=-1))


def _head(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 32), nn.GELU(), nn.Linear(32, outputs))


def parameters(net: nn.Module) -> int:
    """How many numbers are trained."""
    return sum(parameter.numel() for parameter in net.parameters())
