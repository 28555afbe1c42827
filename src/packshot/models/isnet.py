"""What every runtime of ISNet shares: its input size, and a photo as its tensor.

The graph is for 1024 × 1024, but nothing in it needs that: with its resizes given as factors instead of sizes it takes
any multiple of `STEP`.  At the photo's own resolution it gives finer edges than on an enlarged photo, and costs only
what the photo's pixels cost (docs/decisions/0014-two-looks.md).
"""

from __future__ import annotations

from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32
from packshot.ops.resample import reduced

STEP = 64  # px: the network halves six times
LONGEST = 1024  # px a side: it was not trained on more
ENOUGH, SHORTEST = 896, 704  # px of the longer and of the shorter side: with less it loses cords and plain walls
ROUGH = 512, 512  # a quarter of the work; at 448 and 384 the answer breaks on plain objects


def own_size(pixels_u8: NDArray[np.uint8]) -> tuple[int, int]:
    """(width, height) at which the network gets that picture: the picture's own, within the network's limits."""
    height, width = pixels_u8.shape[:2]
    longest = max(width, height)
    across, down = (ceil(px * max(longest, ENOUGH) / (longest * STEP)) * STEP for px in (width, height))
    return min(LONGEST, max(SHORTEST, across)), min(LONGEST, max(SHORTEST, down))


def tensor_of(pixels_u8: NDArray[np.uint8], size: tuple[int, int]) -> F32:
    """The whole frame squeezed to (width, height), (x − 128) / 256.  (H, W, 3) sRGB → (1, 3, height, width).

    Qin et al. 2022, "Highly accurate dichotomous image segmentation"; ISNet for general use.
    """
    shrinks = all(own >= side for own, side in zip(pixels_u8.shape[1::-1], size, strict=True))
    small = reduced(pixels_u8, size) if shrinks else cv2.resize(pixels_u8, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.dnn.blobFromImage(small, 1 / 256, size, (128, 128, 128), swapRB=False), np.float32)
