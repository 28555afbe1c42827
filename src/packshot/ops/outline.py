"""Faults along a product's outline in a finished picture: stairs, blur, and colour left of the old backdrop."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8, delta_e00, lab
from packshot.ops.layout import Placement

PLACES = 4000  # measured along the outline; more of them change no verdict
REACH = 26  # to each side of it, in units of a product 1780 px long (a 2048-px file filled to 87 %)
# Below this difference of product and backdrop an edge cannot be judged or noticed.
CONTRAST = 12.0


@dataclass(frozen=True, slots=True)
class Outline:
    """Measured where product and backdrop differ clearly; a value is 0 where that is too little."""

    rim: float  # share of the outline whose rim has the old backdrop's colour, or one that neither side has
    stairs: float  # share of the slanting outline that runs in right angles
    width: float  # of the transition from 10 to 90 %, in units; the median


@dataclass(frozen=True, slots=True)
class _Places:
    """Straight lines across the outline, from inside to outside."""

    x: F32  # (N, 2 × REACH + 1)
    y: F32
    normal: F32  # (N, 2), x and y, outwards
    unit: float


def outline(
    pixels_u8: U8, matte_u8: U8, *, photo: U8 | None = None, placement: Placement | None = None
) -> Outline | None:
    """Judge the edge from finished pixels and a matte of them; None without an outline worth judging.

    pixels_u8: (H, W, 3) sRGB.  matte_u8: (H, W).  photo, placement: for a file of ours, what it was made from and where
    the product was placed: then a rim is compared with the old backdrop itself.
    """
    places = _places(matte_u8)
    if places is None:
        return None
    inside = _read(matte_u8, places, cv2.INTER_NEAREST)[..., 0]
    values = _read(pixels_u8, places)
    inner, outer = values[:, 0:8].mean(axis=1), values[:, -8:].mean(axis=1)
    # One end must lie in the product and the other in an even backdrop.
    fit = (inside[:, :8] == 255).all(axis=1) & (inside[:, -8:] == 0).all(axis=1) & (_spread(values[:, -8:]) < 14)
    contrast = delta_e00(_lab(inner), _lab(outer))
    rim = (
        _rim_of_old(values, inner, fit, places, photo, placement)
        if photo is not None and placement is not None
        else None
    )
    fit &= contrast > CONTRAST
    if rim is None:
        rim = _rim_of_neither(values[fit], inner[fit], outer[fit])
    axis = outer[fit] - inner[fit]
    reach = np.maximum((axis**2).sum(axis=1), 1)[:, None]
    t = np.clip(((values[fit] - inner[fit][:, None]) * axis[:, None]).sum(axis=2) / reach, 0, 1)
    # Our own matte says how soft the edge is; of other files only the pixels do.
    across = 1 - _read(matte_u8, places)[..., 0] / np.float32(255) if placement is not None else t
    return Outline(rim, _stairs(pixels_u8, places, fit, t), _width(across))


def _width(t: F32) -> float:
    """Median number of steps from 10 to 90 %; 0 where there are too few places."""
    if len(t) < 40:
        return 0.0
    return float(np.median((t > 0.1).sum(axis=1) - (t > 0.9).sum(axis=1)))


def _places(matte_u8: U8) -> _Places | None:
    x, y, w, h = cv2.boundingRect((matte_u8 > 127).astype(np.uint8))
    if min(w, h) < 24:
        return None
    unit = max(w, h) / 1780
    pad = int(REACH * unit) + 8
    top, left = max(0, y - pad), max(0, x - pad)
    solid = (matte_u8[top : y + h + pad, left : x + w + pad] > 127).astype(np.uint8)
    distance = np.asarray(cv2.distanceTransform(1 - solid, cv2.DIST_L2, 3), np.float32)
    distance -= np.asarray(cv2.distanceTransform(solid, cv2.DIST_L2, 3), np.float32)
    ys, xs = np.nonzero((distance > -1.5) & (distance < 0))
    here = (ys > 0) & (xs > 0) & (ys < solid.shape[0] - 1) & (xs < solid.shape[1] - 1)  # not along the frame
    ys, xs = ys[here], xs[here]
    if len(ys) < 60:
        return None
    keep = np.linspace(0, len(ys) - 1, min(len(ys), PLACES)).astype(int)
    ys, xs = ys[keep], xs[keep]
    side = max(3, 2 * round(9 * unit) + 1)  # the direction the eye sees, past stairs of 14 px
    smooth = np.asarray(cv2.blur(distance, (side, side)), np.float32)
    normal = np.stack([smooth[ys, xs + 1] - smooth[ys, xs - 1], smooth[ys + 1, xs] - smooth[ys - 1, xs]], 1)
    normal /= np.hypot(normal[:, 0], normal[:, 1])[:, None] + 1e-6
    steps = np.arange(-REACH, REACH + 1, dtype=np.float32) * unit
    return _Places(
        (xs[:, None] + left + normal[:, :1] * steps).astype(np.float32),
        (ys[:, None] + top + normal[:, 1:] * steps).astype(np.float32),
        normal.astype(np.float32),
        unit,
    )


def _read(plane: U8 | F32, places: _Places, how: int = cv2.INTER_LINEAR) -> F32:
    """(N, steps, C) values of a picture along the lines."""
    values = cv2.remap(plane, places.x, places.y, how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values, np.float32).reshape(*places.x.shape, -1)


def _lab(colours: F32) -> F32:
    return lab(np.clip(np.round(colours), 0, 255).astype(np.uint8))


def _spread(colours: F32) -> F32:
    return np.asarray(colours.std(axis=1).max(axis=1), np.float32)


def _rim_of_old(
    values: F32, inner: F32, fit: NDArray[np.bool_], places: _Places, photo: U8, placement: Placement
) -> float:
    """Share of the places whose rim has the old backdrop's colour instead of the product's."""
    moved = _Places(
        (places.x - placement.offset[0]) / placement.scale,
        (places.y - placement.offset[1]) / placement.scale,
        places.normal,
        places.unit,
    )
    within = (
        (moved.x[:, -1] >= 0)
        & (moved.y[:, -1] >= 0)
        & (moved.x[:, -1] < photo.shape[1])
        & (moved.y[:, -1] < photo.shape[0])
    )
    old = _read(photo, moved)[:, -12:]
    backdrop = old.mean(axis=1)
    axis = backdrop - inner
    # A rim is recognised only where the backdrop has one colour that differs from the product's.
    sure = fit & within & (delta_e00(_lab(inner), _lab(backdrop)) > 1.5 * CONTRAST)
    sure &= _spread(old) + _spread(values[:, 0:8]) < 0.5 * np.hypot.reduce(axis, axis=1)
    if np.count_nonzero(sure) < 40:
        return 0.0
    rim = values[:, REACH - 5 : REACH - 2].mean(axis=1)[sure]  # past what the lens itself mixes
    towards = ((rim - inner[sure]) * axis[sure]).sum(axis=1) / (axis[sure] ** 2).sum(axis=1)
    aside = np.hypot.reduce(rim - inner[sure] - towards[:, None] * axis[sure], axis=1)
    return float(((towards > 0.7) & (aside < 0.5 * np.hypot.reduce(axis[sure], axis=1))).mean())


def _rim_of_neither(values: F32, inner: F32, outer: F32) -> float:
    """Share of the places where a colour shows that no mixture of product and backdrop gives."""
    if len(values) < 40:
        return 0.0
    axis = outer - inner
    near = values[:, REACH - 8 : REACH + 9]
    t = np.clip(((near - inner[:, None]) * axis[:, None]).sum(2) / (axis**2).sum(1)[:, None], 0, 1)
    apart = delta_e00(_lab(near), _lab(inner[:, None] + t[..., None] * axis[:, None]))
    own = delta_e00(_lab(values[:, 0:10]), _lab(inner[:, None])).max(axis=1)
    return float((np.sort(apart, axis=1)[:, -3] > 10 + 1.5 * own).mean())


def _stairs(pixels: U8, places: _Places, fit: NDArray[np.bool_], t: F32) -> float:
    """Share of slanting places whose own gradient points along an axis instead of along the outline's normal."""
    normal = places.normal[fit]
    angle = np.degrees(np.arctan2(normal[:, 1], normal[:, 0])) % 90
    slanting = (angle > 22) & (angle < 68)
    if np.count_nonzero(slanting) < 40:
        return 0.0
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    at = np.clip(np.argmax(np.abs(np.diff(t, axis=1)), axis=1), 0, t.shape[1] - 2)
    rows = np.arange(len(at))
    x = np.clip(places.x[fit][rows, at].round().astype(int), 1, gray.shape[1] - 2)[slanting]
    y = np.clip(places.y[fit][rows, at].round().astype(int), 1, gray.shape[0] - 2)[slanting]
    across = gray[y, x + 1] - gray[y, x - 1]
    down = gray[y + 1, x] - gray[y - 1, x]
    strong = np.hypot(across, down) > 24
    if np.count_nonzero(strong) < 40:
        return 0.0
    own = np.degrees(np.arctan2(down, across))[strong] % 90
    return float((np.minimum(own, 90 - own) < 8).mean())
