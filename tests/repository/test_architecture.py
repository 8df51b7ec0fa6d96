"""A drawing of the imports, checked: no circle, no full room, and nothing impure behind a processor. Layers: lint-imports."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from affectloop.runtime.service import processors

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOLDERS = [ROOT / name for name in PROJECT["tool"]["hatch"]["build"]["dev-mode-dirs"]]
PACKAGES: dict[str, Path] = {path.parent.name: path.parent for folder in FOLDERS for path in sorted(folder.glob("*/__init__.py"))}
MOST_MODULES = 15  # of a folder, as on the pages' side (test_web.py)
IMPURE = {"open", "print", "input", "exec", "eval", "__import__"}  # what needs no import to reach outside


@cache
def graph() -> grimp.ImportGraph:
    """Who imports whom, over all packages."""
    return grimp.build_graph(*sorted(PACKAGES))


def file_of(module: str) -> Path:
    """Where a module lies."""
    package, *rest = module.split(".")
    path = PACKAGES[package].joinpath(*rest)
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_no_import_goes_round_in_a_circle() -> None:
    imports = {module: graph().find_modules_directly_imported_by(module) for module in graph().modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1][::-1]))


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_no_folder_is_flat(package: str) -> None:
    for folder in {path.parent for path in PACKAGES[package].rglob("*.py")}:
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        named = folder.relative_to(ROOT)
        assert len(modules) <= MOST_MODULES or "messages" in named.parts, f"{named} has {len(modules)} modules: make folders by subject"


@pytest.mark.parametrize("service", [service.name for service in processors()])
def test_a_processor_reaches_nothing_outside_by_a_builtin(service: str) -> None:
    """What it may not import, lint-imports holds: modules behind it included."""
    processor = f"affectloop_{service}.processor"
    behind = graph().find_upstream_modules(processor) | {processor}
    for module in sorted(behind):
        for node in ast.walk(ast.parse(file_of(module).read_text())):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            assert called not in IMPURE, f"{module} calls {called}(), and {processor} imports it: a processor is pure"


@pytest.mark.parametrize("service", [service.name for service in processors()])
def test_a_processor_has_its_module_of_that_name(service: str) -> None:
    module = f"affectloop_{service}.processor"
    assert module in graph().modules, (
        f"put the processor into services/{service}/affectloop_{service}/processor.py: import rules know it so"
    )
    defined = [node for node in ast.parse(file_of(module).read_text()).body if isinstance(node, ast.ClassDef)]
    methods = [{part.name for part in node.body if isinstance(part, ast.FunctionDef)} for node in defined]
    assert any({"step", "advance", "needs_from_us"} <= names for names in methods), f"{module} defines no Processor"
