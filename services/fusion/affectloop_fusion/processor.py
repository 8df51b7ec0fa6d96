"""The window of one session: what the last 8 s hold of face, wristband and voice, at every half second.

The processor keeps each modality's tokens running and hands on whole windows; the net (``service.complete``) turns the
windows of many sessions into estimates in one batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from affectloop.events import END_OF_TIME_US, AudioFeatures, Event, FaceFeatures, PhysioFeatures
from affectloop.processor import HoppingWindows, SessionContext
from affectloop.topics import AUDIO_FEATURES, ESTIMATES, FACE_FEATURES, PHYSIO_FEATURES
from affectloop_fusion.running_tokens import RunningTokens
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


class FusionProcessor:
    """Gives a ``FusionWindow`` at every hop, also where nothing was measured."""

    def __init__(self, context: SessionContext, settings: FusionSettings) -> None:
        self._context = context
        self._windows = HoppingWindows(HOP_US, longest_us=WINDOW_US)
        self._tokens = {kind: RunningTokens(kind) for kind in (FACE, WRISTBAND, VOICE)}
        self._newest_us = 0

    def step(self, event: Event) -> Iterable[Event]:
        """Take the features of one modality; other faces in the picture are not the learner's."""
        taken = values_of(event)
        if taken is not None:
            kind, values = taken
            self._windows.saw(event.header)
            self._newest_us = max(self._newest_us, event.header.event_time_us)
            if values is not None:
                self._tokens[kind].add(event.header.event_time_us, values)
        return ()

    def advance(self, watermark_us: int) -> Iterator[Event]:
        """Close the windows that end at or before ``watermark_us``."""
        for closing_us in self._windows.due(watermark_us):
            yield self._window(closing_us, watermark_us)
        if watermark_us == END_OF_TIME_US:
            self._windows.next_us = None

    @property
    def closes_next_us(self) -> int:
        """The end of the next hop."""
        return self._windows.closes_next_us

    @property
    def needs_from_us(self) -> int:
        """The start of the next window; at the latest the newest event, from which a successor counts its hops on."""
        if self._windows.next_us is None:
            return END_OF_TIME_US
        return min(self._windows.next_us - WINDOW_US, self._newest_us)

    def _window(self, closing_us: int, watermark_us: int) -> FusionWindow:
        face, wristband, voice = (tokens.window(closing_us) for tokens in self._tokens.values())
        return FusionWindow(
            header=self._windows.header(self._context, ESTIMATES.stream, closing_us, watermark_us),
            face=face.tokens,
            face_mask=face.mask,
            wristband=wristband.tokens,
            wristband_mask=wristband.mask,
            voice=voice.tokens,
            voice_mask=voice.mask,
            trust=np.array([face.trust, wristband.trust, voice.trust]),
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
