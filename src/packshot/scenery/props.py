"""Things that stand in a set beside the product: made to be seen out of focus or at the rim, but never plain cylinders."""

from __future__ import annotations

import numpy as np

from packshot.colour import F32
from packshot.scene import Part, Point
from packshot.scenery import shapes, surfaces


def tiles(*, z: float, width: float, height: float, tile: tuple[float, float], seed: int, gap: float = 0.012) -> list[Part]:
    """Glazed wall tiles in a running bond, each laid a little unevenly and of its own white."""
    rng = np.random.default_rng(seed)
    made: list[list[shapes.Mesh]] = [[], [], []]
    rows, columns = int(height / tile[1]) + 1, int(width / tile[0]) + 2
    for row in range(rows):
        for column in range(columns):
            x = -width / 2 + (column - 0.5 * (row % 2)) * tile[0]
            body = shapes.box((tile[0] - gap, tile[1] - gap, 0.05), bevel=0.012)
            tilt, turn = rng.normal(0, 0.5), rng.normal(0, 0.5)
            at = (x, -0.6 + row * tile[1], z + rng.normal(0, 0.002))
            made[int(rng.integers(3))].append(shapes.moved(body, at=at, turn_deg=turn, lean_deg=tilt))
    colours = ("#eeebe5", "#e8e5de", "#f1efe9")
    parts = [Part(shapes.joined(group), surfaces.plain(c, roughness=0.18)) for group, c in zip(made, colours, strict=True)]
    line = np.linspace(-width / 2 - 0.5, width / 2 + 0.5, 2, dtype=np.float32)
    grout = shapes.wall(line, np.linspace(-0.8, height, 2, dtype=np.float32), z=z + 0.012)
    return [*parts, Part(grout, surfaces.plain("#b9b4aa", roughness=0.9))]


def branch(root: F32, tip: F32, *, leaves: int, seed: int, size: float = 0.17, colour: str = "#6b8058") -> list[Part]:
    """A bent twig with paired leaves that get smaller towards its tip: eucalyptus, olive."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 24)[:, None]
    side = rng.normal(0, 0.12, 3)
    path = (1 - t) * root + t * tip + np.sin(np.pi * t) * side
    parts: list[shapes.Mesh] = []
    for i in range(leaves):
        at = path[int(4 + 19 * i / leaves)]
        length = size * (1.05 - 0.5 * i / leaves) * rng.uniform(0.8, 1.15)
        blade = shapes.leaf(length, length * rng.uniform(0.34, 0.5), bend=rng.uniform(0.1, 0.4))
        turn = 137.5 * i + rng.normal(0, 18)
        parts.append(shapes.moved(blade, at=tuple(at), turn_deg=turn, lean_deg=rng.uniform(-75, -30)))
    twig = shapes.tube(path.astype(np.float32), np.linspace(0.010, 0.004, 24).astype(np.float32))
    return [Part(shapes.joined(parts), surfaces.leafy(colour=colour)), Part(twig, surfaces.plain("#6d5a44", roughness=0.8))]


def vase_with_branch(*, at: Point, seed: int = 4) -> list[Part]:
    """A hand-thrown stoneware vase with a few twigs."""
    profile = shapes.rounded(
        [(0.0, 0.0), (0.13, 0.0), (0.21, 0.16), (0.19, 0.33), (0.075, 0.44), (0.07, 0.52), (0.09, 0.55), (0.075, 0.55)], 0.06
    )
    vase = shapes.turned(profile, at=at)
    neck = np.asarray(at, np.float32) + np.array([0, 0.5, 0], np.float32)
    parts = [Part(vase, surfaces.plain("#d9cbb8", roughness=0.55))]
    for i, (dx, dy, dz) in enumerate(((-0.35, 0.75, 0.1), (0.1, 0.95, -0.1), (0.42, 0.6, 0.05), (-0.1, 0.7, 0.25))):
        parts += branch(neck, neck + np.array([dx, dy, dz], np.float32), leaves=16, seed=seed + i)
    return parts


def boards(*, at: Point) -> list[Part]:
    """Two chopping boards leaning on the wall, and a bowl in front of them."""
    x, y, z = at
    tall = shapes.box((0.52, 0.86, 0.035), bevel=0.012, at=(x, y, z), turn_deg=-4, lean_deg=9)
    low = shapes.box((0.7, 0.5, 0.04), bevel=0.014, at=(x + 0.3, y, z + 0.1), turn_deg=6, lean_deg=11)
    outer = [(0.0, 0.0), (0.12, 0.0), (0.13, 0.03), (0.24, 0.12), (0.29, 0.24), (0.277, 0.24), (0.225, 0.12), (0.0, 0.05)]
    bowl = shapes.turned(shapes.rounded(outer, 0.03), at=(x - 0.28, y, z + 0.42))
    return [
        Part(tall, surfaces.plain("#a97c50", roughness=0.5)),
        Part(low, surfaces.plain("#7d5636", roughness=0.5)),
        Part(bowl, surfaces.plain("#5d6f73", roughness=0.3)),
    ]
