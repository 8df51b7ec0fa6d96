from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from affectloop import codec
from affectloop.events import END_OF_TIME_US, AudioChunk, AudioFeatures, BaselineMeasured, Event, Header, Reason
from affectloop.processor import SessionContext
from affectloop.synthetic.voice import Manner, SpokenVoice, speak
from affectloop.topics import AUDIO_FEATURES, BASELINES
from affectloop_audio.arousal import ArousalModel, Weights
from affectloop_audio.audio_buffer import AudioBuffer
from affectloop_audio.processor import AudioProcessor
from affectloop_audio.service import SERVICE, arousal_model
from affectloop_audio.settings import AudioSettings

START_US = 1_700_000_000_000_000
SECOND = 16_000
MODEL = ArousalModel(
    known=Weights(np.array([0.1, 0.0, 0.02, 0.02, 0.2]), 0.0, np.full(5, 10.0), 0.4, 0.4),
    unknown=Weights(np.array([0.02, 0.0, 0.0, 0.02, 0.2]), 0.0, np.full(5, 10.0), 0.7, 0.4),
)


def chunk(pcm: NDArray[np.int16], number: int, *, rate: float = SECOND, stream: str = "microphone", start_us: int = START_US) -> AudioChunk:
    at_us, until_us = (start_us + round(count * 1e6 / rate) for count in (number, number + len(pcm)))
    header = Header(session_id="s", stream_id=stream, sequence=number, event_time_us=at_us, complete_until_us=until_us)
    return AudioChunk(header=header, sample_rate_hz=rate, pcm=pcm)


def cut(pcm: NDArray[np.int16], seconds: float = 0.25, rate: float = SECOND) -> list[AudioChunk]:
    length = round(seconds * rate)
    return [chunk(pcm[first : first + length], first, rate=rate) for first in range(0, len(pcm), length)]


def processor(*, emotion: bool = False, baselines: dict[str, BaselineMeasured] | None = None) -> AudioProcessor:
    context = SessionContext(session_id="s", started_at_us=START_US, emotion_inference=emotion, baselines=baselines or {})
    return AudioProcessor(context, AudioSettings(), MODEL)


def run(chunks: list[AudioChunk], *, emotion: bool = False) -> list[Event]:
    subject = processor(emotion=emotion)
    said: list[Event] = []
    for one in chunks:
        said += subject.step(one)
        said += subject.advance(one.header.complete_until_us)
    return [*said, *subject.advance(END_OF_TIME_US)]


def spoken_in(events: list[Event]) -> list[AudioFeatures]:
    return [event for event in events if isinstance(event, AudioFeatures)]


def as_pcm(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    return np.clip(np.round(samples * 32_768), -32_768, 32_767).astype(np.int16)


@pytest.fixture(scope="module")
def voice() -> SpokenVoice:
    return speak(30, Manner(pitch_hz=200), 5)


def test_every_half_second_has_its_record_with_its_number(voice: SpokenVoice) -> None:
    records = spoken_in(run(cut(voice.pcm)))
    assert [record.header.event_time_us - START_US for record in records] == [500_000 * hop for hop in range(1, 62)]
    assert all(record.header.sequence == record.header.event_time_us // 500_000 for record in records)
    assert [record.header.ends_stream for record in records] == [False] * 60 + [True]


def test_voice_pitch_and_rate_are_those_of_the_speaker(voice: SpokenVoice) -> None:
    records = spoken_in(run(cut(voice.pcm)))[:-1]
    closings = [(record.header.event_time_us - START_US) / 1e6 for record in records]
    true = [voice.speaks_at(np.arange(end - 0.5, end, 0.01)).mean() for end in closings]
    assert np.mean([record.voice_share for record in records if record.voice_share is not None]) == pytest.approx(np.mean(true), abs=0.04)
    assert np.median([record.pitch_hz for record in records if record.pitch_hz]) == pytest.approx(np.nanmedian(voice.pitch_hz), rel=0.05)
    rates = [record.syllables_per_s for record in records if record.syllables_per_s]
    assert np.median(rates) == pytest.approx(4.5, rel=0.1)
    assert np.median([record.intensity_db for record in records if record.intensity_db]) == pytest.approx(-26 + 65, abs=6)


def test_between_phrases_there_is_no_speech_and_nothing_is_guessed(voice: SpokenVoice) -> None:
    quiet = [record for record in spoken_in(run(cut(voice.pcm))) if record.reason is Reason.NO_SPEECH]
    assert quiet
    assert all(record.voice_share == 0 and record.quality == 0 for record in quiet)
    assert all(record.pitch_hz is None and record.intensity_db is None and record.syllables_per_s is None for record in quiet)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(3 * SECOND), Reason.SILENT),
        (np.full(3 * SECOND, 0.4), Reason.SILENT),
        (np.random.default_rng(1).normal(0, 0.05, 3 * SECOND), Reason.NO_SPEECH),
        (0.3 * np.sin(2 * np.pi * 50 * np.arange(3 * SECOND) / SECOND), Reason.NO_SPEECH),
    ],
    ids=["silence", "a constant offset", "white noise", "mains hum"],
)
def test_what_is_no_voice_is_not_taken_for_one(samples: NDArray[np.float64], reason: Reason) -> None:
    records = spoken_in(run(cut(as_pcm(samples))))
    assert {record.reason for record in records[:-1]} == {reason}
    assert all(record.quality == 0 and record.voice_share == 0 for record in records[:-1])


def test_a_clipped_voice_keeps_its_times_and_loses_its_level(voice: SpokenVoice) -> None:
    clipped = as_pcm(np.clip(voice.pcm / 32_768 * 40, -1, 1))
    records = [record for record in spoken_in(run(cut(clipped), emotion=True)) if record.reason is Reason.CLIPPED]
    assert len(records) > 20
    assert all(record.intensity_db is None and record.arousal is None and record.voice_share for record in records)


def test_a_gap_in_the_stream_says_no_signal_and_speech_goes_on_after_it(voice: SpokenVoice) -> None:
    chunks = [one for one in cut(voice.pcm) if not 10 * SECOND <= one.header.sequence < 14 * SECOND]
    records = {(record.header.event_time_us - START_US) / 1e6: record for record in spoken_in(run(chunks))}
    assert len(records) == 61
    assert all(records[end].reason is Reason.NO_SIGNAL and records[end].voice_share is None for end in (11.0, 12.0, 13.5))
    assert records[16.0].reason is Reason.GOOD


def test_without_consent_to_infer_emotion_there_is_no_arousal(voice: SpokenVoice) -> None:
    assert all(record.arousal is None and record.arousal_error is None for record in spoken_in(run(cut(voice.pcm), emotion=False)))
    allowed = spoken_in(run(cut(voice.pcm), emotion=True))
    assert sum(record.arousal is not None for record in allowed) > 30
    assert all((record.arousal is None) == (record.arousal_error is None) for record in allowed)


def test_the_usual_voice_is_learnt_once_and_makes_the_error_smaller(voice: SpokenVoice) -> None:
    events = run(cut(voice.pcm), emotion=True)
    (baseline,) = (event for event in events if isinstance(event, BaselineMeasured))
    assert (baseline.name, baseline.header.stream_id) == ("audio.speech", "audio.baseline.speech")
    assert baseline.header.complete_until_us == baseline.header.event_time_us
    assert baseline.header.sequence == baseline.header.event_time_us // 500_000
    assert baseline.values[2] == pytest.approx(np.nanmedian(voice.pitch_hz), rel=0.05)
    learnt_us = baseline.header.event_time_us
    errors = [(event.header.event_time_us > learnt_us, event.arousal_error) for event in spoken_in(events) if event.arousal_error]
    assert min(error for learnt, error in errors if not learnt) > max(error for learnt, error in errors if learnt)


def test_a_shriller_faster_louder_voice_sounds_more_aroused() -> None:
    calm = speak(20, Manner(pitch_hz=180, level_dbfs=-30, syllables_per_s=4.2), 1).pcm
    roused = speak(20, Manner(pitch_hz=240, level_dbfs=-22, syllables_per_s=5.2, tilt_db_per_octave=-3), 2).pcm
    records = spoken_in(run(cut(np.concatenate([calm, roused])), emotion=True))
    said = [(record.header.event_time_us - START_US, record.arousal) for record in records if record.arousal is not None]
    before = [arousal for at_us, arousal in said if at_us < 20_000_000]
    after = [arousal for at_us, arousal in said if at_us > 27_000_000]
    assert np.median(after) > np.median(before) + 0.5


def test_a_faint_voice_beside_the_learner_is_not_counted() -> None:
    own = speak(15, Manner(pitch_hz=200, level_dbfs=-24), 3).pcm
    other = speak(15, Manner(pitch_hz=130, level_dbfs=-44), 4).pcm
    records = spoken_in(run(cut(np.concatenate([own, other]))))
    beside = [record.voice_share for record in records if START_US + 16_000_000 < record.header.event_time_us <= START_US + 30_000_000]
    assert np.mean([share or 0 for share in beside]) < 0.02


def test_another_sessions_usual_voice_is_left_aside(voice: SpokenVoice) -> None:
    header = Header(session_id="earlier", stream_id="audio.baseline.speech", sequence=1, event_time_us=1, complete_until_us=1)
    stored = BaselineMeasured(header=header, name="audio.speech", values=np.array([0.0, 0.0, 90.0, 1.0, -20.0, 4.0]))
    subject = processor(baselines={"audio.speech": stored})
    for one in cut(voice.pcm):
        subject.step(one)
    events = list(subject.advance(END_OF_TIME_US))
    assert any(isinstance(event, BaselineMeasured) for event in events)
    assert max(record.voice_share or 0 for record in spoken_in(events)) == 1


def test_of_two_microphones_one_is_heard(voice: SpokenVoice) -> None:
    subject = processor()
    for one in cut(voice.pcm):
        subject.step(one)
        subject.step(chunk(np.zeros_like(one.pcm), one.header.sequence, stream="second"))
    both = spoken_in(list(subject.advance(END_OF_TIME_US)))
    assert [record.pitch_hz for record in both] == [record.pitch_hz for record in spoken_in(run(cut(voice.pcm)))]


def test_no_samples_no_records() -> None:
    subject = processor()
    assert list(subject.step(chunk(np.zeros(0, np.int16), 0))) == []
    assert list(subject.advance(END_OF_TIME_US)) == []
    assert subject.needs_from_us == END_OF_TIME_US


def test_a_handful_of_samples_is_no_signal() -> None:
    (record,) = run([chunk(np.full(40, 1000, np.int16), 0)])
    assert isinstance(record, AudioFeatures)
    assert (record.reason, record.voice_share, record.header.ends_stream) == (Reason.NO_SIGNAL, None, True)


def test_a_chunk_sent_twice_in_other_cuts_is_heard_once(voice: SpokenVoice) -> None:
    microphone, once = AudioBuffer(), AudioBuffer()
    for one in (chunk(voice.pcm[:8_000], 0), chunk(voice.pcm[4_000:12_000], 4_000), chunk(voice.pcm[2_000:3_000], 2_000)):
        microphone.take(one)
    once.take(chunk(voice.pcm[:12_000], 0))
    np.testing.assert_array_equal(microphone.until(START_US + 1_000_000).frames, once.until(START_US + 1_000_000).frames)


def test_every_record_passes_the_codec(voice: SpokenVoice) -> None:
    for event in run(cut(voice.pcm), emotion=True):
        assert type(codec.decode(type(event), codec.encode(event))) is type(event)


def test_the_service_serves_its_model_and_declares_its_topics(voice: SpokenVoice) -> None:
    assert SERVICE.produces == (AUDIO_FEATURES, BASELINES)
    model = arousal_model(AudioSettings().arousal_model)
    assert (model.known.weights >= 0).all()  # every cue rises with arousal
    made = SERVICE.processor(SessionContext(session_id="s", started_at_us=START_US, emotion_inference=True), AudioSettings())
    for one in cut(voice.pcm[: 8 * SECOND]):
        made.step(one)
    assert any(record.arousal is not None for record in spoken_in(list(made.advance(END_OF_TIME_US))))


def test_the_voice_share_of_real_speech_is_that_of_its_labels(data_folder: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    sounds: list[NDArray[np.int16]] = []
    spoken_s = 0.0
    for path in sorted((data_folder / "speech_emodb" / "wav").glob("*N?.wav"))[:20]:
        labels = path.parents[1] / "silb" / f"{path.stem}.silb"
        times = [(float(line.split()[0]), line.split()[1]) for line in labels.read_text(encoding="latin-1").splitlines()]
        spoken_s += sum(end - start for (start, word), (end, _) in pairwise(times) if word not in (".", "("))
        quiet = np.random.default_rng(len(sounds)).normal(0, 20, SECOND).astype(np.int16)
        sounds += [quiet, soundfile.read(path, dtype="int16")[0]]
    pcm = np.concatenate(sounds)
    said_s = sum((record.voice_share or 0) * 0.5 for record in spoken_in(run(cut(pcm))))
    assert said_s == pytest.approx(spoken_s, rel=0.08)
