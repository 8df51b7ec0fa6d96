"""One modality's tokens of the last window, kept running: what was measured is summed and scaled once, not at every hop."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import numpy as np

from affectloop_fusion.tokens import HOP_US, WINDOW_US, Array, Kind, Tokens, qualities, scaled_means, trusted

ROOM = 4  # windows that a set of rows has room for: a new set is begun once in three windows


class Window(NamedTuple):
    """Tokens and mask of one modality, (tokens, features) each, and how far it can be trusted, 0 to 1."""

    tokens: Tokens
    mask: Tokens
    trust: float


class _Rows:
    """A token for every bin, the one that ends with it, in order of time; ``end`` is the place after the newest."""

    def __init__(self, bins: int, features: int) -> None:
        self.end = bins
        self.tokens, self.masks = np.zeros((2, ROOM * bins, features), np.float32)
        self.quality, self.present = np.zeros((2, ROOM * bins))

    def begun_anew(self, bins: int) -> _Rows:
        """Other rows that begin with the newest of these; what was handed out of these stays as it is."""
        rows, newest = _Rows(bins, self.tokens.shape[1]), slice(self.end - bins, self.end)
        rows.tokens[:bins], rows.masks[:bins] = self.tokens[newest], self.masks[newest]
        rows.quality[:bins], rows.present[:bins] = self.quality[newest], self.present[newest]
        return rows


class RunningTokens:
    """The tokens of one modality. Time is cut into bins, of which hops as well as tokens consist."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._bin_us = min(kind.token_us, HOP_US)  # windows begin at multiples of the hop
        self._bins = WINDOW_US // self._bin_us  # of a window
        self._of_token = kind.token_us // self._bin_us
        self._waiting: dict[int, list[Array]] = {}  # what was measured, by bin, until a window reaches it
        self._sums: dict[int, Array] = {}  # sums and counts, (2, features), of bins that a token to come may hold
        self._nothing = np.zeros((2, len(kind.features)))
        self._until = 0  # the bin after the newest row's
        self._rows = _Rows(self._bins, len(kind.features))

    def add(self, time_us: int, values: Array) -> None:
        """Take what was measured at one time, not before the end of the last window; NaN where nothing was."""
        self._waiting.setdefault(time_us // self._bin_us, []).append(values)

    def window(self, closing_us: int) -> Window:
        """The window that closes then, later than the one before."""
        self._move_to(closing_us // self._bin_us)
        rows = self._rows
        ending = slice(rows.end - self._bins + self._of_token - 1, rows.end, self._of_token)
        return Window(rows.tokens[ending], rows.masks[ending], float(trusted(rows.quality[ending], rows.present[ending], self._kind)))

    def _move_to(self, until: int) -> None:
        """Make the rows of all bins before ``until``."""
        passed = min(until - self._until, self._bins)
        if self._rows.end + passed > ROOM * self._bins:
            self._rows = self._rows.begun_anew(self._bins)
        self._rows.end, self._until = self._rows.end + passed, until
        for number in [number for number in self._waiting if number < until]:
            self._sums[number] = _summed(self._waiting.pop(number))
        if self._sums:
            self._write(until - passed, passed)
            self._sums = {number: sums for number, sums in self._sums.items() if number > until - self._of_token}

    def _write(self, first: int, passed: int) -> None:
        """Work out the tokens that end with these bins."""
        held = [self._sums.get(number, self._nothing) for number in range(first - self._of_token + 1, first + passed)]
        sums = np.array([reduce(np.add, held[place : place + self._of_token]) for place in range(passed)])
        count = sums[:, 1]
        means, known = sums[:, 0] / np.maximum(count, 1), count > 0
        rows, new = self._rows, slice(self._rows.end - passed, self._rows.end)
        rows.tokens[new], rows.masks[new] = scaled_means(means, known, self._kind), known
        rows.quality[new], rows.present[new] = qualities(means, self._kind), known.any(axis=1)


def _summed(measured: list[Array]) -> Array:
    """Sums of what was measured, and how often it was, feature by feature."""
    values = np.array(measured)
    known = np.isfinite(values)
    sums = np.empty((2, values.shape[1]))
    np.add.reduce(np.where(known, values, 0.0), out=sums[0])
    np.add.reduce(known, out=sums[1])
    return sums
