"""What all settings have in common: frozen, nothing unknown, units in names, every field described."""

from pydantic_settings import BaseSettings, SettingsConfigDict


def settings_config(service: str) -> SettingsConfigDict:
    """The configuration of a service's settings class: variables are ``AFFECTLOOP_<SERVICE>__<FIELD>``."""
    return SettingsConfigDict(frozen=True, extra="forbid", env_prefix=f"AFFECTLOOP_{service.upper()}__", env_nested_delimiter="__")


class RuntimeSettings(BaseSettings):
    """Settings of the runtime, shared by every service."""

    model_config = settings_config("runtime")
