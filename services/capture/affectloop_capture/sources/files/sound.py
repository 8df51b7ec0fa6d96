"""Sound files as a microphone: mono, 16 kHz, 16 bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from math import gcd
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from scipy.signal import resample_poly

from affectloop.errors import InvalidInput, Unavailable
from affectloop.events import FloatArray, Int16Array
from affectloop_capture.sources.base import VOICE_HZ, FileFormat, Source
from affectloop_capture.sources.channels import Block, Mix, mix_of
from affectloop_capture.sources.containers.layout import layout_of
from affectloop_capture.sources.ffmpeg import decoding
from affectloop_capture.sources.sampled import AudioTrack
from affectloop_capture.sources.wav_header import finished

SLOWEST_HZ, FASTEST_HZ = 8_000, 192_000
FULL_SCALE = 32_768
BLOCK_FRAMES = 1 << 20  # read so much at a time, so that only the mono mix is held whole
UNKNOWN_FRAMES = 1 << 40  # what claims more (eight years at 192 kHz) does not know
SAMPLES_BEGIN = (b"fLaC", b"ID3", b"FORM", b"caff", b"riff", b".snd", b"dns.", b"Creative Voice File")  # RIFF and Ogg by their streams
OTHERS_BEGIN = (b"#!AMR", b"ADIF", b"MAC ", b"wvpk", b"TTA1")  # AMR, AAC, Monkey's Audio, WavPack, True Audio


LEAST_FRAMES = 4  # in the first bytes; noise has not so many


class Samples(Protocol):
    """An opened sound."""

    rate_hz: int
    channels: int

    def blocks(self) -> Iterator[Block]:
        """Its samples, once, each block (n, channels)."""


Open = Callable[[], AbstractContextManager[Samples]]


def soundfile() -> Any:
    """The library, or how to get it."""
    try:
        import soundfile as library
    except ImportError as error:
        raise Unavailable("sound files need soundfile: pip install 'affectloop[capture]'") from error
    return library


def open_sound(path: Path, *, salvage: bool = False) -> Source:
    """A sound file as the learner's microphone; ``InvalidInput`` where it is none, is empty, truncated or damaged.

    With ``salvage`` what can be read is, and the notes say what is missing.
    """
    if not path.stat().st_size:
        raise InvalidInput(f"{path}: holds no samples, not even a header; record it again")
    layout = layout_of(path)
    notes: list[str] = []
    for problem, what in ((layout and layout.missing, "truncated"), (layout and layout.damage, "damaged")):
        if problem:
            _tell(path, notes, f"the sound is {what}: {problem}", salvage=salvage)
    sound = _Sound(path, notes, salvage=salvage)
    pcm = at_voice_rate(sound.mono, sound.rate_hz)
    description = f"sound, {sound.rate_hz} Hz, {sound.channels} channels, {len(pcm) / VOICE_HZ:.1f} s"
    return Source(path.name, (AudioTrack(VOICE_HZ, pcm, path.suffix.lstrip(".")),), description, notes=notes)


def _tell(path: Path, notes: list[str], problem: str, *, salvage: bool) -> None:
    if not salvage:
        raise InvalidInput(f"{path}: {problem}; copy it again, or read what there is with --salvage")
    notes.append(problem[0].upper() + problem[1:])


class _Sound:
    """A sound as mono, by libsndfile, else by ffmpeg."""

    def __init__(self, path: Path, notes: list[str], *, salvage: bool) -> None:
        self._path, self._notes, self._salvage = path, notes, salvage
        self._said: set[str] = set()
        opener = self._by_libsndfile if self._is_known() else self._by_ffmpeg
        with opener() as opened:
            self.rate_hz, self.channels = opened.rate_hz, opened.channels
            if not SLOWEST_HZ <= self.rate_hz <= FASTEST_HZ:
                limits = f"voices are read at {SLOWEST_HZ} to {FASTEST_HZ} Hz"
                raise InvalidInput(f"{path}: {self.rate_hz} Hz; {limits}; convert it to {VOICE_HZ} Hz")
            is_mono = self.channels == 1
            blocks = [block[:, 0] for block in opened.blocks()] if is_mono else []
            mix = Mix((1.0,)) if is_mono else mix_of(opened.blocks(), self.channels)
        if not is_mono:
            with opener() as opened:
                blocks = [mix.mono(block) for block in opened.blocks()]
        self.mono: FloatArray = np.concatenate(blocks) if blocks else np.empty(0, np.float32)
        notes.extend(mix.notes)
        self._check()

    def _check(self) -> None:
        if not len(self.mono):
            raise InvalidInput(f"{self._path}: holds no samples; record it again")
        if not np.isfinite(self.mono).all():
            index = int(np.argmin(np.isfinite(self.mono)))
            raise InvalidInput(f"{self._path}: sample {index} is not a number; export the sound again")

    def _is_known(self) -> bool:
        """Whether libsndfile knows the format."""
        library = soundfile()
        try:
            with _sequential(library, self._path):
                return True
        except library.LibsndfileError as error:
            with self._path.open("rb") as file:
                head = file.read(12)
            if head[:4] in (b"RIFF", b"RF64", b"fLaC") and not head.startswith(OTHERS_BEGIN):  # WAV and FLAC of any codec are its own
                raise InvalidInput(f"{self._path}: cannot be read as sound ({error}); convert it to WAV or FLAC") from error
            if not _knows(self._path, head):
                raise InvalidInput(f"{self._path}: cannot be read as sound ({error}); convert it to WAV or FLAC") from error
            return False

    @contextmanager
    def _by_libsndfile(self) -> Iterator[Samples]:
        library = soundfile()
        with _sequential(library, self._path) as file:
            yield _LibsndfileSamples(file, library, self._broken)

    @contextmanager
    def _by_ffmpeg(self) -> Iterator[Samples]:
        with decoding(self._path) as opened:
            yield opened
        if opened.complaint:
            self._broken(f"the sound is damaged: {opened.complaint}")

    def _broken(self, problem: str) -> None:
        """Tell once: a sound of several channels is read twice."""
        if problem not in self._said:
            self._said.add(problem)
            _tell(self._path, self._notes, problem, salvage=self._salvage)


class _LibsndfileSamples:
    """A sound read to its end, which is proven by the stated length, or by nothing more coming where that is unknown."""

    def __init__(self, file: Any, library: Any, broken: Callable[[str], None]) -> None:
        self._file, self._library, self._broken = file, library, broken
        self.rate_hz, self.channels = int(file.samplerate), int(file.channels)

    def blocks(self) -> Iterator[Block]:
        stated, read = int(self._file.frames), 0
        while True:
            try:
                block = self._file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)
            except self._library.LibsndfileError as error:
                self._broken(f"the sound is damaged after sample {read} ({error})")
                return
            if not len(block):
                break
            read += len(block)
            yield block
        if read < stated < UNKNOWN_FRAMES:
            self._broken(f"the sound is truncated: {read} of {stated} samples are there")


def _sequential(library: Any, path: Path) -> Any:
    """The file, to be read from its start to its end: seeking fails in formats and lengths that reading does not."""

    class Sequential(library.SoundFile):  # type: ignore[misc]
        def seekable(self) -> bool:
            return False

    return Sequential(finished(path) or str(path))


def at_voice_rate(mono: FloatArray, rate_hz: int) -> Int16Array:
    """16-bit samples at 16 kHz, over the whole sound at once so that no chunk border is heard.

    A sound that has the rate already keeps its bits.
    """
    common = gcd(rate_hz, VOICE_HZ)
    resampled = mono if rate_hz == VOICE_HZ else resample_poly(mono, VOICE_HZ // common, rate_hz // common)
    return np.clip(np.rint(resampled * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def _knows(path: Path, first_bytes: bytes) -> bool:
    if not first_bytes:
        return False
    layout = layout_of(path)
    if layout is not None:
        return layout.sound and not layout.video
    return first_bytes.startswith((*SAMPLES_BEGIN, *OTHERS_BEGIN)) or _is_mpeg(first_bytes)


def _is_mpeg(first_bytes: bytes) -> bool:
    """MP3 or AAC without a header: frames that begin alike, several times; ISO/IEC 11172-3 section 2.4.1.3, 13818-7 annex A."""
    return first_bytes[:1] == b"\xff" and first_bytes[1:2] >= b"\xe0" and first_bytes.count(first_bytes[:2]) >= LEAST_FRAMES


FORMAT = FileFormat(
    name="sound files",
    reads="WAV, FLAC, Ogg, Opus, MP3, AIFF, CAF; where ffmpeg is installed M4A, AAC, AMR, WebM; as the learner's microphone: mono, 16 kHz",
    suffixes=(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".amr", ".aif", ".aiff", ".caf", ".weba", ".wma"),
    knows=_knows,
    open=open_sound,
)
