"""The story of the demo's learner, in seconds: the one table from which face, voice, body and truth are made. It is invented.

A learner practises calmly, is then shown faces that are too fast and too weak, strains, and is relieved when it goes better.
The calm part is long because a resting heart rate takes 40 s of beats, a resting skin level 60 s.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectloop.synthetic.physiology import Movement, Response

FloatArray = NDArray[np.float64]

SEED = 20_260_101
DURATION_S = 95.0
EFFORT_S, RELIEF_S = 47.0, 72.0  # when each phase begins
FRAMES_PER_S = 25
SIDE_PX = 480
EDA_HZ, TEMPERATURE_HZ, ACCELERATION_HZ, PPG_HZ, ECG_HZ = 4, 4, 32, 64, 130  # those of wristbands and chest straps
VOICE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Shown:
    """Something on the face: it grows from the onset to the apex, stays until the hold ends, and is gone at the offset."""

    what: str  # of ``performance.EXPRESSIONS``
    onset_s: float
    apex_s: float
    hold_s: float
    offset_s: float
    strength: float = 1.0

    def at(self, time_s: float) -> float:
        """How strong it is then."""
        knots = (self.onset_s, self.apex_s, self.hold_s, self.offset_s)
        share = float(np.interp(time_s, knots, (0.0, 1.0, 1.0, 0.0)))
        return self.strength * (3 - 2 * share) * share**2


@dataclass(frozen=True, slots=True)
class Phrase:
    """Something said; ``effort`` 0 is calm, 1 strained: faster, higher, louder."""

    start_s: float
    text: str
    effort: float = 0.0


SHOWN = (
    Shown("surprise", 19.6, 20.0, 21.2, 21.9),
    Shown("fear", 42.00, 42.08, 42.08, 42.16, 0.9),  # a micro-expression: 160 ms
    Shown("frown", 47.6, 48.6, 52.5, 53.6, 0.85),
    Shown("frown", 54.2, 55.2, 60.0, 61.2, 1.0),
    Shown("frown", 61.8, 62.8, 69.5, 71.0, 1.0),
    Shown("smile", 73.6, 74.6, 78.8, 80.2, 1.0),
    Shown("smile", 82.6, 83.6, 86.0, 87.2, 0.95),
    Shown("smile", 89.6, 90.4, 93.0, 94.2, 0.95),
)
TURNED_AWAY = Shown("turned away", 29.2, 30.1, 34.3, 35.2)  # a look at the door
BLINKS_S = (
    2.1, 5.9, 9.6, 12.7, 16.4, 18.9, 23.2, 26.8, 29.3, 35.0, 38.1, 41.0, 45.2,
    51.4, 57.9, 65.3, 72.4, 75.9, 79.4, 82.2, 85.1, 88.0, 91.7,
)  # fmt: skip
BLINK_S = 0.24  # from open to open

PHRASES = (
    Phrase(3.0, "Let me see. That was a very small smile."),
    Phrase(7.6, "I think the next one was sadness."),
    Phrase(11.8, "The eyebrows went up, so it must be surprise."),
    Phrase(24.0, "Okay. I can see it now."),
    Phrase(37.2, "I think that was fear. No, surprise."),
    Phrase(48.9, "That was so fast! Anger? No, disgust!", 0.8),
    Phrase(55.4, "I missed it again! This is really hard!", 1.0),
    Phrase(62.9, "Was it fear, or surprise? I can't tell them apart!", 1.0),
    Phrase(67.8, "One more time. Come on!", 0.8),
    Phrase(74.4, "Yes! That was contempt. I got it!", 0.3),
    Phrase(80.6, "It is only one corner of the mouth.", 0.1),
    Phrase(87.6, "That feels much better.", 0.0),
)

HEART_RATE_BPM = ((0.0, 71.0), (EFFORT_S, 71.0), (54.0, 83.0), (RELIEF_S, 84.0), (84.0, 73.0), (DURATION_S, 72.0))
TONIC_MICROSIEMENS = ((0.0, 2.55), (EFFORT_S, 2.45), (60.0, 3.1), (RELIEF_S + 2, 3.3), (DURATION_S, 2.9))
RESPONSES = (
    Response(9.0, 0.12),  # onset in s, uS
    Response(20.9, 0.22),  # after the surprise
    Response(38.8, 0.10),
    Response(49.2, 0.34),
    Response(54.6, 0.42),
    Response(60.0, 0.30),
    Response(65.4, 0.46),
    Response(75.8, 0.24),
    Response(84.6, 0.14),
)
MOVEMENTS = (Movement(30.0, 34.2, 1.4, 0.22),)  # the hand moves while the learner looks away
CELSIUS = 32.4


def over_time(knots: tuple[tuple[float, float], ...], time_s: FloatArray) -> FloatArray:
    """A course through knots of time and value, with soft corners (1.5 s)."""
    times, values = np.array(knots).T
    shifts = np.linspace(-1.5, 1.5, 13)
    course: FloatArray = np.mean([np.interp(time_s + shift, times, values) for shift in shifts], axis=0)
    return course


def truth() -> dict[str, Any]:
    """The story as it is written beside the files."""
    seconds = np.arange(round(DURATION_S) + 1, dtype=np.float64)
    return {
        "duration_s": DURATION_S,
        "phases_s": {"calm": [0.0, EFFORT_S], "effort": [EFFORT_S, RELIEF_S], "relief": [RELIEF_S, DURATION_S]},
        "heart_rate_bpm_each_second": [round(float(rate), 2) for rate in over_time(HEART_RATE_BPM, seconds)],
        "responses": [{**asdict(response), "peak_s": round(response.peak_s, 3)} for response in RESPONSES],
        "movements": [asdict(movement) for movement in MOVEMENTS],
        "shown": [asdict(shown) for shown in SHOWN],
        "turned_away_s": [TURNED_AWAY.onset_s, TURNED_AWAY.offset_s],
        "blinks_s": list(BLINKS_S),
    }
