"""Requests are counted by route and end; no figure names whom they were about."""

from __future__ import annotations

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from school import School


def counts() -> dict[tuple[str, str], float]:
    """Requests so far by route and outcome."""
    families = text_string_to_metric_families(generate_latest().decode())
    return {
        (sample.labels["route"], sample.labels["outcome"]): sample.value
        for family in families
        for sample in family.samples
        if sample.name == "affectloop_request_seconds_count"
    }


def test_a_request_is_counted_under_its_pattern_and_its_end(at: School) -> None:
    session_id = at.start(at.learner())["session_id"]
    before = counts()
    assert at.call("GET", f"/v1/sessions/{session_id}").status_code == 200
    assert at.call("GET", "/v1/sessions/nobody").status_code == 404
    assert at.call("GET", f"/nowhere/{session_id}").status_code == 404
    after = counts()
    gained = {key: after[key] - before.get(key, 0.0) for key in after if after[key] != before.get(key, 0.0)}
    assert gained == {("/v1/sessions/{session_id}", "2xx"): 1, ("/v1/sessions/{session_id}", "4xx"): 1, ("none", "4xx"): 1}
    assert session_id not in generate_latest().decode()
