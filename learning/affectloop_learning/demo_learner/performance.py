"""How the face is held at each moment of the story: expressions, speech, blinks, gaze, and a head that is never quite still."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from affectloop_learning.demo_learner import story
from affectloop_learning.demo_learner.renderer import Pose

FloatArray = NDArray[np.float64]


def _both(**weights: float) -> dict[str, float]:
    """Left and right alike."""
    return {f"{name}{side}": weight for name, weight in weights.items() for side in ("Left", "Right")}


# Face units of each expression, by action units; weights were set by eye, and so that the face service sees them.
EXPRESSIONS: Mapping[str, Mapping[str, float]] = {
    "smile": _both(mouthSmile=0.85, cheekSquint=0.7, eyeSquint=0.25),  # AU12, AU6
    "frown": _both(browDown=1.7, eyeSquint=0.35, mouthPress=0.55, mouthFrown=0.12),  # AU4, AU7, AU24
    "surprise": {"browInnerUp": 1.1, "jawOpen": 0.2, "mouthFunnel": 0.15, **_both(browOuterUp=1.1, eyeWide=0.9)},  # AU1, AU2, AU5, AU26
    "fear": {"browInnerUp": 1.1, **_both(browOuterUp=0.7, browDown=0.3, eyeWide=1.0, mouthStretch=0.6)},  # AU1, AU2, AU4, AU5, AU20
}
AWAY_YAW_DEG, AWAY_PITCH_DEG = -57.0, -3.0
JAW, LIPS = 0.17, 0.6  # how far speech opens the jaw and moves the lips
LEAN_DM = 0.28  # towards the screen in effort


def wander(seed: int, seconds: float, slow_s: float) -> FloatArray:
    """A slow course of deviation 1, a value for each frame."""
    count = round(seconds * story.FRAMES_PER_S)
    course = gaussian_filter1d(np.random.default_rng([story.SEED, seed]).normal(size=count), slow_s * story.FRAMES_PER_S, mode="reflect")
    return np.asarray(course / course.std())


class Performance:
    """The poses of the whole story, frame by frame; the mouth follows the voice."""

    def __init__(self, voice: NDArray[np.int16]) -> None:
        self.frames = round(story.DURATION_S * story.FRAMES_PER_S)
        self._open, self._round = mouth(voice, self.frames)
        self._sway = [wander(seed, story.DURATION_S, slow_s) for seed, slow_s in ((1, 1.8), (2, 1.4), (3, 2.2), (4, 2.5), (5, 2.0))]
        self._gaze = glances(self.frames)

    def pose(self, frame: int) -> Pose:
        """How the face is held in that frame."""
        time_s = frame / story.FRAMES_PER_S
        units = self._units(frame, time_s)
        away, effort = story.TURNED_AWAY.at(time_s), self._effort(time_s)
        calm = 1 - away
        yaw, pitch, roll, left, up = (course[frame] for course in self._sway)
        nod = 2.2 * self._open[max(frame - 3, 0)]
        return Pose(
            units=units,
            yaw_deg=2.2 * yaw * calm + AWAY_YAW_DEG * away,
            pitch_deg=1.4 * pitch * calm + AWAY_PITCH_DEG * away - nod - 3.0 * effort,
            roll_deg=1.3 * roll * calm,
            shift=(0.05 * left, 0.025 * up + 0.012 * float(np.sin(2 * np.pi * 0.25 * time_s)) - 0.03 * effort, LEAN_DM * effort),
            gaze=(float(self._gaze[frame, 0] * calm - 2.2 * yaw * calm * 0.8), float(self._gaze[frame, 1] * calm)),
        )

    def _units(self, frame: int, time_s: float) -> dict[str, float]:
        units: dict[str, float] = {}

        def add(parts: Mapping[str, float], strength: float) -> None:
            for name, weight in parts.items():
                units[name] = units.get(name, 0.0) + strength * weight

        for shown in story.SHOWN:
            if shown.onset_s <= time_s <= shown.offset_s:
                add(EXPRESSIONS[shown.what], shown.at(time_s))
        opened, rounded = self._open[frame], self._round[frame]
        add({"jawOpen": JAW, **_both(mouthLowerDown=0.25 * LIPS, mouthUpperUp=0.12 * LIPS)}, opened)
        add({"mouthFunnel": 0.55 * LIPS, "mouthPucker": 0.35 * LIPS}, opened * rounded)
        add(_both(mouthStretch=0.35 * LIPS), opened * (1 - rounded))
        add(_both(mouthPress=-1.0), min(opened, units.get("mouthPressLeft", 0.0)))  # lips that speak are not pressed
        add(_both(eyeBlink=1.0), self._lid(time_s))
        down = max(-float(self._gaze[frame, 1]), 0.0) / 30
        add(_both(eyeLookDown=1.0), down)
        return units

    @staticmethod
    def _lid(time_s: float) -> float:
        """How far the lids are closed: down in a third of a blink, up in two."""
        for start_s in story.BLINKS_S:
            if 0 <= time_s - start_s <= story.BLINK_S:
                return float(np.interp(time_s - start_s, (0, 0.08, 0.12, story.BLINK_S), (0, 1, 1, 0)))
        return 0.0

    @staticmethod
    def _effort(time_s: float) -> float:
        return float(np.interp(time_s, (story.EFFORT_S, story.EFFORT_S + 4, story.RELIEF_S, story.RELIEF_S + 3), (0, 1, 1, 0)))


def mouth(voice: NDArray[np.int16], frames: int) -> tuple[FloatArray, FloatArray]:
    """How far the mouth is open and how rounded the lips are, 0 to 1 for each frame, from the voice's level and pitch of noise."""
    step = story.VOICE_HZ // 100
    pieces = voice[: len(voice) // step * step].reshape(-1, step).astype(np.float64) / 32_768
    level = 10 * np.log10((pieces**2).mean(axis=1) + 1e-9)
    loud = np.clip((level + 48) / 26, 0, 1)
    crossings = (np.diff(np.signbit(pieces), axis=1) != 0).mean(axis=1)  # few in u and o, many in e and s
    rounded = np.clip(1 - crossings / 0.12, 0, 1)
    at = np.arange(frames) * 100 / story.FRAMES_PER_S
    courses = (gaussian_filter1d(loud * (crossings < 0.3), 3.5), gaussian_filter1d(rounded, 5.0))
    opened, round_ = (np.interp(at, np.arange(len(level)) + 0.5, course) for course in courses)
    return opened, round_


def glances(frames: int) -> FloatArray:
    """Where the eyes look, degrees right and up, (frames, 2): points on a screen, a quick jump every second or two."""
    rng = np.random.default_rng([story.SEED, 9])
    gaze, frame = np.zeros((frames, 2)), 0
    while frame < frames:
        stay = round(rng.uniform(0.7, 2.4) * story.FRAMES_PER_S)
        gaze[frame : frame + stay] = rng.normal((0.0, -2.0), (4.5, 2.2))
        frame += stay
    return np.asarray(gaussian_filter1d(gaze, 0.7, axis=0))
