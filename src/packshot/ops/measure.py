"""Measurements on pixels: sharpness, noise, compression, exposure, likeness, and what lies along a product's edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import U8, brightest

MEASURED_SIDE = 1000
GRAIN_SIDE = 1024


def _product_crop(pixels_u8: U8, matte_u8: U8, side: int) -> tuple[U8, NDArray[np.bool_]] | None:
    """The product in gray and its inside without the edge, at most `side` px long; None when there is too little."""
    x, y, w, h = cv2.boundingRect((matte_u8 > 127).astype(np.uint8))
    if min(w, h) < 16:
        return None
    gray = cv2.cvtColor(np.ascontiguousarray(pixels_u8[y : y + h, x : x + w]), cv2.COLOR_RGB2GRAY)
    mask = np.ascontiguousarray(matte_u8[y : y + h, x : x + w])
    scale = min(1.0, side / max(w, h))
    if scale < 1:
        size = max(8, round(w * scale)), max(8, round(h * scale))
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        mask = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8)
    margin = max(3, round(0.008 * max(mask.shape)))
    inside = cv2.erode((mask > 250).astype(np.uint8), np.ones((2 * margin + 1,) * 2, np.uint8)).astype(bool)
    if np.count_nonzero(inside) < 400:
        return None
    return np.asarray(gray, np.uint8), inside


def softness(pixels_u8: U8, matte_u8: U8, *, side: int = MEASURED_SIDE) -> float | None:
    """How blurred the product itself looks, 0 sharp … 1 blurred; None where it is too small or too plain to say.

    Blurs again and measures how much detail is lost, where there is detail.  Crete et al. 2007, "The blur effect".
    """
    crop = _product_crop(pixels_u8, matte_u8, side)
    if crop is None:
        return None
    gray, inside = crop
    gray_f = gray.astype(np.float32)
    effects = []
    for kernel, axis in (((9, 1), 1), ((1, 9), 0)):
        again = cv2.blur(gray_f, kernel)
        before, after = np.abs(np.diff(gray_f, axis=axis)), np.abs(np.diff(again, axis=axis))
        where = inside[:, 1:] if axis == 1 else inside[1:]
        # Only where the picture has structure: a plain surface has noise, and noise is always sharp.
        strong = where & (before > max(1.5, float(np.percentile(before[where], 90))))
        if np.count_nonzero(strong) < 200:
            continue
        lost = np.maximum(before - after, 0)[strong].sum()
        effects.append(1 - float(lost) / float(before[strong].sum()))
    return max(effects) if effects else None


def noise(pixels_u8: U8, matte_u8: U8) -> float | None:
    """Standard deviation of the product's noise in levels of 255, from its flattest tenth.  Immerkær 1996."""
    x, y, w, h = cv2.boundingRect((matte_u8 > 127).astype(np.uint8))
    # A window from its middle, at the photo's own pixels: scaling averages grain away.
    top, left = y + max(0, (h - GRAIN_SIDE) // 2), x + max(0, (w - GRAIN_SIDE) // 2)
    part = np.s_[top : top + min(h, GRAIN_SIDE), left : left + min(w, GRAIN_SIDE)]
    crop = _product_crop(pixels_u8[part], matte_u8[part], GRAIN_SIDE)
    if crop is None:
        return None
    gray, inside = crop
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    grain = np.abs(cv2.filter2D(gray.astype(np.float32), cv2.CV_32F, kernel))
    mean = cv2.blur(grain, (16, 16))[inside]
    return float(np.percentile(mean, 10) * np.sqrt(np.pi / 2) / 6)


def blockiness(pixels_u8: U8) -> float:
    """How much higher the steps at JPEG's 8 × 8 grid are than those beside it, in levels of 255; 0 none.

    Only in even areas: detail hides the grid.
    """
    top, left = (max(0, (side - 1536) // 2) // 8 * 8 for side in pixels_u8.shape[:2])  # on the grid, from the middle
    part = np.ascontiguousarray(pixels_u8[top : top + 1536, left : left + 1536])
    gray = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.int16)
    excess = [0.0]
    for axis in (0, 1):
        steps = np.abs(np.diff(gray, axis=axis))
        calm = steps < 12
        per_line = (steps * calm).sum(axis=1 - axis) / np.maximum(calm.sum(axis=1 - axis), 1)
        length = len(per_line) // 8 * 8
        if length < 64:
            continue
        folded = per_line[:length].reshape(-1, 8)
        excess.append(float(np.mean(folded[:, 7] - folded[:, 1:6].mean(axis=1))))
    return max(excess)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Shares of the product's own area."""

    blown: float
    crushed: float


def exposure(pixels_u8: U8, matte_u8: U8) -> Exposure | None:
    """How much of the product has no detail: a channel at 254 and above, or all at 4 and below."""
    step = max(1, max(matte_u8.shape) // 1500)
    pixels, inside = np.ascontiguousarray(pixels_u8[::step, ::step]), matte_u8[::step, ::step] == 255
    total = np.count_nonzero(inside)
    if total < 200:
        return None
    blown = np.count_nonzero((brightest(pixels) >= 254) & inside)
    crushed = np.count_nonzero((brightest(pixels) <= 4) & inside)
    return Exposure(blown / total, crushed / total)


def fingerprint(pixels_u8: U8) -> str:
    """64 bits that hardly change when a picture is scaled, saved again or toned, as 16 hexadecimal digits.

    They are the signs of its lowest frequencies; `ops/likeness.py` says which are alike.
    """
    step = max(1, min(pixels_u8.shape[:2]) // 256)
    few = np.ascontiguousarray(pixels_u8[::step, ::step])
    gray = cv2.cvtColor(cv2.resize(few, (32, 32), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    low = cv2.dct(gray.astype(np.float32))[:8, :8].ravel()
    bits = low > np.median(low[1:])
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"
