"""What a sales channel demands of a file, apart from how Packshot makes one."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, field_serializer

FileFormat = Literal["jpeg", "png", "webp", "avif", "tiff"]
Rule = Literal["format", "side", "bytes", "white", "fill", "cut", "resolution", "disclosure", "safety", "unchanged"]

SUFFIX: dict[FileFormat, str] = {"jpeg": ".jpg", "png": ".png", "webp": ".webp", "avif": ".avif", "tiff": ".tif"}
HOLDS_ALPHA: frozenset[FileFormat] = frozenset({"png", "webp", "avif", "tiff"})


class Rules(BaseModel, frozen=True, extra="forbid"):
    """Demands on a finished file. `hard` names those that reject it; the others only warn."""

    formats: tuple[FileFormat, ...] = ("jpeg", "png", "webp", "avif", "tiff")
    min_side_px: int = Field(default=1, description="longest side, at least")
    max_side_px: int = Field(default=65_535, description="longest side, at most")
    product_px: int = Field(default=1, description="longest side of the product in the photo's own pixels, at least")
    max_bytes: int | None = None
    white: bool = Field(default=False, description="the backdrop must be 255, 255, 255")
    fill: tuple[float, float] = Field(default=(0.0, 1.0), description="product's longest side as a share of the frame")
    disclosure: bool = Field(default=True, description="IPTC DigitalSourceType must be present")
    hard: frozenset[Rule] = frozenset({"format", "side", "bytes", "safety", "unchanged"})

    @field_serializer("hard")
    def _in_order(self, hard: frozenset[Rule]) -> list[Rule]:
        return sorted(hard)  # a set's own order is another in each process
