"""The light a product was photographed in: from which side, how soft, how warm.

The side comes from two estimates, which weaken each other where they disagree: shading on the product, whose shape is
guessed from its silhouette, and the shadow that it casts on the ground. Numbers without another source were chosen on 8
rendered photos with known lights and 28 real ones judged by eye, and then verified on 31 others. A confident wrong side
is worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8, brightest, lab, luminance, to_linear

SIDE = 160  # px, the product's longest: shading is smooth, and print and seams average out
PAINTS = 6  # clusters of like colour: similar chroma is taken for similar albedo
SMALLEST_PAINT = 0.03  # of the product
SAME_PAINT = 6.0  # ΔE of chroma: a warm sun and a blue sky tint one paint that much
NEUTRAL_CHROMA, NEUTRAL_SHARE = 9.0, 0.04
FULL_WARMTH_B = 9.0  # CIELAB b* of a neutral thing that counts as fully warm


@dataclass(frozen=True, slots=True)
class Lighting:
    """What is needed to mirror a set, or to place its light."""

    side: float  # -1 from the left … 1 from the right
    side_sure: float  # [0, 1]
    softness: float  # 0 hard … 1 soft
    warmth: float | None  # -1 cool … 1 warm; None without near-neutral product pixels


@dataclass(frozen=True, slots=True)
class _Shading:
    """How log luminance changes with the surface normal's x; in nepers per unit, towards the right."""

    slope: float
    steady: float  # of three slices of the height: their mean slope over its spread
    explained: float  # share of the variation inside the clusters


def lighting_of(pixels_u8: U8, matte_u8: U8) -> Lighting:
    """Read the light off a cut-out and the backdrop right around it.

    pixels_u8: (H, W, 3) sRGB, the whole photo.  matte_u8: (H, W).  An empty matte gives soft light without a side.
    """
    x, y, w, h = cv2.boundingRect((matte_u8 > 127).astype(np.uint8))
    if min(w, h) < 8:
        return Lighting(0.0, 0.0, 1.0, None)
    margin = max(w, h) // 5
    near = np.s_[max(0, y - margin) : y + h + margin, max(0, x - margin) : x + w + margin]
    step = max(1, max(w, h) // (4 * SIDE))  # of a large photo every pixel is not needed
    pixels, matte = (np.ascontiguousarray(plane[near][::step, ::step]) for plane in (pixels_u8, matte_u8))
    scale = SIDE * step / max(w, h)
    size = (max(8, round(matte.shape[1] * scale)), max(8, round(matte.shape[0] * scale)))
    pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    matte = np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.uint8)
    if not (matte > 200).any():
        return Lighting(0.0, 0.0, 1.0, None)
    light = luminance(to_linear(pixels))
    shading = _shading(pixels, matte, light)
    shadow = _shadow(matte, light)
    # Neither counts fully without the other: a dark wall looks like a shadow, a dark heel like shading.
    strong = 0.8 * _ramp(abs(shading.slope), 0.05, 0.3)
    strong *= _ramp(shading.steady, 0.6, 1.8) * _ramp(shading.explained, 0.03, 0.3)
    cast = 0.45 * _ramp(abs(shadow), 0.25, 0.9)
    one, other = np.clip(shading.slope / 0.4, -1, 1), np.clip(shadow / 0.8, -1, 1)
    side = float((strong * one + cast * other) / max(strong + cast, 1e-6))
    sure = min(1.0, abs(float(strong * np.sign(one) + cast * np.sign(other))))
    hard = 0.7 * _ramp(abs(shading.slope), 0.1, 0.6) + 0.3 * _ramp(abs(shadow), 0.3, 1.2)
    return Lighting(side, sure, 1 - hard, _warmth(pixels, matte))


def _ramp(value: float, none: float, full: float) -> float:
    return float(np.clip((value - none) / (full - none), 0, 1))


def _inflated(solid: U8) -> F32:
    """(H, W): the x of unit normals, right positive, of a body inflated from its silhouette; thin parts stay thin.

    Height .8·√(d(2R − d)) with d the distance to the outline and R its largest nearby.
    """
    depth = cv2.distanceTransform(cv2.copyMakeBorder(solid, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 5)
    depth = depth[1:-1, 1:-1]
    inside = solid.astype(np.float32)
    crest = cv2.dilate(depth, np.ones((SIDE // 4 + 1,) * 2, np.uint8))
    crest = np.maximum(cv2.dilate(crest * inside, np.ones((SIDE // 4 + 1,) * 2, np.uint8)) * inside, depth)
    weight = np.maximum(cv2.GaussianBlur(inside, (0, 0), SIDE / 40), 1e-3)
    crest = np.maximum(cv2.GaussianBlur(crest, (0, 0), SIDE / 40) / weight, depth)
    height = cv2.GaussianBlur(0.8 * np.sqrt(np.maximum(depth * (2 * crest - depth), 0)), (0, 0), SIDE / 64)
    across = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) / 8
    return np.asarray(-across / np.sqrt(across**2 + down**2 + 1), np.float32)


def _shading(pixels: U8, matte: U8, light: F32) -> _Shading:
    solid = np.asarray(cv2.erode((matte > 200).astype(np.uint8), np.ones((3, 3), np.uint8)), np.uint8)
    bright = brightest(pixels)
    usable = (solid > 0) & (bright > 8) & (bright < 253)
    rows, _ = np.nonzero(usable)
    if len(rows) < 300:
        return _Shading(0.0, 0.0, 0.0)
    normal = _inflated(solid)[usable].astype(np.float64)
    level = np.log(cv2.GaussianBlur(light, (0, 0), SIDE / 160) + 0.02)[usable].astype(np.float64)
    paint = _paints(lab(pixels[usable]))
    used = np.zeros(len(rows), bool)
    for index in range(PAINTS):
        same = paint == index
        if np.count_nonzero(same) >= SMALLEST_PAINT * len(rows):
            used |= same
            normal[same] -= normal[same].mean()
            level[same] -= level[same].mean()
    normal, level, rows = normal[used], level[used], rows[used]
    slope, explained = _slope(normal, level)
    third = np.searchsorted(np.quantile(rows, [1 / 3, 2 / 3]), rows)
    slices = np.array([_slope(normal[third == i], level[third == i])[0] for i in range(3)])
    return _Shading(slope, abs(float(slices.mean())) / (float(slices.std()) + 0.1), explained)


def _paints(colours: F32) -> NDArray[np.int32]:
    """(N,) cluster of each (N, 3) CIELAB colour by its chroma at L* 50: a*, b* and L* + 16 grow together with light.

    It starts from the colours' order, so that the same photo gives the same clusters. Clusters that hardly differ are
    one paint under two lights and are joined, or they would split along the shading.
    """
    ab = colours[:, 1:] * (66 / (colours[:, :1] + 16))
    start = (np.argsort(np.argsort(ab.sum(axis=1), kind="stable"), kind="stable") * PAINTS // len(ab)).astype(np.int32)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 10, 0.5)
    _, labels, centres = cv2.kmeans(ab, PAINTS, start[:, None], stop, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    apart = np.hypot.reduce(np.asarray(centres)[:, None] - np.asarray(centres)[None], axis=2)
    one = np.array([int(np.argmax(apart[index] < SAME_PAINT)) for index in range(PAINTS)], np.int32)
    return one[np.asarray(labels, np.int32)[:, 0]]


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Robust slope through the origin, and the share of variation it explains: print and highlights are left out."""
    good = np.ones(len(x), bool)
    slope = 0.0
    for _ in range(3):
        slope = float((x[good] * y[good]).sum() / ((x[good] ** 2).sum() + 1e-6))
        apart = np.abs(y - slope * x)
        good = apart <= 3.7 * float(np.median(apart)) + 1e-3  # 2.5 standard deviations
    total = float((y[good] ** 2).sum()) + 1e-9
    return slope, max(0.0, 1 - float(((y[good] - slope * x[good]) ** 2).sum()) / total)


def _shadow(matte: U8, light: F32) -> float:
    """How much brighter, in nepers, the darker ground is to the right of the product's foot than to its left."""
    solid = matte > 127
    bottom = int(np.nonzero(solid.any(axis=1))[0][-1])
    columns = np.nonzero(solid.any(axis=0))[0]
    away = cv2.distanceTransform((matte <= 12).astype(np.uint8), cv2.DIST_L2, 3)
    row, column = np.indices(solid.shape)
    ground = (away > SIDE / 80) & (away < 0.16 * SIDE) & (row > bottom - 0.22 * SIDE) & (row < bottom + 0.06 * SIDE)
    left = light[ground & (column < columns.mean())]
    right = light[ground & (column >= columns.mean())]
    if min(len(left), len(right)) < 40:
        return 0.0
    return float(np.log(np.quantile(right, 0.25) + 0.02) - np.log(np.quantile(left, 0.25) + 0.02))


def _warmth(pixels: U8, matte: U8) -> float | None:
    """From b* of nearly neutral pixels: a strong colour is the paint's, not the light's."""
    colours = lab(pixels[matte > 200])
    neutral = (np.hypot(colours[:, 1], colours[:, 2]) < NEUTRAL_CHROMA) & (colours[:, 0] > 25) & (colours[:, 0] < 97)
    if np.count_nonzero(neutral) < NEUTRAL_SHARE * len(colours):
        return None
    return float(np.clip(np.median(colours[neutral, 2]) / FULL_WARMTH_B, -1, 1))
