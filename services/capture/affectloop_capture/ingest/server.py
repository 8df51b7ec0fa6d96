"""The gRPC server: ``CaptureService.Stream``, health and reflection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from affectloop.errors import InvalidInput, InvalidMessage, Unavailable
from affectloop.messages.v1.capture_service_pb2 import StreamRequest, StreamResponse
from affectloop.runtime.service import Surroundings
from affectloop.topics import FRAMES
from affectloop_capture.admission.consent_gate import ConsentGate
from affectloop_capture.admission.stream_authentication import Authorize, StreamAuthentication
from affectloop_capture.ingest.mapping import SERVICE_NAME, bearer_token, event_of, modality_of, request_of, response, session_of
from affectloop_capture.ingest.open_to_all import BoundedReflection, HealthWithoutWatch
from affectloop_capture.ingest.stream_call import Shared, StreamCall
from affectloop_capture.ingest.unproven_calls import UnprovenCalls, address_of
from affectloop_capture.settings import CaptureSettings

MESSAGE_BYTES = FRAMES.max_bytes  # gRPC refuses a longer one before it is read
MOST_UNPROVEN = 256  # calls of all addresses together that have proven nothing yet
CALLS_OF_CONNECTION = 32  # a device needs one
IDLE_CONNECTION_MS = 60_000  # a connection without any call is ended
Context = grpc.aio.ServicerContext[bytes, StreamResponse]

_log = logging.getLogger(__name__)


class CaptureService:
    """Takes the streams of devices; requests arrive as bytes, so that what is no message gets a clear answer."""

    def __init__(self, shared: Shared, authorize: Authorize, unproven: UnprovenCalls, calls_most: int) -> None:
        self._shared = shared
        self._authorize = authorize
        self._unproven = unproven
        self._calls_most = calls_most
        self._calls = 0

    async def stream(self, requests: AsyncIterator[bytes], context: Context) -> None:
        """One device's call: each new refusal is answered at once, the sums at the end."""
        token = bearer_token(context.invocation_metadata() or ())
        if token is None:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token: send metadata 'authorization: Bearer <token>'")
        try:
            first = await self._first(requests, token, context)
            if first is not None:
                await self._serve(requests, *first, context)
        except Unavailable as error:
            _log.warning("call ended, live state unavailable")
            await context.abort(grpc.StatusCode.UNAVAILABLE, f"{error}; call again in a few seconds")

    async def _first(self, requests: AsyncIterator[bytes], token: str, context: Context) -> tuple[StreamCall, StreamRequest] | None:
        """The call's first record, with a token that is good for its session; ``None`` where the call ends without any."""
        try:
            async with self._unproven.waiting(address_of(context.peer())):
                payload = await anext(requests, None)
                if payload is None:
                    return None
                request = await self._request(payload, context)
                return await self._open(token, session_of(request), context), request
        except TimeoutError:
            problem = "no record with a good token came in time: call when there is one to send"
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, problem)

    async def _serve(self, requests: AsyncIterator[bytes], call: StreamCall, first: StreamRequest, context: Context) -> None:
        if self._calls >= self._calls_most:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many devices stream now: call again in a few seconds")
        self._calls += 1
        try:
            await self._take(call, first, context)
            async for payload in requests:
                await self._take(call, await self._request(payload, context), context)
            await call.finish()
            await context.write(response(call.accepted, call.dropped))
        finally:
            self._calls -= 1
            call.abandon()

    async def _request(self, payload: bytes, context: Context) -> StreamRequest:
        try:
            return request_of(payload)
        except InvalidMessage as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))

    async def _open(self, token: str, session_id: str, context: Context) -> StreamCall:
        if not session_id:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Header.session_id: is empty; name the session in the first record")
        if not await asyncio.to_thread(self._authorize, token, session_id):
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "the token is not for this session; ask for the session's own")
        return StreamCall(self._shared, session_id)

    async def _take(self, call: StreamCall, request: StreamRequest, context: Context) -> None:
        try:
            refusal = await call.take(event_of(request))
        except InvalidMessage as error:
            refusal = call.refuse(modality_of(request), error)
        if refusal is not None:
            await context.write(response(call.accepted, call.dropped, refusal))


class CaptureServer:
    """The server and what it serves; ``start`` it, ``stop`` it once."""

    def __init__(self, settings: CaptureSettings, surroundings: Surroundings, authorize: Authorize | None = None) -> None:
        self._settings = settings
        self._senders = ThreadPoolExecutor(settings.senders, thread_name_prefix="capture-send")
        self._producer = surroundings.bus.producer(durable=False)
        gate = ConsentGate(surroundings.live.session, surroundings.clock)
        shared = Shared(gate, self._producer, surroundings.clock, settings.limits, self._senders)
        unproven = UnprovenCalls(settings.first_record_within_s, settings.unproven_calls_of_address, MOST_UNPROVEN)
        self._service = CaptureService(shared, authorize or StreamAuthentication(surroundings.live), unproven, settings.calls_most)
        self._health = HealthWithoutWatch()
        self._reflection = BoundedReflection(unproven, (SERVICE_NAME, health.SERVICE_NAME, reflection.SERVICE_NAME))
        self._server = self._built()
        self.port = 0

    async def start(self) -> None:
        """Listen; ``InvalidInput`` where the address is taken or the certificate unreadable."""
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            self.port = self._bind(address)
        except (RuntimeError, OSError) as error:
            raise InvalidInput(f"capture cannot listen on {address}: {error}; set AFFECTLOOP_CAPTURE__PORT to a free port") from error
        await self._server.start()
        for name in ("", SERVICE_NAME):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        _log.info("capture listens", extra={"address": self._settings.host, "port": self.port})

    async def stop(self) -> None:
        """Take no more calls, let running ones finish for a while, flush and close."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(self._settings.shutdown_s)
        self._senders.shutdown()
        await asyncio.to_thread(self._producer.close)

    def _built(self) -> grpc.aio.Server:
        options = [
            ("grpc.max_receive_message_length", MESSAGE_BYTES),
            ("grpc.so_reuseport", 0),  # two servers on a port would share calls
            ("grpc.server_handshake_timeout_ms", round(self._settings.first_record_within_s * 1000)),
            ("grpc.max_connection_idle_ms", IDLE_CONNECTION_MS),
            ("grpc.max_concurrent_streams", CALLS_OF_CONNECTION),
            ("grpc.max_allowed_incoming_connections", self._settings.connections_most),
        ]
        server = grpc.aio.server(options=options)  # calls are counted once they have proven themselves
        stream = grpc.stream_stream_rpc_method_handler(self._service.stream, response_serializer=StreamResponse.SerializeToString)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE_NAME, {"Stream": stream}),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(self._reflection, server)
        return server

    def _bind(self, address: str) -> int:
        certificate, key = self._settings.tls_certificate, self._settings.tls_key
        if certificate is None or key is None:
            return self._server.add_insecure_port(address)
        credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
        return self._server.add_secure_port(address, credentials)


async def run(settings: CaptureSettings, surroundings: Surroundings) -> None:
    """Serve until cancelled, then leave cleanly."""
    server = CaptureServer(settings, surroundings)
    await server.start()
    surroundings.ready()
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()
