"""Guided attention: one modality asks, another answers.

Tokens of the body (later also of depth) form queries over the tokens of the face, so that the net looks at what the
face did when the body reacted. One learned query asks where no guide is there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

CLOSED = -1e4  # added to the score of what is masked; finite, so that a row without anything stays a number


def masked_softmax(scores: Tensor, mask: Tensor, dim: int) -> Tensor:
    """Softmax over what is there; all zero where nothing is.

    Parameters
    ----------
    scores
        Any shape, float.
    mask
        Broadcast to ``scores``, 1 where it is there, 0 where not.
    dim
        The dimension that sums to 1, or to 0 where ``mask`` is 0 throughout.
    """
    return torch.softmax(scores + (1.0 - mask) * CLOSED, dim=dim) * mask


class TokenEncoder(nn.Module):
    """Values and masks of one modality's tokens to vectors that know their place in time.

    Parameters
    ----------
    features
        Numbers of a token.
    tokens
        Tokens of a window, oldest first.
    width
        Size of the vectors.
    """

    def __init__(self, features: int, tokens: int, width: int) -> None:
        super().__init__()
        self.lift = nn.Sequential(nn.Linear(2 * features, width), nn.GELU(), nn.Linear(width, width))
        self.place = nn.Parameter(torch.randn(tokens, width) * 0.1)
        self.norm = nn.LayerNorm(width)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """(batch, tokens, features) twice to (batch, tokens, width); what lies under a mask of 0 has no effect."""
        # `where`, not a product: NaN times 0 is NaN, and nothing under the mask may matter.
        known = torch.where(mask > 0, values, torch.zeros_like(values))
        lifted: Tensor = self.norm(self.lift(torch.cat([known, mask], dim=-1)) + self.place)
        return lifted


class Pooling(nn.Module):
    """One vector of a modality: its tokens weighted by a learned score."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 1)
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor, present: Tensor) -> Tensor:
        """(batch, tokens, width) and (batch, tokens) to (batch, width)."""
        weights = masked_softmax(self.score(tokens), present.unsqueeze(-1), dim=1)
        pooled: Tensor = self.norm((weights * tokens).sum(dim=1))
        return pooled


class GuidedAttention(nn.Module):
    """Multi-head attention of guide tokens over visual tokens, weighted over the queries.

    Parameters
    ----------
    width, heads
        Size of the vectors, and into how many equal parts attention splits them.

    Notes
    -----
    Source: the attention is that of Vaswani et al. 2017, "Attention is all you need", eq. 1; that the weaker, cleaner
    modality forms the queries over the stronger one is the project's reading of physiology-guided attention, for which
    no published figures could be verified. docs/results/fusion.md has the net with and without the guide.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.part = heads, width // heads
        self.alone = nn.Parameter(torch.randn(1, width) * 0.1)
        self.ask, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.join = nn.Linear(width, width)
        self.gate = nn.Linear(2 * width, 1)
        self.norm = nn.LayerNorm(width)

    def forward(self, guide: Tensor, guide_present: Tensor, visual: Tensor, visual_present: Tensor) -> Tensor:
        """What the face answers.

        Parameters
        ----------
        guide, guide_present
            (batch, queries, width) and (batch, queries); tokens of several guides are joined along the queries.
        visual, visual_present
            (batch, tokens, width) and (batch, tokens).

        Returns
        -------
        Tensor
            (batch, width).
        """
        ones = torch.ones_like(guide_present[:, :1])
        queries = torch.cat([guide, ones.unsqueeze(-1) * self.alone], dim=1)
        asked = torch.cat([guide_present, ones], dim=1)
        answers = self.join(self._attend(queries, visual, visual_present))
        gates = masked_softmax(self.gate(torch.cat([queries, answers], dim=-1)), asked.unsqueeze(-1), dim=1)
        answer: Tensor = self.norm((gates * answers).sum(dim=1))
        return answer

    def _attend(self, queries: Tensor, visual: Tensor, visual_present: Tensor) -> Tensor:
        ask, key, value = self._split(self.ask(queries)), self._split(self.key(visual)), self._split(self.value(visual))
        scores = torch.matmul(ask, key.transpose(-1, -2)) / self.part**0.5
        weights = masked_softmax(scores, visual_present[:, None, None, :], dim=-1)
        return torch.matmul(weights, value).transpose(1, 2).flatten(2)

    def _split(self, vectors: Tensor) -> Tensor:
        """(batch, tokens, width) to (batch, heads, tokens, part)."""
        return vectors.reshape(-1, vectors.shape[1], self.heads, self.part).transpose(1, 2)
