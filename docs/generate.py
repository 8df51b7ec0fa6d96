"""Write the documents that follow from the code: ``python docs/generate.py [FOLDER]``."""

import sys
from collections.abc import Iterator
from dataclasses import fields
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from prometheus_client import Counter, Gauge, Histogram
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from affectloop.events import END_OF_TIME_US
from affectloop.runtime.service import installed, load
from affectloop.settings import RuntimeSettings
from affectloop.telemetry import metrics
from affectloop.topics import DEAD_LETTER_RETENTION_S, PARTITIONS, TOPICS, Topic

ROOT = Path(__file__).parents[1]
WRITTEN = "Written by docs/generate.py from {}; `make docs` writes it anew.\n"


def topics_page() -> str:
    """Every topic with its event's fields, units and limits."""
    lines = ["# Topics", "", WRITTEN.format("src/affectloop/topics.py, events/ and the services")]
    days = DEAD_LETTER_RETENTION_S // 86400
    lines += [
        f"Keys are session ids; every topic has {PARTITIONS} partitions unless a setting says otherwise. `<topic>.dlq` keeps what could",
        f"not be read for {days} days (facts: as long as their topic). Every payload is sealed with the session's key.",
        "",
        "| topic | event | from | to | derives from | a learner | privacy | kept for | recorded | view |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for topic in TOPICS:
        kept = _duration(topic.retention_s) + (", compacted" if topic.compacted else "")
        makers = [name for name, service in installed().items() if topic in service.produces]
        ends = f"{', '.join(makers)} | {', '.join(name for name, service in installed().items() if topic in service.consumes)}"
        sources = ", ".join(source.name for source in topic.derives_from)
        seen = f"{'yes' if topic.recorded else 'no'} | {topic.view or 'none'}"
        lines.append(f"| {topic.name} | {topic.event.__name__} | {ends} | {sources} | {topic.rate} | {topic.privacy} | {kept} | {seen} |")
    for topic in TOPICS:
        lines += ["", *_event(topic)]
    return "\n".join(lines) + "\n"


def _event(topic: Topic) -> Iterator[str]:
    yield f"## {topic.name}: {topic.event.__name__}"
    yield ""
    yield (topic.event.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
    yield ""
    yield "| field | unit | range | on views |"
    yield "|---|---|---|---|"
    seen = {path.split(".")[0] for path in topic.shown}
    for field in fields(topic.event):
        limits, shown = field.metadata, "yes" if field.name in seen else ""
        span = f"{_limit(limits['low'])} to {_limit(limits['high'])}" if "low" in limits else ""
        size = f", {limits['size']} numbers" if limits.get("size") else ""
        yield f"| {field.name} | {limits.get('unit', '')} | {span}{size} | {shown} |"


def _limit(value: float) -> str:
    return "the end of time" if value == END_OF_TIME_US else f"{value:g}"


def _duration(seconds: int) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds % length == 0 and seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def metrics_page() -> str:
    """Every metric with its kind, labels and sentence."""
    lines = ["# Metrics", "", WRITTEN.format("src/affectloop/telemetry/metrics.py"), "No label names a session or a person.", ""]
    lines += ["| metric | kind | labels | meaning |", "|---|---|---|---|"]
    found = [value for value in vars(metrics).values() if isinstance(value, (Counter, Gauge, Histogram))]
    for metric, family in sorted(((metric, next(iter(metric.describe()))) for metric in found), key=lambda pair: pair[1].name):
        name = family.name + ("_total" if isinstance(metric, Counter) else "")
        labels: tuple[str, ...] = metric._labelnames
        lines.append(f"| {name} | {family.type} | {', '.join(labels)} | {family.documentation} |")
    return "\n".join(lines) + "\n"


def settings_classes() -> list[tuple[str, type[BaseSettings]]]:
    """The runtime's settings, then each service's."""
    names = sorted(point.name for point in entry_points(group="affectloop.services"))
    return [("runtime", RuntimeSettings)] + [(name, load(name).settings) for name in names]


def settings_page() -> str:
    """Every setting with its variable, default and sentence."""
    lines = [
        "# Settings",
        "",
        WRITTEN.format("the settings classes"),
        "Settings are environment variables; a value that does not fit is refused at the start, with its name.",
        "",
    ]
    for name, settings in settings_classes():
        lines += [f"## {name}", "", "| variable | default | meaning |", "|---|---|---|"]
        lines += [f"| {variable} | `{default}` | {meaning} |" for variable, default, meaning in _variables(settings)]
        lines.append("")
    return "\n".join(lines)


def environment_example() -> str:
    """.env.example: every variable, commented out at its default."""
    lines = ["# Every setting at its default; docs/settings.md says what they mean. Copy to .env and change what you need."]
    for name, settings in settings_classes():
        lines += ["", f"# {name}"] + [f"#{variable}={default}" for variable, default, _ in _variables(settings)]
    return "\n".join(lines) + "\n"


def _variables(settings: type[BaseSettings]) -> Iterator[tuple[str, str, str]]:
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        yield prefix + name.upper(), _default(field.get_default(call_default_factory=True)), field.description or ""


def _default(value: Any) -> str:
    if value is PydanticUndefined or value is None:
        return ""
    return str(value.get_secret_value()) if hasattr(value, "get_secret_value") else str(value)


def pages() -> dict[str, str]:
    """Every generated document by its path in the project."""
    return {
        "docs/topics.md": topics_page(),
        "docs/metrics.md": metrics_page(),
        "docs/settings.md": settings_page(),
        ".env.example": environment_example(),
    }


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    for path, text in pages().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
