"""An extra is what its service imports: nothing is missing from it, and nothing in it is idle."""

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if path.is_dir())

# What a command of a service needs beyond the service itself; it says so where it is missing.
OTHER_EXTRAS = {"capture": {"sounddevice": "microphone"}}

# What a service, or a task of learning, names without importing it.
BY_NAME = {
    "gateway": {
        "pg8000": "SQLAlchemy's driver, in the database's address",
        "websockets": "uvicorn's protocol, in its configuration",
        "alembic": "the gateway migrates through affectloop.store",
    },
    "learning": {
        "affectloop": "the services whose own code is trained and scored",
        "safetensors": "weights are saved through affectloop.nets",
        "onnx": "torch exports through affectloop.nets, with it and with onnxscript",
        "onnxscript": "see onnx",
    },
}

# A namespace package that many distributions share: which of them a module is from.
NAMESPACES = {"google.protobuf": "protobuf"}


def modules_in(path: Path, *, at_start: bool = False) -> Iterator[str]:
    """The modules that a file imports; with ``at_start`` only those that importing it imports."""
    tree = ast.parse(path.read_text())
    for node in _executed(tree) if at_start else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module.startswith("affectloop"))


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _executed(node)


def third_party(modules: Iterator[str]) -> set[str]:
    """The top-level names among them that neither Python nor this project brings."""
    tops = {next((space for space in NAMESPACES if name.startswith(space)), name.split(".")[0]) for name in modules}
    return {name for name in tops if name not in sys.stdlib_module_names and not name.startswith("affectloop")}


def imported_by_service(name: str) -> set[str]:
    """What the service's own files import anywhere, and the parts of the library that its start imports."""
    files = sorted((ROOT / "services" / name).rglob("*.py"))
    found = set().union(*(third_party(modules_in(path)) for path in files))
    seen: set[Path] = set()
    waiting = [ROOT / "services" / name / f"affectloop_{name}" / "service.py"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        found |= third_party(modules_in(path, at_start=True))
        waiting += [file for module in modules_in(path, at_start=True) for file in _files(module)]
    return found


def imported_by_learning(extra: str) -> set[str]:
    """What the tasks of an extra import anywhere: drawing is apart from training and evaluation."""
    package = ROOT / "learning" / "affectloop_learning"
    files = [path for path in sorted(package.rglob("*.py")) if (package / "demo_learner" in path.parents) == (extra == "rendering")]
    return set().union(*(third_party(modules_in(path)) for path in files))


def _files(module: str) -> Iterator[Path]:
    top, *_ = module.split(".")
    base = ROOT / "src" if top == "affectloop" else ROOT / "services" / top.removeprefix("affectloop_")
    path = base.joinpath(*module.split("."))
    yield from (file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file())


def closure(requirements: list[str]) -> set[str]:
    """The distributions that these requirements bring, with all that they require."""
    brought: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in brought:
            continue
        brought.add(key)
        for text in requires(requirement.name) or []:
            inner = Requirement(text)
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)):
                waiting.append(inner)
    return {name for name, _ in brought}


@cache
def providers() -> Mapping[str, list[str]]:
    """The distributions that bring each top-level module; asked once, for it reads every installed file list."""
    return packages_distributions()


def distributions(module: str) -> set[str]:
    """The distributions that hold this module."""
    found = [NAMESPACES[module]] if module in NAMESPACES else providers().get(module, [module])
    return {canonicalize_name(name) for name in found}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_imports_nothing_that_its_extra_does_not_bring(name: str) -> None:
    brought = closure([*PROJECT["dependencies"], *PROJECT["optional-dependencies"][name]])
    excused = OTHER_EXTRAS.get(name, {})
    missing = {module for module in imported_by_service(name) - set(excused) if not distributions(module) & brought}
    assert not missing, f"the extra {name} lacks what brings {', '.join(sorted(missing))}"


@pytest.mark.parametrize(("name", "module"), [(name, module) for name, excused in OTHER_EXTRAS.items() for module in excused])
def test_what_a_service_leaves_to_another_extra_is_there(name: str, module: str) -> None:
    assert module in imported_by_service(name), "no longer imported: take it off the list"
    other = PROJECT["optional-dependencies"][OTHER_EXTRAS[name][module]]
    assert distributions(module) & {canonicalize_name(Requirement(text).name) for text in other}


@pytest.mark.parametrize("name", SERVICES)
def test_an_extra_brings_nothing_that_its_service_does_not_use(name: str) -> None:
    used = set().union(*(distributions(module) for module in imported_by_service(name)), BY_NAME.get(name, {}))
    idle = {canonicalize_name(Requirement(text).name) for text in PROJECT["optional-dependencies"][name]} - used
    assert not idle, f"the extra {name} brings {', '.join(sorted(idle))}, which services/{name} does not import"


@pytest.mark.parametrize("extra", ["learning", "rendering"])
def test_the_tasks_of_an_extra_import_what_it_brings_and_no_more(extra: str) -> None:
    wanted = PROJECT["optional-dependencies"][extra]
    installed = {canonicalize_name(name) for found in providers().values() for name in found} | {"affectloop"}  # moderngl is not, say
    brought = closure([*PROJECT["dependencies"], *(text for text in wanted if names([text]) <= installed)]) | names(wanted)
    imported = imported_by_learning(extra)
    missing = {module for module in imported if not distributions(module) & brought}
    assert not missing, f"the extra {extra} lacks what brings {', '.join(sorted(missing))}"
    idle = names(wanted) - set().union(*map(distributions, imported), BY_NAME.get(extra, {}))
    assert not idle, f"the extra {extra} brings {', '.join(sorted(idle))}, which no task of it imports"


def names(requirements: list[str]) -> set[str]:
    """The distributions that are named."""
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def test_all_is_every_service_and_kafka_and_embedded_is_every_service() -> None:
    extras = PROJECT["optional-dependencies"]
    named = {name: {extra for text in extras[name] for extra in Requirement(text).extras} for name in ("all", "embedded")}
    assert named == {"all": {*SERVICES, "kafka"}, "embedded": set(SERVICES)}
