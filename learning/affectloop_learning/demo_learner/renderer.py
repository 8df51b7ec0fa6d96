"""Pictures of the head: OpenGL without a window (EGL; Mesa's llvmpipe does without a graphics card)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from affectloop_learning.demo_learner.hair import Strands, brows, head_hair, scalp_density
from affectloop_learning.demo_learner.head import Head, Part
from affectloop_learning.demo_learner.mesh import Normals

FloatArray = NDArray[np.float64]
Picture = NDArray[np.uint8]

SHADERS = Path(__file__).parent / "shaders"
KINDS = {"skin": 0, "eye": 1, "teeth": 2, "tongue": 3, "shirt": 4, "lash": 5}
HAIR, BROW = (0.036, 0.020, 0.012), (0.060, 0.038, 0.026)  # linear red, green, blue
KEY_FROM = np.array([-1.5, 1.35, 2.4])  # a window
PIVOT = np.array([0.0, -0.95, -0.55])  # where the neck bends
SHADOW_SIDE = 1024
SHADOWING = 2  # of so many strands one casts a shadow: they are dense enough
AMBIENT_DIRECTIONS, AMBIENT_SIDE = 96, 512
SAMPLES = 4
CAMERA_AT = np.array([0.0, -0.12, 7.6])
LOOKS_AT = np.array([0.0, -0.42, 0.0])
HALF_HEIGHT = 1.66  # dm that the picture shows above and below its middle, at the eyes


@dataclass(frozen=True, slots=True)
class Pose:
    """How the face is held in one frame."""

    units: Mapping[str, float] = field(default_factory=dict)  # face units, 0 to 1
    yaw_deg: float = 0.0  # to the picture's right
    pitch_deg: float = 0.0  # up
    roll_deg: float = 0.0  # clockwise in the picture
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of the body, dm
    gaze: tuple[float, float] = (0.0, 0.0)  # of the eyes in the head, degrees right in the picture, up


@dataclass
class _Drawn:
    part: Part
    moving: Any  # positions and normals
    vertices: Any
    shadow: Any
    normals: Normals | None


class Renderer:
    """Draws the head in poses; one size, one context."""

    def __init__(self, head: Head, side: int, background: Picture) -> None:
        self._head, self._side, self._background = head, side, background.astype(np.float32)
        library: Any = moderngl  # its own hints do not know the backend's name
        context = library.create_context(standalone=True, backend="egl")
        self._context = context
        self._solid = self._program("solid.vert", "solid.frag")
        self._strand = self._program("strand.vert", "strand.frag")
        self._solid_depth = self._program("solid.vert", "depth.frag")
        self._strand_depth = self._program("strand_depth.vert", "depth.frag")
        size = (side, side)
        self._target = context.framebuffer(
            [context.renderbuffer(size, 4, samples=SAMPLES)], context.depth_renderbuffer(size, samples=SAMPLES)
        )
        self._resolved = context.framebuffer([context.renderbuffer(size, 4)])
        self._shadows = context.depth_texture((SHADOW_SIDE, SHADOW_SIDE))
        self._shadows.compare_func = "<="
        self._shadow_target = context.framebuffer(depth_attachment=self._shadows)
        self._hair, self._brows = head_hair(head.part("skin")), brows(head.part("skin"))
        self._strands = {"hair": self._strand_arrays(self._hair), "brow": self._strand_arrays(self._brows)}
        openness = _openness(context, head)
        self._parts = [self._drawn(part, openness[part.kind]) for part in head.parts]

    def _program(self, vertex: str, fragment: str) -> Any:
        common, light = (SHADERS / "common.glsl").read_text(), (SHADERS / "light.glsl").read_text()
        fragment_text = (SHADERS / fragment).read_text()
        return self._context.program(
            vertex_shader=f"#version 330\n{common}{light if vertex == 'strand.vert' else ''}{(SHADERS / vertex).read_text()}",
            fragment_shader=f"#version 330\n{light if fragment != 'depth.frag' else ''}{fragment_text}",
        )

    def _drawn(self, part: Part, openness: FloatArray) -> _Drawn:
        context, count = self._context, len(part.rest)
        moving = context.buffer(reserve=count * 24)
        scalp = scalp_density(part.rest, part.mask[:, 3]) if part.kind == "skin" else np.zeros(count)
        fixed = context.buffer(np.concatenate([part.rest, part.mask, openness[:, None], scalp[:, None]], axis=1).astype("f4").tobytes())
        index = context.buffer(part.triangles.astype("i4").tobytes())
        vertices = context.vertex_array(
            self._solid, [(moving, "3f 3f", "position", "normal"), (fixed, "3f 4f 2f", "rest", "mask", "openness")], index
        )
        shadow = context.vertex_array(self._solid_depth, [(moving, "3f 12x", "position"), (fixed, "3f 24x", "rest")], index)
        normals = Normals(part.triangles, count)
        moving.write(np.concatenate([part.rest, normals.of(part.rest)], axis=1).astype("f4").tobytes())
        return _Drawn(part, moving, vertices, shadow, normals if part.moves is not None else None)

    def _strand_arrays(self, strands: Strands) -> tuple[Any, Any, Any]:
        context = self._context
        buffer = context.buffer(strands.ribbons().tobytes())
        index = context.buffer(strands.triangles().tobytes())
        layout = [(buffer, "3f 3f 4f", "centre", "along", "strand")]
        return buffer, context.vertex_array(self._strand, layout, index), context.vertex_array(self._strand_depth, layout, index)

    def render(self, pose: Pose) -> Picture:
        """The picture, (side, side, 3), blue first as OpenCV has it."""
        self._move(pose)
        turned = _turns(pose)
        uniforms = {
            "view_projection": _camera(), "light_projection": _light(), "turns": turned, "pivot": PIVOT, "shift": np.array(pose.shift),
            "eye": CAMERA_AT, "key_from": KEY_FROM / np.linalg.norm(KEY_FROM), "frowns": _frowns(pose.units),
            "gaze": np.stack([_gaze(pose.gaze)] * 2), "eye_centre": np.stack([eye.centre for eye in self._head.eyes]),
        }  # fmt: skip
        for program in (self._solid, self._strand, self._solid_depth, self._strand_depth):
            _set(program, uniforms)
        self._shade()
        context = self._context
        self._target.use()
        context.enable(moderngl.DEPTH_TEST)
        context.clear(0, 0, 0, 0, depth=1)
        self._shadows.use(0)
        self._draw()
        context.copy_framebuffer(self._resolved, self._target)
        drawn = np.frombuffer(self._resolved.read(components=4), np.uint8).reshape(self._side, self._side, 4)[::-1].astype(np.float32)
        share = drawn[..., 3:] / 255
        return np.asarray(np.clip(drawn[..., 2::-1] + self._background * (1 - share) + 0.5, 0, 255), np.uint8)

    def _move(self, pose: Pose) -> None:
        weights = np.array([pose.units.get(unit, 0.0) for unit in self._head.units], np.float32)
        for drawn in self._parts:
            if drawn.part.moves is not None and drawn.normals is not None:
                positions = drawn.part.rest + np.tensordot(weights, drawn.part.moves, 1)
                drawn.moving.write(np.concatenate([positions, drawn.normals.of(positions)], axis=1).astype("f4").tobytes())
                if drawn.part.kind == "skin":
                    offsets = (positions - drawn.part.rest)[self._brows.roots]
                    self._strands["brow"][0].write(self._brows.ribbons(offsets).tobytes())

    def _shade(self) -> None:
        """Draw what the light sees."""
        context = self._context
        self._solid_depth["view_projection"].write(_light().T.astype("f4").tobytes())
        self._strand_depth["view_projection"].write(_light().T.astype("f4").tobytes())
        self._shadow_target.use()
        context.enable(moderngl.DEPTH_TEST)
        self._shadow_target.clear(depth=1)
        for drawn in self._parts:
            if drawn.part.kind not in ("eye", "lash", "shirt"):
                drawn.shadow.render()
        hair = self._strands["hair"][2]
        hair.render(vertices=hair.vertices // SHADOWING // 3 * 3)

    def _draw(self) -> None:
        for drawn in sorted(self._parts, key=lambda drawn: KINDS[drawn.part.kind]):  # lashes, which are half transparent, last
            if drawn.part.kind == "lash":
                self._context.enable(moderngl.BLEND)
                self._context.blend_func = (moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA, moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA)
            if drawn.part.kind == "skin":
                self._context.enable(moderngl.CULL_FACE)
            _put(self._solid, "kind", KINDS[drawn.part.kind])
            drawn.vertices.render()
            self._context.disable(moderngl.CULL_FACE | moderngl.BLEND)
        for name, colour in (("hair", HAIR), ("brow", BROW)):
            _put(self._strand, "hair", colour)
            self._strands[name][1].render()


def _openness(context: Any, head: Head) -> dict[str, FloatArray]:
    """How much of the sky above each vertex's surface is free, 0 to 1: by depth pictures from all sides."""
    rest = {part.kind: part.rest for part in head.parts}
    normals = {part.kind: Normals(part.triangles, len(part.rest)).of(part.rest) for part in head.parts}
    free = {kind: np.zeros(len(at)) for kind, at in rest.items()}
    whole = {kind: np.full(len(at), 1e-6) for kind, at in rest.items()}
    program = context.program(vertex_shader="#version 330\nuniform mat4 m; in vec3 p; void main(){gl_Position=m*vec4(p,1.0);}",
                              fragment_shader="#version 330\nvoid main(){}")  # fmt: skip
    casters = [context.vertex_array(program, [(context.buffer(part.rest.astype("f4").tobytes()), "3f", "p")],
                                    context.buffer(part.triangles.astype("i4").tobytes()))
               for part in head.parts if part.kind in ("skin", "eye", "teeth")]  # fmt: skip
    depth = context.depth_texture((AMBIENT_SIDE, AMBIENT_SIDE))
    target = context.framebuffer(depth_attachment=depth)
    for direction in _directions(AMBIENT_DIRECTIONS):
        matrix = _orthographic(direction)
        program["m"].write(matrix.T.astype("f4").tobytes())
        target.use()
        context.enable(moderngl.DEPTH_TEST)
        target.clear(depth=1)
        for caster in casters:
            caster.render()
        seen = np.frombuffer(depth.read(), np.float32).reshape(AMBIENT_SIDE, AMBIENT_SIDE)
        for kind, at in rest.items():
            facing = np.maximum(normals[kind] @ direction, 0)
            place = np.c_[at + 0.012 * normals[kind], np.ones(len(at))] @ matrix.T
            x, y = (np.clip(((place[:, axis] * 0.5 + 0.5) * AMBIENT_SIDE).astype(int), 0, AMBIENT_SIDE - 1) for axis in (0, 1))
            free[kind] += facing * (place[:, 2] * 0.5 + 0.5 <= seen[y, x] + 0.003)
            whole[kind] += facing
    return {kind: free[kind] / whole[kind] for kind in rest}


def _directions(count: int) -> FloatArray:
    """Evenly over the sphere (Fibonacci)."""
    place = np.arange(count) + 0.5
    polar, around = np.arccos(1 - 2 * place / count), np.pi * (1 + 5**0.5) * place
    return np.stack([np.cos(around) * np.sin(polar), np.cos(polar), np.sin(around) * np.sin(polar)], axis=1)


def _orthographic(direction: FloatArray, reach: float = 2.6, middle: tuple[float, float, float] = (0.0, -0.6, -0.5)) -> FloatArray:
    """Looks along minus ``direction`` at a box around the head."""
    view = _view(np.array(middle) + 4 * direction, np.array(middle))
    projection = np.diag([1 / reach, 1 / reach, -1 / 4.0, 1.0])
    projection[2, 3] = -1.0
    return np.asarray(projection @ view)


def _light() -> FloatArray:
    return _orthographic(KEY_FROM / np.linalg.norm(KEY_FROM), reach=2.2)


def _view(at: FloatArray, towards: FloatArray) -> FloatArray:
    back = (at - towards) / np.linalg.norm(at - towards)
    upward = np.array([0.0, 1.0, 0.0]) if abs(back[1]) < 0.99 else np.array([0.0, 0.0, 1.0])
    right = np.cross(upward, back)
    right /= np.linalg.norm(right)
    view = np.eye(4)
    view[:3, :3] = np.stack([right, np.cross(back, right), back])
    view[:3, 3] = -view[:3, :3] @ at
    return view


def _camera() -> FloatArray:
    near, far = 3.0, 14.0
    scale = float(np.linalg.norm(CAMERA_AT - LOOKS_AT)) / HALF_HEIGHT
    projection = np.array(
        [
            [scale, 0, 0, 0],
            [0, scale, 0, 0],
            [0, 0, (far + near) / (near - far), 2 * far * near / (near - far)],
            [0, 0, -1, 0],
        ]
    )
    return np.asarray(projection @ _view(CAMERA_AT, LOOKS_AT))


def _turns(pose: Pose) -> FloatArray:
    """Rotations at none, a third, two thirds and all of the head's turn, (4, 3, 3)."""
    return np.stack([_rotation(pose, share) for share in np.linspace(0, 1, 4)])


def _rotation(pose: Pose, share: float) -> FloatArray:
    yaw, pitch, roll = (np.radians(share * angle) for angle in (pose.yaw_deg, -pose.pitch_deg, -pose.roll_deg))
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return np.asarray(about_y @ about_x @ about_z)


def _gaze(degrees: tuple[float, float]) -> FloatArray:
    right, up = np.radians(degrees)
    return np.array([np.sin(right) * np.cos(up), np.sin(up), np.cos(right) * np.cos(up)])


def _frowns(units: Mapping[str, float]) -> FloatArray:
    """How deep the folds of forehead, brow, eyes and cheeks are."""

    def most(*names: str) -> float:
        return max(units.get(name, 0.0) for name in names)

    raised = most("browInnerUp", "browOuterUpLeft", "browOuterUpRight")
    smile = most("mouthSmileLeft", "mouthSmileRight")
    return np.array(
        [0.5 * raised, 0.6 * most("browDownLeft", "browDownRight"), 0.45 * most("cheekSquintLeft", "eyeSquintLeft"), 0.5 * smile]
    )


def _set(program: Any, uniforms: Mapping[str, FloatArray]) -> None:
    for name, value in uniforms.items():
        if name in program:
            columns = np.swapaxes(value, -1, -2) if value.ndim >= 2 and value.shape[-1] == value.shape[-2] else value
            program[name].write(np.ascontiguousarray(columns).astype("f4").tobytes())


def _put(program: Any, name: str, value: Any) -> None:
    if name in program:
        program[name] = value
