"""Run pip install and show how far it is, in one line: ``python install.py ARGUMENT...``, as the Makefile does."""

import re
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterable
from pathlib import Path

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar", "off"]
TICK_S = 0.5  # on a terminal, where a line is written over
SLOW_TICK_S = 10.0  # in a log, where each is a line of its own


class Installation:
    """What pip has told so far."""

    def __init__(self, folder: Path) -> None:
        self.output: list[str] = []
        self._folder = folder
        self._found: list[str] = []
        self._fetching = ""
        self._first = "asking what is needed"
        self._to_install = 0
        self._there_before = self._there()

    def read(self, lines: Iterable[str]) -> None:
        """Take pip's output, line by line."""
        for line in lines:
            self.output.append(line)
            self._note(line)

    def _note(self, line: str) -> None:
        if match := re.match(r"Collecting ([\w.-]+)", line):
            self._found.append(match[1])
            self._fetching = match[1]
        elif match := re.match(r"\s+Downloading .*(\([\d.]+ [kMG]?B\))", line):
            self._fetching = f"{self._found[-1]} {match[1]}" if self._found else match[1]
        elif "Installing build dependencies" in line:
            self._first = "fetching what builds this project"
        elif line.startswith("Installing collected packages: "):
            self._there_before, self._to_install = self._there(), line.count(",") + 1

    def state(self) -> str:
        """Where it is, in a few words."""
        if self._to_install:
            done = min(max(self._there() - self._there_before, 0), self._to_install)
            return f"installing: {done} of {self._to_install} packages"
        return f"fetching package {len(self._found)}: {self._fetching}" if self._found else self._first

    def _there(self) -> int:
        """How many distributions the environment holds: pip is silent while it unpacks."""
        return sum(1 for _ in self._folder.glob("*.dist-info"))


def main(arguments: list[str]) -> int:
    """Install; pip's own words are shown where it fails."""
    started_s, terminal = time.monotonic(), sys.stdout.isatty()
    installation = Installation(Path(sysconfig.get_path("purelib")))
    with subprocess.Popen([*PIP, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None
        reader = threading.Thread(target=installation.read, args=(pip.stdout,), daemon=True)
        reader.start()
        while reader.is_alive():
            _show(installation.state(), time.monotonic() - started_s, terminal=terminal)
            reader.join(TICK_S if terminal else SLOW_TICK_S)
    if pip.returncode != 0:
        print("\n", *installation.output, sep="", file=sys.stderr)
        return pip.returncode
    _show("installed", time.monotonic() - started_s, terminal=terminal)
    print(end="\n" if terminal else "", flush=True)
    return 0


def _show(state: str, seconds: float, *, terminal: bool) -> None:
    line = f"    {int(seconds) // 60}:{int(seconds) % 60:02d} {state}"
    print(f"\r{line:.79}\x1b[K" if terminal else line, end="" if terminal else "\n", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\ninterrupted: run it again, it goes on from what was fetched")
