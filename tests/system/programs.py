"""Services as programs of their own, which a test may kill and start again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

AFFECTLOOP = (sys.executable, "-m", "affectloop.cli")
LEAVE_S = 30.0  # they promise 20; starting to leave takes a busy machine a while


class Programs:
    """Programs by name, their words in files of a folder. A context manager: whatever happens, none of them stays.

    Parameters
    ----------
    folder
        Where each program's standard error goes, ``<name>.log``.
    environment
        What is set for them beside what is set here.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self.environment = {**os.environ, **environment}
        self._commands: dict[str, tuple[str, ...]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str) -> None:
        """Start ``affectloop <arguments>`` under that name."""
        self._commands[name] = arguments
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen([*AFFECTLOOP, *arguments], stdout=log, stderr=log, env=self.environment)

    def kill(self, name: str) -> None:
        """kill -9, then start it again as a supervisor does."""
        self._running[name].send_signal(signal.SIGKILL)
        self._running[name].wait()
        self.start(name, *self._commands[name])

    def supervise(self) -> None:
        """Start again whatever ended by itself: who comes up while the broker is away gives up after a while, and says so."""
        for name, process in list(self._running.items()):
            if process.poll() is not None:
                self.start(name, *self._commands[name])

    def words(self, name: str) -> str:
        """What a program said so far."""
        return (self._folder / f"{name}.log").read_text(errors="replace")

    def leave(self) -> dict[str, int]:
        """SIGTERM to all; their exit codes."""
        for process in self._running.values():
            process.terminate()
        return {name: process.wait(LEAVE_S) for name, process in self._running.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self._running.values():
            if process.poll() is None:
                process.kill()
                process.wait()
