"""Dissent: where other looks at the same photo found something else than the finished matte, in pieces thicker than an
outline.

Limits were chosen on the "tune" half of benchmarks/witness.py and judged by the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8
from packshot.ops.geometry import PixelBox, box_of
from packshot.ops.resample import within_side

Mask = NDArray[np.bool_]
Place = Literal["", "left", "right", "top", "bottom", "middle"]
Kind = Literal["missing", "extra", "opening"]

SIDE = 512  # px, longest, at which looks are compared
THICK = 7  # px of that: what is thinner is an outline
# Shares of the product, in which a look differs, from which it counts: a part that the matter's own looks saw, one that
# only the second network saw, one that no other look saw, and what the rough look saw through.
OWN, FOREIGN, ALONE, THROUGH = 0.02, 0.08, 0.06, 0.03
LOST = 0.45  # overlap below which the second network took something else for the product: it is no witness then
BEYOND = 0.06  # share of the product that the second network takes for backdrop, from which that counts


@dataclass(frozen=True, slots=True)
class Dissent:
    """The gravest disagreement about a matte."""

    kind: Kind | None = None
    grade: float = 0.0  # share of the product over its limit: 1 at the limit
    place: Place = ""  # of the product's box


AGREED = Dissent()


def dissent_of(matte_u8: U8, looks: Sequence[F32], witness: F32 | None) -> Dissent:
    """matte_u8: (H, W).  looks, witness: [0, 1], each over the whole frame at its own size; the rough look first."""
    matte = within_side(matte_u8, SIDE) > 127
    if not matte.any() or not looks:
        return AGREED
    own = [_at_size(look, matte.shape) for look in looks]
    gaps, seen_through = _gaps(matte), matte & _gaps(own[0])
    other = matte if witness is None else _at_size(witness, matte.shape)
    # Where there was a full look, the rough one was heard already: alone it means nothing.
    missed = [own[0]] if len(own) == 1 else [own[0] & other, *own[1:]]
    found = [(_share(look & ~matte & ~gaps, matte | look), OWN, "missing") for look in missed]
    found.append((_share(seen_through, matte), THROUGH, "opening"))
    if witness is not None:
        if (matte & other).sum() > LOST * (matte | other).sum():
            found.append((_share(_attached(other & ~matte & ~gaps, matte), matte), FOREIGN, "missing"))
        found.append((_share(matte & ~other, matte | other), BEYOND, "extra"))
        found += [(_share(matte & ~other & ~look, matte | look), ALONE, "extra") for look in own]
    (share, piece), limit, kind = max(found, key=lambda each: each[0][0] / each[1])
    if not share:
        return AGREED
    return Dissent(kind, share / limit, _place(piece, box_of(matte.astype(np.uint8))))  # type: ignore[arg-type]


def _at_size(look: F32, shape: tuple[int, int]) -> Mask:
    shrinks = look.shape[0] > shape[0]
    size = shape[::-1]
    return np.asarray(
        cv2.resize(look, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR) > 0.5, np.bool_
    )


def _share(pieces: Mask, of: Mask) -> tuple[float, Mask]:
    thick = cv2.morphologyEx(pieces.astype(np.uint8), cv2.MORPH_OPEN, np.ones((THICK, THICK), np.uint8))
    return float(thick.sum()) / max(1, int(of.sum())), thick > 0


def _attached(pieces: Mask, matte: Mask) -> Mask:
    """Those pieces that touch the matte: apart from it stands another thing."""
    thick = cv2.morphologyEx(pieces.astype(np.uint8), cv2.MORPH_OPEN, np.ones((THICK, THICK), np.uint8))
    count, labels = cv2.connectedComponents(thick)
    near = cv2.dilate(matte.astype(np.uint8), np.ones((THICK, THICK), np.uint8)) > 0
    touching = np.bincount(labels[near], minlength=count) > 0
    touching[0] = False
    return np.asarray(touching[labels], np.bool_)


def _gaps(solid: Mask) -> Mask:
    """What it encloses."""
    gaps = cv2.copyMakeBorder((~solid).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(1,))
    cv2.floodFill(gaps, None, (0, 0), 0)
    return np.asarray(gaps[1:-1, 1:-1] > 0, np.bool_)


def _place(piece: Mask, box: PixelBox) -> Place:
    """Where its largest part lies."""
    _, _, stats, middles = cv2.connectedComponentsWithStats(piece.astype(np.uint8))
    x, y = middles[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())]
    left, top, right, bottom = box
    across, down = (x - left) / max(1, right - left) - 0.5, (y - top) / max(1, bottom - top) - 0.5
    if max(abs(across), abs(down)) < 0.2:
        return "middle"
    if abs(across) > abs(down):
        return "left" if across < 0 else "right"
    return "top" if down < 0 else "bottom"
