"""Lights that several sets share."""

from __future__ import annotations

import numpy as np

from packshot.colour import F32
from packshot.rendering.scene import Colour, Panel, Point, Sky, Stop, Sun

# How much larger than designed the key light is; its power stays.
SIZE: dict[Stop, float] = {"less": 0.4, "normal": 1.0, "more": 2.2}


def softbox(at: Point, towards: Point, size: tuple[float, float], power: Colour, softness: Stop) -> Panel:
    """power: radiance × area, so that a larger box is not a brighter one."""
    grow = SIZE[softness]
    wide, high = size[0] * grow, size[1] * grow
    r, g, b = (channel / (wide * high) for channel in power)
    return Panel(at, towards, (wide, high), (r, g, b))


def sun(direction: Point, irradiance: Colour, softness: Stop, *, diameter_deg: float = 2.2) -> Sun:
    """Larger than the real sun's half degree, whose edges cut."""
    return Sun(direction, diameter_deg * SIZE[softness], irradiance)


def room(*, up: Colour, horizon: Colour, down: Colour, window: Colour | None = None) -> Sky:
    """Light of a room from all around: ceiling, walls, floor, and where wanted a large window to the left."""
    h = 64
    height = np.linspace(1, -1, h, dtype=np.float32)[:, None, None]
    above, below = np.clip(height, 0, 1) ** 0.7, np.clip(-height, 0, 1) ** 0.7
    radiance: F32 = np.asarray(horizon, np.float32) * (1 - above - below)
    radiance = radiance + np.asarray(up, np.float32) * above + np.asarray(down, np.float32) * below
    radiance = np.repeat(radiance, 2 * h, axis=1)
    if window is not None:
        turn = np.linspace(-180, 180, 2 * h, dtype=np.float32)  # 0 towards −z, −90 to the left
        rise = np.degrees(np.arcsin(height[:, 0, 0]))
        inside = ((turn > -125) & (turn < -55))[None] & ((rise > 5) & (rise < 55))[:, None]
        radiance[inside] = np.asarray(window, np.float32)
    return Sky(np.ascontiguousarray(radiance, np.float32))
