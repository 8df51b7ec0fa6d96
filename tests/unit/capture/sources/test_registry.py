"""Every format is found, knows its own files by their first bytes alone, and is named wherever formats are named."""

from pathlib import Path

import numpy as np
import pytest

from affectloop.errors import InvalidInput
from affectloop.recording import RecordingWriter
from affectloop_capture.sources.registry import format_of, formats, kinds
from affectloop_commands.inputs import HELP
from unit.capture.making import a_session, write_e4, write_sound, write_video

README = Path(__file__).parents[4] / "services" / "capture" / "README.md"


@pytest.fixture(scope="module")
def of_each_format(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One file of each format, under a name that says nothing."""
    folder = tmp_path_factory.mktemp("formats")
    with RecordingWriter(folder / "d", a_session()):
        pass
    return {
        "videos": write_video(folder / "a.mp4").rename(folder / "a"),
        "sound files": write_sound(folder / "b.flac", np.zeros(100, np.int16)).rename(folder / "b"),
        "Empatica E4 zips or folders": write_e4(folder / "c.zip").rename(folder / "c"),
        ".affectloop recordings": folder / "d",
    }


def test_a_file_is_known_by_its_first_bytes_to_its_own_format_alone(of_each_format: dict[str, Path]) -> None:
    assert set(of_each_format) == {each.name for each in formats()}, "a new format comes with a small file here"
    for name, path in of_each_format.items():
        first_bytes = path.read_bytes()[:4096]
        assert [each.name for each in formats() if each.knows(path, first_bytes)] == [name]
        assert format_of(path).name == name


@pytest.mark.parametrize("content", [b"", b"nothing that is known", bytes(5000)])
def test_content_that_nobody_knows_is_judged_by_its_name_and_else_refused(tmp_path: Path, content: bytes) -> None:
    for name, suffix in (("sound files", ".wav"), ("videos", ".MP4")):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(content)
        assert format_of(path).name == name, "its own format says best what is wrong with it"
    (tmp_path / "a.edf").write_bytes(content)
    with pytest.raises(InvalidInput, match=r"a\.edf: \.edf is not read; give") as caught:
        format_of(tmp_path / "a.edf")
    assert all(each.name in str(caught.value) for each in formats())


@pytest.mark.parametrize("packet", [188, 192])
def test_a_transport_stream_is_a_video(tmp_path: Path, packet: int) -> None:
    (tmp_path / "a").write_bytes((bytes(packet - 188) + b"G" + bytes(187)) * 5)
    assert format_of(tmp_path / "a").name == "videos"


def test_the_help_and_the_readme_name_every_format() -> None:
    assert kinds() in HELP
    readme = README.read_text(encoding="utf-8")
    for each in formats():
        row = f"| {each.name} | {each.reads} |"
        assert row in readme, f"services/capture/README.md lacks the line: {row}"
