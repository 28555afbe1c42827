from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from packshot.colour import F32, U8, to_linear, to_srgb
from packshot.ops.matte import Facts, body_of
from packshot.ops.transmission import GlassLayers, transmission_of
from packshot.steps.segment import findings_of

SIDE = 600
BODY = (slice(120, 500), slice(210, 390))


def backdrop() -> F32:
    """A gray wall that light falls off on."""
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32) / SIDE
    return np.repeat((0.42 + 0.15 * rows - 0.1 * columns**2)[..., None], 3, 2).astype(np.float32)


def glass() -> tuple[F32, F32]:
    """T (H, W) and S (H, W, 3): clear walls, dark and bright lines along the rims, a highlight."""
    through, own = np.ones((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE, 3), np.float32)
    through[BODY] = 0.88
    top, bottom, left, right = 120, 500, 210, 390
    for inset, clear, light in ((1, 0.35, 0.0), (6, 0.75, 0.24), (10, 0.45, 0.0), (15, 0.78, 0.2)):
        box = (left + inset, top + inset), (right - inset, bottom - inset)
        cv2.rectangle(through, *box, clear, 3)
        cv2.rectangle(own, *box, (light, light, light), 3)
    through[200:400, 250:262], own[200:400, 250:262] = 0.55, 0.4
    return through, own


def photo(through: F32, own: F32, behind: F32) -> U8:
    return to_srgb(np.clip(through[..., None] * behind + own, 0, 1).astype(np.float32))


def slab() -> U8:
    matte = np.zeros((SIDE, SIDE), np.uint8)
    matte[BODY] = 255
    return matte


def over(found: GlassLayers, plate: F32) -> F32:
    cover = (found.matte / np.float32(255))[..., None]
    return np.asarray(to_linear(found.own) * cover + (1 - cover) * plate, np.float32)


def test_what_comes_through_is_recovered_over_another_backdrop() -> None:
    through, own = glass()
    found = transmission_of(photo(through, own, backdrop()), slab())
    assert isinstance(found, GlassLayers)
    deep = (slice(150, 470), slice(280, 360))
    assert np.abs(1 - found.matte[deep] / 255 - through[deep]).mean() < 0.03
    plate = np.full((SIDE, SIDE, 3), (0.05, 0.3, 0.6), np.float32)
    expected = through[..., None] * plate + own
    assert np.abs(over(found, plate) - expected)[deep].mean() < 0.02
    assert found.transmission == pytest.approx(float(through[BODY].mean()), abs=0.05)


def test_over_its_own_backdrop_it_is_the_photo() -> None:
    through, own = glass()
    found = transmission_of(photo(through, own, backdrop()), slab())
    assert isinstance(found, GlassLayers)
    seen = to_linear(photo(through, own, backdrop()))
    assert np.abs(over(found, backdrop()) - seen)[BODY].mean() < 0.01


def test_rims_alone_are_enough() -> None:
    through, own = glass()
    rims = np.where(np.abs(through - 0.88) > 0.05, slab(), 0).astype(np.uint8)
    found = transmission_of(photo(through, own, backdrop()), rims)
    assert isinstance(found, GlassLayers)
    inside = found.outline > 127
    assert np.count_nonzero(inside & (slab() > 0)) / np.count_nonzero(inside | (slab() > 0)) > 0.95


@pytest.mark.parametrize("colour", [(0.8, 0.05, 0.05), (0.02, 0.02, 0.02), (0.46, 0.46, 0.46), (0.9, 0.9, 0.88)])
def test_an_opaque_product_is_none(colour: tuple[float, float, float]) -> None:
    through, own = np.ones((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE, 3), np.float32)
    through[BODY] = 0
    shade = 0.75 + 0.25 * np.cos(np.linspace(-1.3, 1.3, 180, dtype=np.float32))
    own[BODY] = np.array(colour, np.float32) * shade[None, :, None]
    assert transmission_of(photo(through, own, backdrop()), slab()) == "opaque"


def test_before_a_busy_room_nothing_is_measured() -> None:
    through, own = glass()
    patches = np.random.default_rng(0).uniform(0.1, 0.8, (12, 12, 3)).astype(np.float32)
    room = cv2.resize(patches, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    assert transmission_of(photo(through, own, np.clip(room, 0.05, 0.9)), slab()) == "uneven"


def test_before_black_nothing_is_measured() -> None:
    through, own = glass()
    assert transmission_of(photo(through, own, np.full((SIDE, SIDE, 3), 0.01, np.float32)), slab()) == "dark"


def test_the_outline_outlives_full_transmission() -> None:
    through, own = glass()
    found = transmission_of(photo(through, own, backdrop()), slab())
    assert isinstance(found, GlassLayers)
    assert np.count_nonzero(body_of(found.matte)) == pytest.approx(np.count_nonzero(slab()), rel=0.03)


def test_the_finding_says_how_much_comes_through_or_why_it_could_not_be_measured() -> None:
    facts = Facts((10, 10, 90, 90), 0.6, (0.6,), (), 0.1, see_through=0.9)
    (finding,) = findings_of(replace(facts, transmission=0.83), (100, 100))
    assert (finding.check, finding.value) == ("glass", 83)
    assert "83 % of the light of the new background" in finding.words
    (finding,) = findings_of(replace(facts, unmeasured="uneven"), (100, 100))
    assert finding.value == 90
    assert "could not be measured: what is behind it is uneven" in finding.words
