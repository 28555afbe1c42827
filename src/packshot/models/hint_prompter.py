"""A prompter on top of any matter: hints choose the parts of the photo that the model gets, else edges decide.

It serves until there is a promptable model (SAM 2) with the same protocol.
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
from packshot.ops.region import Mask, Point, box_around, rim_strength, view_of
from packshot.ops.resample import within_side

BOX_MARGIN = 0.12  # of a hint's box: surroundings that the model gets with it, as in a close pass (two_pass.py)
# Surroundings of the product that are examined for a click on it, and for one beside it: a missing part may reach far.
ON_MARGIN, BESIDE_MARGIN = 0.15, 0.4
# Parts of the photo around a keep click that the model gets, as shares of its longer side.
SHOWN_SHARES = (0.25, 0.5)
LEAST_RIM = 0.5  # an answer whose rim lies worse on edges is dropped (benchmarks/README.md, Hints)
CACHED_ANSWERS = 16  # of one editing session, 4 MiB each


class HintPrompter:
    """Hints on top of a matter; answers for the same pixels are cached, so that one more click costs little."""

    def __init__(self, matter: Matter) -> None:
        self.card, self.engine, self._matter = matter.card, matter.engine, matter
        self._answers: OrderedDict[str, F32] = OrderedDict()
        self._lock = threading.Lock()

    def matte(
        self, pixels_u8: NDArray[np.uint8], *, start: NDArray[np.uint8] | None, boxes: Sequence[PixelBox],
        points: Sequence[Point], labels: Sequence[bool],
    ) -> NDArray[np.uint8]:  # fmt: skip
        """All keep points count first, then all others, whatever the order of the clicks."""
        keep = [point for point, on in zip(points, labels, strict=True) if on]
        remove = [point for point, on in zip(points, labels, strict=True) if not on]
        matte = self._start(pixels_u8, start, boxes)
        for point in keep:
            if matte[_at(point)] <= 127:
                matte = self._with_part_at(pixels_u8, matte, point, remove)
        for point in remove:
            if matte[_at(point)] > 127:
                view = view_of(pixels_u8, box_around(matte, [point], margin=ON_MARGIN))
                matte = hints.exclude(pixels_u8, matte, view, point, against=keep)
        return matte

    def _start(self, pixels_u8: U8, start: U8 | None, boxes: Sequence[PixelBox]) -> U8:
        if not boxes and start is not None:
            return start
        if not boxes:
            return self._model_matte(pixels_u8, (0, 0, pixels_u8.shape[1], pixels_u8.shape[0]))
        matte = np.zeros(pixels_u8.shape[:2], np.uint8)
        for box in boxes:
            inside = np.s_[box[1] : box[3], box[0] : box[2]]
            # Together with what was there: a closer pass finds more of a large product, but can lose a part of it.
            before = matte if start is None else np.maximum(matte, start)
            found = self._model_matte(pixels_u8, _wider(box, BOX_MARGIN, pixels_u8.shape))
            matte[inside] = np.maximum(before[inside], found[inside])
        return matte

    def _with_part_at(self, pixels_u8: U8, matte: U8, point: Point, remove: Sequence[Point]) -> U8:
        """By an answer of the model for the surroundings that has the point and ends at edges; else by edges alone."""
        view = view_of(pixels_u8, box_around(matte, [point], margin=BESIDE_MARGIN))
        free = view.of(matte) <= 127
        best, chosen = LEAST_RIM, None
        for share in SHOWN_SHARES:
            half = share * max(matte.shape) / 2
            x, y = point
            answer = self._model_matte(pixels_u8, (int(x - half), int(y - half), int(x + half), int(y + half)))
            part = _part_at(view.of(answer) > 127, view.at(point)) & free
            if not part.any() or any(answer[_at(other)] > 127 for other in remove) or _is_backdrop(part, free):
                continue
            strength = rim_strength(view, free, part)
            if strength > best:
                best, chosen = strength, part
        if chosen is None:
            return hints.include(pixels_u8, matte, view, point, against=remove)
        return hints.with_region(pixels_u8, matte, view, chosen)

    def _model_matte(self, pixels_u8: U8, box: PixelBox) -> U8:
        """The model's clean matte of a part of the photo, at the photo's size; 0 outside of the part."""
        left, top, right, bottom = _wider(box, 0, pixels_u8.shape)
        part = within_side(pixels_u8[top:bottom, left:right], TRAINED_PX)
        matte = np.zeros(pixels_u8.shape[:2], np.uint8)
        matte[top:bottom, left:right] = ops.to_size(ops.clean(self._cached_answer(part)), (right - left, bottom - top))
        return matte

    def _cached_answer(self, pixels_u8: U8) -> F32:
        key = hashlib.sha256(repr(pixels_u8.shape).encode() + pixels_u8.tobytes()).hexdigest()
        with self._lock:
            answer = self._answers.get(key)
        if answer is None:
            answer = raw_matte(self._matter, pixels_u8)
        with self._lock:
            self._answers[key] = answer
            self._answers.move_to_end(key)
            while len(self._answers) > CACHED_ANSWERS:
                self._answers.popitem(last=False)
        return answer


def _wider(box: PixelBox, margin: float, shape: Sequence[int]) -> PixelBox:
    """The box with a margin (share of its longer side), inside the photo."""
    left, top, right, bottom = box
    pad = round(margin * max(right - left, bottom - top))
    return max(0, left - pad), max(0, top - pad), min(shape[1], right + pad), min(shape[0], bottom + pad)


def _at(point: Point) -> tuple[int, int]:
    return int(point[1]), int(point[0])


def _part_at(mask: Mask, at: tuple[int, int]) -> Mask:
    """The connected part that holds (column, row); empty where that is not in the mask."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    label = labels[at[1], at[0]]
    return np.asarray((labels == label) & (label > 0), np.bool_)


def _is_backdrop(part: Mask, free: Mask) -> bool:
    """Whether it covers most of what is free: then the model took the backdrop for the product."""
    return bool(part.sum() > 0.5 * free.sum())
