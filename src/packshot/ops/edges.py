"""Edges of a matte: firm ones are moved on to the photo's own edge, soft ones (fur, bristle, wire) decided by colour.

A model's outline is off by a pixel or two, and the photo shows where the edge is: a firm outline moves along its normal
to where the photo changes most. A model gives hair as a haze. Where the haze is wide and product and backdrop differ in
colour, each pixel's colour says how much of both it shows. On firm edges that estimate would be worse than the model's,
since a product's own colour changes at its rim. All limits were chosen on the "tune" half of benchmarks/mattes.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8, thrice
from packshot.ops.matte import SOFT, cleaned
from packshot.ops.resample import reduced, sampled

LOOSE = (
    30.0,
    0.04,
)  # how far haze may reach from the outline, px and share of the diagonal; further off it is an error
FIRM_PX, SOFT_PX = 5.0, 8.0  # width of the ramp from 0 to 1, px of the model's answer: below firm, above soft
AROUND = 31  # px in which the ramp's width is measured
NEAR = 41  # px in which the colours of product and backdrop are gathered
APART = 0.12  # distance of the two in sRGB (0…1) from which they count as different
GRAIN = 0.03  # the least noise and texture that a photo is taken to have
BELIEF = 0.35  # standard deviation that the model's answer in haze is taken to have

REACH, STEP = 4.0, 0.5  # px to either side of an outline in which the photo's edge is searched, and the step
DRIFT = 1.1  # px that an outline is usually off (standard deviation)
CHANGE = (0.015, 0.1)  # of sRGB (0…1) across a step: what grain makes, and what a clear edge makes
SPREAD = (0.7, 0.4)  # px² of variance: up to the first it is one edge; by so much more its weight falls to 1/e
THIN = 5  # px: wires and slits are thinner, with a second edge within reach; they keep the model's outline
ALONG = 1.5  # px along an outline that move together (standard deviation)
DOUBTFUL = 0.005  # a weight below which the outline stays
STEEPER, WIDTH = 1.5, 0.8  # a ramp wider than WIDTH × the photo's edge gets up to STEEPER × steeper


def refined(pixels_u8: U8, raw: F32) -> F32:
    """pixels_u8: (H, W, 3) sRGB.  raw: (h, w) [0, 1], the model's answer for it.  Returns (h, w), the clean matte."""
    firm, haze = cleaned(raw, SOFT, LOOSE)
    left, top, width, height = cv2.boundingRect((haze > 0).view(np.uint8))
    if not width:
        return firm
    pad = NEAR
    part = np.s_[max(0, top - pad) : top + height + pad, max(0, left - pad) : left + width + pad]
    photo = reduced(pixels_u8, raw.shape[::-1])
    firm[part] = _refined(photo[part], firm[part], haze[part])
    return firm


def _refined(photo: U8, firm: F32, haze: F32) -> F32:
    matte = _snapped(photo, firm)
    share = _softness(haze)
    x, y = _places(share > 0.02)
    if len(x):
        by_colour, trust = _by_colour(photo, haze, x, y)
        matte[y, x] += (by_colour - matte[y, x]) * share[y, x] * trust
    return matte


def _snapped(photo: U8, matte: F32) -> F32:
    """The matte with its outline moved to the photo's edge and made as steep, where exactly one edge is near."""
    smooth = cv2.GaussianBlur(matte, (0, 0), 1.5)
    slope_x, slope_y = (cv2.Sobel(smooth, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    steep = np.asarray(cv2.magnitude(slope_x, slope_y), np.float32)
    solid = (matte > 0.5).astype(np.uint8)
    rim = cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    for side in (solid, 1 - solid):
        thick = cv2.morphologyEx(side, cv2.MORPH_OPEN, np.ones((THIN, THIN), np.uint8))
        rim = cv2.bitwise_and(rim, cv2.dilate(thick, np.ones((3, 3), np.uint8)))
    x, y = _places((rim > 0) & (steep > 0.02))
    moved, wider, weight = (np.zeros_like(matte) for _ in range(3))
    if not len(x):
        return matte
    inward = np.stack([slope_x[y, x], slope_y[y, x]]) / steep[y, x]
    away = np.arange(-REACH - STEP, REACH + STEP + 1e-6, STEP, dtype=np.float32)
    across = (x[:, None] + away * inward[0][:, None], y[:, None] + away * inward[1][:, None])
    photo_across, matte_across = sampled(photo, *across), sampled(matte, *across)
    change = np.sqrt(np.square(photo_across[:, 2:] - photo_across[:, :-2]).sum(2)) * np.float32(1 / 255)
    ramp = np.maximum(matte_across[:, 2:] - matte_across[:, :-2], 0) + np.float32(1e-6)
    at = away[1:-1]
    middle = (ramp * at).sum(1) / ramp.sum(1)
    width = (ramp * np.square(at - middle[:, None])).sum(1) / ramp.sum(1)
    off = at - np.where(np.abs(middle) < 2.5, middle, 0)[:, None]
    likely = change * change * np.exp(-off * off / np.float32(2 * DRIFT * DRIFT))
    total = likely.sum(1) + np.float32(1e-9)
    shift = (likely * off).sum(1) / total
    variance = (likely * off * off).sum(1) / total - shift * shift
    plain = np.clip((change.max(1) - CHANGE[0]) / (CHANGE[1] - CHANGE[0]), 0, 1)
    sure = plain * plain * np.exp(-np.maximum(variance - SPREAD[0], 0) / SPREAD[1])
    times = np.clip(WIDTH * np.sqrt(width / np.maximum(variance, 0.3)), 1, STEEPER)
    moved[y, x], wider[y, x], weight[y, x] = shift * sure, (times - 1) * sure, sure
    moved, wider, weight = (np.asarray(cv2.GaussianBlur(p, (0, 0), ALONG), np.float32) for p in (moved, wider, weight))
    x, y = _places((weight > DOUBTFUL / 10) & (steep > 1e-4))
    count = weight[y, x] + np.float32(DOUBTFUL)
    by, times = moved[y, x] / count / steep[y, x], 1 + wider[y, x] / count
    result = matte.copy()
    there = sampled(matte, x - by * slope_x[y, x], y - by * slope_y[y, x])
    result[y, x] = np.clip((there - np.float32(0.5)) * times + np.float32(0.5), 0, 1)
    return result


def _places(where: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """x and y of those pixels.  Takes a fifth of the time of `np.nonzero`."""
    pixels = cv2.findNonZero(where.view(np.uint8))
    if pixels is None:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    x, y = np.asarray(pixels, np.int32).reshape(-1, 2).T
    return x, y


def _softness(matte: F32) -> F32:
    """(h, w) [0, 1]: 1 where the edge is a wide haze.  A ramp of width w holds w/6 of a(1 − a) a slope."""
    half = np.asarray(cv2.resize(matte, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
    across, down = (cv2.Sobel(half, cv2.CV_32F, *axis, scale=1 / 16) for axis in ((1, 0), (0, 1)))
    size = (AROUND // 2, AROUND // 2)
    width = 6 * cv2.blur(half * (1 - half), size) / (cv2.blur(cv2.magnitude(across, down), size) + np.float32(1e-4))
    partly = ((half > 0.02) & (half < 0.98)).astype(np.uint8)
    edge = cv2.dilate(partly, np.ones((5, 5), np.uint8))
    share = np.clip((width - FIRM_PX) / (SOFT_PX - FIRM_PX), 0, 1) * edge
    smooth = cv2.blur(share.astype(np.float32), (5, 5))
    return np.asarray(cv2.resize(smooth, matte.shape[::-1]), np.float32)


def _by_colour(photo: U8, haze: F32, x: NDArray[np.int32], y: NDArray[np.int32]) -> tuple[F32, F32]:
    """How much of the product those pixels show by their colour, with the haze as prior; and how reliable that is.

    Product and backdrop are each a mean and a variance over the sure pixels nearby.  a minimises
    (a − haze)²/belief² + |photo − aF − (1 − a)B|²/σ², with σ² the variance of the two as a mixes them.
    """
    prior, colour = haze[y, x], photo[y, x].astype(np.float32) * np.float32(1 / 255)
    half = np.asarray(cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
    half *= np.float32(1 / 255)
    front, back = (
        _gathered(half, cv2.erode((side > 0.95).astype(np.uint8), np.ones((width, width), np.uint8)), x, y)
        for side, width in ((haze, 3), (1 - haze, 5))
    )
    apart = front.mean - back.mean
    far = (apart * apart).sum(1)
    along = ((colour - back.mean) * apart).sum(1)
    share = prior
    for _ in range(3):
        spread = share * share * front.variance + (1 - share) ** 2 * back.variance + np.float32(GRAIN**2)
        share = np.clip((prior / BELIEF**2 + along / spread) / (1 / BELIEF**2 + far / spread), 0, 1)
    trust = np.clip(np.sqrt(far) / APART - 1, 0, 1) * ((front.count > 0.01) & (back.count > 0.01))
    return share, np.asarray(trust, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Colours:
    """Of the sure pixels around each of N places."""

    mean: F32  # (N, 3)
    variance: F32  # (N,)
    count: F32  # (N,) as a share of all pixels around


def _gathered(half: F32, where: NDArray[Any], x: NDArray[np.int32], y: NDArray[np.int32]) -> _Colours:
    """half: (h/2, w/2, 3).  where: (h, w), 1 for the sure pixels."""
    weight = np.asarray(
        cv2.resize(where.astype(np.float32), half.shape[1::-1], interpolation=cv2.INTER_AREA), np.float32
    )
    blur = (NEAR, NEAR)
    count = np.asarray(cv2.blur(weight, blur) + np.float32(1e-6), np.float32)
    weighted = half * thrice(weight)
    mean = cv2.blur(weighted, blur) / thrice(count)
    square = cv2.blur(cv2.transform(half * weighted, np.full((1, 3), 1 / 3, np.float32)), blur) / count
    variance = np.maximum(square - cv2.transform(mean * mean, np.full((1, 3), 1 / 3, np.float32)), 0)
    place = x * 0.5 - 0.25, y * 0.5 - 0.25
    return _Colours(*(sampled(plane, *place) for plane in (mean, variance, count)))
