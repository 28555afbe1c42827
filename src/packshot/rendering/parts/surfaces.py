"""Surfaces: colour, roughness and relief computed over world coordinates."""

from __future__ import annotations

import numpy as np

from packshot.colour import F32, hex_to_linear
from packshot.rendering.parts.lens import even
from packshot.rendering.parts.noise import clouds, grain, noise, ridges, smoothstep
from packshot.rendering.scene import Colour, Material


def plain(colour: str, *, roughness: float = 0.5, coat: float = 0.0, sheen: float = 0.0) -> Material:
    """Paint, glaze, paper: one colour."""
    r, g, b = (float(c) for c in hex_to_linear(colour))
    return Material((r, g, b), roughness=roughness, coat=coat, sheen=sheen)


def marble(x: F32, y: F32, *, seed: int = 3) -> Material:
    """Polished white marble: veins that run aslant and wander, smoke along them, hair veins across, crystals."""
    along, slant = (0.83 * x - 0.56 * y).astype(np.float32), (0.56 * x + 0.83 * y).astype(np.float32)
    fog = clouds(along, slant * 2.2, cells=0.9, octaves=5, seed=seed, gain=0.6)
    bold, smoke = _veins(along, slant, apart=0.74, width=0.009, seed=seed + 20)
    thin, haze = _veins(x, y - 0.35 * x, apart=0.43, width=0.0042, seed=seed + 40)
    hair, _ = _veins(y + 0.2 * x, x - 0.3 * y, apart=0.25, width=0.0022, seed=seed + 60)
    dark = 0.62 * bold + smoke * (0.22 + 0.08 * fog) + 0.40 * thin + 0.09 * haze + 0.26 * hair
    dark = np.clip(dark, 0, 0.8)
    grain = noise(x, y, cells=420, seed=seed + 80)
    light = np.clip(0.80 + 0.03 * fog + 0.010 * grain + 0.010 * noise(x, y, cells=140, seed=seed + 81), 0, 0.9)
    warm = 0.05 * smoothstep(0.2, 1.8, fog) * (smoke + haze)
    rough = 0.13 + 0.02 * clouds(x, y, cells=6, octaves=3, seed=seed + 90) + 0.12 * (bold + hair)
    tints = ((1.0, 0.6), (0.975, 0.1), (0.93, -0.9))
    tone = np.dstack([light * (1 - np.float32(gray) * dark) + np.float32(gold) * warm for gray, gold in tints])
    return Material(tone, np.asarray(np.clip(rough, 0.08, 0.5), np.float32))


def _veins(along: F32, slant: F32, *, apart: float, width: float, seed: int) -> tuple[F32, F32]:
    """Lines that run along the first axis, come and go, and never close to rings; and smoke to one side of them."""
    bent = clouds(along, slant, cells=0.62 / apart, octaves=8, seed=seed, gain=0.5)
    place = slant / np.float32(apart) + 0.42 * bent
    off = (place - np.floor(place) - 0.5) * np.float32(apart)
    there = clouds(along, slant, cells=0.8 / apart, octaves=3, seed=seed + 8, gain=0.7)
    strength = smoothstep(-0.7, 1.1, there)
    smoke = np.exp(-np.abs(off) / np.where(off > 0, 0.14 * apart, 0.035 * apart).astype(np.float32)) * strength
    thick = 0.75 + 0.5 * smoothstep(-1, 1, noise(along, slant, cells=9, seed=seed + 15))
    return ridges(np.asarray(off / thick, np.float32), width) / (1 + np.exp(-2 * there)) * strength**0.5, np.asarray(
        smoke, np.float32
    )


def plaster(x: F32, y: F32, *, colour: Colour, seed: int = 11) -> Material:
    """Lime plaster put on by hand: flat strokes of a trowel over each other, sand between them, some pits."""
    bend = 0.06 * clouds(x, y, cells=3.0, octaves=3, seed=seed)
    u, v = (x + bend).astype(np.float32), (y + 0.6 * x - bend).astype(np.float32)
    height = np.zeros_like(x)
    for layer in range(3):
        lay = clouds(u, v * (1.7 - 0.5 * layer), cells=3.2 + 2.6 * layer, octaves=4, seed=seed + 10 * layer, gain=0.5)
        height += np.float32(0.5**layer) * smoothstep(-0.12 - 0.2 * layer, 0.22, lay)
    sand = clouds(x, y, cells=55, octaves=3, seed=seed + 40, gain=0.8)
    rough = 1 - 0.75 * smoothstep(0.2, 1.3, height)
    pits = smoothstep(1.9, 2.6, noise(x, y, cells=38, seed=seed + 50))
    relief = 0.0030 * height + 0.0011 * rough * sand - 0.0018 * pits
    tone = (
        1
        + 0.03 * clouds(x, y, cells=1.1, octaves=5, seed=seed + 70, gain=0.6)
        + 0.02 * (height - 0.8)
        + 0.012 * rough * sand
    )
    return Material(
        np.asarray(np.clip(tone[..., None] * np.asarray(colour, np.float32), 0, 1), np.float32),
        0.9,
        relief=np.asarray(relief, np.float32),
        specular=0.2,
    )


def paper(x: F32, y: F32, *, colour: Colour, seed: int = 21) -> Material:
    """Background paper: nearly even, a tooth one sees at 100 % only."""
    tooth = 0.7 * grain(x, y, cells=380, seed=seed) + 0.7 * grain(x, y, cells=170, seed=seed + 1)
    tone = 1 + 0.006 * clouds(x, y, cells=2.0, octaves=3, seed=seed + 2) + 0.011 * tooth
    return Material(
        np.asarray(np.clip(tone[..., None] * np.asarray(colour, np.float32), 0, 1), np.float32),
        0.36,  # rougher, and Disney's diffuse shines when seen flat: a sweep would show a horizon
        relief=np.asarray(0.0002 * tooth, np.float32),
        specular=0.05,
    )


def oak(x: F32, y: F32, *, plank: float = 0.44, seed: int = 31) -> Material:
    """A table of oiled oak boards along x: rings cut lengthways, pores, rounded edges.  x, y: rows of one y each."""
    board = np.floor(y[:, 0] / plank + 0.38)
    layers = [_board(x[board == one], y[board == one], int(one), plank, seed) for one in np.unique(board)[::-1]]
    tone, rough, relief = (np.concatenate(parts) for parts in zip(*layers, strict=True))
    return Material(tone, rough, relief=relief, specular=0.35)


def _board(x: F32, y: F32, board: int, plank: float, seed: int) -> tuple[F32, F32, F32]:
    """Colour, roughness and relief of one board."""
    rng = np.random.default_rng([seed, board & 0xFF])
    across = np.asarray(y - np.float32((board + 0.12) * plank), np.float32)  # 0 in the board's middle
    edge = np.asarray(plank / 2 - np.abs(across), np.float32)
    u, v = x + np.float32(rng.uniform(-40, 40)), across + np.float32(rng.uniform(-40, 40))
    early = _years(x, across - np.float32(rng.uniform(-0.55, 0.55) * plank), u, v, rng, seed)
    # Detail finer than the texels would show as coarse dashes: it fades to its mean shade.
    row = np.abs(np.gradient(y[:, :1], axis=0)) if len(y) > 1 else np.zeros_like(y[:, :1])
    visible, coarse = (np.asarray(1 / (1 + (lines * row) ** 2), np.float32) for lines in (450, 90))
    early = early * coarse + (1 - coarse) * np.float32(0.22)
    fibre = visible * clouds(v, u, cells=110, octaves=3, seed=seed + 12, gain=1.0, stretch=44)
    dense = noise(v, u, cells=620, seed=seed + 16, stretch=26) + np.float32(0.9) * early
    pores = smoothstep(0.55, 1.95, np.asarray(dense, np.float32))
    pores = np.maximum(pores, 0.8 * smoothstep(1.3, 2.2, noise(v, u, cells=400, seed=seed + 17, stretch=24)))
    pores = visible * pores + (1 - visible) * (0.16 + 0.45 * early)
    rays = visible * smoothstep(1.5, 2.1, noise(v, u, cells=190, seed=seed + 20, stretch=7))
    cloud = clouds(v, u, cells=2.5, octaves=3, seed=seed + 24, stretch=3)
    pale, deep = np.array([0.480, 0.315, 0.178], np.float32), np.array([0.205, 0.110, 0.050], np.float32)
    mix = np.clip(0.18 + 0.46 * early + 0.11 * fibre + 0.07 * cloud + rng.uniform(-0.1, 0.14), 0, 1)
    tint = 1 + rng.uniform(-0.06, 0.06) * np.array([1, 1, 1.3], np.float32)
    tone = (pale + (deep - pale) * mix[..., None]) * tint.astype(np.float32)
    joint = (1 - smoothstep(0.0008, 0.0028, edge)) * np.minimum(1, 0.002 / np.maximum(row, 1e-6))
    tone *= ((1 - 0.46 * pores) * (1 + 0.10 * rays) * (1 - 0.85 * joint))[..., None]
    bow = np.clip(1 - edge / 0.009, 0, 1) ** 2
    relief = 0.00020 * fibre - 0.0006 * pores - 0.0002 * early - 0.0030 * bow - 0.002 * joint
    rough = np.clip(0.40 + 0.10 * early + 0.04 * fibre + 0.2 * pores, 0.25, 0.9)
    return np.asarray(np.clip(tone, 0, 1), np.float32), np.asarray(rough, np.float32), np.asarray(relief, np.float32)


def _years(x: F32, off: F32, u: F32, v: F32, rng: np.random.Generator, seed: int) -> F32:
    """Share of early wood, open and dark, which begins each year sharply and fades.  off: from the heart, across.

    The heart runs nearly along the board, a little under its face or beside it: arches, or straight lines.
    """
    depth, rise = rng.uniform(0.05, 0.16), rng.uniform(0.03, 0.07) * float(rng.choice([-1, 1]))
    wander = 0.05 * clouds(v, u, cells=1.6, octaves=3, seed=seed, stretch=4)
    under = depth + rise * x + 0.05 * noise(v, u, cells=0.9, seed=seed + 5, stretch=2)
    ring = np.asarray(46 * np.sqrt((off + wander) ** 2 + under**2), np.float32)
    ring += 0.5 * noise(ring, u, cells=0.8, seed=seed + 9, stretch=40)
    ring += 0.25 * clouds(v, u, cells=9, octaves=3, seed=seed + 8, stretch=10)
    year = np.floor(ring)
    strength = 0.35 + 0.65 * smoothstep(-1, 1, noise(year, u, cells=0.37, seed=seed + 10, stretch=9))
    return smoothstep(0.0, 0.1, ring - year) * (1 - smoothstep(0.1, 0.75, ring - year)) * strength


def linen(x: F32, y: F32, *, colour: Colour, thread: float = 0.0043, seed: int = 51) -> Material:
    """Plain weave of slubby yarn: over and under, each thread with its own thickness, shade and way."""
    # Where texels are too coarse for a thread they get its mean, or threads and texels would interfere.
    visible = smoothstep(2, 6, np.asarray(thread / (x[0, 1] - x[0, 0]), np.float32))
    a = x / np.float32(thread) + 0.5 * clouds(x, y, cells=2.6, octaves=3, seed=seed)
    b = y / np.float32(thread) + 0.5 * clouds(x, y, cells=2.6, octaves=3, seed=seed + 8)
    a += 0.1 * noise(x, y, cells=40, seed=seed + 4)
    b += 0.1 * noise(x, y, cells=40, seed=seed + 12)
    height, tone = _yarn(a, b, y, seed=seed + 16)
    weft, shade = _yarn(b, a + 1, x, seed=seed + 32)
    tone = visible * np.where(height > weft, tone, shade) + (1 - visible) * 0.5 * (tone + shade)
    height = np.maximum(np.maximum(height, weft), -0.75)
    gap = 0.5 - 0.5 * smoothstep(-0.75, 0.95, height)
    tone += 1 + 0.02 * clouds(x, y, cells=1.2, octaves=3, seed=seed + 48)
    tone *= 1 - (visible * gap + (1 - visible) * gap[::4, ::4].mean())
    return Material(
        np.asarray(tone[..., None] * np.asarray(colour, np.float32), np.float32),
        0.95,
        relief=np.asarray(visible * 0.22 * thread * height, np.float32),
        specular=0.05,
        sheen=0.2,
    )


def _yarn(across: F32, along: F32, way: F32, *, seed: int) -> tuple[F32, F32]:
    """(height in half threads, shade) of one set of threads.  across, along: in threads; way: world units along."""
    number = np.floor(across)
    own = number * np.float32(0.618)  # so that neighbours are unlike in noise
    thick = noise(own, (way * 1.1).astype(np.float32), cells=1.0, seed=seed, stretch=1.0001)
    slub = smoothstep(1.3, 2.6, noise(own, (way * 5).astype(np.float32), cells=1.0, seed=seed + 4, stretch=1.0001))
    shade = 0.03 * thick + 0.10 * slub
    shade += 0.045 * noise(own, (way * 0.35).astype(np.float32), cells=1.0, seed=seed + 12, stretch=1.0001)
    shade += 0.05 * noise(
        (across * 4.1).astype(np.float32), (way * 210).astype(np.float32), cells=1.0, seed=seed + 8, stretch=1.0001
    )
    off = (across - number - np.float32(0.5)) / np.clip(0.47 + 0.055 * thick + 0.2 * slub, 0.34, 0.66)
    height = 0.15 * slub + 0.55 * np.sin(np.float32(np.pi) * (along + number))
    height += 0.45 * (np.sqrt(np.clip(1 - off * off, 0, 1)) - 2 * (np.abs(off) >= 1))
    return height.astype(np.float32), shade.astype(np.float32)


def leafy(*, colour: str = "#5f7a4d") -> Material:
    """A leaf's blade over uv in [0, 1], across and along: a pale midrib, ribs that leave it aslant, mottling."""
    across, along = even(1, 1, 128)
    off = np.asarray(np.abs(across - 0.5), np.float32)
    rib = ridges(off, 0.035) + 0.45 * ridges(np.mod(along * 9 - off * 5, 1) - 0.5, 0.12) * smoothstep(0.5, 0.1, off)
    tone = 1 + 0.55 * rib + 0.10 * clouds(across, along, cells=5, octaves=3, seed=61)
    return Material(
        np.asarray(tone[..., None] * hex_to_linear(colour), np.float32), 0.42, specular=0.45, translucent=0.25
    )


def chalk(x: F32, y: F32, *, colour: Colour, seed: int = 71) -> Material:
    """Cast plaster under matt paint: clouds of tone, trowel marks, pores where air was, a fine grain."""
    brush = clouds(x, y * 0.6, cells=2.6, octaves=5, seed=seed, gain=0.6)
    marks = clouds(x + 0.05 * brush, 1.5 * y + 0.04 * brush, cells=6, octaves=4, seed=seed + 30, gain=0.6)
    fine = 0.6 * grain(x, y, cells=330, seed=seed + 10) + 0.8 * grain(x, y, cells=140, seed=seed + 11)
    pores = smoothstep(2.2, 2.7, grain(x, y, cells=120, seed=seed + 20)) + smoothstep(
        2.4, 2.9, grain(x, y, cells=52, seed=seed + 21)
    )
    tone = 1 + 0.022 * brush + 0.012 * marks + 0.012 * fine - 0.12 * pores
    relief = 0.0008 * marks + 0.00012 * fine - 0.0008 * pores
    return Material(
        np.asarray(np.clip(tone[..., None] * np.asarray(colour, np.float32), 0, 1), np.float32),
        0.9,
        relief=np.asarray(relief, np.float32),
        specular=0.2,
    )


def stoneware(colour: str, *, seed: int = 71) -> Material:
    """Half-matt glaze with specks of iron, over one unit of a vessel's wall."""
    x, y = even(1, 1, 512)
    specks = smoothstep(2.0, 2.7, noise(x, y, cells=95, seed=seed)) + smoothstep(
        1.9, 2.5, noise(x, y, cells=41, seed=seed + 1)
    )
    tone = (1 - 0.55 * np.clip(specks, 0, 1))[..., None] * hex_to_linear(colour)
    return Material(np.asarray(tone, np.float32), roughness=0.42, specular=0.45)


def block(tint: Colour, *, seed: int) -> Material:
    """Wood glued from staves that run upright, over one unit: chopping boards."""
    wood = oak(*even(1, 1, 256), plank=0.13, seed=seed)
    assert isinstance(wood.colour, np.ndarray)
    tone = np.ascontiguousarray(wood.colour.transpose(1, 0, 2)) * np.asarray(tint, np.float32)
    return Material(np.clip(tone, 0, 1), roughness=0.5, specular=0.35)


def eucalyptus() -> Material:
    """A leaf's map over uv: gray green with a pale rib, side veins, a rim of rust."""
    u, v = np.meshgrid(np.linspace(-1, 1, 256, dtype=np.float32), np.linspace(1, 0, 256, dtype=np.float32))
    rib = np.exp(-((u / 0.035) ** 2)) * (1 - 0.7 * v)
    veins = np.exp(-((np.mod(v * 7 - np.abs(u) * 2.2, 1) - 0.5) ** 2) / 0.004) * smoothstep(0.98, 0.5, np.abs(u))
    patches = clouds(u, v, cells=2.4, octaves=4, seed=81)
    rim = smoothstep(0.86, 1.0, np.abs(u)) * smoothstep(0.1, 0.4, v)
    green = np.asarray(hex_to_linear("#84937a"), np.float32)
    pale, rust = (np.asarray(hex_to_linear(c), np.float32) for c in ("#c3cbae", "#9a7564"))
    tone = green * (1 + 0.09 * patches[..., None])
    tone = (
        tone + (pale - tone) * np.clip(0.6 * rib + 0.1 * veins, 0, 1)[..., None] + (rust - tone) * 0.5 * rim[..., None]
    )
    return Material(np.asarray(np.clip(tone, 0, 1), np.float32), 0.5, specular=0.3)


def glaze(x: F32, y: F32, *, rim: float, seed: int = 91) -> Material:
    """Oatmeal glaze on stoneware, speckled with iron, worn on the rim to the clay.  x, y: from the middle."""
    iron = smoothstep(2.1, 2.7, noise(x, y, cells=230, seed=seed)) + 0.8 * smoothstep(
        2.3, 2.9, noise(x, y, cells=85, seed=seed + 1)
    )
    worn = smoothstep(0.968, 0.992, np.hypot(x, y) / rim + 0.006 * noise(x, y, cells=14, seed=seed + 2))
    milk = (
        np.array([0.56, 0.525, 0.465], np.float32)
        * (1 + 0.03 * clouds(x, y, cells=5, octaves=4, seed=seed + 3))[..., None]
    )
    clay = np.array([0.36, 0.22, 0.13], np.float32)
    tone = milk + (clay - milk) * np.clip(0.75 * worn + 0.6 * iron, 0, 1)[..., None]
    return Material(np.asarray(tone, np.float32), np.asarray(0.28 + 0.35 * worn, np.float32), specular=0.5)
