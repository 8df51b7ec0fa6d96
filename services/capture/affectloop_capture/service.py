"""The capture service as the runtime starts it."""

from affectloop.runtime.service import Edge
from affectloop.topics import AUDIO, AUDIO_FEATURES, FACE_FEATURES, FRAMES, SIGNALS
from affectloop_capture.ingest.server import run
from affectloop_capture.settings import CaptureSettings

SERVICE = Edge(
    name="capture",
    consumes=(),
    produces=(FRAMES, SIGNALS, AUDIO, FACE_FEATURES, AUDIO_FEATURES),
    settings=CaptureSettings,
    run=run,
)
