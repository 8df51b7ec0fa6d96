"""What all settings have in common: frozen, nothing unknown, units in names, every field described."""

import difflib
from collections.abc import Mapping

from pydantic import Field
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from affectloop.errors import InvalidInput


def settings_config(service: str) -> SettingsConfigDict:
    """The configuration of a service's settings class: variables are ``AFFECTLOOP_<SERVICE>__<FIELD>``."""
    return SettingsConfigDict(frozen=True, extra="forbid", env_prefix=f"AFFECTLOOP_{service.upper()}__", env_nested_delimiter="__")


class Settings(BaseSettings):
    """What every settings class is: a variable that carries its prefix and names none of its fields is refused.

    pydantic-settings passes over such variables; a misspelt limit would then silently be the default.
    """

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, then the environment."""
        if isinstance(env_settings, EnvSettingsSource):
            _refuse_unknown(settings_cls, env_settings.env_vars)
        return (init_settings, env_settings)


def _refuse_unknown(settings: type[BaseSettings], variables: Mapping[str, str | None]) -> None:
    prefix = (settings.model_config.get("env_prefix") or "").upper()
    fields = {name.upper() for name in settings.model_fields}
    for variable in sorted(name.upper() for name in variables):
        if variable.startswith(prefix) and (name := variable.removeprefix(prefix)) not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            meant = f"did you mean {prefix}{near[0]}?" if near else "docs/settings.md lists them all"
            raise InvalidInput(f"{variable}: there is no such setting; {meant}")


class RuntimeSettings(Settings):
    """Settings of the runtime, shared by every service."""

    model_config = settings_config("runtime")

    bus: str = Field("memory", description="Where records live: memory, or kafka://host:port[,host:port].")
    state: str = Field("memory", description="Where live state is: memory, or redis://host:port/number.")
    partitions: int = Field(8, ge=1, description="Partitions of every topic; equal everywhere.")
    replicas: int = Field(1, ge=1, description="Replicas of every Kafka topic; 3 in production.")
    stall_after_s: float = Field(1.0, gt=0, description="A live stream overdue by this much is not waited for.")
    first_record_within_s: float = Field(3.0, gt=0, description="How long a live session waits for a declared stream to begin.")
    stale_after_s: float = Field(2.0, gt=0, description="A live frame older than this is dropped before any net sees it, and counted.")
    unknown_session_s: float = Field(5.0, ge=0, description="How long a record of an unknown session waits before it is a dead letter.")
    refresh_s: float = Field(0.25, ge=0, description="How old what a service knows of a session's consents may be.")
    idle_after_s: float = Field(600.0, gt=0, description="A session without records for this long is put away.")
    poll_records: int = Field(500, ge=1, description="Records that one turn takes at most.")
    held_records: int = Field(200_000, ge=1, description="Records read and not acknowledged before a service stops reading.")
    dead_letter_ratio: float = Field(0.1, gt=0, le=1, description="Share of unreadable records above which a service stops.")
    dead_letter_least: int = Field(100, ge=1, description="Unreadable records that the last 1000 must hold before it stops.")
    session_dead_letters: int = Field(20, ge=1, description="Unreadable records of one session after which that session is stopped.")
    faults_a_minute: int = Field(
        20, ge=1, description="Learners with a session that a fault stopped within a minute, at which the service stops itself."
    )
    longest_session_h: float = Field(12.0, gt=0, le=168, description="A session, live or replayed, lasts at most this long.")
    health_port: int = Field(0, ge=0, le=65535, description="Port of /health and /metrics; 0 for none.")
    health_host: str = Field("127.0.0.1", description="Address that /health and /metrics listen on.")
    kafka_session_timeout_ms: int = Field(6000, ge=1000, description="A Kafka group member silent for this long is taken for dead.")
    instance: str = Field("", description="Name of this instance for Kafka's static membership; empty for none.")

    @property
    def longest_session_us(self) -> int:
        """How long a session lasts at most."""
        return round(self.longest_session_h * 3600 * 1_000_000)
