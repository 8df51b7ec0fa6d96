"""The project about itself: what is generated is fresh, what is declared is there, what is forbidden is absent."""

import re
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = sorted(point.name for point in entry_points(group="affectloop.services"))
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60  # lines
MOST_MODULES = 15  # of a folder
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


def test_what_follows_from_the_services_is_fresh(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "services" / "generate.py"), str(tmp_path)], check=True)
    stale = [path for path in sorted(tmp_path.rglob("*")) if path.is_file() and _committed(path, tmp_path) != path.read_text()]
    assert not stale, f"{', '.join(str(path.relative_to(tmp_path)) for path in stale)}: run `make services`"


def _committed(path: Path, folder: Path) -> str:
    return (ROOT / path.relative_to(folder)).read_text()


def test_every_folder_of_services_is_an_installed_service() -> None:
    folders = sorted({path.parents[1].name for path in (ROOT / "services").glob("*/affectloop_*/*.py")})
    assert folders == SERVICES, "run `make services`: it names the new one in pyproject.toml, and installs it"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_its_readme_of_one_screen(name: str) -> None:
    path = ROOT / "services" / name / "README.md"
    assert path.exists(), f"write services/{name}/README.md: what the service does, in one screen"
    assert len(path.read_text().splitlines()) <= 60


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_tests_of_its_own(name: str) -> None:
    folder = ROOT / "tests" / "unit" / name
    assert list(folder.rglob("test_*.py")), f"write the first test into tests/unit/{name}/"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_short(path: Path) -> None:
    import ast

    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{node.name} is too long"


@pytest.mark.parametrize("room", ["src", "services", "commands", "learning", "tests", "benchmarks"])
def test_no_folder_holds_more_modules_than_one_can_survey(room: str) -> None:
    modules = [path for path in sources() if path.is_relative_to(ROOT / room) and path.name != "__init__.py"]
    counts = Counter(path.parent.relative_to(ROOT).as_posix() for path in modules)
    full = [f"{folder} holds {count}" for folder, count in counts.items() if count > MOST_MODULES]
    assert not full, "give what belongs together a folder of its own"


def test_a_unit_test_is_found_by_the_name_of_its_package() -> None:
    unit = ROOT / "tests" / "unit"
    rooms = {*SERVICES, "commands", "learning", "benchmarks", "web"}
    library = {path.stem for path in (ROOT / "src" / "affectloop").iterdir()}
    folders = {path.name for path in unit.iterdir() if list(path.rglob("test_*.py"))}
    assert folders <= rooms | library, "a folder of tests/unit is named as the package that it tests"


def test_every_task_that_a_document_names_is_there() -> None:
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    groups = {"evaluate": "affectloop.evaluations", "train": "affectloop.trainings", "render": "affectloop.renderings"}
    documents = [path for path in tracked() if path.suffix in {".md", ".json"} or path.name == "NOTICE"]
    named = {
        (path.relative_to(ROOT).as_posix(), verb, task)
        for path in documents
        for verb, task in re.findall(rb"`?affectloop (evaluate|train|render) ([a-z][a-z-]+)", path.read_bytes())
    }
    assert len(named) > 8
    unknown = [each for each in named if each[2].decode() not in points[groups[each[1].decode()]]]
    assert not unknown


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


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_what_a_document_names_is_there(name: str) -> None:
    named = re.findall(r"(?:tests|src|services|commands|deploy|docs|learning|proto|web)/[\w./-]*\w", (ROOT / name).read_text())
    assert not [path for path in named if "NAME" not in path and not list(ROOT.glob(f"{path}*"))]
