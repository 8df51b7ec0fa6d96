"""Write what follows from the services' declarations: ``python services/generate.py [FOLDER]``, or ``make services``.

A service is a folder ``services/<name>/affectloop_<name>/`` whose ``service.py`` holds its ``SERVICE``. Everything that lists
services is written from those: packaging, import rules, compose, Prometheus, Kubernetes. What only an edge has (a port, a secret)
stands in hand-written files beside it, which this leaves as they are; so is what else stands in pyproject.toml's lists.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from string import Template
from textwrap import indent

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(folder) for folder in sorted((ROOT / "services").iterdir()) if folder.is_dir()]  # a new one is not installed yet

from affectloop import __version__  # noqa: E402
from affectloop.runtime.service import Edge, Service  # noqa: E402

WRITTEN = "# Written by services/generate.py from each service's SERVICE; `make services` writes it anew.\n"
BEGIN, END = "# services: `make services` writes them from each SERVICE", "# end of services"
TEMPLATES = ROOT / "deploy" / "templates"
LONGEST_LINE = 140
PURE = 'name = "Processors and the mathematics are pure'  # how two contracts of the import rules begin
WITHOUT_TORCH = 'name = "Torch is for learning'


def declared() -> list[Service | Edge]:
    """Every service in the order of the entry points; a new one comes last."""
    listed = list(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["affectloop.services"])
    found = sorted(path.parents[1].name for path in (ROOT / "services").glob("*/affectloop_*/service.py"))
    names = [name for name in listed if name in found] + [name for name in found if name not in listed]
    services: list[Service | Edge] = [import_module(f"affectloop_{name}.service").SERVICE for name in names]
    for name, service in zip(names, services, strict=True):
        if service.name != name:
            sys.exit(f"services/{name}: its SERVICE calls itself {service.name}; give it the folder's name")
    return services


def pages() -> dict[str, str]:
    """Every file that lists services, by its path in the project."""
    services = declared()
    rules = _between("deploy/prometheus/rules.yml", _gone(services))
    return {
        "pyproject.toml": with_services((ROOT / "pyproject.toml").read_text(), services),
        "docker-compose.yml": _between("docker-compose.yml", "\n".join(filled("compose-service.yml", one) for one in services)),
        "deploy/prometheus/prometheus.yml": _between(
            "deploy/prometheus/prometheus.yml", f"- names: [{', '.join(service.name for service in services)}]"
        ),
        "deploy/prometheus/rules.yml": rules,
        "deploy/k8s/components/observability/rules.yaml": _operator_rules(rules),
        "deploy/k8s/base/services.yaml": WRITTEN + "---\n".join(manifests(service) for service in services),
        "deploy/k8s/components/autoscaling/autoscalers.yaml": WRITTEN
        + "---\n".join(filled("kubernetes-autoscaler.yaml", service) for service in services if service.resources.autoscaled),
        "deploy/k8s/overlays/cluster/kustomization.yaml": _between("deploy/k8s/overlays/cluster/kustomization.yaml", _images(services)),
    }


def _between(path: str, lines: str) -> str:
    """The file with these lines between its two markers, as far to the right as those are."""
    head, rest = (ROOT / path).read_text().split(BEGIN)
    _, tail = rest.split(END)
    margin = head[head.rindex("\n") + 1 :]
    return f"{head}{BEGIN}\n{indent(lines.rstrip(), margin)}\n{margin}{END}{tail}"


def filled(template: str, service: Service | Edge) -> str:
    """A template with what the service declares."""
    takes = service.resources
    return Template((TEMPLATES / template).read_text()).substitute(
        name=service.name,
        version=__version__,
        common=f"[*{service.name}, *service]" if isinstance(service, Edge) else "*service",
        cpus=f"{takes.cpus:g}",
        reserved_cpus=f"{takes.reserved_cpus * 1000:g}m",
        memory=_size(takes.memory_mib, "Mi", "Gi"),
        compose_memory=_size(takes.memory_mib, "M", "G"),
        reserved_memory=_size(takes.reserved_memory_mib, "Mi", "Gi"),
        autoscaled=str(takes.autoscaled).lower(),
    )


def _size(mib: int, small: str, large: str) -> str:
    return f"{mib // 1024}{large}" if mib % 1024 == 0 else f"{mib}{small}"


def manifests(service: Service | Edge) -> str:
    """An edge has its own Service, with the port that it opens."""
    own = filled("kubernetes-service.yaml", service)
    return own if isinstance(service, Edge) else own + "---\n" + filled("kubernetes-figures.yaml", service)


def _gone(services: Iterable[Service | Edge]) -> str:
    return "expr: " + " or ".join(f'absent(up{{job="affectloop", service="{service.name}"}})' for service in services)


def _operator_rules(rules: str) -> str:
    """The rules of compose's Prometheus as the operator's object."""
    lines = [line for line in rules.splitlines(keepends=True) if BEGIN not in line and END not in line]
    groups = "".join(lines[lines.index("groups:\n") :])
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: { name: affectloop }\nspec:\n"
    return "# deploy/prometheus/rules.yml as the operator's object.\n" + WRITTEN + head + indent(groups, "  ")


def _images(services: Iterable[Service | Edge]) -> str:
    registry = "registry.example.org/affectloop"
    return "\n".join(f"- {{ name: affectloop-{service.name}, newName: {registry}/{service.name} }}" for service in services)


def with_services(text: str, services: Sequence[Service | Edge]) -> str:
    """The text of pyproject.toml with every service in every list."""
    names = [service.name for service in services]
    packages = [f"affectloop_{name}" for name in names]
    text = _with_entry_points(text, names)
    text = _with_extras(text, names)
    text = _added(text, "[tool.hatch.build]", "dev-mode-dirs", [f"services/{name}" for name in names])
    text = _added(text, "[tool.hatch.build.targets.wheel]", "packages", [f"services/{name}/affectloop_{name}" for name in names])
    text = _with_mypy_path(text, names)
    text = _added(text, "[tool.importlinter]", "root_packages", packages)
    text = _with_layer(text, packages)
    processors = [f"affectloop_{service.name}.processor" for service in services if isinstance(service, Service)]
    text = _added(text, PURE, "source_modules", processors)
    return _added(text, WITHOUT_TORCH, "source_modules", packages)


def _with_entry_points(text: str, names: Iterable[str]) -> str:
    table = re.search(r'\[project\.entry-points\."affectloop\.services"\].*?\n\n', text, re.DOTALL)
    assert table is not None, "pyproject.toml has the table of the services' entry points"
    missing = [name for name in names if f"\n{name} = " not in table[0]]
    lines = "".join(f'{name} = "affectloop_{name}.service:SERVICE"\n' for name in missing)
    return text[: table.end() - 1] + lines + text[table.end() - 1 :]


def _with_extras(text: str, names: Sequence[str]) -> str:
    extras = tomllib.loads(text)["project"]["optional-dependencies"]
    new = "".join(f"{name} = []\n" for name in names if name not in extras)
    text = text.replace("\nall = [", f"\n{new}all = [", 1)
    for group in ("all", "embedded"):
        line = re.search(rf'^{group} = \["affectloop\[(.*?)\]"\]$', text, re.MULTILINE)
        assert line is not None, f"pyproject.toml has the extra {group}"
        text = text.replace(line[0], line[0].replace(line[1], ",".join(_union(line[1].split(","), names))))
    return text


def _with_mypy_path(text: str, names: Iterable[str]) -> str:
    line = re.search(r'^mypy_path = "(.*)"$', text, re.MULTILINE)
    assert line is not None, "pyproject.toml has mypy_path"
    return text.replace(line[1], ":".join(_union(line[1].split(":"), [f"services/{name}" for name in names])))


def _with_layer(text: str, packages: Sequence[str]) -> str:
    """The services are one layer, side by side."""
    layer = re.search(rf'^    "([^"]*\b{packages[0]} \|[^"]*)",$', text, re.MULTILINE)
    assert layer is not None, "pyproject.toml has the layer of the services"
    return text.replace(layer[1], " | ".join(_union(layer[1].split(" | "), packages)))


def _added(text: str, after: str, key: str, items: Sequence[str]) -> str:
    """The text with the items in the list ``key``, the first one after these words."""
    begin = text.index(after)
    found = re.compile(rf"^{key} = (\[.*?\])$", re.MULTILINE | re.DOTALL).search(text, begin)
    assert found is not None, f"pyproject.toml has {key} after {after}"
    listed = tomllib.loads(f"items = {found[1]}")["items"]
    if set(items) <= set(listed):
        return text
    return text[: found.start(1)] + _list(_union(listed, items)) + text[found.end(1) :]


def _union(listed: Sequence[str], items: Sequence[str]) -> list[str]:
    """The list with what is missing of the items, behind those that are there."""
    there = [at for at, item in enumerate(listed) if item in items]
    place = there[-1] + 1 if there else len(listed)
    return [*listed[:place], *(item for item in items if item not in listed), *listed[place:]]


def _list(items: Iterable[str]) -> str:
    lines = [""]
    for item in items:
        word = f'"{item}",'
        if len(lines[-1]) + len(word) + 5 > LONGEST_LINE:
            lines.append("")
        lines[-1] += f" {word}"
    return "[\n" + "".join(f"   {line}\n" for line in lines) + "]"


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    for path, text in pages().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
