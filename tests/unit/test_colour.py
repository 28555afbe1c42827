"""Colour: exact round trips, published colour differences, profiles against littleCMS's own way to Lab."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from icc import cmyk_profile, gray_profile, rgb_profile
from packshot.colour import (
    brightest,
    darkest,
    delta_e00,
    hex_to_linear,
    into_srgb,
    lab,
    luminance,
    profile_name,
    srgb_profile,
    to_linear,
    to_srgb,
)

# Sharma, Wu, Dalal 2005, "The CIEDE2000 color-difference formula", table 1.
PUBLISHED = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
    ((50, 2.8361, -74.0200), (50, 0, -82.7485), 3.4412),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, -1.1848, -84.8006), (50, 0, -82.7485), 1.0000),
    ((50, -0.9009, -85.5211), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, -1, 2), (50, 0, 0), 2.3669),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0009), 7.1792),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0010), 7.1792),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0011), 7.2195),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0012), 7.2195),
    ((50, -0.0010, 2.4900), (50, 0.0009, -2.4900), 4.8045),
    ((50, -0.0010, 2.4900), (50, 0.0011, -2.4900), 4.7461),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((50, 2.5, 0), (58, 24, 15), 19.4535),
    ((50, 2.5, 0), (50, 3.1736, 0.5854), 1.0000),
    ((50, 2.5, 0), (50, 3.2972, 0), 1.0000),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((61.2901, 3.7196, -5.3901), (61.4292, 2.2480, -4.9620), 1.8731),
    ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((36.4612, 47.8580, 18.3852), (36.2715, 50.5065, 21.2231), 1.4146),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


def test_every_level_survives_linear_light_exactly() -> None:
    levels = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    assert np.array_equal(to_srgb(to_linear(levels)), levels)


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3, 4]), st.randoms(use_true_random=False))
def test_any_picture_survives_linear_light(height: int, width: int, channels: int, random: object) -> None:
    pixels = np.random.default_rng(random.getrandbits(32)).integers(0, 256, (height, width, channels), np.uint8)  # type: ignore[attr-defined]
    linear = to_linear(pixels).reshape(pixels.shape)
    assert linear.dtype == np.float32
    assert np.array_equal(to_srgb(linear), pixels)


@pytest.mark.parametrize(("level", "linear"), [(0, 0.0), (10, 0.003035), (128, 0.215861), (188, 0.502886), (255, 1.0)])
def test_known_levels_have_their_known_light(level: int, linear: float) -> None:
    assert float(to_linear(np.array([[[level] * 3]], np.uint8))[0, 0, 0]) == pytest.approx(linear, abs=1e-5)


def test_light_outside_the_range_is_clipped_and_not_wrapped() -> None:
    assert to_srgb(np.array([[[-0.5, 2.0, np.float32(1.0001)]]], np.float32)).tolist() == [[[0, 255, 255]]]


def test_a_hex_colour_is_read_channel_by_channel() -> None:
    assert to_srgb(hex_to_linear("#12abEF")[None, None]).tolist() == [[[0x12, 0xAB, 0xEF]]]


def test_darkest_and_brightest_channel_are_found_per_pixel() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (7, 5, 3), np.uint8)
    assert np.array_equal(darkest(pixels), pixels.min(axis=2))
    assert np.array_equal(brightest(pixels), pixels.max(axis=2))


def test_luminance_weighs_the_primaries_as_the_standard_does() -> None:
    assert luminance(np.eye(3, dtype=np.float32)[None]).ravel() == pytest.approx([0.2126, 0.7152, 0.0722], abs=1e-4)


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((119, 119, 119), (50.03, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((255, 255, 0), (97.14, -21.55, 94.48)),
    ],
)
def test_known_colours_have_their_known_lab(rgb: tuple[int, ...], expected: tuple[float, ...]) -> None:
    assert lab(np.array(rgb, np.uint8)) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("one", "other", "published"), PUBLISHED)
def test_colour_differences_are_the_published_ones(
    one: tuple[float, ...], other: tuple[float, ...], published: float
) -> None:
    # In float64: the published pairs sit where single precision already turns a hue round.
    a, b = (np.array([c], np.float64) for c in (one, other))
    assert float(delta_e00(a, b)[0]) == pytest.approx(published, abs=1e-4)
    assert float(delta_e00(b, a)[0]) == pytest.approx(published, abs=1e-4)


@given(st.tuples(*[st.integers(0, 255)] * 3), st.tuples(*[st.integers(0, 255)] * 3))
def test_a_colour_differs_from_another_one_only(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    a, b = (lab(np.array([c], np.uint8)) for c in (one, other))
    apart = float(delta_e00(a, b)[0])
    assert (apart < 1e-3) == (one == other)
    assert apart == pytest.approx(float(delta_e00(b, a)[0]), abs=1e-4)


# --- profiles ---


def through_littlecms(picture: Image.Image, profile: bytes) -> NDArray[np.float32]:
    """(N, 3) CIELAB under D50."""
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("LAB"), picture.mode, "LAB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )  # fmt: skip
    light, a, b = np.moveaxis(np.asarray(ImageCms.applyTransform(picture, transform), np.float32), -1, 0)
    return np.stack([light / 2.55, a - 128, b - 128], -1).reshape(-1, 3)


def colours(count: int, channels: int) -> Image.Image:
    values = np.random.default_rng(3).integers(0, 256, (count, 1, channels), np.uint8)
    return Image.fromarray(values, {3: "RGB", 4: "CMYK"}[channels])


@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated")
@pytest.mark.parametrize(
    ("profile", "channels"),
    [(rgb_profile("Display P3"), 3), (rgb_profile("Adobe RGB (1998)"), 3), (cmyk_profile(), 4)],
    ids=["Display P3", "Adobe RGB", "CMYK"],
)
def test_colours_inside_srgb_keep_their_look(profile: bytes, channels: int) -> None:
    given = colours(4000, channels)
    result = into_srgb(given, profile)
    assert result.mode == "RGB"
    levels = np.asarray(result).reshape(-1, 3)
    inside = ((levels > 2) & (levels < 253)).all(axis=1)
    assert inside.sum() > 500
    reference, got = through_littlecms(given, profile), through_littlecms(result, srgb_profile())
    apart = delta_e00(reference, got)[inside]
    # Both ways round Lab to whole numbers: near gray that alone is up to one unit.
    assert float(np.median(apart)) < 0.7
    assert float(np.percentile(apart, 99)) < 1.5


def test_ignoring_a_wide_profile_would_show() -> None:
    """The test above can fail: colours read as if they were sRGB are far off."""
    given = colours(500, 3)
    for name in ("Display P3", "Adobe RGB (1998)"):
        apart = delta_e00(through_littlecms(given, rgb_profile(name)), through_littlecms(given, srgb_profile()))
        assert float(np.median(apart)) > 1.5


def test_a_profile_that_is_srgb_anyway_changes_nothing() -> None:
    given = colours(200, 3)
    for profile in (srgb_profile(), rgb_profile("sRGB")):
        assert np.array_equal(np.asarray(into_srgb(given, profile)), np.asarray(given))


def test_a_gray_profile_is_honoured() -> None:
    result = into_srgb(Image.new("L", (4, 4), 128), gray_profile(1.8))
    level = 255 * (1.055 * (128 / 255) ** (1.8 / 2.4) - 0.055)
    assert result.getpixel((0, 0)) == pytest.approx((level,) * 3, abs=1.5)


def test_a_profile_of_another_kind_is_refused() -> None:
    with pytest.raises(ImageCms.PyCMSError):
        into_srgb(Image.new("L", (4, 4), 128), rgb_profile("Display P3"))


def test_profiles_are_called_what_they_call_themselves() -> None:
    assert profile_name(rgb_profile("Display P3")) == "Display P3"
    assert "sRGB" in profile_name(srgb_profile())
    assert profile_name(b"no profile at all") == ""
