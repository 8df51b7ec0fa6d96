"""Settings of the audio service."""

from pydantic import Field

from affectloop.settings import Settings, settings_config


class AudioSettings(Settings):
    """What an operator may set."""

    model_config = settings_config("audio")

    silent_below_dbfs: float = Field(default=-80.0, ge=-120, le=0, description="A hop quieter than this level is a muted microphone")
    near_field_db: float = Field(default=12.0, ge=0, le=60, description="A voice so many dB under the learner's own is somebody else's")
    learnt_from_s: float = Field(default=4.0, ge=2, le=10, description="Seconds of speech from which the learner's usual voice is learnt")
    arousal_model: str = Field(default="voice-arousal-v1", description="Folder under models/ that holds the arousal model")
