"""Overlapping tiles: where they lie, and how they are joined again without a seam."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from packshot.colour import F32, U8
from packshot.ops.geometry import PixelBox


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile, and how far it overlaps the tiles to its left and above it."""

    box: PixelBox
    over_left: int
    over_top: int


def tiles(size: tuple[int, int], *, side: int, overlap: int) -> list[Tile]:
    """Tiles of `side` × `side` that cover `size` (width, height), row by row, spread evenly.

    Neighbours share at least `overlap` pixels.  A picture smaller than a tile gets one, which then reaches past it.
    """
    columns, rows = (_starts(length, side, overlap) for length in size)
    return [
        Tile(
            (x, y, x + side, y + side),
            columns[i - 1] + side - x if i else 0,
            rows[j - 1] + side - y if j else 0,
        )
        for j, y in enumerate(rows)
        for i, x in enumerate(columns)
    ]


def _starts(length: int, side: int, overlap: int) -> list[int]:
    if length <= side:
        return [0]
    count = -(-(length - overlap) // (side - overlap))
    return [round(n * (length - side) / (count - 1)) for n in range(count)]


def blend_beside(strip: U8, piece: U8, tile: Tile, *, factor: int) -> None:
    """Blend a tile into its row of tiles, in place, from left to right.

    strip: (factor × side, W, 3).  piece: (factor × side, factor × side, 3).  Of what two tiles share the outer quarters
    are dropped, since a network guesses near its own border; in the middle half one fades into the other.
    """
    left = tile.box[0] * factor
    part = strip[:, left : left + piece.shape[1]]
    _blend(part, piece[:, : part.shape[1]], _ramp(part.shape[1], tile.over_left * factor)[None, :, None])


def blend_below(picture: U8, strip: U8, tile: Tile, *, factor: int) -> None:
    """Blend a finished row of tiles into the picture, in place, from top to bottom.

    picture: (H, W, 3).  strip: (factor × side, W, 3).  tile: any of the row.
    """
    top = tile.box[1] * factor
    part = picture[top : top + strip.shape[0]]
    _blend(part, strip[: part.shape[0]], _ramp(part.shape[0], tile.over_top * factor)[:, None, None])


def _blend(part: U8, piece: U8, weight: F32) -> None:
    part[...] = np.round(part + (piece.astype(np.float32) - part) * weight).astype(np.uint8)


def _ramp(length: int, shared: int) -> F32:
    """0 over the first quarter of what is shared, 1 from its last quarter on."""
    at = (np.arange(length, dtype=np.float32) + 0.5) / max(shared, 1)
    return np.asarray(np.clip((at - 0.25) * 2, 0, 1) if shared else np.ones(length), np.float32)
