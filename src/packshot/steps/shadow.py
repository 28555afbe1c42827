"""Shadow: the drawn contact shadow, a ratio on the plate."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import cv2
import numpy as np
from pydantic import Field

from packshot.colour import F32
from packshot.finding import Finding, Verdict
from packshot.ops import shadow
from packshot.ops.geometry import PixelBox
from packshot.step import ComposeStep, Composition, Ratio, StepContext

# A shadow is soft: drawn at this size and scaled up it looks the same.
DRAWN_SIDE = 1024
# From the border inwards: where a shadow may begin, and where it has its full strength; shares of the shorter side.
FEATHER = (0.012, 0.075)


class Shadow(ComposeStep, frozen=True):
    """A soft contact shadow under whatever the product stands on."""

    version: ClassVar[int] = 1
    kind: Literal["shadow"] = "shadow"
    strength: float = Field(0.7, ge=0.0, le=1.0, title="Shadow strength")
    softness: float = Field(1.0, ge=0.3, le=2.5, title="Shadow softness")
    warmth: float = Field(0.0, ge=-1.0, le=1.0, title="Warmth", description="−1 bluish, 1 brownish shadow")

    def run(self, composition: Composition, context: StepContext) -> Composition:
        if self.strength == 0 or composition.plate is None or not composition.cutout.facts.parts:
            return composition
        if "bottom" in composition.cutout.facts.cut:
            return composition.with_findings(
                Finding(
                    check="shadow",
                    verdict=Verdict.OK,
                    words="No contact shadow: the photo cuts the product off at the bottom.",
                )
            )
        placement, _, matte = composition.laid_out()
        width, height = composition.canvas
        left, top, right, bottom = placement.region
        reach = round(0.35 * self.softness * (right - left))
        box = (max(0, left - reach), max(0, top), min(width, right + reach), min(height, bottom + reach // 2))
        area = np.zeros((box[3] - box[1], box[2] - box[0]), np.float32)
        area[top - box[1] : bottom - box[1], left - box[0] : right - box[0]] = matte
        scale = min(1.0, DRAWN_SIDE / max(area.shape))
        small = np.asarray(cv2.resize(area, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)
        ratio = shadow.contact_shadow(small, strength=self.strength, softness=self.softness)
        ratio = np.asarray(cv2.resize(ratio, area.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
        ratio = 1 - (1 - ratio) * _feather(composition.canvas, box)
        dark = 1 - ratio
        tint = (1 - 0.18 * self.warmth, 1.0, 1 + 0.18 * self.warmth)
        channels = [np.clip(1 - dark * np.float32(gain), 0, 1) for gain in tint]
        return replace(composition, ratio=Ratio(box, np.asarray(cv2.merge(channels), np.float32)))


def _feather(canvas: tuple[int, int], box: PixelBox) -> F32:
    """1 inside, falling to exactly 0 before the canvas's border: a white picture stays white all around."""
    start, full = (share * min(canvas) for share in FEATHER)
    rows, columns = (
        np.clip((np.minimum(at + 0.5, side - at - 0.5) - start) / (full - start), 0, 1)
        for side, at in ((canvas[1], np.arange(box[1], box[3])), (canvas[0], np.arange(box[0], box[2])))
    )
    eased = [t * t * (3 - 2 * t) for t in (rows, columns)]
    return np.asarray(eased[0][:, None] * eased[1][None], np.float32)
