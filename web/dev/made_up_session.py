"""A made-up session for looking at the pages while they are built. Nothing here was measured, and no model ran."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from affectloop.events import (
    EXPRESSIONS,
    AudioFeatures,
    Cause,
    CauseGiven,
    Directive,
    Emotion,
    EmotionEstimate,
    Event,
    FaceFeatures,
    Guidance,
    Header,
    Item,
    Modality,
    PhysioFeatures,
    Reason,
    SessionChange,
    SessionChanged,
    SignalChunk,
    SignalKind,
    SkinConductanceResponse,
    TrialAnswered,
)
from affectloop.runtime.service import load
from affectloop.session import Mode, Session, Stream, new_session

SCR_EVERY_S = (0.0, 23.0, 37.0, 59.0, 84.0, 91.0)  # onsets within each cycle of 100 s
FACE_HZ, EDA_HZ, PPG_HZ = 10, 4, 32
TURNED_AWAY_S = (28.0, 32.5)  # within each minute
SPEECH_S = ((6.0, 9.5), (21.0, 26.0), (48.0, 51.5))
ABSTAINS_S = (29.5, 34.0)
CYCLE_S = 60.0


@dataclass(frozen=True)
class MadeUp:
    """The session, its start and what happens in it."""

    started_at_us: int
    seed: int = 7
    fault: str = ""  # a service in which a fault stops the session
    fault_at_s: float = 45.0

    def session(self) -> Session:
        """Its descriptor."""
        captured = (
            Stream("capture.frames.v1", "camera"),
            Stream("capture.signals.v1", "wrist-eda"),
            Stream("capture.signals.v1", "wrist-ppg"),
            Stream("capture.audio.v1", "microphone"),
        )
        return new_session(
            mode=Mode.LIVE,
            captured=captured,
            consented=frozenset(Modality),
            profile="research",
            emotion_inference=True,
            started_at_us=self.started_at_us,
            session_id="7f3a9c0d2b41e865",
        )

    def events(self, seconds: float) -> Iterator[Event]:
        """Every event of so many seconds, in event time."""
        made = [*self._face(seconds), *self._signals(seconds), *self._physio(seconds), *self._audio(seconds), *self._estimates(seconds)]
        made += [*self._training(seconds), *self._changes(seconds)]
        if self.fault:
            made = [*self._until_the_fault(made), self._stopped()]
        return iter(sorted(made, key=lambda event: event.header.event_time_us))

    def _until_the_fault(self, events: list[Event]) -> Iterator[Event]:
        made = {topic.event for topic in load(self.fault).produces} - {SessionChanged}
        until_us = self.started_at_us + self.fault_at_s * 1e6
        return (event for event in events if type(event) not in made or event.header.event_time_us <= until_us)

    def _stopped(self) -> Event:
        header = self._header(f"fault.{self.fault}", 1, self.fault_at_s, 1)
        return SessionChanged(header=header, change=SessionChange.STOPPED_BY_FAULT, consented=tuple(Modality), service=self.fault)

    def _header(self, stream: str, sequence: int, at_s: float, step_s: float) -> Header:
        at_us = self.started_at_us + round(at_s * 1e6)
        return Header(
            session_id="7f3a9c0d2b41e865",
            stream_id=stream,
            sequence=sequence,
            event_time_us=at_us,
            complete_until_us=at_us + round(step_s * 1e6),
            captured_by="made-up",
        )

    def _changes(self, seconds: float) -> Iterator[Event]:
        yield SessionChanged(header=self._header("session", 0, 0.0, 1), change=SessionChange.STARTED, consented=tuple(Modality))
        yield SessionChanged(header=self._header("session", 1, seconds, 1), change=SessionChange.ENDED)

    def _face(self, seconds: float) -> Iterator[Event]:
        rng = np.random.default_rng(self.seed)
        for number in range(int(seconds * FACE_HZ)):
            t = number / FACE_HZ
            header = self._header("face", number, t, 1 / FACE_HZ)
            if TURNED_AWAY_S[0] < t % CYCLE_S < TURNED_AWAY_S[1]:
                yield FaceFeatures(header=header, quality=0.0, reason=Reason.TURNED_AWAY)
                continue
            logits = np.full(len(EXPRESSIONS), -2.2) + rng.normal(0, 0.18, len(EXPRESSIONS))
            logits[0] = 1.2
            for column, centre, width, height in ((1, 13.0, 2.4, 4.6), (6, 43.0, 1.1, 4.4), (4, 44.6, 0.9, 3.4), (2, 55.0, 2.0, 3.6)):
                logits[column] += height * math.exp(-(((t % CYCLE_S - centre) / width) ** 2))
            expression = np.exp(logits) / np.exp(logits).sum()
            yield FaceFeatures(header=header, quality=0.9, reason=Reason.GOOD, expression=expression.astype(np.float32))

    def _signals(self, seconds: float) -> Iterator[Event]:
        for number in range(int(seconds)):
            t = number + np.arange(EDA_HZ) / EDA_HZ
            eda = np.array([[self._tonic(x) + self._phasic(x)] for x in t], np.float32)
            yield SignalChunk(
                header=self._header("wrist-eda", number * EDA_HZ, number, 1), kind=SignalKind.EDA, sample_rate_hz=EDA_HZ, samples=eda
            )
            p = number + np.arange(PPG_HZ) / PPG_HZ
            beat = (p * self._rate(number) / 60) % 1
            ppg = (np.exp(-(((beat - 0.2) / 0.1) ** 2)) + 0.35 * np.exp(-(((beat - 0.5) / 0.1) ** 2)))[:, None].astype(np.float32)
            yield SignalChunk(
                header=self._header("wrist-ppg", number * PPG_HZ, number, 1), kind=SignalKind.PPG, sample_rate_hz=PPG_HZ, samples=ppg
            )

    @staticmethod
    def _rate(t: float) -> float:
        return 82 + 6 * math.sin(t / 21) + 2.2 * math.sin(t / 5.1) + 5 * math.exp(-(((t % 100 - 46) / 9) ** 2))

    @staticmethod
    def _tonic(t: float) -> float:
        return 2.1 + 0.22 * math.sin(t / 60) + 0.002 * t % 1

    @staticmethod
    def _phasic(t: float) -> float:
        return sum(
            0.42 * math.exp(-(since - 0) / 7) * (1 - math.exp(-since / 0.9)) for onset in SCR_EVERY_S if (since := (t - onset) % 100) >= 0
        )

    def _physio(self, seconds: float) -> Iterator[Event]:
        for number in range(1, int(seconds)):
            t = float(number)
            warming = t < 6
            peaks = [onset + 1.9 for onset in SCR_EVERY_S if t - 1 <= (onset + 1.9) + 100 * (t // 100) < t]
            responses = tuple(
                SkinConductanceResponse(
                    onset_time_us=self.started_at_us + round((peak - 1.9 + 100 * (t // 100)) * 1e6) + 1,
                    peak_time_us=self.started_at_us + round((peak + 100 * (t // 100)) * 1e6),
                    amplitude_microsiemens=0.34,
                )
                for peak in peaks
            )
            yield PhysioFeatures(
                header=self._header("physio", number, t, 1),
                heart_rate_bpm=None if warming else self._rate(t),
                heart_rate_error_bpm=None if warming else 1.2 + 0.9 * abs(math.sin(t / 13)),
                heart_rate_source=SignalKind.PPG,
                heart_quality=0.0 if warming else 0.85,
                heart_reason=Reason.WARMING_UP if warming else Reason.GOOD,
                variability_quality=0.0,
                variability_reason=Reason.TOO_FEW_BEATS,
                tonic_microsiemens=self._tonic(t),
                phasic_microsiemens=self._phasic(t),
                responses_per_min=4.0,
                responses=responses,
                eda_quality=0.9,
                eda_reason=Reason.GOOD,
            )

    def _audio(self, seconds: float) -> Iterator[Event]:
        for number in range(1, int(seconds * 2)):
            t = number / 2
            speaks = any(start < t % CYCLE_S <= stop for start, stop in SPEECH_S)
            yield AudioFeatures(
                header=self._header("audio", number, t, 0.5),
                quality=0.9 if speaks else 0.0,
                reason=Reason.GOOD if speaks else Reason.NO_SPEECH,
                voice_share=0.8 if speaks else 0.0,
                level_dbfs=-30.0 if speaks else -58.0,
                pitch_hz=205 + 38 * math.sin(t * 1.3) if speaks else None,
            )

    def _estimates(self, seconds: float) -> Iterator[Event]:
        for number in range(8, int(seconds * 2)):
            t = number / 2
            header = self._header("fusion", number, t, 0.5)
            if ABSTAINS_S[0] < t % CYCLE_S < ABSTAINS_S[1]:
                yield EmotionEstimate(
                    header=header,
                    abstained=True,
                    reason=Reason.UNSURE,
                    confidence=0.31,
                    face_share=0.0,
                    wristband_share=0.9,
                    voice_share=0.1,
                    model="fusion-v1",
                )
                continue
            voice = 0.2 if any(start < t % CYCLE_S < stop + 6 for start, stop in SPEECH_S) else 0.0
            bump = math.exp(-(((t % CYCLE_S - 46) / 7) ** 2))
            yield EmotionEstimate(
                header=header,
                abstained=False,
                reason=Reason.GOOD,
                confidence=0.78 - 0.12 * bump,
                face_share=0.56 * (1 - voice),
                wristband_share=0.44 * (1 - voice),
                voice_share=voice,
                model="fusion-v1",
                valence=0.22 * math.sin(t / 11) + 0.35 * math.exp(-(((t % CYCLE_S - 13) / 4) ** 2)) - 0.3 * bump,
                valence_error=0.14 + 0.05 * bump,
                arousal=0.1 + 0.16 * math.sin(t / 17) + 0.42 * bump,
                arousal_error=0.11,
                engagement=0.7 + 0.08 * math.sin(t / 9),
                engagement_error=0.06,
                strain=0.35 + 0.3 * bump,
                strain_error=0.1,
            )

    def _training(self, seconds: float) -> Iterator[Event]:
        rng = np.random.default_rng(self.seed + 1)
        level, ability, run = 5, -0.1, 0
        emotions = list(Emotion)
        item = self._item(0, emotions[4], level)
        yield self._directive(0, 0.4, item, level, ability, (CauseGiven(cause=Cause.FIRST_ITEM),), Guidance.NONE)
        for number in range(1, int(seconds / 5) + 1):
            t = number * 5 - 1.0 + float(rng.uniform(-0.6, 0.6))
            right = number % 13 not in (9, 10) and bool(rng.random() < 0.93)
            answer = item.emotion if right else (Emotion.SURPRISE if item.emotion is not Emotion.SURPRISE else Emotion.FEAR)
            yield TrialAnswered(
                header=self._header("trials", number, t, 1),
                trial_id=f"t{number}",
                item=item,
                answer=answer,
                correct=right,
                valid=True,
                reaction_time_ms=float(rng.normal(1450, 240)),
                shown_ms=item.duration_ms,
                shown_frames=8,
                refresh_hz=60,
            )
            run = run + 1 if right else min(run, 0) - 1
            ability += 0.09 if right else -0.16
            causes: tuple[CauseGiven, ...] = (CauseGiven(cause=Cause.ON_TARGET, value=0.78),)
            guidance = Guidance.NONE
            if run >= 4 and level < 12:
                level, run = level + 1, 0
                causes = (CauseGiven(cause=Cause.SUCCESS_HIGH, value=0.92), CauseGiven(cause=Cause.CALM))
            elif run <= -2 and level > 1:
                level, run, guidance = level - 1, 0, Guidance.COMPARE_PAIR
                causes = (CauseGiven(cause=Cause.RECENT_MISSES, value=2.0, detail="fear/surprise"), CauseGiven(cause=Cause.STRAIN_RISING))
            elif not right:
                causes = (CauseGiven(cause=Cause.ON_TARGET, value=0.76), CauseGiven(cause=Cause.ESTIMATE_UNSURE))
            item = self._item(number, emotions[int(rng.integers(7))], level)
            yield self._directive(number, t + 0.05, item, level, ability, causes, guidance)

    @staticmethod
    def _item(number: int, emotion: Emotion, level: int) -> Item:
        return Item(
            item_id=f"i{number}",
            emotion=emotion,
            duration_ms=320 - 22 * level,
            intensity=1.05 - 0.06 * level,
            view_deg=0 if level < 6 else 45,
            options=7,
            poser="p3",
        )

    def _directive(
        self, number: int, at_s: float, item: Item, level: int, ability: float, causes: tuple[CauseGiven, ...], guidance: Guidance
    ) -> Directive:
        return Directive(
            header=self._header("directives", number, at_s, 1),
            item=item,
            level=level,
            difficulty=0.3 * level - 2,
            expected_success=0.78,
            target_success=0.78,
            ability=ability,
            ability_error=max(0.18, 0.9 / math.sqrt(number + 1)),
            pause_ms=800,
            guidance=guidance,
            causes=causes,
        )
