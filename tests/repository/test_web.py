"""The web app's rooms: imports go one way, in no circle, no folder is flat, what is generated is fresh. Needs no Node."""

import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "web" / "src"
ROOMS = ("api", "i18n", "tracks", "charts", "ui", "apps")  # each may import from those before it
MOST_MODULES = 15  # of a folder
IMPORT = re.compile(r"""^\s*(?:import|export|\})[^"'\n]*["'](\.[^"']+)["'];?$""", re.MULTILINE)


@cache
def modules() -> tuple[Path, ...]:
    """Every TypeScript and Svelte module of the pages."""
    return tuple(sorted(path for path in SOURCES.rglob("*") if path.suffix in {".ts", ".svelte"}))


def imported(module: Path) -> list[Path]:
    """The modules that one imports, styles left out."""
    found = []
    for name in IMPORT.findall(module.read_text("utf-8")):
        path = (module.parent / name).resolve()
        options = [path, *(Path(f"{path}{ending}") for ending in (".ts", ".svelte.ts", "/index.ts"))]
        target = next((option for option in options if option.is_file()), None)
        assert target is not None, f"{module.relative_to(ROOT)} imports {name}, which is not there"
        if target.suffix != ".css":
            found.append(target)
    return found


def room(module: Path) -> str:
    """The folder of ``src`` that a module is in."""
    return module.relative_to(SOURCES).parts[0]


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(SOURCES)))
def test_a_module_imports_from_its_own_room_and_those_before_it(module: Path) -> None:
    assert room(module) in ROOMS, f"web/src/{room(module)}: name it in ROOMS, and in web/README.md"
    allowed = ROOMS[: ROOMS.index(room(module)) + 1]
    for target in imported(module):
        assert room(target) in allowed, f"{target.relative_to(SOURCES)} is in a later room: move one of the two"
        if room(module) == room(target) == "apps":
            apart = f"{target.relative_to(SOURCES)} is another app's: what two apps share goes to ui, charts or tracks"
            assert module.relative_to(SOURCES).parts[1] == target.relative_to(SOURCES).parts[1], apart


def test_no_import_goes_round_in_a_circle() -> None:
    TopologicalSorter({module: imported(module) for module in modules()}).prepare()  # raises CycleError, which names the circle


def test_no_folder_is_flat() -> None:
    for folder in {module.parent for module in modules()}:
        count = sum(module.parent == folder for module in modules())
        assert count <= MOST_MODULES, f"{folder.relative_to(ROOT)} has {count} modules: make folders by subject"


def test_what_the_pages_know_of_the_events_is_fresh(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "web" / "generate.py"), str(tmp_path)], check=True)
    written = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert written
    for path in written:
        name = path.relative_to(tmp_path).as_posix()
        assert (ROOT / "web" / name).read_text("utf-8") == path.read_text("utf-8"), f"web/{name} is stale: run `make docs`"


def test_the_generated_types_leave_no_trace_in_the_pages() -> None:
    text = (SOURCES / "api" / "events.ts").read_text("utf-8")
    assert set(re.findall(r"^(?:export )?(\w+)", text, re.MULTILINE)) == {"type", "interface"}, "what runs goes to vocabulary.ts"
