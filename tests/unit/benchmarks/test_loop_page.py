"""What docs/results/loop.md says of a run, and what it keeps to itself."""

import json
from dataclasses import replace
from pathlib import Path

from loop_against import result_of
from loop_ages import Expected, stages
from loop_load import Topology
from loop_page import Pair, line, page, write
from loop_run import Case, Result

CASE = Case(topology=Topology.EDGE, bus="kafka", learners=50, seconds=30.0, warm_up_s=15.0)
DUE = [Expected(stage="estimate", session_id="s", event_time_us=at_us, due_us=at_us) for at_us in range(0, 200_000, 1_000)]
RESULT = Result(
    case=CASE,
    stages=stages(DUE, {output.name: output.due_us + 12_300 for output in DUE[10:]}),
    late_p99_ms=4.0,
    late_largest_ms=9.0,
    records_per_s=1450.0,
    megabytes_per_s=1.0,
    cpu_ms={"fusion": 5.5, "physio": 4.25, "load": 3.0, "broker": 2.0, "redis": 0.5},
    peak_mb={"fusion": 100.0, "physio": 90.0},
    counters={"affectloop_records_total,fusion,face.features.v1,late": 3.0, "affectloop_records_total,fusion,face.features.v1,ok": 9.0},
    machine_busy=0.5,
    others_cores=0.01,
    load_average=1.0,
)
LATE = replace(RESULT, late_p99_ms=300.0)


def row(text: str, begins: str) -> list[str]:
    return next([cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith(f"| {begins}"))


def test_ages_and_what_was_lost_are_told_by_stage() -> None:
    cells = row(page([Pair(RESULT)], []), "Kafka, 50 learners: features to estimate")
    assert cells[1:6] == ["190", "10", "12", "12", "12"]


def test_a_late_load_is_told_and_its_ages_are_not() -> None:
    text = page([Pair(LATE)], [])
    assert row(text, "estimate, 95th")[2] == "not measured: the load was late"
    assert "features to estimate" not in text
    assert "INVALID" in line(LATE)


def test_costs_are_sums_over_the_services_processes() -> None:
    cells = row(page([Pair(RESULT)], []), "Kafka, 50 learners |")
    assert cells[1:9] == ["1,450", "4.0", "9.8", "2.5", "50%", "0.01", "190 in 2 processes", "3"]


def test_every_figure_is_kept_beside_the_page(tmp_path: Path) -> None:
    write(tmp_path, page([Pair(RESULT), Pair(LATE)], []), [Pair(RESULT), Pair(LATE)])
    runs = json.loads((tmp_path / "loop.json").read_text())["runs"]
    assert [(run["case"]["learners"], run["valid"]) for run in runs] == [(50, True), (50, False)]
    assert runs[0]["stages"]["estimate"]["since_input"]["p99"] == 12.3


def test_before_and_after_stand_side_by_side() -> None:
    before = replace(RESULT, cpu_ms=RESULT.cpu_ms | {"fusion": 15.25}, late_p99_ms=6.0)
    cells = row(page([Pair(RESULT, before)], [], "abc1234").partition("## Before and after: abc1234")[2], "Kafka, 50 learners")
    assert cells[1:] == ["19.5 -> 9.8", "0.50", "12 -> 12", "12 -> 12", "- -> -", "6 -> 4", "50% -> 50%"]


def test_a_late_run_says_nothing_of_ages_in_the_comparison_either() -> None:
    cells = row(page([Pair(RESULT, LATE)], [], "abc1234").partition("## Before")[2], "Kafka, 50 learners")
    assert cells[3:5] == ["- -> 12", "- -> 12"]


def test_a_page_without_another_commit_compares_nothing() -> None:
    assert "Before and after" not in page([Pair(RESULT)], [])


def test_the_figures_of_the_other_commit_are_kept_too(tmp_path: Path) -> None:
    write(tmp_path, "", [Pair(RESULT, LATE)], "abc1234")
    kept = json.loads((tmp_path / "loop.json").read_text())
    assert kept["before"]["commit"] == "abc1234"
    assert [run["late_p99_ms"] for run in kept["before"]["runs"]] == [300.0]
    assert result_of(kept["runs"][0]) == RESULT


def test_what_the_edges_cost_has_a_table_of_its_own_with_the_threads_that_nobody_owns() -> None:
    spent = {"services": 30.0, "services/fusion": 4.0, "services/capture": 5.0, "services/capture-send_0": 1.0, "services/asyncio_1": 2.5}
    edges = replace(RESULT, case=replace(CASE, bus="memory", edges=True), cpu_ms=spent, peak_mb={"services": 300.0})
    text = page([Pair(edges)], [])
    assert "## Face and voice read in the browser" not in text
    assert row(text, "CPU, ms") == ["CPU, ms a learner and second", "fusion", "capture", "others"]
    cells = text.partition("| CPU, ms")[2].splitlines()[2].strip("|").split("|")
    assert [cell.strip() for cell in cells] == ["embedded, with the edges, 50 learners", "4.00", "6.00", "2.50"]
