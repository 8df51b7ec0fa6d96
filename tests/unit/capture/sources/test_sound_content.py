"""A sound's content counts over its header; the voice is found on any channel; ffmpeg reads what libsndfile does not."""

import io
import stat
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from affectloop.errors import InvalidInput
from affectloop_capture.sources.base import Source
from affectloop_capture.sources.files.sound import open_sound
from affectloop_capture.sources.registry import format_of, open_source
from affectloop_capture.sources.sampled import AudioTrack
from unit.capture.making import write_sound
from unit.capture.matroska import MICROPHONE, write_matroska

RATE_HZ = 16_000
VOICE = (8000 * np.sin(2 * np.pi * 220 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.int16)
NOTHING = np.zeros_like(VOICE)


def pcm(source: Source) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    (track,) = source.tracks
    assert isinstance(track, AudioTrack)
    return track.pcm


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0xFFFFFFFF - 36, 0x80000000])
@pytest.mark.parametrize("riff", [None, 0, 36, 0xFFFFFFFF])
def test_a_header_that_was_never_finished_does_not_hide_the_samples(tmp_path: Path, size: int, riff: int | None) -> None:
    path = write_sound(tmp_path / "a.wav", VOICE)
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", size)
    content[4:8] = struct.pack("<I", (size + 36) % 2**32 if riff is None else riff)
    path.write_bytes(content)
    assert (pcm(open_source(path)) == VOICE).all()


def test_a_truncated_sound_is_read_only_when_asked_and_says_what_is_missing(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", VOICE)
    path.write_bytes(path.read_bytes()[:-8000])
    with pytest.raises(InvalidInput, match=r"truncated: 8000 of its bytes are missing; .*--salvage"):
        open_source(path)
    source = open_source(path, salvage=True)
    assert (pcm(source) == VOICE[:-4000]).all()
    assert "truncated" in source.notes[0]


def test_a_flac_that_does_not_know_its_length_is_read_to_its_end(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", VOICE)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # total samples: the last 36 bits before the checksum
    content[22:26] = bytes(4)
    content[26:42] = bytes(16)
    path.write_bytes(content)
    assert (pcm(open_source(path)) == VOICE).all()


@pytest.mark.parametrize(
    ("container", "subtype", "rate_hz"),
    [("WAV", "GSM610", 8000), ("WAV", "IMA_ADPCM", 16_000), ("WAV", "ULAW", 8000), ("RF64", "PCM_16", 16_000), ("W64", "PCM_16", 16_000),
     ("OGG", "OPUS", 16_000), ("OGG", "VORBIS", 16_000), ("MP3", "MPEG_LAYER_III", 16_000), ("AIFF", "PCM_16", 16_000),
     ("CAF", "ALAC_16", 16_000)],
)  # fmt: skip
def test_other_kinds_of_sound_are_read_whatever_their_name(tmp_path: Path, container: str, subtype: str, rate_hz: int) -> None:
    path = tmp_path / "a"
    soundfile.write(path, np.tile(VOICE, 2), rate_hz, format=container, subtype=subtype)
    assert format_of(path).name == "sound files"
    seconds = len(pcm(open_source(path))) / RATE_HZ
    assert seconds == pytest.approx(2 * RATE_HZ / rate_hz, abs=0.15)  # compressed kinds have blocks


@pytest.mark.parametrize(
    ("channels", "note"),
    [
        ([VOICE, VOICE], None),
        ([VOICE, -VOICE], "channel 2 of 2 has the opposite phase and was turned"),
        ([VOICE, NOTHING], "channel 2 of 2 is silent and was left out"),
        ([NOTHING, VOICE], "channel 1 of 2 is silent and was left out"),
        ([VOICE, -VOICE // 4], "channel 2 of 2 has the opposite phase and was turned"),
        ([VOICE, NOTHING, -VOICE, VOICE], "channel 3 of 4 has the opposite phase and was turned"),
        ([VOICE, VOICE // 10], None),
    ],
)
def test_the_voice_is_found_on_whatever_channels_it_is(tmp_path: Path, channels: list[np.ndarray], note: str | None) -> None:
    source = open_source(write_sound(tmp_path / "a.wav", np.stack(channels, axis=1)))
    level = np.sqrt(np.mean(pcm(source).astype(float) ** 2) / np.mean(VOICE.astype(float) ** 2))
    assert 0.5 < level <= 1.01, "at most 6 dB are lost to a channel that says it more quietly"
    assert note in source.notes if note else source.notes == []


def a_program(folder: Path, script: str) -> None:
    """A program named ffmpeg, and nothing else, to be found on the PATH."""
    folder.mkdir()
    program = folder / "ffmpeg"
    program.write_text(f"#!{sys.executable}\n{script}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def of_another_kind(tmp_path: Path) -> Path:
    return write_matroska(tmp_path / "a.weba", [(MICROPHONE, 0, bytes(160))], (MICROPHONE,))


def as_wav(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE_HZ, format="WAV", subtype="FLOAT")
    return file.getvalue()


def test_without_ffmpeg_a_sentence_says_what_it_is_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidInput, match=r"a\.weba: is sound of a kind that ffmpeg reads.*install ffmpeg, or convert it to WAV or FLAC"):
        open_source(of_another_kind(tmp_path))


def test_what_ffmpeg_decodes_is_the_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "decoded").write_bytes(as_wav(np.stack([VOICE / 32768, VOICE / 32768], axis=1)))
    a_program(tmp_path / "bin", f"import sys; sys.stdout.buffer.write(open({str(tmp_path / 'decoded')!r}, 'rb').read())")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    source = open_source(of_another_kind(tmp_path))
    assert (pcm(source) == VOICE).all()
    assert "2 channels" in source.description


def test_what_ffmpeg_complains_of_is_a_damage_that_only_salvage_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "decoded").write_bytes(as_wav(VOICE / 32768))
    told = "sys.stderr.write('Invalid data found\\n' * 100_000)"
    a_program(tmp_path / "bin", f"import sys; {told}; sys.stdout.buffer.write(open({str(tmp_path / 'decoded')!r}, 'rb').read())")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    path = of_another_kind(tmp_path)
    with pytest.raises(InvalidInput, match="the sound is damaged: Invalid data found"):
        open_source(path)
    assert open_source(path, salvage=True).notes == ["The sound is damaged: Invalid data found"]
    a_program(tmp_path / "none", "import sys; sys.exit('nothing to decode')")
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    with pytest.raises(InvalidInput, match="cannot be read as sound \\(nothing to decode\\)"):
        open_source(path)


@given(st.binary(max_size=200))
def test_whatever_follows_a_wav_header_is_samples_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, rest: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80>\0\0\0}\0\0\2\0\x10\0" + rest)
    said = ""
    try:
        open_sound(path)
    except InvalidInput as error:
        said = str(error)
    assert "\n" not in said
