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


def test_a_gap_that_the_model_is_in_two_minds_about_is_filled_without_a_seam() -> None:
    raw = np.ones((SIDE, SIDE), np.float32)
    raw[:40], raw[-40:], raw[:, :40], raw[:, -40:] = 0, 0, 0, 0
    raw[150:350, 150:350] = 0.6
    raw[220:280, 220:280] = 0.45
    assert clean(raw)[100:400, 100:400].min() == 1


def disc(radius: float, *, centre: float = 256.0) -> F32:
    """A model's answer for a ball."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.clip((radius - np.hypot(x - centre, y - centre)) / 3 + 0.5, 0, 1).astype(np.float32)


def ball(radius: float) -> U8:
    """Its photo: shaded from left to right, darker towards its rim."""
    y, x = np.mgrid[:SIDE, :SIDE]
    from_middle = np.hypot(x - 256, y - 256)
    shade = np.clip(x - 60, 130, 250) * (1 - 0.2 * (from_middle / radius) ** 4)
    return np.repeat(np.where(from_middle < radius, shade, 90)[..., None], 3, axis=2).astype(np.uint8)


def error(matte: F32, radius: float) -> float:
    y, x = np.mgrid[:SIDE, :SIDE]
    return float(np.abs(matte - (np.hypot(x - 256, y - 256) < radius)).sum() / (2 * np.pi * radius))


def test_a_firm_edge_that_is_right_stays() -> None:
    assert error(refined(ball(150), disc(150)), 150) < error(clean(disc(150)), 150) + 0.05


def test_an_outline_beside_the_photos_edge_is_moved_there() -> None:
    for radius in (148.0, 152.0):
        raw = disc(radius)
        assert error(clean(raw), 150) > 1.8
        assert error(refined(ball(150), raw), 150) < 1


def test_no_edge_in_the_photo_moves_nothing() -> None:
    raw = disc(150)
    assert np.array_equal(refined(np.full((SIDE, SIDE, 3), 120, np.uint8), raw), clean(raw))


def test_a_wire_keeps_its_width() -> None:
    pixels = np.full((SIDE, SIDE, 3), 220, np.uint8)
    pixels[:, 254:258] = 30
    raw = np.zeros((SIDE, SIDE), np.float32)
    raw[:, 253:257] = 1
    raw = np.asarray(cv2.GaussianBlur(raw, (0, 0), 0.8), np.float32)
    assert abs(float(refined(pixels, raw)[100:400].sum() - clean(raw)[100:400].sum())) < 1
