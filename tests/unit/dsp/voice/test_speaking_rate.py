from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from affectloop.dsp.voice.features import FRAME, SAMPLE_RATE_HZ, STEP, framed, power_spectra
from affectloop.dsp.voice.pitch import pitch
from affectloop.dsp.voice.speaking_rate import envelopes_db, syllables, syllables_per_s
from affectloop.synthetic.voice import Manner, speak


def counted(samples: NDArray[np.float64], said: NDArray[np.bool_] | None = None) -> float:
    spectra = power_spectra(framed(samples.astype(np.float32)))
    spoken = np.ones(len(spectra), bool) if said is None else said[: len(spectra)]
    return syllables(envelopes_db(spectra), spoken, np.isfinite(pitch(spectra).hz))


@pytest.mark.parametrize("rate", [3.0, 4.5, 6.5])
def test_every_syllable_of_a_synthetic_voice_is_counted_once(rate: float) -> None:
    spoken = speak(10, Manner(syllables_per_s=rate), 7)
    assert counted(spoken.pcm / 32_768) == pytest.approx(len(spoken.syllables_s), rel=0.06)


def test_noise_and_silence_have_no_syllables() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, SAMPLE_RATE_HZ)
    assert counted(noise) < 0.5
    assert counted(np.zeros(SAMPLE_RATE_HZ)) == 0


def test_too_little_speech_has_no_rate() -> None:
    spoken = speak(6, Manner(), 3)
    spectra = power_spectra(framed((spoken.pcm / 32_768).astype(np.float32)))
    voiced = np.isfinite(pitch(spectra).hz)
    few = np.zeros(len(spectra), bool)
    few[100:190] = True
    assert syllables_per_s(envelopes_db(spectra), few, voiced, shortest_s=1.0) is None
    said = spoken.speaks_at((np.arange(len(spectra)) * STEP + FRAME / 2) / SAMPLE_RATE_HZ)
    assert syllables_per_s(envelopes_db(spectra), said, voiced, shortest_s=1.0) == pytest.approx(4.5, rel=0.12)


def test_the_syllables_of_real_utterances_are_counted_to_a_fifth(data_folder: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    found = true = 0.0
    for label in sorted((data_folder / "speech_emodb" / "silb").glob("0*a0*N*.silb"))[:12]:
        sound = label.parents[1] / "wav" / f"{label.stem}.wav"
        words = [line.split()[1] for line in label.read_text(encoding="latin-1").splitlines()]
        if sound.exists() and words:
            found += counted(soundfile.read(sound)[0])
            true += sum(word not in (".", "(") for word in words)
    assert true > 50
    assert found == pytest.approx(true, rel=0.2)
