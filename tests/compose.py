"""docker-compose.yml as the tests read it: merged, with the variables of .env put in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
VARIABLE = re.compile(r"\$\$|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::\?(?P<how>[^}]+)|:-(?P<default>[^}]*))?\}|\$")
SECRETS = {name: f"secret-of-{name.lower()}" for name in ("REDIS_PASSWORD", "DATABASE_PASSWORD", "POSTGRES_PASSWORD", "GRAFANA_PASSWORD")}
SECRETS["AFFECTLOOP_GATEWAY__MASTER_KEY"] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="  # 0 to 31


def services(secrets: Mapping[str, str] = SECRETS) -> dict[str, dict[str, Any]]:
    """Every service by name."""
    found: dict[str, dict[str, Any]] = project(secrets)["services"]
    return found


def project(secrets: Mapping[str, str] = SECRETS) -> dict[str, Any]:
    """The whole file; a required variable that is missing is a ``KeyError``, as compose refuses it."""
    content: dict[str, Any] = _filled(yaml.safe_load((ROOT / "docker-compose.yml").read_text()), secrets)
    return content


def _filled(value: Any, secrets: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(part, secrets) for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, secrets) for part in value]
    return VARIABLE.sub(lambda found: _one(found, secrets), value) if isinstance(value, str) else value


def _one(found: re.Match[str], secrets: Mapping[str, str]) -> str:
    if found.group() == "$$":
        return "$"
    if found.group() == "$":
        raise ValueError("a lone $ in docker-compose.yml: write $$")
    return secrets[found["name"]] if found["default"] is None else secrets.get(found["name"], found["default"])
