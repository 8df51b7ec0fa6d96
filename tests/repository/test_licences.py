"""What Affectloop stands on may be used by everyone: the licence of each distribution that it installs, against a list."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]

# What may be in each way that metadata says it. MPL-2.0 binds changes to its own files only, of which there are none.
ALLOWED = re.compile(
    r"apache([ -]software)?([ -]licen[cs]e)?,?( version)?[ -]?(2(\.0)?)?"
    r"|0bsd|(new |modified |simplified )?bsd([ -][23][ -]clause)?|[23][ -]clause bsd"
    r"|mit(-0)?|isc|zlib|hpnd|cc0-1\.0|(the )?unlicense"
    r"|mpl[ -]2\.0|mozilla public license 2\.0 \(mpl 2\.0\)"
    r"|psf(-2\.0)?|python-2\.0|python software foundation"
    r"|repoze public|bsd-derived \(repoze\)",  # BSD that wants changes marked
    re.IGNORECASE,
)

# Libraries under the LGPL that are loaded as they are, at run time, and that a user may replace with their own build.
LGPL = {
    "crc32c": "kafka-python loads it where it is; without it the checksums are computed in Python",
    "opencv-python-headless": "bundles FFmpeg's libav*, built without its GPL parts, as shared libraries",
    "soundfile": "bundles libsndfile as a shared library, loaded through cffi",
    "numpy": "bundles GCC's libquadmath as a shared library, for OpenBLAS",
    "scipy": "bundles GCC's libquadmath as a shared library, for OpenBLAS",
}
LGPL_LIBRARY = re.compile(
    r"lib(av(codec|format|util|filter|device)|sw(scale|resample)|sndfile|quadmath|mp3lame|mpg123)[-_.\w]*(\.so|\.dylib|\.dll)"
)


def closure(requirement: Requirement) -> Iterator[Distribution]:
    """The distributions that this requirement installs here, itself first, each once."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [requirement]
    while waiting:
        wanted = waiting.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        found = distribution(wanted.name)
        if key[0] not in {name for name, _ in seen}:
            yield found
        seen.add(key)
        for text in found.requires or []:
            inner = Requirement(text)
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)):
                waiting.append(inner)


DISTRIBUTIONS: dict[str, Distribution] = {
    canonicalize_name(found.metadata["Name"]): found for found in closure(Requirement("affectloop[all]"))
}


def stated(found: Distribution) -> list[str]:
    """The licences that the metadata names: the expression, else the classifiers, else the first line of the old field."""
    expressions = found.metadata.get_all("License-Expression") or []
    if expressions:
        return re.split(r" AND | OR |[()]", expressions[0])
    classifiers = [text for text in found.metadata.get_all("Classifier") or [] if text.startswith("License ::")]
    named = [text.split(" :: ")[-1] for text in classifiers if text != "License :: OSI Approved"]
    field = "\n".join(found.metadata.get_all("License") or []).strip().splitlines()[:1]
    return named or [part for text in field for part in re.split(r" AND | OR ", text)]


def is_allowed(licence: str) -> bool:
    """Whether the list holds this name."""
    return ALLOWED.fullmatch(re.sub(r"\s+licen[cs]e$", "", licence.strip(), flags=re.IGNORECASE)) is not None


@pytest.mark.parametrize("name", sorted(DISTRIBUTIONS))
def test_a_distribution_has_a_licence_that_everyone_may_use(name: str) -> None:
    licences = [licence for licence in stated(DISTRIBUTIONS[name]) if licence.strip()]
    assert licences, f"{name} does not say its licence"
    refused = [licence for licence in licences if not is_allowed(licence)]
    if name in LGPL:
        refused = [licence for licence in refused if not re.match(r"LGPL|GNU Lesser", licence)]
    assert not refused, f"{name} is under {', '.join(refused)}: find another, or argue for it here"


@pytest.mark.parametrize("name", sorted(DISTRIBUTIONS))
def test_a_bundled_library_under_the_lgpl_is_named_with_its_reason(name: str) -> None:
    bundled = {str(path) for path in DISTRIBUTIONS[name].files or [] if LGPL_LIBRARY.search(path.name)}
    assert not bundled or name in LGPL, f"{name} bundles {', '.join(sorted(bundled))}"


def test_every_library_that_is_argued_for_is_still_installed() -> None:
    assert set(LGPL) <= set(DISTRIBUTIONS)


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "AGPL-3.0", "GNU General Public License v2 (GPLv2)", "CC-BY-NC-4.0", "Proprietary", "UNKNOWN"]
)
def test_a_licence_that_binds_or_excludes_users_is_refused(licence: str) -> None:
    assert not is_allowed(licence)


@pytest.mark.parametrize("package", ["svelte", "clsx", "Atkinson Hyperlegible Next", "MediaPipe Face Landmarker", "face-api"])
def test_the_notice_names_what_is_shipped_inside(package: str) -> None:
    assert package.lower() in (ROOT / "NOTICE").read_text().lower()
