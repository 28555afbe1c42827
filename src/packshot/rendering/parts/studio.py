"""Props of a studio: plinths, arches, dried plumes, palm leaves, a sprig on a table, crockery."""

from __future__ import annotations

import numpy as np

from packshot.colour import F32
from packshot.rendering.parts import lens, shapes, surfaces
from packshot.rendering.scene import Colour, Mesh, Part, Point


def plinth(
    radius: float, height: float, *, at: Point, colour: Colour, texels: float, seed: int, squash: float = 1.0
) -> list[Part]:
    """A round body of painted plaster; texels a unit."""
    sizes = ((2 * np.pi * radius, height + 0.2 * radius), (2 * radius, 2 * radius))
    parts = []
    for mesh, (wide, high) in zip(shapes.drum(radius, height, bevel=0.016, at=at, squash=squash), sizes, strict=True):
        x, y = lens.even(wide, high, texels, most=4096)
        parts.append(Part(mesh, surfaces.chalk(x + 3.1 * seed, y, colour=colour)))
    return parts


def arch(width: float, height: float, *, at: Point, colour: Colour, texels: float) -> Part:
    """A painted panel with a round top."""
    x, y = lens.even(1, 1, texels)
    x = np.where(x > 0.5, x - 1, x)  # the panel's middle is at 0, and maps repeat
    return Part(shapes.arch(width, height, 0.07, bevel=0.012, at=at), surfaces.chalk(x, y, colour=colour))


def pampas(*, root: Point, tip: Point, seed: int) -> tuple[Mesh, Mesh]:
    """Hair and stalk of a dried plume: the upper half is thick with fine drooping hair."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 32, dtype=np.float32)[:, None]
    stalk = (np.asarray(root) * (1 - t) + np.asarray(tip) * t - np.array([0, 0.1, 0]) * t**3).astype(np.float32)
    n = 800
    share = rng.beta(1.3, 1.1, n).astype(np.float32)
    roots = _along(stalk, 0.45 + 0.55 * share)
    ahead = (stalk[-1] - stalk[14]) / np.linalg.norm(stalk[-1] - stalk[14])
    out = rng.normal(0, 1, (n, 3)).astype(np.float32)
    out -= (out @ ahead)[:, None] * ahead
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    length = ((0.05 + 0.13 * np.sin(np.pi * share**0.7)) * rng.uniform(0.6, 1.15, n)).astype(np.float32)
    opened = rng.uniform(0.15, 0.5, (n, 1)).astype(np.float32)
    tips = roots + (ahead * (1 - opened) + out * opened) * length[:, None]
    tips[:, 1] -= 0.35 * length
    facing = out + 0.4 * ahead + np.array([0, 0.5, 0.3])
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    hair = shapes.strips(roots, tips, sag=0.12 * length, width=0.0036, points=4, facing=facing)
    wire = shapes.tube(stalk, np.linspace(0.006, 0.002, len(stalk)).astype(np.float32), around=6)
    return hair, wire


def plumes(*, at: Point, height: float, seed: int, colour: str) -> list[Part]:
    """A bud vase with dried plumes."""
    outline = [
        (0.0, 0.0),
        (0.06, 0.0),
        (0.105, 0.07),
        (0.085, 0.15),
        (0.03, 0.2),
        (0.027, 0.26),
        (0.042, 0.28),
        (0.03, 0.28),
    ]
    vase = shapes.turned(shapes.dense(shapes.rounded(outline, 0.05), 0.02), at=at, around=48)
    x, y, z = at
    plants = []
    for i, (dx, up, dz) in enumerate(((0.26, 1.0, 0.02), (-0.16, 0.9, 0.05), (0.08, 0.78, 0.12))):
        tip = (x + dx * height, y + up * height, z + dz * height)
        plants.append(pampas(root=(x, y + 0.22, z), tip=tip, seed=seed + i))
    return [
        Part(vase, surfaces.plain(colour, roughness=0.5)),
        Part(shapes.joined([hair for hair, _ in plants]), surfaces.plain("#efe0c6", roughness=0.9)),
        Part(shapes.joined([wire for _, wire in plants]), surfaces.plain("#b99f78", roughness=0.8)),
    ]


def frond(
    *, root: F32, tip: F32, facing: F32, seed: int, leaflets: int = 20, length: float = 0.36, width: float = 0.034
) -> list[Part]:
    """A palm leaf, or with few wide leaflets a twig, flat towards `facing`: made for its shadow."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 24, dtype=np.float32)[:, None]
    ahead = (tip - root) / np.linalg.norm(tip - root)
    side = np.cross(ahead, facing) / np.linalg.norm(np.cross(ahead, facing))
    rib = (root + (tip - root) * t + side * (0.1 * np.sin(np.pi * t))).astype(np.float32)
    blades = []
    for way in (-1, 1):
        place = np.linspace(0.18, 0.97, leaflets) + rng.normal(0, 0.16 / leaflets, leaflets)
        opened = np.radians(62 - 38 * place + rng.normal(0, 6, leaflets))[:, None]
        long = length * (0.35 + 0.65 * np.sin(np.pi * place**0.8)) * rng.uniform(0.85, 1.1, leaflets)
        at = _along(rib, place.astype(np.float32))
        tips = at + (np.cos(opened) * ahead + way * np.sin(opened) * side) * long[:, None]
        turned = (facing + rng.normal(0, 0.35, (leaflets, 3))).astype(np.float32)
        sag = (0.1 * long).astype(np.float32)
        blades.append(shapes.strips(at, tips.astype(np.float32), sag=sag, width=width, facing=turned))
    return [
        Part(shapes.joined(blades), surfaces.plain("#6f7f52", roughness=0.6)),
        Part(shapes.tube(rib, 0.006, around=6), surfaces.plain("#6f6a4a", roughness=0.7)),
    ]


def sprig(*, root: Point, tip: Point, pairs: int, seed: int, size: float = 0.085) -> list[Part]:
    """A twig of silver-dollar eucalyptus that lies on a table: round leaves in pairs, smaller towards the tip."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 40, dtype=np.float32)[:, None]
    bow = np.cross(np.subtract(tip, root), (0, 1, 0)) * 0.16
    stem = (np.asarray(root) * (1 - t) + np.asarray(tip) * t + bow * np.sin(np.pi * t)).astype(np.float32)
    leaves = []
    for i in range(pairs):
        place = 0.1 + 0.88 * i / (pairs - 1)
        before, at, after = _along(stem, np.array([place - 0.03, place, place + 0.02], np.float32))
        ahead = after - before
        ahead /= np.linalg.norm(ahead)
        for way in (-1, 1):
            turn = np.radians(way * rng.uniform(42, 82))
            flat = np.cross(ahead, (0, 1, 0))
            along = (np.cos(turn) * ahead + np.sin(turn) * flat + (0, rng.uniform(0.1, 0.2), 0)).astype(np.float32)
            long = size * (1.08 - 0.6 * place) * rng.uniform(0.88, 1.1)
            # All lean towards the tip, as shingles do, or neighbours would cut each other.
            normal = (0.28 * ahead + (0, 1, 0) + rng.normal(0, 0.05, 3)).astype(np.float32)
            leaves.append(_round_leaf(at, along, normal, long, long * rng.uniform(0.82, 1.0), rng.uniform(0.1, 0.2)))
    return [
        Part(shapes.joined(leaves), surfaces.eucalyptus()),
        Part(shapes.tube(stem, np.linspace(0.0048, 0.0018, 40, dtype=np.float32)), surfaces.plain("#8a6f55")),
    ]


def _round_leaf(at: F32, along: F32, normal: F32, length: float, width: float, cup: float) -> Mesh:
    """Its stalk begins at `at`; it faces `normal`, folded a little along its rib and bent."""
    y_axis = along / np.linalg.norm(along)
    x_axis = np.cross(y_axis, normal)
    x_axis /= np.linalg.norm(x_axis)
    axes = np.stack([x_axis, y_axis, np.cross(x_axis, y_axis)])
    blade = np.concatenate([[0.0], (1 - np.cos(np.linspace(0, np.pi, 17))) / 2])[:, None]
    t, across = 0.14 + 0.86 * blade, np.linspace(-1, 1, 9)[None]
    t[0] = 0
    half = width / 2 * np.sqrt(np.clip(1 - (2 * blade**0.92 - 1) ** 2, 0, 1)) + 0.0012
    x = half * across
    y = length * (t - 0.1 * across**2 * (1 - t))
    z = 0.22 * np.abs(x) + cup * length * 0.5 * (np.sin(np.pi * t) - t**2)
    points = np.stack([x, y, z], -1) @ axes + at
    points[..., 1] = np.maximum(points[..., 1], 0.002)
    uv = np.stack(np.broadcast_arrays((across + 1) / 2, t), -1)
    return shapes.surface(points[..., 0], points[..., 1], points[..., 2], uv)


def dish(radius: float, *, at: Point, texels: float) -> list[Part]:
    """A stoneware plate with a raised, thrown rim and a speckled glaze."""
    inside = [(0.94, 0.118), (0.80, 0.06), (0.68, 0.03), (0.0, 0.024)]
    outside = [(0.0, 0.0), (0.58, 0.0), (0.6, 0.012), (0.66, 0.012), (0.86, 0.066), (1.0, 0.128), (0.985, 0.14)]
    line = shapes.dense(shapes.rounded([(r * radius, h * radius) for r, h in outside + inside], 0.02 * radius), 0.03)
    body = shapes.turned(line, around=160)
    flat = body.vertices[:, [0, 2]] * np.array([1, -1], np.float32) / (2 * radius) + np.float32(0.5)
    x, y = lens.even(2 * radius, 2 * radius, texels)
    mesh = Mesh(body.vertices, body.faces, flat.astype(np.float32), body.normals)
    return [Part(shapes.moved(mesh, at=at), surfaces.glaze(x - radius, y - radius, rim=radius))]


def _along(path: F32, place: F32) -> F32:
    """(N, 3) points of a path at shares of its way."""
    t = np.linspace(0, 1, len(path))
    return np.stack([np.interp(place, t, path[:, i]) for i in range(3)], 1).astype(np.float32)
