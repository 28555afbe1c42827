"""Laying a product over a plate, in linear light."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.colour import F32, U8, thrice, to_srgb


def solid(colour: F32, size: tuple[int, int]) -> F32:
    """A plate of one colour, (H, W, 3), that takes no memory: a view of one pixel."""
    return np.broadcast_to(colour.astype(np.float32), (size[1], size[0], 3))


def encode_plate(plate: F32) -> U8:
    """A plate to sRGB bytes; one of a single colour costs one pixel's work."""
    if plate.strides[:2] == (0, 0):
        colour = to_srgb(np.ascontiguousarray(plate[:1, :1]))[0, 0]
        # A merge of planes: filling three channels by broadcast takes forty times as long.
        return np.asarray(cv2.merge([np.full(plate.shape[:2], level, np.uint8) for level in colour]), np.uint8)
    return to_srgb(np.ascontiguousarray(plate))


def over(product_premultiplied: F32, matte: F32, plate: F32) -> F32:
    """product_premultiplied: (H, W, 3) linear, times matte.  matte: (H, W) [0, 1].  plate: (H, W, 3) linear.

    Where the matte is 1 this is the product exactly, where it is 0 the plate.  Porter & Duff 1984, "over".
    """
    showing = thrice(1 - matte)
    np.multiply(plate, showing, out=showing)
    return np.add(product_premultiplied, showing, out=showing)
