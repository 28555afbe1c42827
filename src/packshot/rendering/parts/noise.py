"""Noise over world coordinates: the same point has the same value at any texture size, so a preview shows the set.

Value noise: random lattices with cubic interpolation.  Perlin 1985, "An image synthesizer", without its gradients.
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
    # Noise far coarser than the texels is made at fewer points and enlarged.
    shape, fewer = (x.shape[1], x.shape[0]), _fewer(x, y, cells)
    if fewer > 1:
        small = (shape[0] // fewer, shape[1] // fewer)
        x, y = (np.asarray(cv2.resize(a, small, interpolation=cv2.INTER_AREA), np.float32) for a in (x, y))
    # Each lattice is turned by its own angle, or their axes would show.
    angle = (seed * 0.7548776662) % 1.0 * np.pi if stretch == 1.0 else 0.0
    c, s = np.float32(np.cos(angle) * cells), np.float32(np.sin(angle) * cells)
    u = np.mod(c * x - s * y, LATTICE).astype(np.float32)
    v = np.mod((s * x + c * y) / np.float32(stretch), LATTICE).astype(np.float32)
    values = cv2.remap(_padded(seed), u + 2, v + 2, cv2.INTER_CUBIC)
    return np.asarray(values if fewer == 1 else cv2.resize(values, shape, interpolation=cv2.INTER_CUBIC), np.float32)


def _fewer(x: F32, y: F32, cells: float) -> int:
    """By how much both sides may shrink so that each cell still has six points, the outermost eighths left out.

    Coordinates that jump, from board to board or thread to thread, have large steps and so stay whole.
    """
    if min(x.shape) < 64:
        return 1
    step = 0.0
    for axis in (0, 1):
        a, b = np.moveaxis(x, axis, 0)[:, ::37], np.moveaxis(y, axis, 0)[:, ::37]
        inside = slice(len(a) // 8, -len(a) // 8)
        step = max(step, float(np.hypot(np.diff(a[inside], axis=0), np.diff(b[inside], axis=0)).max()))
    return int(np.clip(1 / max(6 * cells * step, 1e-6), 1, 16))


@lru_cache(maxsize=64)
def _padded(seed: int) -> F32:
    return np.asarray(np.pad(_lattice(seed), 2 + 2, mode="wrap")[2:, 2:], np.float32)


def clouds(x: F32, y: F32, *, cells: float, octaves: int, seed: int, gain: float = 0.5, stretch: float = 1.0) -> F32:
    """Octaves of noise, each twice as fine and `gain` times as strong; about unit variance.  Fractal noise."""
    total: F32 = np.zeros_like(x)
    weight, power = 1.0, 0.0
    for octave in range(octaves):
        total = total + np.float32(weight) * noise(x, y, cells=cells * 2**octave, seed=seed + octave, stretch=stretch)
        power += weight**2
        weight *= gain
    return np.asarray(total / np.float32(np.sqrt(power)), np.float32)


def ridges(field: F32, width: float) -> F32:
    """1 along the lines where a field crosses zero, falling off over `width`: veins, cracks."""
    return np.asarray(np.exp(-((field / np.float32(width)) ** 2)), np.float32)


def smoothstep(low: float, high: float, value: F32) -> F32:
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def grain(x: F32, y: F32, *, cells: float, seed: int) -> F32:
    """Noise that fades out where a cell is not two texels wide any more, since it would show as streaks there.

    Only for coordinates whose steps change along one axis at a time, as those of a `Lens` do.
    """
    fades = []
    for axis in (0, 1):
        a, b = (np.moveaxis(field, axis, 0)[:, 0] for field in (x, y))
        step = np.hypot(np.gradient(a), np.gradient(b)) * cells
        fades.append(1 - smoothstep(0.3, 0.6, step.astype(np.float32)))
    return noise(x, y, cells=cells, seed=seed) * fades[0][:, None] * fades[1][None]
