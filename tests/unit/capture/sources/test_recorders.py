"""A file of another recorder is named, with what opens it and what we read, by its first bytes or else by its name."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from affectloop.cli import FAILED, main
from affectloop.errors import InvalidInput
from affectloop_capture.sources.files.e4 import open_e4
from affectloop_capture.sources.recorders import RECORDERS, Recorder
from affectloop_capture.sources.registry import format_of, formats, kinds
from unit.capture.making import write_e4, write_video

FIRST = {
    "EDF": b"0       X X X X" + bytes(250),
    "BDF": b"\xffBIOSEMI" + bytes(250),
    "XDF": b"XDF:\x01\x02",
    "BrainVision": b"Brain Vision Data Exchange Header File Version 1.0\r\n",
    "MATLAB file": b"MATLAB 5.0 MAT-file, Platform: GLNXA64",
    "MATLAB 7.3": b"MATLAB 7.3 MAT-file, Platform: GLNXA64",
    "HDF5": b"\x89HDF\r\n\x1a\n",
    "Avro": b"Obj\x01\x04\x16avro.schema",
    "OpenSignals": b"# OpenSignals Text File Format. Version 1\n",
    "PhysioNet": b"100 2 360 650000\n100.dat 212 200 11 1024 995 -22131 0 MLII\n",
    "sports watch": b"\x0e\x10\xd9\x07\x00\x00\x00\x00.FIT",
    "archive": b"\x1f\x8b\x08",
    "picture": b"\xff\xd8\xff\xe0",
}


def refusal(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        format_of(path)
    assert kinds() in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("suffix", ["", ".mp4", ".wav", ".zip", ".dat"])
@pytest.mark.parametrize("kind", FIRST)
def test_a_recording_is_named_by_its_first_bytes_whatever_it_is_called(tmp_path: Path, kind: str, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(FIRST[kind])
    said = refusal(tmp_path / f"a{suffix}")
    assert kind in said
    assert "which is not read" in said


@pytest.mark.parametrize("recorder", RECORDERS, ids=lambda each: each.name)
def test_each_kind_is_known_by_its_marks_and_its_suffixes(tmp_path: Path, recorder: Recorder) -> None:
    for at, mark in recorder.begins:
        (tmp_path / "a").write_bytes(b" " * at + mark + b" 1 2\n")
        assert recorder.name in refusal(tmp_path / "a")
    for suffix in recorder.suffixes:
        (tmp_path / f"b{suffix}").write_bytes(b"\x01\x02\x03")
        assert recorder.remedy in refusal(tmp_path / f"b{suffix}")


def test_one_table_of_a_wristband_says_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / "EDA.csv").write_text("1644829925\n4\n1\n")
    assert "one table of an Empatica E4, give the folder or zip that it lies in" in refusal(tmp_path / "EDA.csv")


def test_what_is_neither_file_nor_folder_is_not_read() -> None:
    assert main(["replay", "/dev/zero"]) == FAILED


def test_the_remedy_for_other_recorders_works(tmp_path: Path) -> None:
    pulse = np.sin(2 * np.pi * 1.2 * np.arange(2500) / 250)
    np.savetxt(tmp_path / "BVP.csv", np.r_[1_700_000_000, 64, resample_poly(pulse, 64, 250)], fmt="%.6f")
    (track,) = open_e4(tmp_path).tracks
    assert (track.stream.stream_id, track.duration_us) == ("ppg", 10_000_000)


@settings(max_examples=50)
@given(noise=st.binary(max_size=600))
def test_noise_is_of_a_known_kind_or_refused_in_one_sentence(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("noise") / "a.xyz"
    path.write_bytes(noise)
    said = ""
    try:
        assert format_of(path) in formats()
    except InvalidInput as error:
        said = str(error)
    assert "\n" not in said


def test_what_is_played_is_not_taken_for_another_recorders(tmp_path: Path) -> None:
    assert format_of(write_video(tmp_path / "a.mp4").rename(tmp_path / "a.edf")).name == "videos"
    assert format_of(write_e4(tmp_path / "a.zip").rename(tmp_path / "b.mat")).name.startswith("Empatica")
