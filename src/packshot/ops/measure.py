"""Measurements on pixels: sharpness, noise, compression, exposure, likeness, and what lies along a product's edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8, brightest, darkest, delta_e00, lab

MEASURED_SIDE = 1000
GRAIN_SIDE = 1024


def _product_crop(pixels_u8: U8, matte_u8: U8, side: int) -> tuple[U8, NDArray[np.bool_]] | None:
    """Gray product and its sure inside, the product's longest side at most `side`; None when there is too little."""
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

    Blurs again and asks how much was lost, where there is something to lose.  Crete et al. 2007, "The blur effect".
    """
    found = _product_crop(pixels_u8, matte_u8, side)
    if found is None:
        return None
    gray, inside = found
    gray_f = gray.astype(np.float32)
    effects = []
    for kernel, axis in (((9, 1), 1), ((1, 9), 0)):
        again = cv2.blur(gray_f, kernel)
        before, after = np.abs(np.diff(gray_f, axis=axis)), np.abs(np.diff(again, axis=axis))
        where = inside[:, 1:] if axis == 1 else inside[1:]
        # Only where the picture has structure: a plain surface has noise, and noise is always sharp.
        strong = where & (before > max(4.0, float(np.percentile(before[where], 90))))
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
    found = _product_crop(pixels_u8[part], matte_u8[part], GRAIN_SIDE)
    if found is None:
        return None
    gray, inside = found
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    grain = np.abs(cv2.filter2D(gray.astype(np.float32), cv2.CV_32F, kernel))
    mean = cv2.blur(grain, (16, 16))[inside]
    return float(np.percentile(mean, 10) * np.sqrt(np.pi / 2) / 6)


def blockiness(pixels_u8: U8) -> float:
    """Steps at the 8 × 8 grid of JPEG against steps beside it: 1 none, above 1.5 visible."""
    top, left = (max(0, (side - 1536) // 2) // 8 * 8 for side in pixels_u8.shape[:2])  # on the grid, from the middle
    part = np.ascontiguousarray(pixels_u8[top : top + 1536, left : left + 1536])
    gray = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.int16)
    ratios = []
    for axis in (0, 1):
        steps = np.abs(np.diff(gray, axis=axis))
        # Where there is detail the grid hides; a block shows on even ground.
        calm = steps < 12
        per_line = (steps * calm).sum(axis=1 - axis) / np.maximum(calm.sum(axis=1 - axis), 1)
        length = len(per_line) // 8 * 8
        if length < 64:
            continue
        folded = per_line[:length].reshape(-1, 8)
        beside = np.median(folded[:, [1, 2, 3, 4, 5]], axis=1)
        ratios.append(float((np.mean(folded[:, 7]) + 0.05) / (np.mean(beside) + 0.05)))
    return max(ratios, default=1.0)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Shares of the product's own area."""

    blown: float
    crushed: float


def exposure(pixels_u8: U8, matte_u8: U8) -> Exposure | None:
    """How much of the product is without drawing: all channels at 254 and above, or at 4 and below."""
    step = max(1, max(matte_u8.shape) // 1500)
    pixels, inside = np.ascontiguousarray(pixels_u8[::step, ::step]), matte_u8[::step, ::step] == 255
    total = np.count_nonzero(inside)
    if total < 200:
        return None
    blown = np.count_nonzero((darkest(pixels) >= 254) & inside)
    crushed = np.count_nonzero((brightest(pixels) <= 4) & inside)
    return Exposure(blown / total, crushed / total)


def fingerprint(pixels_u8: U8) -> int:
    """64 bits that stay alike when a picture is scaled, saved anew or toned: signs of its lowest frequencies."""
    gray = cv2.cvtColor(cv2.resize(pixels_u8, (32, 32), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    low = cv2.dct(gray.astype(np.float32))[:8, :8].ravel()
    bits = low > np.median(low[1:])
    return int("".join("1" if b else "0" for b in bits), 2)


def alike(one: int, other: int) -> int:
    """In how many of the 64 bits two fingerprints differ; up to 4 is the same picture."""
    return (one ^ other).bit_count()


@dataclass(frozen=True, slots=True)
class Outline:
    """What lies along a product's outline."""

    fringe: float  # share of the outline where a colour of neither product nor backdrop shows
    jagged: float  # how hard the steps are: Laplacian against the contrast it spans; above 1 stairs
    soft: float  # share of the outline whose transition is wider than a photo's own


def outline(pixels_u8: U8, matte_u8: U8) -> Outline | None:
    """Judge the edge from the finished pixels and a matte of them; None without an outline worth judging.

    pixels_u8: (H, W, 3) sRGB.  matte_u8: (H, W).
    """
    x, y, w, h = cv2.boundingRect((matte_u8 > 127).astype(np.uint8))
    if min(w, h) < 24:
        return None
    pad = 24
    top, left = max(0, y - pad), max(0, x - pad)
    part = np.s_[top : y + h + pad, left : x + w + pad]
    pixels, matte = np.ascontiguousarray(pixels_u8[part]), np.ascontiguousarray(matte_u8[part])
    unit = max(1.0, max(w, h) / 1700)  # the widths below are meant for a 2048-px file filled to 85 %
    solid = (matte > 127).astype(np.uint8)
    outward = cv2.distanceTransform(1 - solid, cv2.DIST_L2, 3)
    inward = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    ys, xs = np.nonzero((inward > 0) & (inward < 1.5))
    keep = np.linspace(0, len(ys) - 1, min(len(ys), 6000)).astype(int)
    ys, xs = ys[keep], xs[keep]
    return _along(pixels, outward - inward, ys, xs, unit)


def _along(pixels: U8, distance: F32, ys: NDArray[np.intp], xs: NDArray[np.intp], unit: float) -> Outline | None:
    """Sample across the outline at some thousands of places, along the normal."""
    smooth = cv2.blur(distance, (9, 9))
    below, right = np.minimum(ys + 1, distance.shape[0] - 1), np.minimum(xs + 1, distance.shape[1] - 1)
    ny, nx = smooth[below, xs] - smooth[ys - 1, xs], smooth[ys, right] - smooth[ys, xs - 1]
    length = np.hypot(nx, ny) + 1e-6
    ny, nx = ny / length, nx / length
    steps = np.arange(-10, 11) * unit  # from well inside to well outside
    px = (xs[:, None] + nx[:, None] * steps).astype(np.float32)
    py = (ys[:, None] + ny[:, None] * steps).astype(np.float32)
    profile = np.asarray(cv2.remap(pixels, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
    inner, outer = profile[:, :5].mean(axis=1), profile[:, -4:].mean(axis=1)
    plain = profile[:, -4:].std(axis=(1, 2)) < 14  # another part of the product, or a shadow's core, is no backdrop
    inner_lab, outer_lab = lab(np.round(inner).astype(np.uint8)), lab(np.round(outer).astype(np.uint8))
    contrast = delta_e00(inner_lab, outer_lab)
    fit = plain & (contrast > 12)
    if np.count_nonzero(fit) < 60:
        return None
    profile, inner, outer = profile[fit], inner[fit], outer[fit]
    axis = outer - inner
    reach = (axis**2).sum(axis=1)
    t = ((profile - inner[:, None]) * axis[:, None]).sum(axis=2) / reach[:, None]
    on_line = inner[:, None] + np.clip(t, 0, 1)[..., None] * axis[:, None]
    off = delta_e00(lab(np.round(profile[:, 7:15]).astype(np.uint8)), lab(np.round(on_line[:, 7:15]).astype(np.uint8)))
    natural = delta_e00(
        lab(np.round(profile[:, 0:5]).astype(np.uint8)), lab(np.round(inner[:, None]).astype(np.uint8))
    ).mean(axis=1)
    fringe = float((np.sort(off, axis=1)[:, -2] > 14 + 2.2 * natural).mean())
    light = profile.mean(axis=2)
    span = np.abs(light[:, :5].mean(axis=1) - light[:, -4:].mean(axis=1))
    bright = span > 25
    if np.count_nonzero(bright) < 60:
        return Outline(fringe, 0.0, 0.0)
    normal_t = np.clip(t[bright], 0, 1)
    first = np.argmax(normal_t > 0.1, axis=1)
    last = normal_t.shape[1] - 1 - np.argmax((normal_t < 0.9)[:, ::-1], axis=1)
    width = np.maximum(last - first + 1, 0)
    rough = cv2.Laplacian(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.CV_32F, ksize=1)
    at = np.asarray(cv2.remap(np.abs(rough), px[fit][bright], py[fit][bright], cv2.INTER_NEAREST), np.float32)
    jagged = float(np.median(at[:, 8:13].max(axis=1) / span[bright]))
    return Outline(fringe, jagged, float((width > 11).mean()))
