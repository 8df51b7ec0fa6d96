"""The pages that are committed are what their sources say. Needs no network, and no Node unless web/node_modules is there."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

from unit.web.node import run

ROOT = Path(__file__).parents[3]
WEB = ROOT / "web"
PAGES = ROOT / "services/gateway/affectloop_gateway/static"
REPORT = ROOT / "src/affectloop/report/template.html"
REMEDY = "run `make web` and commit what it writes (web/README.md)"

# What the build depends on, as web/vite.config.ts says.
PAGES_OF_WEB = ("index.html", "live.html", "report.html")
SETTINGS = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "svelte.config.js")
FOLDERS = ("src", "public")
ONLY_TYPES = "src/api/events.ts"  # no trace of it is in the build

OWN_ADDRESS = re.compile(r"https?://(?!www\.w3\.org/|svelte\.dev/)")  # XML namespaces and the text of an error message ask for nothing


def sources_sha256() -> str:
    found = (path.relative_to(WEB).as_posix() for folder in FOLDERS for path in (WEB / folder).rglob("*") if path.is_file())
    names = sorted([*PAGES_OF_WEB, *SETTINGS, *(name for name in found if name != ONLY_TYPES)])
    digest = hashlib.sha256()
    for name in names:
        digest.update(name.encode() + b"\0" + (WEB / name).read_bytes() + b"\0")
    return digest.hexdigest()


def stamp() -> dict[str, object]:
    content: dict[str, object] = json.loads((PAGES / "build.json").read_text())
    return content


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_committed_pages_were_built_from_these_sources() -> None:
    assert stamp()["sources_sha256"] == sources_sha256(), REMEDY


def test_nobody_edited_the_built_pages() -> None:
    built = {name: hashlib.sha256(content).hexdigest() for name, content in files_of(PAGES).items() if name != "build.json"}
    assert stamp()["files_sha256"] == built, REMEDY


def test_the_committed_report_was_built_from_these_sources() -> None:
    assert f'name="affectloop-sources-sha256" content="{sources_sha256()}"' in REPORT.read_text("utf-8"), REMEDY


def test_a_strict_content_security_policy_allows_every_page() -> None:
    for page in PAGES.glob("*.html"):
        text = page.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", text), page


def test_no_page_asks_a_third_party() -> None:
    texts = [path for path in PAGES.rglob("*") if path.suffix in {".html", ".js", ".css", ".svg"}]
    for path in [*texts, REPORT]:
        found = [text for text in re.findall(r"https?://[\w./-]*", path.read_text("utf-8")) if OWN_ADDRESS.match(text)]
        assert not found, path


def test_the_live_view_is_small() -> None:
    live = re.findall(r"/static/(assets/[^\"]+)", (PAGES / "live.html").read_text("utf-8"))
    fonts = [path.relative_to(PAGES).as_posix() for path in PAGES.glob("assets/*.woff2")]
    assert live
    compressed = sum(len(gzip.compress((PAGES / name).read_bytes())) for name in [*live, *fonts])
    assert compressed < 100_000


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text())
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]


def test_a_rebuild_gives_the_committed_pages(tmp_path: Path) -> None:
    for arguments in ([], ["--mode", "report"]):
        run("vite/bin/vite.js", "build", "--logLevel", "error", *arguments, AFFECTLOOP_WEB_OUT=str(tmp_path))
    assert files_of(tmp_path / "static") == files_of(PAGES), REMEDY
    assert (tmp_path / "template.html").read_bytes() == REPORT.read_bytes(), REMEDY
