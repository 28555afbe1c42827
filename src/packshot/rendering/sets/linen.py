"""Linen: a flat lay from straight above; morning sun through a window and a palm, a sprig and a plate at the rim."""

from __future__ import annotations

import numpy as np

from packshot.colour import F32
from packshot.rendering.parts import lens, light, shapes, studio, surfaces
from packshot.rendering.parts.noise import noise, smoothstep
from packshot.rendering.scene import OVERHEAD, Part, Scenery, SceneSet, Shot

SUN = (-0.66, 0.68, -0.40)
MARGIN = 0.07  # of cloth beyond the frame
FOLDS = (  # from x, z, where it runs out, to x, z beyond the rim; height, width
    (0.10, 0.62, 0.80, 0.10, 0.030, 0.055),
    (0.02, 0.50, 0.75, -0.16, 0.016, 0.040),
    (-0.12, -0.36, 0.30, -0.90, 0.026, 0.050),
    (-0.28, -0.02, -0.90, 0.22, 0.026, 0.050),
    (-0.24, -0.20, -0.80, -0.42, 0.016, 0.040),
    (-0.05, 0.40, -0.10, 0.90, 0.018, 0.045),
)
APERTURE = {"less": 0.0, "normal": 0.008, "more": 0.025}


def build(shot: Shot, texels: float) -> Scenery:
    wide, high = (side + MARGIN for side in shot.camera.half)
    x, y = lens.even(2 * wide, 2 * high, texels, most=4096)
    lines_x, lines_z = np.linspace(-wide, wide, 120), np.linspace(high, -high, 120)
    xs, zs = np.meshgrid(lines_x.astype(np.float32), lines_z.astype(np.float32))
    u, v = np.meshgrid(np.linspace(0, 1, 120), np.linspace(0, 1, 120))
    cloth = shapes.surface(xs, _folds(xs, zs), zs, np.stack([u, v], -1))
    return Scenery(
        parts=(
            Part(cloth, surfaces.linen(x - np.float32(wide), y - np.float32(high), colour=(0.635, 0.57, 0.48))),
            *studio.dish(0.36, at=(wide - 0.02, 0.004, -high + 0.03), texels=texels),
            *studio.sprig(root=(-wide - 0.02, 0.012, high - 0.30), tip=(-0.22, 0.02, high - 0.13), pairs=9, seed=3),
            *_window(),
        ),
        lights=(
            light.sun(SUN, (3.0, 2.8, 2.52), shot.softness, diameter_deg=1.6),
            light.room(
                up=(0.42, 0.45, 0.5), horizon=(0.42, 0.43, 0.45), down=(0.4, 0.38, 0.35), window=(2.2, 2.3, 2.45)
            ),
        ),
        aperture=APERTURE[shot.blur],
        exposure=-0.1,
    )


def _folds(x: F32, z: F32) -> F32:
    """Height of the cloth: calm in the middle, long folds round it that run out softly."""
    height = 0.0015 * noise(x, z, cells=3.5, seed=69) + 0.006 * noise(x, z, cells=1.3, seed=70)
    bend = 0.05 * noise(x, z, cells=1.9, seed=61) + 0.012 * noise(x, z, cells=5, seed=62)
    for from_x, from_z, to_x, to_z, high, width in FOLDS:
        way = np.array([to_x - from_x, to_z - from_z]) / np.hypot(to_x - from_x, to_z - from_z)
        along = (x - from_x) * way[0] + (z - from_z) * way[1]
        off = (x - from_x) * way[1] - (z - from_z) * way[0] + bend
        # Steeper on one side, as cloth falls.
        profile = np.exp(-((off / np.where(off > 0, width, 0.5 * width)) ** 2))
        height += high * profile * smoothstep(0, 0.35, along)
    return (height * smoothstep(0.2, 0.5, np.hypot(x, z))).astype(np.float32)


def _window() -> list[Part]:
    """Between sun and table, outside of the picture: two bars of a window and palm leaves, for their shadows."""
    bars = []
    for (x, z), (to_x, to_z) in (((0.32, -1.4), (0.60, 1.4)), ((-1.4, 0.66), (1.4, 0.36))):
        bars.append(shapes.tube(np.linspace(_above(x, z, 2.4), _above(to_x, to_z, 2.4), 8, dtype=np.float32), 0.022))
    up = np.array([0, 1, 0], np.float32)  # flat over the table, so that the shadow is not drawn out
    return [
        Part(shapes.joined(bars), surfaces.plain("#e8e2d8")),
        *studio.frond(
            root=_above(-0.75, -0.55, 0.85), tip=_above(-0.02, -0.34, 0.85), facing=up, seed=1, leaflets=13, width=0.04
        ),
        *studio.frond(
            root=_above(-0.85, 0.05, 0.85), tip=_above(-0.3, 0.4, 0.85), facing=up, seed=2, leaflets=11, length=0.28
        ),
    ]


def _above(x: float, z: float, far: float) -> F32:
    """(3,): the point whose shadow falls on x, z, that far towards the sun."""
    return (np.array([x, 0, z]) + far * np.asarray(SUN) / np.linalg.norm(SUN)).astype(np.float32)


LINEN = SceneSet("linen", 1, build, pitches=(OVERHEAD,))
