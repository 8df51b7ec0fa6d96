"""Fusion as a service: windows of many sessions become estimates in one call of the net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress

import numpy as np
import onnxruntime

from affectloop import models
from affectloop.events import Event, Reason
from affectloop.runtime.service import Batch, Loop, Resources, Service
from affectloop.topics import AUDIO_FEATURES, ESTIMATES, FACE_FEATURES, PHYSIO_FEATURES
from affectloop_fusion.estimates import Answers, Gate
from affectloop_fusion.processor import FusionProcessor, FusionWindow
from affectloop_fusion.settings import FusionSettings
from affectloop_fusion.tokens import Tokens

INPUTS = ("face", "face_mask", "wristband", "wristband_mask", "voice", "voice_mask")


class Net:
    """The exported net in ONNX Runtime; safe to use from several threads."""

    def __init__(self, settings: FusionSettings) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = settings.threads
        options.inter_op_num_threads = 1
        path = models.checked(settings.model, "model.onnx")
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._largest_batch = settings.largest_batch

    def answers(self, windows: Sequence[FusionWindow]) -> Answers:
        """What the net says of these windows, at least one."""
        return self.answers_to({name: np.stack([getattr(window, name) for window in windows]) for name in INPUTS})

    def answers_to(self, inputs: Mapping[str, Tokens]) -> Answers:
        """What the net says of tokens and masks by the names of ``INPUTS``, (n, tokens, features) each."""
        count = len(inputs[INPUTS[0]])
        parts = [self._part(inputs, first) for first in range(0, count, self._largest_batch)]
        return Answers(*(np.concatenate(each).astype(np.float64) for each in zip(*parts, strict=True)))

    def _part(self, inputs: Mapping[str, Tokens], first: int) -> list[Tokens]:
        given = {name: inputs[name][first : first + self._largest_batch] for name in INPUTS}
        outputs: list[Tokens] = self._session.run(None, given)
        return outputs


def complete(settings: FusionSettings) -> Batch:
    """Load the net; gives the function that turns windows into estimates."""
    net, config = Net(settings), models.config(settings.model)
    gate = Gate(settings.model, np.array(config["spread"]), settings.lowest_confidence)

    def estimates(events: Sequence[Event]) -> Sequence[Event]:
        windows = [event for event in events if isinstance(event, FusionWindow)]
        holding = [holds_anything(window) for window in windows]
        seen = list(compress(windows, holding))
        given = iter(gate.estimates(seen, net.answers(seen)) if seen else ())
        return [next(given) if holds else gate.abstaining(window, Reason.NO_SIGNAL) for window, holds in zip(windows, holding, strict=True)]

    return estimates


def holds_anything(window: FusionWindow) -> bool:
    """Whether any modality was measured within the window."""
    return bool(window.face_mask.any() or window.wristband_mask.any() or window.voice_mask.any())


SERVICE = Service(
    name="fusion",
    consumes=(FACE_FEATURES, PHYSIO_FEATURES, AUDIO_FEATURES),
    produces=(ESTIMATES,),
    settings=FusionSettings,
    processor=FusionProcessor,
    complete=complete,
    loop=Loop.JOINS,
    resources=Resources(autoscaled=False),
)
