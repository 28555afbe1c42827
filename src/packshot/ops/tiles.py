"""Overlapping tiles: where they lie, and how they are laid together again so that no seam shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from packshot.colour import F32, U8
from packshot.ops.layout import PixelBox


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile, and how far it lies over its neighbours of before."""

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


def lay(picture: U8, piece: U8, tile: Tile, *, factor: int) -> None:
    """Blend a tile into `picture`, in place.  Call in the order of `tiles`.

    picture: (H, W, 3).  piece: (factor × side, factor × side, 3), for the tile's box times `factor`.  Of what two tiles
    share the outer quarters are dropped, since a network guesses near its own border; in the middle half one fades into
    the other.
    """
    left, top = tile.box[0] * factor, tile.box[1] * factor
    part = picture[top : top + piece.shape[0], left : left + piece.shape[1]]
    piece = piece[: part.shape[0], : part.shape[1]]
    across = _ramp(piece.shape[1], tile.over_left * factor)
    down = _ramp(piece.shape[0], tile.over_top * factor)
    weight = (down[:, None] * across[None])[..., None]
    part[...] = np.round(part + (piece.astype(np.float32) - part) * weight).astype(np.uint8)


def _ramp(length: int, shared: int) -> F32:
    """0 over the first quarter of what is shared, 1 from its last quarter on."""
    at = (np.arange(length, dtype=np.float32) + 0.5) / max(shared, 1)
    return np.ones(length, np.float32) if not shared else np.clip((at - 0.25) * 2, 0, 1)
