"""Resizing in linear light with a filter that never aliases."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from packshot.colour import F32

Box = tuple[float, float, float, float]


def lanczos(plane: F32, size: tuple[int, int], *, box: Box | None = None) -> F32:
    """Lanczos-3, widened when shrinking, from the sub-pixel `box` of `plane` to `size` (width, height).

    plane: (h, w) or (h, w, C) float32.  Overshoot is left in: clip where the range matters.
    """
    if plane.ndim == 3:
        # OpenCV's split and merge; NumPy's strided copies cost as much as the filter.
        return np.asarray(
            cv2.merge([lanczos(np.asarray(part, np.float32), size, box=box) for part in cv2.split(plane)]), np.float32
        )
    resized = Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS, box=box)
    return np.asarray(resized, np.float32)
