import threading

import cv2
import numpy as np
import pytest

from affectloop.events import Event, Reason, SignalChunk, SignalKind, VideoFrame
from affectloop_face import nets
from affectloop_face.detected_faces import DetectedFaces, Face
from affectloop_face.detection import FaceDetector, faces_of
from affectloop_face.nets import Nets
from affectloop_face.picture import Picture, decoded, size_of
from affectloop_face.settings import FaceSettings
from unit.face.drawn import drawn_face, frame, header, jpeg, scene

SETTINGS = FaceSettings()
ONE = scene((200, 120, drawn_face()))


@pytest.fixture(scope="module")
def loaded() -> Nets:
    return nets.load("auto")


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector(SETTINGS)


def tilted(picture: Picture, degrees: float) -> Picture:
    """The picture turned clockwise about its middle."""
    turn = cv2.getRotationMatrix2D((picture.shape[1] / 2, picture.shape[0] / 2), -degrees, 1)
    return np.asarray(cv2.warpAffine(picture, turn, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE), np.uint8)


def only_face(loaded: Nets, picture: Picture) -> Face:
    (face,) = faces_of(loaded, picture, most=8)
    return face


def claiming(width: int, height: int) -> bytes:
    """A picture whose frame header says that it is of this size."""
    content = jpeg(ONE)
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + height.to_bytes(2) + width.to_bytes(2) + content[at + 4 :]


def test_a_drawn_face_is_found_where_it_is(loaded: Nets) -> None:
    face = only_face(loaded, ONE)
    assert (face.box[:2] + face.box[2:] / 2).tolist() == pytest.approx([0.5, 0.54], abs=0.02)
    assert face.reason is Reason.GOOD
    assert face.blendshapes.shape == (52,)
    assert face.crop.shape == (112, 112, 3)


def test_both_backends_say_the_same() -> None:
    one, other = (only_face(nets.load(backend), ONE) for backend in ("litert", "opencv"))
    for name in ("box", "blendshapes"):
        assert np.abs(getattr(one, name) - getattr(other, name)).max() < 1e-3
    assert np.abs(one.pose_deg - other.pose_deg).max() < 0.1
    assert one.quality == pytest.approx(other.quality, abs=1e-3)


def test_a_picture_without_a_face_has_none(loaded: Nets) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3)).astype(np.uint8)
    house = scene((100, 100, np.full((200, 200, 3), 200, np.uint8)), (150, 150, np.full((60, 60, 3), 40, np.uint8)))
    assert [faces_of(loaded, picture, most=8) for picture in (scene(), noise, house)] == [(), (), ()]


def test_two_faces_are_found_the_larger_first(loaded: Nets) -> None:
    picture = scene((20, 150, drawn_face(200)), (340, 100, drawn_face(280)))
    first, second = faces_of(loaded, picture, most=8)
    assert first.box[0] > 0.5 > second.box[0]
    assert len(faces_of(loaded, picture, most=1)) == 1


def test_a_face_far_from_the_camera_is_found_in_a_wide_picture(loaded: Nets) -> None:
    picture = scene((900, 300, drawn_face(170)), width=1280, height=720)
    assert only_face(loaded, picture).box[0] > 0.7


def test_yaw_is_to_the_right_of_the_picture_and_turns_round_in_the_mirror(loaded: Nets) -> None:
    turned = scene((200, 120, drawn_face(turn=10)))
    yaw, mirrored = (only_face(loaded, picture).pose_deg[0] for picture in (turned, np.ascontiguousarray(turned[:, ::-1])))
    assert yaw > 5
    assert mirrored == pytest.approx(-yaw, abs=4)


@pytest.mark.parametrize("degrees", [-25, 25])
def test_roll_is_clockwise(loaded: Nets, degrees: float) -> None:
    level = only_face(loaded, ONE).pose_deg[2]
    assert only_face(loaded, tilted(ONE, degrees)).pose_deg[2] - level == pytest.approx(degrees, abs=3)


def test_a_tilted_face_is_cropped_upright(loaded: Nets) -> None:
    level, turned = (only_face(loaded, picture).crop.astype(int) for picture in (ONE, tilted(ONE, 20)))
    assert np.abs(level - turned).mean() < 6
    assert np.abs(level - level[::-1]).mean() > 20


def test_a_face_that_is_too_small_or_dark_or_blurred_says_so(loaded: Nets) -> None:
    small = scene((120, 60, drawn_face(54)), width=320, height=180)
    dark = (ONE * 0.08).astype(np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(ONE, (0, 0), 4.5), np.uint8)
    assert [only_face(loaded, picture).reason for picture in (small, dark, blurred)] == [Reason.TOO_SMALL, Reason.TOO_DARK, Reason.BLURRED]


def test_a_black_picture_is_dark_rather_than_empty(detector: FaceDetector) -> None:
    assert detector.detect(frame(jpeg(np.zeros((480, 640, 3), np.uint8)))).reason is Reason.TOO_DARK


BROKEN = {
    "one byte": b"x",
    "nothing within": b"\xff\xd8\xff\xd9",
    "zeros": b"\xff\xd8" + bytes(100),
    "cut short": jpeg(ONE)[:3000],
    "lengths of zero": b"\xff\xd8" + b"\xff\xe0\x00\x00" * 9,
    "too large": claiming(30_000, 30_000),
    "no width": claiming(0, 9),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_picture_is_no_signal_and_the_others_go_on(detector: FaceDetector, content: bytes) -> None:
    broken, whole = detector([frame(content, 0), frame(jpeg(ONE), 1)])
    assert isinstance(broken, DetectedFaces)
    assert isinstance(whole, DetectedFaces)
    assert (broken.faces, broken.reason, broken.header) == ((), Reason.NO_SIGNAL, header(0))
    assert (len(whole.faces), whole.header) == (1, header(1))


def test_the_size_is_read_without_decoding() -> None:
    assert size_of(claiming(30_000, 20_000)) == (30_000, 20_000)
    assert decoded(jpeg(ONE), most_pixels=640 * 480) is not None
    assert decoded(jpeg(ONE), most_pixels=640 * 480 - 1) is None


def test_what_is_no_frame_passes_unchanged(detector: FaceDetector) -> None:
    chunk = SignalChunk(header=header(0), kind=SignalKind.EDA, sample_rate_hz=4, samples=np.zeros((1, 1), np.float32))
    empty = VideoFrame(header=header(1))
    assert list(detector([chunk, empty])) == [chunk, empty]


def test_a_frame_says_the_same_alone_in_a_batch_and_on_another_thread(detector: FaceDetector) -> None:
    frames = [frame(jpeg(scene((200, 120, drawn_face(turn=turn)))), turn) for turn in range(3)]
    alone = [detector([one])[0] for one in frames]
    elsewhere: list[Event] = []
    thread = threading.Thread(target=lambda: elsewhere.extend(detector(frames)))
    thread.start()
    together = detector(frames)
    thread.join()
    for events in zip(alone, together, elsewhere, strict=True):
        one, *others = (np.concatenate([face.blendshapes for face in event.faces]) for event in events if isinstance(event, DetectedFaces))
        assert all((one == other).all() for other in others)
