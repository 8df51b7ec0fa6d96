"""The expression net of face-api in torch."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from affectloop.events import EXPRESSIONS

MEAN_RGB = (122.782, 117.001, 104.298)


class Separable(nn.Module):
    """A depthwise and a pointwise convolution; strides of 2 pad below and on the right, as TensorFlow's SAME does."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.pad = (1, 1, 1, 1) if stride == 1 else (0, 1, 0, 1)
        self.depthwise = nn.Conv2d(channels_in, channels_in, 3, stride, groups=channels_in, bias=False)
        self.pointwise = nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels_in, h, w) to (n, channels_out, h / stride, w / stride)."""
        out: Tensor = self.pointwise(self.depthwise(functional.pad(x, self.pad)))
        return out


class First(nn.Module):
    """The first convolution of the net, a full one."""

    def __init__(self, channels_out: int) -> None:
        super().__init__()
        self.full = nn.Conv2d(3, channels_out, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) to (n, channels_out, h / 2, w / 2)."""
        out: Tensor = self.full(functional.pad(x, (0, 1, 0, 1)))
        return out


class Dense(nn.Module):
    """Four convolutions, each fed with the sum of those before."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv0: nn.Module = First(channels_out) if channels_in == 3 else Separable(channels_in, channels_out, 2)
        self.conv1 = Separable(channels_out, channels_out, 1)
        self.conv2 = Separable(channels_out, channels_out, 1)
        self.conv3 = Separable(channels_out, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels_in, h, w) to (n, channels_out, h / 2, w / 2)."""
        first = functional.relu(self.conv0(x))
        second = self.conv1(first)
        third = self.conv2(functional.relu(first + second))
        fourth = self.conv3(functional.relu(first + second + third))
        return functional.relu(first + second + third + fourth)


class ExpressionNet(nn.Module):
    """RGB crops (n, 3, 112, 112), 0 to 255, to probabilities (n, 7) by ``EXPRESSIONS``."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN_RGB).view(1, 3, 1, 1))
        widths = (3, 32, 64, 128, 256)
        self.blocks = nn.ModuleList(Dense(a, b) for a, b in pairwise(widths))
        self.fc = nn.Linear(256, len(EXPRESSIONS))

    def forward(self, pixels: Tensor) -> Tensor:
        """Probabilities of the expressions."""
        x = (pixels - self.mean) / 255
        for block in self.blocks:
            x = block(x)
        return functional.softmax(self.fc(functional.avg_pool2d(x, 7, 2).flatten(1)), dim=1)
