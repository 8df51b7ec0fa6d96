"""Sound of formats that libsndfile does not read, through the ffmpeg program where this machine has one.

It is a program of its own, found on the PATH and never shipped: docs/decisions/0040-sound-that-libsndfile-does-not-read.md.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from affectloop.errors import InvalidInput

PROGRAM = "ffmpeg"
BLOCK_FRAMES = 1 << 18
LONGEST_HEADER = 4096
_TOLD_CHARACTERS = 200


class Decoding:
    """A sound as the program decodes it: rate, channels, blocks of samples. ``complaint`` says at the end what it met."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output
        self.channels, self.rate_hz = _form(output)
        self.complaint = ""

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Samples, each block (n, channels)."""
        frame_bytes = 4 * self.channels
        while content := self._output.read(BLOCK_FRAMES * frame_bytes):
            whole = len(content) // frame_bytes * frame_bytes
            yield np.frombuffer(content[:whole], "<f4").reshape(-1, self.channels)


@contextmanager
def decoding(path: Path) -> Iterator[Decoding]:
    """Decode a sound's first track; ``InvalidInput`` where there is no such program, or it reads nothing. Nothing lies on the disk."""
    program = shutil.which(PROGRAM)
    if program is None:
        remedy = f"install {PROGRAM}, or convert it to WAV or FLAC"
        raise InvalidInput(f"{path}: is sound of a kind that {PROGRAM} reads, which this machine lacks; {remedy}")
    command = [
        program, "-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file,pipe", "-i", f"file:{path}",
        "-map", "0:a:0", "-vn", "-sn", "-dn", "-bitexact", "-f", "wav", "-c:a", "pcm_f32le", "pipe:1",
    ]  # fmt: skip
    with (
        tempfile.TemporaryFile() as errors,  # not a pipe: a damaged file fills one, and then both would wait
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors) as process,
    ):
        assert process.stdout is not None
        try:
            try:
                found = Decoding(process.stdout)
            except ValueError as error:
                said = _said(errors)
                raise InvalidInput(
                    f"{path}: cannot be read as sound ({said or error}); check that it plays, or convert it to WAV or FLAC"
                ) from error
            yield found
            process.wait()
            found.complaint = _said(errors)
        finally:
            process.kill()


def _said(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = [line.strip() for line in errors.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[0][:_TOLD_CHARACTERS] if lines else ""


def _form(output: IO[bytes]) -> tuple[int, int]:
    """Channels and rate, by the WAV header before the samples; ``ValueError`` where none comes."""
    head = output.read(12)
    channels = rate_hz = 0
    while head[:4] in (b"RIFF", b"RF64"):
        chunk = output.read(8)
        if chunk[:4] == b"data" and channels and rate_hz:
            return channels, rate_hz
        length = int.from_bytes(chunk[4:], "little")
        if len(chunk) < 8 or length > LONGEST_HEADER:
            break
        content = output.read(length)
        if chunk[:4] == b"fmt ":
            channels, rate_hz = int.from_bytes(content[2:4], "little"), int.from_bytes(content[4:8], "little")
    raise ValueError("nothing was decoded")
