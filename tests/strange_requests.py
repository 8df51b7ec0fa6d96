"""Requests with integers and texts that no database holds, in every place where a request has some."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from school import ITEM, School

HUGE = (1 << 63, 1 << 64, 10**400)
NUL = "a\0b"
HALF = '"\\ud800"'  # half of a surrogate pair, as JSON may have it


@dataclass(frozen=True)
class Strange:
    """One such request; ``{session}`` and ``{learner}`` stand for those that are there."""

    name: str
    method: str
    path: str
    body: str | None = None


def _trial(**changes: Any) -> str:
    return json.dumps({"trial_id": "one", "item": ITEM, "answer": "fear", **changes})


STRANGE = [
    Strange("NUL in a path", "GET", "/v1/sessions/a%00b"),
    Strange("NUL in a page's path", "GET", "/live/a%00b"),
    Strange("NUL in a query", "GET", "/v1/sessions?learner_id=a%00b"),
    Strange("NUL in another query", "GET", "/v1/learners?class_id=%00"),
    Strange("NUL elsewhere in a query", "GET", "/v1/audit?nobody=%00"),
    Strange("NUL in a name", "POST", "/v1/learners", json.dumps({"name": NUL})),
    Strange("NUL in a name elsewhere", "POST", "/v1/learners", json.dumps({"known_elsewhere_as": NUL})),
    Strange("NUL in a reference", "POST", "/v1/sessions", json.dumps({"learner_id": NUL})),
    Strange("NUL in a profile", "POST", "/v1/sessions", json.dumps({"learner_id": "{learner}", "profile": NUL})),
    Strange("NUL in an item", "POST", "/v1/sessions/{session}/trials", _trial(item={**ITEM, "item_id": NUL})),
    Strange("half a character in a name", "POST", "/v1/learners", f'{{"name": {HALF}}}'),
    Strange("half a character in a reference", "POST", "/v1/sessions", f'{{"learner_id": {HALF}}}'),
    Strange("a long reference", "POST", "/v1/sessions", json.dumps({"learner_id": "x" * 10_000})),
    Strange("a long profile", "POST", "/v1/sessions", json.dumps({"learner_id": "{learner}", "profile": "x" * 10_000})),
    Strange("deep JSON", "POST", "/v1/sessions", "[" * 60_000),
    *(Strange(f"{len(str(n))} digits after", "GET", f"/v1/audit?after={n}") for n in HUGE),
    *(Strange(f"{len(str(n))} digits after a directive", "GET", f"/v1/sessions/{{session}}/directive?after={n}") for n in HUGE),
    *(Strange(f"{len(str(n))} digits of a version", "PUT", "/v1/learners/{learner}/consents/face", f'{{"version": {n}}}') for n in HUGE),
    *(Strange(f"{len(str(n))} digits of a time", "POST", "/v1/sessions/{session}/end", f'{{"ended_at_us": {n}}}') for n in HUGE),
    *(Strange(f"{len(str(n))} digits of a year", "POST", "/v1/learners", f'{{"birth_year": {n}}}') for n in HUGE),
    *(Strange(f"{len(str(n))} digits of frames", "POST", "/v1/sessions/{session}/trials", _trial(shown_frames=n)) for n in HUGE),
]  # fmt: skip


def sent(at: School, strange: Strange) -> Any:
    """Send it; gives the response."""
    learner_id = at.learner()
    known = {"{learner}": learner_id, "{session}": at.start(learner_id)["session_id"]}
    path, body = strange.path, strange.body
    for name, value in known.items():
        path, body = path.replace(name, value), body and body.replace(name, value)
    headers = {"Authorization": f"Bearer {at.token()}", "Content-Type": "application/json"}
    return at.client.request(strange.method, path, content=body, headers=headers)
