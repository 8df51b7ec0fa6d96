"""The capture service as the runtime starts it."""

from affectloop.runtime.service import Edge, Resources
from affectloop.topics import TOPICS
from affectloop_capture.ingest.server import run
from affectloop_capture.settings import CaptureSettings

SERVICE = Edge(
    name="capture",
    consumes=(),
    produces=tuple(topic for topic in TOPICS if topic.from_devices),
    settings=CaptureSettings,
    run=run,
    resources=Resources(memory_mib=512),
)
