"""Files that are coded in unusual ways, made by hand: deep and planar TIFFs, PNGs chunk by chunk, camera raw."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import tifffile

DEEP = np.stack([np.tile(np.linspace(0, 65_535, 64), (48, 1)), np.tile(np.linspace(0, 65_535, 48), (64, 1)).T,
                 np.full((48, 64), 20_000.0)], -1).astype(np.uint16)  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n"
PLANES = np.ascontiguousarray(np.moveaxis(DEEP, -1, 0))
EIGHT = (DEEP >> 8).astype(np.uint8)
ALPHA = DEEP[..., 1]


def chunk(kind: bytes, body: bytes, sum: int | None = None) -> bytes:
    return (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) if sum is None else sum)
    )


def png(levels: np.ndarray, *more: bytes, end: bool = True) -> bytes:
    """A PNG of 8 or 16 bits, gray, RGB or with alpha; `more` stands before its pixels."""
    height, width = levels.shape[:2]
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[1 if levels.ndim == 2 else levels.shape[2]]
    big = levels.astype(">u2" if levels.dtype == np.uint16 else np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in big)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8 * big.itemsize, kind, 0, 0, 0))
    return PNG + head + b"".join(more) + chunk(b"IDAT", zlib.compress(rows)) + (chunk(b"IEND", b"") if end else b"")


def tiff(levels: np.ndarray, **how: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, levels, **how)
    return out.getvalue()


def dng(levels: np.ndarray, *, turn: int = 1) -> bytes:
    """A Bayer picture as a camera stores it.  levels: (H, W, 3) linear, of 14 bits."""
    mosaic = np.empty(levels.shape[:2], np.uint16)
    for y, x, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[y::2, x::2] = levels[y::2, x::2, channel]
    matrix = np.linalg.inv([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratios = [n for value in matrix.flatten() for n in (int(value * 10_000), 10_000)]
    tags = [
        (50706, "B", 4, (1, 4, 0, 0), True), (50708, "s", 0, "Packshot Test", True), (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, (0, 1, 1, 2), True), (50717, "I", 1, 16_383, True), (50721, "2i", 9, ratios, True),
        (50778, "H", 1, 21, True), (50728, "2I", 3, (1, 2, 1, 1, 1, 1), True), (271, "s", 0, "Test", True),
        (274, "H", 1, turn, True),
    ]  # fmt: skip
    return tiff(mosaic, photometric=32803, extratags=tags)


def gray_card() -> np.ndarray:
    """Gray under light that gives the sensor half as much red as green, on a darker ground."""
    levels = np.full((200, 300, 3), 1_500.0)
    levels[60:140, 100:200] = 8_000
    return (levels * (0.5, 1, 1)).astype(np.uint16)
