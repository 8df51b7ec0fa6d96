"""Write what the pages know of the events: ``python web/generate.py [FOLDER]``, as ``make docs`` does.

``src/api/events.ts`` has the types of what a view may be shown, as ``affectloop.viewing.as_viewed`` writes it. Types leave no
trace in the built pages, so a field that no page draws needs no new build. ``src/api/vocabulary.ts`` has what runs.
"""

import sys
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np

from affectloop import events
from affectloop.fields import part_of
from affectloop.runtime.service import Service, installed
from affectloop.topics import SESSION_EVENTS, TOPICS
from affectloop.viewing import Fields, shown_fields

WEB = Path(__file__).parent
WRITTEN = "// Written by web/generate.py from src/affectloop/{}; `make docs` writes it anew."
LISTED: Mapping[str, type[StrEnum]] = {"MODALITIES": events.Modality, "EMOTIONS": events.Emotion}
CLASSES = {"Expression": ("EXPRESSIONS", events.EXPRESSIONS), "ActionUnit": ("ACTION_UNITS", events.ACTION_UNITS)}
PLAIN = {str: "string", bool: "boolean", int: "number", float: "number", bytes: "string"}
LINE = 140  # columns


def events_module() -> str:
    """The types of every event that a view may be shown, and of what it is made of."""
    shown = [topic for topic in TOPICS if topic.view is not None]
    declared = _Declared()
    for topic in shown:
        declared.add(topic.event, shown_fields(topic))
    lines = [
        WRITTEN.format("events and topics.py: the fields that a view may be shown"),
        "// Only types: the pages need no build for them.",
        "",
    ]
    for vocabulary in _vocabulary():
        lines += ["", _comment(_sentence(vocabulary)), _union(vocabulary.__name__, [member.value for member in vocabulary])]
    for name, (constant, classes) in CLASSES.items():
        lines += ["", _comment(f"One of {constant}."), _union(name, classes)]
    for name, part in declared.parts.items():
        lines += ["", *declared.interface(name, part)]
    lines += [
        "",
        _comment("Every topic, shown or not, as a session declares its streams."),
        _union("TopicName", [topic.name for topic in TOPICS]),
    ]
    lines += ["", _comment("Every service that a fault may stop a session in."), _union("ServiceName", _made())]
    lines += ["", _comment("What a message of each topic holds."), "export interface EventOfTopic {"]
    lines += [f'  "{topic.name}": {declared.type_of(topic.event, shown_fields(topic))};' for topic in shown]
    return "\n".join([*lines, "}", ""])


def vocabulary_module() -> str:
    """The lists that the pages go through, and what they must know of topics."""
    lines = [WRITTEN.format("events and topics.py"), ""]
    named = {constant: (vocabulary.__name__, tuple(member.value for member in vocabulary)) for constant, vocabulary in LISTED.items()}
    named |= {constant: (name, classes) for name, (constant, classes) in CLASSES.items()}
    imported = sorted([*(name for name, _ in named.values()), "EventOfTopic", "ServiceName", "TopicName"])
    lines.append(f'import type {{ {", ".join(imported)} }} from "./events";')
    for constant, (name, members) in named.items():
        lines += [
            "",
            f"export const {constant} = [",
            *(f"  {_quoted(member)}," for member in members),
            f"] as const satisfies readonly {name}[];",
        ]
    lines += ["", _comment("`complete_until_us` of a stream's last record, as a browser rounds it: nothing follows.")]
    lines.append(f'export const END_OF_TIME_US = Number("{events.END_OF_TIME_US}");')
    lines += ["", _comment("Whose consent a topic's records take; facts and fused results take none of their own.")]
    lines.append("export const MODALITY_OF_TOPIC: Partial<Record<TopicName, Modality>> = {")
    lines += [f'  "{topic.name}": "{topic.event.modality}",' for topic in TOPICS if topic.event.modality]
    lines += ["};", "", _comment("The one stream of a topic that a service makes; others in the picture have their own.")]
    lines.append("export const STREAM_OF_TOPIC = {")
    lines += [f'  "{topic.name}": "{topic.stream}",' for topic in TOPICS if topic.view and topic.stream]
    lines += ["} as const satisfies Partial<Record<keyof EventOfTopic, string>>;"]
    lines += ["", _comment("What each service makes: where a fault stopped a session in it, nothing more comes there.")]
    lines.append("export const TOPICS_OF_SERVICE: Record<ServiceName, readonly TopicName[]> = {")
    lines += [f"  {name}: [{', '.join(map(_quoted, topics))}]," for name, topics in _made().items()]
    return "\n".join([*lines, "};", ""])


def _made() -> dict[str, list[str]]:
    """The names of the topics that each service makes, of those that a session declares or a view shows."""
    services = sorted((name, service) for name, service in installed().items() if isinstance(service, Service))
    return {name: [topic.name for topic in service.produces if topic.stream and topic is not SESSION_EVENTS] for name, service in services}


@dataclass
class _Part:
    """A dataclass that events are made of, and which of its fields any view is shown."""

    declaration: type
    shown: dict[str, Any] = field(default_factory=dict)


class _Declared:
    """The interfaces to write: parts first, each once, with every field that any topic shows of it."""

    def __init__(self) -> None:
        self.parts: dict[str, _Part] = {}

    def add(self, declaration: type, tree: Fields) -> None:
        hints = typing.get_type_hints(declaration)
        for name, below in tree.items():
            if part := part_of(hints[name]):
                self.add(part, below)
        self.parts.setdefault(declaration.__name__, _Part(declaration)).shown.update(tree)

    def interface(self, name: str, part: _Part) -> Iterator[str]:
        """One interface, its fields in their declared order."""
        hints = typing.get_type_hints(part.declaration)
        yield _comment(_sentence(part.declaration))
        yield f"export interface {name} {{"
        for each in fields(part.declaration):
            if each.name in part.shown:
                limits = _limits(each)
                kind = self._field_type(hints[each.name], each, part.shown[each.name])
                yield f"  {each.name}: {kind};{f' // {limits}' if limits else ''}"
        yield "}"

    def type_of(self, declaration: type, tree: Fields) -> str:
        """The interface's name; where a topic shows less of it than another, those fields alone."""
        name = declaration.__name__
        whole = self.parts[name].shown
        return name if tree.keys() == whole.keys() else f"Pick<{name}, {' | '.join(map(_quoted, tree))}>"

    def _field_type(self, hint: Any, each: "Field[Any]", tree: Fields) -> str:
        options = typing.get_args(hint)
        if NoneType in options:
            (hint,) = (option for option in options if option is not NoneType)
            return f"{self._field_type(hint, each, tree)} | null"
        origin = typing.get_origin(hint)
        if origin is tuple:
            return f"{self._field_type(typing.get_args(hint)[0], each, tree)}[]"
        if origin is np.ndarray:
            return "number[][]" if each.metadata["columns"] else "number[]"
        if is_dataclass(hint):
            return self.type_of(typing.cast(type, hint), tree)
        if not issubclass(hint, (StrEnum, *PLAIN)):
            raise TypeError(f"the field {each.name} is a {hint.__name__}, for which web/generate.py has no TypeScript: add it to PLAIN")
        return hint.__name__ if issubclass(hint, StrEnum) else PLAIN[hint]


def _vocabulary() -> Iterator[type[StrEnum]]:
    for value in vars(events).values():
        if isinstance(value, type) and issubclass(value, StrEnum):
            yield value


def _limits(each: "Field[Any]") -> str:
    """Unit, range and size, as the field declares them."""
    limits = each.metadata
    if "unit" not in limits:
        return ""
    size = f"{limits['size']} numbers" if limits.get("size") else "samples by channels" if limits.get("columns") else ""
    unit = "" if limits["unit"] == "1" else limits["unit"]
    return "; ".join(filter(None, (unit, f"{_bound(limits['low'])} to {_bound(limits['high'])}", size)))


def _bound(value: float) -> str:
    if value == events.END_OF_TIME_US:
        return "END_OF_TIME_US"
    return f"2 ** {value.bit_length() - 1}" if isinstance(value, int) and value > 2**53 else f"{value:,}".removesuffix(".0")


def _sentence(declaration: type) -> str:
    return " ".join((declaration.__doc__ or "").split("\n\n")[0].split()).replace("``", "`").replace("`None`", "`null`")


def _comment(text: str) -> str:
    return f"/** {text} */"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _union(name: str, options: Iterable[str]) -> str:
    quoted = list(map(_quoted, options))
    line = f"export type {name} = {' | '.join(quoted)};"
    return line if len(line) <= LINE else "\n".join([f"export type {name} =", *(f"  | {option}" for option in quoted)]) + ";"


def files() -> dict[str, str]:
    """Every generated module by its path in web/."""
    return {"src/api/events.ts": events_module(), "src/api/vocabulary.ts": vocabulary_module()}


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else WEB
    for path, text in files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
