"""Where this project keeps what its commands make: in the checkout that the package runs from."""

from __future__ import annotations

from pathlib import Path

from affectloop.errors import InvalidInput

ROOT = Path(__file__).parents[2]


def kept(*parts: str) -> Path:
    """A path below the checkout's root; ``InvalidInput`` where the package was installed from a wheel."""
    if not (ROOT / "pyproject.toml").is_file():
        raise InvalidInput(f"{'/'.join(parts)} is kept in a checkout of Affectloop, and this one is installed: give --output")
    return ROOT.joinpath(*parts)
