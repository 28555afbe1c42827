"""Edges: firm ones stay as the model drew them, hairs are decided by their colour where that can be told."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.colour import F32, U8
from packshot.ops.edges import refined
from packshot.ops.matte import clean

SIDE = 512
HAIR, WALL = (60, 40, 30), (225, 225, 220)


def hairy(
    hair: tuple[int, int, int], wall: tuple[int, int, int]
) -> tuple[U8, F32, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    """A solid block with hairs on top: photo, a model's haze over the hairs, and where hairs truly are."""
    pixels = np.full((SIDE, SIDE, 3), wall, np.uint8)
    hairs = np.zeros((SIDE, SIDE), bool)
    for x in range(120, 392, 8):
        hairs[176:220, x : x + 3] = True
    hairs[220:440, 120:392] = True
    pixels[hairs] = hair
    raw = np.zeros((SIDE, SIDE), np.float32)
    raw[220:440, 120:392] = 1
    raw[176:220, 120:392] = np.linspace(0.3, 0.9, 44, dtype=np.float32)[:, None]
    return pixels, np.asarray(cv2.GaussianBlur(raw, (0, 0), 2), np.float32), hairs


def test_hairs_are_told_from_the_gaps_between_them() -> None:
    pixels, raw, hairs = hairy(HAIR, WALL)
    area = (slice(186, 212), slice(150, 360))
    before, after = clean(raw)[area], refined(pixels, raw)[area]
    inside = hairs[area]
    assert after[inside].mean() - after[~inside].mean() > 0.6
    assert np.abs(after - inside).mean() < 0.5 * np.abs(before - inside).mean()


def test_hairs_of_the_colour_behind_them_stay_as_the_model_saw_them() -> None:
    pixels, raw, _ = hairy((222, 222, 218), WALL)
    assert np.abs(refined(pixels, raw) - clean(raw)).max() < 0.1


def test_a_firm_edge_is_not_touched() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    raw = np.clip((150 - np.hypot(x - 256, y - 256)) / 3 + 0.5, 0, 1).astype(np.float32)
    shaded = np.where(raw[..., None] > 0.5, np.clip(x[..., None] - 60, 30, 250), 90)
    pixels = np.broadcast_to(shaded, (SIDE, SIDE, 3)).astype(np.uint8)
    assert np.array_equal(refined(pixels, raw), clean(raw))
