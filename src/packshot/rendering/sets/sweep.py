"""Sweep: a roll of light gray paper, a large softbox from the left, a second one for the ground behind."""

from __future__ import annotations

from packshot.rendering.parts import lens, light, shapes, surfaces
from packshot.rendering.scene import PITCHES, Part, Scenery, SceneSet, Shot


def build(shot: Shot, texels: float) -> Scenery:
    across, along = lens.lens(-6, 6), lens.lens(-7, 2.5)
    x, y = lens.sheet(across, along, texels)
    ground = shapes.rolled(across, along, flat=0.2, bend=4.0)
    return Scenery(
        parts=(Part(ground, surfaces.paper(x, y, colour=(0.72, 0.72, 0.715))),),
        lights=(
            light.softbox((-2.4, 2.7, 1.5), (0, 0.1, -0.2), (1.9, 1.9), (26, 26, 26), shot.softness),
            light.softbox((0.2, 3.6, 0.6), (0.1, 0.9, -3.0), (2.4, 1.2), (16, 16, 16.3), "normal"),
            light.room(up=(0.62, 0.62, 0.63), horizon=(0.5, 0.5, 0.505), down=(0.3, 0.3, 0.3)),
        ),
        exposure=-0.12,
    )


SWEEP = SceneSet("sweep", 1, build, pitches=PITCHES)
