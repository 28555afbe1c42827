"""Mattes: from a model's raw answer to a clean one at the photo's size, and what a matte says about the photo.

A matte is (H, W) uint8 (0…255 for 0…1), which is how its layer is stored: reloading changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8
from packshot.ops.dissent import AGREED, Dissent, Place
from packshot.ops.geometry import Edge, PixelBox, box_of, diagonal_of
from packshot.ops.glass import NO_GLASS, glass_of
from packshot.ops.uncertainty import NO_DOUBTS, UNSURE, Doubt, ShareBox, doubts_of

Unmeasured = Literal["", "uneven", "dark", "unclear"]

# Clean-up constants: the recipe that was judged by eye on real photos, docs/decisions/0003-matte-clean-up.md.
RAMP = (0.12, 0.76)
SMALLEST_PART = 0.04
# Smaller parts stay right beside the product, where the model is sure of them: leaves on stems too thin for it.
BESIDE, BESIDE_SURE, BESIDE_SMALLEST = 0.04, 0.7, 0.005  # of the diagonal; mean answer; of the largest part
HOLE_COVERAGE = 0.4
SOFT = (6.0, 0.009)  # how far from the outline softness may reach: px, and share of the product's diagonal


@dataclass(frozen=True, slots=True)
class Facts:
    """What a matte says about the photo. Shares are of the frame's area."""

    box: PixelBox  # of matte > 0.5; four times 0 when empty
    share: float
    parts: tuple[float, ...]  # share of each separate part, largest first
    cut: tuple[Edge, ...]  # frame edges that the product runs into
    uncertainty: float  # [0, 1], see `doubts_of`
    doubts: tuple[Doubt, ...] = ()  # the reasons, where there are any
    place: Place = ""  # where the first of them is, of the box
    rimmed: bool = False  # it has rims as glass has
    see_through: float = 0.0  # share of the product through which the old backdrop shows
    transmission: float = 0.0  # mean share of the light behind that comes through it, where that was measured
    unmeasured: Unmeasured = ""  # why it was not


def clean(raw: F32) -> F32:
    """Clean a raw matte: stretch it, drop small parts, fill pin-holes, allow softness near the outline only.

    raw: (h, w) float32 [0, 1], at the model's own size.  Returns the same shape.
    """
    return cleaned(raw, SOFT)[0]


def cleaned(raw: F32, *reaches: tuple[float, float]) -> list[F32]:
    """`clean`, once for each reach of softness: px, and share of the product's diagonal."""
    mattes = [np.zeros_like(raw) for _ in reaches]
    solid = (raw > RAMP[0] + RAMP[1] / 2).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(solid)
    if not width:
        return mattes
    # Further away from the product than softness reaches all is 0.
    pad = int(max(max(least, share * float(np.hypot(width, height))) for least, share in reaches)) + 2
    part = np.s_[max(0, top - pad) : top + height + pad, max(0, left - pad) : left + width + pad]
    for whole, one in zip(mattes, _cleaned(raw[part], solid[part], reaches), strict=True):
        whole[part] = one
    return mattes


def _cleaned(raw: F32, solid: U8, reaches: Sequence[tuple[float, float]]) -> list[F32]:
    matte = np.clip((raw - RAMP[0]) * np.float32(1 / RAMP[1]), 0, 1)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    large = np.concatenate([[False], areas >= SMALLEST_PART * areas.max()])
    if not large[1:].all():
        solid = _with_parts_beside(raw, labels, areas, large)
    filled = _holes(raw, solid)
    if filled is not None:
        solid[filled] = 1
    far, depth = (cv2.distanceTransform(side, cv2.DIST_L2, 3) for side in (1 - solid, solid))
    length = diagonal_of(box_of(solid))
    mattes = []
    for least, share in reaches:
        reach = max(least, share * length)
        one = np.where(far <= reach, matte, 0)
        one[depth > reach] = 1
        if filled is not None:
            one[filled] = 1
        mattes.append(one)
    return mattes


def _with_parts_beside(raw: F32, labels: NDArray[Any], areas: NDArray[Any], large: NDArray[np.bool_]) -> U8:
    """The large parts, and of the small ones those beside them that the model is sure of."""
    main = large[labels].astype(np.uint8)
    near = 2 * round(BESIDE * diagonal_of(box_of(main))) + 1
    around = cv2.dilate(main, cv2.getStructuringElement(cv2.MORPH_RECT, (near, near)))
    count = len(large)
    beside = np.bincount(labels[around > 0].ravel(), minlength=count)[1:] > 0
    sure = np.bincount(labels.ravel(), weights=raw.ravel(), minlength=count)[1:] > BESIDE_SURE * areas
    kept = large.copy()
    kept[1:] |= beside & sure & (areas > BESIDE_SMALLEST * areas.max())
    return np.asarray(kept[labels], np.uint8)


def _holes(raw: F32, solid: U8) -> NDArray[np.bool_] | None:
    """Gaps in the product that the model was unsure of, with their rims, which count as product; clear gaps do not."""
    gaps = cv2.copyMakeBorder(1 - solid, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(1,))
    cv2.floodFill(gaps, None, (0, 0), 0)  # what is open to the outside
    gaps = np.ascontiguousarray(gaps[1:-1, 1:-1])
    left, top, width, height = cv2.boundingRect(gaps)
    if not width:
        return None
    part = np.s_[top : top + height, left : left + width]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(gaps[part]), connectivity=4)
    sums = np.bincount(labels.ravel(), weights=raw[part].ravel(), minlength=count)
    filled = sums / np.maximum(stats[:, cv2.CC_STAT_AREA], 1) > HOLE_COVERAGE
    filled[0] = False  # label 0 is the product, and what is outside
    if not filled.any():
        return None
    gaps[part] = filled[labels]
    return cv2.dilate(gaps, np.ones((7, 7), np.uint8)).astype(np.bool_)


def to_size(matte: F32, size: tuple[int, int]) -> U8:
    """(h, w) float32 to the photo's (width, height) as the uint8 layer."""
    steps = np.round(matte * 255).astype(np.uint8)
    if (steps.shape[1], steps.shape[0]) == size:
        return steps
    grows = size[0] >= steps.shape[1]
    return np.asarray(cv2.resize(steps, size, interpolation=cv2.INTER_CUBIC if grows else cv2.INTER_AREA), np.uint8)


def facts_of(
    matte_u8: U8,
    raw: F32 | None = None,
    pixels_u8: U8 | None = None,
    *,
    dissent: Dissent = AGREED,
    people: Sequence[ShareBox] | None = None,
) -> Facts:
    """Measure a matte.  matte_u8: (H, W).  raw, pixels_u8: the model's answer before the clean-up and the photo.

    Without these two the matte has no uncertainty: it was drawn by hand or came with the file.  dissent, people: what
    other looks and a detector saw.
    """
    scale = max(1, round(max(matte_u8.shape) / 1024))
    small = matte_u8[::scale, ::scale]
    solid = (small > 127).astype(np.uint8)
    total = float(solid.size)
    if not solid.any():
        return Facts((0, 0, 0, 0), 0.0, (), (), 1.0)
    x, y, w, h = cv2.boundingRect(solid)
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid[y : y + h, x : x + w], connectivity=8)
    parts = sorted((float(a) / total for a in stats[1:, cv2.CC_STAT_AREA]), reverse=True)
    h, w = matte_u8.shape
    borders: dict[Edge, U8] = {
        "left": matte_u8[:, 0], "top": matte_u8[0], "right": matte_u8[:, -1], "bottom": matte_u8[-1]
    }  # fmt: skip
    cut = tuple(edge for edge, row in borders.items() if np.count_nonzero(row > 229) > max(4, 0.01 * max(h, w)))
    doubts, glass = NO_DOUBTS, NO_GLASS
    if raw is not None and pixels_u8 is not None:
        glass = glass_of(pixels_u8, matte_u8)
        doubts = doubts_of(matte_u8, raw, pixels_u8, above=glass.above, dissent=dissent, people=people)
    return Facts(
        box=box_of((matte_u8 > 127).astype(np.uint8)),
        share=float(solid.sum()) / total,
        parts=tuple(p for p in parts if p >= SMALLEST_PART * parts[0]),
        cut=cut,
        uncertainty=doubts.uncertainty,
        doubts=doubts.kinds,
        place=doubts.place,
        rimmed=glass.rimmed,
        see_through=glass.see_through or (glass.beside if doubts.uncertainty <= UNSURE else 0.0),
    )


def body_of(matte_u8: U8) -> U8:
    """The outline of a product with measured transmission, (H, W) 0 or 255: as if it were opaque.

    Scaling a matte leaves holes of a few pixels beside bright rims; they are closed.
    """
    solid = np.where(matte_u8 > 0, np.uint8(255), np.uint8(0))
    return np.asarray(cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)), np.uint8)
