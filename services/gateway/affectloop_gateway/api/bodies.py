"""What all bodies of requests have in common: names, times, and that nothing unknown is taken."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
EARLIEST_US, LATEST_US = 1, 1 << 62


class Body(BaseModel):
    """Nothing unknown is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)
