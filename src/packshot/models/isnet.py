"""What every runtime of ISNet shares: a photo in, the network's tensor out."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32

SIDE = 1024


def tensor_of(pixels_u8: NDArray[np.uint8]) -> F32:
    """The whole frame, squeezed to 1024 × 1024, (x − 128) / 256.  (H, W, 3) sRGB → (1, 3, 1024, 1024).

    Qin et al. 2022, "Highly accurate dichotomous image segmentation"; ISNet for general use.
    """
    shrinks = min(pixels_u8.shape[:2]) >= SIDE
    small = cv2.resize(pixels_u8, (SIDE, SIDE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.asarray(cv2.dnn.blobFromImage(small, 1 / 256, (SIDE, SIDE), (128, 128, 128), swapRB=False), np.float32)
