"""Settings of the fusion service."""

from pydantic import Field

from affectloop.settings import Settings, settings_config


class FusionSettings(Settings):
    """What an operator may set."""

    model_config = settings_config("fusion")

    model: str = Field(default="fusion-v1", description="Folder under models/ that holds the net")
    lowest_confidence: float = Field(default=0.2, ge=0, le=1, description="Below this confidence (0 to 1) the estimate abstains as unsure")
    threads: int = Field(default=1, ge=1, le=64, description="Threads of ONNX Runtime; the net is small, so more rarely pay")
    largest_batch: int = Field(default=512, ge=1, le=65536, description="Windows of one call of the net; bounds its memory")
