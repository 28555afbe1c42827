"""What a check is: a function from a finished file to a finding.

Checks judge pixels, so that any file can be judged. Where the file is ours, the composition that it was made from lets
some of them prove more.
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

# Levels of 255 that count as white: JPEG takes two at the border of an 8 × 8 block.
WHITE_LEVEL = 253


@dataclass(frozen=True, eq=False)
class Reference:
    """The photo resampled directly, without compositing: the product's pixels must equal it."""

    composition: Composition

    @cached_property
    def _expected(self) -> tuple[U8, NDArray[np.bool_]]:
        """(h, w, 3) sRGB over the placement's region, and where the filter reads nothing but product.

        Elsewhere the edge's colour differs from the photo's on purpose.
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
class ProductPicture:
    """A picture and where its product is; each measurement is made once, for all files made from it."""

    pixels: U8  # (H, W, 3) sRGB, transparent parts over white
    matte: U8  # (H, W): coverage of the product
    reference: Reference | None = None  # if the picture is ours

    @property
    def composition(self) -> Composition | None:
        return self.reference.composition if self.reference else None

    @cached_property
    def moved(self) -> float:
        """Levels of 255 by which the product differs from the photo resampled directly; 0 proves it unchanged."""
        return self.reference.distance(self.pixels) if self.reference else 0.0

    @cached_property
    def box(self) -> PixelBox:
        """The product's box; four times 0 when there is none."""
        return box_of((self.matte > 127).astype(np.uint8))

    @cached_property
    def outline(self) -> Outline | None:
        composition = self.composition
        photo, placement = (composition.cutout.photo.pixels, composition.placement) if composition else (None, None)
        return outline(self.pixels, self.matte, photo=photo, placement=placement)

    @cached_property
    def softness(self) -> float | None:
        return measure.softness(self.pixels, self.matte)


@dataclass(frozen=True, eq=False)
class Subject:
    """A finished file as its receiver gets it.

    `picture`: before encoding where the file is ours (`unchanged` judges what encoding did to it), else as decoded.
    """

    name: str
    format: str
    bytes: int
    pixels: U8  # (H, W, 3) sRGB as decoded, transparent parts over white
    alpha: U8 | None  # (H, W), where the file has one
    picture: ProductPicture
    source_type: str  # IPTC DigitalSourceType, empty where there is none
    unsafe: float | None  # content safety score [0, 1], None where it was not rated

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)"""
        return self.pixels.shape[1], self.pixels.shape[0]


class Check(Protocol):
    """Returns None where the check does not apply to this file or channel."""

    def __call__(self, subject: Subject, rules: Rules) -> Finding | None: ...


def broken(rule: Rule, rules: Rules) -> Verdict:
    """The verdict on a file that breaks a rule: rejected where this channel has it as a hard one, else a warning."""
    return Verdict.FAIL if rule in rules.hard else Verdict.WARN
