"""What every matter must do.  A new one joins by one line in MATTERS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from handmade import FakeMatter, textured
from packshot.image import Photo
from packshot.model import raw_matte, rough_matte
from packshot.models.openvino import IsNet, OpenNsfw
from packshot.models.two_pass import two_pass
from packshot.ops.matte import clean, to_size
from packshot.steps import Segment
from remembered import Remembered

MATTERS: dict[str, Callable[[pytest.FixtureRequest], Remembered]] = {
    "isnet f32": lambda request: request.getfixturevalue("isnet_f32"),
    "isnet as users get it": lambda request: request.getfixturevalue("isnet"),
    "isnet on ONNX Runtime": lambda request: request.getfixturevalue("isnet_onnx"),
    "u2netp": lambda request: request.getfixturevalue("u2netp"),
    "fake": lambda request: Remembered(FakeMatter()),
}


@pytest.fixture(params=MATTERS)
def matter(request: pytest.FixtureRequest) -> Remembered:
    return MATTERS[request.param](request)


@pytest.mark.parametrize("size", [(2000, 40), (33, 1500)])
def test_any_size_gets_a_matte_in_range_over_the_whole_frame(matter: Remembered, size: tuple[int, int]) -> None:
    pixels = textured(*size)
    answer = matter.matte(pixels)
    assert answer.ndim == 2
    assert answer.dtype == np.float32
    assert np.isfinite(answer).all()
    assert -1e-3 <= answer.min() <= answer.max() <= 1 + 1e-3
    held = raw_matte(matter, pixels)
    assert 0 <= held.min() <= held.max() <= 1
    assert to_size(clean(held), size).shape == pixels.shape[:2]


def test_the_same_photo_gets_the_same_matte_and_is_left_alone(matter: Remembered) -> None:
    pixels = textured(120, 90)
    before = pixels.copy()
    assert np.array_equal(matter.matter.matte(pixels), matter.matter.matte(before))
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize(("ask", "level"), [(raw_matte, 0), (rough_matte, 255)])
def test_an_even_picture_breaks_nothing(matter: Remembered, ask: Callable[..., Any], level: int) -> None:
    assert np.isfinite(ask(matter, np.full((60, 80, 3), level, np.uint8))).all()


def test_a_product_on_a_plain_backdrop_is_found(matter: Remembered) -> None:
    pixels = np.full((300, 300, 3), 235, np.uint8)
    pixels[90:260, 110:190] = (40, 60, 130)
    pixels[60:90, 130:170] = (20, 20, 20)
    matte = to_size(clean(raw_matte(matter, pixels)), (300, 300))
    assert matte[180, 150] > 200
    assert matte[20, 20] < 20


def test_the_rough_matte_finds_the_same_product(matter: Remembered) -> None:
    pixels = np.full((300, 300, 3), 235, np.uint8)
    pixels[90:260, 110:190] = (40, 60, 130)
    close, rough = (to_size(clean(ask(matter, pixels)), (300, 300)) > 127 for ask in (raw_matte, rough_matte))
    assert (close & rough).sum() > 0.95 * (close | rough).sum() > 0


def test_a_matter_says_what_it_is_and_where_it_runs(matter: Remembered) -> None:
    assert matter.card.role == "matter"
    assert len(matter.card.sha256) == 64
    assert matter.engine.precision in ("f32", "bf16", "f16")
    assert matter.engine.name
    assert matter.engine.version


@pytest.mark.long
@pytest.mark.by_machine
def test_half_precision_cuts_out_the_same_product(
    isnet_f32: Remembered, isnet: Remembered, sample: dict[str, Photo]
) -> None:
    if isnet.engine.precision == "f32":
        pytest.skip("this processor has no bf16: users get f32 here")
    for name, photo in sample.items():
        whole, half = (Segment().run(photo, matter).matte for matter in (isnet_f32, isnet))
        assert np.abs(whole.astype(int) - half).mean() / 255 <= 0.004, name
        both, either = ((whole > 127) & (half > 127)).sum(), ((whole > 127) | (half > 127)).sum()
        assert both / either >= 0.99, name


@pytest.mark.long
def test_both_engines_give_the_same_answer(isnet: Remembered, isnet_onnx: Remembered, sample: dict[str, Photo]) -> None:
    for name in ("bear", "bottle", "can"):  # fur, glass, print
        one, other = (two_pass(sample[name].pixels, matter) for matter in (isnet, isnet_onnx))
        assert one.box == other.box, name
        assert np.abs(one.raw - other.raw).mean() <= 0.002, name


@pytest.mark.long
def test_the_network_gets_pictures_at_their_own_size_and_shape(isnet: Remembered, isnet_onnx: Remembered) -> None:
    for width, height, expected in ((400, 300, (704, 896)), (900, 1000, (1024, 960)), (3000, 600, (704, 1024))):
        one, other = (raw_matte(matter, textured(width, height)) for matter in (isnet, isnet_onnx))
        assert one.shape == other.shape == expected


def test_products_are_safe_and_scores_do_not_move(nsfw: OpenNsfw, sample: dict[str, Photo]) -> None:
    for name, photo in sample.items():
        score = nsfw.rate(photo.pixels)
        assert 0 <= score < 0.1, name
        assert score == nsfw.rate(photo.pixels)


def test_a_model_that_rested_answers_as_before(isnet: Remembered) -> None:
    model, pixels = isnet.matter, textured(2000, 40)
    assert isinstance(model, IsNet)
    before = isnet.matte(pixels)
    model.release()
    assert np.array_equal(model.matte(pixels), before)
