"""Meshes, with rounded edges: real edges are never sharp, and the rounding catches light."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32
from packshot.rendering.parts.lens import Lens, spread
from packshot.rendering.scene import Mesh, Point


def grid(x: F32, z: F32, *, y: float | F32 = 0.0, uv: F32 | None = None) -> Mesh:
    """A ground over the lines x × z, facing up.  y: height, one or (len(z), len(x)).  uv: (len(z), len(x), 2)."""
    xs, zs = np.meshgrid(x, z)
    ys = np.broadcast_to(np.asarray(y, np.float32), xs.shape)
    points = np.stack([xs, ys, zs], -1).reshape(-1, 3).astype(np.float32)
    places = np.stack([xs, -zs], -1) if uv is None else uv
    return _smooth(Mesh(points, _quads(len(z), len(x)), places.reshape(-1, 2).astype(np.float32)))


def wall(x: F32, y: F32, *, z: float, uv: F32 | None = None) -> Mesh:
    """A wall over the lines x × y at one depth, facing the camera."""
    xs, ys = np.meshgrid(x, y)
    points = np.stack([xs, ys, np.full_like(xs, z)], -1).reshape(-1, 3).astype(np.float32)
    places = np.stack([xs, ys], -1) if uv is None else uv
    return _smooth(Mesh(points, _quads(len(y), len(x))[:, ::-1].copy(), places.reshape(-1, 2).astype(np.float32)))


def swept(profile: Sequence[tuple[float, float]], *, width: float, at: Point = (0, 0, 0), columns: int = 2) -> Mesh:
    """A profile of (z, y) points, from near to far, drawn out to a width: paper rolls, counters with rounded edges."""
    line = np.asarray(profile, np.float32)
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))]).astype(np.float32)
    x = np.linspace(-width / 2, width / 2, columns, dtype=np.float32)
    xs = np.broadcast_to(x[None], (len(line), columns))
    ys, zs = (np.broadcast_to(line[:, i, None], xs.shape) for i in (1, 0))
    points = np.stack([xs, ys, zs], -1).reshape(-1, 3) + np.asarray(at, np.float32)
    uv = np.stack([xs, np.broadcast_to(length[:, None], xs.shape)], -1).reshape(-1, 2)
    return _smooth(Mesh(points.astype(np.float32), _quads(len(line), columns), uv.astype(np.float32)))


def turned(profile: Sequence[tuple[float, float]], *, at: Point = (0, 0, 0), around: int = 96) -> Mesh:
    """A profile of (radius, height) points, from the bottom up, turned round its axis: bowls, vases, plinths."""
    line = np.asarray(profile, np.float32)
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))]).astype(np.float32)
    angle = np.linspace(0, 2 * np.pi, around + 1, dtype=np.float32)
    radius, height = line[:, 0, None], line[:, 1, None]
    ones = np.ones_like(angle)[None]
    points = np.stack([radius * np.sin(angle), height * ones, radius * np.cos(angle)], -1).reshape(-1, 3)
    uv = np.stack([float(line[:, 0].max()) * angle * np.ones_like(height), length[:, None] * ones], -1).reshape(-1, 2)
    faces = _quads(len(line), around + 1)[:, ::-1].copy()
    return _smooth(Mesh((points + np.asarray(at)).astype(np.float32), faces, uv.astype(np.float32)))


def rounded(points: Sequence[tuple[float, float]], radius: float, *, steps: int = 6) -> list[tuple[float, float]]:
    """An open line with its inner corners rounded, for `turned` and `swept`."""
    line = np.asarray(points, np.float64)
    out: list[tuple[float, float]] = [tuple(line[0])]
    for before, corner, after in zip(line[:-2], line[1:-1], line[2:], strict=True):
        one, two = before - corner, after - corner
        room = min(radius, 0.49 * float(np.hypot(*one)), 0.49 * float(np.hypot(*two)))
        start, end = corner + one / np.hypot(*one) * room, corner + two / np.hypot(*two) * room
        for t in np.linspace(0, 1, steps + 1):
            out.append(tuple((1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * end))
    out.append(tuple(line[-1]))
    return out


def ball(radius: float, *, at: Point) -> Mesh:
    angle = np.linspace(-np.pi / 2, np.pi / 2, 37)
    return turned([(radius * float(np.cos(a)), radius * float(np.sin(a))) for a in angle], at=at, around=64)


def box(
    size: Point, *, bevel: float = 0.01, at: Point = (0, 0, 0), turn_deg: float = 0.0, lean_deg: float = 0.0
) -> Mesh:
    """A box that stands on y = 0 with rounded edges, turned round y after leaning back."""
    w, h, d = size
    return extruded(_rectangle(w, h), depth=d, bevel=bevel, at=at, turn_deg=turn_deg, lean_deg=lean_deg)


def arch(width: float, height: float, depth: float, *, bevel: float = 0.01, at: Point = (0, 0, 0)) -> Mesh:
    """A panel with a round top, standing on y = 0."""
    r = width / 2
    angle = np.linspace(0, np.pi, 65)
    line = [(-r, 0.0), (r, 0.0)] + [(r * float(np.cos(a)), height - r + r * float(np.sin(a))) for a in angle]
    return extruded(np.asarray(line, np.float32), depth=depth, bevel=bevel, at=at)


def extruded(
    outline: F32, *, depth: float, bevel: float, at: Point = (0, 0, 0), turn_deg: float = 0.0, lean_deg: float = 0.0
) -> Mesh:
    """A convex outline of (x, y) points, counter-clockwise, given a depth (evenly to −z and +z) and a rounded rim."""
    keep = np.hypot(*(np.roll(outline, -1, 0) - outline).T) > 1e-5
    line = outline[keep].astype(np.float64)
    ahead, behind = np.roll(line, -1, 0) - line, line - np.roll(line, 1, 0)
    normal = sum(np.stack([e[:, 1], -e[:, 0]], 1) / np.hypot(*e.T)[:, None] for e in (ahead, behind))
    normal /= np.maximum(np.hypot(*normal.T), 1e-6)[:, None]
    rings, inset = [], []
    for a in np.linspace(0, np.pi / 2, 6):
        rings.append((line - normal * bevel * (1 - np.sin(a)), depth / 2 - bevel + bevel * np.cos(a)))
        inset.append(a)
    rings += [(r, -z) for r, z in reversed(rings)]
    n = len(line)
    closed = [np.concatenate([r, r[:1]]) for r, _ in rings]
    points = np.concatenate([np.column_stack([r, np.full(n + 1, z)]) for r, (_, z) in zip(closed, rings, strict=True)])
    run = np.concatenate([[0], np.cumsum(np.hypot(*(np.roll(line, -1, 0) - line).T))])
    across = np.concatenate([[0], np.cumsum([np.hypot(bevel * 0.26, 0)] * (len(rings) - 1))])
    uv = np.stack(np.meshgrid(run, across), -1).reshape(-1, 2)
    sides = _quads(len(rings), n + 1)[:, ::-1]
    side = _smooth(Mesh(points.astype(np.float32), sides.copy(), uv.astype(np.float32)))
    caps = [side]
    for face, flip in ((0, False), (len(rings) - 1, True)):
        ring, z = rings[face]
        middle = ring.mean(0)
        cap = np.column_stack([np.concatenate([ring, middle[None]]), np.full(n + 1, z)]).astype(np.float32)
        fan = np.stack([np.arange(n), (np.arange(n) + 1) % n, np.full(n, n)], 1).astype(np.uint32)
        ahead_of = np.broadcast_to(np.array([0, 0, -1 if flip else 1], np.float32), cap.shape)
        caps.append(Mesh(cap, fan[:, ::-1].copy() if flip else fan, cap[:, :2].copy(), np.ascontiguousarray(ahead_of)))
    return moved(joined(caps), at=at, turn_deg=turn_deg, lean_deg=lean_deg)


def moved(mesh: Mesh, *, at: Point = (0, 0, 0), turn_deg: float = 0.0, lean_deg: float = 0.0) -> Mesh:
    """Leaned back round x, then turned round y, then put somewhere."""
    lean, turn = np.radians(-lean_deg), np.radians(turn_deg)
    tilt = np.array([[1, 0, 0], [0, np.cos(lean), -np.sin(lean)], [0, np.sin(lean), np.cos(lean)]])
    spin = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    both = (spin @ tilt).T.astype(np.float32)
    normals = None if mesh.normals is None else mesh.normals @ both
    return Mesh(mesh.vertices @ both + np.asarray(at, np.float32), mesh.faces, mesh.uv, normals)


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """Several meshes of one material as one; all with normals, or none."""
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes[:-1])])
    faces = np.concatenate([m.faces + np.uint32(s) for m, s in zip(meshes, starts, strict=True)])
    normals = [m.normals for m in meshes if m.normals is not None]
    return Mesh(
        np.concatenate([m.vertices for m in meshes]).astype(np.float32),
        faces.astype(np.uint32),
        np.concatenate([m.uv for m in meshes]).astype(np.float32),
        np.concatenate(normals).astype(np.float32) if len(normals) == len(meshes) else None,
    )


def tube(path: F32, radius: float | F32, *, around: int = 8) -> Mesh:
    """A round rod along (N, 3) points: twigs, handles, wires."""
    ahead = np.gradient(path, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    side = np.cross(ahead, np.array([0.3, 0.1, 0.95]))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, ahead)
    angle = np.linspace(0, 2 * np.pi, around + 1)
    r = np.broadcast_to(np.asarray(radius, np.float32), len(path))[:, None, None]
    ring = side[:, None] * np.cos(angle)[None, :, None] + up[:, None] * np.sin(angle)[None, :, None]
    points = (path[:, None] + r * ring).reshape(-1, 3)
    uv = np.stack(np.meshgrid(angle, np.arange(len(path))), -1).reshape(-1, 2)
    return _smooth(Mesh(points.astype(np.float32), _quads(len(path), around + 1), uv.astype(np.float32)))


def leaf(length: float, width: float, *, bend: float = 0.25) -> Mesh:
    """A pointed leaf along +y from the origin, hollow along its midrib and bent backwards."""
    t = np.linspace(0, 1, 13)
    half = width / 2 * np.sin(np.pi * t**0.8) ** 0.9
    across = np.linspace(-1, 1, 5)
    x = half[:, None] * across[None]
    y = length * t[:, None] * np.ones_like(across)[None]
    z = 0.35 * np.abs(x) - bend * length * t[:, None] ** 2
    points = np.stack([x, y, z], -1).reshape(-1, 3).astype(np.float32)
    uv = np.stack(np.meshgrid((across + 1) / 2, t), -1).reshape(-1, 2)
    return _smooth(Mesh(points, _quads(13, 5)[:, ::-1].copy(), uv.astype(np.float32)))


def _quads(rows: int, columns: int) -> NDArray[np.uint32]:
    """Two triangles a cell of a grid of points, row by row."""
    at = np.arange(rows * columns, dtype=np.uint32).reshape(rows, columns)
    a, b, c, d = at[:-1, :-1].ravel(), at[:-1, 1:].ravel(), at[1:, 1:].ravel(), at[1:, :-1].ravel()
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


def _smooth(mesh: Mesh) -> Mesh:
    """The same with normals averaged at each point; points at the same place share one."""
    v, f = mesh.vertices, mesh.faces
    face = np.cross(v[f[:, 1]] - v[f[:, 0]], v[f[:, 2]] - v[f[:, 0]])
    _, same = np.unique(np.round(v, 6), axis=0, return_inverse=True)
    same = same.ravel()
    total = np.zeros((int(same.max()) + 1, 3), np.float64)
    for corner in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(same[f[:, corner]], weights=face[:, axis], minlength=len(total))
    normal = total[same]
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    return Mesh(v, f, mesh.uv, normal.astype(np.float32))


def _rectangle(w: float, h: float) -> F32:
    return np.array([(-w / 2, 0), (w / 2, 0), (w / 2, h), (-w / 2, h)], np.float32)


def dense(line: list[tuple[float, float]], step: float = 0.05) -> list[tuple[float, float]]:
    """More points on long straight runs, so that smooth shading does not bend across them."""
    out = [line[0]]
    for one, two in pairwise(line):
        n = max(1, int(np.hypot(two[0] - one[0], two[1] - one[1]) / step))
        out += [(one[0] + (two[0] - one[0]) * i / n, one[1] + (two[1] - one[1]) * i / n) for i in range(1, n + 1)]
    return out


def surface(x: F32, y: F32, z: F32, uv: F32) -> Mesh:
    """Any sheet of (rows, columns) points whose rows come from far to near or near to far; lit from both sides."""
    points = np.stack([x, y, z], -1).reshape(-1, 3).astype(np.float32)
    return _smooth(Mesh(points, _quads(*x.shape), uv.reshape(-1, 2).astype(np.float32)))


def rolled(across: Lens, along: Lens, *, flat: float, bend: float, floor: float = 0.0) -> Mesh:
    """A sheet that lies flat up to z = −`flat`, then takes a length of `bend` to stand upright: paper roll, cove.

    Its bend begins and ends without a jump in curvature, or shading would show a line where it begins.
    `along` is length along the sheet, falling from near to far.
    """
    fine = np.linspace(0, max(bend, -flat - float(along.lines[0])), 801)
    t = np.clip(fine / bend, 0, 1)
    angle = np.pi / 2 * t**3 * (10 - 15 * t + 6 * t**2)
    step = float(fine[1])
    back, up = (np.cumsum(way(angle)) * step - way(0.0) * step for way in (np.cos, np.sin))
    beyond = np.maximum(-flat - along.lines, 0)
    y = floor + np.interp(beyond, fine, up)
    z = np.where(beyond > 0, -flat - np.interp(beyond, fine, back), along.lines)
    shape = (len(along.lines), len(across.lines))
    x = np.broadcast_to(across.lines[None], shape)
    ys, zs = (np.broadcast_to(line[:, None], shape) for line in (y, z))
    return surface(x, ys, zs, spread(across, along))


def drum(
    radius: float, height: float, *, bevel: float, at: Point = (0, 0, 0), squash: float = 1.0
) -> tuple[Mesh, Mesh]:
    """Side and top of a round plinth that stands on `at`; squash < 1 makes it shallower than wide.

    uv in [0, 1]: round the side (its seam behind) and up it; over the square round the top.
    """
    inner = radius - bevel
    corner = rounded([(radius, 0.0), (radius, height), (inner - 0.02, height)], bevel)
    line = dense([*corner, (inner - 0.03, height)], 0.1)
    side = turned(line, around=128)
    flat = turned([(inner - 0.03, height), (inner * 0.5, height), (0.0, height)], around=128)
    side_uv = side.uv / side.uv.max(0)
    top_uv = flat.vertices[:, [0, 2]] * np.array([1, -1], np.float32) / (2 * radius) + np.float32(0.5)
    shrink = np.array([1, 1, squash], np.float32)
    meshes = []
    for mesh, uv in ((side, side_uv), (flat, top_uv)):
        squashed = _smooth(Mesh(mesh.vertices * shrink, mesh.faces, uv))
        meshes.append(moved(squashed, at=at, turn_deg=180))
    return meshes[0], meshes[1]


def strips(roots: F32, tips: F32, *, sag: F32, width: float, points: int = 7, facing: F32 | None = None) -> Mesh:
    """Pointed blades from (N, 3) roots to tips, each lifted by `sag` on its way: leaves, grass, the hair of a plume.

    facing: (N, 3) normals for shading; with common ones hair looks like one soft body, not like tinsel.
    """
    t = np.linspace(0, 1, points, dtype=np.float32)
    middle = roots[:, None] + (tips - roots)[:, None] * t[None, :, None]
    middle[..., 1] += sag[:, None] * 4 * t[None] * (1 - t[None])
    ahead = tips - roots
    normal = np.roll(ahead, 1, axis=1) + np.array([0.1, 0.0, 0.3], np.float32) if facing is None else facing
    side = np.cross(ahead, normal)
    side *= width / 2 / np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-6)
    half = side[:, None] * np.interp(t, (0, 0.2, 0.4, 0.6, 0.8, 1), (0.2, 0.8, 1, 0.88, 0.55, 0.03))[None, :, None]
    at = np.stack([middle - half, middle + half], 2).reshape(-1, 3).astype(np.float32)
    one = _quads(points, 2)
    faces = (one[None] + (np.arange(len(roots), dtype=np.uint32) * np.uint32(2 * points))[:, None, None]).reshape(-1, 3)
    uv = np.tile(np.stack(np.meshgrid([0.0, 1.0], t), -1).reshape(-1, 2), (len(roots), 1)).astype(np.float32)
    if facing is not None:
        facing = facing / np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-6)
        return Mesh(at, faces.astype(np.uint32), uv, np.repeat(facing.astype(np.float32), 2 * points, axis=0))
    return _smooth(Mesh(at, faces.astype(np.uint32), uv))
