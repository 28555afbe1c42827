"""Resizing in linear light with a filter that never aliases, and wide blurs."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from packshot.colour import F32, U8
from packshot.ops.geometry import PixelBox, SubpixelBox


def lanczos(plane: F32, size: tuple[int, int], *, box: SubpixelBox | None = None) -> F32:
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


def blur(plane: F32, across: float, down: float) -> F32:
    """A Gaussian blur of those two widths (standard deviations, px), computed as small as they allow.

    plane: (h, w) or (h, w, C) float32.
    """
    h, w = plane.shape[:2]
    step = max(1.0, min(across, down) / 2.5)
    size = max(1, round(w / step)), max(1, round(h / step))
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(
        small, (0, 0), max(0.6, across / step), sigmaY=max(0.6, down / step), borderType=cv2.BORDER_REFLECT
    )
    return np.asarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)


def shrunk(plane: U8, box: PixelBox, times: int) -> U8:
    """A box of a plane, `times` × `times` whole pixels to one: for whole factors the area filter is 4 × as fast."""
    size = max(1, (box[2] - box[0]) // times), max(1, (box[3] - box[1]) // times)
    part = np.ascontiguousarray(plane[box[1] : box[1] + size[1] * times, box[0] : box[0] + size[0] * times])
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)


def reduced(picture: U8, size: tuple[int, int]) -> U8:
    """To (width, height) by the area filter, in halves while possible: two to four times as fast as in one step.

    picture: (H, W) or (H, W, C).
    """
    while picture.shape[1] >= 2 * size[0] and picture.shape[0] >= 2 * size[1]:
        half = picture.shape[1] // 2, picture.shape[0] // 2
        whole = picture[: half[1] * 2, : half[0] * 2]
        picture = np.asarray(cv2.resize(whole, half, interpolation=cv2.INTER_AREA), np.uint8)
    if picture.shape[1::-1] == size:
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def within_side(picture: U8, side: int) -> U8:
    """A picture `side` px long on its longest side, enlarged or reduced; quick rather than fine, for measurements.

    picture: (H, W) or (H, W, C).
    """
    scale = side / max(picture.shape[:2])
    return reduced(picture, (max(8, round(picture.shape[1] * scale)), max(8, round(picture.shape[0] * scale))))


def sampled(plane: U8 | F32, x: NDArray[Any], y: NDArray[Any]) -> F32:
    """The plane between its pixels, linearly interpolated.  x, y: one shape, px.  Returns that shape (…, C) float32."""
    # remap takes a map of at least one and fewer than 32768 rows, so the list is folded into rows
    count, row = x.size, 1024
    maps = []
    for axis in (x, y):
        folded = np.zeros((count // row + 1) * row, np.float32)
        folded[:count] = axis.ravel()
        maps.append(folded.reshape(-1, row))
    values = cv2.remap(plane, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values.reshape(-1, *plane.shape[2:])[:count].reshape(*x.shape, *plane.shape[2:]), np.float32)
