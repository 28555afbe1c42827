"""Plain backdrops: one colour, a gradient, the user's own picture. No step at all leaves the file transparent."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import cv2
import numpy as np
from pydantic import Field

from packshot.colour import F32, hex_to_linear, to_linear
from packshot.finding import Finding, Verdict
from packshot.ops import composite, resample
from packshot.step import ComposeStep, Composition, Tools


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

    def run(self, composition: Composition, tools: Tools) -> Composition:
        colour = warmed(hex_to_linear(self.color), self.warmth)
        return replace(composition, plate=composite.solid(colour, composition.canvas), plate_origin="drawn")


class Gradient(_Background, frozen=True):
    """From one colour to another: downwards like a paper sweep, or outwards like a lit wall."""

    version: ClassVar[int] = 1
    kind: Literal["gradient"] = "gradient"
    start: str = Field("#f7f7f5", pattern=r"^#[0-9a-fA-F]{6}$", title="Colour at the top, or in the middle")
    end: str = Field("#d9d8d4", pattern=r"^#[0-9a-fA-F]{6}$", title="Colour at the bottom, or at the rim")
    shape: Literal["down", "round"] = Field("down", title="Direction")

    def run(self, composition: Composition, tools: Tools) -> Composition:
        width, height = composition.canvas
        y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
        x = np.linspace(0, 1, width, dtype=np.float32)[None]
        t = y if self.shape == "down" else np.hypot((x - 0.5) * 1.3, (y - 0.45) * 1.3)
        t = np.clip(t, 0, 1)
        t = (t * t * (3 - 2 * t))[..., None]
        start, end = (hex_to_linear(c) ** (1 / 2.2) for c in (self.start, self.end))  # even steps to the eye
        plate = (start * (1 - t) + end * t) ** 2.2
        plate = np.broadcast_to(warmed(plate.astype(np.float32), self.warmth), (height, width, 3))
        # Less than one level of noise, or a long ramp shows bands.
        noise = np.random.default_rng(tools.seed).random((height, width, 1), dtype=np.float32) - 0.5
        return replace(composition, plate=np.clip(plate + noise * (0.008 * np.sqrt(plate)), 0, 1), plate_origin="drawn")


class Picture(_Background, frozen=True):
    """The user's own picture."""

    kind: Literal["picture"] = "picture"
    picture: str = Field("", title="Picture file")
    fit: Literal["cover", "contain"] = Field("cover", title="Cover the frame, or show it whole")
    blur: float = Field(0.0, ge=0.0, le=1.0, title="Blur", description="1 blurs over a twentieth of the frame")
    color: str = Field("#ffffff", pattern=r"^#[0-9a-fA-F]{6}$", title="Colour beside a picture shown whole")

    def run(self, composition: Composition, tools: Tools) -> Composition:
        photo = tools.pictures[self.picture]
        (width, height), (pw, ph) = composition.canvas, photo.size
        pick = max if self.fit == "cover" else min
        scale = pick(width / pw, height / ph)
        if self.fit == "cover":
            size = (width, height)
            x, y = (pw - width / scale) / 2, (ph - height / scale) / 2
            box = (x, y, pw - x, ph - y)
        else:
            size = (max(1, round(pw * scale)), max(1, round(ph * scale)))
            box = (0.0, 0.0, float(pw), float(ph))
        plate = _shrunk(to_linear(photo.pixels), size, box)
        if self.blur:
            sigma = self.blur * max(width, height) / 20
            plate = np.asarray(cv2.GaussianBlur(plate, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)
        if size != composition.canvas:
            paper = composite.solid(hex_to_linear(self.color), composition.canvas).copy()
            left, top = (width - size[0]) // 2, (height - size[1]) // 2
            paper[top : top + size[1], left : left + size[0]] = plate
            plate = paper
        laid = replace(composition, plate=warmed(plate, self.warmth), plate_origin="photographed")
        if scale > 1.5 and not self.blur:
            laid = laid.with_findings(
                Finding(
                    check="backdrop",
                    verdict=Verdict.WARN,
                    words=f"Your background picture was enlarged {scale:.1f} times and will look soft.",
                    value=round(scale, 2),
                    limit=1.5,
                    unit="×",
                )
            )
        return laid


def _shrunk(plate: F32, size: tuple[int, int], box: tuple[float, float, float, float]) -> F32:
    return np.clip(resample.lanczos(plate, size, box=box), 0, 1)
