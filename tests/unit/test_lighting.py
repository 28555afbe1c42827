"""Side, softness and warmth of the light: balls shaded by a known light, and the rendered photos beside the project."""

from __future__ import annotations

import numpy as np
import pytest

from handmade import rendered_photo
from packshot.colour import F32, U8, to_srgb
from packshot.ops.lighting import Lighting, lighting_of

FRAME, MIDDLE, RADIUS = (400, 600), (300, 200), 120


def ball(
    towards: tuple[float, float, float],
    *,
    ambient: float = 0.25,
    paint: tuple[float, float, float] = (0.5, 0.2, 0.15),
    tint: tuple[float, float, float] = (1, 1, 1),
    gloss: float = 0.0,
    sky: tuple[float, float, float] = (1, 1, 1),
    shadow: str = "",
) -> tuple[U8, U8]:
    """A matt ball on a gray ground.  towards: to the light, x right, y up, z to the camera.  Photo and matte."""
    row, column = np.indices(FRAME).astype(np.float32)
    x, y = (column - MIDDLE[0]) / RADIUS, -(row - MIDDLE[1]) / RADIUS
    z = np.sqrt(np.maximum(1 - x * x - y * y, 0))
    light = np.array(towards) / np.linalg.norm(towards)
    facing = np.maximum(x * light[0] + y * light[1] + z * light[2], 0)
    shade = ambient * np.array(sky) + (1 - ambient) * facing[..., None]
    colour = shade * np.array(paint) + gloss * (facing**60)[..., None]
    ground = np.full((*FRAME, 3), 0.35)
    if shadow:
        away = MIDDLE[0] + (90 if shadow == "right" else -90)
        ground *= 1 - 0.75 * np.exp(-(((column - away) / 90) ** 2) - ((row - 310) / 40) ** 2)[..., None]
    share = np.clip((1 - np.hypot(x, y)) * RADIUS + 0.5, 0, 1)
    linear: F32 = ((colour * share[..., None] + ground * (1 - share[..., None])) * np.array(tint)).astype(np.float32)
    return to_srgb(np.clip(linear, 0, 1)), np.round(share * 255).astype(np.uint8)


@pytest.mark.parametrize(("x", "side"), [(-0.8, -1), (-0.5, -1), (0.5, 1), (0.8, 1)])
@pytest.mark.parametrize("gloss", [0.0, 0.4])
def test_shading_tells_the_side(x: float, side: int, gloss: float) -> None:
    light = lighting_of(*ball((x, 0.5, 0.6), gloss=gloss))
    assert light.side * side > 0.5
    assert light.side_sure > 0.5


@pytest.mark.parametrize("towards", [(0, 0, 1), (0, 0.8, 0.6), (0.05, 0.7, 0.7)])
def test_light_from_the_front_or_above_has_no_side(towards: tuple[float, float, float]) -> None:
    assert lighting_of(*ball(towards)).side_sure < 0.25


def test_shading_and_shadow_that_agree_are_surer_than_either() -> None:
    alone, both = (lighting_of(*ball((-0.6, 0.5, 0.6), shadow=shadow)) for shadow in ("", "right"))
    assert both.side < 0
    assert both.side_sure > alone.side_sure
    only_shadow = lighting_of(*ball((0, 0, 1), shadow="right"))
    assert only_shadow.side < 0
    assert 0.2 < only_shadow.side_sure < 0.5


def test_shading_and_shadow_that_disagree_leave_it_unsure() -> None:
    assert lighting_of(*ball((-0.6, 0.5, 0.6), shadow="left")).side_sure < 0.5


def test_print_is_not_taken_for_shading() -> None:
    pixels, matte = ball((0, 0.5, 0.8))
    right = (matte > 0) & (np.indices(FRAME)[1] > MIDDLE[0] + 30)
    pixels[right] = (pixels[right] * np.array((0.2, 0.6, 0.9))).astype(np.uint8)
    assert lighting_of(pixels, matte).side_sure < 0.4
    lit, matte = ball((-0.7, 0.4, 0.6))
    lit[150:250, MIDDLE[0] - 110 : MIDDLE[0] - 20, 1:] //= 3  # a dark red label on the lit side
    assert lighting_of(lit, matte).side < -0.5


def test_a_blue_sky_beside_the_sun_does_not_part_one_paint_into_two() -> None:
    light = lighting_of(*ball((0.8, 0.4, 0.4), ambient=0.5, sky=(0.85, 0.95, 1.1), paint=(0.4, 0.4, 0.4)))
    assert light.side > 0.5
    assert light.side_sure > 0.6


def test_a_mirrored_photo_has_its_light_on_the_other_side() -> None:
    pixels, matte = ball((0.7, 0.4, 0.5), shadow="left")
    one, other = lighting_of(pixels, matte), lighting_of(pixels[:, ::-1], matte[:, ::-1])
    assert other.side == pytest.approx(-one.side, abs=0.1)
    assert other.side_sure == pytest.approx(one.side_sure, abs=0.1)
    assert other.softness == pytest.approx(one.softness, abs=0.1)


def test_the_same_photo_gives_the_same_light() -> None:
    assert lighting_of(*ball((0.4, 0.4, 0.5))) == lighting_of(*ball((0.4, 0.4, 0.5)))


def test_more_light_from_all_sides_is_softer() -> None:
    hard, fair, soft = (lighting_of(*ball((0.7, 0.3, 0.5), ambient=share)).softness for share in (0.05, 0.5, 0.95))
    assert hard < fair < soft
    assert hard < 0.4
    assert soft > 0.8


def test_warmth_comes_from_what_is_nearly_neutral() -> None:
    def warmth(tint: tuple[float, float, float], paint: tuple[float, float, float]) -> float | None:
        return lighting_of(*ball((0, 0.4, 0.8), tint=tint, paint=paint)).warmth

    gray = (0.4, 0.4, 0.4)
    warm, cool = warmth((1, 0.95, 0.85), gray), warmth((0.8, 0.93, 1), gray)
    assert warm is not None
    assert cool is not None
    assert warm > 0.4
    assert cool < -0.3
    assert warmth((1, 1, 1), gray) == pytest.approx(0, abs=0.1)
    assert warmth((1, 0.95, 0.85), (0.6, 0.1, 0.05)) is None


def test_nothing_has_no_light() -> None:
    pixels, matte = ball((0, 0, 1))
    assert lighting_of(pixels, np.zeros_like(matte)) == Lighting(0.0, 0.0, 1.0, None)


@pytest.mark.parametrize(
    "name", ["00_bottle", "01_can", "02_mug", "05_plush", "06_brush", "07_tumbler", "08_jar", "15_bag"]
)
def test_rendered_photos_tell_the_side_of_their_key_light(name: str) -> None:
    pixels, matte, meta = rendered_photo(name)
    light = lighting_of(pixels, matte)
    assert (light.side > 0) == (meta["light"]["side"] == "right")
    if name in {"00_bottle", "01_can", "06_brush", "08_jar"}:  # of one matt or glossy paint each
        assert light.side_sure > 0.6
