"""Glass: whether the backdrop shows through the product.

A see-through product has almost no colour of its own: the colours inside its outline are those around it, and thin
bright and dark lines run along its rims.  An opaque product of the backdrop's colour has those colours too, but it is
shaded (somewhere brighter or darker than everything around it) or has no such lines.  Where the backdrop changes from
top to bottom, what shows through a product changes with it.  The limits were chosen on benchmarks/glass.py; a case that
is not clear counts as opaque.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8
from packshot.ops.resample import within_side

SIDE = 768  # px, longest
DEEP, RIM, NEAR, AROUND = 0.03, 0.06, 0.01, 0.3  # of the product's diagonal: its inside, its rim, what lies around it
STEP = 4  # of Lab: colours closer than this count as the same
COMMON = 0.01  # share of the surroundings from which a colour belongs to them
SAME, FOREIGN = 0.78, 0.05  # share of the inside in such colours at least; brighter or darker than all around at most
LINE_LEVELS, LINES = 12, 0.025  # how much a thin line differs from its sides; share of the rim, bright and dark each
LINE_WIDTH = 0.015
STRIPS, BESIDE, FAR = 10, 0.06, 4  # from top to bottom; of the height beside one; strips that are far from another
ALIKE, CHANGES = (
    0.6,
    0.045,
)  # share of a strip's colours that lie beside it; by how much that exceeds the share that lies far off
CALM = 0.004  # share of thin lines in the surroundings, at most, for a rim to stand out
BUSY = 12  # levels of texture around from which lines mean nothing: grass, gravel


class Glass(NamedTuple):
    """What distinguishes glass from other goods."""

    rimmed: bool  # it has rims as glass has, before calm surroundings; it may be filled
    see_through: float  # share through which the backdrop shows; 0 where it is opaque or that is not clear
    beside: (
        float  # share that changes with the backdrop beside it; of an unsure outline it means nothing (hands, sticks)
    )
    above: float  # share of thin lines right above, where nothing else around has any: a rim that the matte left out


NO_GLASS = Glass(rimmed=False, see_through=0.0, beside=0.0, above=0.0)


def glass_of(pixels_u8: U8, matte_u8: U8) -> Glass:
    """pixels_u8: (H, W, 3) sRGB.  matte_u8: (H, W)."""
    pixels, matte = within_side(pixels_u8, SIDE), within_side(matte_u8, SIDE)
    survey = _surveyed(pixels, matte)
    if survey is None:
        return NO_GLASS
    glass = NO_GLASS._replace(rimmed=survey.rimmed, above=_above(survey, matte))
    if not survey.rimmed:
        return glass
    least, most = np.percentile(survey.gray[survey.ring], (1, 99))
    own = (survey.gray < least - 8) | (survey.gray > most + 8)
    if np.count_nonzero(own & (survey.depth > 1)) <= FOREIGN * np.count_nonzero(matte > 127):
        same = _in_common(pixels, survey.deep, survey.ring)
        if same >= SAME:
            return glass._replace(see_through=same)
    return glass._replace(beside=_beside(pixels, survey))


def see_through(pixels_u8: U8, matte_u8: U8) -> float:
    """`Glass.see_through` alone."""
    return glass_of(pixels_u8, matte_u8).see_through


@dataclass(frozen=True, slots=True, eq=False)
class _Survey:
    gray: U8
    depth: F32  # px from the outline, inwards
    deep: NDArray[np.bool_]
    ring: NDArray[np.bool_]
    lines: NDArray[np.bool_]  # thin ones, bright or dark
    rimmed: bool  # thin bright and dark ones run along its rims


def _surveyed(pixels: U8, matte: U8) -> _Survey | None:
    """None where thin lines would mean nothing."""
    solid = (matte > 127).astype(np.uint8)
    _, _, width, height = cv2.boundingRect(solid)
    length = float(np.hypot(width, height))
    depth = np.asarray(cv2.distanceTransform(solid, cv2.DIST_L2, 3), np.float32)
    beyond = np.asarray(cv2.distanceTransform(1 - solid, cv2.DIST_L2, 3), np.float32)
    deep, ring = depth > DEEP * length, (beyond > NEAR * length) & (beyond < AROUND * length)
    rim = (depth > 2) & (depth <= RIM * length)
    if np.count_nonzero(deep) < 50 or np.count_nonzero(ring) < 50 or not rim.any():
        return None
    gray = np.asarray(cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0, 0), 0.8), np.uint8)
    bright, dark = _lines(gray, max(3, int(LINE_WIDTH * length)) | 1)
    if float(np.median((bright + dark)[ring])) > BUSY:
        return None
    rimmed = min(float((lines[rim] > LINE_LEVELS).mean()) for lines in (bright, dark)) >= LINES
    return _Survey(gray, depth, deep, ring, np.maximum(bright, dark) > LINE_LEVELS, rimmed)


def _above(survey: _Survey, matte: U8) -> float:
    x, y, w, h = cv2.boundingRect((matte > 127).astype(np.uint8))
    top = np.zeros_like(survey.ring)
    top[: y + h // 4, max(0, x - w // 10) : x + w + w // 10] = True
    above, rest = survey.ring & top, survey.ring & ~top
    if np.count_nonzero(above) < 200 or not rest.any() or float(survey.lines[rest].mean()) > CALM:
        return 0.0
    return float(survey.lines[above].mean())


def _lines(gray: U8, width: int) -> tuple[F32, F32]:
    """By how much thin bright and thin dark lines differ from their sides."""
    kernel = np.ones((width, width), np.uint8)
    bright, dark = (cv2.morphologyEx(gray, kind, kernel) for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT))
    return bright.astype(np.float32), dark.astype(np.float32)


def _in_common(pixels: U8, inside: NDArray[np.bool_], around: NDArray[np.bool_]) -> float:
    """Share of the inside whose colours are common around it as well."""
    tones = _tones(pixels)
    return float(_palette(tones[inside])[_common_tones(tones[around])].sum())


def _beside(pixels: U8, survey: _Survey) -> float:
    """Share of the inside in colours that lie right beside it, if further up or down lie other ones; else 0."""
    tones, rows = _tones(pixels), np.flatnonzero(survey.depth.any(1))
    edges = np.linspace(rows[0], rows[-1] + 1, STRIPS + 1).astype(int)
    pad = int(BESIDE * (rows[-1] + 1 - rows[0]))
    mine, theirs, size = [], [], np.zeros(STRIPS)
    for strip, (top, bottom) in enumerate(pairwise(edges)):
        near = slice(max(0, top - pad), bottom + pad)
        inside, around = tones[top:bottom][survey.deep[top:bottom]], tones[near][survey.ring[near]]
        size[strip] = len(inside) if min(len(inside), len(around)) >= 40 else 0
        mine.append(_palette(inside).ravel())
        theirs.append(_common_tones(around).ravel())
    if not size.any():
        return 0.0
    shares = np.stack(mine) @ np.stack(theirs).T.astype(np.float32)
    own, number = np.diag(shares), np.arange(STRIPS)
    far = (np.abs(number[:, None] - number) >= FAR) & (size > 0)
    elsewhere = np.where(far.any(1), (shares * far).sum(1) / np.maximum(1, far.sum(1)), own)
    alike, weight = own >= ALIKE, size / size.sum()
    # Colours that lie far off but not beside count against it: a white product by a white wall on a dark floor.
    changes = float((weight * np.where(alike | (elsewhere > own), own - elsewhere, 0)).sum())
    return float(weight[alike].sum()) if changes >= CHANGES else 0.0


def _tones(pixels: U8) -> U8:
    smooth = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 1), np.uint8)
    return np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2Lab), np.uint8)


def _common_tones(tones: U8) -> NDArray[np.bool_]:
    """Which bins of `_palette` are common there, each with its neighbours.

    With neighbours, because a gradient is a little darker through glass than beside it.
    """
    shares = _palette(tones)
    for axis in range(3):
        shares = shares + np.roll(shares, 1, axis) + np.roll(shares, -1, axis)
    return np.asarray(shares > COMMON, np.bool_)


def _palette(tones: U8) -> F32:
    """(N, 3) Lab as OpenCV holds it → shares by lightness, a and b, in steps of `STEP`."""
    l_steps, ab_steps = 100 // STEP + 1, 96 // STEP
    lightness = tones[:, 0].astype(int) * 100 // (255 * STEP)
    a, b = (np.clip((tones[:, i].astype(int) - 80) // STEP, 0, ab_steps - 1) for i in (1, 2))
    counts = np.bincount((lightness * ab_steps + a) * ab_steps + b, minlength=l_steps * ab_steps * ab_steps)
    return np.asarray(counts.reshape(l_steps, ab_steps, ab_steps) / max(1, len(tones)), np.float32)
