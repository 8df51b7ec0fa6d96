from pathlib import Path

import numpy as np
import pytest
import soundfile

from affectloop.errors import InvalidInput
from affectloop_capture.sources.base import VOICE_HZ
from affectloop_capture.sources.files.sound import open_sound
from affectloop_capture.sources.sampled import AudioTrack
from unit.capture.making import write_sound

SECOND = np.arange(VOICE_HZ) / VOICE_HZ


def pcm(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    (track,) = open_sound(path).tracks
    assert isinstance(track, AudioTrack)
    return track.pcm


def refusal_of(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        open_sound(path)
    assert path.name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_sixteen_bits_at_sixteen_kilohertz_keep_their_bits(tmp_path: Path, name: str) -> None:
    samples = np.random.default_rng(1).integers(-32768, 32767, 5000, dtype=np.int16)
    assert (pcm(write_sound(tmp_path / name, samples)) == samples).all()


def test_two_channels_become_their_mean(tmp_path: Path) -> None:
    stereo = np.stack([np.full(100, 1000, np.int16), np.full(100, 3000, np.int16)], axis=1)
    assert set(pcm(write_sound(tmp_path / "a.wav", stereo)).tolist()) == {2000}


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000])
def test_another_rate_becomes_sixteen_kilohertz_with_its_tone(tmp_path: Path, rate_hz: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz)
    resampled = pcm(write_sound(tmp_path / "a.wav", tone, rate_hz)) / 32768
    assert len(resampled) == VOICE_HZ
    middle = slice(1000, -1000)  # the ends have nothing beside them
    assert np.abs(resampled - 0.5 * np.sin(2 * np.pi * 440 * SECOND))[middle].max() < 0.01


def test_a_loud_float_sound_is_clipped_and_not_wrapped(tmp_path: Path) -> None:
    loud = pcm(write_sound(tmp_path / "a.wav", np.array([2.0, -2.0]), subtype="FLOAT"))
    assert loud.tolist() == [32767, -32768]


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_sound_of_zero_length_is_refused(tmp_path: Path, name: str) -> None:
    assert "holds no samples" in refusal_of(write_sound(tmp_path / name, np.empty(0, np.int16)))


def test_bytes_that_are_no_sound_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"no sound at all")
    assert "cannot be read as sound" in refusal_of(tmp_path / "a.wav")


def test_a_sample_that_is_not_a_number_is_named(tmp_path: Path) -> None:
    samples = np.zeros(100)
    samples[17] = np.nan
    assert "sample 17 is not a number" in refusal_of(write_sound(tmp_path / "a.wav", samples, subtype="FLOAT"))


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_truncated_sound_is_refused(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(2).integers(-9000, 9000, 50_000, dtype=np.int16)
    whole = write_sound(tmp_path / name, noise).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    assert "sound" in refusal_of(tmp_path / name)


def test_a_rate_below_that_of_speech_is_refused(tmp_path: Path) -> None:
    assert "4000 Hz" in refusal_of(write_sound(tmp_path / "a.wav", np.zeros(100), 4000))


def test_a_real_voice_keeps_its_samples(data_folder: Path) -> None:
    path = sorted((data_folder / "speech_emodb" / "wav").iterdir())[0]
    samples, rate_hz = soundfile.read(path, dtype="int16")
    assert rate_hz == VOICE_HZ
    assert (pcm(path) == samples).all()
