"""What the audio service declares of itself."""

import json
from functools import cache

from affectloop.models import checked
from affectloop.processor import SessionContext
from affectloop.runtime.service import Service
from affectloop.topics import AUDIO, AUDIO_FEATURES, BASELINES
from affectloop_audio.arousal import ArousalModel, Weights
from affectloop_audio.processor import AudioProcessor
from affectloop_audio.settings import AudioSettings


@cache
def arousal_model(name: str) -> ArousalModel:
    """The model of that name: ten numbers in ``weights.json``."""
    content = json.loads(checked(name, "weights.json").read_text())
    return ArousalModel(known=Weights.from_mapping(content["known"]), unknown=Weights.from_mapping(content["unknown"]))


def make_processor(context: SessionContext, settings: AudioSettings) -> AudioProcessor:
    """A processor with its model; a session whose profile forbids emotion inference is given none."""
    return AudioProcessor(context, settings, arousal_model(settings.arousal_model) if context.emotion_inference else None)


SERVICE = Service(
    name="audio",
    consumes=(AUDIO,),
    produces=(AUDIO_FEATURES, BASELINES),
    settings=AudioSettings,
    processor=make_processor,
)
