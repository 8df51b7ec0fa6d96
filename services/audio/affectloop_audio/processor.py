"""The audio service's logic: what one session's voice says, every 500 ms."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from affectloop.events import END_OF_TIME_US, AudioChunk, AudioFeatures, BaselineMeasured, Event, Header, Reason
from affectloop.processor import HoppingWindows, SessionContext
from affectloop_audio.arousal import ArousalModel, Voice
from affectloop_audio.audio_buffer import AudioBuffer, Sound
from affectloop_audio.settings import AudioSettings
from affectloop_audio.speech_analysis import CLIPPED_SHARE, CONTEXT_HOPS, FLOOR_HOPS, HOP_US, Heard, Speech, SpeechAnalyzer

STREAM = "audio"
BASELINE = "audio.speech"
RECALL_HOPS = 12  # 6 s: rate and arousal are of what was said in them
LEARNING_HOPS = 30  # 15 s: the usual voice is learnt from what was said in them
HISTORY_US = (LEARNING_HOPS + FLOOR_HOPS + CONTEXT_HOPS) * HOP_US  # the oldest sound that an output depends on
FRAME_US = 60_000  # a hop's first frame began before it, and a resampler's filter before that
LEAST_FRAMES = 10  # 100 ms of a hop, to say anything of it
LEAST_SPOKEN = 5  # frames, 50 ms: fewer are the edge of a stretch that lies in another hop
LEAST_PITCHED = 4  # frames: the median of fewer is easily an octave off
FULL_SPEECH = 20  # frames, 200 ms: a syllable, from which a hop's pitch and level are as good as they get
POOR_DB, CLEAR_DB = 5.0, 20.0  # speech over noise: from nothing to a clear recording


class AudioProcessor:
    """The microphone of one session."""

    def __init__(self, context: SessionContext, settings: AudioSettings, model: ArousalModel | None) -> None:
        self._context = context
        self._settings = settings
        self._model = model if context.emotion_inference else None
        self._windows = HoppingWindows(HOP_US, longest_us=HISTORY_US + FRAME_US)
        self._buffers: dict[str, AudioBuffer] = {}
        self._listener = SpeechAnalyzer(LEARNING_HOPS)
        self._chunks: deque[tuple[int, float]] = deque()  # start and end of those still needed
        self._complete_from_us = END_OF_TIME_US  # from here on, a hop has all the history that it may look back on
        self._finished = False
        stored = context.baselines.get(BASELINE)
        # An earlier session's baseline is left aside: the microphone's gain and distance are not what they were.
        self._baseline = stored if stored and stored.header.session_id == context.session_id else None

    def step(self, event: Event) -> Iterable[Event]:
        """Take a chunk; it is heard when its hops close."""
        if isinstance(event, AudioChunk) and not event.is_empty:
            self._take(event)
        return ()

    def _take(self, chunk: AudioChunk) -> None:
        start_us = chunk.header.event_time_us
        period_us = 1e6 / chunk.sample_rate_hz
        end_us = start_us + len(chunk.pcm) * period_us
        if self._windows.next_us is None:
            begins = chunk.header.sequence == 0  # nothing was before it
            self._complete_from_us = start_us + (0 if begins else HISTORY_US + FRAME_US)
        self._windows.saw(chunk.header, round(end_us + period_us / 2))  # beyond rounding, or the cut would decide on the last hop
        self._buffers.setdefault(chunk.header.stream_id, AudioBuffer()).take(chunk)
        self._chunks.append((start_us, end_us))

    def advance(self, watermark_us: int) -> Iterator[Event]:
        """Close the hops that are due."""
        for closing_us in self._windows.due(watermark_us):
            header = self._windows.header(self._context, STREAM, closing_us, watermark_us)
            heard = self._listener.hear(closing_us, self._sound(closing_us), self._quietest_dbfs(closing_us))
            yield from self._learn(closing_us)
            yield self._features(header, heard)
        self._finished = watermark_us == END_OF_TIME_US
        while len(self._chunks) > 1 and self._chunks[0][1] <= self._oldest_us:
            self._chunks.popleft()

    @property
    def closes_next_us(self) -> int:
        """The end of the next hop."""
        return self._windows.closes_next_us

    @property
    def needs_from_us(self) -> int:
        """The start of the oldest chunk that a hop to come looks back on; at the latest the newest, from which a successor counts on."""
        if self._finished or not self._chunks:
            return END_OF_TIME_US
        return min(start_us for start_us, _ in self._chunks)

    @property
    def _oldest_us(self) -> int:
        return (self._windows.next_us or 0) - HOP_US - HISTORY_US - FRAME_US

    def _sound(self, closing_us: int) -> Sound:
        """What the session's microphone brought; of several, the first by name that was heard in this hop."""
        sounds = [self._buffers[name].until(closing_us) for name in sorted(self._buffers)]
        return next((sound for sound in sounds if sound.seconds > 0), sounds[0])

    def _usual(self, closing_us: int) -> Voice | None:
        """The learner's usual voice, once it is learnt; it counts from the hop after."""
        baseline = self._baseline
        return Voice(*baseline.values.tolist()) if baseline and baseline.header.event_time_us < closing_us else None

    def _quietest_dbfs(self, closing_us: int) -> float:
        usual = self._usual(closing_us)
        return usual.loud_dbfs - self._settings.near_field_db if usual else -np.inf

    def _learn(self, closing_us: int) -> Iterator[Event]:
        """Learn the usual voice once, from a whole history, so that a successor learns it at the same hop."""
        if self._baseline is None and closing_us >= self._complete_from_us:
            self._baseline = self._measured(closing_us)
        if self._baseline is not None and self._baseline.header.event_time_us == closing_us:
            yield self._baseline

    def _measured(self, closing_us: int) -> BaselineMeasured | None:
        heard = Speech.of(self._listener.last(LEARNING_HOPS, closing_us))
        voice = Voice.of(heard, self._settings.learnt_from_s)
        if voice is None:
            return None
        header = Header(
            session_id=self._context.session_id,
            stream_id=f"{STREAM}.baseline.speech",
            sequence=closing_us // HOP_US,
            event_time_us=closing_us,
            complete_until_us=closing_us,
        )
        return BaselineMeasured(header=header, name=BASELINE, values=voice.as_values())

    def _features(self, header: Header, heard: Heard) -> AudioFeatures:
        if len(heard.levels) < LEAST_FRAMES:
            return AudioFeatures(header=header, quality=0.0, reason=Reason.NO_SIGNAL)
        level, spoken = heard.level_dbfs, int(heard.speech.sum())
        if spoken < LEAST_SPOKEN:
            reason = Reason.SILENT if level < self._settings.silent_below_dbfs else Reason.NO_SPEECH
            return AudioFeatures(header=header, quality=0.0, reason=reason, voice_share=0.0, level_dbfs=level)
        share = spoken / len(heard.levels)
        if heard.clipped >= CLIPPED_SHARE:  # when somebody speaks is still seen, how loud is not
            return AudioFeatures(
                header=header, quality=0.1, reason=Reason.CLIPPED, voice_share=share, level_dbfs=level, pitch_hz=_median_pitch(heard)
            )
        intensity = _intensity_db(heard)
        clear = float(np.clip((intensity - POOR_DB) / (CLEAR_DB - POOR_DB), 0.1, 1.0))
        said = Speech.of(self._listener.last(RECALL_HOPS, header.event_time_us))
        voice = Voice.of(said)
        arousal, error = self._arousal(voice, said, header.event_time_us)
        return AudioFeatures(
            header=header,
            quality=clear * min(1.0, spoken / FULL_SPEECH),
            reason=Reason.GOOD if clear > 0.5 else Reason.NOISY,
            voice_share=share,
            level_dbfs=level,
            pitch_hz=_median_pitch(heard),
            intensity_db=intensity,
            syllables_per_s=voice.syllables_per_s if voice else None,
            arousal=arousal,
            arousal_error=error,
        )

    def _arousal(self, voice: Voice | None, said: Speech, closing_us: int) -> tuple[float, float] | tuple[None, None]:
        """Arousal and its error; neither where the session's profile does not allow it or too little was said."""
        if self._model is None or voice is None:
            return None, None
        return self._model.judge(voice, self._usual(closing_us), said.spoken_s)


def _median_pitch(heard: Heard) -> float | None:
    voiced = heard.speech & heard.voiced
    return float(np.median(heard.pitch[voiced])) if voiced.sum() >= LEAST_PITCHED else None


def _intensity_db(heard: Heard) -> float:
    """Mean power of the hop's speech over the noise floor."""
    power = np.mean(10 ** (heard.levels[heard.speech] / 10))
    return float(10 * np.log10(power)) - heard.floor_dbfs
