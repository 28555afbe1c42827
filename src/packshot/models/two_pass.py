"""A matte in two passes: a rough one over the whole photo, then a close one over the product's box.

A network sees 1024 pixels however large the photo is. A rough pass costs a quarter of a close one and finds the
product; the close one runs on the product's box, where it gives a finer edge than on the whole frame. Where the product
runs out of that box and a small second network sees more of it, the box grows and is looked at again. Where close and
rough pass found different things, a third, wider one is made, and each piece goes as two of the three have it
(docs/decisions/0014-two-looks.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8
from packshot.model import Matter, raw_matte, rough_matte
from packshot.ops import matte as ops
from packshot.ops.edges import refined
from packshot.ops.geometry import PixelBox
from packshot.ops.resample import within_side

# Surroundings in a close pass: share of the box's longer side. With half of it the model takes white jars and chrome
# for backdrop.
MARGIN = 0.12
WIDE = 0.5  # in a pass that decides
CUT = 0.02  # of a side of the part, from which a product on it runs out
TRAINED_PX = 2048  # longest side of what a deciding pass runs on: the network gets it at the size it was trained on
STEPS = 32  # boxes lie on a grid of the frame, so that engines whose rough mattes differ a little get the same box
ALL = 0.7  # a box that covers more of the frame becomes the frame: nothing would be gained
DEEP = 15  # px of the rough matte: twice the error that its outline may have
# Share of the product, in pieces thicker than an outline: passes that differ by more found different things.
APART = 0.005
COMPARED_PX = 512  # longest side at which passes are compared
THICK = 7  # px of that: what is thinner is an outline
AROUND = 13  # px of that: with so much around it a piece goes over from one pass to another


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """What the model answered for a part of the photo."""

    raw: F32  # (h, w) [0, 1], at the model's own size
    box: PixelBox  # the part of the photo
    others: tuple[F32, ...] = ()  # what other passes over the whole frame answered
    witness: F32 | None = None  # what the second network answered for the whole frame

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
    frame = (0, 0, *size)
    rough = Pass(rough_matte(matter, pixels_u8), frame)
    witness = rough_matte(matter.second.matter, pixels_u8) if matter.second.matter is not None else None
    found = ops.clean(rough.raw)
    near = _close_pass(pixels_u8, _box_around(found, size, MARGIN), matter, mirrored=mirrored)
    grown = _grown(found, witness)
    box = _box_around(grown, size, MARGIN)
    if box != near.box and _is_cut(near, size):
        near = _close_pass(pixels_u8, box, matter, mirrored=mirrored)
        near, found = _without_strangers(near, found, size), grown
    whole = near.box == frame
    if _disagreement(near, rough, size) <= APART:
        settled = near if whole else _with_sure_inside(near, rough.raw, size)
        return replace(settled, others=(rough.raw,), witness=witness)
    if whole and 2 * min(size) >= TRAINED_PX:
        return replace(near, others=(rough.raw,), witness=witness)
    wide = frame if whole else _box_around(found, size, WIDE)
    third = _close_pass(pixels_u8, wide, matter, mirrored=mirrored, side=TRAINED_PX)
    return replace(_settled(near, third, rough, size), others=(rough.raw, third.answer(size)), witness=witness)


def _is_cut(near: Pass, size: tuple[int, int]) -> bool:
    """Whether the product runs out of the part, where that does not end with the photo."""
    solid, (left, top, right, bottom) = near.raw > 0.5, near.box
    inner = (left > 0, solid[:, 0]), (top > 0, solid[0]), (right < size[0], solid[:, -1]), (bottom < size[1], solid[-1])
    return any(bool(inside) and np.count_nonzero(line) > CUT * len(line) for inside, line in inner)


def _grown(found: F32, witness: F32 | None) -> F32:
    """What was found, with what the second network sees attached to it: a box that leaves a part out loses it."""
    if witness is None or not (found > 0.5).any():
        return found
    other = np.asarray(cv2.resize(ops.clean(witness), found.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    return np.maximum(found, other * _touching(other > 0.5, found > 0.5))


def _touching(parts: NDArray[np.bool_], product: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those of the parts that share a pixel with the product."""
    count, labels = cv2.connectedComponents(parts.astype(np.uint8))
    shares = np.bincount(labels[product], minlength=count) > 0
    shares[0] = False
    return np.asarray(shares[labels], np.bool_)


def _without_strangers(near: Pass, found: F32, size: tuple[int, int]) -> Pass:
    """Without the things that lie in a grown box, apart from what the rough pass found."""
    product = cv2.resize(_part(found, near.box, size), near.raw.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    solid = near.raw > 0.5
    own = _touching(solid, product)
    if not own.any() or np.array_equal(own, solid):
        return near
    apart = cv2.dilate((solid & ~own).astype(np.uint8), np.ones((AROUND, AROUND), np.uint8)) > 0
    return replace(near, raw=np.where(apart & ~own, np.float32(0), near.raw))


def _settled(near: Pass, third: Pass, rough: Pass, size: tuple[int, int]) -> Pass:
    """The close pass; each piece in which the third one differs goes as the rough one has it."""
    ours, theirs, casting = (_solid(each, size) for each in (near, third, rough))
    pieces = cv2.morphologyEx((ours != theirs).astype(np.uint8), cv2.MORPH_OPEN, np.ones((THICK, THICK), np.uint8))
    count, labels = cv2.connectedComponents(pieces)
    sides = np.bincount(labels.ravel(), weights=(casting == theirs).ravel(), minlength=count)
    over = sides > np.bincount(labels.ravel(), minlength=count) / 2
    over[0] = False
    if not over.any():
        return near
    taken = cv2.dilate(over[labels].astype(np.uint8), np.ones((AROUND, AROUND), np.uint8)).astype(np.float32)
    here = _part(taken, near.box, size)
    if float(here.sum()) < 0.98 * float(taken.sum()):
        return third  # a piece lies where the close pass did not look
    weight = cv2.resize(here, near.raw.shape[::-1], interpolation=cv2.INTER_LINEAR)
    whole = third.answer(size, side=max(size))
    there = cv2.resize(_part(whole, near.box, size), near.raw.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return Pass(np.asarray(near.raw + weight * (there - near.raw), np.float32), near.box)


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


def _box_around(found: F32, size: tuple[int, int], margin: float) -> PixelBox:
    """The product's box with its surroundings; the whole frame where it fills that or was not found."""
    solid = (found > 0.5).astype(np.uint8)
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
    ours, theirs = (_solid(each, size) for each in (one, other))
    pieces = cv2.morphologyEx((ours != theirs).astype(np.uint8), cv2.MORPH_OPEN, np.ones((THICK, THICK), np.uint8))
    return float(pieces.sum() / max(1, (ours | theirs).sum()))


def _solid(one: Pass, size: tuple[int, int]) -> NDArray[np.bool_]:
    return one.answer(size, side=COMPARED_PX) > 0.5
