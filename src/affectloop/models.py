"""Where trained models are, and whether they are what their config says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from affectloop.errors import Unavailable

PLACES = (Path(__file__).parent / "_models", Path(__file__).parents[2] / "models")  # in a wheel, in a checkout


def folder(name: str) -> Path:
    """The folder ``models/<name>``; ``Unavailable`` where it is missing."""
    for place in PLACES:
        if (place / name / "config.json").exists():
            return place / name
    raise Unavailable(f"model {name} is not installed: looked in {', '.join(str(place) for place in PLACES)}")


def config(name: str) -> dict[str, Any]:
    """The model's config.json."""
    content: dict[str, Any] = json.loads((folder(name) / "config.json").read_text())
    return content


def checked(name: str, file: str) -> Path:
    """A file of the model, once its SHA-256 equals the one in ``config.json`` under ``sha256``."""
    path = folder(name) / file
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != config(name)["sha256"][file]:
        raise Unavailable(f"{path} is not the file that {name}/config.json names: its SHA-256 is {found}")
    return path
