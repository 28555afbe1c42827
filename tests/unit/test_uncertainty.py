from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from packshot.colour import F32, U8
from packshot.ops.matte import Facts
from packshot.ops.uncertainty import Doubt, Doubts, doubts_of
from packshot.steps.segment import DOUBTS, UNSURE, findings_of


def disc(radius: int = 90) -> F32:
    rows, columns = np.mgrid[:400, :400]
    return np.clip((radius - np.hypot(rows - 200, columns - 200)) / 2 + 0.5, 0, 1).astype(np.float32)


def photo_with(matte: F32, *, product: tuple[int, int, int], backdrop: tuple[int, int, int]) -> U8:
    part = matte[..., None]
    return (np.array(product) * part + np.array(backdrop) * (1 - part)).astype(np.uint8)


def doubts(raw: F32, pixels: U8, matte: F32 | None = None) -> Doubts:
    clean = raw if matte is None else matte
    return doubts_of(np.round(clean * 255).astype(np.uint8), raw, pixels)


def bitten(matte: F32) -> NDArray[np.bool_]:
    """Where blades stand before the lower third."""
    rows, columns = np.indices(matte.shape)
    return (rows > 250) & (columns % 16 < 7)


def test_a_clear_outline_before_another_colour_is_not_doubted() -> None:
    found = doubts(disc(), photo_with(disc(), product=(40, 60, 160), backdrop=(200, 200, 200)))
    assert found.uncertainty < 0.1
    assert found.kinds == ()


def test_a_part_that_the_model_was_not_sure_of_is_doubted_though_the_rest_is_clear() -> None:
    raw = disc()
    raw[240:] *= 0.85
    assert doubts(raw, photo_with(disc(), product=(40, 60, 160), backdrop=(200, 200, 200)), disc()).uncertainty > UNSURE


def test_the_softer_the_outline_the_more_it_is_doubted() -> None:
    pixels = photo_with(disc(), product=(40, 60, 160), backdrop=(200, 200, 200))
    values = [doubts(np.asarray(cv2.GaussianBlur(disc(), (0, 0), sigma)), pixels).uncertainty for sigma in (1, 3, 6)]
    assert values == sorted(values)
    assert values[-1] > UNSURE > values[0]


def test_an_arm_of_skin_from_the_frame_to_the_product_is_a_hand() -> None:
    pixels = photo_with(disc(), product=(40, 60, 160), backdrop=(200, 200, 200))
    cv2.line(pixels, (399, 399), (220, 220), (200, 140, 115), 40)
    found = doubts(disc(), pixels)
    assert found.kinds == ("hand",)
    assert found.uncertainty >= UNSURE


def test_a_table_of_the_same_colour_is_no_hand() -> None:
    pixels = photo_with(disc(), product=(40, 60, 160), backdrop=(200, 200, 200))
    pixels[240:] = np.where(disc()[240:, :, None] > 0.5, pixels[240:], np.array([200, 140, 115], np.uint8))
    assert doubts(disc(), pixels).kinds == ()


def test_blades_that_bite_into_the_foot_stand_in_front() -> None:
    matte = np.where(bitten(disc()), 0, disc()).astype(np.float32)
    grass = np.random.default_rng(0).integers(0, 2, (100, 100, 1)).astype(np.uint8).repeat(4, 0).repeat(4, 1) * 200
    pixels = np.where(
        matte[..., None] > 0.5, np.array([40, 60, 160], np.uint8), grass + np.array([10, 40, 0], np.uint8)
    )
    assert doubts(matte, pixels.astype(np.uint8)).kinds == ("front",)


@pytest.mark.parametrize(("half_width", "kinds"), [(110, ("stand",)), (60, ())])
def test_a_block_wider_than_the_product_is_a_stand(half_width: int, kinds: tuple[str, ...]) -> None:
    matte = np.zeros((400, 400), np.float32)
    matte[100:300, 140:260] = 1
    matte[300:370, 200 - half_width : 200 + half_width] = 1
    assert doubts(matte, photo_with(matte, product=(40, 60, 160), backdrop=(200, 200, 200))).kinds == kinds


def test_a_product_of_its_backdrops_colour_is_a_finding() -> None:
    assert doubts(disc(), photo_with(disc(), product=(240, 240, 238), backdrop=(244, 244, 242))).kinds == ("alike",)


@pytest.mark.parametrize("kind", sorted(DOUBTS))
def test_the_finding_gives_the_reason_where_there_is_one(kind: Doubt) -> None:
    facts = Facts((10, 10, 90, 90), 0.6, (0.6,), (), 0.8, (kind,))
    (finding,) = findings_of(facts, (100, 100))
    assert finding.check == "uncertain"
    assert finding.words == DOUBTS[kind].format(place="")
