"""Layout: scale the product to the canvas and place it."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from packshot.finding import Finding, Verdict
from packshot.ops import layout, matte, resample
from packshot.step import ComposeStep, Composition, Tools, premultiplied

# Past this the eye sees that a picture was enlarged; Lanczos invents no detail.
SHARP_ENLARGEMENT = 1.5


class Layout(ComposeStep, frozen=True):
    """Where the product stands and how large it is."""

    version: ClassVar[int] = 1
    kind: Literal["layout"] = "layout"
    fill: float = Field(0.87, ge=0.1, le=1.0, title="Product size", description="share of the frame's side")
    margin: float = Field(0.0, ge=0.0, le=0.45, title="Margin", description="least distance to the border, as a share")
    baseline: float | None = Field(None, ge=0.1, le=1.0, title="Baseline", description="height of the foot; unset centres")
    snap: bool = Field(True, title="Keep cut edges at the border", description="a product cut by the photo stays cut")

    def run(self, composition: Composition, tools: Tools) -> Composition:
        """Fill in placement, product and matte.  A product not found leaves the frame empty, with its finding."""
        cutout = composition.cutout
        box = cutout.facts.box
        if box == (0, 0, 0, 0):
            box = (0, 0, *cutout.photo.size)
        placement = layout.place(
            box,
            photo=cutout.photo.size,
            canvas=composition.canvas,
            fill=self.fill,
            margin=self.margin,
            baseline=self.baseline,
            cut=cutout.facts.cut if self.snap else (),
        )
        product, coverage = resampled(composition, placement)
        laid = replace(composition, placement=placement, product=product, matte=coverage)
        if placement.scale > SHARP_ENLARGEMENT:
            laid = laid.with_findings(enlarged(placement.scale))
        return laid


def resampled(composition: Composition, placement: layout.Placement) -> tuple[np.ndarray, np.ndarray]:
    """The cut-out at canvas size: premultiplied linear colour and coverage, over placement.region."""
    cutout = composition.cutout
    reach = 8 + int(4 / min(placement.scale, 1.0))  # what the filter sees beyond the region
    width, height = cutout.photo.size
    left, top = (max(0, int(placement.source[i]) - reach) for i in (0, 1))
    right, bottom = (min((width, height)[i], int(placement.source[i + 2]) + reach + 1) for i in (0, 1))
    mask = cutout.matte[top:bottom, left:right]
    pixels = cutout.photo.pixels[top:bottom, left:right].copy()
    pixels[matte.band_of(mask)] = cutout.band[_band_inside(cutout.matte, (left, top, right, bottom))]
    colour, coverage = premultiplied(pixels, mask)
    box = (placement.source[0] - left, placement.source[1] - top, placement.source[2] - left, placement.source[3] - top)
    size = placement.region[2] - placement.region[0], placement.region[3] - placement.region[1]
    # In steps of 1/255, so that 1 is exactly 1 and a stored layer reloads to the same pixels.
    small = np.round(np.clip(resample.lanczos(coverage, size, box=box), 0, 1) * 255) * np.float32(1 / 255)
    light = np.clip(resample.lanczos(colour, size, box=box), 0, small[..., None])
    return light, small.astype(np.float32)


def _band_inside(mask: np.ndarray, box: layout.PixelBox) -> np.ndarray:
    """Which of the band's values, listed row by row over the whole frame, lie inside a box."""
    band = matte.band_of(mask)
    inside = np.zeros_like(band)
    inside[box[1] : box[3], box[0] : box[2]] = True
    return np.asarray(inside[band], np.bool_)


def enlarged(scale: float) -> Finding:
    """Said wherever a picture is scaled up past SHARP_ENLARGEMENT."""
    return Finding(
        check="enlarged",
        verdict=Verdict.WARN,
        words=f"The product was enlarged {scale:.1f} times and will look soft. A closer photo gives a sharper file.",
        value=round(scale, 2),
        limit=SHARP_ENLARGEMENT,
        unit="×",
    )
