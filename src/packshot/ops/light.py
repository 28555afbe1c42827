"""Exposure and white balance of a product, moved towards those of its set by less than the eye notices."""

from __future__ import annotations

import numpy as np

from packshot.colour import F32, U8, delta_e00, lab, luminance, to_linear, to_srgb

# Half of what a shopper with the product beside the screen notices (about 5; benchmarks/README.md, "Checks").
MOST_DELTA_E00 = 2.5
MOST_STOPS = 0.5
# The set's white is its 88th percentile, as its exposure is metered (ops/tone.py); a product's bright parts are rarely
# white, so their aim is lower.
PLATE_PERCENTILE, PRODUCT_PERCENTILE, PRODUCT_AIM = 88.0, 95.0, 0.72
STEPS = 12


def gains_towards(product_srgb: U8, plate: F32, *, strength: float) -> tuple[F32, float, float]:
    """Gains, one a channel, for a product in a set.  Returns them, the stops in them and the mean ΔE00 they cost.

    product_srgb: (N, 3) pixels of the product alone.  plate: (H, W, 3) linear.  strength: 0 nothing … 1 the largest
    step whose mean ΔE00 stays within MOST_DELTA_E00.
    """
    none = np.ones(3, np.float32)
    if strength <= 0 or len(product_srgb) < 64:
        return none, 0.0, 0.0
    bright = luminance(np.ascontiguousarray(plate))
    white = plate[bright >= np.percentile(bright, PLATE_PERCENTILE)].mean(0)
    brightness = float(luminance(white[None, None])[0, 0])
    tint = white / brightness
    light = to_linear(product_srgb[None])[0]
    own = float(np.percentile(luminance(light[None]), PRODUCT_PERCENTILE))
    stops = float(np.clip(np.log2(PRODUCT_AIM * brightness / max(own, 1e-3)), -MOST_STOPS, MOST_STOPS))
    goal = np.log2(np.clip(tint, 0.5, 2.0)) + stops
    before = lab(product_srgb[None])
    low, high, cost = 0.0, 1.0, 0.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        moved = to_srgb(np.clip(light * 2.0 ** (middle * goal), 0, 1).astype(np.float32)[None])
        mean = float(delta_e00(before, lab(moved)).mean())
        low, high, cost = (middle, high, mean) if mean <= MOST_DELTA_E00 * strength else (low, middle, cost)
    return np.asarray(2.0 ** (low * goal), np.float32), low * stops, cost
