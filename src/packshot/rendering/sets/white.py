"""White: an endless white ground under a large softbox and much fill, rendered for its shadow on pure white alone."""

from __future__ import annotations

from packshot.rendering.parts import lens, light, shapes, surfaces
from packshot.rendering.scene import PITCHES, Part, Scenery, SceneSet, Shot


def build(shot: Shot, texels: float) -> Scenery:
    across, along = lens.lens(-40, 40), lens.lens(-40, 40)
    ground = shapes.grid(across.lines, along.lines)
    return Scenery(
        parts=(Part(ground, surfaces.plain("#e6e6e6", roughness=0.9)),),
        lights=(
            light.softbox((-0.75, 3.1, 0.85), (0, 0, 0), (2.0, 2.0), (29, 29, 29), shot.softness),
            light.room(up=(1.3, 1.3, 1.3), horizon=(0.15, 0.15, 0.15), down=(0.5, 0.5, 0.5)),
        ),
    )


WHITE = SceneSet("white", 1, build, pitches=PITCHES, pure_white=True)
