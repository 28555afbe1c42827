"""What a check is: a function from a finished file to a finding.

Checks judge pixels, so that a stranger's file can be judged too. Where the file is ours, the composition it was made
from lets some of them prove more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import U8, brightest, to_linear, to_srgb
from packshot.finding import Finding, Verdict
from packshot.ops import measure, resample
from packshot.ops.geometry import PixelBox, box_of
from packshot.ops.outline import Outline, outline
from packshot.rules import Rule, Rules
from packshot.step import Composition

# How much JPEG may leave of white: two levels at the border of an 8 × 8 block.
WHITE_LEVEL = 253


@dataclass(frozen=True, eq=False)
class Reference:
    """The photo resampled on its own, past all compositing: what the product's pixels are held against."""

    composition: Composition

    @cached_property
    def _expected(self) -> tuple[U8, NDArray[np.bool_]]:
        """(h, w, 3) sRGB over the placement's region, and where the filter saw nothing but product.

        Elsewhere the edge's own colour is meant to differ from the photo's.
        """
        placement, _, _ = self.composition.laid_out()
        cutout = self.composition.cutout
        rows, columns = placement.window(cutout.photo.size)
        box = placement.within(rows, columns)
        photo = resample.lanczos(to_linear(cutout.photo.pixels[rows, columns]), placement.size, box=box)
        impure = (cutout.matte[rows, columns] < 255).astype(np.uint8)
        side = np.ones(2 * placement.reach + 3, np.uint8)
        impure = np.asarray(cv2.dilate(cv2.dilate(impure, side[None]), side[:, None]), np.uint8)
        x, y = (
            np.minimum((np.arange(n) + 0.5) * (box[i + 2] - box[i]) / n + box[i], impure.shape[1 - i] - 1).astype(int)
            for i, n in enumerate(placement.size)
        )
        return to_srgb(np.clip(photo, 0, 1)), impure[y][:, x] == 0

    def distance(self, pixels: U8) -> float:
        """The largest difference in levels of 255.  pixels: (H, W, 3), the whole canvas."""
        left, top, right, bottom = self.composition.laid_out()[0].region
        expected, pure = self._expected
        apart = cv2.absdiff(expected, np.ascontiguousarray(pixels[top:bottom, left:right]))
        return float(brightest(np.asarray(apart, np.uint8))[pure].max(initial=0))


@dataclass(frozen=True, eq=False)
class Look:
    """A picture and where its product is; what is measured of it is measured once, for all files made from it."""

    pixels: U8  # (H, W, 3) sRGB, transparent parts over white
    matte: U8  # (H, W): coverage of the product
    reference: Reference | None = None  # what it was made from, if it is ours

    @property
    def composition(self) -> Composition | None:
        return self.reference.composition if self.reference else None

    @cached_property
    def moved(self) -> float:
        """Levels of 255 by which the product differs from the photo resampled on its own; 0 is the proof."""
        return self.reference.distance(self.pixels) if self.reference else 0.0

    @cached_property
    def box(self) -> PixelBox:
        """The product's box; four times 0 when there is none."""
        return box_of((self.matte > 127).astype(np.uint8))

    @cached_property
    def outline(self) -> Outline | None:
        made = self.composition
        photo, placement = (made.cutout.photo.pixels, made.placement) if made else (None, None)
        return outline(self.pixels, self.matte, photo=photo, placement=placement)

    @cached_property
    def softness(self) -> float | None:
        return measure.softness(self.pixels, self.matte)


@dataclass(frozen=True, eq=False)
class Subject:
    """A finished file as its receiver sees it.

    `look` is the picture as it was meant where the file is ours (what encoding did to it is `unchanged`'s to judge),
    and as it was decoded where it is a stranger's.
    """

    name: str
    format: str
    bytes: int
    pixels: U8  # (H, W, 3) sRGB as decoded, transparent parts over white
    alpha: U8 | None  # (H, W), where the file has one
    look: Look
    source_type: str  # IPTC DigitalSourceType, empty where there is none
    unsafe: float | None  # content safety score [0, 1], None where it was not rated

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)"""
        return self.pixels.shape[1], self.pixels.shape[0]


class Check(Protocol):
    """Returns None where the question does not arise for this file or channel."""

    def __call__(self, subject: Subject, rules: Rules) -> Finding | None: ...


def broken(rule: Rule, rules: Rules) -> Verdict:
    """What breaking a rule means for this channel: a rejected file, or a second look."""
    return Verdict.FAIL if rule in rules.hard else Verdict.WARN
