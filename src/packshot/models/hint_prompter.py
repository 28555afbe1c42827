"""A prompter made of any matter: hints choose what the model is shown, and edges decide where it sees nothing.

It stands in until a promptable model (SAM 2) serves the same protocol.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8
from packshot.model import Matter, raw_matte
from packshot.models.two_pass import TRAINED_PX
from packshot.ops import hints
from packshot.ops import matte as ops
from packshot.ops.geometry import PixelBox
from packshot.ops.region import Mask, Point, around, rim_strength, view_of
from packshot.ops.resample import within_side

BOX_MARGIN = 0.12  # of the box, shown to the model around it, as `Segment.refined` does
# How much is looked at around the product, for a click on it, and for one beside it: what is missing may reach further.
ON_MARGIN, BESIDE_MARGIN = 0.15, 0.4
# Parts of the photo around a keep click that the model is shown, as shares of its longer side.
LOOKS = (0.25, 0.5)
LEAST_RIM = 0.5  # an answer whose rim lies worse on edges is not believed (benchmarks/README.md, Hints)
KEPT = 16  # raw answers of one editing session, 4 MiB each


class HintPrompter:
    """Hints on top of a matter; answers for the same pixels are kept, so that one more click asks for little more."""

    def __init__(self, matter: Matter) -> None:
        self.card, self.engine, self._matter = matter.card, matter.engine, matter
        self._known: OrderedDict[str, F32] = OrderedDict()
        self._lock = threading.Lock()

    def matte(
        self, pixels_u8: NDArray[np.uint8], *, start: NDArray[np.uint8] | None, boxes: Sequence[PixelBox],
        points: Sequence[Point], labels: Sequence[bool],
    ) -> NDArray[np.uint8]:  # fmt: skip
        """All keep points count first, then all others, in whatever order a person took turns between them."""
        keep = [point for point, on in zip(points, labels, strict=True) if on]
        remove = [point for point, on in zip(points, labels, strict=True) if not on]
        matte = self._begun(pixels_u8, start, boxes)
        for point in keep:
            if matte[_at(point)] <= 127:
                matte = self._taken_in(pixels_u8, matte, point, remove)
        for point in remove:
            if matte[_at(point)] > 127:
                view = view_of(pixels_u8, around(matte, [point], margin=ON_MARGIN))
                matte = hints.let_go(pixels_u8, matte, view, point, against=keep)
        return matte

    def _begun(self, pixels_u8: U8, start: U8 | None, boxes: Sequence[PixelBox]) -> U8:
        if not boxes:
            return self._seen(pixels_u8, (0, 0, pixels_u8.shape[1], pixels_u8.shape[0])) if start is None else start
        matte = np.zeros(pixels_u8.shape[:2], np.uint8)
        for box in boxes:
            inside = np.s_[box[1] : box[3], box[0] : box[2]]
            # With what was there: a closer look finds more of a large product, but can lose a part of it.
            before = matte if start is None else np.maximum(matte, start)
            seen = self._seen(pixels_u8, _wider(box, BOX_MARGIN, pixels_u8.shape))
            matte[inside] = np.maximum(before[inside], seen[inside])
        return matte

    def _taken_in(self, pixels_u8: U8, matte: U8, point: Point, remove: Sequence[Point]) -> U8:
        """By the model, shown what is around the point, where an answer holds it and ends at edges; else by edges."""
        view = view_of(pixels_u8, around(matte, [point], margin=BESIDE_MARGIN))
        free = view.of(matte) <= 127
        best, chosen = LEAST_RIM, None
        for share in LOOKS:
            half = share * max(matte.shape) / 2
            x, y = point
            seen = self._seen(pixels_u8, (int(x - half), int(y - half), int(x + half), int(y + half)))
            part = _part_at(view.of(seen) > 127, view.at(point)) & free
            if not part.any() or any(seen[_at(other)] > 127 for other in remove) or _is_backdrop(part, free):
                continue
            strength = rim_strength(view, free, part)
            if strength > best:
                best, chosen = strength, part
        if chosen is None:
            return hints.taken_in(pixels_u8, matte, view, point, against=remove)
        return hints.added(pixels_u8, matte, view, chosen)

    def _seen(self, pixels_u8: U8, box: PixelBox) -> U8:
        """The clean matte of a part of the photo, at the photo's size; nothing outside of the part."""
        left, top, right, bottom = _wider(box, 0, pixels_u8.shape)
        part = within_side(pixels_u8[top:bottom, left:right], TRAINED_PX)
        matte = np.zeros(pixels_u8.shape[:2], np.uint8)
        matte[top:bottom, left:right] = ops.to_size(ops.clean(self._raw(part)), (right - left, bottom - top))
        return matte

    def _raw(self, pixels_u8: U8) -> F32:
        mark = hashlib.sha256(repr(pixels_u8.shape).encode() + pixels_u8.tobytes()).hexdigest()
        with self._lock:
            known = self._known.get(mark)
        if known is None:
            known = raw_matte(self._matter, pixels_u8)
        with self._lock:
            self._known[mark] = known
            self._known.move_to_end(mark)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return known


def _wider(box: PixelBox, margin: float, shape: Sequence[int]) -> PixelBox:
    """With a margin of its longer side around it, as far as the photo reaches."""
    left, top, right, bottom = box
    pad = round(margin * max(right - left, bottom - top))
    return max(0, left - pad), max(0, top - pad), min(shape[1], right + pad), min(shape[0], bottom + pad)


def _at(point: Point) -> tuple[int, int]:
    return int(point[1]), int(point[0])


def _part_at(mask: Mask, at: tuple[int, int]) -> Mask:
    """The connected part that holds (column, row); nothing where that is not in the mask."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    label = labels[at[1], at[0]]
    return np.asarray((labels == label) & (label > 0), np.bool_)


def _is_backdrop(part: Mask, free: Mask) -> bool:
    """Whether it takes in most of all that is free: then the model saw the backdrop as the product."""
    return bool(part.sum() > 0.5 * free.sum())
