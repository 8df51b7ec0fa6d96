"""How old results are and what a learner costs, embedded and over Kafka: ``python benchmarks/loop.py [--write]``.

Synthetic learners in live sessions, paced in real time by a process of their own, against the services as they are run;
a reader on the bus notes when each result is there. Prints a line for each run and the page; ``--write`` puts the page at
docs/results/loop.md and every figure at docs/results/loop.json. Ctrl-C ends the run at hand; what was measured is shown.

``--against COMMIT`` runs every case by that commit's own benchmark, too, one after the other, and shows both.

Over Kafka it takes KAFKA_BOOTSTRAP or KAFKA_HOME (or Docker, or Maven), and redis-server or REDIS_URL, as the tests do.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]  # its servers

from loop_against import Before, checked_out  # noqa: E402
from loop_load import Topology  # noqa: E402
from loop_page import Pair, line, page, write  # noqa: E402
from loop_run import Case, Result, Say, run  # noqa: E402
from loop_video import jpegs  # noqa: E402

RESULTS = Path(__file__).parents[1] / "docs" / "results"


def cases(chosen: argparse.Namespace) -> list[Case]:
    """What to run, the light runs first."""
    buses = ["memory", "kafka"] if chosen.bus == "both" else [chosen.bus]
    given = {"seconds": chosen.seconds, "warm_up_s": chosen.warm_up}
    sizes = {Topology.EDGE: chosen.learners, Topology.SOUND: chosen.sound, Topology.VIDEO: chosen.video if chosen.data else []}
    of_each = [(topology, bus, count) for topology in Topology for bus in buses for count in sizes[topology]]
    made = [Case(topology=topology, bus=bus, learners=count, **given) for topology, bus, count in of_each]
    beside = [Case(topology=Topology.EDGE, bus="kafka", learners=count, together=True, **given) for count in chosen.one_process]
    edges = [Case(topology=Topology.EDGE, bus="memory", learners=count, edges=True, **given) for count in chosen.edges]
    return made + (beside if "kafka" in buses else []) + (edges if "memory" in buses else [])


def numbers(text: str) -> list[int]:
    """Numbers separated by commas."""
    return [int(part) for part in text.split(",") if part]


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=numbers, default=[1, 10, 50, 200], help="numbers of learners at the edge (default 1,10,50,200)")
    parser.add_argument("--sound", type=numbers, default=[10, 50], help="numbers of learners whose voice comes as sound (default 10,50)")
    parser.add_argument("--video", type=numbers, default=[1, 2], help="numbers of learners whose face comes as video (default 1,2)")
    parser.add_argument("--one-process", type=numbers, default=[10], help="over Kafka, also with all services in one process (default 10)")
    parser.add_argument("--edges", type=numbers, default=[1, 10, 50],
                        help="embedded, with capture and gateway: gRPC in, WebSocket out, answers by REST (default 1,10,50)")  # fmt: skip
    parser.add_argument("--seconds", type=float, default=30.0, help="measured seconds of each run (default 30)")
    parser.add_argument("--warm-up", type=float, default=15.0, help="seconds before, until every window is full (default 15)")
    parser.add_argument("--bus", choices=["memory", "kafka", "both"], default="both")
    data = os.environ.get("AFFECTLOOP_DATA")
    parser.add_argument("--data", type=Path, default=data and Path(data), metavar="DIR",
                        help="holds face/WolfgangLanger_Pexels.mp4 (default AFFECTLOOP_DATA); without it no run with video")  # fmt: skip
    parser.add_argument("--against", metavar="COMMIT", help="measure that commit beside this tree, case by case, in a worktree of its own")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}/loop.md and loop.json")
    return parser.parse_args()


def measured(planned: Sequence[Case], data: Path | None, before: Before | None) -> list[Pair]:
    """Run after run; one that fails is told of, and the others go on."""
    pairs: list[Pair] = []
    for number, case in enumerate(planned, start=1):
        name = f"{number}/{len(planned)} {'edges' if case.edges else case.topology}, {case.bus}, {case.learners} learners"

        def say(what: str, name: str = name) -> None:
            if sys.stderr.isatty():
                print(f"\r\033[K{name}: {what}", end="", file=sys.stderr, flush=True)

        try:
            earlier = _earlier(case, data, before, say)
            say("starting the services")
            pairs.append(Pair(run(case, jpegs(data) if case.topology is Topology.VIDEO and data else (), say), earlier))
            print("\r\033[K" * sys.stderr.isatty() + line(pairs[-1].after), flush=True)
        except Exception as error:  # a broker that did not start, a process that died: the other runs are worth having
            print(f"\n{name}: not measured: {type(error).__name__}: {error}", file=sys.stderr)
        except KeyboardInterrupt:
            print(f"\n{name}: stopped", file=sys.stderr)
            break
    return pairs


def _earlier(case: Case, data: Path | None, before: Before | None, say: Say) -> Result | None:
    if before is None or not before.knows(case):
        return None
    say(f"measuring {before.commit}")
    earlier = before.run(case, data)
    print("\r\033[K" * sys.stderr.isatty() + f"{before.commit}: {line(earlier)}", flush=True)
    return earlier


def main() -> int:
    """Measure, print, write."""
    chosen = arguments()
    if chosen.data is None and chosen.video:
        print("no run with video: give --data DIR or set AFFECTLOOP_DATA", file=sys.stderr)
    with checked_out(chosen.against) if chosen.against else nullcontext() as before:
        pairs = measured(cases(chosen), chosen.data, before)
    if not pairs:
        return 1
    text = page(pairs, ["DIR" if earlier == "--data" else given for earlier, given in pairwise(sys.argv)], before.commit if before else "")
    print(text)
    if chosen.write:
        write(RESULTS, text, pairs, before.commit if before else "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
