"""Podium: a pastel studio in the brand's colour; the product stands on a low round plinth before an arch, in sun."""

from __future__ import annotations

import numpy as np

from packshot.colour import F32, hex_to_linear
from packshot.rendering.parts import lens, light, shapes, studio, surfaces
from packshot.rendering.scene import Colour, Part, Scenery, SceneSet, Shot

COLOR = "#e2a184"
FLOOR = -0.17  # the plinth's top is where the product stands: y = 0
WALL = -1.95
SUN = (-0.64, 0.76, 0.56)
APERTURE = {"less": 0.004, "normal": 0.014, "more": 0.035}


def build(shot: Shot, texels: float) -> Scenery:
    brand = shot.color or COLOR
    across, along = lens.lens(-5, 5), lens.lens(-5, 2.2)
    x, y = lens.sheet(across, along, texels * 0.7)
    room = shapes.rolled(across, along, flat=-WALL - 0.3, bend=0.6, floor=FLOOR)
    back = -0.85 if shot.pitch_deg >= 40 else -1.15
    high = max(float(_seen_at(shot, 0.0, 0.84, z=back)[1]) - FLOOR, 0.62)
    return Scenery(
        parts=(
            Part(room, surfaces.chalk(x, y, colour=_pale(brand, 0.74))),
            *studio.plinth(
                0.41, -FLOOR, at=(0, FLOOR, 0), colour=_pale(brand, 0.6), texels=texels, seed=1, squash=0.86
            ),
            *studio.plinth(0.23, 0.3, at=(0.61, FLOOR, -0.62), colour=_pale(brand, 0.5), texels=texels * 0.5, seed=2),
            *studio.plinth(0.2, 0.46, at=(-0.7, FLOOR, -0.85), colour=_pale(brand, 0.66), texels=texels * 0.5, seed=3),
            *studio.plinth(0.17, 0.1, at=(-0.5, FLOOR, -0.42), colour=_pale(brand, 0.3), texels=texels * 0.5, seed=4),
            studio.arch(1.02, high, at=(-0.06, FLOOR, back), colour=_pale(brand, 0.1), texels=texels * 0.5),
            studio.arch(0.8, high * 1.1, at=(0.52, FLOOR, back - 0.22), colour=_pale(brand, 0.5), texels=texels * 0.5),
            Part(shapes.ball(0.085, at=(0.53, FLOOR + 0.385, -0.58)), surfaces.plain("#f3ece4", roughness=0.6)),
            *studio.plumes(at=(-0.66, FLOOR + 0.46, -0.85), height=0.8, seed=5, colour="#efe4d8"),
            *_palm(_seen_at(shot, 0.62, 0.5, z=back), seed=2),
        ),
        lights=(
            light.sun(SUN, (3.0, 2.75, 2.45), shot.softness, diameter_deg=1.8),
            light.room(up=(0.62, 0.64, 0.68), horizon=(0.5, 0.5, 0.5), down=(0.42, 0.38, 0.35)),
        ),
        aperture=APERTURE[shot.blur],
        exposure=-0.12,
    )


def _palm(shadow: F32, *, seed: int) -> list[Part]:
    """A palm leaf outside of the picture whose shadow falls there."""
    sun = (np.asarray(SUN) / np.linalg.norm(SUN)).astype(np.float32)
    at = shadow + np.float32(2.0) * sun
    along = np.cross(sun, (0.5, -0.3, 0.8)).astype(np.float32)
    return studio.frond(root=at - np.float32(0.5) * along, tip=at + np.float32(0.6) * along, facing=sun, seed=seed)


def _seen_at(shot: Shot, u: float, v: float, *, z: float = WALL) -> F32:
    """(3,): the point that the camera sees at shares of half the frame: at depth z, or on the floor before it."""
    camera = shot.camera
    half = np.asarray(camera.half, np.float32) * np.array([u, v], np.float32)
    ray = camera.rays(half[:1], half[1:])[0]
    far = min((z - camera.eye[2]) / ray[2], (FLOOR - camera.eye[1]) / ray[1] if ray[1] < 0 else np.inf)
    return np.asarray(camera.eye + ray * far, np.float32)


def _pale(brand: str, share: float) -> Colour:
    """The brand's colour, mixed with warm white."""
    r, g, b = hex_to_linear(brand) * (1 - share) + np.array([0.86, 0.83, 0.80], np.float32) * share
    return float(r), float(g), float(b)


PODIUM = SceneSet("podium", 1, build, color=COLOR)
