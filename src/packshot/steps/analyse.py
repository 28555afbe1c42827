"""Analyse: what is wrong with a photo before anything is spent on it, in words for a merchandiser."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from packshot.finding import Finding, Verdict
from packshot.image import Photo
from packshot.ops import measure
from packshot.step import Cutout, Stage, Step

# Each limit was set on photos degraded by known amounts; the table is in benchmarks/README.md, "Analysis".
BLURRED = 0.62
NOISY = 6.0
BLOCKY = 1.4
LOW_QUALITY = 30
BLOWN = 0.08
CRUSHED = 0.2


class Analyse(Step, frozen=True):
    """Flags on the photo and on the product in it."""

    stage: ClassVar[Stage] = Stage.SEGMENT
    version: ClassVar[int] = 1
    kind: Literal["analyse"] = "analyse"

    def run(self, cutout: Cutout, *, product_px: dict[str, int]) -> tuple[Finding, ...]:
        """product_px: channel name → longest side of the product, in the photo's own pixels, that it wants."""
        pixels, matte = cutout.photo.pixels, cutout.matte
        found = [Finding(check="photo", verdict=Verdict.WARN, words=note) for note in cutout.photo.notes]
        found += _too_small(cutout, product_px)
        blur = measure.softness(pixels, matte)
        found.append(
            _judged("blur", blur, BLURRED, "0 sharp … 1 blurred", "The product is in focus.",
                    "The product looks blurred. Hold the camera still and focus on the product.")
        )  # fmt: skip
        grain = measure.noise(pixels, matte)
        found.append(
            _judged("noise", grain, NOISY, "levels of 255", "The photo is clean.",
                    "The photo is grainy. More light, or a lower ISO, gives a cleaner picture.")
        )  # fmt: skip
        found.append(_compression(cutout.photo))
        light = measure.exposure(pixels, matte)
        if light is not None:
            found.append(
                _judged("blown", light.blown, BLOWN, "share of the product", "Bright parts keep their detail.",
                        "Bright parts of the product are blank white. Expose darker and shoot again.")
            )  # fmt: skip
            found.append(
                _judged("crushed", light.crushed, CRUSHED, "share of the product", "Dark parts keep their detail.",
                        "Dark parts of the product are blank black. Expose brighter and shoot again.")
            )  # fmt: skip
        return tuple(found)


def photo_flags(photo: Photo) -> tuple[Finding, ...]:
    """What can be said at upload, before the product is cut out: only what is wrong."""
    whole = np.full(photo.pixels.shape[:2], 255, np.uint8)
    blur = measure.softness(photo.pixels, whole)
    found = [Finding(check="photo", verdict=Verdict.WARN, words=note) for note in photo.notes]
    if blur is not None and blur > BLURRED:
        found.append(
            _judged("blur", blur, BLURRED, "0 sharp … 1 blurred", "",
                    "The photo looks blurred. Hold the camera still and focus on the product.")
        )  # fmt: skip
    squeezed = _compression(photo)
    return tuple(found) + ((squeezed,) if squeezed.verdict is Verdict.WARN else ())


def _judged(check: str, value: float | None, limit: float, unit: str, fine: str, bad: str) -> Finding:
    if value is None:
        words = "Too small or too plain to be measured."
        return Finding(check=check, verdict=Verdict.SKIPPED, words=words, limit=limit, unit=unit)
    over = value > limit
    return Finding(
        check=check,
        verdict=Verdict.WARN if over else Verdict.OK,
        words=bad if over else fine,
        value=round(value, 3),
        limit=limit,
        unit=unit,
    )


def _compression(photo: Photo) -> Finding:
    """By the JPEG's own tables, and by the blocks that a JPEG of before may have left in any file."""
    blocks = measure.blockiness(photo.pixels)
    quality = photo.jpeg_quality
    low = quality is not None and quality < LOW_QUALITY
    words = "No damage from compression."
    if low or blocks > BLOCKY:
        words = "The file was compressed until blocks show. Send the original, not one from a messenger."
    return Finding(
        check="compression",
        verdict=Verdict.WARN if low or blocks > BLOCKY else Verdict.OK,
        words=words,
        value=quality if quality is not None and blocks <= BLOCKY else round(blocks, 2),
        limit=LOW_QUALITY if quality is not None and blocks <= BLOCKY else BLOCKY,
        unit="JPEG quality" if quality is not None and blocks <= BLOCKY else "levels of 255",
    )


def _too_small(cutout: Cutout, product_px: dict[str, int]) -> list[Finding]:
    left, top, right, bottom = cutout.facts.box
    own = max(right - left, bottom - top)
    short = {name: wanted for name, wanted in product_px.items() if own < wanted}
    if not own or not short:
        return []
    names = ", ".join(sorted(short))
    return [
        Finding(
            check="small",
            verdict=Verdict.WARN,
            words=f"Too small for {names}: the product is {own} pixels long in this photo. Take a closer one.",
            value=own,
            limit=max(short.values()),
            unit="px",
        )
    ]


def duplicates(prints: list[tuple[str, int]]) -> dict[str, str]:
    """Photos of a batch that look the same as an earlier one: name → that one's name."""
    seen: list[tuple[str, int]] = []
    same: dict[str, str] = {}
    for name, mark in prints:
        twin = next((other for other, known in seen if measure.alike(mark, known) <= 4), None)
        if twin is None:
            seen.append((name, mark))
        else:
            same[name] = twin
    return same
