"""Where the product stands in the frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

from packshot.ops.geometry import Edge, PixelBox, SubpixelBox


@dataclass(frozen=True, slots=True)
class Placement:
    """Photo to canvas: canvas = scale × photo + offset. `region` is the part of the canvas that the photo reaches."""

    scale: float
    offset: tuple[float, float]
    region: PixelBox  # of the canvas
    source: SubpixelBox  # the same in the photo

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the region."""
        return self.region[2] - self.region[0], self.region[3] - self.region[1]

    @property
    def reach(self) -> int:
        """How many photo pixels a Lanczos-3 filter sees on each side of one pixel of the canvas."""
        return 2 + math.ceil(3 / min(self.scale, 1.0))

    def window(self, photo: tuple[int, int]) -> tuple[slice, slice]:
        """Rows and columns of the photo that the region is made from, the filter's reach included."""
        left, top = (max(0, math.floor(self.source[i]) - self.reach) for i in (0, 1))
        right, bottom = (min(photo[i], math.ceil(self.source[i + 2]) + self.reach) for i in (0, 1))
        return slice(top, bottom), slice(left, right)

    def within(self, rows: slice, columns: slice) -> SubpixelBox:
        """The source box inside such a window."""
        left, top, right, bottom = self.source
        return left - columns.start, top - rows.start, right - columns.start, bottom - rows.start

    def to_canvas(self, box: PixelBox) -> SubpixelBox:
        """A box of the photo on the canvas."""
        s, (x, y) = self.scale, self.offset
        return box[0] * s + x, box[1] * s + y, box[2] * s + x, box[3] * s + y


def place(
    box: PixelBox,
    *,
    photo: tuple[int, int],
    canvas: tuple[int, int],
    fill: float,
    margin: float = 0.0,
    baseline: float | None = None,
    cut: tuple[Edge, ...] = (),
) -> Placement:
    """Lay the product's box into the canvas.

    box: of the product in the photo.  photo, canvas: (width, height).  fill: the product's share of the frame, along
    whichever side it fills more.  margin: least distance to every border, a share of the shorter side.  baseline:
    height of the product's lowest point as a share of the frame, from the top; None centres it.  cut: edges of the
    photo that the product runs into; it stays at these edges of the canvas, so that the cut does not show.
    """
    width, height = canvas
    bw, bh = max(1, box[2] - box[0]), max(1, box[3] - box[1])
    room = 1 - 2 * margin * min(canvas) / width, 1 - 2 * margin * min(canvas) / height
    across = 1.0 if {"left", "right"} <= set(cut) else min(fill, room[0])
    down = 1.0 if {"top", "bottom"} <= set(cut) else min(fill, room[1])
    scale = min(across * width / bw, down * height / bh)
    if {"left", "right"} <= set(cut):
        scale = width / bw
    elif {"top", "bottom"} <= set(cut):
        scale = height / bh
    x = _along(width, bw * scale, "left" in cut, "right" in cut, None)
    y = _along(height, bh * scale, "top" in cut, "bottom" in cut, baseline)
    offset = x - box[0] * scale, y - box[1] * scale
    # The soft edge lies outside the box of what is more than half covered.
    beyond = 4 + 8 * scale
    reach = (
        box[0] * scale + offset[0] - beyond,
        box[1] * scale + offset[1] - beyond,
        box[2] * scale + offset[0] + beyond,
        box[3] * scale + offset[1] + beyond,
    )
    whole = offset[0], offset[1], photo[0] * scale + offset[0], photo[1] * scale + offset[1]
    left, top = (min(canvas[i] - 1, max(0, math.ceil(max(reach[i], whole[i]) - 1e-6))) for i in (0, 1))
    right, bottom = (min(canvas[i], math.floor(min(reach[i + 2], whole[i + 2]) + 1e-6)) for i in (0, 1))
    right, bottom = max(right, left + 1), max(bottom, top + 1)  # at least one pixel each way
    source = tuple(
        min(max((edge - offset[i % 2]) / scale, 0.0), float(photo[i % 2]))
        for i, edge in enumerate((left, top, right, bottom))
    )
    return Placement(scale, offset, (left, top, right, bottom), (source[0], source[1], source[2], source[3]))


def _along(side: int, length: float, at_start: bool, at_end: bool, foot: float | None) -> float:
    """Where the product's box begins along one side."""
    if at_start:
        return 0.0
    if at_end:
        return side - length
    if foot is not None:
        return min(max(foot * side - length, 0.0), side - length)
    return (side - length) / 2
