"""What routes ask of the live view's source: the newest directive of a session, now or as soon as there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class NewestDirective:
    """The newest directive of a session, as it may be viewed."""

    number: int
    content: dict[str, Any]
    at_s: float


class NewestDirectives(Protocol):
    """Newest directives by session; used on the event loop only."""

    def newest_directive(self, session_id: str) -> NewestDirective | None:
        """The newest directive that was seen of late."""

    async def directive_after(self, session_id: str, number: int, wait_s: float) -> NewestDirective | None:
        """A directive beyond a number, as soon as there is one; ``None`` when none came in time."""

    def forget(self, session_id: str) -> None:
        """Let go of an erased session, and of all else that is held of it."""
