"""Pages, headers, health and the description of the interface."""

import json
from typing import Any

import pytest
from prometheus_client import generate_latest

from affectloop.events import Directive, EmotionEstimate
from affectloop_gateway.api.event_schemas import schema_of
from affectloop_gateway.health import missing
from school import School


@pytest.mark.parametrize("path", ["/", "/live/any", "/v1/sessions", "/nowhere", "/static/nothing.js"])
def test_every_answer_lets_nothing_in_from_elsewhere(at: School, path: str) -> None:
    headers = at.client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["object-src"], policy["frame-ancestors"]) == ("'self'", "'none'", "'none'")
    assert (headers["referrer-policy"], headers["x-content-type-options"]) == ("no-referrer", "nosniff")


def test_what_is_said_of_learners_is_kept_by_no_cache(at: School) -> None:
    assert at.call("GET", "/v1/sessions").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/static/../settings.py", "/static/%2e%2e/settings.py", "/static/nothing.js"])
def test_nothing_but_the_web_app_is_served(at: School, path: str) -> None:
    assert at.client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_health_and_figures_are_not_on_the_public_port(at: School, path: str) -> None:
    assert at.client.get(path).status_code == 404


def test_it_lacks_nothing_when_everything_answers(at: School) -> None:
    assert missing(at.dependencies) == []


def test_its_figures_name_nobody(at: School) -> None:
    session_id = at.start()["session_id"]
    at.arrive(at.voice(session_id))
    text = generate_latest().decode()
    assert "affectloop_records_total" in text
    assert session_id not in text


@pytest.fixture
def description(at: School) -> dict[str, Any]:
    found: dict[str, Any] = at.client.get("/v1/openapi.json").json()
    return found


def test_every_operation_is_described_and_says_how_it_fails(description: dict[str, Any]) -> None:
    operations = [(path, what) for path, methods in description["paths"].items() for what in methods.values() if path.startswith("/v1")]
    undescribed = [path for path, what in operations if not what.get("summary") or not what.get("description")]
    unfailing = [path for path, what in operations if not {"401", "403", "422", "429", "503"} <= set(what["responses"])]
    assert (len(operations) >= 20, undescribed, unfailing) == (True, [], [])


def test_every_field_and_parameter_is_described(description: dict[str, Any]) -> None:
    own = {name: schema for name, schema in description["components"]["schemas"].items() if "ValidationError" not in name}
    all_fields = [(f"{name}.{field}", what) for name, schema in own.items() for field, what in schema.get("properties", {}).items()]
    fields = [name for name, what in all_fields if not what.get("description")]
    parameters = [
        f"{path} {one['name']}"
        for path, methods in description["paths"].items()
        for what in methods.values()
        for one in what.get("parameters", [])
        if path.startswith("/v1") and not one.get("description")
    ]
    assert (fields, parameters) == ([], [])


def test_events_are_described_with_their_units() -> None:
    estimate = schema_of(EmotionEstimate)["properties"]
    item = schema_of(Directive)["properties"]["item"]["properties"]
    assert item["duration_ms"] == {"type": "number", "minimum": 10, "maximum": 2000, "description": "unit: ms"}
    assert estimate["arousal"]["anyOf"][1] == {"type": "null"}
    assert json.dumps(schema_of(Directive))


def test_no_page_of_the_description_loads_scripts_from_elsewhere(at: School) -> None:
    assert [at.client.get(path).status_code for path in ("/docs", "/redoc")] == [404, 404]
