"""What a step is, and what steps work on: a cut-out, its enlargement, a composition.

A step is a frozen value whose fields are its parameters. Steps of the `generate` stage take a composition and return
the next one; adding one is a file in `steps/`, a line in `steps/__init__.py`, a test.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar, Literal, Self

import cv2
import numpy as np
from pydantic import BaseModel

from packshot.channel import Channel
from packshot.colour import F32, U8, thrice, to_linear, to_srgb
from packshot.finding import Finding
from packshot.image import Photo
from packshot.ops import composite
from packshot.ops.foreground import band_of
from packshot.ops.geometry import PixelBox, SubpixelBox, crop, index_of, union
from packshot.ops.layout import Placement
from packshot.ops.matte import Facts, body_of
from packshot.rendering.scene import SetRenderer

Origin = Literal["drawn", "photographed", "rendered", "painted"]


class Stage(StrEnum):
    """Where a step runs; each stage has its own queue and workers."""

    SEGMENT = "segment"
    GENERATE = "generate"
    UPSCALE = "upscale"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, eq=False)
class Enlarged:
    """The product's part of a photo, enlarged by a model; its colours continue past its edge."""

    box: PixelBox  # of the photo
    factor: int
    pixels: U8  # (factor × h, factor × w, 3) sRGB
    matte: U8  # (factor × h, factor × w)
    findings: tuple[Finding, ...] = ()

    def within(self, source: SubpixelBox) -> SubpixelBox:
        """A box of the photo in these pixels."""
        left, top, right, bottom = ((edge - self.box[i % 2]) * self.factor for i, edge in enumerate(source))
        height, width = self.matte.shape
        return max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height))


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A photo and its matte, with the product's own colours at its edge instead of the photo's."""

    photo: Photo
    matte: U8  # (H, W)
    band: U8  # (N, 3) sRGB, in the order of `band_of(matte)`
    facts: Facts
    source: str  # which model or file the matte came from
    findings: tuple[Finding, ...] = ()
    enlarged: Enlarged | None = None

    @property
    def body(self) -> U8:
        """(H, W): like `matte`, but full inside a see-through product."""
        return body_of(self.matte) if self.facts.transmission else self.matte

    def enlargement_at(self, scale: float) -> Enlarged | None:
        """The enlargement, if the product is shown larger than photographed; else the photo's own pixels are used."""
        return self.enlarged if scale > 1 else None

    def foreground(self) -> U8:
        """(H, W, 3) sRGB: the photo, except in the edge band."""
        pixels = self.photo.pixels.copy()
        pixels[band_of(self.matte)] = self.band
        return pixels


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """Shadow and reflection of the product: what the plate is multiplied by inside `box` of the canvas; 1 elsewhere."""

    box: PixelBox
    values: F32  # (h, w, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """One product in one template at one size. Its layers stay separate, so that a check can prove what changed."""

    cutout: Cutout
    canvas: tuple[int, int]  # (width, height)
    placement: Placement | None = None
    product: F32 | None = None  # (h, w, 3) linear, premultiplied, over placement.region
    matte: F32 | None = None  # (h, w) [0, 1], in steps of 1/255
    plate: F32 | None = None  # (H, W, 3) linear; None is transparent
    plate_origin: Origin = "drawn"
    plate_mark: str = ""  # distinguishes plates of one template, where they depend on the product
    ratio: Ratio | None = None
    changes: tuple[str, ...] = ()  # what changed the product's own pixels, in words
    findings: tuple[Finding, ...] = ()

    def with_findings(self, *findings: Finding) -> Composition:
        return replace(self, findings=(*self.findings, *findings))

    @property
    def enlargement(self) -> Enlarged | None:
        """The enlargement by a model, where the product's pixels come from it."""
        return self.cutout.enlargement_at(self.placement.scale) if self.placement else None

    def flatten(self) -> U8:
        """(H, W, 3) sRGB over the plate, or (H, W, 4) with straight alpha where there is none."""
        placement, product, matte = self.laid_out()
        if self.plate is None:
            return _transparent(self.canvas, placement, product, matte)
        pixels = composite.encode_plate(self.plate)
        touched = placement.region if self.ratio is None else union(placement.region, self.ratio.box)
        part = np.array(crop(self.plate, touched))
        if self.ratio is not None:
            shaded = part[index_of(self.ratio.box, touched)]
            np.multiply(shaded, self.ratio.values, out=shaded)
        inside = index_of(placement.region, touched)
        part[inside] = composite.over(product, matte, part[inside])
        pixels[touched[1] : touched[3], touched[0] : touched[2]] = to_srgb(part)
        return pixels

    def canvas_matte(self) -> U8:
        """(H, W): coverage of the product on the whole canvas."""
        placement, _, _ = self.laid_out()
        whole = np.zeros((self.canvas[1], self.canvas[0]), np.uint8)
        left, top, right, bottom = placement.region
        whole[top:bottom, left:right] = np.round(self.body * 255)
        return whole

    @property
    def body(self) -> F32:
        """(h, w) [0, 1]: like `matte`, but full inside a see-through product."""
        _, _, matte = self.laid_out()
        if not self.cutout.facts.transmission:
            return matte
        return body_of(np.round(matte * 255).astype(np.uint8)) * np.float32(1 / 255)

    def laid_out(self) -> tuple[Placement, F32, F32]:
        """Placement, product and matte.  Raises RuntimeError before a layout step has run: a fault in a template."""
        if self.placement is None or self.product is None or self.matte is None:
            raise RuntimeError("This template has no layout step before the one that needs it.")
        return self.placement, self.product, self.matte


def _transparent(canvas: tuple[int, int], placement: Placement, product: F32, matte: F32) -> U8:
    left, top, right, bottom = placement.region
    straight = to_srgb(product)
    band = (matte > 0) & (matte < 1)
    straight[band] = to_srgb(np.clip(product[band] / matte[band][:, None], 0, 1)[None])[0]
    pixels = np.zeros((canvas[1], canvas[0], 4), np.uint8)
    coverage = np.round(matte * 255).astype(np.uint8)
    # Where the matte is 0 so is the premultiplied colour: no hidden pixels are written.
    pixels[top:bottom, left:right] = cv2.merge([*cv2.split(straight), coverage])
    return pixels


def premultiplied(foreground_u8: U8, matte_u8: U8) -> tuple[F32, F32]:
    """(h, w, 3) sRGB and (h, w) coverage to linear premultiplied colour and float coverage."""
    matte = matte_u8.astype(np.float32) * np.float32(1 / 255)
    light = to_linear(foreground_u8)
    return np.multiply(light, thrice(matte), out=light), matte


@dataclass(frozen=True, slots=True)
class StepContext:
    """What steps need from outside: they load nothing themselves."""

    pictures: Mapping[str, Photo]  # by the path a template names
    seed: int = 0  # of random noise: the same seed, the same picture
    renderer: SetRenderer | None = None  # rendered sets

    @property
    def set_renderer(self) -> SetRenderer:
        """Raises RuntimeError where there is none: a fault of ours."""
        if self.renderer is None:
            raise RuntimeError("This template needs a renderer of sets, and the context has none.")
        return self.renderer


class Step(BaseModel, frozen=True, extra="forbid"):
    """Base of all steps. `version` goes up when the same parameters give other pixels."""

    stage: ClassVar[Stage]
    version: ClassVar[int] = 1
    kind: str


class ComposeStep(Step, frozen=True):
    """A step from composition to composition."""

    stage: ClassVar[Stage] = Stage.GENERATE

    @abstractmethod
    def run(self, composition: Composition, context: StepContext) -> Composition: ...

    def for_channel(self, channel: Channel, chosen: frozenset[str]) -> Self:
        """This step as a channel's files need it.  chosen: what the user set by hand (`kind.field`) stays as it is."""
        return self


@dataclass(frozen=True)
class Geometry:
    """What makes one composition of a cut-out, which several channels may share: a size and steps."""

    canvas: tuple[int, int]  # (width, height)
    steps: tuple[ComposeStep, ...]
