"""Plain backdrops: one colour, a gradient, the user's own picture. No step at all leaves the file transparent."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field

from packshot.channel import Channel
from packshot.colour import F32, hex_to_linear, to_linear
from packshot.finding import Finding, Verdict
from packshot.image import Photo
from packshot.ops import composite, resample
from packshot.step import ComposeStep, Composition, StepContext


def warmed(plate: F32, warmth: float) -> F32:
    """Shift a backdrop towards candle light (1) or overcast sky (−1); its brightness stays."""
    gain = np.array([1 + 0.07 * warmth, 1.0, 1 - 0.12 * warmth], np.float32)
    gain /= float(gain @ np.array([0.2126, 0.7152, 0.0722], np.float32))
    return np.asarray(np.clip(plate * gain, 0, 1), np.float32)


class _Background(ComposeStep, frozen=True):
    warmth: float = Field(0.0, ge=-1.0, le=1.0, title="Warmth", description="−1 cool, 0 as it is, 1 warm")


class Color(_Background, frozen=True):
    """One even colour, edge to edge."""

    kind: Literal["color"] = "color"
    color: str = Field("#ffffff", pattern=r"^#[0-9a-fA-F]{6}$", title="Colour")

    def run(self, composition: Composition, context: StepContext) -> Composition:
        colour = warmed(hex_to_linear(self.color), self.warmth)
        return replace(composition, plate=composite.solid(colour, composition.canvas), plate_origin="drawn")

    def for_channel(self, channel: Channel, chosen: frozenset[str]) -> Self:
        """In the shop's colour, where it has one."""
        shop_colour = channel.color if "color.color" not in chosen else None
        return self.model_copy(update={"color": shop_colour}) if shop_colour else self


class Gradient(_Background, frozen=True):
    """From one colour to another: downwards like a paper sweep, or outwards like a lit wall."""

    version: ClassVar[int] = 1
    kind: Literal["gradient"] = "gradient"
    start: str = Field("#f7f7f5", pattern=r"^#[0-9a-fA-F]{6}$", title="Colour at the top, or in the middle")
    end: str = Field("#d9d8d4", pattern=r"^#[0-9a-fA-F]{6}$", title="Colour at the bottom, or at the rim")
    shape: Literal["down", "round"] = Field("down", title="Direction")

    def run(self, composition: Composition, context: StepContext) -> Composition:
        return replace(composition, plate=_gradient(self, composition.canvas, context.seed), plate_origin="drawn")


class Picture(_Background, frozen=True):
    """The user's own picture."""

    kind: Literal["picture"] = "picture"
    picture: str = Field("", title="Picture file")
    fit: Literal["cover", "contain"] = Field("cover", title="Cover the frame, or show it whole")
    blur: float = Field(0.0, ge=0.0, le=1.0, title="Blur", description="1 blurs over a twentieth of the frame")
    color: str = Field("#ffffff", pattern=r"^#[0-9a-fA-F]{6}$", title="Colour beside a picture shown whole")

    def run(self, composition: Composition, context: StepContext) -> Composition:
        photo = context.pictures[self.picture]
        plate = _picture(self, photo, composition.canvas)
        composed = replace(composition, plate=plate, plate_origin="photographed")
        scale = _scale(self, photo.size, composition.canvas)
        if scale > 1.5 and not self.blur:
            composed = composed.with_findings(
                Finding(
                    check="backdrop",
                    verdict=Verdict.WARN,
                    words=f"Your background picture was enlarged {scale:.1f} times and will look soft.",
                    value=round(scale, 2),
                    limit=1.5,
                    unit="×",
                )
            )
        return composed


# Plates are the same for a whole batch: computed once, and read-only, since threads share them.
@lru_cache(maxsize=4)
def _gradient(step: Gradient, canvas: tuple[int, int], seed: int) -> F32:
    width, height = canvas
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None]
    t = y if step.shape == "down" else np.hypot((x - 0.5) * 1.3, (y - 0.45) * 1.3)
    t = np.clip(t, 0, 1)
    t = (t * t * (3 - 2 * t))[..., None]
    start, end = (hex_to_linear(c) ** (1 / 2.2) for c in (step.start, step.end))  # even steps to the eye
    plate = warmed(((start * (1 - t) + end * t) ** 2.2).astype(np.float32), step.warmth)
    plate = np.broadcast_to(plate, (height, width, 3))
    # Less than one level of noise, or a long ramp shows bands.
    noise = np.random.default_rng(seed).random((height, width, 1), dtype=np.float32) - 0.5
    return _read_only(np.clip(plate + noise * (0.008 * np.sqrt(plate)), 0, 1))


def _scale(step: Picture, size: tuple[int, int], canvas: tuple[int, int]) -> float:
    pick = max if step.fit == "cover" else min
    return pick(canvas[0] / size[0], canvas[1] / size[1])


@lru_cache(maxsize=4)
def _picture(step: Picture, photo: Photo, canvas: tuple[int, int]) -> F32:
    (width, height), (pw, ph) = canvas, photo.size
    scale = _scale(step, photo.size, canvas)
    size, box = (width, height), (0.0, 0.0, float(pw), float(ph))
    if step.fit == "cover":
        x, y = (pw - width / scale) / 2, (ph - height / scale) / 2
        box = (x, y, pw - x, ph - y)
    else:
        size = max(1, round(pw * scale)), max(1, round(ph * scale))
    plate = np.clip(resample.lanczos(to_linear(photo.pixels), size, box=box), 0, 1)
    if step.blur:
        sigma = step.blur * max(width, height) / 20
        plate = resample.blur(plate, sigma, sigma)
    if size != canvas:
        paper = composite.solid(hex_to_linear(step.color), canvas).copy()
        left, top = (width - size[0]) // 2, (height - size[1]) // 2
        paper[top : top + size[1], left : left + size[0]] = plate
        plate = paper
    return _read_only(warmed(plate, step.warmth))


def _read_only(plate: F32) -> F32:
    plate = np.ascontiguousarray(plate, np.float32)
    plate.flags.writeable = False
    return plate
