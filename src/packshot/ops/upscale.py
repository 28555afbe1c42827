"""Around a model that enlarges: the larger matte, and colours that stay the photo's."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.colour import U8

# Interpolation makes a matte's edge `factor` times as wide; it is made so many times steeper again. Chosen by eye on
# white, black and magenta (docs/decisions/0015-upscaling.md).
STEEPER = 2.0
EDGE_REACH_PX = 3  # of the photo: within it an edge has both full and no coverage
# Colours are corrected to the photo's at this softness (standard deviation in the photo's pixels): any finer, and the
# photo's grain and JPEG blocks come back.
COLOURS_PX = 3.0


def enlarged_matte(matte_u8: U8, factor: int) -> U8:
    """(H, W) to (factor H, factor W), smoothly; a plain edge is made steeper.

    Elsewhere (glass, fur) the matte is only interpolated.
    """
    size = matte_u8.shape[1] * factor, matte_u8.shape[0] * factor
    soft = cv2.resize(matte_u8.astype(np.float32) / 255, size, interpolation=cv2.INTER_CUBIC)
    soft = np.asarray(cv2.GaussianBlur(soft, (0, 0), 0.35 * factor), np.float32)  # no stairs of the photo's pixels
    reach = np.ones((2 * EDGE_REACH_PX + 1,) * 2, np.uint8)
    plain = ((cv2.erode(matte_u8, reach) < 13) & (cv2.dilate(matte_u8, reach) > 242)).astype(np.float32)
    share = np.asarray(cv2.resize(cv2.blur(plain, (3, 3)), size, interpolation=cv2.INTER_LINEAR), np.float32)
    steep = np.clip((soft - 0.5) * STEEPER + 0.5, 0, 1)
    grown = soft + (steep - soft) * share
    return np.asarray(np.clip(np.round(grown * 255), 0, 255), np.uint8)


def with_photo_colours(enlarged_u8: U8, photo_u8: U8) -> U8:
    """The enlarged picture with the photo's own colours and shading; only what is finer than that is the model's.

    enlarged_u8: (f H, f W, 3).  photo_u8: (H, W, 3), what it was made from.
    """
    h, w = photo_u8.shape[:2]
    small = cv2.resize(enlarged_u8, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)
    apart = cv2.GaussianBlur(photo_u8.astype(np.float32) - small, (0, 0), COLOURS_PX)
    corrected = enlarged_u8.copy()
    factor = enlarged_u8.shape[0] // h
    for top in range(0, h, 64):  # in strips: a picture of 16 megapixels in floats is 200 MB
        bottom = min(h, top + 64)
        low, high = max(0, top - 2), min(h, bottom + 2)
        grown = cv2.resize(apart[low:high], (w * factor, (high - low) * factor), interpolation=cv2.INTER_LINEAR)
        rows = slice(top * factor, bottom * factor)
        strip = corrected[rows] + grown[(top - low) * factor : (bottom - low) * factor]
        corrected[rows] = np.clip(np.round(strip), 0, 255).astype(np.uint8)
    return corrected
