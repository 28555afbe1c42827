"""Upscale: the product's part of a small photo, enlarged by a model, and when it is needed.  Once per cut-out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np

from packshot.channel import Channel
from packshot.finding import Finding, Verdict
from packshot.model import LongWork, Upscaler, enlarge_in_tiles, without_notice
from packshot.ops import upscale
from packshot.ops.fine_print import print_loss
from packshot.ops.foreground import extended_past_edge
from packshot.ops.geometry import PixelBox
from packshot.step import Cutout, Enlarged, Geometry, Stage, Step
from packshot.steps.layout import SHARP_ENLARGEMENT, Layout

MARGIN_PX = 24  # around the product: what a layout reads at 1 : 1 (ops/layout.py), twice
MOST_SIDE = 3072  # px, longest side of an enlarged product: 9 megapixels are 110 MB in linear light
Factor = Literal[2, 3, 4]
_FACTORS: tuple[Factor, ...] = (4, 3, 2)
LOST_SHARE, LOST_LEAST = 0.03, 3  # print that kept its shape loses up to 2 in 100 windows to grain
NO_UPSCALER = Finding(
    check="upscale",
    verdict=Verdict.WARN,
    words="This product is small, and the model that enlarges is not installed: install Packshot's dependencies again.",
)


class Upscale(Step, frozen=True):
    """Enlarge the product, never the frame."""

    stage: ClassVar[Stage] = Stage.UPSCALE
    version: ClassVar[int] = 1
    kind: Literal["upscale"] = "upscale"
    factor: Factor = 4

    def run(self, cutout: Cutout, upscaler: Upscaler, long_work: LongWork = without_notice) -> Cutout:
        """The cut-out with its enlargement."""
        left, top, right, bottom = box = part_of(cutout)
        photo = np.ascontiguousarray(cutout.photo.pixels[top:bottom, left:right])
        mask = np.ascontiguousarray(cutout.matte[top:bottom, left:right])
        extended = extended_past_edge(cutout.foreground()[top:bottom, left:right], mask)
        pixels = enlarge_in_tiles(upscaler, extended, factor=self.factor, visible=mask > 0,
                                  begin=lambda tiles: long_work(cutout.photo.name, tiles, upscaler))  # fmt: skip
        pixels = upscale.with_photo_colours(pixels, extended)
        print_found = print_loss(photo, pixels, mask)
        findings = (_garbled(print_found.lost, print_found.windows),) if print_found.windows else ()
        enlargement = Enlarged(box, self.factor, pixels, upscale.enlarged_matte(mask, self.factor), findings)
        return replace(cutout, enlarged=enlargement)


def upscale_for(
    cutout: Cutout, groups: Mapping[Geometry, Sequence[Channel]], *, chosen: bool = False
) -> Upscale | None:
    """The step that enlarges this product for those channels, where one of them needs it.

    A channel needs it where it would reject the file for too few pixels.  chosen: wherever the product is shown so much
    larger than it was photographed that the eye sees it, too.
    """
    left, top, right, bottom = cutout.facts.box
    own, factor = max(right - left, bottom - top), factor_for(cutout)
    if not own or factor is None:
        return None
    for geometry, channels in groups.items():
        scale = _scale(cutout, geometry)
        if scale <= 1:
            continue
        rejected = any("resolution" in c.rules.hard and own < c.rules.product_px for c in channels)
        if rejected or (chosen and scale > SHARP_ENLARGEMENT):
            return Upscale(factor=factor)
    return None


def _scale(cutout: Cutout, geometry: Geometry) -> float:
    """How many pixels of the canvas one of the photo becomes."""
    layouts = [step for step in geometry.steps if isinstance(step, Layout)]
    return layouts[-1].place(cutout, geometry.canvas).scale if layouts else 1.0


def part_of(cutout: Cutout) -> PixelBox:
    """The product's box with a margin, inside the photo."""
    left, top, right, bottom = cutout.facts.box
    width, height = cutout.photo.size
    return (
        max(0, left - MARGIN_PX),
        max(0, top - MARGIN_PX),
        min(width, right + MARGIN_PX),
        min(height, bottom + MARGIN_PX),
    )


def factor_for(cutout: Cutout) -> Factor | None:
    """By the product's size alone, so that one enlargement serves all templates and channels; None if it is large."""
    left, top, right, bottom = cutout.facts.box
    longest = max(right - left, bottom - top, 1)
    return next((factor for factor in _FACTORS if longest * factor <= MOST_SIDE), None)


def _garbled(lost: int, windows: int) -> Finding:
    share = lost / windows
    bad = lost >= LOST_LEAST and share > LOST_SHARE
    words = "Letters kept their shape when the product was enlarged."
    if bad:
        words = "Small letters changed when the product was enlarged. Read them, or take a closer photo."
    return Finding(
        check="letters",
        verdict=Verdict.WARN if bad else Verdict.OK,
        words=words,
        value=round(share, 3),
        limit=LOST_SHARE,
        unit="share of the fine print",
    )
