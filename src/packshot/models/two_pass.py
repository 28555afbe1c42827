"""Where the model looks: roughly at the whole photo, then closely at the product alone.

A network sees 1024 pixels however large the photo is. A rough look costs a quarter of a close one and finds the
product; the close one is then spent on the product's box, where it shows a finer edge than in the whole frame. Where
the two tell of different things a wider one decides (docs/decisions/0014-two-looks.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from packshot.colour import F32, U8
from packshot.model import Matter, raw_matte, rough_matte
from packshot.ops import matte as ops
from packshot.ops.edges import refined
from packshot.ops.geometry import PixelBox
from packshot.ops.resample import within_side

# Surroundings that the close look is shown: with half of them it takes white jars and chrome for backdrop.
MARGIN, WIDE = 0.12, 0.5  # of the box's longer side; and in a look that has to decide
TRAINED_PX = 2048  # longest side that such a look is shown at: the network sees it at the size it was trained on
STEPS = 32  # windows lie on a grid of the frame, so that engines whose rough looks differ a little see the same
ALL = 0.7  # a window that covers more of the frame is the frame: nothing would be gained
DEEP = 15  # px of the rough look: twice what its outline may be off
# Of the product, in pieces thicker than an outline: looks that differ by more are of different things.
APART = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the model answered, and of which part of the photo."""

    raw: F32  # (h, w) [0, 1], at the model's own size
    window: PixelBox  # of the photo

    def matte(self, pixels_u8: U8) -> U8:
        """The clean matte at the photo's size.  pixels_u8: (H, W, 3), the whole photo."""
        left, top, right, bottom = self.window
        part = ops.to_size(refined(pixels_u8[top:bottom, left:right], self.raw), (right - left, bottom - top))
        if part.shape == pixels_u8.shape[:2]:
            return part
        whole = np.zeros(pixels_u8.shape[:2], np.uint8)
        whole[top:bottom, left:right] = part
        return whole

    def answer(self, size: tuple[int, int], *, side: int = 1024) -> F32:
        """The answer over the whole frame of (width, height), `side` pixels long."""
        scale = min(1.0, side / max(size))
        whole = np.zeros((max(1, round(size[1] * scale)), max(1, round(size[0] * scale))), np.float32)
        left, top, right, bottom = (round(edge * scale) for edge in self.window)
        here = whole[top:bottom, left:right]
        if here.size:
            here[:] = cv2.resize(self.raw, here.shape[::-1], interpolation=cv2.INTER_AREA)
        return whole


def look(pixels_u8: U8, matter: Matter, *, twice: bool = False) -> Look:
    """pixels_u8: (H, W, 3) sRGB.  twice: the mean of the close look and a mirrored one."""
    size = pixels_u8.shape[1], pixels_u8.shape[0]
    rough = Look(rough_matte(matter, pixels_u8), (0, 0, *size))
    near = _close(pixels_u8, _around(rough.raw, size, MARGIN), matter, twice=twice)
    whole = near.window == rough.window
    if _apart(near, rough, size) <= APART:
        return near if whole else _sure(near, rough.raw, size)
    if whole and 2 * min(size) >= TRAINED_PX:
        return near
    window = rough.window if whole else _around(rough.raw, size, WIDE)
    third = _close(pixels_u8, window, matter, twice=twice, side=TRAINED_PX)
    if _apart(near, third, size) <= APART:
        return near
    return third if _apart(third, rough, size) < _apart(near, rough, size) else near  # two against one


def _sure(near: Look, rough: F32, size: tuple[int, int]) -> Look:
    """Deep inside, what the rough look is sure of stays: so close, a plain wall of a jar looks like a backdrop."""
    inside = cv2.erode((rough > 0.9).astype(np.uint8), np.ones((DEEP, DEEP), np.uint8))
    part = _part(rough * inside, near.window, size)
    return Look(
        np.maximum(near.raw, cv2.resize(part, near.raw.shape[::-1], interpolation=cv2.INTER_LINEAR)), near.window
    )


def _part(whole: F32, window: PixelBox, size: tuple[int, int]) -> F32:
    across, down = whole.shape[1] / size[0], whole.shape[0] / size[1]
    left, top, right, bottom = window
    return whole[round(top * down) : round(bottom * down), round(left * across) : round(right * across)]


def _close(pixels_u8: U8, window: PixelBox, matter: Matter, *, twice: bool, side: int | None = None) -> Look:
    left, top, right, bottom = window
    part = np.ascontiguousarray(pixels_u8[top:bottom, left:right])
    if side is not None:
        part = within_side(part, side)
    raw = raw_matte(matter, part)
    if twice:
        mirrored = raw_matte(matter, np.ascontiguousarray(part[:, ::-1]))
        raw = np.asarray((raw + mirrored[:, ::-1]) / 2, np.float32)
    return Look(raw, window)


def _around(rough: F32, size: tuple[int, int], margin: float) -> PixelBox:
    """The product's box with its surroundings; the whole frame where it fills it or was not found."""
    solid = (ops.clean(rough) > 0.5).astype(np.uint8)
    x, y, w, h = cv2.boundingRect(solid)
    across, down = size[0] / solid.shape[1], size[1] / solid.shape[0]
    margin *= max(w * across, h * down)
    grid = size[0] / STEPS, size[1] / STEPS
    left, top = (
        max(0, int((low - margin) // step * step)) for low, step in zip((x * across, y * down), grid, strict=True)
    )
    right, bottom = (
        min(most, int(-(-(high + margin) // step) * step))
        for high, step, most in zip(((x + w) * across, (y + h) * down), grid, size, strict=True)
    )
    if not w or (right - left) * (bottom - top) > ALL * size[0] * size[1]:
        return (0, 0, *size)
    return left, top, right, bottom


def _apart(one: Look, other: Look, size: tuple[int, int]) -> float:
    """How much of the product the two disagree on, in pieces thicker than an outline.  In [0, 1]."""
    ours, theirs = (look.answer(size, side=512) > 0.5 for look in (one, other))
    pieces = cv2.morphologyEx((ours != theirs).astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    return float(pieces.sum() / max(1, (ours | theirs).sum()))
