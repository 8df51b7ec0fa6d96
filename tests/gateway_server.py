"""A gateway that serves on loopback, for tests of what lies below HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from affectloop.bus.memory import MemoryBus
from affectloop.clock import SystemClock
from affectloop.runtime.service import Surroundings
from affectloop.store.live.memory import MemoryLiveState
from affectloop.store.sql.bootstrap import bootstrap
from affectloop.store.sql.database import Store
from affectloop.telemetry.health import Health
from affectloop_gateway.service import SERVICE
from affectloop_gateway.settings import GatewaySettings
from servers.ports import free_port


class Running:
    """A gateway that serves."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = GatewaySettings(**{"port": free_port(), "database": f"sqlite:///{folder / 'facts.db'}", "drain_s": 1, **settings})
        self.bus, self.live, self.clock = MemoryBus(), MemoryLiveState(), SystemClock()
        self.health, self.ready = Health(self.clock), asyncio.Event()
        store = Store.open(self.settings.database)
        self.first = bootstrap(store, profile_name="demo")
        store.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.settings.port}"

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        async with httpx.AsyncClient(base_url=f"http://{self.address}", trust_env=False) as client:
            response = await client.request(method, path, json=body, headers={"Authorization": f"Bearer {self.first.admin_token}"})
            return response.raise_for_status().json()


@asynccontextmanager
async def running(folder: Path, **settings: Any) -> AsyncIterator[Running]:
    """The gateway in this loop, cancelled at the end."""
    gateway = Running(folder, **settings)
    surroundings = Surroundings(bus=gateway.bus, live=gateway.live, clock=gateway.clock, ready=gateway.ready.set, health=gateway.health)
    task = asyncio.create_task(_run(gateway, surroundings))
    try:
        await asyncio.wait_for(gateway.ready.wait(), 20)
        yield gateway
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _run(gateway: Running, surroundings: Surroundings) -> None:
    await SERVICE.run(gateway.settings, surroundings)
