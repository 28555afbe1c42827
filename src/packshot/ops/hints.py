"""A matte corrected by clicks: a region is included or excluded, with a new edge as fine as the matte's own.

Outside the region and its rim the matte does not change at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from packshot.colour import F32, U8
from packshot.ops.geometry import PixelBox
from packshot.ops.region import Mask, Point, View, in_box, lab_of, region_at, with_slivers

# A click removes at most this share of the product, and adds at most as much again (or a tenth of the view).
MOST_AWAY, MOST_MORE, MOST_VIEW = 0.6, 1.0, 0.1
FINE_SIDE = 1024  # px, the model's own resolution
# The new edge: how far from the region's rim it may lie, and from how far colours are averaged; px at FINE_SIDE.
BAND_PX, REACH_PX = 5.0, 15
ALIKE_LAB = 8.0  # colours so far apart weigh half in where the edge is
SEAM_PX = 4.0
SMALL_PIECE = 0.04  # of the largest part, as `matte.clean` has it


def include(pixels_u8: U8, matte_u8: U8, view: View, click: Point, *, against: Sequence[Point]) -> U8:
    """The matte with the region at a click beside the product."""
    inside = view.of(matte_u8) > 127
    most = max(MOST_MORE * inside.sum(), MOST_VIEW * inside.size)
    return with_region(pixels_u8, matte_u8, view, region_at(view, ~inside, click, against=against, most=float(most)))


def exclude(pixels_u8: U8, matte_u8: U8, view: View, click: Point, *, against: Sequence[Point]) -> U8:
    """The matte without the region at a click on the product."""
    inside = view.of(matte_u8) > 127
    region = region_at(view, inside, click, against=against, most=MOST_AWAY * float(inside.sum()))
    if not region.any():
        return matte_u8
    fine, solid, away = _fine(pixels_u8, matte_u8, view.box, region)
    away = with_slivers(away & solid, solid)
    away |= _small_pieces(solid & ~away, away, spared=[in_box(point, view.box, solid.shape[::-1]) for point in against])
    stays = solid & ~away
    # Its soft rim goes with it: all that is nearer to it than to the rest.
    near = _distance_to(away) < _distance_to(stays) if stays.any() else np.ones_like(away)
    share = _soft(fine, near, band_at=away, other=stays)
    return _applied(matte_u8, view.box, share, adds=False)


def with_region(pixels_u8: U8, matte_u8: U8, view: View, region: Mask) -> U8:
    """The matte and a region, (h, w) in the view, without a seam between them."""
    if not region.any():
        return matte_u8
    fine, solid, more = _fine(pixels_u8, matte_u8, view.box, region)
    share = _soft(fine, more, band_at=more, other=~(more | solid))
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    closed = cv2.morphologyEx((solid | more).astype(np.uint8), cv2.MORPH_CLOSE, round_)
    deep = cv2.distanceTransform(np.pad(closed, 1, mode="edge"), cv2.DIST_L2, 5)[1:-1, 1:-1] > SEAM_PX / 2
    if solid.any():
        share = np.where((_distance_to(solid) <= SEAM_PX) & (_distance_to(more) <= SEAM_PX) & deep, 1, share).astype(
            np.float32
        )
    return _applied(matte_u8, view.box, share, adds=True)


def _small_pieces(stays: Mask, away: Mask, *, spared: Sequence[tuple[int, int]]) -> Mask:
    """Small pieces that the region leaves beside it, except those that hold a spared (column, row)."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(stays.astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    small = areas < SMALL_PIECE * areas[1:].max(initial=0)
    small[0] = False
    for column, row in spared:
        small[labels[row, column]] = False
    beside = np.zeros(len(areas), np.bool_)
    beside[np.unique(labels[_distance_to(away) <= SEAM_PX])] = True
    return np.asarray((small & beside)[labels], np.bool_)


def _fine(pixels_u8: U8, matte_u8: U8, box: PixelBox, region: Mask) -> tuple[F32, Mask, Mask]:
    """Lab, the solid matte and the region, at the size at which edges are computed."""
    left, top, right, bottom = box
    scale = min(1.0, FINE_SIDE / max(right - left, bottom - top))
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    part = cv2.resize(pixels_u8[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    solid = cv2.resize(matte_u8[top:bottom, left:right], size, interpolation=cv2.INTER_AREA) > 127
    grown = cv2.GaussianBlur(cv2.resize(region.astype(np.float32), size, interpolation=cv2.INTER_LINEAR), (0, 0), 1.5)
    return lab_of(np.asarray(part, np.uint8)), solid, grown > 0.5


def _soft(lab: F32, region: Mask, *, band_at: Mask, other: Mask) -> F32:
    """Coverage of the region, (h, w) [0, 1]: by colour, between its own and that of `other`, in a band along its rim.

    A pixel's share is how far its colour lies from the one to the other; where these are alike, how deep it lies.
    """
    depth = np.where(region, _distance_to(~region), -_distance_to(region))
    plain = np.clip(depth / 2 + 0.5, 0, 1)
    band = (np.abs(depth) < BAND_PX) & (_distance_to(band_at) < BAND_PX + 1)
    own, others = (_mean(lab, mask & (np.abs(depth) > 2)) for mask in (band_at, other))
    between = own - others
    apart = (between**2).sum(axis=2)
    by_colour = np.clip(((lab - others) * between).sum(axis=2) / np.maximum(apart, 1e-3), 0, 1)
    by_colour = np.clip((by_colour - 0.1) / 0.8, 0, 1)
    proof = apart / (apart + ALIKE_LAB**2) * np.clip((BAND_PX - np.abs(depth)) / 2, 0, 1)
    share = np.where(band, plain + proof * (by_colour - plain), plain).astype(np.float32)
    eased = cv2.GaussianBlur(share, (0, 0), 0.8)
    return np.where(band, eased, share).astype(np.float32)


def _mean(lab: F32, mask: Mask) -> F32:
    """Mean colour of the masked pixels around each pixel; of all of them where none is near."""
    side = (2 * REACH_PX + 1, 2 * REACH_PX + 1)
    weight = mask.astype(np.float32)
    total = np.asarray(cv2.blur(lab * weight[..., None], side), np.float32)
    count = np.asarray(cv2.blur(weight, side), np.float32)[..., None]
    whole = lab[mask].mean(axis=0) if mask.any() else np.zeros(3, np.float32)
    return np.asarray(np.where(count > 1e-4, total / np.maximum(count, 1e-4), whole), np.float32)


def _distance_to(mask: Mask) -> F32:
    """Distance to the mask, px; 0 inside."""
    if not mask.any():
        return np.full(mask.shape, 1e6, np.float32)
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def _applied(matte_u8: U8, box: PixelBox, share: F32, *, adds: bool) -> U8:
    """The matte with that share of coverage added or removed, at full size."""
    left, top, right, bottom = box
    size = right - left, bottom - top
    full = np.clip(cv2.resize(share, size, interpolation=cv2.INTER_LINEAR), 0, 1)
    old = matte_u8[top:bottom, left:right].astype(np.float32) / 255
    result = matte_u8.copy()
    result[top:bottom, left:right] = np.round((np.maximum(old, full) if adds else old * (1 - full)) * 255).astype(
        np.uint8
    )
    return result
