"""Things in a set beside the product, out of focus or at the rim of the picture, and never plain cylinders."""

from __future__ import annotations

import numpy as np

from packshot.colour import F32
from packshot.rendering.parts import shapes, surfaces
from packshot.rendering.scene import Mesh, Part, Point


def tiles(
    *,
    x: tuple[float, float],
    y: tuple[float, float],
    z: float,
    tile: tuple[float, float],
    seed: int,
    gap: float = 0.014,
) -> list[Part]:
    """Glazed wall tiles in a running bond, each laid a little unevenly and of its own white."""
    rng = np.random.default_rng(seed)
    colours = ("#efece6", "#e6e2da", "#f3f1ec", "#dcd7cd")
    groups: list[list[Mesh]] = [[] for _ in colours]
    for row in range(int((y[1] - y[0]) / tile[1]) + 1):
        left = x[0]
        while left < x[1]:
            # The first of every other row is cut in half.
            wide = tile[0] / 2 if row % 2 and left == x[0] else tile[0]
            body = shapes.box((wide - gap, tile[1] - gap, 0.05), bevel=0.014)
            at = (left + wide / 2, y[0] + row * tile[1] + gap / 2, z - 0.025 + rng.normal(0, 0.002))
            lean, turn = rng.normal(0, 0.45, 2)
            groups[int(rng.integers(len(groups)))].append(shapes.moved(body, at=at, turn_deg=turn, lean_deg=lean))
            left += wide
    parts = [
        Part(shapes.joined(group), surfaces.plain(c, roughness=0.16)) for group, c in zip(groups, colours, strict=True)
    ]
    grout = shapes.wall(np.asarray(x, np.float32), np.asarray(y, np.float32), z=z - 0.012)
    return [*parts, Part(grout, surfaces.plain("#a9a398", roughness=0.9))]


def branch(
    root: F32,
    tip: F32,
    *,
    leaves: int,
    seed: int,
    size: float = 0.17,
    facing: F32 | None = None,
    colour: str = "#6b8058",
) -> list[Part]:
    """A bent twig with leaves to both sides that get smaller towards its tip: olive, eucalyptus.

    facing: the direction that the leaves roughly face; the camera by default.
    """
    rng = np.random.default_rng(seed)
    front = np.array([0, 0, 1.0]) if facing is None else np.asarray(facing, np.float64) / np.linalg.norm(facing)
    t = np.linspace(0, 1, 32)[:, None]
    reach = float(np.linalg.norm(tip - root))
    path = (1 - t) * root + t * tip + np.sin(np.pi * t) * rng.normal(0, 0.10 * reach, 3) + t**2 * [0, -0.12 * reach, 0]
    blades = []
    for i in range(leaves):
        share = (i + 0.7) / leaves
        at = int(3 + 28 * share)
        ahead = path[at] - path[at - 1]
        ahead /= np.linalg.norm(ahead)
        side = np.cross(front, ahead) * (1 if i % 2 else -1)
        opening = np.radians(rng.normal(52, 11) * (1 - 0.55 * share**3))
        along = np.cos(opening) * ahead + np.sin(opening) * side + rng.normal(0, 0.16) * front
        along /= np.linalg.norm(along)
        face = front + rng.normal(0, 0.45) * np.cross(along, front)
        face -= along * (face @ along)
        face /= np.linalg.norm(face)
        turn = np.stack([np.cross(along, face), along, face]).astype(np.float32)
        length = size * (1.1 - 0.5 * share) * rng.uniform(0.8, 1.15)
        blade = shapes.leaf(length, length * rng.uniform(0.26, 0.36), bend=rng.uniform(0.02, 0.3))
        normals = None if blade.normals is None else blade.normals @ turn
        blades.append(Mesh(blade.vertices @ turn + path[at].astype(np.float32), blade.faces, blade.uv, normals))
    twig = shapes.tube(path.astype(np.float32), np.linspace(0.040, 0.014, 32).astype(np.float32) * size)
    return [
        Part(shapes.joined(blades), surfaces.leafy(colour=colour)),
        Part(twig, surfaces.plain("#6d5a44", roughness=0.8)),
    ]


def vase_with_branch(*, at: Point, seed: int = 4, colour: str = "#d9cbb8", leaf_colour: str = "#6b8058") -> list[Part]:
    """A hand-thrown stoneware vase with a few twigs."""
    outline = [
        (0.0, 0.0),
        (0.12, 0.0),
        (0.205, 0.15),
        (0.19, 0.31),
        (0.07, 0.43),
        (0.062, 0.50),
        (0.085, 0.535),
        (0.07, 0.535),
    ]
    rings = [
        (r + 0.0016 * np.sin(130 * h) * min(1.0, 9 * r), h)
        for r, h in shapes.dense(shapes.rounded(outline, 0.07, steps=5), 0.012)
    ]
    vase = shapes.moved(shapes.turned([*rings, (0.045, 0.42)], around=48), at=at, turn_deg=180)
    neck = np.asarray(at, np.float32) + np.array([0, 0.47, 0], np.float32)
    parts = [Part(vase, surfaces.stoneware(colour))]
    for i, (dx, dy, dz) in enumerate(((-0.40, 0.62, 0.1), (0.06, 0.88, -0.1), (0.40, 0.52, 0.05), (-0.16, 0.75, 0.2))):
        tip = neck + np.array([dx, dy, dz], np.float32)
        parts += branch(neck, tip, leaves=15, seed=seed + i, colour=leaf_colour)
    return parts


def boards(*, at: Point) -> list[Part]:
    """Two chopping boards leaning on the wall, and a bowl in front of them."""
    x, y, z = at
    tall = shapes.moved(shapes.arch(0.46, 0.92, 0.035, bevel=0.012), at=(x, y, z), turn_deg=-3, lean_deg=8)
    low = shapes.box((0.74, 0.5, 0.04), bevel=0.014, at=(x + 0.34, y, z + 0.11), turn_deg=5, lean_deg=10)
    outer = [
        (0.0, 0.0),
        (0.11, 0.0),
        (0.12, 0.02),
        (0.21, 0.09),
        (0.25, 0.19),
        (0.238, 0.192),
        (0.195, 0.1),
        (0.0, 0.04),
    ]
    bowl = shapes.turned(shapes.dense(shapes.rounded(outer, 0.03), 0.03), at=(x - 0.02, y, z + 0.5), around=56)
    return [
        Part(tall, surfaces.block((0.42, 0.36, 0.32), seed=5)),
        Part(low, surfaces.block((0.86, 0.80, 0.72), seed=6)),
        Part(bowl, surfaces.stoneware("#8d9a96")),
    ]


def crossbars(*, x: float, y: tuple[float, ...], z: tuple[float, ...], thick: float) -> Part:
    """Bars of a window to the left, outside of the picture, for their shadows on wall and table; closed above."""
    bars = [shapes.box((0.05, y[-1] - y[0], thick), at=(x, y[0], at), bevel=0.008) for at in z]
    bars += [shapes.box((0.05, thick, z[-1] - z[0]), at=(x, at, (z[0] + z[-1]) / 2), bevel=0.008) for at in y]
    shut = shapes.box((0.05, 2.0, 6.0), at=(x, y[-1], 1.0), bevel=0.008)
    return Part(shapes.joined([*bars, shut]), surfaces.plain("#f1eee8", roughness=0.5))


def window(
    *, x: tuple[float, float], y: tuple[float, float], z: float, bars: tuple[int, int], thick: float = 0.05
) -> list[Part]:
    """A painted window frame with its panes' bars, in a plane of one z."""
    pieces = []
    for i, at in enumerate(np.linspace(*x, bars[0] + 2)):
        wide = thick * (1.6 if i in (0, bars[0] + 1) else 1.0)
        pieces.append(shapes.box((wide, y[1] - y[0], thick), bevel=0.01, at=(float(at), y[0], z)))
    for i, at in enumerate(np.linspace(*y, bars[1] + 2)):
        high = thick * (1.6 if i in (0, bars[1] + 1) else 1.0)
        pieces.append(
            shapes.box((x[1] - x[0], high, thick * 0.9), bevel=0.01, at=(sum(x) / 2, float(at) - high / 2, z))
        )
    return [Part(shapes.joined(pieces), surfaces.plain("#f1eee8", roughness=0.4))]
