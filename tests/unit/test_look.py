"""Two looks: where the close one goes, and what happens when the two do not agree."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.colour import F32, U8
from packshot.look import look
from packshot.model import Engine, ModelCard
from packshot.models.fake import FakeMatter
from packshot.steps.segment import Segment

RED = (200, 20, 20)


class RedIsProduct:
    """Takes what is red for product; pieces of `blind` it does not see when it looks closely at less than the frame."""

    card: ModelCard = FakeMatter.card
    engine: Engine = FakeMatter.engine

    def __init__(self, frame: tuple[int, int], *, blind: tuple[int, int, int] | None = None) -> None:
        self.frame, self.blind = frame, blind
        self.seen: list[tuple[int, int]] = []

    def matte(self, pixels_u8: U8) -> F32:
        height, width = pixels_u8.shape[:2]
        self.seen.append((width, height))
        return self._answer(pixels_u8, 256, lost=(width, height) != self.frame)

    def rough(self, pixels_u8: U8) -> F32:
        return self._answer(pixels_u8, 128, lost=False)

    def _answer(self, pixels_u8: U8, side: int, *, lost: bool) -> F32:
        small = cv2.resize(pixels_u8, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
        found = np.clip((small[..., 0] - small[..., 1]) / 180, 0, 1)
        if lost and self.blind is not None:
            found *= np.abs(small - np.array(self.blind, np.float32)).max(2) > 40
        return found.astype(np.float32)


def photo_with(*boxes: tuple[slice, slice, tuple[int, int, int]], size: tuple[int, int] = (800, 600)) -> U8:
    pixels = np.full((size[1], size[0], 3), 230, np.uint8)
    for rows, columns, colour in boxes:
        pixels[rows, columns] = colour
    return pixels


def test_a_small_product_is_looked_at_alone_and_put_back_in_its_place() -> None:
    pixels = photo_with((slice(300, 420), slice(500, 640), RED))
    matter = RedIsProduct((800, 600))
    seen = look(pixels, matter)
    matte = seen.matte(pixels)
    assert matter.seen == [(seen.window[2] - seen.window[0], seen.window[3] - seen.window[1])]
    assert matter.seen[0][0] < 300
    assert matte.shape == (600, 800)
    assert matte[310:410, 510:630].min() == 255
    assert matte[:280].max() == matte[:, :480].max() == 0


@pytest.mark.parametrize("boxes", [[(slice(20, 580), slice(20, 780), RED)], []], ids=["fills the photo", "not found"])
def test_what_fills_the_photo_or_is_not_found_is_looked_at_whole(
    boxes: list[tuple[slice, slice, tuple[int, int, int]]],
) -> None:
    matter = RedIsProduct((800, 600))
    assert look(photo_with(*boxes), matter).window == (0, 0, 800, 600)
    assert matter.seen == [(800, 600)]


def test_a_piece_that_only_the_close_look_misses_brings_it_back_to_the_whole_photo() -> None:
    foot = (200, 20, 120)
    pixels = photo_with((slice(200, 360), slice(300, 420), RED), (slice(360, 410), slice(300, 420), foot))
    matter = RedIsProduct((800, 600), blind=foot)
    seen = look(pixels, matter)
    assert matter.seen[-1] == (800, 600)
    assert seen.matte(pixels)[370:400, 310:410].min() > 200


def test_looking_twice_asks_for_the_mirror_image_too() -> None:
    pixels = photo_with((slice(300, 420), slice(500, 640), RED))
    once, twice = RedIsProduct((800, 600)), RedIsProduct((800, 600))
    a, b = look(pixels, once), look(pixels, twice, twice=True)
    assert len(twice.seen) == 2 * len(once.seen)
    assert np.abs(a.raw - b.raw).mean() < 0.01
    assert Segment(refined=True).refined
