"""The physio service, as the runtime loads it."""

from affectloop.runtime.service import Service
from affectloop.topics import BASELINES, PHYSIO_FEATURES, SIGNALS
from affectloop_physio.processor import PhysioProcessor
from affectloop_physio.settings import PhysioSettings

SERVICE = Service(
    name="physio",
    consumes=(SIGNALS,),
    produces=(PHYSIO_FEATURES, BASELINES),
    settings=PhysioSettings,
    processor=PhysioProcessor,
)
