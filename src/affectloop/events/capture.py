"""What devices bring: frames, samples, sound."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from affectloop.events.header import Event
from affectloop.events.vocabulary import FloatArray, Int16Array, Modality, SignalKind
from affectloop.fields import array, number


def offset_us(samples: int, sample_rate_hz: float | Fraction) -> int:
    """How long that many samples take, to the nearest microsecond; whole numbers throughout, so exact for any rate."""
    cycles, seconds = sample_rate_hz.as_integer_ratio()
    return (2 * samples * 1_000_000 * seconds + cycles) // (2 * cycles)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VideoFrame(Event):
    """One camera frame. ``sequence`` is the frame's number; ``event_time_us`` the exposure."""

    modality: ClassVar[Modality | None] = Modality.FACE
    jpeg: bytes = b""
    depth_png16: bytes | None = None  # optional, registered to the colour frame, millimetres

    @property
    def is_empty(self) -> bool:
        """Without an image, only the header speaks."""
        return not self.jpeg


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SignalChunk(Event):
    """Some samples of one physiological signal.

    ``event_time_us`` is the time of the first sample, ``sequence`` its number since the stream began,
    ``complete_until_us`` the time of the sample after the last: how a stream is cut into chunks carries no meaning.
    """

    modality: ClassVar[Modality | None] = Modality.WRISTBAND
    kind: SignalKind
    sample_rate_hz: float = number("Hz", 0.01, 10_000)
    samples: FloatArray = array("by kind", -1e6, 1e6, columns="channels")  # (n, channels), n may be 0

    @property
    def is_empty(self) -> bool:
        """Without samples, only the header speaks."""
        return not self.samples.size

    @property
    def ends_us(self) -> int:
        """The time of the sample after the last."""
        return self.header.event_time_us + offset_us(len(self.samples), self.sample_rate_hz)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AudioChunk(Event):
    """Some samples of a microphone, mono, 16 bit; times and ``sequence`` as in ``SignalChunk``."""

    modality: ClassVar[Modality | None] = Modality.VOICE
    sample_rate_hz: float = number("Hz", 8_000, 48_000)
    pcm: Int16Array = array("1/32768 of full scale", -32768, 32767)  # (n,), n may be 0

    @property
    def is_empty(self) -> bool:
        """Without samples, only the header speaks."""
        return not self.pcm.size

    @property
    def ends_us(self) -> int:
        """The time of the sample after the last."""
        return self.header.event_time_us + offset_us(self.pcm.size, self.sample_rate_hz)
