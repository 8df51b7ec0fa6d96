"""The window of one session: what the last 8 s hold of face, wristband and voice, at every half second.

The processor keeps sums by quarter or half second and hands on whole windows; the net (``service.complete``) turns the
windows of many sessions into estimates in one batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from affectloop.events import END_OF_TIME_US, AudioFeatures, Event, FaceFeatures, PhysioFeatures
from affectloop.processor import HoppingWindows, SessionContext
from affectloop.topics import AUDIO_FEATURES, ESTIMATES, FACE_FEATURES, PHYSIO_FEATURES
from affectloop_fusion.settings import FusionSettings
from affectloop_fusion.tokens import (
    FACE,
    HOP_US,
    VOICE,
    WINDOW_US,
    WRISTBAND,
    Array,
    Kind,
    Tokens,
    face_values,
    physio_values,
    scaled,
    trust,
    voice_values,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FusionWindow(Event):
    """What the net is given for one estimate; it never leaves the service.

    Tokens and masks are (tokens, features) of their ``Kind``; ``trust`` is (3,): face, wristband, voice, 0 to 1.
    """

    face: Tokens
    face_mask: Tokens
    wristband: Tokens
    wristband_mask: Tokens
    voice: Tokens
    voice_mask: Tokens
    trust: Array


class Bins:
    """Sums of one modality's values by time, so that a frame is touched once and a window is cheap."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._bin_us = min(kind.token_us, HOP_US)  # windows begin at multiples of the hop
        self._bins: dict[int, tuple[Array, Array]] = {}

    def add(self, time_us: int, values: Array) -> None:
        """Take what was measured at one time."""
        known = np.isfinite(values)
        sums, counts = self._bins.setdefault(time_us // self._bin_us, (np.zeros(values.size), np.zeros(values.size)))
        sums += np.where(known, values, 0.0)
        counts += known

    def window(self, closing_us: int) -> Array:
        """Means of each token of the window that closes then, (tokens, features), NaN where nothing was measured."""
        first, count = (closing_us - WINDOW_US) // self._bin_us, WINDOW_US // self._bin_us
        sums, counts = np.zeros((2, count, len(self._kind.features)))
        for place in range(count):
            if first + place in self._bins:
                sums[place], counts[place] = self._bins[first + place]
        shape = (self._kind.count, -1, len(self._kind.features))
        total, number = sums.reshape(shape).sum(axis=1), counts.reshape(shape).sum(axis=1)
        return np.where(number > 0, total / np.maximum(number, 1), np.nan)

    def forget_before(self, time_us: int) -> None:
        """No later window begins earlier."""
        for old in [number for number in self._bins if number < time_us // self._bin_us]:
            del self._bins[old]


class FusionProcessor:
    """Gives a ``FusionWindow`` at every hop, also where nothing was measured."""

    def __init__(self, context: SessionContext, settings: FusionSettings) -> None:
        self._context = context
        self._windows = HoppingWindows(HOP_US, longest_us=WINDOW_US)
        self._bins = {kind: Bins(kind) for kind in (FACE, WRISTBAND, VOICE)}
        self._newest_us = 0

    def step(self, event: Event) -> Iterable[Event]:
        """Take the features of one modality; other faces in the picture are not the learner's."""
        taken = values_of(event)
        if taken is not None:
            kind, values = taken
            self._windows.saw(event.header)
            self._newest_us = max(self._newest_us, event.header.event_time_us)
            if values is not None:
                self._bins[kind].add(event.header.event_time_us, values)
        return ()

    def advance(self, watermark_us: int) -> Iterator[Event]:
        """Close the windows that end at or before ``watermark_us``."""
        for closing_us in self._windows.due(watermark_us):
            yield self._window(closing_us, watermark_us)
            for bins in self._bins.values():
                bins.forget_before(closing_us + HOP_US - WINDOW_US)
        if watermark_us == END_OF_TIME_US:
            self._windows.next_us = None

    @property
    def needs_from_us(self) -> int:
        """The start of the next window; at the latest the newest event, from which a successor counts its hops on."""
        if self._windows.next_us is None:
            return END_OF_TIME_US
        return min(self._windows.next_us - WINDOW_US, self._newest_us)

    def _window(self, closing_us: int, watermark_us: int) -> FusionWindow:
        values = {kind: bins.window(closing_us) for kind, bins in self._bins.items()}
        tokens = {kind: scaled(values[kind], kind) for kind in values}
        return FusionWindow(
            header=self._windows.header(self._context, ESTIMATES.stream, closing_us, watermark_us),
            face=tokens[FACE][0],
            face_mask=tokens[FACE][1],
            wristband=tokens[WRISTBAND][0],
            wristband_mask=tokens[WRISTBAND][1],
            voice=tokens[VOICE][0],
            voice_mask=tokens[VOICE][1],
            trust=np.array([float(trust(values[kind], kind)) for kind in values]),
        )


def values_of(event: Event) -> tuple[Kind, Array | None] | None:
    """The modality of a learner's features and their values; ``None`` for what is not the learner's."""
    stream = event.header.stream_id
    if isinstance(event, FaceFeatures) and stream == FACE_FEATURES.stream:
        return FACE, face_values(event)
    if isinstance(event, PhysioFeatures) and stream == PHYSIO_FEATURES.stream:
        return WRISTBAND, physio_values(event)
    if isinstance(event, AudioFeatures) and stream == AUDIO_FEATURES.stream:
        return VOICE, voice_values(event)
    return None
