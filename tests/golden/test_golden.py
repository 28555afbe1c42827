"""Whole compositions, photo to pixels, against pictures that a person has looked at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from packshot.compose import compose
from packshot.image import Photo
from packshot.model import Matter
from packshot.pipeline import cut_out
from packshot.rendering.scene import SetRenderer
from packshot.step import Geometry, StepContext
from packshot.step_timer import StepTimer
from packshot.template import template

pytestmark = pytest.mark.long

Golden = Callable[[str, NDArray[np.uint8]], None]
CASES = [("can", "white", (256, 256)), ("mug", "color", (256, 256)), ("bag", "gradient", (208, 260)),
         ("bear", "transparent", (192, 192)), ("can", "marble", (192, 192)), ("jar", "oak", (192, 192)),
         ("mug", "podium", (160, 200)), ("bag", "sweep", (192, 192))]  # fmt: skip


def result(photo: Photo, look: str, size: tuple[int, int], matter: Matter, stage: SetRenderer) -> NDArray[np.uint8]:
    cutout = cut_out(photo, matter=matter, store=None, timer=StepTimer())
    geometry = Geometry(size, template(look).steps)
    return compose(cutout, geometry, context=StepContext({}, renderer=stage), timer=StepTimer()).flatten()


@pytest.mark.parametrize(("name", "look", "size"), CASES)
def test_a_composition_looks_as_it_did(
    name: str,
    look: str,
    size: tuple[int, int],
    sample: dict[str, Photo],
    isnet_f32: Matter,
    golden: Golden,
    render_stage: SetRenderer,
) -> None:
    golden(f"{name}-{look}", result(sample[name], look, size, isnet_f32, render_stage))


@pytest.mark.by_machine
def test_half_precision_looks_the_same(
    sample: dict[str, Photo], isnet: Matter, golden: Golden,
    request: pytest.FixtureRequest, render_stage: SetRenderer,
) -> None:  # fmt: skip
    if request.config.getoption("--update-goldens") or isnet.engine.precision == "f32":
        pytest.skip("goldens are made in f32, and here is nothing else to hold against them")
    golden("mug-color", result(sample["mug"], "color", (256, 256), isnet, render_stage))
    golden("can-white", result(sample["can"], "white", (256, 256), isnet, render_stage))


def test_the_golden_fixture_sees_a_difference(golden: Golden, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-goldens"):
        pytest.skip("writing goldens")
    with pytest.raises(pytest.fail.Exception, match="difference"):
        golden("can-white", np.full((256, 256, 3), 250, np.uint8))
