"""What needs no token: health and reflection, so that nobody can hold a call of them open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
from grpc_health.v1 import health
from grpc_reflection.v1alpha import reflection

from affectloop_capture.ingest.unproven_calls import UnprovenCalls, address_of


class HealthWithoutWatch(health.aio.HealthServicer):  # type: ignore[misc, name-defined]  # the stubs leave it out
    """Says how it is when it is asked (``Check``); nobody may wait for a change (``Watch``)."""

    async def Watch(self, request: Any, context: Any) -> None:  # noqa: N802 - gRPC's name
        """Refused."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "ask with Check")


class BoundedReflection(reflection.aio.ReflectionServicer):  # type: ignore[misc, name-defined]
    """Tells the contract to tools (grpcurl), within the time that any call without a token has."""

    def __init__(self, unproven: UnprovenCalls, service_names: Sequence[str]) -> None:
        super().__init__(service_names)
        self._unproven = unproven

    async def ServerReflectionInfo(self, request_iterator: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:  # noqa: N802
        """Answer while there is time."""
        try:
            async with self._unproven.waiting(address_of(context.peer())):
                async for answer in super().ServerReflectionInfo(request_iterator, context):
                    yield answer
        except TimeoutError:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "ask in one go")
