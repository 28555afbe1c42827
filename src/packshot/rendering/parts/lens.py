"""Textures that are fine where the product stands and coarse far away, and never repeat.

A ground of 8 × 8 units at 2048 pixels a unit would be a texture of 16384². Instead its mesh lines lie closer together
near the origin, and the texture is computed at those positions: each line of the mesh has its own row of texels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from packshot.colour import F32

LINES = 97
NEAR = 0.55  # world units on each side of the origin that get full density


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """Along one axis: `lines` of the mesh, and for each the place in the texture, [0, 1]."""

    lines: F32
    places: F32

    def texels(self, count: int) -> F32:
        """(count,) world coordinates of the texture's columns."""
        middle = (np.arange(count, dtype=np.float32) + 0.5) / count
        return np.interp(middle, self.places, self.lines).astype(np.float32)


def lens(low: float, high: float) -> Lens:
    """From `low` to `high`, densest around 0: density falls with 1 / (1 + (distance / NEAR)²)."""
    start, end = np.arctan(low / NEAR), np.arctan(high / NEAR)
    places = np.linspace(0, 1, LINES, dtype=np.float32)
    lines = NEAR * np.tan(start + (end - start) * places)
    return Lens(lines.astype(np.float32), places)


def count(axis: Lens, texels: float, *, most: int = 4096) -> int:
    """How many texels make `texels` a unit at the densest place."""
    span = float(np.diff(axis.places).max() / np.diff(axis.lines).min())
    return int(min(most, max(64, texels / span)))


def sheet(across: Lens, along: Lens, texels: float, *, share: float = 1.0) -> tuple[F32, F32]:
    """(h, w) world coordinates of each texel, x and then the other axis (its top row is the last line: v runs up).

    share: of `texels` along the second axis; a ground is never seen steeper than 40 degrees, and needs sin 40 of them.
    """
    x = across.texels(count(across, texels))
    y = along.texels(count(along, texels * share))[::-1]
    xs, ys = np.meshgrid(x, y)
    return np.ascontiguousarray(xs, np.float32), np.ascontiguousarray(ys, np.float32)


def spread(across: Lens, along: Lens) -> F32:
    """(len(along), len(across), 2) uv for a mesh over both axes' lines."""
    u, v = np.meshgrid(across.places, along.places)
    return np.stack([u, v], -1).astype(np.float32)


def even(width: float, height: float, texels: float, *, most: int = 2048) -> tuple[F32, F32]:
    """(h, w) world coordinates of an evenly spaced texture, y from the top row down; for surfaces without a lens."""
    columns, rows = (int(np.clip(side * texels, 32, most)) for side in (width, height))
    x = (np.arange(columns, dtype=np.float32) + 0.5) * np.float32(width / columns)
    y = (np.arange(rows, dtype=np.float32)[::-1] + 0.5) * np.float32(height / rows)
    xs, ys = np.meshgrid(x, y)
    return np.ascontiguousarray(xs, np.float32), np.ascontiguousarray(ys, np.float32)
