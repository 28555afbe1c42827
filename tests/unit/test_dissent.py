"""Where other looks at a photo differ from its matte."""

from __future__ import annotations

import numpy as np
import pytest

from packshot.colour import F32, U8
from packshot.ops.dissent import AGREED, Place, dissent_of


def matte(*boxes: tuple[int, int, int, int]) -> U8:
    """(400, 500), 255 in boxes of left, top, right, bottom."""
    plane = np.zeros((400, 500), np.uint8)
    for left, top, right, bottom in boxes:
        plane[top:bottom, left:right] = 255
    return plane


def look(*boxes: tuple[int, int, int, int]) -> F32:
    return (matte(*boxes) / np.float32(255)).astype(np.float32)


BODY = (150, 100, 350, 300)
SIDES: dict[Place, tuple[int, int, int, int]] = {
    "left": (90, 170, 150, 230), "right": (350, 170, 410, 230), "top": (220, 40, 280, 100),
    "bottom": (220, 300, 280, 360),
}  # fmt: skip


def test_looks_that_agree_but_for_the_outline_raise_no_dissent() -> None:
    assert dissent_of(matte(BODY), [look((148, 98, 352, 302))], look((152, 102, 348, 298))).grade < 0.1
    assert dissent_of(matte(BODY), [look(BODY)], None) == AGREED


@pytest.mark.parametrize("place", SIDES)
def test_a_part_that_only_the_second_network_saw_may_be_missing(place: Place) -> None:
    found = dissent_of(matte(BODY), [look(BODY)], look(BODY, SIDES[place]))
    assert (found.kind, found.place) == ("missing", place)
    assert found.grade > 1


@pytest.mark.parametrize("place", SIDES)
def test_a_part_that_no_other_look_saw_may_be_too_much(place: Place) -> None:
    found = dissent_of(matte(BODY, SIDES[place]), [look(BODY)], look(BODY))
    assert (found.kind, found.place) == ("extra", place)
    assert found.grade > 1


def test_a_second_network_that_took_something_else_for_the_product_says_nothing_of_missing_parts() -> None:
    assert dissent_of(matte(BODY), [look(BODY)], look(BODY, (0, 0, 500, 400))).kind != "missing"


def test_what_the_second_network_fills_inside_the_product_is_no_missing_part() -> None:
    ring = matte(BODY)
    ring[160:240, 210:290] = 0
    assert dissent_of(ring, [(ring / 255).astype(np.float32)], look(BODY)) == AGREED


def test_an_opening_that_the_rough_look_saw_through_may_show_the_backdrop() -> None:
    open_look = look(BODY)
    open_look[160:240, 210:290] = 0
    found = dissent_of(matte(BODY), [open_look], look(BODY))
    assert (found.kind, found.place) == ("opening", "middle")
    assert found.grade > 1


def test_a_rough_look_that_the_full_one_and_the_second_network_outvote_says_nothing() -> None:
    assert dissent_of(matte(BODY), [look(BODY, SIDES["left"]), look(BODY)], look(BODY)) == AGREED


def test_without_a_product_or_other_looks_there_is_no_dissent() -> None:
    assert dissent_of(matte(), [look(BODY)], look(BODY)) == AGREED
    assert dissent_of(matte(BODY), [], None) == AGREED
