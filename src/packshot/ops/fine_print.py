"""Fine print: whether it kept its shape when a model enlarged the product.

Nothing is read: where strokes stand close and in two tones, their pattern is compared with the photo's, window by
window.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8

WINDOW_PX = 15  # of the photo: about three small letters
STROKE_PX = 9  # strokes are thinner than this
# Chosen, like SAME, on generated labels with type of 6 to 26 px and on five photos (benchmarks/README.md, "Upscaling").
LEAST_CONTRAST = 24.0  # levels between a stroke and what is behind it
CROSSINGS = 3.5  # edges that a line across and a line down through a window meet, together
TWO_TONED = 0.65  # share of a window's variance that two tones explain; print has it, fur and weave have not
# Correlation of a window's strokes before and after: above 0.97 where type stayed legible, 0.88 … 0.94 where not.
SAME = 0.95


@dataclass(frozen=True, slots=True)
class PrintLoss:
    """How much print lost its shape, in windows that half overlap."""

    windows: int  # that look like print
    lost: int  # those of them whose strokes are no longer the photo's


def print_loss(photo_u8: U8, enlarged_u8: U8, matte_u8: U8) -> PrintLoss:
    """photo_u8: (H, W, 3).  enlarged_u8: (f H, f W, 3).  matte_u8: (H, W), of the product in the photo."""
    size = photo_u8.shape[1], photo_u8.shape[0]
    before = _gray(photo_u8)
    after = _gray(np.asarray(cv2.resize(enlarged_u8, size, interpolation=cv2.INTER_AREA), np.uint8))
    print_like = print_of(before, matte_u8)
    if not print_like.any():
        return PrintLoss(0, 0)
    a, b = _strokes(before), _strokes(after)
    same = _mean(a * b) / np.sqrt(np.maximum(_mean(a * a) * _mean(b * b), 1e-6))
    return PrintLoss(int(np.count_nonzero(print_like)), int(np.count_nonzero(same[print_like] < SAME)))


def print_of(gray: F32, matte_u8: U8) -> NDArray[np.bool_]:
    """Where print may be: (h, w) on the grid of `_mean`."""
    strokes = _strokes(gray)
    strong = np.abs(strokes) > LEAST_CONTRAST / 2
    across = _mean((np.diff(strokes > 0, axis=1, prepend=False) & strong).astype(np.float32)) * WINDOW_PX
    down = _mean((np.diff(strokes > 0, axis=0, prepend=False) & strong).astype(np.float32)) * WINDOW_PX
    inside = _mean((matte_u8 == 255).astype(np.float32)) > 0.999
    mean, power = _mean(gray), _mean(gray * gray)
    spread = np.maximum(power - mean * mean, 1e-3)
    bright = (gray > cv2.blur(gray, (WINDOW_PX, WINDOW_PX))).astype(np.float32)
    share = np.clip(_mean(bright), 0.02, 0.98)
    apart = (_mean(gray * bright) / share - _mean(gray * (1 - bright)) / (1 - share)) ** 2 * share * (1 - share)
    lively = (across + down > CROSSINGS) & (np.minimum(across, down) > CROSSINGS / 6)
    contrast = np.sqrt(apart / (share * (1 - share))) > LEAST_CONTRAST
    return np.asarray(inside & lively & contrast & (apart / spread > TWO_TONED), np.bool_)


def _gray(pixels_u8: U8) -> F32:
    return cv2.cvtColor(np.ascontiguousarray(pixels_u8), cv2.COLOR_RGB2GRAY).astype(np.float32)


def _strokes(gray: F32) -> F32:
    """The detail finer than a stroke's width, without even light."""
    return np.asarray(gray - cv2.blur(gray, (STROKE_PX, STROKE_PX)), np.float32)


def _mean(plane: F32) -> F32:
    """Means of windows that half overlap."""
    half = WINDOW_PX // 2
    return np.asarray(cv2.blur(plane, (WINDOW_PX, WINDOW_PX))[half::half, half::half], np.float32)
