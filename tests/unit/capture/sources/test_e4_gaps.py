"""One sample that is implausible, absent or broken takes nothing else away, and is counted."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectloop.errors import InvalidInput
from affectloop.events import SignalChunk
from affectloop_capture.playback.merge import merge
from affectloop_capture.sources.base import Source
from affectloop_capture.sources.files.e4 import open_e4
from affectloop_capture.sources.sampled import SignalTrack
from unit.capture.making import E4_START_S, write_e4

HEAD = f"{E4_START_S}\n4\n"
START_US = E4_START_S * 1_000_000


def table(*cells: object) -> str:
    return HEAD + "\n".join(str(cell) for cell in cells) + "\n"


def opened(tmp_path: Path, name: str, text: str, *, salvage: bool = False) -> Source:
    return open_e4(write_e4(tmp_path / "a.zip", {name: text}), salvage=salvage)


def chunks_of(source: Source, stream: str, chunk_ms: float = 250) -> list[SignalChunk]:
    events = merge([source], chunk_ms=chunk_ms).events("s1")
    return [event for event in events if isinstance(event, SignalChunk) and event.header.stream_id == stream and not event.is_empty]


def measured(source: Source, stream: str, chunk_ms: float = 250) -> list[tuple[int, float]]:
    """Number and value of each sample, whose time must be that of its number."""
    found = []
    for chunk in chunks_of(source, stream, chunk_ms):
        assert chunk.header.event_time_us == START_US + chunk.header.sequence * 250_000
        found += [(chunk.header.sequence + index, float(value)) for index, (value,) in enumerate(chunk.samples)]
    return found


def test_spurious_temperatures_are_gaps_that_are_counted_by_row(tmp_path: Path) -> None:
    source = opened(tmp_path, "TEMP", table(382.21, 382.21, 31, 207.51, *[32] * 36))
    assert measured(source, "temperature") == [(2, 31.0), *((number, 32.0) for number in range(4, 40))]
    assert source.notes == [
        "TEMP.csv: 3 of 40 samples lie outside 0 to 50 degrees Celsius and were left out as not measured (rows 3 to 4, 6)"
    ]
    assert len(source.tracks) == 4


@pytest.mark.parametrize("absent", ["nan", "", "NA", "null", '""'])
def test_a_sample_without_a_number_is_a_gap(tmp_path: Path, absent: str) -> None:
    source = opened(tmp_path, "EDA", table(1, absent, 3, absent, absent, *[4] * 35))
    assert [number for number, _ in measured(source, "eda")] == [0, 2, *range(5, 40)]
    assert source.notes == ["EDA.csv: 3 of 40 samples hold no number and were left out as not measured (rows 4, 6 to 7)"]


@given(
    values=st.lists(st.sampled_from(["1.5", "", "nan", "-3", "1e30", "inf", "101"]), min_size=2, max_size=40),
    chunk_ms=st.integers(10, 5000),
)
def test_what_was_measured_keeps_its_number_time_and_value(
    tmp_path_factory: pytest.TempPathFactory, values: list[str], chunk_ms: int
) -> None:
    source = opened(tmp_path_factory.mktemp("e4"), "EDA", table("1.5", *values, "1.5"), salvage=True)
    good = [number for number, value in enumerate(["1.5", *values, "1.5"]) if value == "1.5"]
    assert measured(source, "eda", chunk_ms) == [(number, 1.5) for number in good]
    counted = sum(int(note.split()[1]) for note in source.notes if note.startswith("EDA.csv:"))
    assert counted == len(values) + 2 - len(good)


def test_a_signal_of_which_nothing_is_plausible_is_left_out_and_said(tmp_path: Path) -> None:
    source = opened(tmp_path, "TEMP", table(*[90] * 40))
    assert [track.stream.stream_id for track in source.tracks] == ["eda", "ppg", "acceleration"]
    assert "TEMP.csv: 40 of 40 samples lie outside 0 to 50 degrees Celsius" in source.notes[0]
    path = write_e4(tmp_path / "b.zip", {"EDA": table(-1), "BVP": None, "ACC": None, "TEMP": None})
    with pytest.raises(InvalidInput, match=r"EDA\.csv: 1 of 1 samples .* nothing is left to play: check the units"):
        open_e4(path)


def test_the_remedy_for_broken_rows_works(tmp_path: Path) -> None:
    broken = table(1, "salt", *[3] * 38) + "0.1x"
    with pytest.raises(InvalidInput, match=r"EDA\.csv row 4: 'salt' is not a number; .*--salvage"):
        opened(tmp_path, "EDA", broken)
    source = opened(tmp_path, "EDA", broken, salvage=True)
    assert [number for number, _ in measured(source, "eda")] == [0, *range(2, 40)]
    assert source.notes[0] == "EDA.csv: 2 of 41 rows are not a number and were left out as not measured, the first is row 4"


def test_an_axis_that_is_missing_takes_its_instant_away(tmp_path: Path) -> None:
    rows = "\n".join(["1,2,3", "1,,3", "1,2,3"])
    source = opened(tmp_path, "ACC", f"{E4_START_S},{E4_START_S},{E4_START_S}\n32,32,32\n{rows}\n")
    (acceleration,) = [track for track in source.tracks if isinstance(track, SignalTrack) and track.stream.stream_id == "acceleration"]
    assert np.isfinite(acceleration.samples).all(axis=1).tolist() == [True, False, True]


def test_a_band_that_was_not_worn_for_an_hour_says_so_and_nobody_waits(tmp_path: Path) -> None:
    hour = 4 * 3600
    source = opened(tmp_path, "EDA", table(*[1] * 40, *[""] * hour, *[2] * 40))
    events = [event for event in merge([source]).events("s1") if event.header.stream_id == "eda"]
    assert [event.header.sequence for event in events] == sorted({event.header.sequence for event in events})
    for event, following in itertools.pairwise(events):
        assert event.header.complete_until_us == following.header.event_time_us
        assert event.header.complete_until_us - event.header.event_time_us <= 30_000_000
    assert sum(len(event.samples) for event in events if isinstance(event, SignalChunk)) == 80
