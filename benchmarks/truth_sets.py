"""The rooms of `truth.py`: where someone puts a product down and takes a photo with a phone.  Seeds move the light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from packshot.colour import F32, hex_to_linear
from packshot.rendering.parts import lens, light, props, shapes, studio, surfaces
from packshot.rendering.parts.noise import clouds, noise
from packshot.rendering.scene import Colour, Material, Part, Scenery

TEXELS = 900.0

# A surface's material by where on it one looks.
Made = Callable[[F32, F32], Material]


def _colour(code: str) -> Colour:
    r, g, b = (float(c) for c in hex_to_linear(code))
    return r, g, b


def _lit(parts: list[Part], seed: int, *, aperture: float = 0.006, exposure: float = 0.0, fill: float = 1.0) -> Scenery:
    """A window to one side, as wide and as high as the seed says, and what the room throws back."""
    rng = np.random.default_rng([7, seed])
    side, wide = float(rng.choice([-1, 1])), float(rng.uniform(0.7, 1.6))
    at = (side * float(rng.uniform(1.6, 2.4)), float(rng.uniform(1.2, 2.2)), float(rng.uniform(-0.2, 1.6)))
    warm = float(rng.uniform(-0.08, 0.08))
    power = (22 * (1 + warm), 22.0, 22 * (1 - warm))
    window = light.softbox(at, (0, 0.15, 0), (wide, 1.2), power, "normal")
    room = light.room(
        up=(0.42 * fill, 0.42 * fill, 0.44 * fill),
        horizon=(0.3 * fill, 0.3 * fill, 0.31 * fill),
        down=(0.2, 0.19, 0.17),
    )
    return Scenery(tuple(parts), (window, room), aperture=aperture, exposure=exposure)


def _ground(material: Made, *, far: float = -1.5, share: float = 0.7) -> Part:
    across, along = lens.lens(-4, 4), lens.lens(far, 2.2)
    result = material(*lens.sheet(across, along, TEXELS, share=share))
    return Part(shapes.grid(across.lines, along.lines, uv=lens.spread(across, along)), result)


def _wall(material: Made, *, z: float = -1.5) -> Part:
    across, up = lens.lens(-4, 4), lens.lens(-1.0, 3.0)
    result = material(*lens.sheet(across, up, 0.5 * TEXELS))
    return Part(shapes.wall(across.lines, up.lines, z=z, uv=lens.spread(across, up)), result)


def _tinted(material: Material, tint: Colour) -> Material:
    return replace(material, colour=np.asarray(material.colour * np.asarray(tint, np.float32), np.float32))


def _concrete(x: F32, y: F32) -> Material:
    """Poured floor: clouds, fine pits, a tone between gray and brown."""
    tone = 1 + 0.10 * clouds(x, y, cells=1.6, octaves=7, seed=301, gain=0.62) + 0.05 * noise(x, y, cells=160, seed=310)
    pits = np.clip(noise(x, y, cells=70, seed=311) - 1.9, 0, 1)
    shade = (tone * (1 - 0.5 * pits))[..., None] * np.asarray(_colour("#8f8b84"), np.float32)
    return Material(np.clip(shade, 0, 1).astype(np.float32), 0.6, specular=0.3)


def _checked(x: F32, y: F32) -> Material:
    """A woven blanket in large checks."""
    base = surfaces.linen(x, y, colour=(1.0, 1.0, 1.0), thread=0.009, seed=77)
    a, b = (np.mod(axis / 0.31, 1) < 0.5 for axis in (x, y))
    cream, slate = np.asarray(_colour("#d9cdb8"), np.float32), np.asarray(_colour("#5b6673"), np.float32)
    share = ((a.astype(np.float32) + b.astype(np.float32)) / 2)[..., None]
    return replace(base, colour=np.asarray(base.colour * (cream + (slate - cream) * share), np.float32))


def painted_table(seed: int) -> Scenery:
    """A painted table before a plastered wall, plumes at the side."""
    wall = _wall(lambda x, y: surfaces.plaster(x, y, colour=_colour("#c9b7a2")), z=-1.2)
    table = _ground(lambda x, y: surfaces.chalk(x, y, colour=_colour("#9fb0a8")), far=-1.2)
    return _lit([table, wall, *studio.plumes(at=(0.62, 0, -0.85), height=0.7, seed=3, colour="#6a6f75")], seed)


def garage(seed: int) -> Scenery:
    """A concrete floor, boards and a vase against the wall behind."""
    wall = _wall(lambda x, y: surfaces.plaster(x, y, colour=_colour("#b5b8b6")), z=-1.5)
    return _lit([_ground(_concrete), wall, *props.boards(at=(-0.75, 0, -1.3))], seed, exposure=-0.2)


def oak_table(seed: int) -> Scenery:
    """An oiled oak table, the room behind with a branch in a vase."""
    wall = _wall(lambda x, y: surfaces.plaster(x, y, colour=_colour("#7d8a86")), z=-1.7)
    return _lit([_ground(surfaces.oak, far=-1.3), wall, *props.vase_with_branch(at=(-0.7, 0, -1.0))], seed)


def dark_oak(seed: int) -> Scenery:
    """A nearly black table and a dim wall."""
    wall = _wall(lambda x, y: surfaces.plaster(x, y, colour=_colour("#5c5550")), z=-1.5)
    table = _ground(lambda x, y: _tinted(surfaces.oak(x, y, plank=0.3, seed=44), (0.22, 0.2, 0.2)))
    return _lit([table, wall], seed, exposure=-0.5, fill=0.8)


def kitchen(seed: int) -> Scenery:
    """A marble top before glazed tiles, boards and a bowl behind."""
    tiles = props.tiles(x=(-2.2, 2.2), y=(0.0, 2.2), z=-1.1, tile=(0.36, 0.18), seed=9)
    top = _ground(lambda x, y: surfaces.marble(x, y, seed=14), far=-1.1)
    return _lit([top, *tiles, *props.boards(at=(0.5, 0, -0.9))], seed, exposure=-0.1)


def plaster_room(seed: int) -> Scenery:
    """A pale wooden floor and a wall of warm plaster."""
    wall = _wall(lambda x, y: surfaces.plaster(x, y, colour=_colour("#d8c9b4"), seed=40), z=-0.9)
    floor = _ground(lambda x, y: np_clip(_tinted(surfaces.oak(x, y, plank=0.36, seed=60), (1.5, 1.6, 1.75))), far=-0.9)
    return _lit([floor, wall], seed)


def np_clip(material: Material) -> Material:
    return replace(material, colour=np.clip(material.colour, 0, 0.9).astype(np.float32))


def pale_linen(seed: int) -> Scenery:
    """A table cloth of nearly white linen and a white wall."""
    wall = _wall(lambda x, y: surfaces.plaster(x, y, colour=_colour("#e9e6e0"), seed=50), z=-1.0)
    return _lit([_ground(lambda x, y: surfaces.linen(x, y, colour=(0.78, 0.76, 0.72)), far=-1.0), wall], seed)


def white_sweep(seed: int) -> Scenery:
    """A roll of white paper."""
    across, along = lens.lens(-4, 4), lens.lens(-4, 2.2)
    paper = surfaces.paper(*lens.sheet(across, along, TEXELS), colour=(0.82, 0.82, 0.81))
    return _lit(
        [Part(shapes.rolled(across, along, flat=0.35, bend=1.2), paper)], seed, aperture=0.003, fill=1.3, exposure=0.3
    )


def blanket(seed: int) -> Scenery:
    """A checked blanket, a dark room behind."""
    wall = _wall(lambda x, y: surfaces.plaster(x, y, colour=_colour("#7b6a5c")), z=-1.4)
    return _lit([_ground(_checked), wall, *props.vase_with_branch(at=(0.75, 0, -1.1), seed=9)], seed)


def plaster_top(seed: int) -> Scenery:
    """A slab of tinted plaster, seen from above."""
    return _lit([_ground(lambda x, y: surfaces.plaster(x, y, colour=_colour("#c9b3a8"), seed=70), share=1.0)], seed)
