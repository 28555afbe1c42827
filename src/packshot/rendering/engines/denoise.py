"""Denoising with Open Image Denoise: a dozen samples a pixel then look like a thousand."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import mitsuba_oidn as oidn
import numpy as np

from packshot.colour import F32

# Pieces of this side, overlapping by the network's reach, bound the memory: 0.8 GiB instead of 2.9.
PIECE, OVERLAP = 1024, 96


def denoised(layers: F32, *, unfocused: bool = False, pause: Callable[[], None] = lambda: None) -> F32:
    """(H, W, 3) light from (H, W, 9) noisy light, albedo and normal.  pause: called after each piece.

    unfocused: much is out of focus, where albedo and normal are as noisy as the light, and are cleaned first.
    """
    height, width = layers.shape[:2]
    if max(height, width) <= PIECE + 2 * OVERLAP:
        return _piece(layers, unfocused=unfocused)
    out = np.empty((height, width, 3), np.float32)
    for top in range(0, height, PIECE):
        for left in range(0, width, PIECE):
            bottom, right = min(height, top + PIECE), min(width, left + PIECE)
            y, x = max(0, top - OVERLAP), max(0, left - OVERLAP)
            piece = layers[y : min(height, bottom + OVERLAP), x : min(width, right + OVERLAP)]
            part = _piece(piece, unfocused=unfocused)
            out[top:bottom, left:right] = part[top - y : bottom - y, left - x : right - x]
            pause()
    return out


def smoothed(share: F32) -> F32:
    """(h, w, 3), light won or lost (≥ 0) as a share of what was there, without its noise.

    Not light times share: that would smooth the set's own texture too, which would then show as its negative.
    """
    return np.asarray(oidn.denoise(np.ascontiguousarray(share), hdr=True, quality=oidn.Quality.High), np.float32)


def _piece(layers: F32, *, unfocused: bool) -> F32:
    light, albedo, normal = (np.ascontiguousarray(layers[..., i : i + 3]) for i in (0, 3, 6))
    # A single pixel far brighter than its surroundings is a path that hit a light by chance: it would leave a star.
    bright = light.max(2)
    usual = np.asarray(cv2.medianBlur(bright, 5), np.float32)
    light *= np.minimum(1, (20 * usual + 1e-3) / np.maximum(bright, 1e-6))[..., None]
    # At the border the network lacks half of the neighbours and leaves blotches, so the picture is padded.
    rim = 32
    wide = [np.pad(plane, ((rim, rim), (rim, rim), (0, 0)), mode="reflect") for plane in (light, albedo, normal)]
    if unfocused:
        fast = oidn.Quality.Fast
        wide[1] = oidn.denoise(wide[1], quality=fast)
        wide[2] = oidn.denoise((wide[2] + 1) / 2, quality=fast) * 2 - 1
    clean = oidn.denoise(*wide, hdr=True, quality=oidn.Quality.High)
    return np.asarray(clean, np.float32)[rim:-rim, rim:-rim]
