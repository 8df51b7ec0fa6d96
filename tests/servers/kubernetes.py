"""A real Kubernetes control plane on loopback with simulated nodes: objects, admission and controllers are real, no container ever runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from affectloop.clock import SystemClock
from servers.ports import free_port

STAGES = "kwok-stages.yaml"  # how kwok's nodes and pods become ready: its own "fast" stages
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok", STAGES)
REMEDY = f"Kubernetes: set KUBEBUILDER_ASSETS to a folder with {', '.join(PROGRAMS)}"
NODES = ("node-1", "node-2", "node-3")
START_S = 60.0  # three seconds on a quiet machine
STOP_S = 10.0
CERTIFICATE_LIVES = timedelta(days=2)
SERVICE_ADDRESSES = "10.0.0.0/24"


def kubectls() -> list[str]:
    """Every kubectl of this machine: the one on the PATH, and the control plane's."""
    named = os.environ.get("KUBEBUILDER_ASSETS")
    found = [shutil.which("kubectl"), shutil.which("kubectl", path=named) if named else None]
    return [program for program in found if program]


class Refused(Exception):
    """kubectl said no; the message is what it said."""


@contextmanager
def control_plane(folder: Path) -> Iterator[ControlPlane | None]:
    """A control plane with three nodes in that folder, or ``None`` where KUBEBUILDER_ASSETS does not name its programs."""
    named = os.environ.get("KUBEBUILDER_ASSETS")
    if not named or not all((Path(named) / program).exists() for program in PROGRAMS):
        yield None
        return
    plane = ControlPlane(Path(named), folder)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()


class ControlPlane:
    """The programs, their certificates and ports.

    Parameters
    ----------
    programs
        The folder that holds them.
    folder
        An empty one, for keys, data and logs.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._store_port, self._port = free_port(), free_port()
        self._running: list[subprocess.Popen[bytes]] = []
        self._authority = _Authority(folder)

    def start(self) -> None:
        """Start all; returns once the nodes are ready."""
        self._authority.issue("server", "kube-apiserver", addresses=("127.0.0.1", "10.0.0.1"), server=True)
        self._authority.issue("admin", "admin", group="system:masters")
        for name in ("controller-manager", "scheduler"):
            self._authority.issue(name, f"system:kube-{name}")
        for name in ("admin", "controller-manager", "scheduler"):
            self._write_configuration(name)
        self._start_server()
        self._until("the API server", "get", "--raw=/readyz")
        self._start_controllers()
        self.kubectl("apply", "-f", "-", given=yaml.safe_dump_all(map(_node, NODES)))
        self.kubectl("wait", "--for=condition=Ready", "nodes", "--all", f"--timeout={START_S:.0f}s")
        self._until("the controllers", "-n", "default", "get", "serviceaccount", "default")

    def stop(self) -> None:
        """Stop all, the newest first: the API server would wait for an etcd that has gone."""
        while self._running:
            process = self._running.pop()
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kubectl(self, *arguments: str, given: str = "", seconds: float = 90.0) -> str:
        """What kubectl prints, its warnings included; ``Refused`` where it fails."""
        environment = {"KUBECONFIG": str(self._file("admin.kubeconfig")), "KUBECACHEDIR": str(self._file("cache")), "KUBERC": "off"}
        done = subprocess.run(
            [str(self._programs / "kubectl"), *arguments],
            input=given, capture_output=True, text=True, timeout=seconds, check=False, env={"HOME": str(self._folder)} | environment,
        )  # fmt: skip
        if done.returncode:
            raise Refused(done.stderr)
        return done.stdout + done.stderr

    def _start_server(self) -> None:
        store = f"http://127.0.0.1:{self._store_port}"
        self._run("etcd", f"--data-dir={self._file('etcd')}", "--unsafe-no-fsync=true", "--log-level=warn", f"--listen-client-urls={store}",
                  f"--advertise-client-urls={store}", "--listen-peer-urls=http://127.0.0.1:0")  # fmt: skip
        signing = self._file("server.key")
        self._run("kube-apiserver", f"--etcd-servers={store}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
                  f"--secure-port={self._port}", "--endpoint-reconciler-type=none", f"--tls-cert-file={self._file('server.crt')}",
                  f"--tls-private-key-file={signing}", f"--client-ca-file={self._file('authority.crt')}",
                  "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-signing-key-file={signing}",
                  f"--service-account-key-file={signing}", f"--service-cluster-ip-range={SERVICE_ADDRESSES}",
                  "--authorization-mode=Node,RBAC", "--allow-privileged=true", "--profiling=false")  # fmt: skip

    def _start_controllers(self) -> None:
        alone = ("--bind-address=127.0.0.1", "--secure-port=0", "--leader-elect=false", "--profiling=false")
        for name, more in (
            ("controller-manager", ("--use-service-account-credentials=true", "--kube-api-qps=500", "--kube-api-burst=1000",
                                    f"--service-account-private-key-file={self._file('server.key')}",
                                    f"--root-ca-file={self._file('authority.crt')}")),
            ("scheduler", ()),
        ):  # fmt: skip
            own = self._file(f"{name}.kubeconfig")
            known = (f"--kubeconfig={own}", f"--authentication-kubeconfig={own}", f"--authorization-kubeconfig={own}")
            self._run(f"kube-{name}", *known, *alone, *more)
        self._run("kwok", f"--config={self._programs / STAGES}", f"--kubeconfig={self._file('admin.kubeconfig')}",
                  "--manage-all-nodes=true", "--cidr=10.1.0.0/16", "--node-ip=127.0.0.1", "--node-lease-duration-seconds=40")  # fmt: skip

    def _run(self, program: str, *arguments: str) -> None:
        """Start a program that ends with this process, also when this is killed."""
        bound = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []
        with self._file(f"{program}.log").open("wb") as log:
            command = [*bound, str(self._programs / program), *arguments]
            self._running.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, env={"HOME": str(self._folder)}))

    def _until(self, what: str, *question: str) -> None:
        until = time.monotonic() + START_S
        while True:
            try:
                self.kubectl("--request-timeout=5s", *question)
            except Refused as error:
                ended = [process.args for process in self._running if process.poll() is not None]
                if ended or time.monotonic() > until:
                    raise RuntimeError(f"{what} did not come up: {error}; {ended} ended; logs are in {self._folder}") from error
                time.sleep(0.1)
            else:
                return

    def _file(self, name: str) -> Path:
        return self._folder / name

    def _write_configuration(self, name: str) -> None:
        server = {"server": f"https://127.0.0.1:{self._port}", "certificate-authority": str(self._file("authority.crt"))}
        user = {"client-certificate": str(self._file(f"{name}.crt")), "client-key": str(self._file(f"{name}.key"))}
        content = {
            "apiVersion": "v1", "kind": "Config", "current-context": "test", "clusters": [{"name": "test", "cluster": server}],
            "users": [{"name": "test", "user": user}], "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        }  # fmt: skip
        self._file(f"{name}.kubeconfig").write_text(yaml.safe_dump(content))


class _Authority:
    """Signs the certificates of one control plane."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test-authority")])
        own = self._builder(self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self._write("authority.crt", own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(self, file: str, name: str, *, group: str = "", addresses: Sequence[str] = (), server: bool = False) -> None:
        """Write FILE.key and FILE.crt for that user (and group), or for a server at these addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        subject = x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(subject, key.public_key()).add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if addresses:
            names = [x509.IPAddress(ip_address(address)) for address in addresses]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        self._write(f"{file}.crt", builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        pem = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
        self._write(f"{file}.key", key.private_bytes(*pem))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.fromtimestamp(SystemClock().wall_us() / 1e6, UTC)
        return (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + CERTIFICATE_LIVES)
        )  # fmt: skip

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.touch(0o600)
        path.write_bytes(content)


def _node(name: str) -> dict[str, object]:
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "type": "kwok"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
