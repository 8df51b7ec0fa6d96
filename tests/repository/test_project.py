"""The project about itself: what is generated is fresh, what is declared is there, what is forbidden is absent."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = sorted(point.name for point in entry_points(group="affectloop.services"))
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60  # lines
SKIPPED_FOLDERS = {".venv", "node_modules", ".git", ".mypy_cache", ".ruff_cache", ".hypothesis", "__pycache__", "var", "messages"}


def sources() -> list[Path]:
    """Every hand-written Python file."""
    return [path for path in sorted(ROOT.rglob("*.py")) if not SKIPPED_FOLDERS & set(path.relative_to(ROOT).parts)]


def tracked() -> list[Path]:
    """Every file in the repository."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]


def test_generated_messages_are_fresh(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "proto" / "generate.py"), str(tmp_path)], check=True)
    committed = ROOT / "src" / "affectloop" / "messages" / "v1"
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        path.name: path.read_text() for path in committed.iterdir() if path.is_file()
    }, "run `make proto`"


def test_generated_documents_are_fresh(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "docs" / "generate.py"), str(tmp_path)], check=True)
    for path in sorted(tmp_path.rglob("*")):
        if path.is_file():
            assert (ROOT / path.relative_to(tmp_path)).read_text() == path.read_text(), f"{path.name} is stale: run `make docs`"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_its_four_places(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert (ROOT / "services" / name / f"affectloop_{name}" / "service.py").exists(), "the package"
    assert f"services/{name}/affectloop_{name}" in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"], "the wheel's line"
    assert (ROOT / "deploy" / "k8s" / "base" / f"{name}.yaml").exists(), "the k8s file"
    assert f"\n  {name}:" in (ROOT / "docker-compose.yml").read_text(), "the compose service"
    assert (ROOT / "services" / name / "README.md").exists(), "the README"
    assert name in project["project"]["optional-dependencies"], "the extra"


def test_services_are_the_same_everywhere() -> None:
    folders = sorted(path.name for path in (ROOT / "services").iterdir() if path.is_dir())
    files = sorted(path.stem for path in (ROOT / "deploy" / "k8s" / "base").glob("*.yaml"))
    assert folders == SERVICES
    assert [name for name in files if name in SERVICES] == SERVICES


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_short(path: Path) -> None:
    import ast

    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{node.name} is too long"


def test_no_file_names_a_machine_or_a_registry() -> None:
    forbidden = re.compile(rb"/work/(main|shared)|/root/|registry\.npmjs\.org|pypi\.org|files\.pythonhosted")
    for path in tracked():
        if path != Path(__file__):
            found = forbidden.search(path.read_bytes())
            assert found is None, f"{path.relative_to(ROOT)} holds {found.group() if found else b''!r}"


def test_no_file_is_larger_than_a_checkout_should_carry() -> None:
    for path in tracked():
        assert path.stat().st_size < 8_000_000, f"{path.relative_to(ROOT)} is too large"


def test_every_model_has_its_card_and_is_what_its_config_says() -> None:
    from affectloop.models import checked, config

    folders = [path for path in sorted((ROOT / "models").iterdir()) if path.is_dir()]
    assert folders
    for folder in folders:
        assert "licen" in (folder / "MODEL_CARD.md").read_text().lower()
        named = config(folder.name)["sha256"]
        for file in named:
            checked(folder.name, file)
        weights = {path.name for path in folder.iterdir() if path.suffix in {".onnx", ".safetensors", ".task", ".npz"}}
        assert weights <= set(named), f"{folder.name}: every weight is named with its SHA-256"


def test_the_changelog_speaks_of_what_is_unreleased() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()


def test_decisions_are_numbered_once_and_complete() -> None:
    paths = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert paths
    numbers = [path.name[:4] for path in paths]
    assert len(set(numbers)) == len(numbers)
    for path in paths:
        for part in ("Context", "Decision", "Consequences", "Rejected"):
            assert f"## {part}" in path.read_text(), f"{path.name} lacks {part}"
