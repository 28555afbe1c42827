"""Layout: scale the product to the canvas and place it."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from packshot.channel import Channel
from packshot.colour import F32, U8, thrice
from packshot.finding import Finding, Verdict
from packshot.ops import layout, resample
from packshot.ops.foreground import band_of
from packshot.ops.geometry import PixelBox
from packshot.step import ComposeStep, Composition, Cutout, StepContext, premultiplied

# From here on the eye notices that a picture was enlarged; Lanczos adds no detail.
SHARP_ENLARGEMENT = 1.5
SOFT_ENLARGEMENT = 2.0
# A standing product looks centred a little below the middle.
BELOW_MIDDLE = 0.03


class Layout(ComposeStep, frozen=True):
    """Where the product stands and how large it is."""

    version: ClassVar[int] = 1
    kind: Literal["layout"] = "layout"
    fill: float = Field(0.87, ge=0.1, le=1.0, title="Product size", description="share of the frame's side")
    margin: float = Field(0.0, ge=0.0, le=0.45, title="Margin", description="least distance to the border, as a share")
    baseline: float | None = Field(
        None, ge=0.1, le=1.0, title="Baseline", description="height of the foot; unset centres"
    )
    baselines: tuple[float, ...] = Field(
        (), description="heights a foot may stand at, where `baseline` is unset: the one that centres the product best"
    )
    snap: bool = Field(True, title="Keep cut edges at the border", description="a product cut by the photo stays cut")

    def run(self, composition: Composition, context: StepContext) -> Composition:
        """Fill in placement, product and matte.  Without a product the frame stays empty; segment has said so."""
        cutout = composition.cutout
        placement = self.place(cutout, composition.canvas)
        product, coverage = resampled(composition, placement)
        composed = replace(composition, placement=placement, product=product, matte=coverage)
        if enlargement := cutout.enlargement_at(placement.scale):
            change = f"enlarged {placement.scale:.1f} times by a model"
            composed = replace(composed, changes=(*composed.changes, change)).with_findings(
                enlarged_by_model(placement.scale), *enlargement.findings
            )
        elif placement.scale > SHARP_ENLARGEMENT:
            composed = composed.with_findings(enlarged_by_scaling(placement.scale))
        return composed

    def for_channel(self, channel: Channel, chosen: frozenset[str]) -> Self:
        """Within the channel's limits of the product's size, and with its margin."""
        low, high = channel.rules.fill
        changes: dict[str, float] = {}
        if "layout.fill" not in chosen and not low <= self.fill <= high:
            changes["fill"] = round(min(max(self.fill, low + 0.015), high - 0.015), 4)
        if "layout.margin" not in chosen and channel.margin is not None:
            changes["margin"] = channel.margin
            changes["fill"] = min(changes.get("fill", self.fill), 1 - 2 * channel.margin)
        return self.model_copy(update=changes)

    def place(self, cutout: Cutout, canvas: tuple[int, int]) -> layout.Placement:
        """Where the product stands on a canvas of that size (width, height)."""
        box = cutout.facts.box
        if box == (0, 0, 0, 0):
            box = (0, 0, *cutout.photo.size)
        return layout.place(
            box,
            photo=cutout.photo.size,
            canvas=canvas,
            fill=self.fill,
            margin=self.margin,
            baseline=self._baseline(box, canvas),
            cut=cutout.facts.cut if self.snap else (),
        )

    def _baseline(self, box: PixelBox, canvas: tuple[int, int]) -> float | None:
        if self.baseline is not None or not self.baselines:
            return self.baseline
        wide, high = (box[2] - box[0]) / canvas[0], (box[3] - box[1]) / canvas[1]
        share = high * min(self.fill / wide, self.fill / high)
        middling = 0.5 + share / 2 + BELOW_MIDDLE
        return min(self.baselines, key=lambda at: abs(at - middling))


def resampled(composition: Composition, placement: layout.Placement) -> tuple[F32, F32]:
    """The cut-out at canvas size: premultiplied linear colour and coverage, over placement.region."""
    cutout = composition.cutout
    if enlargement := cutout.enlargement_at(placement.scale):
        pixels, mask, box = enlargement.pixels, enlargement.matte, enlargement.within(placement.source)
    else:
        rows, columns = placement.window(cutout.photo.size)
        mask = cutout.matte[rows, columns]
        pixels = cutout.photo.pixels[rows, columns].copy()
        pixels[band_of(mask)] = cutout.band[_band_inside(cutout.matte, rows, columns)]
        box = placement.within(rows, columns)
    colour, coverage = premultiplied(pixels, mask)
    # In steps of 1/255, so that 1 is exactly 1 and a stored layer reloads to the same pixels.
    steps = np.round(np.clip(resample.lanczos(coverage, placement.size, box=box), 0, 1) * 255)
    small = (steps * np.float32(1 / 255)).astype(np.float32)
    light = resample.lanczos(colour, placement.size, box=box)
    return np.clip(light, 0, thrice(small), out=light), small


def _band_inside(mask: U8, rows: slice, columns: slice) -> NDArray[np.bool_]:
    """Which of the band's values, in row order over the whole frame, lie inside a window."""
    band = band_of(mask)
    inside = np.zeros_like(band)
    inside[rows, columns] = True
    return np.asarray(inside[band], np.bool_)


def enlarged_by_model(scale: float) -> Finding:
    """For a product whose pixels a model made."""
    return Finding(
        check="enlarged",
        verdict=Verdict.WARN,
        words=f"Enlarged {scale:.1f} times by a model, which draws detail that the photo does not have: "
        "look at fine print and texture.",
        value=round(scale, 2),
        limit=SHARP_ENLARGEMENT,
        unit="×",
    )


def enlarged_by_scaling(scale: float, what: str = "The product") -> Finding:
    """For a picture that is scaled up by more than SHARP_ENLARGEMENT."""
    return Finding(
        check="enlarged",
        verdict=Verdict.WARN if scale > SOFT_ENLARGEMENT else Verdict.OK,
        words=f"{what} was enlarged {scale:.1f} times, which costs sharpness. A closer photo gives a sharper file.",
        value=round(scale, 2),
        limit=SHARP_ENLARGEMENT,
        unit="×",
    )
