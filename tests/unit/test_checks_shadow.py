"""Shadows drawn as they should be, taken away, and moved.  How well real ones are judged is the benchmarks' affair."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handmade import TOOLS, block, cutout_of, external_file, ours, textured
from packshot.check import ProductPicture, Reference, Subject
from packshot.checks.shadow import grounded, shadow_side
from packshot.colour import F32, U8, to_linear, to_srgb
from packshot.finding import Finding, Verdict
from packshot.ops.contact import cast, foot
from packshot.ops.geometry import PixelBox
from packshot.ops.shadow import contact_shadow
from packshot.rules import Rules
from packshot.step import Composition
from packshot.steps import Color, Layout, Shadow

SIDE = 600
BOX = (200, 120, 400, 480)
HEIGHT, WIDTH = BOX[3] - BOX[1], BOX[2] - BOX[0]


def bottle(box: PixelBox = BOX) -> U8:
    """(H, W) matte: a box whose foot is round, as seen from a little above."""
    matte = block(SIDE, SIDE, box)
    foot_at = ((box[0] + box[2]) // 2, box[3] - 1)
    cv2.ellipse(matte, foot_at, ((box[2] - box[0]) // 2, 16), 0, 0, 360, 255, -1)
    return np.asarray(cv2.GaussianBlur(matte, (0, 0), 0.8), np.uint8)


def plain(level: float = 0.7) -> F32:
    return np.full((SIDE, SIDE, 3), level, np.float32)


def grain(across: float, down: float, *, seed: int = 0) -> F32:
    """(H, W, 3) linear: wood, where it is drawn out one way; contrast 8 %."""
    noise = np.random.default_rng(seed).standard_normal((SIDE, SIDE)).astype(np.float32)
    noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), across, sigmaY=down), np.float32)
    return np.asarray(0.35 * np.exp(0.08 * noise / noise.std())[..., None] * np.ones(3), np.float32)


BACKDROPS = {
    "white": plain(1.0),
    "gray": plain(0.2),
    "sweep": plain() * np.linspace(1.1, 0.7, SIDE, dtype=np.float32)[:, None, None],
    "one side darker": plain() * np.linspace(1.0, 0.6, SIDE, dtype=np.float32)[None, :, None],
    "wood": grain(60, 1.5),
    "wood upright": grain(1.5, 60),
    "stone": grain(6, 6),
}


# Where the ground darkens to the right as much as a shadow would, one on the left may go unseen.
TOLD = {name: backdrop for name, backdrop in BACKDROPS.items() if name != "one side darker"}


def drawn(matte: U8, *, strength: float = 0.6) -> F32:
    return contact_shadow(np.asarray(matte / 255, np.float32), strength=strength, softness=1.0)


def moved(ratio: F32, *, right: float = 0, down: float = 0) -> F32:
    shift = np.array([[1, 0, right], [0, 1, down]], np.float32)
    return np.asarray(cv2.warpAffine(ratio, shift, (SIDE, SIDE), borderValue=1.0), np.float32)


def laid_to(matte: U8, side: int, *, dark: float = 0.65) -> F32:
    """(H, W) ratio: the product's shape lying on the ground behind it, to the left (−1) or right (1)."""
    base = BOX[3] - 10
    lie = np.array([[1, -side * 0.8, side * 0.8 * base], [0, 0.35, 0.65 * base]], np.float32)
    flat = cv2.warpAffine(matte, lie, (SIDE, SIDE)).astype(np.float32) / 255
    return np.asarray(1 - dark * cv2.GaussianBlur(flat, (0, 0), 6), np.float32)


def picture(backdrop: F32, matte: U8, ratio: F32 | None = None) -> Subject:
    ground = to_srgb(backdrop if ratio is None else np.ascontiguousarray(backdrop * ratio[..., None]))
    cover = matte[..., None].astype(np.float32) / 255
    mixed = to_linear(textured(SIDE, SIDE) // 2) * cover + to_linear(ground) * (1 - cover)
    return external_file(to_srgb(mixed.astype(np.float32)), matte)


def said(subject: Subject) -> Finding:
    finding = grounded(subject, Rules())
    assert finding is not None
    return finding


@pytest.mark.parametrize("backdrop", BACKDROPS.values(), ids=BACKDROPS)
def test_a_product_on_its_shadow_is_grounded_and_one_without_floats(backdrop: F32) -> None:
    matte = bottle()
    assert said(picture(backdrop, matte, drawn(matte))).verdict is Verdict.OK
    without = said(picture(backdrop, matte))
    if backdrop is BACKDROPS["white"]:  # a shop's white picture may have none
        assert (without.verdict, "plain white" in without.words) == (Verdict.OK, True)
    else:
        assert (without.verdict, "no shadow touches" in without.words) == (Verdict.WARN, True)


@pytest.mark.parametrize("share", [0.03, 0.06])
@pytest.mark.parametrize("backdrop", BACKDROPS.values(), ids=BACKDROPS)
def test_a_shadow_below_the_foot_makes_it_float(backdrop: F32, share: float) -> None:
    matte = bottle()
    assert said(picture(backdrop, matte, moved(drawn(matte), down=share * HEIGHT))).verdict is Verdict.WARN


def test_a_gap_is_found_where_the_foot_is_in_the_shade_as_well() -> None:
    matte = bottle()
    finding = said(picture(plain(), matte, moved(drawn(matte), down=0.03 * HEIGHT) * np.float32(0.8)))
    assert finding.verdict is Verdict.WARN
    shaded = plain()
    shaded[480:500] *= 0.7  # all along the foot, darker still below it
    shaded[500:515] *= 0.35
    finding = said(picture(shaded, matte))
    assert finding.verdict is Verdict.WARN
    assert "begins below" in finding.words


def composition() -> Composition:
    cutout = cutout_of(textured(SIDE, SIDE) // 2, bottle())
    laid = Layout(fill=0.7, baseline=0.85).run(Composition(cutout, (SIDE, SIDE)), TOOLS)
    return Color(color="#ece9e4").run(laid, TOOLS)


def test_the_shadow_step_leaves_a_grounded_product() -> None:
    laid = composition()
    assert said(ours(Shadow(strength=0.4).run(laid, TOOLS))).verdict is Verdict.OK
    assert said(ours(laid)).verdict is Verdict.WARN


def test_a_larger_file_gives_the_same_verdict() -> None:
    matte = bottle()
    for ratio in (drawn(matte), moved(drawn(matte), down=20), np.ones_like(drawn(matte))):
        small = picture(plain(), matte, ratio)
        large = [np.asarray(cv2.resize(p, None, fx=3, fy=3), np.uint8) for p in (small.picture.pixels, matte)]
        assert said(external_file(large[0], large[1])).verdict is said(small).verdict


def test_where_there_is_no_ground_there_is_no_finding() -> None:
    matte = bottle()
    transparent = replace(picture(plain(1.0), matte), alpha=matte)
    cut = block(SIDE, SIDE, (200, 200, 400, SIDE))
    nothing = np.zeros((SIDE, SIDE), np.uint8)
    bare = replace(composition(), plate=None)
    flattened = replace(picture(plain(1.0), matte), picture=ProductPicture(to_srgb(plain(1.0)), matte, Reference(bare)))
    for subject in (transparent, flattened, picture(plain(), cut), picture(plain(), nothing)):
        assert grounded(subject, Rules()) is None
    for subject in (transparent, flattened):
        assert shadow_side(subject, Rules()) is None
    assert shadow_side(picture(plain(), nothing), Rules()) is None


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((600, 600), (0, 0, 600, 600)),
        ((600, 600), (290, 290, 310, 310)),
        ((600, 600), (299, 299, 301, 301)),
        ((300, 6000), (140, 60, 157, 5700)),
        ((6000, 300), (60, 140, 5700, 157)),
        ((40, 40), (10, 10, 30, 30)),
    ],
)
def test_odd_shapes_are_judged_or_left_alone(size: tuple[int, int], box: PixelBox) -> None:
    matte = block(*size, box)
    subject = external_file(textured(*size), matte)
    for check in (grounded, shadow_side):
        finding = check(subject, Rules())
        assert finding is None or finding.verdict in (Verdict.OK, Verdict.WARN)


def test_a_black_backdrop_is_not_held_against_the_shadow() -> None:
    finding = said(picture(plain(0.005), bottle()))
    assert finding.verdict is Verdict.OK
    assert "too dark" in finding.words


# --- side ---


@dataclass(frozen=True)
class Lit:
    """What `lighting_of` says of a product."""

    side: float
    side_sure: float


def from_side(monkeypatch: pytest.MonkeyPatch, side: float, sure: float = 1.0) -> None:
    def lighting_of(pixels_u8: NDArray[np.uint8], matte_u8: NDArray[np.uint8]) -> Lit:
        return Lit(side, sure)

    monkeypatch.setattr("packshot.checks.shadow.lighting_of", lighting_of)


@pytest.mark.parametrize("light", [-1, 1])
@pytest.mark.parametrize("backdrop", TOLD.values(), ids=TOLD)
def test_a_shadow_falls_away_from_the_light(monkeypatch: pytest.MonkeyPatch, backdrop: F32, light: int) -> None:
    from_side(monkeypatch, light)
    matte = bottle()
    right = shadow_side(picture(backdrop, matte, drawn(matte) * laid_to(matte, -light)), Rules())
    wrong = shadow_side(picture(backdrop, matte, drawn(matte) * laid_to(matte, light)), Rules())
    assert right is not None
    assert wrong is not None
    assert (right.verdict, wrong.verdict) == (Verdict.OK, Verdict.WARN)
    assert ("left" if light < 0 else "right") in wrong.words


@pytest.mark.parametrize("backdrop", BACKDROPS.values(), ids=BACKDROPS)
def test_a_shadow_straight_below_has_no_side(monkeypatch: pytest.MonkeyPatch, backdrop: F32) -> None:
    matte = bottle()
    for light in (-1, 1):
        from_side(monkeypatch, light)
        finding = shadow_side(picture(backdrop, matte, drawn(matte)), Rules())
        assert finding is not None
        assert finding.verdict is Verdict.OK


def test_a_light_that_is_not_sure_accuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    matte = bottle()
    for side, sure in ((1.0, 0.2), (0.1, 1.0)):
        from_side(monkeypatch, side, sure)
        finding = shadow_side(picture(plain(), matte, drawn(matte) * laid_to(matte, 1)), Rules())
        assert finding is not None
        assert finding.verdict is Verdict.OK
        assert "cannot be told" in finding.words


def test_the_light_is_estimated_without_the_shadow_that_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    matte = bottle()
    shown = []

    def lighting_of(pixels_u8: NDArray[np.uint8], matte_u8: NDArray[np.uint8]) -> Lit:
        shown.append(pixels_u8[matte_u8 == 0])
        return Lit(1, 1)

    monkeypatch.setattr("packshot.checks.shadow.lighting_of", lighting_of)
    for side in (-1, 1):
        shadow_side(picture(plain(), matte, laid_to(matte, side)), Rules())
    assert len(shown) == 2
    assert all((backdrop == backdrop[0]).all() for backdrop in shown)


# --- what they measure ---


def test_the_measures_say_how_dark_and_how_far_off() -> None:
    matte = bottle()
    weak, strong = (foot(picture(plain(), matte, drawn(matte, strength=s)).picture.pixels, matte) for s in (0.3, 0.8))
    away = foot(picture(plain(), matte, moved(drawn(matte), down=15)).picture.pixels, matte)
    assert weak is not None
    assert strong is not None
    assert away is not None
    assert 0.1 < weak.contact < strong.contact < 1
    assert weak.gap < 1.1 < 1.5 < away.gap
    assert weak.light == pytest.approx(0.7, abs=0.02)


def test_a_cast_shadow_mirrors_with_its_picture() -> None:
    matte = bottle()
    pixels = picture(plain(), matte, laid_to(matte, 1)).picture.pixels
    one = cast(pixels, matte)
    other = cast(np.ascontiguousarray(pixels[:, ::-1]), np.ascontiguousarray(matte[:, ::-1]))
    assert one is not None
    assert other is not None
    assert one.side > 0.6
    assert one.sure > 0.6
    assert (other.side, other.sure) == pytest.approx((-one.side, one.sure), abs=0.05)
    assert cast(pixels[:, 190:410], matte[:, 190:410]) is None
