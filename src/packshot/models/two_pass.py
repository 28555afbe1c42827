"""A matte in two passes: a rough one over the whole photo, then a close one over the product's box.

A network sees 1024 pixels however large the photo is. A rough pass costs a quarter of a close one and finds the
product; the close one runs on the product's box, where it gives a finer edge than on the whole frame. Where the two
found different things, a third, wider one decides (docs/decisions/0014-two-looks.md).
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

# Surroundings in a close pass, and in one that decides: shares of the box's longer side. With half of MARGIN the model
# takes white jars and chrome for backdrop.
MARGIN, WIDE = 0.12, 0.5
TRAINED_PX = 2048  # longest side of what a deciding pass runs on: the network gets it at the size it was trained on
STEPS = 32  # boxes lie on a grid of the frame, so that engines whose rough mattes differ a little get the same box
ALL = 0.7  # a box that covers more of the frame becomes the frame: nothing would be gained
DEEP = 15  # px of the rough matte: twice the error that its outline may have
# Share of the product, in pieces thicker than an outline: passes that differ by more found different things.
APART = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """What the model answered for a part of the photo."""

    raw: F32  # (h, w) [0, 1], at the model's own size
    box: PixelBox  # the part of the photo

    def matte(self, pixels_u8: U8) -> U8:
        """The clean matte at the photo's size.  pixels_u8: (H, W, 3), the whole photo."""
        left, top, right, bottom = self.box
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
        left, top, right, bottom = (round(edge * scale) for edge in self.box)
        here = whole[top:bottom, left:right]
        if here.size:
            here[:] = cv2.resize(self.raw, here.shape[::-1], interpolation=cv2.INTER_AREA)
        return whole


def two_pass(pixels_u8: U8, matter: Matter, *, mirrored: bool = False) -> Pass:
    """pixels_u8: (H, W, 3) sRGB.  mirrored: close passes are the mean of the part and its mirror image."""
    size = pixels_u8.shape[1], pixels_u8.shape[0]
    rough = Pass(rough_matte(matter, pixels_u8), (0, 0, *size))
    near = _close_pass(pixels_u8, _box_around(rough.raw, size, MARGIN), matter, mirrored=mirrored)
    whole = near.box == rough.box
    if _disagreement(near, rough, size) <= APART:
        return near if whole else _with_sure_inside(near, rough.raw, size)
    if whole and 2 * min(size) >= TRAINED_PX:
        return near
    box = rough.box if whole else _box_around(rough.raw, size, WIDE)
    third = _close_pass(pixels_u8, box, matter, mirrored=mirrored, side=TRAINED_PX)
    if _disagreement(near, third, size) <= APART:
        return near
    third_agrees = _disagreement(third, rough, size) < _disagreement(near, rough, size)
    return third if third_agrees else near


def _with_sure_inside(near: Pass, rough: F32, size: tuple[int, int]) -> Pass:
    """With what the rough pass was sure of, deep inside: in a close pass a jar's plain wall looks like a backdrop."""
    inside = cv2.erode((rough > 0.9).astype(np.uint8), np.ones((DEEP, DEEP), np.uint8))
    part = _part(rough * inside, near.box, size)
    return Pass(np.maximum(near.raw, cv2.resize(part, near.raw.shape[::-1], interpolation=cv2.INTER_LINEAR)), near.box)


def _part(whole: F32, box: PixelBox, size: tuple[int, int]) -> F32:
    across, down = whole.shape[1] / size[0], whole.shape[0] / size[1]
    left, top, right, bottom = box
    return whole[round(top * down) : round(bottom * down), round(left * across) : round(right * across)]


def _close_pass(pixels_u8: U8, box: PixelBox, matter: Matter, *, mirrored: bool, side: int | None = None) -> Pass:
    left, top, right, bottom = box
    part = np.ascontiguousarray(pixels_u8[top:bottom, left:right])
    if side is not None:
        part = within_side(part, side)
    raw = raw_matte(matter, part)
    if mirrored:
        mirror_image = raw_matte(matter, np.ascontiguousarray(part[:, ::-1]))
        raw = np.asarray((raw + mirror_image[:, ::-1]) / 2, np.float32)
    return Pass(raw, box)


def _box_around(rough: F32, size: tuple[int, int], margin: float) -> PixelBox:
    """The product's box with its surroundings; the whole frame where it fills that or was not found."""
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


def _disagreement(one: Pass, other: Pass, size: tuple[int, int]) -> float:
    """Share of the product that the two disagree on, in pieces thicker than an outline.  In [0, 1]."""
    ours, theirs = (two_pass.answer(size, side=512) > 0.5 for two_pass in (one, other))
    pieces = cv2.morphologyEx((ours != theirs).astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    return float(pieces.sum() / max(1, (ours | theirs).sum()))
