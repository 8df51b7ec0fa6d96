"""A small client of the gateway's REST interface, for programs that play a learner."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from affectloop.errors import Unavailable

LONGEST_ANSWER_S = 40.0  # a long poll takes up to 25 s


class GatewayClient:
    """The gateway at an address, as whoever has the token."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get(self, path: str) -> Any:
        """What is there; ``None`` where nothing is yet (204)."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Any = None) -> Any:
        """The answer to what is sent."""
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, content, self._headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=LONGEST_ANSWER_S) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise Unavailable(
                    f"the gateway answers {error.code} to {method} {path}: {error.read().decode(errors='replace')}"
                ) from error
        except OSError as error:
            raise Unavailable(f"no gateway answers at {self.address}: {error}") from error
        return json.loads(text) if text else None
