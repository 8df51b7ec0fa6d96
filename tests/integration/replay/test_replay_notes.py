"""What a replay says of its files: on the screen, and in the report beside figures that rest on what was read."""

import json
from pathlib import Path
from typing import Any

import pytest

from affectloop.cli import main
from unit.capture.making import E4_START_S, E4_TABLES, write_e4


def report_of(folder: Path, *arguments: str) -> dict[str, Any]:
    assert main(["replay", *arguments, "--report", str(folder)]) == 0
    figures: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return figures


def test_a_glitch_of_one_sensor_changes_no_figure_of_another_and_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    glitch = E4_TABLES["TEMP"].replace("31.5", "382.21", 2)
    whole = report_of(tmp_path / "one", str(write_e4(tmp_path / "a.zip")))
    other = report_of(tmp_path / "two", str(write_e4(tmp_path / "b.zip", {"TEMP": glitch})))
    note = "b.zip: TEMP.csv: 2 of 40 samples lie outside 0 to 50 degrees Celsius and were left out as not measured (rows 3 to 4)"
    assert (whole["notes"], other["notes"]) == ([], [note])
    assert note in capfd.readouterr().err
    assert note in (tmp_path / "two" / "report.html").read_text("utf-8")
    same = [name for name in whole if name.startswith(("heart_", "eda_", "wristband_", "duration_", "estimates_"))]
    assert {name: whole[name] for name in same} == {name: other[name] for name in same}


def test_a_source_that_begins_minutes_later_is_not_waited_for_and_is_told(tmp_path: Path) -> None:
    later = {name: E4_TABLES[name].replace(str(E4_START_S), str(E4_START_S + 200)) for name in ("BVP", "ACC")}
    left = write_e4(tmp_path / "left.zip", {"BVP": None, "ACC": None})
    right = write_e4(tmp_path / "right.zip", {"EDA": None, "TEMP": None, "tags": "", **later})
    figures = report_of(tmp_path / "report", str(left), str(right))
    assert figures["duration_s"] == pytest.approx(210, abs=2)
    assert figures["notes"] == [
        "right.zip: starts 200.0 s after left.zip, by their clocks",
        "left.zip and right.zip do not overlap: right.zip begins 190.0 s after left.zip has ended",
    ]
