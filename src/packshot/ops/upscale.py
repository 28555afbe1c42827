"""What is done around a model that enlarges: what it is shown, the matte, and colours that stay the photo's."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.colour import F32, U8, thrice

# A transition from 10 to 90 % that interpolation made `factor` times as wide is brought back to half of that; chosen by
# eye on white, black and magenta (docs/decisions/0015-upscaling.md).
STEEPER = 2.0
EDGE_REACH_PX = 3  # of the photo: as far from full and from no coverage an edge's pixel lies
# How much a band's colour counts by its coverage: where little of the product was seen it is a guess that may be off by
# far, and the model would draw it as a line; 8 takes the texture from the rim of fur, 2 leaves dark lines.
SURE = 4
# Colours are held to the photo's at this softness (standard deviation in the photo's pixels): finer, and the photo's
# own grain and blocks come back with them.
TRUE_TO_PX = 3.0


def carried_out(foreground_u8: U8, matte_u8: U8) -> U8:
    """The product's colours carried on past its edge, so that nothing of the old backdrop is enlarged with them.

    foreground_u8: (H, W, 3) sRGB, its edge band in the product's own colours.  matte_u8: (H, W).  Fully covered pixels
    stay as they are.  Push and pull over a pyramid: Gortler et al. 1996, "The Lumigraph", 3.3.
    """
    sure = np.asarray((matte_u8.astype(np.float32) / 255) ** SURE, np.float32)
    own = foreground_u8.astype(np.float32)
    known = np.asarray(own * thrice(sure), np.float32)
    mixed = known + _pulled(known, sure) * thrice(1 - sure)
    return np.asarray(np.clip(np.round(mixed), 0, 255), np.uint8)


def _pulled(colour: F32, weight: F32) -> F32:
    """(H, W, 3) colours weighted by (H, W), the empty parts filled from ever coarser averages."""
    h, w = weight.shape
    known = colour / thrice(np.maximum(weight, 1e-6))
    if max(h, w) < 4:
        return known if weight.min() > 0.99 else np.broadcast_to(
            colour.sum((0, 1)) / max(float(weight.sum()), 1e-6), colour.shape
        ).astype(np.float32)  # fmt: skip
    coarse = np.asarray(cv2.pyrDown(colour), np.float32)
    coarse_weight = np.asarray(cv2.pyrDown(weight), np.float32)
    # What is known a little counts fully one step coarser, or the fill would fade with every step.
    gain = np.asarray(np.minimum(coarse_weight * 2, 1) / np.maximum(coarse_weight, 1e-6), np.float32)
    below = _pulled(np.asarray(coarse * thrice(gain), np.float32), np.asarray(coarse_weight * gain, np.float32))
    behind = np.asarray(cv2.resize(below, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.asarray(known * thrice(weight) + behind * thrice(1 - weight), np.float32)


def grown_matte(matte_u8: U8, factor: int) -> U8:
    """(H, W) to (factor H, factor W), smoothly; a plain edge is made as much steeper as a larger picture wants it.

    Where the product is seen through, far from full or from no coverage, the matte is only interpolated.
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


def true_to(enlarged_u8: U8, photo_u8: U8) -> U8:
    """The enlarged picture with the photo's own colours and shading; only what is finer than that is the model's.

    enlarged_u8: (f H, f W, 3).  photo_u8: (H, W, 3), what it was made from.
    """
    h, w = photo_u8.shape[:2]
    small = cv2.resize(enlarged_u8, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)
    apart = cv2.GaussianBlur(photo_u8.astype(np.float32) - small, (0, 0), TRUE_TO_PX)
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
