"""How uncertain a cut-out is, from what one pass already gives: the raw matte, the clean one, the photo.

Constants were chosen on one half of the set in benchmarks/uncertainty.py and judged by the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8
from packshot.ops.dissent import AGREED, Dissent, Place
from packshot.ops.resample import within_side

Doubt = Literal["hand", "stand", "front", "missing", "extra", "opening", "rim", "alike"]
ShareBox = tuple[float, float, float, float]  # left, top, right, bottom; shares of the frame

UNSURE = 0.5  # above it a person should look at the cut-out; chosen on one half of the set
SIDE = 512  # px, longest, at which this is measured
# Each measure's limit: at it the cut-out is UNSURE by this measure alone.
HOLLOW, MUSH, SOFT_PX, TEETH, STEP, ABOVE = 0.2, 0.08, 3.2, 240.0, 0.065, 0.012
SLICES = 6  # the worst of so many horizontal slices counts: a pedestal or a hidden foot is local
SKIN = ((142, 80), (178, 122))  # Cr, Cb; Chai and Ngan 1999, narrowed so that oak and sand are not skin
ALIKE_DELTA_E, ALIKE_SHARE = 8.0, 0.7  # of the outline with no visible edge in the photo
ON_PERSON = 0.5  # share of an arm that lies on a person
ITSELF = 0.6  # overlap of boxes from which what was taken for a person is the product: a shirt on a hanger


@dataclass(frozen=True, slots=True)
class Doubts:
    """How uncertain a cut-out is, and why."""

    uncertainty: float  # [0, 1]; UNSURE where one measure is at its limit
    kinds: tuple[Doubt, ...]  # the reasons, where there are any: held in a hand, something in front, no visible edge
    place: Place = ""  # where the first of them is, of the product's box


NO_DOUBTS = Doubts(0.0, ())


def doubts_of(
    matte_u8: U8,
    raw: F32,
    pixels_u8: U8,
    *,
    above: float = 0.0,
    dissent: Dissent = AGREED,
    people: Sequence[ShareBox] | None = None,
) -> Doubts:
    """matte_u8: (H, W), not empty.  raw: (h, w) [0, 1], the model's answer.  pixels_u8: (H, W, 3) sRGB.

    above: `Glass.above`.  people: where a detector saw some; None where none was asked, then skin alone is a hand.
    """
    matte, pixels = within_side(matte_u8, SIDE), within_side(pixels_u8, SIDE)
    answer = np.asarray(cv2.resize(raw, matte.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)
    solid = (matte > 127).astype(np.uint8)
    if not solid.any():
        return Doubts(1.0, ())
    outline = np.asarray(cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)), np.uint8)
    _, _, width, height = cv2.boundingRect(solid)
    away = np.asarray(cv2.distanceTransform(1 - outline, cv2.DIST_L2, 3), np.float32)
    deep = away > max(2.0, 0.008 * float(np.hypot(width, height)))
    half = 4 * answer * (1 - answer)
    soft_px = float(half[~deep].sum()) / max(1.0, outline.sum() / 2)
    mush = float(half[deep].sum()) / float(solid.sum())
    tones = _lab(pixels)
    shape = _silhouette(matte_u8)
    step = _step(shape)
    teeth = _teeth(shape) * _sharpness_around(tones, solid, away)
    arms = _arms(pixels, solid)
    hand = bool(arms) if people is None else any(_is_of(arm, solid, box) for arm in arms for box in people)
    # Steep powers: a measure well below its limit adds nothing, so that good cut-outs do not collect uncertainty.
    against = (
        (_hollow(answer, solid, deep) / HOLLOW) ** 3 + (mush / MUSH) ** 2 + (soft_px / SOFT_PX) ** 8
        + (teeth / TEETH) ** 4 + min(2.0, (step / STEP) ** 4) + bool(arms) + min(2.0, dissent.grade) ** 3
    )  # fmt: skip
    kinds: list[Doubt] = []
    if hand:
        kinds.append("hand")
    elif step > STEP:
        kinds.append("stand")
    elif teeth > TEETH:
        kinds.append("front")
    elif dissent.kind and dissent.grade >= 1:
        kinds.append(dissent.kind)
    elif above > ABOVE and against < 1:
        kinds.append("rim")
    elif _alike(tones, matte, outline) > ALIKE_SHARE:
        kinds.append("alike")
    place: Place = dissent.place if kinds and kinds[0] == dissent.kind else ""
    return Doubts(float(1 - UNSURE ** (against + (above / ABOVE) ** 2)), tuple(kinds), place)


def _hollow(answer: F32, solid: U8, deep: NDArray[np.bool_]) -> float:
    """How much the answer falls short of 1 inside the product, in the worst of its horizontal slices; by its root,
    since 0.98 among values of 1.00 already matters."""
    inside = deep & (solid > 0)
    short = np.sqrt(np.clip(1 - answer, 0, 1)) * inside
    counts, sums = inside.sum(1), short.sum(1)
    rows = np.flatnonzero(solid.any(1))
    slices = np.array_split(rows, SLICES)
    return max((float(sums[s].sum() / counts[s].sum()) for s in slices if counts[s].sum() > 20), default=1.0)


def _silhouette(matte_u8: U8) -> U8:
    """The product's own box, at the model's fineness: 0 and 1."""
    solid = (within_side(matte_u8, 2 * SIDE) > 127).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(solid)
    return solid[top : top + height, left : left + width]


def _teeth(shape: U8) -> int:
    """How often the product's lower edge turns up or down, as where grass covers it."""
    height, width = shape.shape
    low = height - 1 - np.argmax(shape[::-1], axis=0)[shape.any(0)]
    bite = max(3.0, 0.012 * float(np.hypot(width, height)))
    turns, down, last = 0, True, float(low[0])
    for y in np.maximum(low, 0.6 * height).tolist():
        if (y > last) == down and y != last:
            last = y
        elif abs(y - last) > bite:
            turns, down, last = turns + 1, not down, y
    return turns


def _step(shape: U8) -> float:
    """By which share of its width a straight block at the foot extends on both sides, as a pedestal does."""
    height, width = shape.shape
    full = np.flatnonzero(shape.any(1))
    left, right = np.argmax(shape, axis=1)[full], (width - 1 - np.argmax(shape[:, ::-1], axis=1))[full]
    upright = max(1.5, 0.008 * width)
    most = 0.0
    for end in range(len(full) - 1, int(0.75 * len(full)), -max(1, height // 60)):
        bent = np.flatnonzero((abs(left[:end] - left[end]) > upright) | (abs(right[:end] - right[end]) > upright))
        start = int(bent[-1]) + 1 if len(bent) else 0
        above = slice(max(0, start - int(0.08 * height)), start)
        if end - start > 0.07 * height and start > 0.5 * height:
            inset = min(left[above].max() - left[end], right[end] - right[above].min())
            most = max(most, float(inset) / max(1.0, float(right[end] - left[end])))
    return most


def _sharpness_around(tones: F32, solid: U8, away: F32) -> float:
    """Median gradient in Lab around the product: a backdrop out of focus cannot stand in front of it."""
    ring = (away > 4) & (away < 12) & (solid == 0)
    if not ring.any():
        return 0.0
    across, down = (cv2.Sobel(tones, cv2.CV_32F, *axis)[ring] for axis in ((1, 0), (0, 1)))
    return float(np.median(np.linalg.norm(np.hstack([across, down]), axis=1)))


def _lab(pixels: U8) -> F32:
    smooth = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 1.2), np.uint8)
    tones = cv2.cvtColor(smooth, cv2.COLOR_RGB2Lab).astype(
        np.float32
    )  # in steps of 1 is enough, in a fifth of the time
    tones[..., 0] *= np.float32(100 / 255)
    return tones


def _arms(pixels: U8, solid: U8) -> list[NDArray[np.bool_]]:
    """What has skin's colour, comes in from the frame's border, narrow as an arm, and reaches the product."""
    arms = []
    tones = cv2.cvtColor(cv2.GaussianBlur(pixels, (0, 0), 1.5), cv2.COLOR_RGB2YCrCb)
    skin = cv2.inRange(tones, (50, *SKIN[0]), (255, *SKIN[1]))
    for operation in (cv2.MORPH_OPEN, cv2.MORPH_CLOSE):
        skin = cv2.morphologyEx(skin, operation, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(skin)
    left, top, width, height = cv2.boundingRect(solid)
    for label in range(1, count):
        if not 0.01 * solid.sum() < stats[label, cv2.CC_STAT_AREA] < 0.3 * solid.size:
            continue
        part = labels == label
        contact = [float(edge.mean()) for edge in (part[0], part[-1], part[:, 0], part[:, -1])]
        reaches = part[top : top + height, left : left + width].mean() > 0.025
        if 0.02 < max(contact) < 0.35 and reaches:
            arms.append(part)
    return arms


def _is_of(arm: NDArray[np.bool_], solid: U8, person: ShareBox) -> bool:
    """Whether a person's box holds that arm, and not rather the product, which a detector took for a person."""
    height, width = arm.shape
    left, top, right, bottom = (
        min(most, max(0, round(edge * most))) for edge, most in zip(person, (width, height) * 2, strict=True)
    )
    if arm[top:bottom, left:right].sum() < ON_PERSON * arm.sum():
        return False
    x, y, w, h = cv2.boundingRect(solid)
    common = max(0, min(right, x + w) - max(left, x)) * max(0, min(bottom, y + h) - max(top, y))
    return bool(common < ITSELF * ((right - left) * (bottom - top) + w * h - common))


def _alike(tones: F32, matte: U8, outline: U8) -> float:
    """Share of the outline along which product and backdrop look the same."""
    coverage = cv2.GaussianBlur(matte.astype(np.float32), (0, 0), 2)
    across = [np.asarray(cv2.Sobel(coverage, cv2.CV_32F, *axis), np.float32) for axis in ((1, 0), (0, 1))]
    rows, columns = np.nonzero(outline)
    dx, dy = (slope[rows, columns] for slope in across)
    length = np.hypot(dx, dy) + np.float32(1e-6)
    sides = [
        cv2.remap(tones, (columns + k * dx / length).astype(np.float32)[:, None],
                  (rows + k * dy / length).astype(np.float32)[:, None], cv2.INTER_LINEAR,
                  borderMode=cv2.BORDER_REPLICATE)
        for k in (-3, 3)
    ]  # fmt: skip
    return float((np.linalg.norm(sides[0] - sides[1], axis=2) < ALIKE_DELTA_E).mean())
