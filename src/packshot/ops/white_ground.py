"""A photo on clean white: its outline from the white itself, without a model.

A part of the product that is as white as the ground, such as a sole, is taken for ground.  That shows only before
another backdrop, so this outline is for styles that put the product on white again.
"""

from __future__ import annotations

import cv2
import numpy as np

from packshot.colour import F32, U8, darkest, to_linear
from packshot.ops.matte import SMALLEST_PART

WHITE = 250  # sRGB; a marketplace's pure white with what a JPEG makes of it
RING, CLEAN = 0.01, 0.995  # width of the frame's rim, as a share of its shorter side, and how much of it is white
LEAST, MOST = 0.004, 0.9  # of the frame that the product covers
CRISP, SURE = 60, 0.97  # levels that a firm outline is darker than the white, within REACH, and along how much of it
REACH = 1 / 300  # of the longer side


def is_on_white(pixels_u8: U8) -> bool:
    """Whether the frame's rim is clean white.  pixels_u8: (H, W, 3) sRGB."""
    dark = darkest(pixels_u8)
    ring = max(2, round(RING * min(dark.shape)))
    rim = np.concatenate([dark[:ring].ravel(), dark[-ring:].ravel(), dark[:, :ring].ravel(), dark[:, -ring:].ravel()])
    return bool(np.mean(rim >= WHITE) >= CLEAN)


def matte_on_white(pixels_u8: U8) -> U8 | None:
    """(H, W) coverage; None unless the photo is on clean white and the whole outline stands out from it.

    pixels_u8: (H, W, 3) sRGB.
    """
    if not is_on_white(pixels_u8):
        return None
    dark = darkest(pixels_u8)
    product = _without_specks((~_ground(dark)).astype(np.uint8))
    share = np.count_nonzero(product) / product.size
    if not LEAST <= share <= MOST:
        return None
    reach = max(3, round(REACH * max(dark.shape)))
    light = np.asarray(1 - to_linear(dark), np.float32)  # of the white that is missing
    firm = np.asarray(cv2.dilate(light, _disc(reach)), np.float32)
    outline = (product > 0) & (cv2.erode(product, _disc(1), borderValue=1) == 0)
    contrast = cv2.erode(dark, _disc(reach))[outline]
    if np.mean(contrast <= 255 - CRISP) < SURE:
        return None
    inner = cv2.erode(product, _disc(reach), borderValue=1) > 0
    return np.where(inner, np.uint8(255), _coverage(light, firm) * product)


def _coverage(light: F32, firm: F32) -> U8:
    """How much of a pixel at the edge is product: what it takes of the white, of what the product beside it takes."""
    return np.asarray(np.clip(np.round(255 * light / np.maximum(firm, 1e-3)), 0, 255), np.uint8)


def _ground(dark: U8) -> np.ndarray:
    """White that reaches the frame."""
    _, labels = cv2.connectedComponents((dark >= WHITE).astype(np.uint8), connectivity=4)
    at_frame = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    of_ground = np.zeros(int(labels.max()) + 1, bool)
    of_ground[at_frame[at_frame > 0]] = True
    return np.asarray(of_ground[labels])


def _without_specks(product: U8) -> U8:
    """Without what a JPEG leaves around an outline."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(product, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].astype(float)
    areas[0] = 0
    kept = areas >= SMALLEST_PART * areas.max(initial=0)
    kept[0] = False
    return kept[labels].astype(np.uint8) if count > 1 else product


def _disc(radius: int) -> U8:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), np.uint8)
