"""How long a face takes, stage by stage, on one thread: ``python benchmarks/face.py --data DIR``.

DIR holds face/WolfgangLanger_Pexels.mp4, face/single_face.mp4 and face/no_face.mp4 (CONTRIBUTING.md says where they
are from). The first two are cut to 4:3 and brought to 640 x 480. Prints a table and writes docs/results/face.md.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np

from affectloop.events import END_OF_TIME_US, FaceFeatures, Header, VideoFrame
from affectloop.processor import SessionContext
from affectloop_face import nets
from affectloop_face.detection import FaceDetector, faces_of
from affectloop_face.detector import detect
from affectloop_face.expression import Classify, expression_crop
from affectloop_face.mesh import blendshapes_of, mesh_of
from affectloop_face.picture import Picture, decoded
from affectloop_face.pose import pose_of
from affectloop_face.processor import FaceProcessor
from affectloop_face.quality import assess
from affectloop_face.settings import FaceSettings

RESULT = Path(__file__).parents[1] / "docs" / "results" / "face.md"
WIDTH, HEIGHT = 640, 480
WITH_FACE, WITHOUT_FACE = ("WolfgangLanger_Pexels.mp4", "single_face.mp4"), "no_face.mp4"
WARM_UP = 20  # frames
TARGET_MS = 9.0
T = TypeVar("T")


def pictures(path: Path) -> Iterator[Picture]:
    """The frames of a video, RGB."""
    video = cv2.VideoCapture(str(path))
    while True:
        there, frame = video.read()
        if not there:
            return
        yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)


def at_640_480(picture: Picture) -> Picture:
    """The middle of a picture, 4:3, at 640 x 480."""
    height, width = picture.shape[:2]
    wide = height * WIDTH // HEIGHT
    left = (width - wide) // 2
    return np.asarray(cv2.resize(picture[:, left : left + wide], (WIDTH, HEIGHT)), np.uint8)


def as_jpeg(picture: Picture) -> bytes:
    """A picture as a camera sends it."""
    _, content = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return content.tobytes()


class Stages:
    """Processor time of this thread by stage, in milliseconds: what one core would need, however busy the machine is."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = defaultdict(list)

    def timed(self, stage: str, work: Callable[..., T], *arguments: Any) -> T:
        """Do some work and note how long it took."""
        began = time.thread_time()
        result = work(*arguments)
        self.times[stage].append((time.thread_time() - began) * 1e3)
        return result

    def sums(self, *stages: str) -> list[float]:
        """Frame by frame, the time of several stages together."""
        return [sum(times) for times in zip(*(self.times[stage] for stage in stages), strict=True)]


DETECTED, MESHED = "detector", "mesh, 478 points"
FEATURES = ("52 blendshapes", "pose", "quality", "expression crop")


def one_frame(stages: Stages, loaded: nets.Nets, classify: Classify, content: bytes) -> None:
    """One frame of one face, stage by stage as the service does it."""
    picture = stages.timed("JPEG decoding", decoded, content, WIDTH * HEIGHT)
    assert picture is not None
    found = stages.timed(DETECTED, detect, loaded, picture)
    mesh = stages.timed(MESHED, mesh_of, loaded, picture, found.points[0])
    assert mesh is not None
    stages.timed("52 blendshapes", blendshapes_of, loaded, mesh.points)
    pose = stages.timed("pose", pose_of, mesh.points)
    stages.timed("quality", assess, mesh, pose, WIDTH, HEIGHT)
    crop = stages.timed("expression crop", expression_crop, picture, mesh.points)
    stages.timed("expression classes", classify.probabilities, crop[None])


def measured(backend: nets.Backend, contents: list[bytes]) -> dict[str, list[float]]:
    """The times of every stage on a backend, and of what belongs together."""
    loaded, classify = nets.load(backend), Classify()
    for content in contents[:WARM_UP]:
        one_frame(Stages(), loaded, classify, content)
    stages = Stages()
    for content in contents:
        one_frame(stages, loaded, classify, content)
    together = {
        "**mesh to features**": stages.sums(MESHED, *FEATURES),
        "**picture to features**": stages.sums(DETECTED, MESHED, *FEATURES),
        "**JPEG to features and expression**": stages.sums(*stages.times),
    }
    return stages.times | together


def found_shares(folder: Path) -> dict[str, tuple[int, float, float]]:
    """Of each video: frames, the share in which the service gives a face's values, and the share with more than one face."""
    settings = FaceSettings()
    detector, shares = FaceDetector(settings), {}
    for name in (*WITH_FACE, WITHOUT_FACE):
        processor = FaceProcessor(SessionContext(session_id="s", started_at_us=1), settings)
        values, crowds, frames = 0, 0, 0
        for number, picture in enumerate(pictures(folder / name)):
            time_us = 1 + number * 40_000
            header = Header(session_id="s", stream_id="camera", sequence=number, event_time_us=time_us, complete_until_us=END_OF_TIME_US)
            seen = detector.detect(VideoFrame(header=header, jpeg=as_jpeg(picture)))
            records = [event for event in processor.step(seen) if isinstance(event, FaceFeatures) and event.header.stream_id == "face"]
            frames, values = frames + 1, values + sum(record.blendshapes is not None for record in records)
            crowds += len(seen.faces) > 1
        shares[name] = (frames, values / frames, crowds / frames)
    return shares


def largest_difference(folder: Path) -> float:
    """The largest difference of a blendshape or a side of the box between the backends, over every tenth frame."""
    one, other = nets.load("litert"), nets.load("opencv")
    largest = 0.0
    for name in WITH_FACE:
        for number, picture in enumerate(pictures(folder / name)):
            if number % 10 == 0:
                for here, there in zip(faces_of(one, picture, 8), faces_of(other, picture, 8), strict=True):
                    differences = (np.abs(getattr(here, part) - getattr(there, part)).max() for part in ("blendshapes", "box"))
                    largest = max(largest, *map(float, differences))
    return largest


def machine() -> str:
    """The processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def table(times: dict[str, dict[str, list[float]]]) -> list[str]:
    """The times as a Markdown table."""
    lines = ["| ms a frame | " + " | ".join(f"{name} p50 | p95" for name in times) + " |", "| --- |" + " ---: |" * 2 * len(times)]
    for stage in next(iter(times.values())):
        cells = (f"{np.quantile(by_stage[stage], share):.2f}" for by_stage in times.values() for share in (0.5, 0.95))
        lines.append(f"| {stage} | " + " | ".join(cells) + " |")
    return lines


def introduction(frames: int) -> list[str]:
    """What was measured, and how."""
    return [
        "# The face service",
        "",
        f"`python benchmarks/face.py --data DIR` printed this on one thread of an {machine()},",
        f"over {frames} frames of {WIDTH} x {HEIGHT} with one face. The times are the thread's processor time: what one core",
        "needs, however busy the machine is with other work; a busy machine's caches make them longer, though.",
        "",
    ]


def remarks(peak_mib: float, difference: float) -> list[str]:
    """The figures beside the times."""
    return [
        f"The target is {TARGET_MS:.0f} ms from the mesh to the features. Peak memory of the process with LiteRT and the",
        f"expression net: {peak_mib:.0f} MiB. Largest difference of a blendshape or a side of the box between the backends,",
        f"over every tenth frame: {difference:.1e}.",
    ]


def videos(folder: Path) -> list[str]:
    """In how many frames a face is found, as a Markdown table."""
    rows = [f"| {name} | {frames} | {share:.1%} | {more:.1%} |" for name, (frames, share, more) in found_shares(folder).items()]
    return ["| video | frames | values of a face | more than one face |", "| --- | ---: | ---: | ---: |", *rows]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of real signals; its face/ is used")
    parser.add_argument("--frames", type=int, default=300, help="at most so many frames are timed (default: 300)")
    given = parser.parse_args()
    folder: Path = given.data / "face"
    cv2.setNumThreads(1)
    contents = [as_jpeg(at_640_480(picture)) for name in WITH_FACE for picture in pictures(folder / name)]
    contents = contents[:: max(1, len(contents) // given.frames)]
    times = {"LiteRT": measured("litert", contents)}
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times["OpenCV DNN"] = measured("opencv", contents)
    lines = [*introduction(len(contents)), *table(times), "", *remarks(peak_mib, largest_difference(folder)), "", *videos(folder)]
    print("\n".join(lines))
    RESULT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
