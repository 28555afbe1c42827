"""U²-Net: a photo as its tensor.  Qin et al. 2020, "U²-Net: going deeper with nested U-structure"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32
from packshot.ops.resample import reduced

SIDE = 320  # px: the graph's own; at other sizes its answers break
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet


def tensor_of(pixels_u8: NDArray[np.uint8]) -> F32:
    """The whole frame squeezed to a square.  (H, W, 3) sRGB → (1, 3, SIDE, SIDE)."""
    small = reduced(pixels_u8, (SIDE, SIDE)).astype(np.float32) * np.float32(1 / 255)
    normal = (small - np.array(MEAN, np.float32)) / np.array(SPREAD, np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None], np.float32)
