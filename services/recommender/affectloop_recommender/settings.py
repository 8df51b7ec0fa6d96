"""Settings of the recommender."""

from __future__ import annotations

from pydantic import Field

from affectloop.settings import Settings, settings_config
from affectloop.training_science.governor import Rules

DEFAULT = Rules()


class RecommenderSettings(Settings):
    """What a deployment may set; the numbers' reasons stand beside the rules that they change."""

    model_config = settings_config("recommender")

    target_success: float = Field(DEFAULT.target, ge=0.5, le=0.95, description="Share of right answers that items aim at")
    eased_target_success: float = Field(DEFAULT.eased_target, ge=0.5, le=0.97, description="The same after misses and under strain")
    uses_strain: bool = Field(True, description="Let a confident estimate of strain ease the items; off: behaviour alone decides")
    confidence_gate: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Estimates with less confidence are not used; on the scale of fusion-v1, whose card says what errors go with it",
    )
    strain_on: float = Field(DEFAULT.strain_on, ge=0, le=1, description="Smoothed strain from which items are eased")
    strain_off: float = Field(DEFAULT.strain_off, ge=0, le=1, description="Smoothed strain below which the easing ends")
    break_every_min: float = Field(DEFAULT.break_every_s / 60, gt=0, description="A break is offered so often (minutes)")
    longest_min: float = Field(DEFAULT.longest_s / 60, gt=0, description="After so many minutes a break is offered at each trial")
    pause_ms: float = Field(
        DEFAULT.pause_ms, ge=1000, le=600_000, description="Pause before the next item; 1 s between stimuli is flash-safe"
    )
    break_ms: float = Field(DEFAULT.break_ms, ge=1000, le=600_000, description="Length of a break that is offered (ms)")

    @property
    def rules(self) -> Rules:
        """The governor's limits."""
        return Rules(
            target=self.target_success,
            eased_target=self.eased_target_success,
            strain_on=self.strain_on,
            strain_off=self.strain_off,
            break_every_s=self.break_every_min * 60,
            longest_s=self.longest_min * 60,
            pause_ms=self.pause_ms,
            break_ms=self.break_ms,
        )
