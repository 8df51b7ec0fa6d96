"""neurokit2, the toolbox that ours is held against."""

from __future__ import annotations

import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import neurokit2


def neurokit(function: str, *arguments: Any, **named: Any) -> Any:
    """Call neurokit2, whose warnings are its own; ``None`` where it fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(neurokit2, function)(*arguments, **named)
        except (ValueError, IndexError, ZeroDivisionError):
            return None
