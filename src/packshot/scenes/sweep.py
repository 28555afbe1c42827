"""Sweep: a roll of light gray paper, one large softbox from the left."""

from __future__ import annotations

import numpy as np

from packshot.scene import Part, Scenery, SceneSet, Shot
from packshot.scenery import lens, light, shapes, surfaces


def build(shot: Shot, texels: float) -> Scenery:
    across, along = lens.lens(-6, 6), lens.lens(-6, 2.5)
    x, y = lens.sheet(across, along, texels)
    material = surfaces.paper(x, y, colour=(0.72, 0.72, 0.72))
    z = along.lines
    # The paper's roll: flat to 1.3 behind the product, then up along a bow of radius 1.6.
    start, radius = -1.3, 1.6
    run = np.maximum(start - z, 0)
    angle = np.minimum(run / radius, np.pi / 2)
    rest = np.maximum(run - radius * np.pi / 2, 0)
    place = np.where(z > start, z, start - radius * np.sin(angle))
    height = radius * (1 - np.cos(angle)) + rest
    xs, _ = np.meshgrid(across.lines, z)
    ground = shapes.surface(xs, np.broadcast_to(height[:, None], xs.shape), np.broadcast_to(place[:, None], xs.shape), lens.spread(across, along))
    return Scenery(
        parts=(Part(ground, material),),
        lights=(
            light.softbox((-2.6, 2.7, 1.6), (0, 0.2, -0.3), (1.9, 1.9), (30, 30, 30), shot.softness),
            light.room(up=(0.62, 0.62, 0.63), horizon=(0.42, 0.42, 0.43), down=(0.3, 0.3, 0.3)),
        ),
        exposure=-0.1,
    )


SWEEP = SceneSet("sweep", 1, build)
