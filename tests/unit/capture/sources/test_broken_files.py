"""Whatever is done to a file: it is read, or one sentence says what is wrong; no other error, and no endless reading."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from affectloop.errors import AffectloopError
from affectloop_capture.playback.merge import merge
from affectloop_capture.sources.registry import open_source
from unit.capture.making import write_e4, write_sound, write_video
from unit.capture.matroska import CAMERA, MICROPHONE, frames_at, write_matroska

NOISE = np.random.default_rng(3).integers(-9000, 9000, 4000, dtype=np.int16)
SOUND_BLOCKS = [(MICROPHONE, time, bytes(160)) for time in range(0, 400, 10)]


def write_ogg(path: Path) -> Path:
    soundfile.write(path, NOISE, 16_000, format="OGG", subtype="OPUS")
    return path


MADE: dict[str, Callable[[Path], Path]] = {
    "a.mp4": lambda path: write_video(path, frames=10),
    "a.avi": lambda path: write_video(path, frames=10, codec="MJPG"),
    "a.webm": lambda path: write_matroska(path, [*frames_at(range(0, 400, 40)), *SOUND_BLOCKS], (CAMERA, MICROPHONE)),
    "a.wav": lambda path: write_sound(path, np.stack([NOISE, NOISE], axis=1)),
    "a.flac": lambda path: write_sound(path, NOISE),
    "a.ogg": write_ogg,
    "a.zip": write_e4,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    return {name: make(folder / name).read_bytes() for name, make in MADE.items()}


@pytest.mark.parametrize("name", MADE)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    share=st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=8),
    in_head=st.booleans(),
    salvage=st.booleans(),
)
@example(share=1.0, flips=[], in_head=False, salvage=False)
@example(share=0.5, flips=[], in_head=False, salvage=True)
def test_a_broken_file_is_read_or_refused_in_one_sentence(
    name: str,
    whole: dict[str, bytes],
    tmp_path: Path,
    share: float,
    flips: list[tuple[float, int]],
    in_head: bool,
    salvage: bool,
) -> None:
    content = bytearray(whole[name][: round(share * len(whole[name]))])
    reach = min(len(content), 400) if in_head else len(content)  # headers break most
    for place, change in flips if reach else ():
        content[int(place * reach)] ^= change
    path = tmp_path / name
    path.write_bytes(content)
    said = ""
    try:
        for _ in merge([open_source(path, salvage=salvage)]).events("s1"):
            pass
    except AffectloopError as error:
        said = str(error)
    assert "\n" not in said
