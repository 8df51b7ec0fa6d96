"""The command ``affectloop``. Each subcommand is an entry point of the group ``affectloop.commands``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TypeAlias

from pydantic import ValidationError

from affectloop import __version__
from affectloop.errors import AffectloopError

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
FAILED, MISUSED, INTERRUPTED = 1, 2, 130  # exit codes, beside 0


@dataclass(frozen=True, kw_only=True)
class Command:
    """One subcommand: what it teaches, its arguments, and what it does (gives the exit code)."""

    summary: str
    description: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def parser(names: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of every installed command, or of those that are named: the others are not even imported."""
    top = argparse.ArgumentParser(prog="affectloop", description="Adaptive micro-expression training: seven services, one loop.")
    top.add_argument("--version", action="version", version=__version__)
    add_commands(top.add_subparsers(dest="command", required=True, metavar="COMMAND"), "affectloop.commands", "all", names)
    return top


def add_commands(subparsers: Subparsers, group: str, extra: str, names: Sequence[str] = ()) -> None:
    """The commands of an entry-point group, or those that are named; what one lacks, the extra brings."""
    points = sorted(entry_points(group=group), key=lambda point: point.name)
    for point in [point for point in points if point.name in names] or points:
        try:
            command: Command = point.load()
        except ImportError as error:
            absent = subparsers.add_parser(point.name, help=f"(not installed: needs {error.name})", prefix_chars="\0", add_help=False)
            absent.add_argument("anything", nargs="*", help="whatever it would be given")  # "--help", too: see prefix_chars
            absent.set_defaults(run=_missing(error), extra=extra)
            continue
        own = subparsers.add_parser(
            point.name, help=command.summary, description=command.description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.arguments(own)
        own.set_defaults(run=command.run, extra=extra)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors raised on purpose become one line and an exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    chosen = parser(given[:1]).parse_args(given)
    try:
        run: Callable[[argparse.Namespace], int] = chosen.run
        return run(chosen)
    except ImportError as error:
        if (error.name or "").startswith("affectloop."):
            raise
        print(f"affectloop {chosen.command}: needs {error.name}: pip install 'affectloop[{chosen.extra}]'", file=sys.stderr)
        return FAILED
    except AffectloopError as error:
        print(f"affectloop {chosen.command}: {error}", file=sys.stderr)
        return FAILED
    except ValidationError as error:
        print(f"affectloop {chosen.command}: settings: {error}", file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def _missing(error: ImportError) -> Callable[[argparse.Namespace], int]:
    def run(_: argparse.Namespace) -> int:
        raise error

    return run


if __name__ == "__main__":
    sys.exit(main())
