"""Settings of the capture service."""

from pathlib import Path

from pydantic import Field

from affectloop.settings import Settings, settings_config
from affectloop_capture.admission.image_headers import LARGEST_SIDE_PX
from affectloop_capture.admission.validation import Limits


class CaptureSettings(Settings):
    """Where capture listens, and what it accepts."""

    model_config = settings_config("capture")

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 in a container.")
    port: int = Field(50051, ge=0, le=65535, description="Port of the gRPC server; 0 takes a free one.")
    tls_certificate: Path | None = Field(
        None, description="PEM file of the certificate chain; without it, something before it must encrypt."
    )
    tls_key: Path | None = Field(None, description="PEM file of the certificate's private key.")
    senders: int = Field(8, ge=1, le=256, description="Threads that write to the bus.")
    calls_most: int = Field(1000, ge=1, description="Devices at a time; further ones are told to come back later.")
    connections_most: int = Field(2000, ge=1, description="Connections at a time; further ones are ended at once.")
    first_record_within_s: float = Field(
        5.0, gt=0, description="How long a call may take to bring its first record, with a token that is good."
    )
    unproven_calls_of_address: int = Field(
        32, ge=1, description="Calls of one address at a time that have not brought that yet; the oldest makes room for a further one."
    )
    picture_side_most_px: int = Field(LARGEST_SIDE_PX, ge=16, le=16384, description="Largest width or height of a frame, by its header.")
    clock_tolerance_s: float = Field(5.0, gt=0, description="How far a device's clock may be ahead, or before the session's start.")
    shutdown_s: float = Field(5.0, ge=0, description="How long running calls may finish when the service stops.")

    @property
    def limits(self) -> Limits:
        """What is accepted of one record."""
        return Limits(side_px=self.picture_side_most_px, clock_tolerance_s=self.clock_tolerance_s)
