"""Analyse: what is wrong with a photo and the product in it, in words for a merchandiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np

from packshot.finding import Finding, Verdict
from packshot.image import Photo
from packshot.ops import measure
from packshot.ops.likeness import LookAlikes
from packshot.ops.subject import subject_of
from packshot.step import Cutout, Stage, Step

# Each limit was set on photos degraded by known amounts; the table is in benchmarks/README.md, "Analysis".
BLURRED = 0.62
NOISY = 6.0
BLOCKY = 1.4
LOW_QUALITY = 30
BLOWN = 0.08
CRUSHED = 0.2
# What is no product photo, "Product photos" there: one half chose these, the other judged them.
SHORTEST_JUDGED = 600  # px: print and even areas say nothing in a smaller picture
EVEN, FEW = 0.08, 0.75
LINE_COLOURS, LINES = 40, 0.95
PRINT, PRINT_TO_PICTURE = 0.16, 0.5


class Analyse(Step, frozen=True):
    """Findings on the photo and on the product in it."""

    stage: ClassVar[Stage] = Stage.SEGMENT
    version: ClassVar[int] = 1
    kind: Literal["analyse"] = "analyse"

    def run(self, cutout: Cutout, *, product_px: Mapping[str, int]) -> tuple[Finding, ...]:
        """product_px: channel name → least length of the product, in the photo's own pixels."""
        pixels, matte = cutout.photo.pixels, cutout.matte
        findings = [Finding(check="photo", verdict=Verdict.WARN, words=note) for note in cutout.photo.notes]
        findings += _too_small(cutout, product_px)
        blur = measure.softness(pixels, matte)
        findings.append(
            _judged("blur", blur, BLURRED, "0 sharp … 1 blurred", "The product is in focus.",
                    "The product looks blurred. Hold the camera still and focus on the product.")
        )  # fmt: skip
        grain = measure.noise(pixels, matte)
        findings.append(
            _judged("noise", grain, NOISY, "levels of 255", "The photo is clean.",
                    "The photo is grainy. More light, or a lower ISO, gives a cleaner picture.")
        )  # fmt: skip
        findings.append(_compression(cutout.photo))
        light = measure.exposure(pixels, matte)
        if light is not None:
            findings.append(
                _judged("blown", light.blown, BLOWN, "share of the product", "Bright parts keep their detail.",
                        "Bright parts of the product are blank white. Expose darker and shoot again.")
            )  # fmt: skip
            findings.append(
                _judged("crushed", light.crushed, CRUSHED, "share of the product", "Dark parts keep their detail.",
                        "Dark parts of the product are blank black. Expose brighter and shoot again.")
            )  # fmt: skip
        return tuple(findings)


def photo_flags(photo: Photo) -> tuple[Finding, ...]:
    """Findings at upload, before the product is cut out: only what is wrong."""
    whole = np.full(photo.pixels.shape[:2], 255, np.uint8)
    blur = measure.softness(photo.pixels, whole)
    findings = [Finding(check="photo", verdict=Verdict.WARN, words=note) for note in photo.notes]
    if blur is not None and blur > BLURRED:
        findings.append(
            _judged("blur", blur, BLURRED, "0 sharp … 1 blurred", "",
                    "The photo looks blurred. Hold the camera still and focus on the product.")
        )  # fmt: skip
    other = _no_product_photo(photo)
    findings += [other] if other else []
    compression = _compression(photo)
    return tuple(findings) + ((compression,) if compression.verdict is Verdict.WARN else ())


def _no_product_photo(photo: Photo) -> Finding | None:
    """A question, never a refusal: a screenshot, a drawing or a page of print."""
    if max(photo.size) < SHORTEST_JUDGED:
        return None
    subject = subject_of(photo.pixels)
    # Rough compression makes even areas of its own.
    drawn = (photo.jpeg_quality or 100) >= LOW_QUALITY
    if drawn and subject.even >= EVEN and subject.few >= FEW:
        what, value, limit = "a screenshot or a drawing", subject.even, EVEN
    elif drawn and subject.colours <= LINE_COLOURS and subject.lines >= LINES:
        what, value, limit = "a drawing", subject.lines, LINES
    elif subject.print >= PRINT and subject.print >= PRINT_TO_PICTURE * subject.picture:
        what, value, limit = "a list or another page of print", subject.print, PRINT
    else:
        return None
    return Finding(
        check="subject",
        verdict=Verdict.WARN,
        words=f"Is this a product photo? It looks like {what}. Delete it if it came in by mistake; else leave it.",
        value=round(value, 3),
        limit=limit,
        unit="share of the picture",
    )


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
    """By the JPEG's own tables, and by blocks that an earlier JPEG may have left in any file."""
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


def _too_small(cutout: Cutout, product_px: Mapping[str, int]) -> list[Finding]:
    left, top, right, bottom = cutout.facts.box
    finding = too_small(product_px, product=max(right - left, bottom - top), photo=max(cutout.photo.size))
    return [finding] if finding else []


def too_small(product_px: Mapping[str, int], *, product: int | None, photo: int) -> Finding | None:
    """Whether the product has fewer pixels than channels need, as far as that is certain.

    product_px: channel name → least length of the product, in the photo's own pixels.  product: its longest side; None
    or 0 before it is cut out: then it is certain where the whole photo is too small.  photo: its longest side.
    """
    own = product or photo
    short = {name: needed for name, needed in product_px.items() if own < needed}
    if not short:
        return None
    names = " and ".join(f"{name} ({needed} pixels)" for name, needed in sorted(short.items()))
    what = f"the product is {own} pixels long in this photo" if product else f"the whole photo is {own} pixels long"
    return Finding(
        check="small",
        verdict=Verdict.WARN,
        words=f"Too small for {names}: {what}. Take a closer one, or send the original.",
        value=own,
        limit=max(short.values()),
        unit="px",
    )


def duplicates(fingerprints: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Photos that look the same as an earlier one, by fingerprint: name → the earlier one's name."""
    firsts: LookAlikes[str] = LookAlikes()
    result: dict[str, str] = {}
    for name, fingerprint in fingerprints:
        match = firsts.find(fingerprint)
        if match is None:
            firsts.add(fingerprint, name)
        else:
            result[name] = match
    return result
