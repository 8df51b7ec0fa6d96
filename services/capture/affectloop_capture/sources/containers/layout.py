"""The container of a media file, whichever it is."""

from __future__ import annotations

import mmap
from pathlib import Path

from affectloop_capture.sources.containers import flv, matroska, mp4, ogg, riff, transport
from affectloop_capture.sources.containers.base import Layout

CONTAINERS = (mp4, matroska, riff, ogg, flv, transport)


def layout_of(path: Path) -> Layout | None:
    """The layout of the file; ``None`` where its container is not known."""
    if not path.stat().st_size:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = next((container for container in CONTAINERS if container.knows(content[:4096])), None)
        return found.layout(content) if found else None


def missing_part(path: Path) -> str | None:
    """What a truncated file lacks, in words; ``None`` where it is whole, or of a container that does not tell."""
    layout = layout_of(path)
    return layout.missing if layout else None
