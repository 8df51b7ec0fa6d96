"""The overlays on a real control plane: every object is taken, admitted and rolled out. Nodes are simulated, no container runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from affectloop.runtime.service import installed
from servers.kubernetes import REMEDY, ControlPlane, Refused, control_plane

pytestmark = pytest.mark.kubernetes

K8S = Path(__file__).parents[2] / "deploy" / "k8s"
SERVERS = ("kafka", "redis", "postgres")
ROLLED_OUT_S = 60  # simulated pods are ready at once; the controllers take a few seconds


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with control_plane(tmp_path_factory.mktemp("kubernetes")) as started:
        if started is None:
            pytest.skip(REMEDY)
        yield started


class Applied:
    """An overlay in a namespace of its own, as an operator would apply it."""

    def __init__(self, plane: ControlPlane, overlay: str, folder: Path) -> None:
        self.plane, self.overlay, self.namespace = plane, overlay, f"affectloop-{overlay}"
        where = os.path.relpath(K8S / "overlays" / overlay, folder.resolve())
        (folder / "kustomization.yaml").write_text(yaml.safe_dump({"namespace": self.namespace, "resources": [where]}))
        self.manifests = plane.kubectl("kustomize", str(folder))
        self.said = plane.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", given=self.manifests)

    def objects(self, kind: str) -> list[dict[str, Any]]:
        """What the manifests hold of a kind."""
        return [item for item in yaml.safe_load_all(self.manifests) if item["kind"] == kind]

    def kubectl(self, *arguments: str, given: str = "") -> str:
        """In this overlay's namespace."""
        return self.plane.kubectl("--namespace", self.namespace, *arguments, given=given)

    def list(self, kind: str) -> list[dict[str, Any]]:
        """What the control plane holds of a kind."""
        items: list[dict[str, Any]] = json.loads(self.kubectl("get", kind, "--output=json"))["items"]
        return items


@pytest.fixture(scope="module", params=["local", "cluster"])
def applied(request: pytest.FixtureRequest, plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Applied:
    overlay = str(request.param)
    if overlay == "local":  # no storage provisioner is simulated: disks for Kafka and PostgreSQL
        plane.kubectl("apply", "-f", "-", given=yaml.safe_dump_all([_disk("disk-1"), _disk("disk-2")]))
    return Applied(plane, overlay, tmp_path_factory.mktemp(overlay))


def test_every_object_is_taken_without_a_warning(applied: Applied) -> None:
    wanted = list(yaml.safe_load_all(applied.manifests))
    assert applied.said.count("serverside-applied") == len(wanted) > 40
    assert "warning" not in applied.said.lower()


def test_every_deployment_becomes_available(applied: Applied) -> None:
    applied.kubectl("wait", "--for=condition=Available", "deployments", "--all", f"--timeout={ROLLED_OUT_S}s")
    names = {item["metadata"]["name"] for item in applied.list("deployments")}
    assert names == set(installed())


def test_the_topics_job_completes(applied: Applied) -> None:
    applied.kubectl("wait", "--for=condition=Complete", "job/topics", f"--timeout={ROLLED_OUT_S}s")
    (job,) = applied.list("jobs")
    assert job["status"]["succeeded"] == 1


def test_local_brings_its_servers(applied: Applied) -> None:
    servers = SERVERS if applied.overlay == "local" else ()
    for name in servers:
        applied.kubectl("rollout", "status", f"statefulset/{name}", f"--timeout={ROLLED_OUT_S}s")
    assert {item["metadata"]["name"] for item in applied.list("statefulsets")} == set(servers)


def test_every_service_survives_a_drain(applied: Applied) -> None:
    applied.kubectl("wait", "--for=condition=Available", "deployments", "--all", f"--timeout={ROLLED_OUT_S}s")
    budgets = {item["metadata"]["name"] for item in applied.list("poddisruptionbudgets")}
    assert budgets == {item["metadata"]["name"] for item in applied.list("deployments")}
    for name in budgets:
        applied.kubectl("wait", f"pdb/{name}", "--for=jsonpath={.status.disruptionsAllowed}=1", f"--timeout={ROLLED_OUT_S}s")


def test_replicas_of_a_service_spread_over_nodes(applied: Applied) -> None:
    if applied.overlay == "local":
        assert all(item["spec"]["replicas"] == 1 for item in applied.list("deployments"))
        return
    applied.kubectl("wait", "--for=jsonpath={.status.readyReplicas}=2", "deployments", "--all", f"--timeout={ROLLED_OUT_S}s")
    nodes: dict[str, set[str]] = {}
    for pod in applied.list("pods"):
        nodes.setdefault(pod["metadata"]["labels"]["app.kubernetes.io/name"], set()).add(pod["spec"]["nodeName"])
    nodes.pop("topics")
    assert {name: len(where) for name, where in nodes.items()} == dict.fromkeys(nodes, 2)


def test_no_pod_has_a_token_of_the_cluster(applied: Applied) -> None:
    pods = applied.list("pods")
    assert pods
    for pod in pods:
        volumes = pod["spec"].get("volumes", ())
        assert not [volume for volume in volumes if "projected" in volume], f"{pod['metadata']['name']} holds a service account's token"


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"securityContext": {"privileged": True}}, id="privileged"),
        pytest.param({"securityContext": {"runAsUser": 0}}, id="root"),
        pytest.param({}, id="nothing said"),
    ],
)
def test_a_pod_that_breaks_the_restricted_profile_is_refused(applied: Applied, broken: dict[str, Any]) -> None:
    container = {"name": "stranger", "image": "stranger:1", **broken}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stranger"}, "spec": {"containers": [container]}}
    with pytest.raises(Refused, match='violates PodSecurity "restricted'):
        applied.kubectl("apply", "-f", "-", given=yaml.safe_dump(pod))


def test_a_misspelt_field_is_refused(applied: Applied) -> None:
    deployment = applied.objects("Deployment")[0]
    deployment["spec"]["template"]["spec"]["terminationGracePeriod"] = 30
    with pytest.raises(Refused, match="field not declared in schema"):
        applied.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", given=yaml.safe_dump(deployment))


def test_applying_again_changes_nothing(applied: Applied) -> None:
    before = {item["metadata"]["name"]: item["metadata"]["generation"] for item in applied.list("deployments")}
    applied.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", given=applied.manifests)
    assert {item["metadata"]["name"]: item["metadata"]["generation"] for item in applied.list("deployments")} == before


def _disk(name: str) -> dict[str, Any]:
    spec = {"capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": f"/nowhere/{name}"}}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}
