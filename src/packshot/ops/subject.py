"""Whether a picture shows something photographed, or a screen, a drawing or a page of print: plain statistics."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import U8

SIDE = 1200  # px, the longer side that print is looked for at: 10-point letters on a whole page are 10 px high
CELL = 40  # px
INK = 0.22  # darker or lighter than what is around it, of 1
FLAT_SAMPLE = 1500  # px, the longer side that even areas are looked for at, without scaling

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Subject:
    """Shares of the picture, but for colours.

    even: exactly one colour over three by three pixels, in any colour but the most common.
    few: of these even areas, those in one exact colour of all that are like it.
    colours: how many of 32 × 32 × 32 there are.
    lines: of what differs from the ground, thin lines; 0 where the ground is not most of the picture.
    print: cells with letters or rules on smooth paper.  picture: cells that are neither print nor smooth.
    """

    even: float
    few: float
    colours: int
    lines: float
    print: float
    picture: float


def subject_of(pixels_u8: U8) -> Subject:
    """pixels_u8: (H, W, 3)."""
    even, few, colours = _even(pixels_u8)
    levels = _levels(pixels_u8)
    return Subject(even, few, colours, _lines(levels), *_print(levels))


def _even(pixels_u8: U8) -> tuple[float, float, int]:
    """A photo has grain in every area; what a program fills has one colour to the pixel."""
    # Blocks from all over the picture: scaling makes edges soft and grain disappear.
    step = max(1, round(max(pixels_u8.shape[:2]) / FLAT_SAMPLE))
    blocks = _blocks(pixels_u8, step)
    coded = (blocks[..., 0].astype(np.uint32) << 16) | (blocks[..., 1].astype(np.uint32) << 8) | blocks[..., 2]
    inner = coded[1:-1, 1:-1]
    same = np.ones(inner.shape, bool)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            same &= coded[1 + dy : coded.shape[0] - 1 + dy, 1 + dx : coded.shape[1] - 1 + dx] == inner
    colours, counts = np.unique(inner[same], return_counts=True)
    if not len(colours):
        return 0.0, 0.0, _colours(blocks)
    levels = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], 1).astype(np.int16)
    most_common = levels[int(counts.argmax())]
    apart = np.abs(levels - most_common).max(1) > 8  # a packshot's backdrop is even, too, and so is overexposed paper
    bins, counts = levels[apart] // 32 @ np.array([64, 8, 1]), counts[apart]
    total = int(counts.sum())
    if not total:
        return 0.0, 0.0, _colours(blocks)
    most = np.zeros(512, np.int64)
    np.maximum.at(most, bins, counts)
    return total / inner.size, float(most.sum() / total), _colours(blocks)


def _colours(pixels_u8: U8) -> int:
    """How many of 32 × 32 × 32 colours there are."""
    bins = pixels_u8.reshape(-1, 3).astype(np.int32) // 8 @ np.array([1024, 32, 1], np.int32)
    return int((np.bincount(bins) > 2).sum())


def _blocks(pixels_u8: U8, step: int) -> U8:
    """Every step-th square of 32 px, side by side."""
    if step == 1:
        return pixels_u8
    rows = np.arange(pixels_u8.shape[0]) // 32 % step == 0
    columns = np.arange(pixels_u8.shape[1]) // 32 % step == 0
    return np.ascontiguousarray(pixels_u8[rows][:, columns])


def _levels(pixels_u8: U8) -> F32:
    """In gray, at most SIDE long, [0, 1]."""
    scale = SIDE / max(pixels_u8.shape[:2])
    gray = cv2.cvtColor(np.ascontiguousarray(pixels_u8), cv2.COLOR_RGB2GRAY)
    if scale < 1:
        size = max(CELL, round(gray.shape[1] * scale)), max(CELL, round(gray.shape[0] * scale))
        gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(gray.astype(np.float32) / np.float32(255), np.float32)


def _lines(levels: F32) -> float:
    ink = np.abs(levels - np.median(levels)) > 0.1
    if not 0.002 < ink.mean() < 0.2:
        return 0.0
    body = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    return 1 - float(body.sum()) / float(ink.sum())


def _print(levels: F32) -> tuple[float, float]:
    gray = np.asarray(levels * 255, np.uint8)
    ground = cv2.medianBlur(gray, 31).astype(np.float32) / 255  # paper, or a dark screen, without its letters
    ink = np.abs(levels - ground) > INK
    wide = cv2.dilate(ink.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(bool)
    steps = np.maximum(np.abs(np.diff(levels, axis=1, prepend=levels[:, :1])),
                       np.abs(np.diff(levels, axis=0, prepend=levels[:1])))  # fmt: skip
    # Paper between letters is smooth; what looks like letters in grass, fur or cloth has none between.
    rough = (cv2.GaussianBlur(steps, (0, 0), 1.5) > 0.03) & ~wide
    rough &= ~_rules(np.abs(levels - ground))
    edges = _axis_edges(levels)
    shape = levels.shape[0] // CELL, levels.shape[1] // CELL

    def cells(mask: NDArray[np.generic]) -> F32:
        part = mask[: shape[0] * CELL, : shape[1] * CELL].astype(np.float32)
        return np.asarray(part.reshape(shape[0], CELL, shape[1], CELL).mean((1, 3)), np.float32)

    inked, roughness, paper = cells(ink), cells(rough), cells(~wide)
    turns = cells(_turns(ink))
    printed = (inked > 0.02) & (inked < 0.4) & (roughness < 0.06) & (turns > 0.03) & (paper > 0.08)
    printed &= cells(edges) > 0.25 * inked
    smooth = (inked < 0.02) & (roughness < 0.06)
    total = float(shape[0] * shape[1])
    return float(printed.sum()) / total, 1 - float((printed | smooth).sum()) / total


def _rules(off_ground: F32) -> NDArray[np.bool_]:
    """A table's lines, however faint, and what lies beside them."""
    thin = (off_ground > 0.03).astype(np.uint8)
    long = [cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones(shape, np.uint8)) for shape in ((1, 31), (31, 1))]
    return np.asarray(cv2.dilate(cv2.bitwise_or(*long), np.ones((7, 7), np.uint8)).astype(bool))


def _axis_edges(levels: F32) -> NDArray[np.bool_]:
    """Steep edges within 20 degrees of upright or level."""
    dx, dy = cv2.Sobel(levels, cv2.CV_32F, 1, 0), cv2.Sobel(levels, cv2.CV_32F, 0, 1)
    steep, most, least = np.hypot(dx, dy) > 0.5, np.maximum(abs(dx), abs(dy)), np.minimum(abs(dx), abs(dy))
    return np.asarray(steep & (least < 0.36 * most))


def _turns(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where ink begins, from left to right: letters do so every few pixels."""
    turned = np.zeros(ink.shape, bool)
    turned[:, 1:] = ink[:, 1:] & ~ink[:, :-1]
    return turned
