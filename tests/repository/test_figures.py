"""Alerts and dashboard, read: every figure that they ask for is there, every one that is there is shown, every alert is explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import Counter, Gauge, Histogram

import compose
from affectloop.telemetry import metrics

ROOT = Path(__file__).parents[2]
SERVICES = sorted(point.name for point in entry_points(group="affectloop.services"))
FROM_PROMETHEUS = {"up", "process_cpu_seconds_total", "process_resident_memory_bytes"}  # its own, and its client's


def families() -> Iterator[tuple[str, Counter | Gauge | Histogram]]:
    """Every metric of the loop by the name of its family."""
    for metric in vars(metrics).values():
        if isinstance(metric, (Counter, Gauge, Histogram)):
            yield next(iter(metric.describe())).name, metric


def known_metrics() -> set[str]:
    """Every series that the services give."""
    found = set(FROM_PROMETHEUS)
    for name, metric in families():
        found |= {f"{name}_{end}" for end in ("bucket", "count", "sum")} if isinstance(metric, Histogram) else set()
        found.add(f"{name}_total" if isinstance(metric, Counter) else name)
    return found


def rules() -> list[dict[str, Any]]:
    """Alerts and recorded figures."""
    content = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules.yml").read_text())
    return [rule for group in content["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """Grafana's page."""
    content: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "dashboards" / "affectloop.json").read_text())
    return content


def expressions() -> Iterator[str]:
    """Every query."""
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ()))


def test_every_query_asks_for_metrics_and_labels_that_are_there() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    for expression in expressions():
        named = set(re.findall(r"\b(?:affectloop|process)[a-z0-9_:]*|\bup\b", re.sub(r'"[^"]*"', "", expression)))
        assert named, expression
        assert named <= known_metrics() | recorded, expression
        for labels in re.findall(r"\bby \(([a-z_, ]+)\)", expression):
            assert set(labels.split(", ")) <= {"service", "topic", "route", "outcome", "le"}, expression


def test_every_metric_of_the_loop_is_shown() -> None:
    shown = " ".join(expressions())
    unseen = {"affectloop_playback_lateness_seconds"}  # of replays on the command line, which nobody scrapes
    assert not [name for name, _ in families() if name not in shown and name not in unseen]


def test_every_alert_is_explained() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    alerts = [rule for rule in rules() if "alert" in rule]
    assert len(alerts) > 5
    for rule in alerts:
        assert f"| {rule['alert']} |" in page
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert set(rule["annotations"]) == {"summary", "description"}


def test_prometheus_asks_every_service_on_its_port() -> None:
    content = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    (loop, _) = content["scrape_configs"]
    (found,) = loop["dns_sd_configs"]
    assert sorted(found["names"]) == SERVICES
    assert {str(found["port"])} == {compose.services()[name]["environment"]["AFFECTLOOP_RUNTIME__HEALTH_PORT"] for name in SERVICES}
    (gone,) = [rule["expr"] for rule in rules() if rule.get("alert") == "ServiceGone"]
    assert sorted(re.findall(r'service="(\w+)"', gone)) == SERVICES


def test_the_dashboard_is_whole() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, f"{panel['title']} lies on another panel"
        assert max(x for x, _ in cells) < 24
        taken |= cells
        if panel["type"] != "row":
            assert panel["description"]
            assert panel["targets"]
            assert panel["datasource"]["uid"] == "${datasource}"
    provisioned = yaml.safe_load((ROOT / "deploy" / "grafana" / "provisioning" / "dashboards" / "affectloop.yml").read_text())
    (where,) = [provider["options"]["path"] for provider in provisioned["providers"]]
    assert f"./deploy/grafana/dashboards:{where}:ro" in compose.services()["grafana"]["volumes"]
