"""A device that streams a synthetic wristband to capture over gRPC, as a phone or a box beside a sensor would.

    python examples/04_capture_client.py

Capture runs in this process, so that it works by itself; elsewhere POST /v1/sessions gives session and streaming token.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc

from affectloop.clock import SystemClock
from affectloop.events import Modality
from affectloop.messages.v1.capture_service_pb2 import StreamRequest
from affectloop.messages.v1.capture_service_pb2_grpc import CaptureServiceStub
from affectloop.runtime.service import load
from affectloop.runtime.service_runner import ServiceRunner, open_bus, open_live_state
from affectloop.session import Mode, Stream, new_session
from affectloop.settings import RuntimeSettings
from affectloop.store.live.grants import make_grant, put_grant
from affectloop.topics import SIGNALS
from affectloop_commands.demo import free_port

SECONDS, RATE_HZ, CLOCK = 4, 4, SystemClock()


def wristband(session_id: str) -> Iterator[StreamRequest]:
    """Electrodermal activity, one message a second, each sent when its samples are there."""
    start_us = CLOCK.wall_us()
    for second in range(SECONDS):
        CLOCK.sleep(1.0)
        times = {"event_time_us": start_us + second * 1_000_000, "complete_until_us": start_us + (second + 1) * 1_000_000}
        header = {"session_id": session_id, "stream_id": "eda", "sequence": second * RATE_HZ}
        samples = {"kind": "SIGNAL_KIND_EDA", "sample_rate_hz": RATE_HZ, "channels": 1, "samples": [3.0 + 0.01 * second] * RATE_HZ}
        yield StreamRequest(signal={"header": {**header, **times}, **samples})


def stream(address: str, session_id: str, token: str) -> None:
    """One call carries one session; what is refused is answered at once, the sums come at the end."""
    with grpc.insecure_channel(address) as channel:
        capture: Any = CaptureServiceStub(channel)  # type: ignore[no-untyped-call]  # generated without types
        for answer in capture.Stream(wristband(session_id), metadata=[("authorization", f"Bearer {token}")]):
            print(f"refused: {answer.refusal.problem}" if answer.HasField("refusal") else f"{answer.accepted} records accepted")


if __name__ == "__main__":
    capture, port, runtime = load("capture"), free_port(50051), RuntimeSettings()
    with ServiceRunner([(capture, capture.settings(port=port))], runtime, open_bus(runtime, CLOCK), open_live_state(runtime)) as runner:
        runner.wait_until_ready()
        session = new_session(
            mode=Mode.LIVE, captured=(Stream(SIGNALS.name, "eda"),), consented=frozenset({Modality.WRISTBAND}),
            profile="research", emotion_inference=False, started_at_us=CLOCK.wall_us(),
        )  # fmt: skip
        runner.live.put_session(session)
        streaming_token, digest = make_grant(session.session_id)
        put_grant(runner.live, session.session_id, digest)
        stream(f"127.0.0.1:{port}", session.session_id, streaming_token)
