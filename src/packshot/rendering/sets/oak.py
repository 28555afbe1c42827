"""Oak: a table before a plastered wall, low sun through a window's bars and an olive branch."""

from __future__ import annotations

import numpy as np

from packshot.colour import F32, hex_to_linear
from packshot.rendering.parts import lens, light, props, shapes, surfaces
from packshot.rendering.scene import Part, Scenery, SceneSet, Shot

APERTURE = {"less": 0.004, "normal": 0.012, "more": 0.034}
WALL = -1.45
EDGE = -1.34  # the table's, before the wall
SUN = np.array([-0.75, 0.60, 0.46], np.float32) / np.float32(1.066)


def build(shot: Shot, texels: float) -> Scenery:
    across, along, up = lens.lens(-3, 3), lens.lens(EDGE, 1.3), lens.lens(-1.0, 2.4)
    table = shapes.grid(across.lines, along.lines, uv=lens.spread(across, along))
    rim = shapes.swept(shapes.rounded([(EDGE + 0.01, 0.0), (EDGE - 0.03, 0.0), (EDGE - 0.03, -0.2)], 0.02), width=6)
    wall = shapes.wall(across.lines, up.lines, z=WALL, uv=lens.spread(across, up))
    tone = tuple(float(c) for c in hex_to_linear("#e4dacb"))
    return Scenery(
        parts=(
            Part(table, surfaces.oak(*lens.sheet(across, along, texels, share=0.7))),
            Part(rim, surfaces.plain("#8d6a45", roughness=0.5)),
            Part(wall, surfaces.plaster(*lens.sheet(across, up, texels * 0.7), colour=(tone[0], tone[1], tone[2]))),
            *props.vase_with_branch(at=(0.72, 0, -0.95), colour="#cfc6b8", leaf_colour="#8a8a62"),
            props.crossbars(x=-2.7, y=(0.9, 1.5, 2.75, 3.55), z=(-0.9, -0.2, 0.95, 2.3, 3.2), thick=0.05),
            *_leaves((0.30, 1.0, WALL), (-0.75, 0.35, WALL), back=1.8, leaves=24, seed=1),
            *_leaves((1.0, 1.25, WALL), (0.45, 0.72, WALL), back=2.2, leaves=16, seed=2),
            *_leaves((-1.0, 0, -0.72), (-0.22, 0, -0.30), back=1.5, leaves=14, seed=3),
            *_leaves((-1.05, 0, 0.40), (-0.30, 0, 0.30), back=1.5, leaves=14, seed=4),
        ),
        lights=(
            light.sun(
                (float(SUN[0]), float(SUN[1]), float(SUN[2])), (4.4, 4.06, 3.6), shot.softness, diameter_deg=0.95
            ),
            light.room(up=(0.50, 0.53, 0.60), horizon=(0.42, 0.42, 0.43), down=(0.3, 0.26, 0.22)),
        ),
        aperture=APERTURE[shot.blur],
        exposure=-0.05,
    )


def _leaves(
    root: tuple[float, float, float], tip: tuple[float, float, float], *, back: float, leaves: int, seed: int
) -> list[Part]:
    """A branch outside of the picture whose shadow falls from root to tip; `back` units away along the sun's rays."""
    away = back * SUN
    return props.branch(_point(root) + away, _point(tip) + away, leaves=leaves, seed=seed, size=0.2, facing=SUN)


def _point(at: tuple[float, float, float]) -> F32:
    return np.asarray(at, np.float32)


OAK = SceneSet("oak", 1, build)
