"""Transmission: how much of a new backdrop's light comes through a glass, measured against the old one.

A photo shows I = T × B + S: the share T of the backdrop's light, and what the glass itself reflects or scatters.  Where
the backdrop is even, B behind the glass follows from what lies around it.  T is the largest for which S fits into a
layer, with coverage 1 − T and own light I − T × B.  Refraction is not modelled.
The limits were chosen on the "tune" half of benchmarks/transmission.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8, thrice, to_linear, to_srgb
from packshot.ops.geometry import PixelBox, box_of, diagonal_of, size_of
from packshot.ops.glass import see_through
from packshot.ops.resample import within_side

Mask = NDArray[np.bool_]
Refusal = Literal["opaque", "uneven", "dark", "unclear"]

SIDE = 768  # px, longest, of the picture on which backdrop and outline are measured
SAMPLES = 10_000  # px of the surroundings that a backdrop is fitted to
COARSE = 4  # of these px in one, where the shadow around is averaged
AROUND = 0.5  # of the product's diagonal: how far its surroundings reach
SAME, EVEN = 0.05, 0.8  # distance from the fit within which a pixel is backdrop; share of the surroundings that must be
DARKEST = 0.05  # linear: a darker backdrop says nothing about what comes through
SHADE = 0.85  # limit to how far shadow and bounced light around correct the fit
LINE = 0.02  # of the backdrop: how much a line differs, at least
FOOT = 0.15  # of the product's height, from below
BULGE = 1.3  # how much larger than what the lines span a convex outline may be, where a side's line is missing
SHINE = 0.1  # of the backdrop: how much brighter a highlight is
LONG = 0.06  # of its diagonal: how long a line is, at least
REACH = 0.25  # of the product's diagonal: how far off a line of it may begin
HOLLOW = 0.85  # share of the spanned outline that the model's matte fills; below it the matte may be rims alone
# Glass: the least share of it that is clear; how much lines differ from their sides, and the least share of bright and
# of dark ones in the clear part; how much more of them the rim has than the inside; least mean transmission of thin
# product in the model's matte.
CLEAR, CONTRAST, BRIGHT, DARK, RIMMED, FINE_CLEAR = 0.2, 0.03, 0.03, 0.035, 1.25, 0.45
CLEARLY = 0.75
DEAD = 0.015  # of the backdrop: a smaller difference is the fit's error
GLEAM = 0.05  # of the backdrop: before a nearly white one a little more light would count as a thick layer
OPAQUE = 0.15  # transmission below which a pixel lets nothing through
FLOOR = 2  # of 255: coverage that keeps the outline of what lets everything through


@dataclass(frozen=True, slots=True, eq=False)
class GlassLayers:
    """A see-through product as layers that can be laid over any backdrop."""

    matte: U8  # (H, W): 1 − T, at least `FLOOR` inside the outline
    own: U8  # (H, W, 3) sRGB, straight: the glass's own colour
    outline: U8  # (H, W): the product's, as if it were opaque
    see_through: float  # share of it that lets light through
    transmission: float  # mean T inside of the outline


def transmission_of(pixels_u8: U8, matte_u8: U8) -> GlassLayers | Refusal:
    """Measure a product that may be glass, or say why not.

    pixels_u8: (H, W, 3) sRGB.  matte_u8: (H, W), the model's: whole, or rims and fragments alone.
    """
    small, model_matte = within_side(pixels_u8, SIDE), within_side(matte_u8, SIDE)
    box = left, top, right, bottom = box_of((model_matte > 127).astype(np.uint8))
    if min(size_of(box)) < 16:
        return "unclear"
    length = diagonal_of(box)
    near = np.asarray(cv2.GaussianBlur(to_linear(small), (0, 0), 1.0), np.float32)
    away = np.ones(model_matte.shape, np.uint8)
    pad = round(0.03 * length)
    away[max(0, top - pad) : bottom + pad, max(0, left - pad) : right + pad] = 0
    backdrop, even, refused = _backdrop(near, away > 0, box)
    if refused:
        return refused
    ratio = near / backdrop
    for _ in range(2):  # what counts as a line depends on the product's size
        clear, faint = _lines(ratio, even, diagonal_of(box))
        box = _box_with_lines(clear, box)
    outline = _outline(clear, faint, model_matte, box)
    if outline is None:
        return "unclear"
    backdrop = _shaded(near, backdrop, outline)
    passed, _ = _split(near, backdrop)
    share = max(see_through(small, model_matte), see_through(small, outline * np.uint8(255)))
    if not share and not _is_glass(near / backdrop, passed, outline, model_matte):
        return "opaque"
    return _at_full_size(pixels_u8, backdrop, outline, share or float((passed[outline > 0] > CLEARLY).mean()))


def _backdrop(light: F32, away: Mask, box: PixelBox) -> tuple[F32, Mask, Refusal | None]:
    """A smooth backdrop over the whole picture, fitted to the product's surroundings; where these match it."""
    (left, top, _, _), (w, h), length = box, size_of(box), diagonal_of(box)
    across = (np.arange(away.shape[1], dtype=np.float32) - left - w / 2) / length
    down = (np.arange(away.shape[0], dtype=np.float32) - top - h / 2) / length
    near = (np.abs(across) < w / 2 / length + AROUND)[None] & (np.abs(down) < h / 2 / length + AROUND)[:, None]
    around = away & near
    take = np.flatnonzero(around)
    if len(take) < 2000:
        return light, around, "unclear"
    take = take[:: max(1, len(take) // SAMPLES)]
    basis = _terms(across[take % len(across)], down[take // len(across)]).astype(np.float64)
    samples = light.reshape(-1, 3)[take]
    weight = np.ones(len(take))
    for _ in range(8):
        weighted = (basis * weight[:, None]).T
        factors = np.linalg.solve(weighted @ basis + 1e-6 * np.eye(basis.shape[1]), weighted @ samples)
        off = np.abs(samples / np.maximum(basis @ factors, 1e-3) - 1).max(1)
        limit = max(0.02, min(3 * float(np.median(off)), 0.15))
        weight = np.clip(1 - (off / limit) ** 2, 0, 1) ** 2 + 1e-4
    if np.count_nonzero(off < SAME) < EVEN * len(take):
        return light, around, "uneven"
    fitted = np.asarray(np.maximum(_terms(across[None], down[:, None]) @ factors, 1e-3), np.float32)
    alike = around & (np.abs(light / fitted - 1).max(2) < SAME)
    if float(np.median(fitted[around].max(1))) < DARKEST:
        return fitted, alike, "dark"
    return np.minimum(fitted, 1), alike, None


def _terms(u: F32, v: F32) -> F32:
    """The terms of a smooth backdrop, which falls off sideways and bends upwards.  Returns (…, 10)."""
    u, v = np.broadcast_arrays(u, v)
    return np.stack([np.ones_like(u), u, u * u, v, v * v, v**3, v**4, u * v, u * v * v, u * u * v], -1)


def _lines(ratio: F32, even: Mask, length: float) -> tuple[U8, U8]:
    """Where the picture differs from what is right around it: clearly, and faintly.  (h, w) 0 or 1 each."""
    gray = ratio.mean(2)
    bright, dark = _thin(ratio, length)
    lines = np.maximum(np.maximum(bright, dark), (gray > 1 + SHINE) * (gray - 1))
    limit = max(LINE, 4 * float(np.median(lines[even])) if even.any() else 0.0)
    return (lines > limit).astype(np.uint8), (lines > 0.6 * limit).astype(np.uint8)


def _long_lines(clear: U8, faint: U8, least: float) -> Mask:
    """Faint lines that are longer than that and clear somewhere."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(faint, connectivity=8)
    long = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) > least
    long &= np.bincount(labels.ravel(), weights=clear.ravel(), minlength=count) > 0
    long[0] = False
    return np.asarray(long[labels], np.bool_)


def _box_with_lines(clear: U8, box: PixelBox) -> PixelBox:
    """The box extended by lines above its foot that begin near it: a model's matte can lack whole bowls of glass."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(clear, connectivity=8)
    left, top, right, bottom = box
    foot = bottom - FOOT * (bottom - top)
    length = diagonal_of(box)
    near = REACH * length
    for _ in range(4):
        for x, y, w, h, _ in stats[1:count].tolist():
            close = x < right + near and x + w > left - near and y + h > top - near and y + h < foot
            if close and LONG < max(w, h) / length < 1:
                left, top, right = min(left, x), min(top, y), max(right, x + w)
    return left, top, right, bottom


def _outline(clear: U8, faint: U8, model_matte: U8, box: PixelBox) -> U8 | None:
    """(h, w) 0 or 1.  Where the model's matte has gaps: what lines and fragments span, as if both sides were alike.

    Whatever lies between and is as bright as the backdrop becomes transparent anyway.
    """
    left, top, right, bottom = box
    (w, h), length = size_of(box), diagonal_of(box)
    inside = np.s_[top:bottom, left:right]
    model = (model_matte[inside] > 127).astype(np.uint8)
    # At the foot lie shadow and caustics: there only the model's matte counts.
    foot = round((1 - FOOT) * h)
    marks = np.zeros(model.shape, np.bool_)
    marks[:foot] = _long_lines(clear[inside][:foot], faint[inside][:foot], LONG * length)
    spanned = _profile(marks | (model > 0))
    across, down = _spanned(model), np.ascontiguousarray(_spanned(np.ascontiguousarray(model.T)).T)
    whole = across & down
    if np.count_nonzero(model) > HOLLOW * np.count_nonzero(spanned):
        whole[~model.any(axis=1)] = spanned[~model.any(axis=1)]
        spanned = whole
    else:
        spanned = _bulging(spanned)
    outline = np.zeros(model_matte.shape, np.uint8)
    outline[inside] = spanned | whole
    return outline if np.count_nonzero(outline) > 0.2 * w * h else None


def _profile(marks: Mask) -> U8:
    """A body turned about the middle column; its half width in each row is how far the marks reach."""
    h, w = marks.shape
    away = np.abs(np.arange(w) - (w - 1) / 2)
    reach = (marks * away).max(1).astype(np.float32)
    reach[~marks.any(axis=1)] = 0
    there = np.flatnonzero(reach)
    if len(there):  # where there is no line, as narrow as the narrower end: a stem
        rows = np.arange(h)
        before, behind = (there[np.clip(at, 0, len(there) - 1)] for at in
                          (np.searchsorted(there, rows, "right") - 1, np.searchsorted(there, rows)))  # fmt: skip
        reach = np.minimum(reach[before], reach[behind])
    reach = cv2.medianBlur(reach[:, None], 5)
    gap = np.ones((max(3, round(0.12 * h)), 1), np.uint8)
    ends = cv2.copyMakeBorder(reach, len(gap), len(gap), 0, 0, cv2.BORDER_REPLICATE)
    reach = cv2.morphologyEx(cv2.medianBlur(ends, 5), cv2.MORPH_CLOSE, gap)[len(gap) : -len(gap)]
    spur = np.ones((max(3, round(0.02 * h)), 1), np.uint8)
    reach = cv2.morphologyEx(reach, cv2.MORPH_OPEN, spur)
    return np.asarray(away[None] <= reach.reshape(-1, 1), np.uint8)


def _bulging(body: U8) -> U8:
    """Its convex hull, where that is hardly larger: a side's line may be missing over a long way."""
    points = cv2.findNonZero(body)
    if points is None:
        return body
    hull = cv2.fillConvexPoly(np.zeros_like(body), np.asarray(cv2.convexHull(points)), 1)
    return np.asarray(hull if np.count_nonzero(hull) < BULGE * np.count_nonzero(body) else body, np.uint8)


def _spanned(marks: U8) -> U8:
    """Each row filled from its first mark to its last."""
    before = np.maximum.accumulate(marks, axis=1)
    behind = np.maximum.accumulate(marks[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(before & behind, np.uint8)


def _is_glass(ratio: F32, passed: F32, outline: U8, model_matte: U8) -> bool:
    """Whether the backdrop shows through much of the inside, beside thin bright and thin dark lines, as in glass."""
    length = diagonal_of(box_of(outline))
    depth = np.asarray(cv2.distanceTransform(outline, cv2.DIST_L2, 3), np.float32)
    clear = (cv2.blur(passed, (5, 5)) > 0.5) & (depth > 3)
    if np.count_nonzero(clear) < CLEAR * np.count_nonzero(outline):
        return False
    bright, dark = (lines > CONTRAST for lines in _thin(ratio, length))
    if float(bright[clear].mean()) < BRIGHT or float(dark[clear].mean()) < DARK:
        return False
    # Lines of print and grain lie inside, those of glass at the rim.
    lines_of_both, rim = bright | dark, depth <= 0.06 * length
    if float(lines_of_both[clear & rim].mean()) < RIMMED * float(lines_of_both[clear & ~rim].mean()):
        return False
    # Thin parts of the model's matte are clear in glass, and not in wire.
    side = 2 * round(0.02 * length) + 1
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    model = ((model_matte > 127) & (outline > 0)).astype(np.uint8)
    fine = (model > 0) & (cv2.morphologyEx(model, cv2.MORPH_OPEN, ball) == 0)
    return bool(np.count_nonzero(fine) < 0.05 * np.count_nonzero(outline) or float(passed[fine].mean()) > FINE_CLEAR)


def _thin(ratio: F32, length: float) -> tuple[F32, F32]:
    """By how much of the backdrop thin bright and thin dark lines differ from their sides."""
    gray = np.ascontiguousarray(ratio.mean(2))
    kernel = np.ones((max(3, int(0.015 * length)) | 1,) * 2, np.uint8)
    bright, dark = (cv2.morphologyEx(gray, kind, kernel) for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT))
    return np.asarray(bright, np.float32), np.asarray(dark, np.float32)


def _shaded(light: F32, backdrop: F32, outline: U8) -> F32:
    """The backdrop with the shadow and bounced light that lie around the product carried on behind it."""
    free = (cv2.dilate(outline, np.ones((5, 5), np.uint8)) == 0).astype(np.float32)
    off = np.clip(light / backdrop, SHADE, 1 / SHADE) * thrice(free)
    size = max(1, outline.shape[1] // COARSE), max(1, outline.shape[0] // COARSE)
    free, off = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (free, off))
    total, weight = np.ones_like(off), np.full(free.shape, 1e-3, np.float32)
    length = diagonal_of(box_of(outline)) / COARSE
    for sigma in (0.03 * length, 0.1 * length):
        share = np.asarray(cv2.GaussianBlur(free, (0, 0), sigma), np.float32)
        mean = cv2.GaussianBlur(off, (0, 0), sigma) / thrice(np.maximum(share, np.float32(1e-4)))
        part = share * share
        total = (total * thrice(weight) + mean * thrice(part)) / thrice(weight + part)
        weight = weight + part
    return np.asarray(backdrop * cv2.resize(total, outline.shape[::-1]), np.float32)


def _split(light: F32, backdrop: F32) -> tuple[F32, F32]:
    """T (h, w) and S (h, w, 3) of I = T × B + S with 0 ≤ S ≤ 1 − T: the largest T there is.

    Darker than the backdrop, its darkest channel decides; brighter, a highlight has to fit in a layer's coverage.
    """
    darker = (1 - light / backdrop).max(2)
    brighter = ((light - backdrop * np.float32(1 + GLEAM)) / np.maximum(1 - backdrop, np.float32(0.02))).max(2)
    covered = np.clip(np.maximum((darker - DEAD) / (1 - DEAD), brighter), 0, 1)
    covered = np.clip(covered / np.float32(1 - OPAQUE), 0, 1).astype(np.float32)
    own = np.clip(light - thrice(1 - covered) * backdrop, 0, thrice(covered))
    return 1 - covered, np.asarray(own, np.float32)


def _at_full_size(pixels_u8: U8, backdrop: F32, outline: U8, share: float) -> GlassLayers:
    height, width = pixels_u8.shape[:2]
    whole = cv2.resize(outline * np.float32(1), (width, height), interpolation=cv2.INTER_LINEAR)
    x, y, w, h = cv2.boundingRect((whole > 0.25).astype(np.uint8))
    part = slice(y, y + h), slice(x, x + w)
    scale = outline.shape[1] / width
    shift = np.array([[scale, 0, (x + 0.5) * scale - 0.5], [0, scale, (y + 0.5) * scale - 0.5]], np.float32)
    behind = cv2.warpAffine(
        backdrop, shift, (w, h), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    smooth = np.asarray(cv2.bilateralFilter(pixels_u8[part], 5, 12, 2), np.uint8)
    passed, own = _split(to_linear(smooth), np.asarray(behind, np.float32))
    inside = np.clip(2 * whole[part] - 0.5, 0, 1)
    covered = (1 - passed) * inside
    matte, colour, area = (np.zeros((height, width, *more), np.uint8) for more in ((), (3,), ()))
    solid = inside > 0.5
    matte[part] = np.maximum(np.round(covered * 255), FLOOR * solid).astype(np.uint8)
    bare = (matte[part] <= FLOOR)[..., None]
    straight = np.where(bare, to_linear(smooth), own / np.maximum(thrice(1 - passed), np.float32(1e-3)))
    colour[part] = to_srgb(np.clip(straight, 0, 1).astype(np.float32))
    area[part] = np.round(inside * 255)
    return GlassLayers(matte, colour, area, share, float(passed[solid].mean()))
