"""Whatever is done to a wristband's tables, their zip or a recording: read, or refused in one sentence that names it."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from affectloop.codec import to_record
from affectloop.errors import AffectloopError
from affectloop.events import SignalKind
from affectloop.recording import RecordingWriter
from affectloop_capture.admission.validation import check_samples
from affectloop_capture.playback.merge import merge
from affectloop_capture.sources.registry import open_source
from unit.capture.making import E4_TABLES, START_US, a_chunk, a_session

BOUNDED = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
FLIPS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=6)
SHARE = st.one_of(st.just(1.0), st.floats(0, 1))
TEXT = st.text(alphabet=" 0123456789.,;\t\r\n-+eE_naif\"'\u0661\ufeff\0", max_size=120)


def changed(content: bytes, share: float, flips: list[tuple[float, int]]) -> bytes:
    cut = bytearray(content[: round(share * len(content))])
    for place, change in flips if cut else ():
        cut[int(place * len(cut))] ^= change
    return bytes(cut)


def read(path: Path, *, salvage: bool) -> None:
    """Open and play; every sample that leaves is one that the gate of a device would take."""
    said = f"{path}: "
    try:
        for event in merge([open_source(path, salvage=salvage)], longest_us=10**12, now_us=START_US).events("s1"):
            if hasattr(event, "samples") and not event.is_empty:
                check_samples(event)  # type: ignore[arg-type]
    except AffectloopError as error:
        said = str(error)
    assert "\n" not in said
    assert str(path) in said or path.name in said


def table_folder(folder: Path, **raw: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for name in ("EDA", "BVP", "ACC", "TEMP", "tags"):
        (folder / f"{name}.csv").write_bytes(raw.get(name, E4_TABLES[name].encode()))
    return folder


@pytest.mark.parametrize("name", ["EDA", "ACC", "tags"])
@BOUNDED
@given(share=SHARE, flips=FLIPS, encoding=st.sampled_from(["utf-8", "utf-16", "utf-16-le"]), salvage=st.booleans())
@example(share=0.5, flips=[], encoding="utf-8", salvage=False)
def test_a_damaged_table(name: str, tmp_path: Path, share: float, flips: list[tuple[float, int]], encoding: str, salvage: bool) -> None:
    read(table_folder(tmp_path / "e4", **{name: changed(E4_TABLES[name].encode(encoding), share, flips)}), salvage=salvage)


@pytest.mark.parametrize("name", ["EDA", "ACC"])
@BOUNDED
@given(head=TEXT, body=TEXT, keep=st.booleans(), salvage=st.booleans())
def test_any_text_as_a_table(name: str, tmp_path: Path, head: str, body: str, keep: bool, salvage: bool) -> None:
    start = "\n".join(E4_TABLES[name].split("\n")[:2]) + "\n" if keep else head
    read(table_folder(tmp_path / "e4", **{name: (start + body).encode()}), salvage=salvage)


@BOUNDED
@given(share=SHARE, flips=FLIPS, at_end=st.booleans(), method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA]))
def test_a_damaged_zip(tmp_path: Path, share: float, flips: list[tuple[float, int]], at_end: bool, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, text in E4_TABLES.items():
            archive.writestr(f"S05/{name}.csv", text)
    content = path.read_bytes()
    place = content.index(b"PK\1\2") if at_end else 0  # the list of files breaks most
    path.write_bytes(content[:place] + changed(content[place:], share, flips))
    read(path, salvage=False)


@BOUNDED
@given(share=SHARE, flips=FLIPS, of_key=st.booleans())
def test_a_damaged_recording(tmp_path: Path, share: float, flips: list[tuple[float, int]], of_key: bool) -> None:
    session, path = a_session(), tmp_path / "a.affectloop"
    for old in tmp_path.iterdir():
        old.unlink()
    with RecordingWriter(path, session) as writer:
        writer.write(
            [to_record(a_chunk([1.0, 1.1], SignalKind.EDA, sequence=2 * n, time_us=START_US + n * 500_000), session.key) for n in range(5)]
        )
    damaged = next(each for each in tmp_path.iterdir() if (each != path) == of_key)
    damaged.write_bytes(changed(damaged.read_bytes(), share, flips))
    read(path, salvage=False)
