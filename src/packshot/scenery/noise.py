"""Noise over world coordinates: the same point gives the same value at any texture size, so a preview shows the set.

Random lattices, read with cubic interpolation: value noise.  Perlin 1985, "An image synthesizer", without its gradients.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from packshot.colour import F32

LATTICE = 256  # cells until a lattice repeats


@lru_cache(maxsize=64)
def _lattice(seed: int) -> F32:
    cells = np.random.default_rng(seed).standard_normal((LATTICE, LATTICE)).astype(np.float32)
    cells.flags.writeable = False
    return cells


def noise(x: F32, y: F32, *, cells: float, seed: int, stretch: float = 1.0) -> F32:
    """Smooth noise of unit variance or a little less.  x, y: (h, w) world units.  cells: of the lattice, per unit.

    stretch: > 1 draws the noise out along y.
    """
    # Each lattice is turned by its own angle, or their axes would show.
    angle = (seed * 0.7548776662) % 1.0 * np.pi if stretch == 1.0 else 0.0
    c, s = np.float32(np.cos(angle) * cells), np.float32(np.sin(angle) * cells)
    u = np.mod(c * x - s * y, LATTICE).astype(np.float32)
    v = np.mod((s * x + c * y) / np.float32(stretch), LATTICE).astype(np.float32)
    return np.asarray(cv2.remap(_padded(seed), u + 2, v + 2, cv2.INTER_CUBIC), np.float32)


@lru_cache(maxsize=64)
def _padded(seed: int) -> F32:
    return np.asarray(np.pad(_lattice(seed), 2 + 2, mode="wrap")[2:, 2:], np.float32)


def clouds(x: F32, y: F32, *, cells: float, octaves: int, seed: int, gain: float = 0.5, stretch: float = 1.0) -> F32:
    """Octaves of noise, each twice as fine and `gain` times as strong; about unit variance.  Fractal noise."""
    total, weight, power = np.zeros_like(x), 1.0, 0.0
    for octave in range(octaves):
        total += np.float32(weight) * noise(x, y, cells=cells * 2**octave, seed=seed + octave, stretch=stretch)
        power += weight**2
        weight *= gain
    return np.asarray(total / np.float32(np.sqrt(power)), np.float32)


def ridges(field: F32, width: float) -> F32:
    """1 along the lines where a field crosses zero, falling off over `width`: veins, cracks."""
    return np.asarray(np.exp(-((field / np.float32(width)) ** 2)), np.float32)


def smoothstep(low: float, high: float, value: F32) -> F32:
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
