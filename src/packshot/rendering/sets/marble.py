"""Marble: a polished kitchen counter under a window, tiles and a few things of the house out of focus."""

from __future__ import annotations

import numpy as np

from packshot.rendering.parts import lens, light, props, shapes, surfaces
from packshot.rendering.scene import Panel, Part, Scenery, SceneSet, Shot

APERTURE = {"less": 0.012, "normal": 0.028, "more": 0.07}
WALL = -2.3
WINDOW = (-2.5, -0.54)  # from where to where, in x
SILL = 0.22


def build(shot: Shot, texels: float) -> Scenery:
    across, along = lens.lens(-3.2, 3.2), lens.lens(WALL, 1.3)
    x, y = lens.sheet(across, along, texels, share=0.7)
    counter = shapes.grid(across.lines, along.lines, uv=lens.spread(across, along))
    jamb = shapes.box((0.06, 2.6, 0.34), bevel=0.01, at=(WINDOW[1] - 0.03, SILL, WALL - 0.16))
    sill = shapes.box(
        (WINDOW[1] - WINDOW[0] + 0.05, 0.05, 0.42), bevel=0.015, at=(sum(WINDOW) / 2, SILL - 0.05, WALL - 0.14)
    )
    above = shapes.wall(np.array([-4, 4], np.float32), np.array([2.3, 4], np.float32), z=WALL)
    tile = (0.5, 0.25)
    return Scenery(
        parts=(
            Part(counter, surfaces.marble(x, y)),
            *props.tiles(x=(WINDOW[1], 3.2), y=(0, 2.25), z=WALL, tile=tile, seed=5),
            *props.tiles(x=(WINDOW[0], WINDOW[1]), y=(SILL - 0.05 - tile[1], SILL - 0.05), z=WALL, tile=tile, seed=6),
            Part(shapes.joined([jamb, sill]), surfaces.plain("#efece6", roughness=0.35)),
            Part(above, surfaces.plain("#e9e4da", roughness=0.9)),
            *props.window(x=WINDOW, y=(SILL, 2.8), z=WALL - 0.28, bars=(2, 2)),
            *props.vase_with_branch(at=(-0.86, 0, -1.72)),
            props.crossbars(x=-2.9, y=(0.5, 1.72, 3.25, 3.9), z=(-1.4, -0.5, 0.45, 2.0, 3.0), thick=0.07),
            *props.boards(at=(0.86, 0, WALL + 0.16)),
        ),
        lights=(
            light.sun((-0.74, 0.62, 0.36), (2.1, 1.94, 1.68), shot.softness, diameter_deg=3.5),
            Panel((-1.6, 1.4, WALL - 1.6), (-1.2, 1.2, 0), (6.0, 5.0), (1.9, 2.0, 2.1)),
            light.room(
                up=(0.42, 0.42, 0.43), horizon=(0.26, 0.255, 0.25), down=(0.2, 0.18, 0.16), window=(2.6, 2.65, 2.7)
            ),
        ),
        aperture=APERTURE[shot.blur],
        exposure=0.08,
    )


MARBLE = SceneSet("marble", 1, build)
