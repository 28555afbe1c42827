"""Encode: one file for one channel, as good as its size cap allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from packshot.colour import U8
from packshot.finding import Finding, Verdict
from packshot.image import Metadata, encode
from packshot.rules import FileFormat
from packshot.step import Stage, Step

LOSSY: frozenset[FileFormat] = frozenset({"jpeg", "webp", "avif"})
# Below this JPEG and WebP show on fabric at 100 %.
VISIBLE = 70


@dataclass(frozen=True, slots=True)
class Encoded:
    content: bytes
    quality: int | None  # None where the format has none
    findings: tuple[Finding, ...]


class Encode(Step, frozen=True):
    """Quality starts at `quality` and is searched downwards, no further than `least_quality`, until it fits."""

    stage: ClassVar[Stage] = Stage.EXPORT
    version: ClassVar[int] = 2  # 2: files on rendered sets declare `composite`
    kind: Literal["encode"] = "encode"
    format: FileFormat
    quality: int
    least_quality: int
    max_bytes: int | None

    def run(self, pixels_u8: U8, metadata: Metadata) -> Encoded:
        """pixels_u8: (H, W, 3) or (H, W, 4) sRGB.  A file that never fits is returned all the same: its check fails."""
        content = encode(pixels_u8, format=self.format, quality=self.quality, metadata=metadata)
        if self.format not in LOSSY:
            return Encoded(content, None, ())
        if self.max_bytes is None or len(content) <= self.max_bytes:
            return Encoded(content, self.quality, ())
        low, high = min(self.least_quality, self.quality), self.quality - 1
        best = encode(pixels_u8, format=self.format, quality=low, metadata=metadata), low
        low += 1
        while low <= high and len(best[0]) <= self.max_bytes:
            middle = (low + high + 1) // 2
            encoded = encode(pixels_u8, format=self.format, quality=middle, metadata=metadata)
            if len(encoded) <= self.max_bytes:
                best, low = (encoded, middle), middle + 1
            else:
                high = middle - 1
        return Encoded(*best, (self._lowered(best[1]),))

    def _lowered(self, quality: int) -> Finding:
        cap = (self.max_bytes or 0) / 1e6
        return Finding(
            check="quality",
            verdict=Verdict.WARN if quality < VISIBLE else Verdict.OK,
            words=f"Saved at quality {quality} instead of {self.quality} to stay under {cap:.2f} MB.",
            value=quality,
            limit=VISIBLE,
            unit="quality 1 … 100",
        )
