"""Surfaces: colour, roughness and relief computed over world coordinates."""

from __future__ import annotations

import numpy as np

from packshot.colour import F32, hex_to_linear
from packshot.scene import Colour, Material
from packshot.scenery.noise import clouds, noise, ridges, smoothstep


def plain(colour: str, *, roughness: float = 0.5, coat: float = 0.0, sheen: float = 0.0) -> Material:
    """Paint, glaze, paper: one colour."""
    r, g, b = (float(c) for c in hex_to_linear(colour))
    return Material((r, g, b), roughness=roughness, coat=coat, sheen=sheen)


def marble(x: F32, y: F32, *, seed: int = 3) -> Material:
    """Polished white marble: clouds of gray, long veins that follow a bent direction, hair veins between them."""
    bend_x = 0.22 * clouds(x, y, cells=1.1, octaves=4, seed=seed)
    bend_y = 0.22 * clouds(x, y, cells=1.1, octaves=4, seed=seed + 20)
    u, v = x + bend_x, y + bend_y
    slant = (0.62 * u + 0.78 * v).astype(np.float32)
    along = (0.78 * u - 0.62 * v).astype(np.float32)
    wander = clouds(slant, along, cells=0.75, octaves=5, seed=seed + 40, gain=0.55)
    strong = smoothstep(-0.3, 1.2, clouds(x, y, cells=0.9, octaves=2, seed=seed + 60))
    bold = ridges(wander + 0.9 * np.sin(3.1 * slant), 0.055) * strong
    halo = ridges(wander + 0.9 * np.sin(3.1 * slant), 0.4) * strong
    hair = ridges(clouds(u, v, cells=2.3, octaves=5, seed=seed + 80, gain=0.6), 0.018)
    hair *= smoothstep(-0.2, 1.0, clouds(x, y, cells=1.7, octaves=2, seed=seed + 95))
    fog = clouds(u, v, cells=0.8, octaves=6, seed=seed + 110, gain=0.58)
    light = 0.80 + 0.035 * fog + 0.006 * noise(x, y, cells=180, seed=seed + 130)
    dark = np.clip(0.46 * bold + 0.16 * halo + 0.24 * hair, 0, 0.75)
    tone = np.clip(light, 0, 0.9)[..., None] * (1 - dark[..., None] * np.array([1.0, 0.97, 0.92], np.float32))
    warm = smoothstep(0.4, 1.6, clouds(u, v, cells=1.4, octaves=3, seed=seed + 150))[..., None] * dark[..., None]
    tone = tone * (1 + warm * np.array([0.28, 0.1, -0.12], np.float32))
    rough = 0.20 + 0.035 * clouds(x, y, cells=5, octaves=3, seed=seed + 170) + 0.1 * hair
    return Material(np.asarray(np.clip(tone, 0, 1), np.float32), np.asarray(np.clip(rough, 0.08, 0.6), np.float32))


def plaster(x: F32, y: F32, *, colour: Colour, depth: float = 0.004, seed: int = 11) -> Material:
    """Trowelled plaster: broad strokes, ridges where they end, pores."""
    bend = 0.08 * clouds(x, y, cells=2.2, octaves=3, seed=seed)
    strokes = clouds(x + bend, y - bend, cells=5.5, octaves=4, seed=seed + 10, gain=0.55)
    edges = ridges(clouds(x + bend, y + bend, cells=3.6, octaves=3, seed=seed + 30), 0.09)
    pores = smoothstep(1.5, 2.4, noise(x, y, cells=70, seed=seed + 50))
    relief = depth * (0.5 * strokes + 0.5 * edges - 0.35 * pores)
    tone = 1 + 0.022 * clouds(x, y, cells=1.3, octaves=4, seed=seed + 70) + 0.012 * strokes - 0.05 * pores
    return Material(
        np.asarray(np.clip(tone[..., None] * np.asarray(colour, np.float32), 0, 1), np.float32),
        0.9,
        relief=np.asarray(relief, np.float32),
        specular=0.2,
    )


def paper(x: F32, y: F32, *, colour: Colour, seed: int = 21) -> Material:
    """Background paper: nearly even, a tooth one sees at 100 % only."""
    tooth = noise(x, y, cells=420, seed=seed) + 0.6 * noise(x, y, cells=190, seed=seed + 1)
    tone = 1 + 0.006 * clouds(x, y, cells=2.0, octaves=3, seed=seed + 2) + 0.004 * tooth
    return Material(
        np.asarray(np.clip(tone[..., None] * np.asarray(colour, np.float32), 0, 1), np.float32),
        0.85,
        relief=np.asarray(0.00012 * tooth, np.float32),
        specular=0.15,
    )


def oak(x: F32, y: F32, *, plank: float = 0.44, seed: int = 31) -> Material:
    """A table of oiled oak boards along x: rings cut lengthways, pores, dark joints with rounded edges."""
    place = y / plank
    board = np.floor(place)
    inside = place - board
    shift = np.sin(board * 12.9898 + seed) * 43758.5453
    shift = (shift - np.floor(shift)).astype(np.float32)
    u = (x + 7.3 * shift).astype(np.float32)
    v = (y + 3.1 * shift).astype(np.float32)
    # Rings: distance from a wandering heart that lies outside or inside the board.
    heart = (board + 0.5 + (shift - 0.5) * 1.6) * plank
    wander = 0.11 * clouds(u, v, cells=0.55, octaves=3, seed=seed, stretch=0.35)
    lift = np.float32(0.05) + 0.035 * noise(u, v, cells=0.4, seed=seed + 5)
    ring = np.sqrt((y - heart + wander) ** 2 + lift**2) / np.float32(plank)
    ring = ring * 15 + 0.22 * clouds(u, v * 6, cells=2.0, octaves=3, seed=seed + 8)
    phase = ring - np.floor(ring)
    late = smoothstep(0.35, 0.95, phase) * (1 - smoothstep(0.95, 1.0, phase))
    fibre = clouds(u, v * 40, cells=5.0, octaves=4, seed=seed + 12, gain=0.62, stretch=1.0001)
    pores = smoothstep(0.9, 2.2, noise(u * 9, v * 190, cells=1.0, seed=seed + 16, stretch=1.0001)) * (0.35 + 0.65 * late)
    ray = smoothstep(1.5, 2.4, noise(u * 5, v * 26, cells=1.0, seed=seed + 20, stretch=1.0001))
    tint = (shift - 0.5)[..., None] * np.array([0.10, 0.085, 0.06], np.float32)
    pale = np.array([0.560, 0.355, 0.188], np.float32)
    deep = np.array([0.330, 0.178, 0.080], np.float32)
    mix = np.clip(0.18 + 0.5 * late + 0.10 * fibre + 0.08 * clouds(u, v, cells=1.5, octaves=3, seed=seed + 24), 0, 1)
    tone = pale + (deep - pale) * mix[..., None]
    tone = tone * (1 + tint) * (1 - 0.38 * pores[..., None]) * (1 + 0.09 * ray[..., None])
    edge = np.minimum(inside, 1 - inside) * plank
    joint = 1 - smoothstep(0.0015, 0.0045, edge)
    round_off = np.clip(1 - edge / 0.012, 0, 1) ** 2
    tone = tone * (1 - 0.82 * joint[..., None])
    relief = -0.0011 * pores - 0.0006 * late + 0.0004 * fibre - 0.0045 * round_off - 0.004 * joint
    rough = 0.42 + 0.12 * late + 0.05 * fibre + 0.15 * pores
    return Material(
        np.asarray(np.clip(tone, 0, 1), np.float32),
        np.asarray(np.clip(rough, 0.25, 0.9), np.float32),
        relief=np.asarray(relief * 0.55, np.float32),
        specular=0.4,
    )


def linen(x: F32, y: F32, *, colour: Colour, thread: float = 0.0062, seed: int = 51) -> Material:
    """Plain weave of slubby yarn: over and under, each thread with its own thickness and shade."""
    sway_x = 0.35 * clouds(x, y, cells=3.0, octaves=3, seed=seed) + 0.12 * noise(x, y, cells=22, seed=seed + 4)
    sway_y = 0.35 * clouds(x, y, cells=3.0, octaves=3, seed=seed + 8) + 0.12 * noise(x, y, cells=22, seed=seed + 12)
    a, b = x / thread + sway_x, y / thread + sway_y
    warp, weft = np.floor(a), np.floor(b)
    over = np.where((warp + weft) % 2 == 0, 1.0, -1.0)
    up = np.cos((a - warp - 0.5) * np.pi) * np.where(over > 0, 1.0, 0.55)
    flat = np.cos((b - weft - 0.5) * np.pi) * np.where(over < 0, 1.0, 0.55)
    shade_warp = noise(warp.astype(np.float32) * 0.37, (y * 1.4).astype(np.float32), cells=1.0, seed=seed + 16)
    shade_weft = noise((x * 1.4).astype(np.float32), weft.astype(np.float32) * 0.37, cells=1.0, seed=seed + 20)
    on_top = np.where(over > 0, shade_warp, shade_weft)
    fuzz = noise(x, y, cells=900, seed=seed + 24)
    relief = thread * 0.30 * (np.maximum(up, flat) + 0.10 * on_top + 0.06 * fuzz)
    gap = smoothstep(0.55, 0.15, np.maximum(up, flat))
    tone = 1 + 0.075 * on_top + 0.02 * fuzz - 0.45 * gap + 0.02 * clouds(x, y, cells=1.2, octaves=3, seed=seed + 28)
    return Material(
        np.asarray(np.clip(tone[..., None] * np.asarray(colour, np.float32), 0, 1), np.float32),
        0.95,
        relief=np.asarray(relief, np.float32),
        specular=0.05,
        sheen=0.25,
    )


def leafy(*, colour: str = "#5f7a4d") -> Material:
    r, g, b = (float(c) for c in hex_to_linear(colour))
    return Material((r, g, b), roughness=0.45, specular=0.4, translucent=0.25)
