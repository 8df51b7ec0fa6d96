"""A simulated learner who answers items through the gateway, as a browser would. Synthetic, and called so."""

from __future__ import annotations

import threading
from typing import Any

from affectloop.clock import Clock
from affectloop.events import Emotion, Item
from affectloop.synthetic.learner import SimulatedLearner
from affectloop_commands.gateway_client import GatewayClient

POLL_S = 1
BEFORE_AND_AFTER_S = 1.5  # neutral face before and after the expression
FRAMES_HZ = 60.0


def practise(gateway: GatewayClient, session_id: str, learner: SimulatedLearner, clock: Clock, stop: threading.Event) -> int:
    """Answer item after item until ``stop`` is set; gives how many were answered."""
    answered = -1
    path = f"/v1/sessions/{session_id}"
    while not stop.is_set():
        directive = gateway.get(f"{path}/directive?after={answered}&wait_s={POLL_S}")
        if directive is None:
            continue
        answered = directive["header"]["sequence"]
        item = item_of(directive["item"])
        answer = learner.answer(item, answered + 1)
        if stop.wait(directive["pause_ms"] / 1000 + BEFORE_AND_AFTER_S + (item.duration_ms + answer.reaction_time_ms) / 1000):
            break
        frames = round(item.duration_ms / 1000 * FRAMES_HZ)
        body = {
            "trial_id": f"{session_id}-{answered + 1}",
            "item": directive["item"],
            "answer": answer.emotion,
            "reaction_time_ms": answer.reaction_time_ms,
            "shown_ms": frames / FRAMES_HZ * 1000,
            "shown_frames": frames,
            "refresh_hz": FRAMES_HZ,
        }
        gateway.post(f"{path}/trials", body)
    return max(answered, 0)


def item_of(fields: dict[str, Any]) -> Item:
    """The item that a directive names."""
    return Item(**{**fields, "emotion": Emotion(fields["emotion"])})
