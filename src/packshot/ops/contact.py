"""Whether a product stands on its ground, from finished pixels alone: the shadow at its foot, and the side it falls to.

Light is compared as a logarithm: a texture's contrast then counts the same in light and in shade.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8, luminance, to_linear
from packshot.ops.geometry import PixelBox, box_of
from packshot.ops.resample import shrunk
from packshot.ops.shadow import contact_line

# Longest side at which crops are measured, about: the dark line where a product touches is three pixels thick there.
SIDE = 384
# Light below this is black on a screen and shows no shadow; 1/255 in sRGB is 0.0003.
BLACK = 0.004
SURE = 0.3  # of `contact_line`: from here on the outline counts as a foot
PARTS = 12  # of the foot, each compared with the backdrop below it
# How far below the foot the ground is measured, at most and at least, and from which share of that on it is the bare
# backdrop; the first two are shares of the product's width.  `shadow.LADDER`'s pool ends at 0.1.
DEEP, SHALLOW, BARE = 0.25, 0.05, 0.6
# Rows that a cast shadow lies in, and rows of the backdrop to compare them with: shares of the product's height,
# downwards from its foot.
LAID, ABOVE = (-0.2, 0.06), (-0.9, -0.5)
# To each side, in the product's width or half its height, at most and at least.
WIDE, NARROW = 0.8, 0.1
# A clear difference of light between the two sides, natural logarithm: benchmarks/README.md, "Checks".
CLEAR = 0.3
BESIDE = 0.6  # the share of that in which a shadow may lie; past it is backdrop


@dataclass(frozen=True, slots=True)
class Foot:
    """The ground under a product's foot."""

    contact: float  # how much darker it is right there than the bare backdrop: share of its light, negative if lighter
    gap: float  # how many times darker it gets below than right there; 1 where the foot is darkest
    light: float  # the bare backdrop's luminance, [0, 1]


def foot(pixels_u8: U8, matte_u8: U8) -> Foot | None:
    """Measure the shadow at the foot; None where there is no foot, or no room below it to compare with.

    pixels_u8: (H, W, 3) sRGB.  matte_u8: (H, W).
    """
    left, top, right, bottom = _box(matte_u8)
    w, h = right - left, bottom - top
    if min(w, h) < 16:
        return None
    up, down = round(max(0.25 * h, 0.16 * w)), round(DEEP * w) + 4
    light, matte, scale = _crop(pixels_u8, matte_u8, (left, bottom - up, right, bottom + down))
    columns, ground, sure = contact_line(matte)
    columns, ground = columns[sure > SURE], ground[sure > SURE]
    depth = round(min(DEEP * w * scale, light.shape[0] - 2 - ground.max(initial=0)))
    if len(columns) < PARTS or depth < max(8, SHALLOW * w * scale):
        return None
    steps = np.arange(1, depth, dtype=np.float32)[:, None]
    free = _at(np.asarray(cv2.dilate(matte, np.ones((3, 3))), np.float32), columns, ground + steps) < 0.02
    first = np.argmax(free, axis=0)  # the soft edge of the matte ends here
    measured = free.any(axis=0) & (first < depth / 3)
    if np.count_nonzero(measured) < PARTS:
        return None
    rows = (ground + first)[measured] + steps[: depth - int(first[measured].max())]
    lit = _at(np.log(np.maximum(light, BLACK)), columns[measured], rows)
    parts = np.stack([part.mean(axis=1) for part in np.array_split(lit, PARTS, axis=1)], axis=1)
    bare = np.median(parts[int(BARE * len(parts)) :], axis=0)
    dark = cv2.blur((bare - parts).mean(axis=1), (1, 3)).ravel()
    return Foot(
        contact=float(1 - np.exp(-dark[:3].mean())),
        gap=float(np.exp(dark.max() - dark[:2].max())),
        light=float(np.exp(np.median(bare))),
    )


@dataclass(frozen=True, slots=True)
class Cast:
    """The shadow beside a product."""

    side: float  # −1 all of it lies to the left … 1 to the right
    sure: float  # 0 none, or no clearer than the backdrop's own pattern … 1


def cast(pixels_u8: U8, matte_u8: U8) -> Cast | None:
    """Compare the ground left and right of the foot; None where the frame leaves too little of it.

    The same comparison further up distinguishes a backdrop that is darker on one side from a shadow on the ground.
    pixels_u8: (H, W, 3) sRGB.  matte_u8: (H, W).
    """
    left, top, right, bottom = _box(matte_u8)
    w, h = right - left, bottom - top
    reach = round(min(WIDE * max(w, 0.5 * h), left, matte_u8.shape[1] - right))
    if min(w, h) < 16 or reach < NARROW * w:
        return None
    below = round(LAID[1] * h)
    light, matte, scale = _crop(pixels_u8, matte_u8, (left - reach, top, right + reach, bottom + below))
    log = np.log(np.maximum(light, BLACK))
    solid = cv2.dilate(matte, np.ones((5, 5))) > 0.02
    solid = solid[: round(h * scale)]
    if reach * scale < 8 or h * scale < 16:
        return None
    on_left, on_right = _beside(log, solid, LAID, int(reach * scale))
    far_left, far_right = _beside(log, solid, ABOVE, int(reach * scale))
    near = max(1, round(BESIDE * on_left.shape[1]))
    apart = float((on_left - on_right)[:, :near].mean())  # positive: darker on the right
    tilt = float((far_left - far_right)[:, :near].mean())
    # The side that is lighter far out is bare ground on both.
    bare = np.maximum(np.median(on_left[:, near:], axis=1), np.median(on_right[:, near:], axis=1))[:, None]
    dark_left, dark_right = (float(np.maximum(bare - part[:, :near], 0).mean()) for part in (on_left, on_right))
    agreed = min(abs(apart), abs(apart - tilt)) if apart * (apart - tilt) > 0 else 0.0
    side = (dark_right - dark_left) / (dark_right + dark_left + 0.05)
    return Cast(side=side, sure=min(1.0, agreed / CLEAR) if apart * side > 0 else 0.0)


def _beside(log: F32, solid: NDArray[np.bool_], rows: tuple[float, float], reach: int) -> tuple[F32, F32]:
    """(rows, reach) each: what lies left and right of the product, from its outline outwards."""
    height = len(solid)
    at = np.arange(max(0, round(height * (1 + rows[0]))), min(len(log), round(height * (1 + rows[1]))))
    line = solid[np.minimum(at, height - 1 - max(1, height // 100))]  # below the foot, as wide as the foot
    out = np.arange(1, reach)[None]
    left = np.argmax(line, axis=1)[:, None] - out
    right = line.shape[1] - 1 - np.argmax(line[:, ::-1], axis=1)[:, None] + out
    return log[at[:, None], np.maximum(left, 0)], log[at[:, None], np.minimum(right, log.shape[1] - 1)]


def _box(matte_u8: U8) -> PixelBox:
    """The product's box, to a few pixels in a large file."""
    step = max(1, max(matte_u8.shape) // 1024)
    left, top, right, bottom = box_of((matte_u8[::step, ::step] > 127).astype(np.uint8))
    return left * step, top * step, right * step, bottom * step


def _at(plane: F32, columns: NDArray[np.intp], rows: F32) -> F32:
    """Values of a plane at whole columns and fractional rows; the border repeats."""
    x = np.ascontiguousarray(np.broadcast_to(columns.astype(np.float32), rows.shape))
    values = cv2.remap(plane, x, rows.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values, np.float32)


def _crop(pixels_u8: U8, matte_u8: U8, box: PixelBox) -> tuple[F32, F32, float]:
    """Luminance and matte of a box, as far as it lies in the frame, about SIDE long; and the scale."""
    left, top = max(0, box[0]), max(0, box[1])
    width, height = min(box[2], matte_u8.shape[1]) - left, min(box[3], matte_u8.shape[0]) - top
    times = max(1, min(round(max(width, height) / SIDE), width, height))
    part = (left, top, left + width, top + height)
    pixels, matte = (shrunk(plane, part, times) for plane in (pixels_u8, matte_u8))
    return luminance(to_linear(pixels)), matte.astype(np.float32) * np.float32(1 / 255), 1 / times
