"""Two passes: the box of the close one, and what happens where the two disagree."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.colour import F32, U8
from packshot.model import ALONE, Engine, ModelCard, SecondOpinion
from packshot.models.fake import FakeMatter
from packshot.models.two_pass import two_pass
from packshot.steps.segment import Segment

Colour = tuple[int, int, int]
RED, PINK = (200, 20, 20), (200, 20, 120)
CLOSE = 300  # px: narrower parts are close passes


class RedIsProduct:
    """Takes what is red for product; what is of the colour `blind` it does not see close by, `mirage` only roughly."""

    card: ModelCard = FakeMatter.card
    engine: Engine = FakeMatter.engine
    second: SecondOpinion = ALONE

    def __init__(self, *, blind: Colour | None = None, mirage: Colour | None = None) -> None:
        self.blind, self.mirage = blind, mirage
        self.seen: list[tuple[int, int]] = []

    def matte(self, pixels_u8: U8) -> F32:
        height, width = pixels_u8.shape[:2]
        self.seen.append((width, height))
        return self._answer(pixels_u8, 256, *([self.blind] if width < CLOSE else []), self.mirage)

    def rough(self, pixels_u8: U8) -> F32:
        return self._answer(pixels_u8, 128)

    def _answer(self, pixels_u8: U8, side: int, *unseen: Colour | None) -> F32:
        small = cv2.resize(pixels_u8, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
        found = np.clip((small[..., 0] - small[..., 1]) / 180, 0, 1)
        for colour in filter(None, unseen):
            found *= np.abs(small - np.array(colour, np.float32)).max(2) > 40
        return found.astype(np.float32)


def photo_with(*boxes: tuple[slice, slice, Colour], size: tuple[int, int] = (800, 600)) -> U8:
    pixels = np.full((size[1], size[0], 3), 230, np.uint8)
    for rows, columns, colour in boxes:
        pixels[rows, columns] = colour
    return pixels


def test_a_small_product_gets_a_close_pass_and_its_place_in_the_photo() -> None:
    pixels = photo_with((slice(300, 420), slice(500, 640), RED))
    matter = RedIsProduct()
    seen = two_pass(pixels, matter)
    matte = seen.matte(pixels)
    assert matter.seen == [(seen.box[2] - seen.box[0], seen.box[3] - seen.box[1])]
    assert matter.seen[0][0] < 300
    assert matte.shape == (600, 800)
    assert matte[310:410, 510:630].min() == 255
    assert matte[:280].max() == matte[:, :480].max() == 0


@pytest.mark.parametrize("boxes", [[(slice(20, 580), slice(20, 780), RED)], []], ids=["fills the photo", "not found"])
def test_what_fills_the_photo_or_is_not_found_gets_the_whole_frame(
    boxes: list[tuple[slice, slice, Colour]],
) -> None:
    matter = RedIsProduct()
    assert two_pass(photo_with(*boxes), matter).box == (0, 0, 800, 600)
    assert matter.seen == [(800, 600)]


TWO_PARTS = ((slice(200, 360), slice(300, 420), RED), (slice(360, 410), slice(300, 420), PINK))


def test_a_piece_that_only_the_close_pass_misses_comes_back_in_a_wider_one() -> None:
    pixels, matter = photo_with(*TWO_PARTS), RedIsProduct(blind=PINK)
    seen = two_pass(pixels, matter)
    assert [width < CLOSE for width, _ in matter.seen] == [True, False]
    assert seen.matte(pixels)[370:400, 310:410].min() > 200


def test_a_small_filled_photo_is_enlarged_where_the_passes_differ() -> None:
    pixels = photo_with((slice(10, 100), slice(10, 190), RED), (slice(100, 140), slice(10, 190), PINK), size=(200, 150))
    matter = RedIsProduct(blind=PINK)
    assert two_pass(pixels, matter).matte(pixels)[110:135, 20:180].min() > 200
    assert matter.seen == [(200, 150), (2048, 1536)]


def test_a_piece_that_only_the_rough_pass_found_is_dropped() -> None:
    pixels, matter = photo_with(*TWO_PARTS), RedIsProduct(mirage=PINK)
    seen = two_pass(pixels, matter)
    assert (seen.box[2] - seen.box[0], seen.box[3] - seen.box[1]) == matter.seen[0], "the close one is kept"
    assert seen.matte(pixels)[370:400, 310:410].max() == 0


def test_a_refined_cut_out_uses_the_mirror_image_too() -> None:
    pixels = photo_with((slice(300, 420), slice(500, 640), RED))
    once, twice = RedIsProduct(), RedIsProduct()
    a, b = two_pass(pixels, once), two_pass(pixels, twice, mirrored=True)
    assert len(twice.seen) == 2 * len(once.seen)
    assert np.abs(a.raw - b.raw).mean() < 0.01
    assert Segment(refined=True).refined


class AsSecond:
    """A second network that takes red and pink for product."""

    card, engine, second = FakeMatter.card, FakeMatter.engine, ALONE

    def matte(self, pixels_u8: U8) -> F32:
        return RedIsProduct()._answer(pixels_u8, 80)

    rough = matte


class RoughlyBlind(RedIsProduct):
    """Does not see pink in its rough look."""

    def rough(self, pixels_u8: U8) -> F32:
        return super().rough(np.where((pixels_u8 == PINK).all(2, keepdims=True), np.uint8(230), pixels_u8))


def test_a_part_that_the_rough_pass_lost_is_in_the_close_one_where_a_second_network_sees_it() -> None:
    pixels = photo_with((slice(100, 200), slice(300, 420), RED), (slice(200, 500), slice(300, 420), PINK))
    alone, seconded = RoughlyBlind(), RoughlyBlind()
    seconded.second = SecondOpinion(AsSecond())
    assert two_pass(pixels, alone).matte(pixels)[400:490].max() == 0
    assert two_pass(pixels, seconded).matte(pixels)[210:490, 310:410].min() > 200


def test_what_the_other_passes_answered_is_handed_on() -> None:
    pixels = photo_with(*TWO_PARTS)
    matter = RedIsProduct(blind=PINK)
    matter.second = SecondOpinion(AsSecond())
    seen = two_pass(pixels, matter)
    assert len(seen.others) == 2, "the rough one and the one that decides"
    assert seen.witness is not None
