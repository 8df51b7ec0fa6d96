"""Which file an offset is for."""

from pathlib import Path

import pytest

from affectloop.errors import InvalidInput
from affectloop_commands.inputs import offsets_of

FILES = [Path("a/e4.zip"), Path("b/e4.zip"), Path("face=1.mp4")]


def test_a_file_is_named_as_on_the_command_line_or_by_its_name_alone() -> None:
    assert offsets_of(["b/e4.zip=2.5", "face=1.mp4=-3"], FILES) == {1: 2.5, 2: -3.0}
    assert offsets_of([], FILES) == {}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("e4.zip=1", "e4.zip is several of the files; write FILE=SECONDS with the file as it is named here"),
        ("voice.wav=1", "voice.wav is none of the files"),
        ("3", "nothing is none of the files"),
        ("b/e4.zip=soon", "'soon' is no number of seconds within a week; write FILE=SECONDS, such as b/e4.zip=2.5"),
        ("b/e4.zip=nan", "'nan' is no number"),
        ("b/e4.zip=1e30", "within a week"),
    ],
)
def test_an_offset_for_no_file_or_without_a_number_is_refused_with_what_to_write(asked: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        offsets_of([asked], FILES)
    assert said in str(caught.value)
