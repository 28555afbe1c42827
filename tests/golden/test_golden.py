"""Whole compositions, photo to pixels, against pictures that a person has looked at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from handmade import FakeRater
from packshot.image import Photo
from packshot.model import Matter
from packshot.models.openvino import IsNet
from packshot.pipeline import Bench, Geometry, compose, cut_out
from packshot.settings import Limits
from packshot.step import Tools
from packshot.stopwatch import Stopwatch
from packshot.template import template

Golden = Callable[[str, NDArray[np.uint8]], None]
CASES = [("can", "white", (256, 256)), ("mug", "color", (256, 256)), ("bag", "gradient", (208, 260)),
         ("bear", "transparent", (192, 192))]  # fmt: skip


def made(photo: Photo, look: str, size: tuple[int, int], matter: Matter) -> NDArray[np.uint8]:
    bench = Bench(matter=matter, rater=FakeRater(), store=None, limits=Limits())
    cutout = cut_out(photo, matter=bench.matter, store=bench.store, watch=Stopwatch())
    return compose(
        cutout, Geometry(size, template(look).steps), tools=Tools(bench.pictures), watch=Stopwatch()
    ).flatten()


@pytest.mark.parametrize(("name", "look", "size"), CASES)
def test_a_composition_looks_as_it_did(
    name: str,
    look: str,
    size: tuple[int, int],
    sample: dict[str, Photo],
    isnet_f32: IsNet,
    golden: Golden,
) -> None:
    golden(f"{name}-{look}", made(sample[name], look, size, isnet_f32))


def test_half_precision_looks_the_same(
    sample: dict[str, Photo], isnet: IsNet, golden: Golden,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    if request.config.getoption("--update-goldens") or isnet.engine.precision == "f32":
        pytest.skip("goldens are made in f32, and here is nothing else to hold against them")
    golden("mug-color", made(sample["mug"], "color", (256, 256), isnet))
    golden("can-white", made(sample["can"], "white", (256, 256), isnet))


def test_the_golden_fixture_sees_a_difference(golden: Golden, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-goldens"):
        pytest.skip("writing goldens")
    with pytest.raises(pytest.fail.Exception, match="difference"):
        golden("can-white", np.full((256, 256, 3), 250, np.uint8))
