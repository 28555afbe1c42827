"""Edges of a matte: firm ones kept narrow, soft ones (fur, bristle, wire, leaves) decided pixel by pixel by colour.

A model draws hairs as a haze between product and backdrop. Where the haze is wide and the two differ in colour, the
photo itself tells how much of each a pixel shows; on firm edges that guess is worse than the model's, since a product's
colour turns at its rim. Chosen on the "tune" half of benchmarks/mattes.py.
"""

from __future__ import annotations

import cv2
import numpy as np

from packshot.colour import F32, U8
from packshot.ops.matte import clean

LOOSE = (30.0, 0.04)  # how far from the outline haze may reach, as px and share of the diagonal, before it is mush
FIRM_PX, SOFT_PX = 5.0, 8.0  # width of the ramp from 0 to 1, px of the model's answer: below firm, above soft
AROUND = 31  # px in which the ramp's width is measured
NEAR = 41  # px at half size in which the colours of product and backdrop are gathered
APART = 0.12  # distance of the two in sRGB (0…1) from which they can be told apart at all
GRAIN = 0.03  # the photo's noise and texture, at least
BELIEF = 0.35  # standard deviation of the model's answer in haze, against which colour is weighed


def refined(pixels_u8: U8, raw: F32) -> F32:
    """pixels_u8: (H, W, 3) sRGB.  raw: (h, w) [0, 1], the model's answer for it.  Returns (h, w), the clean matte."""
    firm = clean(raw)
    haze = clean(raw, soft=LOOSE)
    share = _softness(haze)
    if share.max(initial=0) < 0.05:
        return firm
    small = cv2.resize(pixels_u8, raw.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) * np.float32(
        1 / 255
    )
    told, sure = _by_colour(small, haze)
    share *= sure
    return np.asarray(firm * (1 - share) + told * share, np.float32)


def _softness(matte: F32) -> F32:
    """(h, w) [0, 1]: 1 where the edge is a wide haze.  A ramp of width w holds w/6 of a(1 − a) a slope."""
    across, down = (cv2.Sobel(matte, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    size = (AROUND, AROUND)
    width = 6 * cv2.blur(matte * (1 - matte), size) / (cv2.blur(cv2.magnitude(across, down), size) + np.float32(1e-4))
    partly = ((matte > 0.02) & (matte < 0.98)).astype(np.uint8)
    edge = cv2.dilate(partly, np.ones((9, 9), np.uint8))
    share = np.clip((width - FIRM_PX) / (SOFT_PX - FIRM_PX), 0, 1) * edge
    return np.asarray(cv2.blur(share.astype(np.float32), (9, 9)), np.float32)


def _by_colour(seen: F32, haze: F32) -> tuple[F32, F32]:
    """How much of the product each pixel shows by its colour, with the haze as prior; and how far to believe that.

    Product and backdrop are each a mean and a variance, gathered from sure pixels around.  a minimises
    (a − haze)²/belief² + |seen − aF − (1 − a)B|²/σ², with σ² the variance of the two as a mixes them.
    """
    (front, front_var, front_n), (back, back_var, back_n) = (
        _gathered(
            seen, np.asarray(cv2.erode((side > 0.95).astype(np.uint8), np.ones((width, width), np.uint8)), np.uint8)
        )
        for side, width in ((haze, 3), (1 - haze, 5))
    )
    apart = front - back
    far = np.asarray((apart * apart).sum(2), np.float32)
    along = ((seen - back) * apart).sum(2)
    told = haze
    for _ in range(3):
        spread = told * told * front_var + (1 - told) ** 2 * back_var + np.float32(GRAIN**2)
        told = np.clip((haze / BELIEF**2 + along / spread) / (1 / BELIEF**2 + far / spread), 0, 1)
    believed = np.clip(np.sqrt(far) / APART - 1, 0, 1) * ((front_n > 0.01) & (back_n > 0.01))
    return told, np.asarray(believed, np.float32)


def _gathered(seen: F32, where: U8) -> tuple[F32, F32, F32]:
    """Mean colour, variance and number of those pixels around each: (h, w, 3), (h, w), (h, w); found at half size."""
    size = (max(1, seen.shape[1] // 2), max(1, seen.shape[0] // 2))
    weight = cv2.resize(where.astype(np.float32), size, interpolation=cv2.INTER_AREA)[..., None]
    small = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
    blur = (NEAR, NEAR)
    count = cv2.blur(weight, blur) + np.float32(1e-6)
    mean = cv2.blur(small * weight, blur) / count[..., None]
    square = cv2.blur((small * small * weight).mean(2), blur) / count
    variance = np.maximum(square - (mean * mean).mean(2), 0)
    whole = seen.shape[1::-1]
    mean, variance, count = (np.asarray(cv2.resize(p, whole), np.float32) for p in (mean, variance, count))
    return mean, variance, count
