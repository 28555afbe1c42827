"""Products of `truth.py` with hard edges: furniture, leather, crockery, cutlery, glass.

They stand on y = 0 round the origin, some 0.6 units high.  The same call gives the same mesh.
"""

from __future__ import annotations

import numpy as np

from packshot.colour import hex_to_linear
from packshot.rendering.parts import lens, shapes, surfaces
from packshot.rendering.scene import Material, Mesh, Part, Point
from truth_shapes import hull, lathe, line, metal, ring, tilted


def chair() -> list[Part]:
    """A chair with a slatted back."""

    def rod(one: Point, other: Point, radius: float = 0.0125) -> Mesh:
        return shapes.tube(np.linspace(one, other, 12, dtype=np.float32), radius, around=14)

    result = [rod((x, 0, 0.13), (0.9 * x, 0.29, 0.11)) for x in (-0.15, 0.15)]
    result += [rod((x, 0, -0.15), (0.95 * x, 0.62, -0.16)) for x in (-0.15, 0.15)]
    result += [rod((-0.14, y, z), (0.14, y, z), 0.008) for y, z in ((0.12, 0.12), (0.15, -0.14))]
    result += [rod((x, 0.14, 0.12), (x, 0.14, -0.14), 0.008) for x in (-0.143, 0.143)]
    result += [rod((x, 0.31, -0.145), (x, 0.6, -0.16), 0.006) for x in np.linspace(-0.105, 0.105, 6)]
    result += [
        shapes.box((0.32, 0.05, 0.022), bevel=0.009, at=(0, 0.585, -0.16)),
        shapes.box((0.34, 0.028, 0.3), bevel=0.011, at=(0, 0.285, -0.015)),
    ]
    return [Part(shapes.moved(shapes.joined(result), turn_deg=-28), surfaces.plain("#a9713f", roughness=0.4))]


def handbag() -> list[Part]:
    """A leather bag with a loop to carry it."""
    body = shapes.box((0.46, 0.3, 0.15), bevel=0.035)
    flap = shapes.box((0.44, 0.17, 0.02), bevel=0.009, at=(0, 0.135, 0.078))
    a = np.linspace(0.08, np.pi - 0.08, 50)
    loops = [
        shapes.tube(np.stack([0.14 * np.cos(a), 0.29 + 0.24 * np.sin(a), np.full(50, z)], 1).astype(np.float32), 0.0105)
        for z in (-0.03, 0.03)
    ]
    rings = [
        shapes.tube(ring(0.02, 0)[:, [0, 2, 1]] + np.array([x, 0.29, z], np.float32), 0.004)
        for x in (-0.14, 0.14)
        for z in (-0.03, 0.03)
    ]
    clasp = shapes.box((0.05, 0.03, 0.014), bevel=0.005, at=(0, 0.15, 0.09))
    leather = surfaces.plain("#7c2f2b", roughness=0.35)
    return [
        Part(shapes.moved(shapes.joined([body, flap, *loops]), turn_deg=22), leather),
        Part(shapes.moved(shapes.joined([*rings, clasp]), turn_deg=22), metal("#cfae6a")),
    ]


def mug(colour: str, *, turn_deg: float = 25.0) -> list[Part]:
    wall = [(0.0, 0.0), (0.15, 0.0), (0.165, 0.02), (0.165, 0.36), (0.152, 0.36), (0.15, 0.03), (0.0, 0.02)]
    ear = line((0.155, 0.29, 0), (0.26, 0.285, 0), (0.275, 0.16, 0), (0.155, 0.09, 0))
    body = shapes.joined([lathe(wall, 0.008), shapes.tube(ear, 0.017, around=16)])
    return [Part(shapes.moved(body, turn_deg=turn_deg), surfaces.plain(colour, roughness=0.15, coat=0.5))]


def vase(colour: str) -> list[Part]:
    outline = [
        (0.0, 0.0),
        (0.1, 0.0),
        (0.19, 0.13),
        (0.2, 0.27),
        (0.075, 0.42),
        (0.065, 0.5),
        (0.095, 0.55),
        (0.085, 0.55),
        (0.055, 0.48),
    ]
    return [Part(lathe(outline, 0.08), surfaces.plain(colour, roughness=0.45))]


def bowls() -> list[Part]:
    """Three white bowls in each other."""
    wall = [(0.0, 0.0), (0.09, 0.0), (0.1, 0.02), (0.2, 0.08), (0.23, 0.15), (0.222, 0.15), (0.19, 0.09), (0.0, 0.03)]
    return [
        Part(
            shapes.joined([lathe(wall, 0.02, at=(0, 0.052 * i, 0)) for i in range(3)]),
            surfaces.plain("#f2f0ec", roughness=0.2),
        )
    ]


def shoe() -> list[Part]:
    """A black leather shoe in profile."""
    s = np.linspace(0, 1, 90)
    width = 0.085 * np.interp(s, [0, 0.05, 0.2, 0.5, 0.75, 0.93, 1], [0.55, 0.78, 0.86, 0.8, 1.05, 0.85, 0.1])
    height = np.interp(s, [0, 0.12, 0.34, 0.42, 0.6, 0.8, 0.93, 1], [0.2, 0.22, 0.2, 0.19, 0.145, 0.095, 0.075, 0.03])
    a = np.linspace(0, np.pi, 60)
    c, h = np.cos(a)[None], np.sin(a)[None]
    x = np.repeat((s - 0.5)[:, None] * 0.62, 60, 1)
    y = 0.03 + height[:, None] * h**0.75
    z = width[:, None] * np.sign(c) * np.abs(c) ** 0.7
    open_at = (s[:, None] > 0.06) & (s[:, None] < 0.36)
    y = np.where(open_at, np.minimum(y, 0.03 + 0.8 * height[:, None]), y)
    upper = shapes.surface(*(p.astype(np.float32) for p in (x, y, z)), np.stack([x, z], -1).astype(np.float32))
    outline = np.stack([np.concatenate([x[:, 0], x[::-1, 0]]), np.concatenate([-1.07 * width, 1.07 * width[::-1]])], 1)
    sole = shapes.extruded(hull(outline.astype(np.float32)), depth=0.034, bevel=0.006)
    lay = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32)
    sole = tilted(sole, lay, (0.006, 0.017, 0))
    return [
        Part(shapes.moved(upper, turn_deg=18), surfaces.plain("#141312", roughness=0.25, coat=0.3)),
        Part(shapes.moved(sole, turn_deg=18), surfaces.plain("#1d1712", roughness=0.6)),
    ]


def kettle() -> list[Part]:
    """A matt black kettle."""
    body = lathe([(0.0, 0.0), (0.19, 0.0), (0.21, 0.05), (0.15, 0.26), (0.12, 0.285), (0.0, 0.3)], 0.04)
    spout = shapes.tube(
        line((0.16, 0.1, 0), (0.25, 0.17, 0), (0.285, 0.28, 0), (0.34, 0.31, 0)),
        np.linspace(0.03, 0.013, 40).astype(np.float32),
        around=20,
    )
    a = np.linspace(0.15, np.pi - 0.15, 50)
    grip = shapes.tube(np.stack([0.16 * np.cos(a), 0.26 + 0.2 * np.sin(a), np.zeros(50)], 1).astype(np.float32), 0.012)
    knob = shapes.ball(0.024, at=(0, 0.32, 0))
    return [
        Part(
            shapes.moved(shapes.joined([body, spout, grip, knob]), turn_deg=18),
            surfaces.plain("#17181a", roughness=0.4),
        )
    ]


def carton() -> list[Part]:
    """A printed carton."""
    u, v = lens.even(1, 1, 512)
    tone = np.broadcast_to(hex_to_linear("#e9d9b6"), (*u.shape, 3)).copy()
    tone[(v > 0.3) & (v < 0.62)] = hex_to_linear("#2f6f73")
    for i in range(5):
        tone[(np.abs(v - 0.24 + 0.035 * i) < 0.006) & (u > 0.15) & (u < 0.85 - 0.12 * (i % 3))] = hex_to_linear(
            "#4b4034"
        )
    front = shapes.grid(
        np.linspace(-0.16, 0.16, 2, dtype=np.float32),
        np.linspace(0.22, -0.22, 2, dtype=np.float32),
        uv=np.array([[[0, 0], [1, 0]], [[0, 1], [1, 1]]], np.float32),
    )
    up = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)
    label = tilted(front, up, (0, 0.25, 0.0812))
    return [
        Part(shapes.box((0.36, 0.5, 0.16), bevel=0.004, turn_deg=27), surfaces.plain("#e9d9b6", roughness=0.5)),
        Part(shapes.moved(label, turn_deg=27), Material(tone.astype(np.float32), 0.45)),
    ]


def pump_bottle() -> list[Part]:
    """A soap bottle with a pump."""
    body = lathe([(0.0, 0.0), (0.12, 0.0), (0.125, 0.36), (0.045, 0.42), (0.04, 0.45), (0.0, 0.45)], 0.03)
    neck = lathe([(0.052, 0.43), (0.052, 0.49), (0.02, 0.495), (0.016, 0.56), (0.0, 0.56)], 0.006)
    nozzle = shapes.tube(line((-0.02, 0.565, 0), (0.05, 0.568, 0), (0.11, 0.56, 0), (0.125, 0.54, 0)), 0.012, around=14)
    return [
        Part(body, surfaces.plain("#c07c3a", roughness=0.12, coat=1.0)),
        Part(shapes.moved(shapes.joined([neck, nozzle]), turn_deg=-20), surfaces.plain("#191919", roughness=0.35)),
    ]


def cutlery() -> list[Part]:
    """A fork and a knife lying side by side."""
    squash = np.array([1, 0.45, 1], np.float32)
    result = []
    grip = line((-0.1, 0.014, 0.32), (-0.1, 0.02, 0.1), (-0.1, 0.016, -0.05), (-0.1, 0.024, -0.12))
    result.append(
        shapes.tube(
            grip,
            np.interp(np.linspace(0, 1, 40), [0, 0.06, 0.5, 0.85, 1], [0.006, 0.02, 0.012, 0.008, 0.03]).astype(
                np.float32
            ),
            around=16,
        )
    )
    for x in (-0.027, -0.009, 0.009, 0.027):
        tine = line((-0.1 + 0.9 * x, 0.024, -0.10), (-0.1 + x, 0.014, -0.2), (-0.1 + x, 0.022, -0.32))
        result.append(shapes.tube(tine, np.linspace(0.0075, 0.0028, 40).astype(np.float32)))
    blade = line((0.1, 0.014, 0.32), (0.1, 0.018, 0.06), (0.1, 0.016, 0.0), (0.1, 0.012, -0.32))
    result.append(
        shapes.tube(
            blade,
            np.interp(
                np.linspace(0, 1, 40), [0, 0.05, 0.45, 0.52, 0.9, 1], [0.006, 0.019, 0.013, 0.021, 0.023, 0.003]
            ).astype(np.float32),
            around=16,
        )
    )
    mesh = shapes.joined(result)
    flat = Mesh(mesh.vertices * squash, mesh.faces, mesh.uv, mesh.normals)
    return [Part(shapes.moved(flat, turn_deg=14), metal("#c6c6c4", roughness=0.18))]


def scissors() -> list[Part]:
    """Open scissors lying flat."""
    blades, rings = [], []
    for way in (-1, 1):
        outline = np.array([(-0.022, 0.0), (0.018, 0.0), (0.014, 0.2), (0.0, 0.33), (-0.018, 0.2)], np.float32)
        outline = outline if way > 0 else (outline * [-1, 1])[::-1].astype(np.float32)
        blade = shapes.extruded(outline, depth=0.008, bevel=0.002)
        lay = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32)
        blades.append(shapes.moved(tilted(blade, lay, (0, 0.009 + 0.004 * way, 0.03)), turn_deg=way * 16))
        loop = ring(0.06, 0.014, squash=1.45) + np.array([way * 0.085, 0, 0.25], np.float32)
        arm = line((way * -0.004, 0.014, 0.02), (way * 0.02, 0.014, 0.1), (way * 0.05, 0.014, 0.18))
        rings += [shapes.tube(loop, 0.013, around=14), shapes.tube(arm, 0.012, around=14)]
    pin = lathe([(0.0, 0.0), (0.01, 0.0), (0.01, 0.02), (0.0, 0.022)], 0.002)
    return [
        Part(shapes.joined([*blades, pin]), metal("#bfc3c6", roughness=0.22)),
        Part(shapes.joined(rings), surfaces.plain("#1f4f8f", roughness=0.35)),
    ]


def wine_glass() -> Mesh:
    """To be made of glass."""
    return lathe(
        [
            (0.0, 0.0),
            (0.13, 0.0),
            (0.13, 0.006),
            (0.02, 0.02),
            (0.009, 0.06),
            (0.009, 0.26),
            (0.05, 0.3),
            (0.125, 0.4),
            (0.125, 0.47),
            (0.1, 0.6),
            (0.096, 0.6),
            (0.12, 0.47),
            (0.12, 0.405),
            (0.05, 0.31),
            (0.0, 0.295),
        ],
        0.03,
    )
