"""Tone mapping, from scene light to a picture's range: metered exposure, and a soft shoulder."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.colour import F32, luminance, thrice

# The 88th percentile of brightness is set to AIM: a lit white wall then keeps detail.
PERCENTILE, AIM, METER = 88.0, 0.80, 96
SHOULDER = 0.72


def tone_mapped(light: F32, *, stops: float = 0.0) -> F32:
    """(H, W, 3) linear in any range to [0, 1].  stops: lighter (> 0) or darker than the meter says."""
    # Metered over patches, so that neither the highlights of a weave nor the picture's size matter.
    small = luminance(np.asarray(cv2.resize(light, (METER, METER), interpolation=cv2.INTER_AREA), np.float32))
    gain = AIM / max(float(np.percentile(small, PERCENTILE)), 1e-6) * 2.0**stops
    exposed = np.asarray(light * np.float32(gain), np.float32)
    # First on brightness, so that a bright red stays red, then on each channel for what still overshoots.
    bright = luminance(exposed)
    bend = np.asarray(with_shoulder(bright) / np.maximum(bright, 1e-6), np.float32)
    return np.asarray(np.clip(with_shoulder(np.asarray(exposed * thrice(bend), np.float32)), 0, 1), np.float32)


def with_shoulder(value: F32) -> F32:
    """Unchanged up to SHOULDER, then bending towards 1 with the same slope at the bend."""
    over = np.maximum(value - SHOULDER, 0) / (1 - SHOULDER)
    return np.asarray(np.minimum(value, SHOULDER) + (1 - SHOULDER) * (1 - np.exp(-over)), np.float32)
