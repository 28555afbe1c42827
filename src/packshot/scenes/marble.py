"""Marble: a kitchen counter by a window, the room behind it out of focus."""

from __future__ import annotations

import numpy as np

from packshot.scene import Part, Scenery, SceneSet, Shot
from packshot.scenery import lens, light, props, shapes, surfaces

APERTURE = {"less": 0.012, "normal": 0.045, "more": 0.085}


def build(shot: Shot, texels: float) -> Scenery:
    across, along = lens.lens(-4, 4), lens.lens(-1.5, 1.7)
    x, y = lens.sheet(across, along, texels)
    counter = shapes.grid(across.lines, along.lines, uv=lens.spread(across, along))
    edge = shapes.swept(shapes.rounded([(-1.5, 0.0), (-1.56, 0.0), (-1.56, -0.12)], 0.02), width=8)
    tiles = props.tiles(z=-3.1, width=7, height=3.2, tile=(0.62, 0.155), seed=5)
    back = shapes.grid(np.linspace(-5, 5, 2, dtype=np.float32), np.linspace(-3.1, -1.6, 2, dtype=np.float32), y=-0.55)
    return Scenery(
        parts=(
            Part(counter, surfaces.marble(x, y)),
            Part(edge, surfaces.plain("#e3e1de", roughness=0.25)),
            Part(back, surfaces.plain("#8a6a4c", roughness=0.6)),
            *tiles,
            *props.vase_with_branch(at=(-0.98, -0.12, -2.3)),
            *props.boards(at=(1.05, -0.12, -2.75)),
        ),
        lights=(
            light.softbox((-3.4, 2.3, -0.3), (0, 0.1, -0.6), (1.7, 2.0), (52, 54, 58), shot.softness),
            light.room(up=(0.55, 0.56, 0.58), horizon=(0.46, 0.44, 0.42), down=(0.3, 0.26, 0.22)),
        ),
        aperture=APERTURE[shot.blur],
    )


MARBLE = SceneSet("marble", 1, build)
