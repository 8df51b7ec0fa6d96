import zipfile
from pathlib import Path

import numpy as np
import pytest

from affectloop.errors import InvalidInput
from affectloop_capture.sources.files.e4 import open_e4, reference_heart_rate, tags_us
from affectloop_capture.sources.registry import open_source
from affectloop_capture.sources.sampled import SignalTrack
from unit.capture.making import E4_START_S, E4_TABLES, write_e4

START_US = E4_START_S * 1_000_000


def tracks(path: Path) -> dict[str, SignalTrack]:
    return {track.stream.stream_id: track for track in open_e4(path).tracks if isinstance(track, SignalTrack)}


def refusal_of(tmp_path: Path, changes: dict[str, str | None]) -> str:
    with pytest.raises(InvalidInput) as caught:
        open_e4(write_e4(tmp_path / "bad.zip", changes))
    return str(caught.value)


def test_a_zip_holds_the_four_signals_in_their_units(tmp_path: Path) -> None:
    found = tracks(write_e4(tmp_path / "one.zip"))
    assert {name: (float(track.rate_hz), track.samples.shape) for name, track in found.items()} == {
        "eda": (4, (40, 1)), "ppg": (64, (640, 1)), "acceleration": (32, (320, 3)), "temperature": (4, (40, 1)),
    }  # fmt: skip
    assert found["acceleration"].samples[1].tolist() == [1 / 64, 0, 1]
    assert found["eda"].samples[0, 0] == pytest.approx(0.5)


def test_a_folder_reads_as_its_zip(tmp_path: Path) -> None:
    for name, text in E4_TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    assert open_source(tmp_path).streams == open_e4(write_e4(tmp_path / "one.zip")).streams


def test_a_zip_with_a_folder_inside_and_numbered_tags_is_read(tmp_path: Path) -> None:
    path = write_e4(tmp_path / "one.zip", {"tags": None, "tags_S05": E4_TABLES["tags"]}, folder="S05/")
    assert len(open_e4(path).tracks) == 4
    assert tags_us(path) == (START_US + 3_000_000, START_US + 7_500_000)


def test_what_macos_adds_to_a_zip_is_passed_over(tmp_path: Path) -> None:
    path = write_e4(tmp_path / "one.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/._EDA.csv", b"\0\5\x16\7")
    assert len(open_e4(path).tracks) == 4


def test_a_signal_that_starts_later_is_placed_later(tmp_path: Path) -> None:
    later = E4_TABLES["TEMP"].replace(f"{E4_START_S}.0", f"{E4_START_S + 2}.0")
    path = write_e4(tmp_path / "one.zip", {"TEMP": later})
    assert open_e4(path).starts_at_us == START_US
    assert tracks(path)["temperature"].starts_after_us == 2_000_000


def test_a_missing_signal_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    source = open_e4(write_e4(tmp_path / "one.zip", {"BVP": None}))
    assert "without BVP" in source.description
    assert len(source.tracks) == 3


def test_the_devices_own_heart_rate_is_there_to_compare_with(tmp_path: Path) -> None:
    reference = reference_heart_rate(write_e4(tmp_path / "one.zip"))
    assert reference.starts_at_us == START_US + 10_000_000
    assert reference.values.ravel().tolist() == [72.5, 73.0]


def test_a_missing_rate_is_named_and_not_taken_from_the_first_sample(tmp_path: Path) -> None:
    without = E4_TABLES["EDA"].replace("\n4.0\n", "\n")
    assert "EDA.csv row 2: the rate is 0.5 Hz where an E4 has 4" in refusal_of(tmp_path, {"EDA": without})


def test_a_negative_rate_is_named(tmp_path: Path) -> None:
    assert "BVP.csv row 2: the rate is -64 Hz" in refusal_of(tmp_path, {"BVP": E4_TABLES["BVP"].replace("64.0", "-64.0", 1)})


@pytest.mark.parametrize(
    ("table", "text", "message"),
    [
        ("EDA", "", "EDA.csv is empty"),
        ("EDA", f"{E4_START_S}\n", "EDA.csv row 2"),
        ("EDA", f"{E4_START_S}\n4\n", "EDA.csv holds no samples"),
        ("EDA", "not a time\n4\n1\n", "EDA.csv row 1: 'not a time' is no start time"),
        ("EDA", "-5\n4\n1\n", "EDA.csv row 1"),
        ("EDA", f"{E4_START_S}000\n4\n1\n", f"EDA.csv row 1: {E4_START_S}000 is a time in milliseconds; write {E4_START_S}.000000"),
        ("EDA", f"{E4_START_S}000000\n4\n1\n", "is a time in microseconds"),
        ("EDA", "1.64483E+09\n4\n1\n", "EDA.csv row 1: '1.64483E+09' was rounded by a spreadsheet"),
        ("EDA", f"{E4_START_S}\n4\n1\n2\nsalt\n", "--salvage"),
        ("ACC", f"{E4_START_S},{E4_START_S},{E4_START_S}\n32,32,32\n1,2,3\n1,2", "row 4: '1,2' is not 3 numbers: it ends in the middle"),
        ("EDA", f"{E4_START_S}\n4\n1\n2\nsalt\n", "EDA.csv row 5: 'salt'"),
        ("EDA", f"{E4_START_S}\n4\n1\n1,2\n", "EDA.csv row 4"),
        ("ACC", f"{E4_START_S},{E4_START_S}\n32,32\n1,2\n", "ACC.csv row 1"),
        ("ACC", f"{E4_START_S},{E4_START_S},{E4_START_S}\n32,32,16\n1,2,3\n", "ACC.csv row 2"),
        ("ACC", f"{E4_START_S},{E4_START_S},{E4_START_S}\n32,32,32\n1,2\n", "ACC.csv row 3"),
    ],
)
def test_what_is_wrong_in_a_table_is_named_by_file_and_row(tmp_path: Path, table: str, text: str, message: str) -> None:
    refusal = refusal_of(tmp_path, {table: text})
    assert message in refusal
    assert "bad.zip" in refusal


def test_line_ends_and_marks_of_other_systems_are_read(tmp_path: Path) -> None:
    path = write_e4(tmp_path / "one.zip", {"EDA": "\ufeff" + E4_TABLES["EDA"].replace("\n", "\r\n")})
    assert len(tracks(path)["eda"].samples) == 40


def test_a_number_of_a_billion_digits_is_not_worked_out(tmp_path: Path) -> None:
    assert "row 2" in refusal_of(tmp_path, {"EDA": f"{E4_START_S}\n1e-999999999\n1\n"})
    assert "row 1" in refusal_of(tmp_path, {"EDA": "1e999999999\n4\n1\n"})


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    assert "holds none of" in refusal_of(tmp_path, dict.fromkeys(E4_TABLES, None))


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    whole = write_e4(tmp_path / "one.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidInput, match="is no whole zip"):
        open_e4(tmp_path / "half.zip")


def test_a_zip_whose_content_was_changed_is_refused(tmp_path: Path) -> None:
    whole = bytearray(write_e4(tmp_path / "one.zip").read_bytes())
    at = whole.index(b"0.500")
    whole[at : at + 5] = b"9.999"
    (tmp_path / "one.zip").write_bytes(whole)
    with pytest.raises(InvalidInput, match="cannot be read"):
        open_e4(tmp_path / "one.zip")


@pytest.mark.parametrize("place", range(60, 120, 7))
def test_a_zip_with_a_damaged_stream_is_refused(tmp_path: Path, place: int) -> None:
    path = tmp_path / "one.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("EDA.csv", E4_TABLES["EDA"])
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"one\.zip"):
        open_e4(path)


def test_a_table_that_claims_gigabytes_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("EDA.csv", bytes(257_000_000))
    with pytest.raises(InvalidInput, match="no E4 session is that long"):
        open_e4(path)


def test_a_real_session_reads_as_what_it_is(data_folder: Path) -> None:
    path = data_folder / "e4_stress_predict" / "S05_E4.zip"
    found = tracks(path)
    assert {name: len(track.samples) for name, track in found.items()} == {
        "eda": 13_104, "ppg": 209_759, "acceleration": 104_898, "temperature": 13_112,
    }  # fmt: skip
    assert len(tags_us(path)) == 7
    assert open_e4(path).starts_at_us == 1_644_829_925_000_000
    gravity = np.median(np.linalg.norm(found["acceleration"].samples, axis=1))
    assert gravity == pytest.approx(1.0, abs=0.05)
