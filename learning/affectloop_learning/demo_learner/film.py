"""The face as a video: frames are drawn into a folder, where a run that was stopped goes on, and encoded together as VP9."""

from __future__ import annotations

import signal
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from affectloop.errors import Unavailable
from affectloop_learning.demo_learner import head, story
from affectloop_learning.demo_learner.anny_data import AnnyData
from affectloop_learning.demo_learner.performance import Performance
from affectloop_learning.demo_learner.renderer import Renderer
from affectloop_learning.demo_learner.room import background

FRAME = "%05d.png"
# VP9: OpenCV's wheels read it everywhere, browsers play it, nobody's patents are asked for. They write it too, but at one
# quality alone (20 MB), hence the program ffmpeg, as a tool.
QUALITY = 42  # 0 to 63, less is better
KEY_FRAME_EVERY = 125  # frames, 5 s


def draw(wheel: Path, voice: NDArray[np.int16], folder: Path, workers: int) -> None:
    """Draw what frames are missing, in so many processes."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = Performance(voice).frames
    missing = [frame for frame in range(frames) if not _path(folder, frame).exists()]
    missing.sort(key=lambda frame: (frame % 4 > 0) + (frame % 2 > 0))  # coarsely first: something to look at early
    spawn = get_context("spawn")  # a forked OpenGL does not work
    running = [spawn.Process(target=_draw, args=(wheel, voice, folder, missing[first::workers])) for first in range(workers)]
    for process in running:
        process.start()
    try:
        for process in running:
            process.join()
    finally:
        for process in running:
            process.terminate()  # on Ctrl-C, which only this process heeds
    if any(process.exitcode for process in running):
        raise Unavailable("drawing failed, see above; run again to go on")


def _draw(wheel: Path, voice: NDArray[np.int16], folder: Path, frames: list[int]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    performance = Performance(voice)
    renderer = Renderer(head.build(AnnyData(wheel)), story.SIDE_PX, background(story.SIDE_PX))
    for frame in frames:
        part = folder / f"part-{frame}.png"
        cv2.imwrite(str(part), renderer.render(performance.pose(frame)), [cv2.IMWRITE_PNG_COMPRESSION, 3])
        part.replace(_path(folder, frame))
        print(f"\r  frame {frame + 1} of {performance.frames}", end="", file=sys.stderr, flush=True)


def encode(folder: Path, to: Path) -> None:
    """The frames as one video."""
    source = ["-framerate", str(story.FRAMES_PER_S), "-i", str(folder / FRAME)]
    vp9 = ["-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p", "-crf", str(QUALITY), "-b:v", "0", "-g", str(KEY_FRAME_EVERY)]
    exact = ["-deadline", "good", "-cpu-used", "2", "-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact"]  # the same file again
    subprocess.run(["ffmpeg", "-y", "-loglevel", "error", *source, *vp9, *exact, str(to)], check=True)


def _path(folder: Path, frame: int) -> Path:
    return folder / (FRAME % frame)
