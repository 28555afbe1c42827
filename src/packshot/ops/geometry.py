"""Boxes in pixels, and the edges of a frame.  A box is (left, top, right, bottom), half-open, everywhere."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from packshot.colour import F32, U8

PixelBox = tuple[int, int, int, int]
SubpixelBox = tuple[float, float, float, float]  # between pixels
Edge = Literal["left", "top", "right", "bottom"]


def box_of(mask: U8) -> PixelBox:
    """The smallest box that holds all of an (H, W) mask that is not 0; four times 0 where there is nothing."""
    left, top, width, height = cv2.boundingRect(mask)
    return left, top, left + width, top + height


def size_of(box: PixelBox) -> tuple[int, int]:
    """(width, height)"""
    return box[2] - box[0], box[3] - box[1]


def diagonal_of(box: PixelBox) -> float:
    """In pixels."""
    return float(np.hypot(*size_of(box)))


def crop(plane: F32, box: PixelBox) -> F32:
    """The part of an (H, W, …) array inside a box."""
    return plane[box[1] : box[3], box[0] : box[2]]


def union(one: PixelBox, other: PixelBox) -> PixelBox:
    """The smallest box that holds both."""
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def index_of(inner: PixelBox, outer: PixelBox) -> tuple[slice, slice]:
    """Rows and columns of `inner` in an array that covers `outer`."""
    return slice(inner[1] - outer[1], inner[3] - outer[1]), slice(inner[0] - outer[0], inner[2] - outer[0])
