"""The face service: frames in, what faces show out."""

from affectloop.runtime.service import Resources, Service
from affectloop.topics import BASELINES, FACE_FEATURES, FRAMES
from affectloop_face.detection import FaceDetector
from affectloop_face.expression import Classify
from affectloop_face.processor import FaceProcessor
from affectloop_face.settings import FaceSettings


def _classify(_: FaceSettings) -> Classify:
    return Classify()


SERVICE = Service(
    name="face",
    consumes=(FRAMES,),
    produces=(FACE_FEATURES, BASELINES),
    settings=FaceSettings,
    processor=FaceProcessor,
    prepare=FaceDetector,
    complete=_classify,  # after the processor, which lets pass only what the session's profile allows
    resources=Resources(cpus=2.0, memory_mib=1024, reserved_cpus=0.5, reserved_memory_mib=384),
)
