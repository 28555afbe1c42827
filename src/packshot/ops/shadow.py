"""A contact shadow drawn from the matte, for plain backdrops and wherever no set is rendered.

It is a ratio: what the plate is multiplied with, 1 where nothing changes.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32
from packshot.ops import resample

# (horizontal blur, vertical blur, weight) as shares of the product's width: the dark line where it touches, the
# occlusion close by, and the soft pool on the ground, which is seen flat and so is lower than wide.
Ladder = tuple[tuple[float, float, float], ...]
LADDER: Ladder = ((0.0045, 0.0032, 0.42), (0.012, 0.0075, 0.46), (0.036, 0.017, 0.46), (0.11, 0.038, 0.40))
# The first of these, thinner: what a rendered shadow of low resolution lacks.
CREASE: Ladder = ((0.0022, 0.0016, 0.5), (0.007, 0.0045, 0.45), (0.016, 0.009, 0.35))
# How far the pool is moved forwards: behind the product's foot it would be hidden.
FORWARD = 0.55
# A part of the outline stands on the ground when it is this close to the lower hull, and this near the lowest point.
GAP, NEAR_HEIGHT, NEAR_WIDTH, STEEPEST = 0.02, 0.22, 0.14, np.tan(np.radians(34))


def contact_line(matte: F32) -> tuple[NDArray[np.intp], F32, F32]:
    """Where the product touches the ground: columns, the row of contact in each, and how surely it is one.

    matte: (h, w) float32 [0, 1].  Returns three empty arrays for an empty matte.
    """
    solid = matte > 0.5
    columns = np.nonzero(solid.any(axis=0))[0]
    if len(columns) < 3:
        return columns[:0], np.empty(0, np.float32), np.empty(0, np.float32)
    h = matte.shape[0]
    foot = (h - 1 - np.argmax(solid[::-1, columns], axis=0)).astype(np.float32)
    rows = np.nonzero(solid.any(axis=1))[0]
    height, width = float(rows[-1] - rows[0] + 1), float(columns[-1] - columns[0] + 1)
    hull = cv2.convexHull(np.stack([columns, foot], 1).astype(np.float32)).reshape(-1, 2)
    ends = hull[[np.argmin(hull[:, 0]), np.argmax(hull[:, 0])]]
    chord = np.interp(hull[:, 0], ends[:, 0], ends[:, 1])
    lower = hull[hull[:, 1] >= chord - 1e-3]
    lower = lower[np.argsort(lower[:, 0])]
    ground = np.interp(columns, lower[:, 0], lower[:, 1]).astype(np.float32)
    slope = np.abs(np.gradient(ground))
    sure = np.exp(-(((ground - foot) / (GAP * height)) ** 2))
    sure *= (slope < STEEPEST) & (ground > foot.max() - max(NEAR_HEIGHT * height, NEAR_WIDTH * width))
    return columns, ground, sure.astype(np.float32)


def contact_shadow(matte: F32, *, strength: float, softness: float, ladder: Ladder = LADDER) -> F32:
    """(h, w) ratio in [0, 1] for a product of that matte, drawn at the matte's own size.

    strength: 0 none, 1 black where it touches.  softness: 1 as designed, larger spreads.  The matte needs room around
    the product (half its width below) for the shadow to end in.
    """
    columns, ground, sure = contact_line(matte)
    if not len(columns) or not sure.any():
        return np.ones_like(matte)
    h, w = matte.shape
    width = float(columns[-1] - columns[0] + 1)
    foot = np.zeros((h, w), np.float32)
    thick = max(2, round(0.007 * width))
    rows = np.arange(h)[:, None]
    below = (rows <= ground[None]) & (rows > ground[None] - thick)
    foot[:, columns] = below * sure
    dark = np.zeros((h, w), np.float32)
    for across, down, weight in ladder:
        grow = softness if across > 0.01 else 1.0  # the line of contact stays sharp
        dark += weight * _spread(foot, across * grow * width, down * grow * width)
    dark *= strength
    # Ends in exactly 0 instead of in a haze of one level, so that white stays 255.
    dark = np.clip(dark - 0.006, 0, None) * (1 / (1 - 0.006))
    return np.asarray(np.clip(1 - dark, 0, 1), np.float32)


def _spread(foot: F32, across: float, down: float) -> F32:
    """A wide blur, its peak at 1, pushed forwards."""
    wide = resample.blur(foot, across, down)
    peak = float(wide.max())
    if peak <= 0:
        return wide
    lower = np.array([[1, 0, 0], [0, 1, FORWARD * down]], np.float32)
    return np.asarray(cv2.warpAffine(wide / peak, lower, foot.shape[::-1], borderMode=cv2.BORDER_CONSTANT), np.float32)
