"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Rows = Sequence[Sequence[str]]
Table = list[tuple[str, ...]]  # its first row is the head


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its last line without a break."""
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def titled(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> str:
    """A table under its title, with a word after it."""
    return "\n".join([f"## {title}", "", table(head, rows), "", *([note, ""] if note else [])])


def worded(words: str, rows: Table) -> str:
    """A table under the words that say what it is; its first row is the head."""
    return "\n".join([words.strip(), "", table(rows[0], rows[1:]), ""])
