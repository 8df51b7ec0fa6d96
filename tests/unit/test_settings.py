"""A setting that nobody knows is refused, with the one that was probably meant."""

from __future__ import annotations

import pytest

from affectloop.errors import InvalidInput
from affectloop.runtime.service import installed
from affectloop.settings import RuntimeSettings


def test_a_misspelt_variable_is_refused_and_the_nearest_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFFECTLOOP_RUNTIME__STALL_AFTER", "2")
    with pytest.raises(InvalidInput, match=r"AFFECTLOOP_RUNTIME__STALL_AFTER: .* did you mean AFFECTLOOP_RUNTIME__STALL_AFTER_S\?"):
        RuntimeSettings()


def test_a_variable_like_no_setting_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFFECTLOOP_RUNTIME__XYZ", "2")
    with pytest.raises(InvalidInput, match=r"docs/settings\.md"):
        RuntimeSettings()


def test_variables_of_others_are_none_of_its_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFFECTLOOP_GATEWAY_PORT", "tcp://10.0.0.1:8080")  # as Kubernetes names a Service
    monkeypatch.setenv("AFFECTLOOP_RUNTIME__PARTITIONS", "4")
    assert RuntimeSettings().partitions == 4


@pytest.mark.parametrize("name", sorted(installed()))
def test_every_service_refuses_what_it_does_not_know(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"AFFECTLOOP_{name.upper()}__NOBODY_KNOWS", "1")
    with pytest.raises(InvalidInput, match="NOBODY_KNOWS"):
        installed()[name].settings()
