"""The command ``affectloop``. Each subcommand is an entry point of the group ``affectloop.commands``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

from pydantic import ValidationError

from affectloop import __version__
from affectloop.errors import AffectloopError

FAILED, MISUSED, INTERRUPTED = 1, 2, 130  # exit codes, beside 0


@dataclass(frozen=True, kw_only=True)
class Command:
    """One subcommand: what it teaches, its arguments, and what it does (gives the exit code)."""

    summary: str
    description: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def parser(names: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of every installed command."""
    top = argparse.ArgumentParser(prog="affectloop", description="Adaptive micro-expression training: seven services, one loop.")
    top.add_argument("--version", action="version", version=__version__)
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for point in sorted(entry_points(group="affectloop.commands"), key=lambda point: point.name):
        try:
            command: Command = point.load()
        except ImportError as error:
            subparsers.add_parser(point.name, help=f"(not installed: needs {error.name})").set_defaults(run=_missing(point.name, error))
            continue
        own = subparsers.add_parser(
            point.name, help=command.summary, description=command.description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.arguments(own)
        own.set_defaults(run=command.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors raised on purpose become one line and an exit code."""
    chosen = parser().parse_args(arguments)
    try:
        run: Callable[[argparse.Namespace], int] = chosen.run
        return run(chosen)
    except AffectloopError as error:
        print(f"affectloop {chosen.command}: {error}", file=sys.stderr)
        return FAILED
    except ValidationError as error:
        print(f"affectloop {chosen.command}: settings: {error}", file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def _missing(name: str, error: ImportError) -> Callable[[argparse.Namespace], int]:
    def run(_: argparse.Namespace) -> int:
        print(f"affectloop {name}: needs {error.name}: pip install 'affectloop[all]'", file=sys.stderr)
        return FAILED

    return run


if __name__ == "__main__":
    sys.exit(main())
