"""The region at a click: the pixels around it, up to the edges that bound them.

Distance from the click is geodesic: a path is long where it crosses edges or leaves the clicked colour (Criminisi et
al. 2008, "GeoS").  Of the regions of growing distance the one is chosen whose rim lies best on edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8
from packshot.ops.geometry import PixelBox, box_of

Point = tuple[float, float]  # (x, y), pixels of the upright photo
Mask = NDArray[np.bool_]

# Chosen with benchmarks/hints.py on photos with exact mattes, and by eye on real ones (benchmarks/README.md, Hints).
VIEW_SIDE = 320  # px, the longer side of the part of the photo that is examined
EDGE_LAB = 6.0  # a change of so many Lab units a pixel is half an edge
# Cost of one pixel of path, and of one in another colour than the clicked one; a full edge costs 1.
WAY, OTHER_COLOUR, COLOUR_LAB = 0.004, 0.1, 30.0
# Among equally good rims, the larger region wins, and the one that is reached without crossing an edge.
MORE_AREA, FEWER_EDGES = 0.06, 0.05
NO_RIM = 0.75  # score of a region that ends only at the matte's own outline
SLIVER_PX = 9  # a remainder beside a region that is thinner than this is added to it
SIZES = 32  # how many regions of growing size are compared
_WALL = 1e4


@dataclass(frozen=True, slots=True)
class View:
    """The part of a photo around clicks, at the size at which it is examined."""

    box: PixelBox  # in the photo
    lab: F32  # (h, w, 3)
    edge: F32  # (h, w) [0, 1]

    @property
    def size(self) -> tuple[int, int]:
        return self.edge.shape[1], self.edge.shape[0]

    def at(self, point: Point) -> tuple[int, int]:
        """(column, row) of a point of the photo, clamped to the view."""
        return in_box(point, self.box, self.size)

    def of(self, layer: U8) -> U8:
        """The same part of a layer of the photo's size, (h, w)."""
        left, top, right, bottom = self.box
        return np.asarray(cv2.resize(layer[top:bottom, left:right], self.size, interpolation=cv2.INTER_AREA), np.uint8)


def in_box(point: Point, box: PixelBox, size: tuple[int, int]) -> tuple[int, int]:
    """(column, row) of a point of the photo in a picture of that (width, height) of the box, clamped to it."""
    left, top, right, bottom = box
    column, row = int((point[0] - left) * size[0] / (right - left)), int((point[1] - top) * size[1] / (bottom - top))
    return min(max(column, 0), size[0] - 1), min(max(row, 0), size[1] - 1)


def box_around(matte_u8: U8, points: Sequence[Point], *, margin: float) -> PixelBox:
    """The box around the product and all points, with a margin of their extent; the whole photo where there is no
    product."""
    height, width = matte_u8.shape
    left, top, right, bottom = box_of((matte_u8 > 127).astype(np.uint8))
    if right == 0:
        return 0, 0, width, height
    xs, ys = [left, right, *(p[0] for p in points)], [top, bottom, *(p[1] for p in points)]
    pad = max(8.0, margin * max(max(xs) - min(xs), max(ys) - min(ys)))
    return (
        max(0, int(min(xs) - pad)), max(0, int(min(ys) - pad)),
        min(width, int(max(xs) + pad) + 1), min(height, int(max(ys) + pad) + 1),
    )  # fmt: skip


def view_of(pixels_u8: U8, box: PixelBox) -> View:
    """That part of a photo."""
    left, top, right, bottom = box
    part = pixels_u8[top:bottom, left:right]
    scale = min(1.0, VIEW_SIDE / max(part.shape[:2]))
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    lab = lab_of(np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8))
    return View(box, lab, _edges(lab))


def lab_of(pixels_u8: U8) -> F32:
    return np.asarray(cv2.cvtColor(pixels_u8.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _edges(lab: F32) -> F32:
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.0)
    dx, dy = (cv2.Sobel(smooth, cv2.CV_32F, *axis, ksize=3, scale=1 / 4) for axis in ((1, 0), (0, 1)))
    step = (dx**2 + dy**2).sum(axis=2)
    return np.asarray(step / (step + EDGE_LAB**2), np.float32)


def region_at(view: View, free: Mask, click: Point, *, against: Sequence[Point], most: float) -> Mask:
    """The region at a click, (h, w) in the view; empty where the click is not in `free`, or an opposite one is as near.

    free: where the region may lie.  against: opposite clicks, which the region leaves out.  most: pixels.
    """
    disc = np.zeros(free.shape, np.uint8)
    radius = max(2, round(0.006 * max(free.shape)))
    cv2.circle(disc, view.at(click), radius, 1, -1)
    seed = disc.astype(bool) & free
    if not seed.any():
        return seed
    tint = np.linalg.norm(cv2.GaussianBlur(view.lab, (0, 0), 1.5) - np.median(view.lab[seed], axis=0), axis=2)
    cost = WAY + view.edge + OTHER_COLOUR * np.tanh(tint / COLOUR_LAB)
    way = distance(np.where(free, cost, _WALL).astype(np.float64), seed)
    bound = min((_nearest(way, view.at(point), radius) for point in against), default=np.inf)
    reached = np.sort(way[free & (way < min(bound, _WALL / 2))])
    if reached.size == 0:  # an opposite click lies on the very same spot
        return np.zeros_like(seed)
    least, last = min(max(2 * int(seed.sum()), 30), reached.size), min(reached.size, int(most))
    best, chosen = -1.0, seed
    for count in np.unique(np.geomspace(least, max(least, last), SIZES).astype(int)):
        level = float(reached[count - 1])
        grown = _filled(free & (way <= level), [view.at(point) for point in against])
        score = rim_strength(view, free, grown) * float(grown.sum()) ** MORE_AREA / (1 + FEWER_EDGES * level)
        if score > best:
            best, chosen = score, grown
    return with_slivers(chosen, free)


def rim_strength(view: View, free: Mask, region: Mask) -> float:
    """How well the region's rim lies on edges of the photo, [0, 1]; its border with what is not free does not count."""
    rest = cv2.dilate((free & ~region).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rim = region & rest
    if not rim.any():
        return NO_RIM
    return float(np.asarray(cv2.dilate(view.edge, np.ones((3, 3), np.uint8)))[rim].mean())


def distance(cost: NDArray[np.float64], seed: Mask) -> NDArray[np.float64]:
    """Cost of the cheapest way from `seed` to each pixel, along rows and columns.  cost: (h, w), of one pixel.

    A sweep along a row is a running minimum of distance minus the cost so far; sweeps repeat until little changes.
    """
    way = np.where(seed, 0.0, np.inf)
    sums = [np.cumsum(cost, axis=axis) - cost / 2 for axis in (0, 1)]
    for _ in range(40):
        before = way
        for axis, so_far in enumerate(sums):
            there = np.minimum.accumulate(way - so_far, axis=axis) + so_far
            back = np.flip(np.minimum.accumulate(np.flip(way + so_far, axis), axis=axis), axis) - so_far
            way = np.minimum(way, np.minimum(there, back))
        if np.isfinite(before).all() and float((before - way).max()) < 1e-3:
            break
    return way


def _nearest(way: NDArray[np.float64], at: tuple[int, int], radius: int) -> float:
    x, y = at
    return float(way[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1].min())


def with_slivers(region: Mask, free: Mask) -> Mask:
    """The region and the thin rim of `free` that it would leave: it ends before an edge, the matte behind it."""
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (SLIVER_PX, SLIVER_PX))
    rest = (free & ~region).astype(np.uint8)
    # Outside of the view is rest, too: nothing is thin only because the view ends there.
    solid = cv2.morphologyEx(rest, cv2.MORPH_OPEN, round_, borderType=cv2.BORDER_REPLICATE)
    near = cv2.dilate(region.astype(np.uint8), round_)
    return np.asarray(region | ((rest > 0) & (solid == 0) & (near > 0)), np.bool_)


def _filled(region: Mask, open_at: Sequence[tuple[int, int]]) -> Mask:
    """The region with its small holes filled, except those that hold one of these (column, row)."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((~region).astype(np.uint8), connectivity=4)
    h, w = region.shape
    left, top, width, height, area = stats.T
    hole = (left > 0) & (top > 0) & (left + width < w) & (top + height < h) & (area < 0.25 * region.sum())
    hole[0] = False
    for column, row in open_at:
        hole[labels[row, column]] = False
    return np.asarray(region | hole[labels], np.bool_)
