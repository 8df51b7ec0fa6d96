"""The Kubernetes manifests, rendered and read. tests/system/test_kubernetes.py gives them to a real control plane."""

from __future__ import annotations

import functools
import os
import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

import compose
from affectloop import __version__
from affectloop.bus.kafka import DELIVERY_TIMEOUT_MS
from affectloop.runtime.service import load
from affectloop.runtime.service_runner import LEAVE_S
from affectloop.settings import RuntimeSettings
from servers.kubernetes import kubectls

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
K8S = DEPLOY / "k8s"
SERVICES = sorted(point.name for point in entry_points(group="affectloop.services"))
OVERLAYS = ("local", "cluster", "cluster and observability")
RENDERED = ("base", *OVERLAYS)
OPERATORS = {"PodMonitor", "PrometheusRule"}  # custom resources: no schema of Kubernetes' own
DEPRECATED = {"bases", "commonLabels", "imageTags", "patchesJson6902", "patchesStrategicMerge", "vars"}  # kustomize only warns of some
OLDEST = "1.30"  # the pods' pause before they stop
PINNED = re.compile(r"[a-z0-9./-]+:v?\d+\.\d+\.\d+(-[a-z0-9]+)*|postgres:\d+\.\d+-[a-z]+")

Manifest = dict[str, Any]


@functools.cache
def text(what: str, program: str) -> str:
    """What kustomize makes of an overlay; a warning is a failure."""
    folder = K8S / ("base" if what == "base" else f"overlays/{what.split()[0]}")
    if "observability" in what:
        return _with_component(folder, program)
    return _rendered(folder, program)


def _with_component(folder: Path, program: str) -> str:
    import tempfile

    with tempfile.TemporaryDirectory() as own:
        from_here = functools.partial(os.path.relpath, start=Path(own).resolve())
        content = {
            "resources": [from_here(folder)],
            "components": [from_here(K8S / "components" / "observability")],
            "namespace": "affectloop",
        }
        (Path(own) / "kustomization.yaml").write_text(yaml.safe_dump(content))
        return _rendered(Path(own), program)


def _rendered(folder: Path, program: str) -> str:
    done = subprocess.run([program, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def manifests(what: str) -> list[Manifest]:
    """Every object of an overlay."""
    if not (programs := kubectls()):
        pytest.skip("manifests: install kubectl, or set KUBEBUILDER_ASSETS to a folder that holds it")
    return _read(text(what, programs[0]))


@functools.cache
def _read(rendered: str) -> list[Manifest]:
    return list(yaml.safe_load_all(rendered))


def of_kind(what: str, *kinds: str) -> Iterator[Manifest]:
    """Every object of these kinds."""
    return (item for item in manifests(what) if item["kind"] in kinds)


def pods(what: str) -> Iterator[tuple[str, Manifest, Manifest]]:
    """Name, labels and specification of every pod's template."""
    for item in of_kind(what, "Deployment", "StatefulSet", "Job"):
        template = item["spec"]["template"]
        yield item["metadata"]["name"], template["metadata"]["labels"], template["spec"]


@pytest.mark.parametrize("what", RENDERED)
def test_every_kubectl_renders_the_same(what: str) -> None:
    manifests(what)
    assert len({text(what, program) for program in kubectls()}) == 1


@pytest.mark.parametrize("version", [OLDEST, kubernetes_validate.latest_version()])
def test_every_object_is_valid_to_the_letter(version: str) -> None:
    different = {yaml.safe_dump(item): item for what in RENDERED for item in manifests(what)}
    unknown = set()
    for item in different.values():
        try:
            kubernetes_validate.validate(item, version, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            unknown.add(item["kind"])
    assert unknown == OPERATORS


def test_nothing_deprecated_and_no_file_without_use() -> None:
    for path in sorted(DEPLOY.rglob("kustomization.yaml")):
        content = yaml.safe_load(path.read_text())
        assert not DEPRECATED & set(content), path
        used = {
            Path(entry).name for entry in [*content.get("resources", ()), *(patch.get("path", "") for patch in content.get("patches", ()))]
        }
        if K8S in path.parents:
            assert {file.name for file in path.parent.glob("*.yaml")} - {path.name} <= used, path.parent


@pytest.mark.parametrize("what", RENDERED)
def test_every_service_is_there_with_what_belongs_to_it(what: str) -> None:
    for kind in ("Deployment", "PodDisruptionBudget", "Service", "ServiceAccount"):
        names = {item["metadata"]["name"] for item in of_kind(what, kind)}
        assert set(SERVICES) <= names, kind
    assert sorted(item["metadata"]["name"] for item in of_kind(what, "Deployment")) == SERVICES
    assert all(item["metadata"].get("namespace") == "affectloop" for item in manifests(what) if item["kind"] != "Namespace")


@pytest.mark.parametrize("what", RENDERED)
def test_every_pod_is_restricted_and_bounded(what: str) -> None:
    for name, _, pod in pods(what):
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, name
        assert pod["serviceAccountName"] == name
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(container["resources"]["requests"]) == set(container["resources"]["limits"]) == {"cpu", "memory"}
        assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}


@pytest.mark.parametrize("what", RENDERED)
def test_images_are_pinned_and_are_those_of_compose(what: str) -> None:
    ours = {service["image"] for name, service in compose.services().items()}
    for name, _, pod in pods(what):
        image = pod["containers"][0]["image"]
        assert PINNED.fullmatch(image), image
        if what in ("base", "local"):
            assert image in ours, name
        else:
            assert image.endswith(f":{__version__}")
            assert name == "topics" or image.endswith(f"/{name}:{__version__}")


@pytest.mark.parametrize("what", RENDERED)
def test_a_service_is_probed_and_has_time_to_leave(what: str) -> None:
    for item in of_kind(what, "Deployment"):
        pod = item["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert ports["health"] == 9100
        paths = {probe: container[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")}
        assert paths == {
            "startup": {"path": "/health/live", "port": "health"},
            "liveness": {"path": "/health/live", "port": "health"},
            "readiness": {"path": "/health/ready", "port": "health"},
        }
        patience_s = container["livenessProbe"]["periodSeconds"] * container["livenessProbe"]["failureThreshold"]
        assert patience_s > DELIVERY_TIMEOUT_MS / 1000, "a broker that restarts must not restart the services"
        pause_s = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        assert pod["terminationGracePeriodSeconds"] > LEAVE_S + pause_s


def environment(what: str, pod: Manifest) -> dict[str, str | None]:
    """A container's variables; ``None`` for what comes from a secret."""
    maps = {item["metadata"]["name"]: item["data"] for item in of_kind(what, "ConfigMap")}
    (container,) = pod["containers"]
    found: dict[str, str | None] = {}
    for source in container.get("envFrom", ()):
        found |= maps[source["configMapRef"]["name"]]
    for variable in container.get("env", ()):
        found[variable["name"]] = variable.get("value")
    return found


@pytest.mark.parametrize("what", RENDERED)
def test_a_service_takes_the_settings_that_its_pod_has(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "AFFECTLOOP_RUNTIME__STATE": "redis://redis:6379/0",
        "AFFECTLOOP_GATEWAY__DATABASE": "postgresql://somebody@postgres/affectloop",
        "AFFECTLOOP_GATEWAY__MASTER_KEY": compose.SECRETS["AFFECTLOOP_GATEWAY__MASTER_KEY"],
    }
    for name, _, pod in pods(what):
        if name not in SERVICES:
            continue
        with monkeypatch.context() as there:
            for variable, value in environment(what, pod).items():
                there.setenv(variable, secrets[variable] if value is None else value)
            runtime, own = RuntimeSettings(), load(name).settings()
            assert runtime.bus.startswith("kafka://")
            assert runtime.state == "redis://redis:6379/0"
            assert (runtime.health_host, runtime.health_port) == ("0.0.0.0", 9100)
            assert getattr(own, "host", "0.0.0.0") == "0.0.0.0"


@pytest.mark.parametrize("what", RENDERED)
def test_secrets_are_named_never_written(what: str) -> None:
    assert not list(of_kind(what, "Secret"))
    for name, _, pod in pods(what):
        for variable, value in environment(what, pod).items():
            if re.search("PASSWORD|KEY|SECRET|TOKEN|DATABASE$|STATE$", variable):
                assert value is None, f"{name}: {variable} is written down"


def test_the_secrets_that_pods_ask_for_are_those_that_the_manual_makes() -> None:
    asked: set[tuple[str, str]] = set()
    for _, _, pod in pods("local"):
        for variable in pod["containers"][0].get("env", ()):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            asked |= {(reference["name"], reference["key"])} if reference else set()
    manual = (ROOT / "docs" / "operations.md").read_text().replace("\\\n", " ")
    made = {
        (name, key)
        for name, options in re.findall(r"create secret generic (\S+) (.*)", manual)
        for key in re.findall(r"--from-literal=([a-z-]+)=", options)
    }
    assert asked == made
    assert {pair for pair in asked if pair[0] == "affectloop"} == {("affectloop", key) for key in ("state", "database", "master-key")}


def test_only_the_gateway_is_given_the_database_and_the_master_key() -> None:
    for name, _, pod in pods("cluster"):
        given = set(environment("cluster", pod))
        assert ("AFFECTLOOP_GATEWAY__DATABASE" in given) == ("AFFECTLOOP_GATEWAY__MASTER_KEY" in given) == (name == "gateway")


def _selects(selector: Manifest, labels: Manifest) -> bool:
    exact = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return exact and all(labels.get(rule["key"]) in rule["values"] for rule in selector.get("matchExpressions", ()))


def _allows(what: str, direction: str, own: Manifest, other: Manifest, port: int) -> bool:
    """Whether the policies of the own pod let a connection to or from another pod of the namespace through."""
    side = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}[direction]
    policies = [
        item["spec"]
        for item in of_kind(what, "NetworkPolicy")
        if direction in item["spec"]["policyTypes"] and _selects(item["spec"]["podSelector"], own)
    ]
    assert policies, "a policy that refuses all selects every pod"
    return any(
        any("podSelector" in peer and "namespaceSelector" not in peer and _selects(peer["podSelector"], other) for peer in rule[side[1]])
        and port in [allowed["port"] for allowed in rule["ports"]]
        for policy in policies
        for rule in policy.get(side[0], ())
    )


def test_pods_reach_what_they_need_and_nothing_else() -> None:
    labels = {name: labels for name, labels, _ in pods("local")}
    ports = {"kafka": 9092, "redis": 6379, "postgres": 5432, "gateway": 8080, "capture": 50051}
    ports |= {name: 9100 for name in SERVICES if name not in ports}
    reached = {
        (source, target)
        for source in labels
        for target, port in ports.items()
        if _allows("local", "Egress", labels[source], labels[target], port)
        and _allows("local", "Ingress", labels[target], labels[source], port)
    }
    needed = {(name, server) for name in SERVICES for server in ("kafka", "redis")} | {("topics", "kafka"), ("gateway", "postgres")}
    assert reached == needed | {("kafka", "kafka")}


def test_autoscaling_counts_the_replicas_alone_and_stays_within_the_partitions() -> None:
    scaled = {item["spec"]["scaleTargetRef"]["name"]: item["spec"] for item in of_kind("cluster", "HorizontalPodAutoscaler")}
    assert set(scaled) <= set(SERVICES)
    for item in of_kind("cluster", "Deployment"):
        assert ("replicas" in item["spec"]) == (item["metadata"]["name"] not in scaled)
    assert all(2 <= spec["minReplicas"] <= spec["maxReplicas"] <= RuntimeSettings().partitions for spec in scaled.values())


def test_the_operator_gets_the_same_alerts_as_compose() -> None:
    (rules,) = of_kind("cluster and observability", "PrometheusRule")
    assert rules["spec"] == yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())
    (monitor,) = of_kind("cluster and observability", "PodMonitor")
    assert monitor["spec"]["jobLabel"] == "app.kubernetes.io/part-of"
    assert all(labels["app.kubernetes.io/part-of"] == "affectloop" for _, labels, _ in pods("cluster"))
