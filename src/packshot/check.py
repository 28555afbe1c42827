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

from packshot.colour import U8
from packshot.finding import Finding, Verdict
from packshot.ops import measure
from packshot.rules import Rule, Rules
from packshot.step import Composition

# How much JPEG may leave of white: two levels at the border of an 8 × 8 block.
WHITE_LEVEL = 253


@dataclass(frozen=True, eq=False)
class Look:
    """A picture and where its product is; what is measured of it is measured once, for all files made from it."""

    pixels: U8  # (H, W, 3) sRGB, transparent parts over white
    matte: U8  # (H, W): coverage of the product

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """The product's box; all 0 when there is none."""
        x, y, w, h = cv2.boundingRect((self.matte > 127).astype(np.uint8))
        return x, y, x + w, y + h

    @cached_property
    def outline(self) -> measure.Outline | None:
        return measure.outline(self.pixels, self.matte)

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
    composition: Composition | None = None  # what it was made from, if it is ours

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
