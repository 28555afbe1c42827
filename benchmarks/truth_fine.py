"""Products of `truth.py` with fine edges: wire, leaves, fur, bristles.

They stand on y = 0 round the origin, some 0.6 units high.  The same call gives the same mesh.
"""

from __future__ import annotations

import numpy as np

from packshot.colour import F32
from packshot.rendering.parts import shapes, studio, surfaces
from packshot.rendering.scene import Mesh, Part, Point
from truth_shapes import TURN, axes, blob, fur, lathe, line, metal, ring, tilted

# --- thin wire -------------------------------------------------------------------------------------------------------


def basket() -> list[Part]:
    """A round basket of steel wire with a handle."""

    def side(y: float) -> float:
        return 0.20 + 0.07 * np.sin(np.pi / 2 * y / 0.3)

    wires = [shapes.tube(ring(side(y), y), 0.0026) for y in np.linspace(0.004, 0.27, 9)]
    heights = np.linspace(0.004, 0.3, 24)
    for a in np.linspace(0, TURN, 34, endpoint=False):
        rib = [(side(y) * np.sin(a), y, side(y) * np.cos(a)) for y in heights]
        wires.append(shapes.tube(np.asarray([(0.0, 0.004, 0.0), *rib], np.float32), 0.0021))
    wires.append(shapes.tube(ring(0.27, 0.3), 0.006))
    a = np.linspace(0, np.pi, 60)
    handle = np.stack([0.27 * np.cos(a), 0.3 + 0.27 * np.sin(a), np.zeros(60)], 1).astype(np.float32)
    return [
        Part(
            shapes.moved(shapes.joined([*wires, shapes.tube(handle, 0.005)]), turn_deg=20),
            metal("#3a3733", roughness=0.4),
        )
    ]


def chain() -> list[Part]:
    """A fine gold chain lying flat, with a drop."""
    t = np.linspace(0, 1, 170, endpoint=False)
    a = TURN * t
    path = np.stack(
        [0.30 * np.sin(a) + 0.03 * np.sin(3 * a), np.full(170, 0.006), -0.26 * np.cos(a) * (1 - 0.25 * np.cos(a))], 1
    )
    ahead = np.roll(path, -1, 0) - np.roll(path, 1, 0)
    step = np.linalg.norm(ahead, axis=1)
    u = np.linspace(0, TURN, 17)
    links = []
    for i in range(len(path)):
        x = ahead[i] / step[i]
        y = np.array([0, 1, 0]) if i % 2 else np.cross(x, [0, 1, 0])
        oval = path[i] + 0.42 * step[i] * np.cos(u)[:, None] * x + 0.0042 * np.sin(u)[:, None] * y
        links.append(shapes.tube(oval.astype(np.float32), 0.0014, around=6))
    drop = lathe([(0.0, 0.0), (0.028, 0.004), (0.028, 0.012), (0.0, 0.016)], 0.004, at=(0.0, 0.0, 0.352))
    return [Part(shapes.joined([*links, drop]), metal("#d8a640", roughness=0.2))]


def wheel() -> list[Part]:
    """A bicycle's front wheel, upright, half turned away."""

    def circle(radius: float) -> F32:
        return ring(radius, 0.0, count=160)[:, [0, 2, 1]] + np.array([0, 0.31, 0], np.float32)

    spokes = []
    for i, a in enumerate(np.linspace(0, TURN, 32, endpoint=False)):
        end = a + (0.9 if i // 2 % 2 else -0.9)
        z = 0.028 if i % 2 else -0.028
        rim = (0.272 * np.sin(a), 0.31 + 0.272 * np.cos(a), 0.0)
        hub = (0.022 * np.sin(end), 0.31 + 0.022 * np.cos(end), z)
        spokes.append(shapes.tube(np.linspace(hub, rim, 6, dtype=np.float32), 0.0013, around=6))
    axle = np.linspace((0, 0.31, -0.05), (0, 0.31, 0.05), 10, dtype=np.float32)
    hub = shapes.tube(
        axle, np.array([0.006, 0.006, 0.024, 0.024, 0.014, 0.014, 0.024, 0.024, 0.006, 0.006], np.float32)
    )
    turn = 32.0
    return [
        Part(
            shapes.moved(shapes.joined([*spokes, shapes.tube(circle(0.274), 0.0085), hub]), turn_deg=turn),
            metal("#c9ccd0", roughness=0.25),
        ),
        Part(
            shapes.moved(shapes.tube(circle(0.293), 0.0165, around=16), turn_deg=turn),
            surfaces.plain("#1c1c1d", roughness=0.7),
        ),
    ]


def glasses() -> list[Part]:
    """A spectacle frame of thin metal, without lenses."""
    a = np.linspace(0, TURN, 80)
    parts = []
    for way in (-1, 1):
        x = way * 0.155 + 0.125 * np.sign(np.cos(a)) * np.abs(np.cos(a)) ** 0.85
        y = 0.115 + 0.105 * np.sign(np.sin(a)) * np.abs(np.sin(a)) ** 0.85
        parts.append(shapes.tube(np.stack([x, y, np.zeros(80)], 1).astype(np.float32), 0.0052))
        temple = line(
            (way * 0.285, 0.15, 0.0), (way * 0.30, 0.155, -0.05), (way * 0.285, 0.15, -0.3), (way * 0.265, 0.06, -0.46)
        )
        parts.append(shapes.tube(temple, np.linspace(0.0042, 0.007, 40).astype(np.float32)))
    parts.append(shapes.tube(line((-0.04, 0.15, 0), (0.0, 0.172, 0.008), (0.04, 0.15, 0)), 0.0046))
    return [Part(shapes.moved(shapes.joined(parts), at=(0, 0.0, 0.1), turn_deg=-24), metal("#6b5233", roughness=0.3))]


# --- leaves ----------------------------------------------------------------------------------------------------------


def _pot(colour: str, *, radius: float = 0.13, height: float = 0.2) -> list[Part]:
    wall = [(0.0, 0.0), (0.75 * radius, 0.0), (radius, height), (0.92 * radius, height), (0.88 * radius, 0.88 * height)]
    soil = lathe([(0.0, 0.9 * height), (0.9 * radius, 0.86 * height)], 0.0)
    return [Part(lathe(wall, 0.012), surfaces.stoneware(colour)), Part(soil, surfaces.plain("#3a2b20", roughness=1.0))]


def monstera() -> list[Part]:
    """A potted plant whose large leaves have holes and slits."""
    rng = np.random.default_rng(8)
    blades, stems = [], []
    for i in range(9):
        a = TURN * (i / 9 + rng.uniform(-0.03, 0.03))
        reach, up = rng.uniform(0.12, 0.25), rng.uniform(0.36, 0.56)
        end = np.array([reach * np.sin(a), up, 0.7 * reach * np.cos(a)])
        stems.append(shapes.tube(line((0, 0.17, 0), tuple(end * (0.4, 0.75, 0.4)), tuple(end)), 0.0045))
        t, across = np.meshgrid(np.linspace(0, 1, 120), np.linspace(-1, 1, 90), indexing="ij")
        half = 0.105 * np.sin(np.pi * t**0.62) ** 0.75
        x, z = half * across, 0.03 * np.abs(across) - 0.09 * t**2
        sheet = shapes.surface(
            x.astype(np.float32),
            (0.2 * t).astype(np.float32),
            z.astype(np.float32),
            np.stack([(across + 1) / 2, t], -1).astype(np.float32),
        )
        middle = sheet.uv[sheet.faces].mean(1)
        off, along = np.abs(middle[:, 0] * 2 - 1), middle[:, 1] - 0.16 * np.abs(middle[:, 0] * 2 - 1)
        rib = np.mod(along * 6.5, 1) - 0.5
        slit = (np.abs(rib) < 0.16 * np.clip((off - 0.5) * 2, 0, 1)) & (along > 0.05)
        hole = ((rib / 0.30) ** 2 + ((off - 0.30) / 0.13) ** 2 < 1) & (along > 0.12) & (along < 0.75)
        facing = np.array([np.sin(a) * 0.7, 0.55, np.cos(a) * 0.5 + 0.5])
        ahead = np.array([np.sin(a), -0.35, np.cos(a) * 0.6])
        turn = axes(ahead, facing)
        blade = Mesh(sheet.vertices, sheet.faces[~(slit | hole)], sheet.uv, sheet.normals)
        blades.append(tilted(blade, turn, (float(end[0]), float(end[1]), float(end[2]))))
    return [
        *_pot("#b9876a"),
        Part(shapes.joined(blades), surfaces.leafy(colour="#3f6a38")),
        Part(shapes.joined(stems), surfaces.plain("#5d7a45")),
    ]


def fern() -> list[Part]:
    """A potted fern: arching fronds of many small leaflets."""
    rng = np.random.default_rng(12)
    blades, ribs = [], []
    for i in range(22):
        a, high = TURN * i / 22 + rng.uniform(-0.1, 0.1), rng.uniform(0.16, 0.36)
        reach = rng.uniform(0.16, 0.3)
        way = np.array([np.sin(a), 0, 0.8 * np.cos(a)])
        rib = line(
            (0, 0.17, 0),
            tuple(way * reach * 0.5 + (0, 0.2 + high, 0)),
            tuple(way * reach * 1.15 + (0, 0.17 + 0.55 * high, 0)),
        )
        ribs.append(shapes.tube(rib, np.linspace(0.0028, 0.0009, 40).astype(np.float32), around=6))
        at = rib[4:]
        ahead = np.gradient(rib, axis=0)[4:]
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        side = np.cross(ahead, [0, 1, 0])
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        long = 0.075 * np.sin(np.pi * np.linspace(0.08, 0.97, len(at)) ** 0.7)[:, None]
        for s in (-1, 1):
            tips = at + long * (s * side + 0.45 * ahead + rng.normal(0, 0.08, at.shape))
            blades.append(
                shapes.strips(at, tips.astype(np.float32), sag=(-0.08 * long[:, 0]).astype(np.float32), width=0.0125)
            )
    return [
        *_pot("#d8d2c6", radius=0.12),
        Part(shapes.joined(blades), surfaces.plain("#5d8a3c", roughness=0.5)),
        Part(shapes.joined(ribs), surfaces.plain("#6a7a3a")),
    ]


def plumes() -> list[Part]:
    """Dried grass in a small vase."""
    return studio.plumes(at=(0, 0, 0), height=0.62, seed=21, colour="#7f8c86")


# --- fur and bristle -------------------------------------------------------------------------------------------------


def rabbit() -> list[Part]:
    """A plush rabbit, sitting."""
    limbs: list[tuple[Point, Point]] = [
        ((0.135, 0.155, 0.12), (0, 0.165, 0)),
        ((0.105, 0.095, 0.095), (0, 0.36, 0.02)),
        ((0.034, 0.125, 0.024), (-0.055, 0.53, 0.0)),
        ((0.034, 0.125, 0.024), (0.06, 0.525, -0.005)),
        ((0.06, 0.05, 0.095), (-0.095, 0.055, 0.09)),
        ((0.06, 0.05, 0.095), (0.095, 0.055, 0.09)),
        ((0.04, 0.085, 0.045), (-0.125, 0.21, 0.06)),
        ((0.04, 0.085, 0.045), (0.125, 0.21, 0.06)),
    ]
    skin = shapes.joined([blob(size, at) for size, at in limbs])
    hair = [
        fur(size, at, count=int(420_000 * size[0] * size[1] + 2500), length=0.032, seed=i)
        for i, (size, at) in enumerate(limbs)
    ]
    face = [shapes.ball(0.011, at=(x, 0.385, 0.112)) for x in (-0.042, 0.042)] + [
        blob((0.014, 0.01, 0.01), (0, 0.35, 0.125))
    ]
    return [
        Part(skin, surfaces.plain("#a58565", roughness=0.9)),
        Part(shapes.joined(hair), surfaces.plain("#c2a27f", roughness=0.9)),
        Part(shapes.joined(face), surfaces.plain("#17120f", roughness=0.15)),
    ]


def _bristles(*, count: int, low: float, high: float, base: Point, spread: Point, seed: int, width: float) -> Mesh:
    """Bristles between two heights; base and spread: half widths at the low and the high end (x, unused, z)."""
    rng = np.random.default_rng(seed)
    a, r = rng.uniform(0, TURN, count), np.sqrt(rng.uniform(0, 1, count))
    x, z = r * np.sin(a), r * np.cos(a)
    stray = rng.normal(0, 0.05, (2, count))
    roots = np.stack([x * base[0], np.full(count, low), z * base[2]], 1)
    ends = np.stack(
        [
            (x + stray[0]) * spread[0],
            high + rng.normal(0, 0.05, count) * abs(high - low) - 0.1 * (high - low) * r**2,
            (z + stray[1]) * spread[2],
        ],
        1,
    )
    out = np.stack([np.sin(a), np.full(count, 0.3), np.cos(a)], 1) + rng.normal(0, 0.4, (count, 3))
    sag = rng.normal(0, 0.004, count).astype(np.float32)
    return shapes.strips(
        roots.astype(np.float32), ends.astype(np.float32), sag=sag, width=width, facing=out.astype(np.float32)
    )


def broom() -> list[Part]:
    """A hand broom of straw, standing on its bristles."""
    straw = _bristles(
        count=2600, low=0.34, high=0.035, base=(0.09, 0, 0.035), spread=(0.21, 0, 0.07), seed=3, width=0.0034
    )
    bands = [shapes.tube(ring(0.094 + 0.012 * i, 0.33 - 0.03 * i, squash=0.42), 0.004) for i in range(3)]
    grip = lathe([(0.0, 0.30), (0.075, 0.31), (0.034, 0.40), (0.027, 0.58), (0.03, 0.62), (0.0, 0.63)], 0.03)
    return [
        Part(straw, surfaces.plain("#b8975a", roughness=0.8)),
        Part(shapes.joined(bands), surfaces.plain("#8a2f27")),
        Part(grip, surfaces.plain("#7a4b28", roughness=0.35)),
    ]


def shaving_brush() -> list[Part]:
    """A shaving brush on its handle, hair up."""
    hair = _bristles(
        count=5200, low=0.27, high=0.56, base=(0.07, 0, 0.07), spread=(0.135, 0, 0.135), seed=4, width=0.0022
    )
    grip = lathe([(0.0, 0.0), (0.1, 0.0), (0.105, 0.04), (0.06, 0.1), (0.085, 0.2), (0.078, 0.26), (0.0, 0.28)], 0.03)
    collar = lathe([(0.079, 0.25), (0.083, 0.26), (0.083, 0.29), (0.07, 0.295)], 0.004)
    return [
        Part(hair, surfaces.plain("#4a3a2e", roughness=0.6)),
        Part(grip, surfaces.plain("#1d3b36", roughness=0.12, coat=1.0)),
        Part(collar, metal("#c8c8c4", roughness=0.2)),
    ]


def wool() -> list[Part]:
    """A ball of yarn with fuzz."""
    rng = np.random.default_rng(15)
    strands = []
    for i in range(110):
        turn = np.linalg.qr(rng.normal(0, 1, (3, 3)))[0]
        a = np.linspace(0, TURN, 90)
        radius = 0.2 - 0.022 * rng.random() + 0.004 * np.sin(a * 3 + i)
        path = np.stack([radius * np.sin(a), 0.06 * rng.normal() * np.ones(90), radius * np.cos(a)], 1) @ turn.T
        path *= (0.2 / np.maximum(0.2, np.linalg.norm(path, axis=1)))[:, None]
        strands.append(shapes.tube((path + np.array([0, 0.21, 0])).astype(np.float32), 0.0095))
    fuzz = fur((0.204, 0.204, 0.204), (0, 0.21, 0), count=9000, length=0.018, seed=2, width=0.0009)
    end = line((0.1, 0.05, 0.15), (0.2, 0.012, 0.2), (0.32, 0.01, 0.12), (0.42, 0.01, 0.2))
    return [
        Part(shapes.joined([*strands, shapes.tube(end, 0.0085)]), surfaces.plain("#b4493f", roughness=0.95)),
        Part(fuzz, surfaces.plain("#c4665c", roughness=0.95)),
    ]
