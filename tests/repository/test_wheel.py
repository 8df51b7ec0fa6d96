"""The wheel holds what runs, all of it, and nothing else."""

import configparser
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHEEL = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
PLACES = {**{folder: Path(folder).name for folder in WHEEL["packages"]}, **WHEEL["force-include"]}  # here, in the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel that hatchling makes of this checkout; it asks no index."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)], cwd=ROOT, check=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def names(wheel: zipfile.ZipFile) -> set[str]:
    """Its files, without its metadata."""
    return {name for name in wheel.namelist() if ".dist-info/" not in name}


def expected(folder: str, place: str) -> set[str]:
    """The names that the wheel gives to the repository's files of this folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", folder], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return {place + name.removeprefix(folder) for name in listed.splitlines() if (ROOT / name).is_file()}


@pytest.mark.parametrize(("folder", "place"), PLACES.items())
def test_a_package_is_in_the_wheel_with_every_file(folder: str, place: str, names: set[str]) -> None:
    assert expected(folder, place) <= names, "not in the wheel"


def test_the_wheel_holds_no_file_beyond_the_packages_and_the_models(names: set[str]) -> None:
    assert names <= set().union(*(expected(folder, place) for folder, place in PLACES.items()))


@pytest.mark.parametrize(
    "needed",
    [
        "affectloop/py.typed",
        "affectloop/store/sql/migrations/env.py",
        "affectloop/store/sql/migrations/versions/0001_make_the_tables.py",
        "affectloop/policy/profiles/eu-school.toml",
        "affectloop/report/template.html",
        "affectloop_gateway/static/index.html",
        "affectloop_gateway/static/THIRD_PARTY.txt",
        "affectloop/_models/face-landmarker-v1/face_landmarker.task",
        "affectloop/_models/fusion-v1/model.onnx",
    ],
)
def test_what_a_running_service_opens_is_in_the_wheel(needed: str, names: set[str]) -> None:
    assert needed in names


@pytest.mark.parametrize("folder", ["learning", "tests", "web", "benchmarks", "docs", "examples", "deploy", "node_modules", "__pycache__"])
def test_what_only_the_repository_needs_stays_there(folder: str, names: set[str]) -> None:
    assert not [name for name in names if folder in name.split("/")]


def test_every_entry_point_leads_into_the_wheel(wheel: zipfile.ZipFile, names: set[str]) -> None:
    (path,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    groups = configparser.ConfigParser()
    groups.read_string(wheel.read(path).decode())
    points = [target for group in groups.sections() for target in groups[group].values()]
    assert points
    for target in points:
        module = target.split(":")[0].replace(".", "/")
        assert {f"{module}.py", f"{module}/__init__.py"} & names, f"{target} is not in the wheel"


def test_the_wheel_carries_the_licence_and_the_notice(wheel: zipfile.ZipFile) -> None:
    found = {Path(name).name for name in wheel.namelist() if ".dist-info/licenses/" in name}
    assert found == {"LICENSE", "NOTICE"}
