"""Hints: what a click means, and that nothing else changes."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from numpy.typing import NDArray

from handmade import FakeMatter
from packshot.errors import BadInput
from packshot.model import Hints, prompted_matte
from packshot.models.hint_prompter import HintPrompter
from packshot.ops.region import distance

U8 = NDArray[np.uint8]
BACKDROP, PRODUCT, HAND = (235, 232, 228), (40, 60, 150), (200, 130, 100)
ON_PRODUCT, ON_HAND, ON_BACKDROP = (150.0, 120.0), (240.0, 200.0), (30.0, 30.0)


def held() -> tuple[U8, U8, U8]:
    """A product that a hand holds: the photo, the matte of the product, the matte of both."""
    pixels = np.full((320, 400, 3), BACKDROP, np.uint8)
    product, hand = np.zeros((320, 400), np.uint8), np.zeros((320, 400), np.uint8)
    product[60:260, 90:210] = 255
    hand[170:230, 210:300] = 255
    pixels[product > 0], pixels[hand > 0] = PRODUCT, HAND
    noise = np.random.default_rng(1).integers(-4, 5, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8), product, product | hand


def overlap(one: U8, other: U8) -> float:
    return float(((one > 127) & (other > 127)).sum() / ((one > 127) | (other > 127)).sum())


def hinted(pixels: U8, start: U8, **hints: object) -> U8:
    return prompted_matte(HintPrompter(FakeMatter()), pixels, Hints.model_validate(hints), start=start)


def test_a_click_lets_go_what_holds_the_product() -> None:
    pixels, product, both = held()
    result = hinted(pixels, both, remove=[ON_HAND])
    assert overlap(result, product) > 0.99
    assert result[200, 230:305].max() == 0, "no rim is left of it"


def test_nothing_changes_away_from_what_was_clicked() -> None:
    pixels, _, both = held()
    both[60:260, 88:90] = 100  # a soft edge that no filter would give again
    result = hinted(pixels, both, remove=[ON_HAND])
    assert np.array_equal(result[:, :195], both[:, :195])
    assert np.array_equal(result[:150], both[:150])


def test_a_click_takes_in_a_part_that_is_missing_without_a_seam() -> None:
    pixels, product, both = held()
    for seen in (FakeMatter(), Blind()):
        result = prompted_matte(HintPrompter(seen), pixels, Hints(keep=(ON_HAND,)), start=product)
        assert overlap(result, both) > 0.99
        assert result[180:220, 195:225].min() == 255


def test_an_opposite_click_bounds_the_region() -> None:
    pixels, product, both = held()
    result = hinted(pixels, both, remove=[ON_HAND], keep=[(290.0, 200.0)])
    assert result[200, 290] == 255
    assert result[200, 240] == 0
    with_hand = hinted(pixels, product, keep=[ON_HAND], remove=[(290.0, 200.0)])
    assert with_hand[200, 240] == 255
    assert with_hand[200, 290] == 0


def test_two_clicks_on_one_spot_that_disagree_change_nothing() -> None:
    pixels, _, both = held()
    assert np.array_equal(hinted(pixels, both, remove=[ON_HAND], keep=[ON_HAND]), both)


def test_clicks_that_say_what_is_so_already_change_nothing() -> None:
    pixels, _, both = held()
    assert np.array_equal(hinted(pixels, both, keep=[ON_PRODUCT], remove=[ON_BACKDROP]), both)


def test_outside_of_a_box_is_backdrop() -> None:
    pixels, product, _ = held()
    result = hinted(pixels, product, boxes=[(80, 50, 210, 270)])
    assert overlap(result, product) > 0.98
    assert result[:, 210:].max() == 0


def test_the_same_hints_in_any_order_give_the_same_matte() -> None:
    pixels, _, both = held()
    one = hinted(pixels, both, remove=[ON_HAND, (280.0, 180.0)], keep=[ON_PRODUCT, (100.0, 250.0)])
    other = hinted(pixels, both, remove=[(280.0, 180.0), ON_HAND], keep=[(100.0, 250.0), ON_PRODUCT])
    assert overlap(one, other) > 0.999
    assert np.array_equal(one, hinted(pixels, both, remove=[ON_HAND, (280.0, 180.0)], keep=[ON_PRODUCT]))


def test_the_model_runs_once_for_the_same_pixels() -> None:
    pixels, product, _ = held()
    matter = FakeMatter()
    prompter = HintPrompter(matter)
    first = prompted_matte(prompter, pixels, Hints(keep=(ON_HAND,)), start=product)
    calls = matter.calls
    assert calls > 0
    assert np.array_equal(prompted_matte(prompter, pixels, Hints(keep=(ON_HAND,)), start=product), first)
    assert matter.calls == calls


def test_a_photo_without_a_matte_begins_with_the_models() -> None:
    pixels, _, both = held()
    assert overlap(prompted_matte(HintPrompter(FakeMatter()), pixels, Hints()), both) > 0.98


@pytest.mark.parametrize(
    ("hints", "words"),
    [
        ({"keep": [(400.0, 10.0)]}, "keep: the point 400, 10 lies outside"),
        ({"remove": [(-1.0, 10.0)]}, "remove: the point -1, 10 lies outside"),
        ({"boxes": [(10, 10, 500, 90)]}, "boxes: the box 10, 10, 500, 90"),
        ({"boxes": [(10, 10, 12, 90)]}, "too small"),
    ],
)
def test_hints_outside_of_the_photo_are_named(hints: dict[str, object], words: str) -> None:
    pixels, product, _ = held()
    with pytest.raises(BadInput, match=words):
        hinted(pixels, product, **hints)


def test_the_distance_is_that_of_the_cheapest_way() -> None:
    cost = np.random.default_rng(2).uniform(0.01, 1, (24, 31))
    seed = np.zeros(cost.shape, np.bool_)
    seed[5, 7] = True
    assert np.allclose(distance(cost, seed), dijkstra(cost, (5, 7)), atol=5e-3)


def dijkstra(cost: NDArray[np.float64], start: tuple[int, int]) -> NDArray[np.float64]:
    way = np.full(cost.shape, np.inf)
    way[start] = 0
    heap = [(0.0, start)]
    while heap:
        length, (row, column) = heapq.heappop(heap)
        for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if 0 <= r < cost.shape[0] and 0 <= c < cost.shape[1]:
                further = length + (cost[row, column] + cost[r, c]) / 2
                if further < way[r, c]:
                    way[r, c] = further
                    heapq.heappush(heap, (further, (r, c)))
    return way


class Blind(FakeMatter):
    """Sees no product."""

    def matte(self, pixels_u8: U8) -> NDArray[np.float32]:
        return np.zeros((64, 64), np.float32)
