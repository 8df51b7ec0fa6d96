"""Settings of the physio service."""

from pydantic import Field

from affectloop.settings import Settings, settings_config


class PhysioSettings(Settings):
    """What an operator may set; the defaults are what docs/results/physio.md was measured with."""

    model_config = settings_config("physio")

    least_ecg_quality: float = Field(0.5, ge=0, le=1, description="Below this quality (0 to 1) an ECG gives no heart rate.")
    least_ppg_quality: float = Field(0.6, ge=0, le=1, description="Below this quality (0 to 1) a PPG's pulses give no heart rate.")
    least_ppg_variability_quality: float = Field(0.8, ge=0, le=1, description="Below this quality (0 to 1) a PPG gives no variability.")
    least_wrist_certainty: float = Field(
        0.9, ge=0, le=1, description="A heart rate from the spectrum alone that is less probable than this is left out."
    )
    moving_g: float = Field(0.1, ge=0, description="Acceleration that deviates by more (g, within 2 s) is a moving wrist.")
    least_plausible_ratio: float = Field(
        0.9, ge=0, le=1, description="Share of plausible beat intervals below which there is no variability."
    )
    least_conductance_microsiemens: float = Field(0.05, ge=0, description="Below this the electrodes are off the skin or dry.")
    least_response_microsiemens: float = Field(0.03, gt=0, description="Least amplitude of a skin conductance response (0.01 to 0.05).")
    least_skin_temperature_celsius: float = Field(24.0, description="A temperature below this is the room's, not the skin's.")
    highest_skin_temperature_celsius: float = Field(39.0, description="A temperature above this is a heater's, not the skin's.")
