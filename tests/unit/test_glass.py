from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.colour import U8
from packshot.ops.glass import glass_of, see_through
from packshot.ops.matte import Facts, facts_of
from packshot.steps.segment import findings_of

OUTLINE = (slice(100, 500), slice(250, 450))


def room() -> U8:
    """Stripes of colour before a gradient: what may shine through."""
    rows, columns = np.mgrid[:600, :700].astype(np.float32)
    tone = 90 + 0.15 * rows + 25 * np.sin(columns / 60)
    return np.stack([tone, tone * 0.9, 60 + 0.1 * columns], -1).astype(np.uint8)


def matte() -> U8:
    covered = np.zeros((600, 700), np.uint8)
    covered[OUTLINE] = 255
    return covered


def rimmed(pixels: U8) -> U8:
    """With the thin bright and dark lines that run along glass."""
    for inset, level in ((4, 190), (9, 50), (15, 185), (20, 60)):
        cv2.rectangle(pixels, (250 + inset, 100 + inset), (450 - inset, 500 - inset), (level, level, level), 2)
    return pixels


def test_a_room_seen_through_rims_is_glass() -> None:
    bent = room()
    bent[OUTLINE] = bent[OUTLINE][:, ::-1]
    assert see_through(rimmed(bent), matte()) > 0.78


def test_without_rims_a_product_of_its_backdrops_colour_is_opaque() -> None:
    assert see_through(room(), matte()) == 0


@pytest.mark.parametrize("colour", [(240, 240, 240), (200, 30, 40), (20, 20, 20)])
def test_a_product_of_its_own_colour_is_opaque_though_it_shines(colour: tuple[int, int, int]) -> None:
    pixels = room()
    pixels[OUTLINE] = colour
    assert see_through(rimmed(pixels), matte()) == 0


def test_before_grass_nothing_is_glass() -> None:
    grain = np.random.default_rng(0).integers(-60, 60, (600, 700, 1))
    rough = np.clip(rimmed(room()) + grain, 0, 255).astype(np.uint8)
    assert see_through(rough, matte()) == 0


def horizon() -> U8:
    """A white wall over a gray floor."""
    pixels = np.full((600, 700, 3), 235, np.uint8)
    pixels[300:] = 120
    return pixels


def test_glass_darker_than_what_is_behind_it_shows_by_changing_with_it() -> None:
    pixels = horizon()
    pixels[OUTLINE] -= 6
    pixels[130:170, 300:400] = 255  # a window's reflection
    pixels[430:470, 300:400] = 20
    found = glass_of(rimmed(pixels), matte())
    assert (found.see_through, found.beside > 0.6) == (0, True)


def test_a_product_of_the_walls_colour_before_wall_and_floor_is_opaque() -> None:
    pixels = horizon()
    pixels[OUTLINE] = 233
    pixels[150:200, 300:400] = 20
    assert glass_of(rimmed(pixels), matte()).beside == 0


def filled_glass(rim: int) -> tuple[U8, U8]:
    """Tea in a glass before white paper: the cut-out holds the tea alone."""
    pixels = np.full((600, 700, 3), 225, np.uint8)
    pixels[300:500, 250:450] = (180, 90, 30)
    tea = np.where(pixels[..., 2] < 100, np.uint8(255), np.uint8(0))
    cv2.ellipse(pixels, (350, 250), (100, 14), 0, 0, 360, (rim, rim, rim), 2)
    return pixels, tea


@pytest.mark.parametrize(("rim", "left_out"), [(120, True), (224, False)])
def test_a_rim_above_the_cut_out_says_that_a_part_was_left_out(rim: int, left_out: bool) -> None:
    pixels, tea = filled_glass(rim)
    facts = facts_of(tea, (tea / np.float32(255)).astype(np.float32), pixels)
    assert (facts.uncertainty > 0.5, facts.doubts) == (left_out, ("rim",) if left_out else ())


def test_an_empty_matte_is_not_glass() -> None:
    assert see_through(room(), np.zeros((600, 700), np.uint8)) == 0


def test_the_finding_on_glass_says_what_to_do() -> None:
    (finding,) = findings_of(Facts((10, 10, 90, 90), 0.6, (0.6,), (), 0.1, see_through=0.9), (100, 100))
    assert (finding.check, finding.value) == ("glass", 90)
    assert "even, bright backdrop" in finding.words
