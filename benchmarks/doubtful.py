"""Pictures whose cut-out is known to be good or bad: real photos judged by eye, and rendered products put where
cut-outs fail, with the exact matte kept.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from packshot.colour import to_linear, to_srgb
from packshot.image import read
from packshot.settings import Limits

SIDE = 1024  # px, longest
# By eye, cut-outs on white and on magenta at 100 and 300 %, 2026-11-29.  "fair": a flaw that is retouched in a minute;
# counted neither way.  "glass" has a finding of its own.
BY_EYE = {
    "backpack-00": ("bad", "worn, hair"), "bear_plushie-00": ("good", ""), "berry_bowl-00": ("bad", "white on white"),
    "berry_bowl-03": ("bad", "white on white"), "bike": ("good", ""), "can-00": ("good", ""), "can-03": ("good", ""),
    "candle-00": ("good", ""), "candle-02": ("bad", "grass in front"), "clock-00": ("bad", "hand-held"),
    "clothing-22d78476": ("good", ""), "clothing-4624dc45": ("bad", "seam lost in a carpet"),
    "clothing-8e198f87": ("good", ""), "clothing-f99fbb9c": ("bad", "hanger, smeared edge"),
    "colorful_sneaker-00": ("good", ""), "colorful_sneaker-02": ("bad", "grass in front"),
    "colorful_sneaker-03": ("good", ""), "fancy_boot-00": ("good", ""), "fancy_boot-03": ("good", ""),
    "glass-bowl": ("glass", ""), "glass-jars": ("glass", ""), "grey_sloth_plushie-00": ("fair", "grass in front"),
    "grocery-juice-in-store": ("bad", "hand-held"), "grocery-juice-packshot": ("bad", "reflection fused"),
    "icc-profile": ("bad", "no product"), "lamp": ("good", ""), "vase-00": ("bad", "clutter"),
    "vase-03": ("bad", "leaf smeared"),
}  # fmt: skip
CHOSEN_ON = ("00_bottle", "02_mug", "06_brush", "05_plush")  # the other products judge, as every second real photo does
OTHERS = ("01_can", "08_jar", "15_bag")


@dataclass(frozen=True)
class Product:
    name: str
    own: np.ndarray  # (H, W, 3) linear
    cover: np.ndarray  # (H, W, 1) [0, 1]
    backdrop: np.ndarray  # (H, W, 3) linear, with its shadow

    def box(self) -> tuple[int, int, int, int]:
        x, y, w, h = cv2.boundingRect((self.cover[..., 0] > 0.5).astype(np.uint8))
        return x, y, x + w, y + h


@dataclass(frozen=True)
class Picture:
    name: str
    kind: str  # what was done to it; "" nothing
    half: str  # "chosen on" or "judged by"
    pixels: np.ndarray  # (H, W, 3) sRGB
    exact: np.ndarray | None = None  # (H, W) [0, 1]
    judged: str = ""  # good, bad, fair, glass where an eye or the making decides; else the exact matte does


def products(synth: Path) -> list[Product]:
    found = []
    for name in (*CHOSEN_ON, *OTHERS):
        folder = synth / "gt" / name
        cover = cv2.imread(str(folder / "alpha.png"), cv2.IMREAD_UNCHANGED).astype(np.float32) / 65535
        size = tuple(round(side * SIDE / max(cover.shape)) for side in cover.shape[::-1])
        own, back = (to_linear(np.asarray(Image.open(folder / f).convert("RGB"))) for f in ("fg.png", "bg.jpg"))
        cover, own, back = (cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in (cover, own, back))
        found.append(Product(name, own, cover[..., None], back))
    return found


def over(one: np.ndarray, cover: np.ndarray, other: np.ndarray) -> np.ndarray:
    return one * cover + other * (1 - cover)


def textured(shape: tuple[int, ...], random: np.random.Generator, scale: float, depth: float) -> np.ndarray:
    """(H, W, 1) around 1: noise at some octaves from `scale` px down."""
    total = np.zeros(shape[:2], np.float32)
    while scale >= 2:
        small = random.normal(0, 1, (int(shape[0] / scale) + 2, int(shape[1] / scale) + 2)).astype(np.float32)
        total += cv2.resize(small, shape[1::-1], interpolation=cv2.INTER_CUBIC)
        scale /= 2
    return (1 + depth * total / total.std())[..., None]


def elsewhere(p: Product, all_of: list[Product], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """On another rendered product's backdrop."""
    back = all_of[int(random.integers(len(all_of)))].backdrop
    h, w = p.cover.shape[:2]
    scale = max(h / back.shape[0], w / back.shape[1])
    back = cv2.resize(back, None, fx=scale * 1.001, fy=scale * 1.001, interpolation=cv2.INTER_LINEAR)[:h, :w]
    return over(p.own, p.cover, back), p.cover


def plainly(p: Product, _: list[Product], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Before a plain wall of some light tone, its contact shadow kept."""
    wall = np.float32(random.uniform(0.35, 0.8)) * np.array([1, random.uniform(0.9, 1), random.uniform(0.8, 1)])
    shade = np.clip(p.backdrop.mean(2, keepdims=True) / np.median(p.backdrop), 0, 1.2) ** 0.5
    return over(p.own, p.cover, (wall * shade).astype(np.float32)), p.cover


def pedestal(p: Product, all_of: list[Product], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Standing on a block of its own colour."""
    left, top, right, bottom = p.box()
    h, w = p.cover.shape[:2]
    foot = slice(bottom - (bottom - top) // 5, bottom), slice(left, right)
    colour = p.own[foot][p.cover[foot][..., 0] > 0.9].mean(0)
    wide = int((right - left) * random.uniform(1.0, 1.3))
    x = (left + right) // 2 - wide // 2
    block = np.zeros((h, w), np.float32)
    rise = wide // 7
    deep = int(min(h - bottom - 8, (bottom - top) * random.uniform(0.25, 0.5)))
    y = bottom - rise // 2
    cv2.rectangle(block, (x, y), (x + wide, y + deep), 1, -1)
    for at in (y, y + deep):
        cv2.ellipse(block, (x + wide // 2, at), (wide // 2, rise // 2 + 1), 0, 0, 360, 1, -1)
    side = np.cos(np.linspace(-1.2, 1.2, wide + 1)) * 0.8
    light = np.ones((h, w), np.float32)
    light[:, max(0, x) : x + wide + 1] = side[: light[:, max(0, x) : x + wide + 1].shape[1]]
    cap = np.zeros((h, w), np.float32)
    cv2.ellipse(cap, (x + wide // 2, y), (wide // 2, rise // 2 + 1), 0, 0, 360, 1, -1)
    light = over(np.float32(1.05), cv2.GaussianBlur(cap, (0, 0), 1), light)[..., None]
    block = cv2.GaussianBlur(block, (0, 0), 1)[..., None]
    back = over(colour * light * textured(p.cover.shape, random, 8, 0.03), block, p.backdrop)
    return over(p.own, p.cover, back.astype(np.float32)), p.cover


def white_on_white(p: Product, _: list[Product], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A bleached product on white linen."""
    pale = 0.8 + 0.12 * p.own / max(1e-3, float(np.percentile(p.own, 95)))
    cloth = 0.86 * textured(p.cover.shape, random, 160, 0.05) * textured(p.cover.shape, random, 4, 0.02)
    shade = np.clip(p.backdrop.mean(2, keepdims=True) / np.median(p.backdrop), 0.5, 1.1) ** 0.3
    return over(pale, p.cover, (cloth * shade).repeat(3, 2)), p.cover


def hand(p: Product, all_of: list[Product], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Held from a side of the frame: a palm behind, four fingers in front."""
    left, top, right, bottom = p.box()
    h, w = p.cover.shape[:2]
    skin = np.array([[0.55, 0.29, 0.19], [0.42, 0.20, 0.12], [0.62, 0.38, 0.28], [0.28, 0.13, 0.08]])[
        int(random.integers(4))
    ]
    size, high = right - left, bottom - top
    thick = max(10, int(0.11 * max(size, 0.5 * high)))
    mid = top + int(high * random.uniform(0.5, 0.7))
    back = elsewhere(p, all_of, random)[0] * (1 - p.cover) + 0.5 * p.cover
    picture = over(p.own, p.cover, back)
    arm = ((min(w, right + 3 * size), h + 50), (right, mid))
    picture = limb(
        limb(picture, *arm, 4 * thick, skin, random, behind=p.cover),
        arm[1],
        ((left + right) // 2, mid),
        4 * thick,
        skin,
        random,
        behind=p.cover,
    )
    for i in range(4):
        y = mid + int((i - 1.7) * 1.25 * thick)
        tip = (right - int(size * random.uniform(0.25, 0.45)), y + int(random.uniform(-0.4, 0.4) * thick))
        picture = limb(picture, (right + thick, y), tip, thick, skin, random)
    return picture, p.cover


def limb(picture: np.ndarray, start: tuple[int, int], end: tuple[int, int], thick: int, skin: np.ndarray,
         random: np.random.Generator, behind: np.ndarray | None = None) -> np.ndarray:  # fmt: skip
    shape = np.zeros(picture.shape[:2], np.uint8)
    cv2.line(shape, start, end, 255, thick)
    depth = cv2.distanceTransform(shape, cv2.DIST_L2, 5) / (thick / 2)
    round_ = np.sqrt(np.clip(1 - (1 - np.clip(depth, 0, 1)) ** 2, 0, 1))[..., None]
    light = (0.45 + 0.6 * round_) * textured(picture.shape, random, 6, 0.02)
    cover = cv2.GaussianBlur(shape, (0, 0), 0.8).astype(np.float32)[..., None] / 255
    return over((skin * light).astype(np.float32), cover if behind is None else cover * (1 - behind), picture)


def clutter(p: Product, all_of: list[Product], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Among seven others as sharp as itself, on a busy cloth."""
    h, w = p.cover.shape[:2]
    back = p.backdrop * textured(p.cover.shape, random, 24, 0.3)
    left, top, right, bottom = p.box()
    for _ in range(7):
        q = all_of[int(random.integers(len(all_of)))]
        x0, y0, x1, y1 = q.box()
        scale = (bottom - top) / (y1 - y0) * random.uniform(0.6, 1.1)
        size = max(8, int((x1 - x0) * scale)), max(8, int((y1 - y0) * scale))
        own, cover = (cv2.resize(a[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA) for a in (q.own, q.cover))
        own = own[..., random.permutation(3)]
        x = int((left + right) / 2 + random.uniform(-1.6, 1.6) * (right - left) - size[0] / 2)
        y = int(bottom - size[1] - random.uniform(0.0, 0.3) * (bottom - top))
        shift = np.float32([[1, 0, x], [0, 1, y]])
        back = over(cv2.warpAffine(own, shift, (w, h)), cv2.warpAffine(cover, shift, (w, h))[..., None], back)
    return over(p.own, p.cover, back.astype(np.float32)), p.cover


def grass(p: Product, _: list[Product], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Its foot hidden in grass."""
    h, w = p.cover.shape[:2]
    _, top, _, bottom = p.box()
    picture = np.broadcast_to(np.array([0.03, 0.07, 0.015], np.float32), (h, w, 3)).copy()
    rows = np.sort(random.uniform(0.1 * h, h + 120, 9000))
    put = False
    for y in rows:
        if not put and y > bottom + 4:
            picture, put = over(p.own, p.cover, picture), True
        x, long = random.uniform(0, w), random.uniform(0.25, 1) * 0.22 * (bottom - top) * (0.5 + 0.7 * y / h)
        lean = random.normal(0, 0.45)
        t = np.linspace(0, 1, 7)
        line = np.stack([x + lean * long * t**1.6, y - long * t], 1)
        colour = np.array([0.16, 0.34, 0.05]) * random.uniform(0.4, 1.5) * np.array([random.uniform(0.6, 1.4), 1, 1])
        for i in range(6):
            a, b = (tuple(int(v * 8) for v in line[k]) for k in (i, i + 1))
            cv2.line(picture, a, b, colour.tolist(), max(1, int((3.4 - i * 0.5) * y / h)), cv2.LINE_AA, 3)
    if not put:
        picture = over(p.own, p.cover, picture)
    return picture.astype(np.float32), p.cover


def low_contrast(p: Product, _: list[Product], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Before a wall and on a floor of its own mean colour."""
    colour = p.own[p.cover[..., 0] > 0.9].mean(0)
    back = colour * textured(p.cover.shape, random, 200, 0.05) * textured(p.cover.shape, random, 6, 0.03)
    return over(0.6 * p.own + 0.4 * colour, p.cover, back.astype(np.float32)), p.cover


def moved(p: Product, all_of: list[Product], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The camera shaken by a tenth of its width."""
    left, _, right, _ = p.box()
    long = max(9, (right - left) // 8)
    kernel = np.zeros((long, long), np.float32)
    cv2.line(kernel, (0, int(random.integers(long))), (long - 1, int(random.integers(long))), 1, 1)
    kernel /= kernel.sum()
    return cv2.filter2D(over(p.own, p.cover, p.backdrop), -1, kernel), cv2.filter2D(p.cover, -1, kernel)[..., None]


Making = Callable[[Product, list[Product], np.random.Generator], tuple[np.ndarray, np.ndarray]]
# Making, its name, how often per product, and whether the product itself is hidden in part, which no matte can mend.
MAKINGS: tuple[tuple[Making, str, int, bool], ...] = (
    (elsewhere, "on another backdrop", 2, False), (plainly, "before a plain wall", 2, False),
    (pedestal, "fused pedestal", 2, False), (white_on_white, "white on white", 2, False),
    (hand, "hand-held", 2, True), (clutter, "clutter", 2, False), (grass, "grass in front", 2, True),
    (low_contrast, "low contrast", 2, False), (moved, "shaken", 1, False),
)  # fmt: skip


def saved(linear: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """As a phone gives it: grain, JPEG 90."""
    grain = random.normal(0, 2.5, linear.shape)
    pixels = np.clip(to_srgb(np.clip(linear, 0, 1).astype(np.float32)) + grain, 0, 255).astype(np.uint8)
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "JPEG", quality=90)
    return np.asarray(Image.open(held))


def generated(synth: Path) -> Iterator[Picture]:
    """Every making of every product, each from its own seed; the makings see only products of their own half."""
    found = products(synth)
    for half, names in (("chosen on", CHOSEN_ON), ("judged by", OTHERS)):
        mine = [p for p in found if p.name in names]
        for p in mine:
            for making, kind, times, hidden in MAKINGS:
                for turn in range(times):
                    random = np.random.default_rng(zlib.crc32(f"{p.name} {kind} {turn}".encode()))
                    linear, exact = making(p, mine, random)
                    judged = "bad" if hidden else ""
                    name = f"{p.name} {kind} {turn + 1}"
                    yield Picture(name, kind, half, saved(linear, random), exact[..., 0], judged)


def real(photos: Path) -> Iterator[Picture]:
    """The photos judged by eye, by turns in one half and the other, the good and the bad ones apart."""
    turns = {"good": 0, "bad": 0, "fair": 0, "glass": 0}
    for name, (judged, kind) in BY_EYE.items():
        file = next((f for f in photos.glob(f"{name}.*")), None)
        if file is None:
            continue
        turns[judged] += 1
        half = "chosen on" if turns[judged] % 2 else "judged by"
        pixels = read(file.read_bytes(), file.name, limits=Limits()).pixels
        yield Picture(name, kind or "real", half, pixels, None, judged)


def rendered(synth: Path) -> Iterator[Picture]:
    """The rendered photos as they are; glass apart."""
    for name in json.loads((synth / "index.json").read_text()):
        pixels = read((synth / "photos" / f"{name}.jpg").read_bytes(), name, limits=Limits()).pixels
        half = "chosen on" if name in CHOSEN_ON else "judged by"
        exact = cv2.imread(str(synth / "gt" / name / "alpha.png"), cv2.IMREAD_UNCHANGED).astype(np.float32) / 65535
        yield Picture(name, "as rendered", half, pixels, exact, "glass" if "tumbler" in name else "")
