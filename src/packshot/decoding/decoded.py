"""What a decoder gives: levels as they are stored, and what is needed to make sRGB of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from packshot.decoding.coded import Coding

Levels = NDArray[np.uint8] | NDArray[np.uint16]  # the whole range of the type is black to white
CheckSize = Callable[[int, int], None]  # width, height; raises TooLarge or BadInput


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A picture before its colours are converted and it is turned upright.

    levels: (H, W) gray, (H, W, 3) RGB or (H, W, 4) CMYK.  alpha: (H, W), straight, of the same type.
    profile: ICC, empty without one.  coding: of a picture whose colours are coded by numbers instead.
    """

    levels: Levels
    exif: Image.Exif
    alpha: Levels | None = None
    profile: bytes = b""
    coding: Coding | None = None
    xmp: bytes = b""
    notes: tuple[str, ...] = ()
    jpeg_quality: int | None = None


def eight_bits(levels: Levels) -> NDArray[np.uint8]:
    """Levels of any depth in 8 bits, rounded."""
    if levels.dtype == np.uint8:
        return levels.astype(np.uint8, copy=False)
    result = np.empty(levels.shape, np.uint8)
    for start in range(0, len(levels), 256):  # a large picture is not held in 32 bits
        result[start : start + 256] = (levels[start : start + 256].astype(np.uint32) * 255 + 32_767) // 65_535
    return result


def straight(levels: Levels, alpha: Levels) -> Levels:
    """Levels that were multiplied by their alpha, divided by it again.  levels: (H, W, N)."""
    most = np.iinfo(levels.dtype).max
    result: Any = np.zeros_like(levels)
    for start in range(0, len(levels), 256):
        rows = slice(start, start + 256)
        by = np.maximum(alpha[rows], 1).astype(np.float32)[..., None]
        result[rows] = np.minimum(np.round(levels[rows] * (np.float32(most) / by)), most)
    return result  # type: ignore[no-any-return]
