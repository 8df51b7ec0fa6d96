"""The image and compose, read: they say what the code says, pin what they use and hold no secret."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml
from pydantic_settings import BaseSettings

import compose
from affectloop import __version__
from affectloop.runtime.service import load
from affectloop.runtime.service_runner import LEAVE_S
from affectloop.settings import RuntimeSettings

ROOT = Path(__file__).parents[2]
SERVICES = sorted(point.name for point in entry_points(group="affectloop.services"))
OTHERS = {"topics", "kafka", "redis", "postgres", "prometheus", "grafana"}
PINNED = re.compile(r"[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9]+)*(@sha256:[0-9a-f]{64})?")
SPECIFIED = {  # what the compose specification knows of a service, as far as it is used here
    "build", "cap_drop", "command", "depends_on", "deploy", "entrypoint", "environment", "healthcheck", "image", "init", "logging",
    "networks", "pids_limit", "ports", "read_only", "restart", "security_opt", "shm_size", "stop_grace_period", "tmpfs", "user", "volumes",
}  # fmt: skip


def instructions() -> list[list[str]]:
    """The Dockerfile's instructions as words, comments and line ends gone."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]


def stages() -> dict[str, list[tuple[str, str]]]:
    """Instructions of each stage by its name; "" holds those before the first."""
    found: dict[str, list[tuple[str, str]]] = {"": []}
    for name, rest in instructions():
        if name == "FROM":
            found[rest.split(" AS ")[1]] = []
        found[list(found)[-1]].append((name, rest))
    return found


def variables() -> dict[str, str]:
    """ENV of the image that is shipped."""
    return dict(word.split("=", 1) for name, rest in stages()["service"] if name == "ENV" for word in shlex.split(rest))


def test_the_image_is_built_in_named_stages_from_a_pinned_base() -> None:
    ((_, version),) = [(name, rest) for name, rest in stages()[""] if name == "ARG"]
    assert list(stages()) == ["", "build", "service"]
    assert re.fullmatch(r"PYTHON=3\.1[123]\.\d+-slim-[a-z]+", version)
    assert {rest.split()[0] for name, rest in instructions() if name == "FROM"} == {"python:${PYTHON}"}


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    for _, rest in ((name, rest) for name, rest in stages()["build"] if name == "COPY"):
        for source in rest.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in ignored, source
    assert "*" in ignored
    assert "**/.env" in ignored


def test_the_image_runs_as_nobody_in_particular_and_brings_no_compiler() -> None:
    last = dict(stages()["service"])
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", last["USER"])
    assert json.loads(last["CMD"]) == ["affectloop", "run"]
    assert "/health/live" in last["HEALTHCHECK"]
    assert "RUN" not in last
    assert not re.search(r"apt-get|gcc|build-essential", (ROOT / "Dockerfile").read_text())


def test_the_image_tells_its_process_who_it_is_and_strangers_nothing() -> None:
    environment = variables()
    assert environment["AFFECTLOOP_SERVICE"] == "${SERVICE}"
    assert environment["ORT_DISABLE_TELEMETRY"] == "1", "ONNX Runtime on Linux reports its use to its maker unless told not to"
    (port,) = [rest for name, rest in stages()["service"] if name == "EXPOSE"]
    assert environment["AFFECTLOOP_RUNTIME__HEALTH_PORT"] == port


@pytest.mark.parametrize("name", [*SERVICES, "nobody"])
def test_an_image_installs_what_its_service_needs_and_no_torch(name: str, tmp_path: Path) -> None:
    (line,) = [rest for kind, rest in stages()["build"] if kind == "RUN" and "requirements.txt" in rest and "tomllib" in rest]
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    environment = os.environ | {"SERVICE": name, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (name in SERVICES)
    if name in SERVICES:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        wanted = (tmp_path / "requirements.txt").read_text().splitlines()
        assert set(wanted) >= {
            *project["dependencies"],
            *project["optional-dependencies"][name],
            *project["optional-dependencies"]["kafka"],
        }
        assert not [line for line in wanted if line.startswith(("torch", "affectloop"))]


def test_compose_runs_every_service_and_what_they_need() -> None:
    assert set(compose.services()) == set(SERVICES) | OTHERS
    for name in SERVICES:
        service = compose.services()[name]
        assert service["build"]["args"] == {"SERVICE": name}
        assert service["image"] == f"affectloop-{name}:{__version__}"


@pytest.mark.parametrize("name", sorted({*SERVICES, *OTHERS}))
def test_a_compose_service_is_hardened_bounded_and_known_to_the_specification(name: str) -> None:
    service = compose.services()[name]
    assert set(service) <= SPECIFIED
    assert PINNED.fullmatch(service["image"]), "a version, not latest"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "build" in service or int(service["user"].split(":")[0]) > 0, "not root"
    assert service["restart"] == ("on-failure:5" if name == "topics" else "unless-stopped")
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert "healthcheck" in service or "build" in service
    if name in SERVICES:
        assert float(service["stop_grace_period"].removesuffix("s")) > LEAVE_S


def test_compose_names_only_what_it_declares() -> None:
    project, services = compose.project(), compose.services()
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            once = services[name]["restart"].startswith("on-failure")
            assert wanted["condition"] == ("service_completed_successfully" if once else "service_healthy")
        assert set(service["networks"]) <= set(project["networks"])
        for volume in service.get("volumes", ()):
            source, target, *mode = volume.split(":")
            assert target.startswith("/")
            assert source in project["volumes"] or ((ROOT / source).is_dir() and mode == ["ro"])
    assert {name for name, network in project["networks"].items() if not (network or {}).get("internal")} == {"outside"}


def test_compose_publishes_three_ports_and_only_to_this_machine() -> None:
    published = {name: service["ports"] for name, service in compose.services().items() if "ports" in service}
    assert published == {
        "capture": ["127.0.0.1:50051:50051"],
        "gateway": ["127.0.0.1:8080:8080"],
        "grafana": ["127.0.0.1:3000:3000"],
    }
    assert {name for name, service in compose.services().items() if "outside" in service["networks"]} == set(published)


@pytest.mark.parametrize("missing", sorted(compose.SECRETS))
def test_compose_refuses_to_start_without_a_secret_and_says_where_it_goes(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        compose.services({name: value for name, value in compose.SECRETS.items() if name != missing})
    for found in compose.VARIABLE.finditer((ROOT / "docker-compose.yml").read_text()):
        is_secret = found["name"] is not None and found["default"] is None
        assert not is_secret or "docs/operations.md" in found["how"]
    assert missing in (ROOT / "docs" / "operations.md").read_text()


def test_no_secret_is_in_the_tree() -> None:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not [name for name in listed.splitlines() if Path(name).name in (".env", "secrets.env")]
    raw = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for service in raw.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY|SECRET|TOKEN|DATABASE$|STATE$", name):
                assert re.search(r"\$\{[A-Z_]+:\?", value), f"{name} is written down"


def test_compose_itself_takes_the_file(tmp_path: Path) -> None:
    """By the plugin or, without its ``name``, which it does not know, by version 1 (Debian's package); neither needs an engine."""
    text = (ROOT / "docker-compose.yml").read_text()
    if _answers("docker", "compose", "version"):
        program = ["docker", "compose"]
    elif _answers("docker-compose", "version"):
        program, text = ["docker-compose"], re.sub(r"^name: .*\n", "", text, flags=re.MULTILINE)
    else:
        pytest.skip("docker compose config: install the compose plugin, or Debian's docker-compose")
    file = tmp_path / "docker-compose.yml"
    file.write_text(text)
    command = [*program, "--file", str(file), "--project-directory", str(ROOT), "config", "--quiet"]
    done = subprocess.run(command, env=os.environ | compose.SECRETS, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    file.write_text(text.replace("depends_on:", "depend_on:", 1))
    done = subprocess.run(command, env=os.environ | compose.SECRETS, capture_output=True, text=True, check=False)
    assert done.returncode != 0, "it looks"


def _answers(*command: str) -> bool:
    return shutil.which(command[0]) is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0


def known_variables() -> set[str]:
    """Every variable that a settings class reads."""
    classes: list[type[BaseSettings]] = [RuntimeSettings, *(load(name).settings for name in SERVICES)]
    return {f"{kind.model_config['env_prefix']}{field.upper()}" for kind in classes for field in kind.model_fields} | {"AFFECTLOOP_SERVICE"}


def test_every_variable_that_is_named_anywhere_is_a_setting() -> None:
    """A settings class refuses its own unknown variables; those of a service that is not installed nobody would miss."""
    places = [ROOT / "Dockerfile", ROOT / "docker-compose.yml", ROOT / "docs" / "operations.md"]
    places += [path for path in sorted((ROOT / "deploy").rglob("*")) if path.is_file()]
    for path in places:
        named = set(re.findall(r"AFFECTLOOP_[A-Z][A-Z0-9_]*", path.read_text()))
        assert named <= known_variables(), path.name


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_takes_the_settings_that_compose_gives_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {key: value for key, value in variables().items() if key.startswith("AFFECTLOOP_RUNTIME")} | compose.services()[name][
        "environment"
    ]
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    runtime, own = RuntimeSettings(), load(name).settings()
    assert runtime.bus == "kafka://kafka:9092"
    assert runtime.state.startswith("redis://")
    assert (runtime.health_host, runtime.health_port) == ("0.0.0.0", 9100)
    assert getattr(own, "host", "0.0.0.0") == "0.0.0.0"
