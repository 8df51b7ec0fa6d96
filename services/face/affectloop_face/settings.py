"""The face service's settings."""

from typing import Literal

from pydantic import Field

from affectloop.settings import Settings, settings_config


class FaceSettings(Settings):
    """How pictures are read and faces are followed."""

    model_config = settings_config("face")

    backend: Literal["auto", "litert", "opencv"] = Field(
        "auto", description="What runs the face nets: LiteRT, OpenCV's DNN module, or LiteRT where it is installed (auto)."
    )
    most_pixels: int = Field(8_300_000, gt=0, description="Pictures with more pixels (by default, than 4K video) are not decoded.")
    most_faces: int = Field(8, ge=1, le=64, description="The largest faces of a picture that are looked at; 1 looks at the learner alone.")
    classify_others: bool = Field(
        False, description="Whether expressions of faces other than the learner's are classified: set it where all have consented."
    )
    neutral_window_s: float = Field(
        10.0,
        ge=2,
        le=30,
        description="Seconds of video; the neutral face is taken once half of them show a good frontal face.",
    )
