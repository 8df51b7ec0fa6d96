"""From frames to what is said: levels, pitch and speech of one hop, judged by the seconds before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from affectloop.dsp.voice.activity import active, noise_floor_db, speech, threshold_db
from affectloop.dsp.voice.features import (
    FRAMES_PER_S,
    LOWEST_LEVEL_DB,
    SPEECH_BAND_HZ,
    band_level_db,
    clipped_share,
    level_db,
    power_spectra,
    spectral_balance_db,
)
from affectloop.dsp.voice.pitch import pitch
from affectloop.dsp.voice.speaking_rate import envelopes_db
from affectloop_audio.audio_buffer import Sound

HOP_US = 500_000
FLOOR_HOPS = 20  # 10 s: the noise floor is theirs
CONTEXT_HOPS = 1  # a stretch of speech may have begun in the hop before
FULL_SCALE = np.float32(32_768)

Values = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Heard:
    """One hop. Arrays are by frame: levels in dB of full scale, pitch NaN where there is none, balance in dB."""

    closing_us: int
    seconds: float
    level_dbfs: float
    clipped: float
    floor_dbfs: float
    levels: Values
    envelopes: Values
    pitch: Values
    balance: Values
    speech: Mask

    @property
    def voiced(self) -> Mask:
        """Frames with a pitch."""
        return np.isfinite(self.pitch)


class SpeechAnalyzer:
    """Hears hop after hop; remembers as many as the longest look back needs."""

    def __init__(self, remembered_hops: int) -> None:
        self._hops: deque[Heard] = deque(maxlen=max(remembered_hops, FLOOR_HOPS))

    def hear(self, closing_us: int, sound: Sound, loudest_at_least_db: float) -> Heard:
        """Judge the frames of the hop that closes; quieter stretches than ``loudest_at_least_db`` are not the learner."""
        spectra = power_spectra(sound.frames)
        levels = band_level_db(spectra, SPEECH_BAND_HZ)
        before = tuple(self.last(FLOOR_HOPS - 1, closing_us - HOP_US))
        window = np.concatenate([*(hop.levels for hop in before), levels])
        floor = noise_floor_db(window) if window.size else LOWEST_LEVEL_DB
        threshold = threshold_db(window, floor) if window.size else 0.0
        recent = [hop for hop in before if hop.closing_us > closing_us - HOP_US * (CONTEXT_HOPS + 1)]
        context = np.concatenate([*(hop.levels for hop in recent), levels])
        candidates = active(context, threshold)
        hz = _pitch_of(spectra, candidates[len(context) - len(levels) :])
        voiced = np.isfinite(np.concatenate([*(hop.pitch for hop in recent), hz]))
        spoken = speech(candidates, voiced, context, loudest_at_least_db=loudest_at_least_db)
        heard = Heard(
            closing_us=closing_us,
            seconds=sound.seconds,
            level_dbfs=level_db(sound.pcm.astype(np.float32) / FULL_SCALE),
            clipped=clipped_share(sound.pcm),
            floor_dbfs=floor,
            levels=levels,
            envelopes=envelopes_db(spectra),
            pitch=hz,
            balance=spectral_balance_db(spectra),
            speech=spoken[len(context) - len(levels) :],
        )
        self._hops.append(heard)
        return heard

    def last(self, hops: int, closing_us: int) -> Iterable[Heard]:
        """What was heard in so many hops up to the one that closed then."""
        return (hop for hop in islice(self._hops, max(0, len(self._hops) - hops), None) if hop.closing_us > closing_us - hops * HOP_US)


@dataclass(frozen=True, slots=True)
class Speech:
    """Some hops in a row, their frames joined."""

    levels: Values
    envelopes: Values
    pitch: Values
    balance: Values
    speech: Mask

    @classmethod
    def of(cls, hops: Iterable[Heard]) -> Speech:
        """Join what was heard; clipped hops are left out, since their levels and spectra are not the voice's."""
        kept = [hop for hop in hops if hop.clipped < CLIPPED_SHARE] or [_NOTHING]
        return cls(
            levels=np.concatenate([hop.levels for hop in kept]),
            envelopes=np.concatenate([hop.envelopes for hop in kept]),
            pitch=np.concatenate([hop.pitch for hop in kept]),
            balance=np.concatenate([hop.balance for hop in kept]),
            speech=np.concatenate([hop.speech for hop in kept]),
        )

    @property
    def spoken_s(self) -> float:
        """Seconds of speech."""
        return float(self.speech.sum()) / FRAMES_PER_S

    @property
    def voiced(self) -> Mask:
        """Frames of speech with a pitch."""
        return self.speech & np.isfinite(self.pitch)


CLIPPED_SHARE = 0.005  # half a per cent of a hop at the rails is heard as distortion


def _pitch_of(spectra: Values, wanted: Mask) -> Values:
    """Pitch of the frames that may be speech; the others are not looked at."""
    hz = np.full(len(spectra), np.nan, np.float32)
    hz[wanted] = pitch(spectra[wanted]).hz
    return hz


_NONE = np.zeros(0, np.float32)
_NOTHING = Heard(
    closing_us=0, seconds=0.0, level_dbfs=LOWEST_LEVEL_DB, clipped=0.0, floor_dbfs=LOWEST_LEVEL_DB,
    levels=_NONE, envelopes=np.zeros((0, 4), np.float32), pitch=_NONE, balance=_NONE, speech=np.zeros(0, bool),
)  # fmt: skip
