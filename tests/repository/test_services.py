"""What follows from a service that is added: its name wherever tools look for it, and nowhere else by hand."""

import importlib.util
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from affectloop.runtime.service import Edge, Resources, Service, load

ROOT = Path(__file__).parents[2]
SERVICE = replace(load("physio"), name="gaze", resources=Resources(cpus=2, memory_mib=1536, autoscaled=False))
EDGE = replace(load("capture"), name="gaze")


@pytest.fixture(scope="module")
def generate() -> Any:
    """services/generate.py."""
    spec = importlib.util.spec_from_file_location("services_generate", ROOT / "services" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def project_with(generate: Any, new: Service | Edge) -> dict[str, Any]:
    """pyproject.toml, read, once the service is added."""
    text = generate.with_services((ROOT / "pyproject.toml").read_text(), [*generate.declared(), new])
    assert generate.with_services(text, [*generate.declared(), new]) == text, "a second time changes nothing"
    return tomllib.loads(text)


def contract(project: dict[str, Any], words: str) -> dict[str, Any]:
    """The import rule whose name begins so."""
    (found,) = (each for each in project["tool"]["importlinter"]["contracts"] if each["name"].startswith(words))
    return dict(found)


def test_a_new_service_stands_in_every_list_of_the_packaging(generate: Any) -> None:
    project = project_with(generate, SERVICE)
    extras, hatch = project["project"]["optional-dependencies"], project["tool"]["hatch"]["build"]
    assert project["project"]["entry-points"]["affectloop.services"]["gaze"] == "affectloop_gaze.service:SERVICE"
    assert extras["gaze"] == []
    assert all("gaze" in extras[group][0] for group in ("all", "embedded"))
    assert "services/gaze" in hatch["dev-mode-dirs"]
    assert "services/gaze/affectloop_gaze" in hatch["targets"]["wheel"]["packages"]
    assert "services/gaze" in project["tool"]["mypy"]["mypy_path"].split(":")


def test_the_import_rules_know_a_new_service_and_its_processor(generate: Any) -> None:
    project = project_with(generate, SERVICE)
    assert "affectloop_gaze" in project["tool"]["importlinter"]["root_packages"]
    assert any(" | affectloop_gaze" in layer for layer in contract(project, "Services stand on the library")["layers"])
    assert "affectloop_gaze" in contract(project, "Torch is for learning")["source_modules"]
    assert "affectloop_gaze.processor" in contract(project, "Processors and the mathematics are pure")["source_modules"]


def test_an_edge_has_no_processor_to_hold_pure(generate: Any) -> None:
    assert "affectloop_gaze.processor" not in contract(project_with(generate, EDGE), "Processors")["source_modules"]


def test_nothing_else_of_the_project_changes(generate: Any) -> None:
    text = (ROOT / "pyproject.toml").read_text()
    added = generate.with_services(text, [*generate.declared(), SERVICE])
    names = r'"(services/gaze(/affectloop_gaze)?|affectloop_gaze(\.processor)?)",|,gaze|:services/gaze| \| affectloop_gaze'
    assert re.sub(rf"^gaze = .*|{names}|\s", "", added, flags=re.MULTILINE) == re.sub(r"\s", "", text)


def test_what_a_service_takes_is_what_compose_and_kubernetes_give_it(generate: Any) -> None:
    compose = generate.filled("compose-service.yml", SERVICE)
    assert 'limits: { cpus: "2", memory: 1536M }' in compose
    assert "<<: *service" in compose
    (deployment,) = (item for item in yaml.safe_load_all(generate.manifests(SERVICE)) if item["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["resources"] == {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "2", "memory": "1536Mi"}}
    assert deployment["metadata"]["labels"]["affectloop/autoscaled"] == "false"


def test_an_edge_brings_its_own_ports(generate: Any) -> None:
    assert "<<: [*gaze, *service]" in generate.filled("compose-service.yml", EDGE)
    assert "Service" not in {item["kind"] for item in yaml.safe_load_all(generate.manifests(EDGE))}
    assert "Service" in {item["kind"] for item in yaml.safe_load_all(generate.manifests(SERVICE))}
