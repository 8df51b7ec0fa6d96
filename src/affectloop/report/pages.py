"""The report's files: a page that needs nothing else, the figures, every estimate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from affectloop import models
from affectloop.codec import to_json
from affectloop.errors import Unavailable
from affectloop.events import Event
from affectloop.report.collected import Collected, collect
from affectloop.report.figures import figures
from affectloop.report.timeline import timeline
from affectloop.session import Session
from affectloop.viewing import session_as_viewed

TEMPLATE = Path(__file__).parent / "template.html"  # built from web/, see its README
PLACE = "<!--data-->"
LIMITS = "An aid to training, not a diagnosis; no lie can be read from it. An estimate is a model's, not a fact about the learner."


def write_report(folder: Path, events: Iterable[Event], descriptor: Session | None = None, *, notes: Sequence[str] = ()) -> Path:
    """Write ``report.html``, ``report.json`` and ``estimates.jsonl`` of a session's events; returns the page's path.

    ``notes`` say what of the session is missing or was assumed, in sentences for whoever reads the report.
    """
    collected = collect(events)
    folder.mkdir(parents=True, exist_ok=True)
    told = figures(collected) | {"notes": list(notes), "limits": LIMITS}
    card = session_as_viewed(descriptor) if descriptor else {}
    (folder / "report.json").write_text(json.dumps(told | {"session": card}, indent=2, ensure_ascii=False) + "\n", "utf-8")
    (folder / "estimates.jsonl").write_text(_estimates(collected), "utf-8")
    page = {"session": card, "figures": told, "tracks": timeline(collected), "models": [model_note(name) for name in told["models"]]}
    return write(folder, page)


def write(folder: Path, data: Mapping[str, Any]) -> Path:
    """Write ``report.html``: the built page with its data inside; it opens from disk and asks nothing of any server."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    before, after = TEMPLATE.read_text("utf-8").split(PLACE)
    path = folder / "report.html"
    path.write_text(f'{before}<script type="application/json" id="data">{text}</script>{after}', "utf-8")
    return path


def model_note(name: str) -> dict[str, str]:
    """A model's name and the first paragraph of its card."""
    try:
        card = (models.folder(name) / "MODEL_CARD.md").read_text("utf-8")
    except (Unavailable, OSError):
        return {"name": name, "note": ""}
    paragraphs = (" ".join(paragraph.replace("**", "").split()) for paragraph in card.split("\n\n"))
    return {"name": name, "note": next((text for text in paragraphs if text and not text.startswith(("#", "|", "---"))), "")}


def _estimates(collected: Collected) -> str:
    ordered = sorted(collected.estimates, key=lambda estimate: estimate.header.sequence)
    return "".join(json.dumps(to_json(estimate)) + "\n" for estimate in ordered)
