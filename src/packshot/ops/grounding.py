"""Whether a product stands on its ground, from finished pixels alone: the shadow at its foot, and the side it falls to.

Darkness is told as a difference of the natural logarithms of light, 0.1 being a tenth darker than the backdrop around:
a texture's contrast then counts the same in light and in shade.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8, luminance, to_linear
from packshot.ops.layout import PixelBox
from packshot.ops.shadow import contact_line

# Crops are measured at this longest side: what touches a foot is three pixels thick there.
SIDE = 384
# Light below this is black on a screen, and no shadow can be seen on it; 1/255 in sRGB is 0.0003.
BLACK = 0.004
PARTS = 12  # of the foot, so that a wide one and a narrow one are told alike
# Shares of the product's width: what counts as touching, how far down the ground is looked at, and from where on it is
# the backdrop itself, past the pool of `shadow.LADDER`.
NEAR, DEEP, FAR = 0.025, 0.25, 0.6
# Shares of the product's height around its foot: where a cast shadow lies, and the backdrop it is held against.
LAID, ABOVE = (-0.2, 0.06), (-0.9, -0.5)


@dataclass(frozen=True, slots=True)
class Foot:
    """The ground under a product's foot."""

    contact: float  # darkness right under it, the mean of its length
    touched: float  # share of its length that has a shadow under it, [0, 1]
    gap: float  # by how much the ground is darker further off than right at the foot
    light: float  # the backdrop's, [0, 1]


def foot(pixels_u8: U8, matte_u8: U8) -> Foot | None:
    """Measure the shadow at the foot; None where there is no foot, or no room below it to compare with.

    pixels_u8: (H, W, 3) sRGB.  matte_u8: (H, W).
    """
    x, y, w, h = cv2.boundingRect((matte_u8 > 127).astype(np.uint8))
    if min(w, h) < 16:
        return None
    up, down = round(max(0.25 * h, 0.16 * w)), round(DEEP * w) + 4
    light, matte, scale = _crop(pixels_u8, matte_u8, (x, y + h - up, x + w, y + h + down))
    columns, ground, sure = contact_line(matte)
    columns, ground = columns[sure > 0.3], ground[sure > 0.3]
    depth = round(min(DEEP * w * scale, light.shape[0] - 2 - ground.max(initial=0)))
    if len(columns) < PARTS or depth < 8:
        return None
    steps = np.arange(1, depth, dtype=np.float32)[:, None]
    free = _at(cv2.dilate(matte, np.ones((3, 3))), columns, ground + steps) < 0.02
    first = np.argmax(free, axis=0)  # where the soft edge of the matte ends
    seen = free.any(axis=0) & (first < depth / 3)
    columns, start = columns[seen], (ground + first)[seen]
    if len(columns) < PARTS:
        return None
    lit = _at(np.log(np.maximum(light, BLACK)), columns, start + steps[: depth - int(first[seen].max())])
    parts = np.stack([part.mean(axis=1) for part in np.array_split(lit, PARTS, axis=1)], axis=1)
    backdrop = np.median(parts[int(FAR * len(parts)) :], axis=0)
    dark = cv2.blur(backdrop - parts, (1, 3))
    near = max(2, round(NEAR * w * scale))
    contact = dark[:near].mean(axis=0)
    along = dark.mean(axis=1)
    return contact, along, float(np.exp(np.median(backdrop)))


def side(pixels_u8, matte_u8):
    x, y, w, h = cv2.boundingRect((matte_u8 > 127).astype(np.uint8))
    if min(w, h) < 16:
        return None
    reach = round(min(0.8 * max(w, 0.5 * h), x, matte_u8.shape[1] - x - w))
    if reach < 0.1*w: return None
    light, matte, scale = _crop(pixels_u8, matte_u8, (x - reach, y, x + w + reach, y + h + round(0.1 * h)))
    solid = cv2.dilate(matte, np.ones((5,5)))>.05
    h, reach = h*scale, int(reach*scale)
    log = np.log(np.maximum(light, BLACK))
    rows = np.nonzero(solid.any(1))[0]
    def apart(lo, hi):
        ys = np.arange(max(0, round(h*(1+lo))), min(len(log), round(h*(1+hi))))
        ye = np.minimum(ys, round(h*.99))
        l = np.argmax(solid[ye], 1); r = solid.shape[1]-1-np.argmax(solid[ye][:, ::-1], 1)
        k = np.arange(1, reach)[None]
        left = log[ys[:,None], np.clip(l[:,None]-k,0,None)]; right = log[ys[:,None], np.clip(r[:,None]+k,None,log.shape[1]-1)]
        return left, right
    return apart(*LAID), apart(*ABOVE), reach


def _at(plane: F32, columns: NDArray[np.intp], rows: NDArray[np.floating]) -> F32:
    """Values of a plane at whole columns and broken rows; the border goes on for ever."""
    x = np.broadcast_to(columns.astype(np.float32), rows.shape)
    values = cv2.remap(
        plane, np.ascontiguousarray(x), rows.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(values, np.float32)


def _crop(pixels_u8: U8, matte_u8: U8, box: PixelBox) -> tuple[F32, F32, float]:
    """Luminance and matte of a box, as far as it lies in the frame, at SIDE or less; and by what it was scaled."""
    left, top, right, bottom = max(0, box[0]), max(0, box[1]), box[2], box[3]
    pixels, matte = pixels_u8[top:bottom, left:right], matte_u8[top:bottom, left:right]
    scale = min(1.0, SIDE / max(matte.shape))
    if scale < 1:
        size = max(1, round(matte.shape[1] * scale)), max(1, round(matte.shape[0] * scale))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        matte = cv2.resize(matte, size, interpolation=cv2.INTER_AREA)
    light = luminance(to_linear(np.ascontiguousarray(pixels)))
    return light, matte.astype(np.float32) * np.float32(1 / 255), scale
