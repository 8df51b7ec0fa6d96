"""The page of benchmarks/loop.py: tables in words that say what they hold, and what they do not."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from loop_ages import Spread
from loop_load import Topology
from loop_run import LATE_MS, Result

STAGES = {
    "face": "frame to face features", "physio": "samples to physiology", "audio": "sound to voice features",
    "estimate": "features to estimate", "answered": "trial to acknowledgement", "directive": "trial to directive",
}  # fmt: skip
HEADINGS = {
    Topology.EDGE: (
        "Face and voice read in the browser",
        "Face features (15 Hz) and voice features (2 Hz) come ready-made; the wristband sends pulse (64 Hz), acceleration (32 Hz) and\n"
        "conductance (4 Hz) in chunks of 250 ms.",
    ),
    Topology.SOUND: ("Voice as sound", "As above, but the voice comes as sound, 16 kHz in chunks of 250 ms."),
    Topology.VIDEO: (
        "Face as video",
        "Camera frames of 640 x 480 at 15 Hz as JPEG, sound, and the wristband's samples: nothing is read in the browser.",
    ),
}
DEFINITIONS = f"""An **age** is the wall time at which a reader on the bus has a result, less the time at which the newest record that it
needed was due; what the load was late, the bus, decoding and the reader's own wait are in it. A hop that closes at *h* needs, of each
stream, the first record that promises nothing older than *h*: an estimate waits for the first video frame after *h*, physiology for the
chunk in which its second ends. Where all have promised ahead (a service's features promise one hop more), it is due at *h*: a live
session closes no hop before. **From event time** is the same less the result's own event time: what a viewer sees, the wait for a frame
or a chunk included.

Under costs, **late**, **stale** and **dead** are records that services did not use: older than what was closed already, frames too old
to be worth a look, and unreadable ones. **Load late** is the load's own lateness, of which the ages hold a part; beyond
{LATE_MS:.0f} ms (99th percentile) a run says nothing of the services but that the machine is full, and its ages are left out.

Each learner answers a trial every 5 s; a directive's age counts from the trial. The load's records are made and sealed before the run;
capture's and the gateway's own work (decoding, consent, storing, pushing to the page) is in the last section's figures alone. All
learners are synthetic."""
WITH_EDGES = """All seven services embedded. Devices send what the first table's do, by gRPC, a connection each; every learner's page
watches by WebSocket and notes when an estimate or a directive is there; trials are answered by REST, and acknowledged once SQL holds them
and their outbox row. One process is all devices and pages. *Others*: threads of gRPC, and those that edges share for what blocks."""
COMPARED = """Each case was run by that commit's own programs, then by these, with the same packages. CPU is that of the services'
processes; an embedded one also takes the load in and hands the results out. A dash: the load was late, or they were too few."""
TARGET_EMBEDDED_MS, TARGET_KAFKA_MS, TARGET_KAFKA_LEARNERS = 60.0, 300.0, 50


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a heading."""

    heading: Sequence[str]
    rows: Sequence[Sequence[str]]

    def lines(self) -> list[str]:
        """As Markdown; the first column is text, the others are numbers."""
        rule = "|---|" + "---:|" * (len(self.heading) - 1)
        return [_row(self.heading), rule, *map(_row, self.rows), ""]


@dataclass(frozen=True, slots=True)
class Pair:
    """A case as it is now, and as it was at another commit where that was asked for."""

    after: Result
    before: Result | None = None


def page(pairs: Sequence[Pair], options: Sequence[str], commit: str = "") -> str:
    """The whole page; ``commit`` names that with which it was compared."""
    results = [pair.after for pair in pairs]
    lines = ["# The loop: how old results are, and what a learner costs", "", *_circumstances(results, options), "", DEFINITIONS, ""]
    lines += ["## Against the targets", "", *_targets(results)]
    if any(pair.before for pair in pairs):
        lines += [f"## Before and after: {commit}", "", COMPARED, "", *_compared(pairs).lines()]
    for topology, (heading, what) in HEADINGS.items():
        runs = [result for result in results if result.case.topology is topology and not result.case.edges]
        if runs:
            lines += [f"## {heading}", "", what, "", *_ages(runs).lines(), *_costs(runs).lines(), *_services(runs).lines()]
    runs = [result for result in results if result.case.edges]
    if runs:
        lines += [
            "## From the device to the page",
            "",
            WITH_EDGES,
            "",
            *_ages(runs).lines(),
            *_costs(runs).lines(),
            *_services(runs).lines(),
        ]
    return "\n".join(lines)


def write(folder: Path, text: str, pairs: Sequence[Pair], commit: str = "") -> None:
    """Put the page and all figures where the others are."""
    (folder / "loop.md").write_text(text)
    figures = [asdict(pair.after) | {"valid": pair.after.valid} for pair in pairs]
    earlier = [asdict(pair.before) | {"valid": pair.before.valid} for pair in pairs if pair.before]
    before = {"before": {"commit": commit, "runs": earlier}} if earlier else {}
    machine = {"processor": processor_name(), "cores": os.cpu_count(), "python": platform.python_version()}
    (folder / "loop.json").write_text(json.dumps({"machine": machine, "runs": figures, **before}, indent=1) + "\n")


def line(result: Result) -> str:
    """A run in one line."""
    told = [f"{name} {_number(stage.since_input.p50)}/{_number(stage.since_input.p95)} ms" for name, stage in result.stages.items()]
    services_ms, _ = _of_services(result, result.cpu_ms)
    verdict = "" if result.valid else f" INVALID: the load was late (p99 {result.late_p99_ms:.0f} ms)"
    return f"{_name(result)}: {', '.join(told)} (p50/p95); services {services_ms:.1f} ms a learner and second{verdict}"


def processor_name() -> str:
    """What the kernel calls the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def _circumstances(results: Sequence[Result], options: Sequence[str]) -> list[str]:
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "kafka-python", "faust-streaming"))
    others = [result.others_cores for result in results]
    load = [result.load_average for result in results]
    return [
        f"Written by `python benchmarks/loop.py {' '.join(options)}`; do not edit. {processor_name()}, {os.cpu_count()} cores,",
        f"Python {platform.python_version()}, {packages}. Load, services, broker, Redis and reader share these",
        f"cores. Other programs kept {min(others):.2f} to {max(others):.2f} cores busy meanwhile; the load average was "
        f"{min(load):.1f} to {max(load):.1f}, these runs included.",
    ]


def _targets(results: Sequence[Result]) -> list[str]:
    embedded = [
        result for result in results if result.case.bus == "memory" and result.case.topology is Topology.EDGE and not result.case.edges
    ]
    over_kafka = [
        result
        for result in results
        if result.case.bus == "kafka" and result.case.topology is Topology.EDGE and result.case.learners == TARGET_KAFKA_LEARNERS
    ]
    rows = [(result, TARGET_EMBEDDED_MS) for result in embedded] + [(result, TARGET_KAFKA_MS) for result in over_kafka]
    cells = [
        (
            f"estimate, 95th percentile, {_name(result)}",
            f"{target:.0f} ms",
            f"{_number(result.stages['estimate'].since_input.p95)} ms" if result.valid else "not measured: the load was late",
        )
        for result, target in rows
    ]
    return [
        *Table(("what", "target", "measured"), cells).lines(),
        "What one core carries of wristbands and voices is in [physio-speed.md](physio-speed.md) and [audio-speed.md](audio-speed.md).",
        "",
    ]


def _compared(pairs: Iterable[Pair]) -> Table:
    """CPU and the age of estimates, each before and after."""
    heading = (
        "before -> after", "CPU of services, ms a learner and second", "after / before", "estimate p50, ms", "estimate p95, ms",
        "directive p95, ms", "load late p99, ms", "cores busy",
    )  # fmt: skip
    rows = []
    for pair in pairs:
        if pair.before is not None:
            both = (pair.before, pair.after)
            spent = [_of_services(result, result.cpu_ms)[0] for result in both]
            rows.append(
                (
                    _name(pair.after),
                    " -> ".join(f"{ms:.1f}" for ms in spent),
                    f"{spent[1] / spent[0]:.2f}" if spent[0] else "-",
                    *(" -> ".join(_age(result, *which) for result in both) for which in AGES_COMPARED),
                    " -> ".join(f"{result.late_p99_ms:.0f}" for result in both),
                    " -> ".join(f"{result.machine_busy:.0%}" for result in both),
                )
            )
    return Table(heading, rows)


AGES_COMPARED = (("estimate", "p50"), ("estimate", "p95"), ("directive", "p95"))


def _age(result: Result, stage: str, which: str) -> str:
    """An age of a stage, where the run says anything of ages."""
    told = result.stages.get(stage) if result.valid else None
    return _number(getattr(told.since_input, which)) if told else "-"


def _ages(runs: Iterable[Result]) -> Table:
    heading = ("ages, ms", "results", "lost", "p50", "p95", "p99", "largest", "p50 from event time", "p95 from event time")
    rows = [cells for result in runs for cells in _ages_of(result)]
    return Table(heading, rows)


def _ages_of(result: Result) -> list[Sequence[str]]:
    if not result.valid:
        why = f"{_name(result)}: the load itself was late (99th percentile {result.late_p99_ms:.0f} ms): more than this machine carries"
        return [(why, *[""] * 8)]
    rows: list[Sequence[str]] = []
    for name, what in STAGES.items():
        if name in result.stages:
            stage = result.stages[name]
            ages = (stage.since_input, stage.since_event)
            rows.append((f"{_name(result)}: {what}", f"{stage.received:,}", f"{stage.expected - stage.received:,}", *_spread(*ages)))
    return rows


def _spread(since_input: Spread, since_event: Spread) -> list[str]:
    values = (since_input.p50, since_input.p95, since_input.p99, since_input.largest, since_event.p50, since_event.p95)
    return [_number(value) for value in values]


def _costs(runs: Iterable[Result]) -> Table:
    heading = (
        "costs", "records in, 1/s", "load late p99, ms", "CPU of services, ms a learner and second", "of broker and Redis", "cores busy",
        "other programs, cores", "peak memory of services, MB", "late", "stale", "dead",
    )  # fmt: skip
    return Table(heading, [_cost(result) for result in runs])


def _cost(result: Result) -> Sequence[str]:
    services_ms, processes = _of_services(result, result.cpu_ms)
    memory, _ = _of_services(result, result.peak_mb)
    beside = sum(result.cpu_ms.get(name, 0.0) for name in ("broker", "redis"))
    return (
        _name(result),
        f"{result.records_per_s:,.0f}",
        f"{result.late_p99_ms:.1f}",
        f"{services_ms:.1f}",
        f"{beside:.1f}" if beside else "-",
        f"{result.machine_busy:.0%}",
        f"{result.others_cores:.2f}",
        f"{memory:.0f}" + (f" in {processes} processes" if processes > 1 else ""),
        *(f"{_counted(result, outcome):,.0f}" for outcome in ("late", "stale", "dead")),
    )


def _services(runs: Sequence[Result]) -> Table:
    """CPU by service: its process, or its threads where several share one; beside them the other threads of such a process."""
    rows = [(_name(result), [_service_ms(result, name) for name in THREADS] + [_others_ms(result)]) for result in runs]
    shown = [place for place in range(len(THREADS) + 1) if any(values[place] is not None for _, values in rows)]
    heading = [[*THREADS, "others"][place] for place in shown]
    cells = [(name, *(_number(values[place], digits=2) for place in shown)) for name, values in rows]
    return Table(("CPU, ms a learner and second", *heading), cells)


THREADS = ("face", "physio", "audio", "fusion", "recommender", "capture", "gateway", "reader", "writer")


def _service_ms(result: Result, name: str) -> float | None:
    if name in result.cpu_ms:
        return result.cpu_ms[name]
    threads = [spent for thread, spent in result.cpu_ms.items() if thread.startswith(f"services/{name}")]
    return sum(threads) if threads else None


def _others_ms(result: Result) -> float | None:
    """What threads of a process of many services spent that belong to none of them alone."""
    if not result.case.edges:
        return None
    known = tuple(f"services/{name}" for name in THREADS)
    return sum(spent for thread, spent in result.cpu_ms.items() if thread.startswith("services/") and not thread.startswith(known))


def _of_services(result: Result, figures: dict[str, float]) -> tuple[float, int]:
    """The sum over the services' processes, and how many these are."""
    values = [figures[name] for name in result.peak_mb]
    return sum(values), len(values)


def _counted(result: Result, outcome: str) -> float:
    return sum(
        value for name, value in result.counters.items() if name.startswith("affectloop_records_total") and name.endswith(f",{outcome}")
    )


def _name(result: Result) -> str:
    case = result.case
    bus = {"memory": "embedded", "kafka": "Kafka"}[case.bus] + ", one process" * case.together + ", with the edges" * case.edges
    return f"{bus}, {case.learners} learner{'s' * (case.learners != 1)}"


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
