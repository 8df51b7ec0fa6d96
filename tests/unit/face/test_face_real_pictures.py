"""Real faces, where their folder is given; some frames, so that the suite stays quick."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from affectloop.events import END_OF_TIME_US, FaceFeatures
from affectloop.processor import SessionContext
from affectloop_face import nets
from affectloop_face.detected_faces import DetectedFaces
from affectloop_face.detection import FaceDetector, faces_of
from affectloop_face.picture import Picture
from affectloop_face.processor import FaceProcessor
from affectloop_face.settings import FaceSettings
from unit.face.drawn import START_US, frame, jpeg

SETTINGS = FaceSettings()


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector(SETTINGS)


def pictures(path: Path, every: int = 12, most: int = 1000) -> list[Picture]:
    video, found = cv2.VideoCapture(str(path)), list[Picture]()
    while len(found) < most and video.grab():
        if int(video.get(cv2.CAP_PROP_POS_FRAMES)) % every == 0:
            found.append(np.asarray(cv2.cvtColor(video.retrieve()[1], cv2.COLOR_BGR2RGB), np.uint8))
    return found


def seen_in(detector: FaceDetector, shown: Sequence[Picture]) -> list[DetectedFaces]:
    events = detector([frame(jpeg(picture), number) for number, picture in enumerate(shown)])
    return [event for event in events if isinstance(event, DetectedFaces)]


@pytest.mark.parametrize("name", ["WolfgangLanger_Pexels.mp4", "single_face.mp4"])
def test_the_one_face_of_a_video_is_found(data_folder: Path, detector: FaceDetector, name: str) -> None:
    found = seen_in(detector, pictures(data_folder / "face" / name))
    assert {len(event.faces) for event in found} == {1}
    assert all(event.faces[0].quality > 0.5 for event in found)


def test_no_face_is_found_where_there_is_none(data_folder: Path, detector: FaceDetector) -> None:
    found = seen_in(detector, pictures(data_folder / "face" / "no_face.mp4"))
    assert len(found) == 7
    assert {len(event.faces) for event in found} == {0}


def test_all_five_people_of_a_photograph_are_found(data_folder: Path, detector: FaceDetector) -> None:
    found = detector.detect(frame((data_folder / "face" / "multi_face.jpg").read_bytes()))
    assert len(found.faces) == 5


def test_two_people_side_by_side_are_two_streams(data_folder: Path, detector: FaceDetector) -> None:
    left = pictures(data_folder / "face" / "WolfgangLanger_Pexels.mp4", every=3, most=10)
    right = pictures(data_folder / "face" / "single_face.mp4", every=3, most=10)
    both = [np.concatenate([one[:, 140:500], other[:, 140:500]], axis=1) for one, other in zip(left, right, strict=True)]
    processor = FaceProcessor(SessionContext(session_id="s", started_at_us=START_US), SETTINGS)
    outputs = [event for found in seen_in(detector, both) for event in processor.step(found)]
    outputs += processor.advance(END_OF_TIME_US)
    records = [event for event in outputs if isinstance(event, FaceFeatures)]
    places = {
        stream: [record.box[0] > 0.45 for record in records if record.header.stream_id == stream and record.box is not None]
        for stream in ("face", "face-2")
    }
    assert [len(places["face"]), len(places["face-2"])] == [10, 6]
    assert {len(set(sides)) for sides in places.values()} == {1}
    assert places["face"][0] != places["face-2"][0]


def test_both_backends_agree_on_real_faces(data_folder: Path) -> None:
    litert, opencv = nets.load("litert"), nets.load("opencv")
    for picture in pictures(data_folder / "face" / "WolfgangLanger_Pexels.mp4", every=36, most=5):
        (one,), (other,) = (faces_of(backend, picture, most=8) for backend in (litert, opencv))
        assert np.abs(one.blendshapes - other.blendshapes).max() < 1e-3
        assert np.abs(one.box - other.box).max() < 1e-3


def test_a_mirrored_head_looks_the_other_way(data_folder: Path, detector: FaceDetector) -> None:
    shown = pictures(data_folder / "face" / "WolfgangLanger_Pexels.mp4", every=36)
    poses = np.array([event.faces[0].pose_deg for event in seen_in(detector, shown)])
    mirrored = np.array([event.faces[0].pose_deg for event in seen_in(detector, [np.ascontiguousarray(one[:, ::-1]) for one in shown])])
    assert np.abs(poses * (-1, 1, -1) - mirrored).max() < 5
    assert np.ptp(poses[:, 0]) > 10
