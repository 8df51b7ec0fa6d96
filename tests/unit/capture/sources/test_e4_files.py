"""Which files of a zip or folder are read: by any name that browsers, people and systems give them, of one session, within bounds."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from affectloop.errors import InvalidInput
from affectloop_capture.sources.files.e4 import open_e4, tags_us
from affectloop_capture.sources.registry import open_source
from affectloop_capture.sources.wristband import archives
from unit.capture.making import E4_START_S, E4_TABLES, write_e4

ALL = ["eda", "ppg", "acceleration", "temperature"]
OTHER_EDA = E4_TABLES["EDA"].replace("0.5", "0.7")


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def unzipped(path: Path, files: Mapping[str, str]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content)
    return path


def session(folder: str = "", **changes: str) -> dict[str, str]:
    return {f"{folder}{name}.csv": text for name, text in {**E4_TABLES, **changes}.items()}


def renamed(**names: str) -> dict[str, str]:
    return {f"{names.get(name, name)}.csv": text for name, text in E4_TABLES.items()}


def refusal(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        open_source(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def streams(path: Path) -> list[str]:
    return [track.stream.stream_id for track in open_e4(path).tracks]


@pytest.mark.parametrize(
    "name", ["EDA(5)", "EDA (1)", "eda", "Eda - Copy", "EDA copy 2", "EDA - Kopie (2)", "EDA_S05", "S05_EDA", "EDA.csv"]
)
def test_a_table_is_known_by_what_browsers_and_people_make_of_its_name(tmp_path: Path, name: str) -> None:
    files = renamed(EDA=name, tags="tags(3)")
    for path in (zipped(tmp_path / "a.zip", files), unzipped(tmp_path / "folder", files)):
        source = open_e4(path)
        assert [track.stream.stream_id for track in source.tracks] == ALL
        assert (f"{name}.csv is taken for EDA.csv" in source.notes) == (name != "eda")
        assert "2 button presses" in source.description


def test_what_is_not_read_is_listed_by_name(tmp_path: Path) -> None:
    source = open_e4(zipped(tmp_path / "a.zip", {**session(), "EDA_filtered.csv": "x", "notes/diary.docx": "x", "info.txt": "about"}))
    assert source.notes == ["not read: EDA_filtered.csv, notes/diary.docx"]


def test_copies_are_one_and_files_that_differ_are_not_merged(tmp_path: Path) -> None:
    copy = open_e4(zipped(tmp_path / "copy.zip", {**session(), "EDA (1).csv": E4_TABLES["EDA"]}))
    assert copy.notes == ["EDA (1).csv is a copy of EDA.csv and was left out"]
    said = refusal(zipped(tmp_path / "two.zip", {**session(), "EDA (1).csv": OTHER_EDA}))
    assert "EDA.csv and EDA (1).csv are both EDA.csv and differ: of two sessions?" in said
    folder = unzipped(tmp_path / "remedy", session())
    assert streams(folder) == ALL


def test_several_sessions_are_named_and_one_folder_of_them_is_read(tmp_path: Path) -> None:
    both = {**session("S05/"), **session("S06/")}
    assert "holds several sessions, in S05/, S06/; unpack it and give one of its folders" in refusal(zipped(tmp_path / "a.zip", both))
    said = refusal(unzipped(tmp_path / "study", both))
    assert said.endswith(f"give one of them, such as {tmp_path}/study/S05")
    assert streams(tmp_path / "study" / "S05") == ALL


def test_a_session_in_a_folder_of_its_own_is_read_wherever_it_lies(tmp_path: Path) -> None:
    assert streams(zipped(tmp_path / "a.zip", session("export/2022/S05/"))) == ALL
    assert streams(zipped(tmp_path / "b.zip", session("S05\\"))) == ALL, "as some Windows programs write it"
    own = open_e4(zipped(tmp_path / "c.zip", {**session(), **session("old/")}))
    assert own.notes == ["not read: old/, of other sessions; give those alone"]


def test_what_systems_add_is_passed_over(tmp_path: Path) -> None:
    added = {"__MACOSX/S05/._EDA.csv": "\0", "S05/._BVP.csv": "\0", "S05/.DS_Store": "x", "S05/Thumbs.db": "x"}
    source = open_e4(zipped(tmp_path / "a.zip", {**session("S05/"), **added}))
    assert source.notes == []


def test_zips_within_are_named(tmp_path: Path) -> None:
    inner = write_e4(tmp_path / "S05.zip").read_bytes()
    outer = zipped(tmp_path / "outer.zip", {"S05.zip": inner, "S06.zip": inner})
    assert (
        "holds none of EDA.csv, BVP.csv, ACC.csv, TEMP.csv but S05.zip, S06.zip; give a zip or folder of E4 Connect, or unpack"
        in refusal(outer)
    )
    outer.unlink()
    assert "but S05.zip; give a zip or folder of E4 Connect, or one of these by itself" in refusal(tmp_path)


def later(name: str, seconds: int) -> str:
    return E4_TABLES[name].replace(str(E4_START_S), str(E4_START_S + seconds))


def test_tables_that_share_no_moment_are_of_two_sessions(tmp_path: Path) -> None:
    said = refusal(write_e4(tmp_path / "a.zip", {"BVP": later("BVP", 3 * 3600)}))
    assert "BVP.csv begins 3.00 h after EDA.csv has ended: they are of two sessions" in said


def test_a_table_that_begins_late_or_ends_early_is_said(tmp_path: Path) -> None:
    head, longer = f"{E4_START_S}\n4\n", "1\n" * 400
    source = open_e4(write_e4(tmp_path / "a.zip", {"EDA": head + longer, "BVP": later("BVP", 50), "TEMP": None, "ACC": None}))
    assert source.notes == ["BVP.csv begins 50.0 s after the first", "BVP.csv ends 40.0 s before the last"]


TAGS = f"{E4_START_S + 3}\n{E4_START_S + 7.5}\n"


@pytest.mark.parametrize(
    ("text", "count", "note"),
    [
        ("", 0, None),
        ("\ufeff" + TAGS, 2, None),
        (TAGS.replace("\n", "\r\n\r\n"), 2, None),
        ("time,label\n" + TAGS.replace("\n", ",start\n"), 2, None),
        (f"1;{E4_START_S + 3},5\n2;{E4_START_S + 7},5\n", 2, None),
        ("2022-02-14 09:12:08\n2022-02-14 09:12:10\n", 2, None),
        (f"{E4_START_S - 3600}\n" + TAGS, 3, "tags.csv: 1 of 3 button presses lie outside the recording"),
        ("yesterday\n" + TAGS + "12 o'clock\n", 2, "tags.csv: 1 of its rows without a time left out, the first is row 4"),
    ],
)
def test_tags_are_counted_however_they_were_saved(tmp_path: Path, text: str, count: int, note: str | None) -> None:
    source = open_e4(path := write_e4(tmp_path / "a.zip", {"tags": text}))
    assert f"{count} button presses" in source.description
    assert len(tags_us(path)) == count
    assert source.notes == ([note] if note else [])


def in_german(text: str) -> str:
    return text.replace(",", ";").replace(".", ",")


@pytest.mark.parametrize("name", ["EDA", "ACC", "BVP"])
@pytest.mark.parametrize(
    "saved",
    [
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace("\n", "\r\r\n").encode() + b"\r\n\r\n",
        lambda text: text.replace("\n", "\n\n").encode(),
        lambda text: in_german(text).encode("utf-8-sig"),
        lambda text: text.replace("\n", "\n ", 5).encode() + b"\n \n",
        lambda text: in_german(text).replace("\n", ";;\n").encode("cp1252"),
        lambda text: text.replace(",", "\t").encode("utf-16"),
        lambda text: "\n".join(",".join(f'"{cell}"' for cell in row.split(",")) for row in text.split("\n")).encode(),
    ],
)
def test_a_table_reads_the_same_however_a_spreadsheet_saved_it(tmp_path: Path, name: str, saved: object) -> None:
    assert callable(saved)
    whole = open_e4(write_e4(tmp_path / "a.zip"))
    other = open_e4(zipped(tmp_path / "b.zip", {**session(), f"{name}.csv": saved(E4_TABLES[name])}))
    for track, same in zip(whole.tracks, other.tracks, strict=True):
        (one,), (two,) = track.events("s1", 1), same.events("s1", 1)
        assert one.samples.tolist() == two.samples.tolist()  # type: ignore[attr-defined]
    assert whole.starts_at_us == other.starts_at_us


def test_a_start_as_a_date_is_taken_as_utc_and_said(tmp_path: Path) -> None:
    dated = {name: E4_TABLES[name].replace(f"{E4_START_S}.0", "2022-02-14 09:12:05") for name in ("EDA", "BVP", "ACC", "TEMP")}
    source = open_e4(write_e4(tmp_path / "a.zip", dated))
    assert source.starts_at_us == E4_START_S * 1_000_000
    assert "EDA.csv begins with a date instead of Unix seconds, which is taken as UTC" in source.notes


@pytest.mark.parametrize("name", ["../EDA.csv", "/EDA.csv", "a/../../EDA.csv", "C:/EDA.csv", "..\\EDA.csv"])
def test_a_path_that_leads_out_of_the_zip_is_refused(tmp_path: Path, name: str) -> None:
    assert "a path that leads out of the zip" in refusal(zipped(tmp_path / "a.zip", {**session(), name: "x"}))


def test_a_zip_of_thousands_of_files_is_refused_before_its_list_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "a.zip", {**session(), **{f"{number}.txt": "" for number in range(50)}})
    monkeypatch.setattr(archives, "MOST_FILES", 50)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "lists 57 files; no wristband's zip has more than 50" in refusal(path)


def test_a_folder_of_thousands_of_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unzipped(tmp_path, {f"a/{number}.txt": "" for number in range(50)})
    monkeypatch.setattr(archives, "MOST_FILES", 50)
    assert "holds more than 50 files; give the folder of one session" in refusal(tmp_path)


@pytest.mark.parametrize("content", ["1\n" * 2_000_000, "\n" * 9_000_000, "1" * 40_000_000])
def test_a_table_that_unpacks_to_more_than_a_wristband_holds_is_refused(tmp_path: Path, content: str) -> None:
    path = zipped(tmp_path / "bomb.zip", {"EDA.csv": f"{E4_START_S}\n4\n{content}"})
    assert path.stat().st_size < 100_000
    assert "EDA.csv" in refusal(path)


def test_an_encrypted_zip_says_what_to_do(tmp_path: Path) -> None:
    content = bytearray(zipped(tmp_path / "a.zip", {"EDA.csv": E4_TABLES["EDA"]}).read_bytes())
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    assert "EDA.csv is encrypted; unpack the zip with its password and give the folder" in refusal(tmp_path / "a.zip")


def test_a_way_of_compression_that_is_not_read_is_named(tmp_path: Path) -> None:
    content = bytearray(zipped(tmp_path / "a.zip", {"EDA.csv": E4_TABLES["EDA"]}).read_bytes())
    content[8] = content[content.index(b"PK\1\2") + 10] = 9  # Deflate64, of Windows
    (tmp_path / "a.zip").write_bytes(content)
    assert "unpack the zip and give the folder" in refusal(tmp_path / "a.zip")
