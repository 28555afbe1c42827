"""Products in rendered sets, with the real renderer, small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from test_scene import matte_of

from handmade import FakeRater, FakeSetRenderer, photo_of
from packshot.channel import channel
from packshot.check import Reference
from packshot.compose import compose, geometries
from packshot.disclosure import declared
from packshot.finding import Finding, Verdict
from packshot.image import read
from packshot.ops import light
from packshot.ops.foreground import foreground_band
from packshot.ops.matte import facts_of
from packshot.ops.pose import Pose
from packshot.rendering import camera_match
from packshot.rendering.camera_match import CameraMatch, Overrides, match_camera
from packshot.rendering.scene import SetRenderer
from packshot.rendering.sets import SETS
from packshot.rendition import Views, make_rendition
from packshot.settings import Limits
from packshot.step import Composition, Cutout, Geometry, StepContext
from packshot.step_timer import StepTimer
from packshot.steps import Layout, Light, Rendered
from packshot.template import template

SIDE = 256


def can(*, lit_from: str = "left") -> Cutout:
    """A shaded can in the middle of a gray photo."""
    inner = np.round(matte_of("turned") * 255).astype(np.uint8)
    matte = np.zeros((300, 260), np.uint8)
    matte[50:250, 70:190] = inner
    x = np.linspace(-1, 1, 260, dtype=np.float32)
    shade = 0.55 - 0.4 * x if lit_from == "left" else 0.55 + 0.4 * x
    pixels = np.full((300, 260, 3), 128, np.uint8)
    pixels[matte > 0] = (np.array([1.0, 0.3, 0.2]) * np.broadcast_to(shade[None, :, None], (300, 260, 1)) * 255)[
        matte > 0
    ].astype(np.uint8)
    return Cutout(photo_of(pixels), matte, foreground_band(pixels, matte), facts_of(matte), "by hand")


def laid(cutout: Cutout, stage: SetRenderer, **options: object) -> Composition:
    options = {"set": "white", "side": "left", **options}
    steps = (Layout(fill=0.6, baselines=(0.8,)), Rendered.model_validate(options))
    return compose(cutout, Geometry((SIDE, SIDE), steps), context=StepContext({}, renderer=stage), timer=StepTimer())


def test_white_stays_pure_to_the_border_and_the_product_stays_the_photo_s(render_stage: SetRenderer) -> None:
    result = laid(can(), render_stage)
    pixels = result.flatten()
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert (border == 255).all()
    assert Reference(result).distance(pixels) == 0
    assert result.ratio is not None
    assert pixels.min(axis=2)[result.canvas_matte() == 0].min() < 200  # and yet there is a shadow


def shadow_sides(result: Composition) -> tuple[float, float]:
    """Light taken left and right of the product."""
    assert result.ratio is not None
    dark = np.zeros((SIDE, SIDE), np.float32)
    left, top, right, bottom = result.ratio.box
    dark[top:bottom, left:right] = 1 - result.ratio.values.mean(2)
    x0, x1 = result.laid_out()[0].region[0], result.laid_out()[0].region[2]
    return float(dark[:, :x0].clip(0).sum()), float(dark[:, x1:].clip(0).sum())


def test_the_shadow_falls_away_from_the_light(render_stage: SetRenderer) -> None:
    left, right = shadow_sides(laid(can(), render_stage, side="left"))
    assert right > 2 * left
    left, right = shadow_sides(laid(can(), render_stage, side="right"))
    assert left > 2 * right


def test_the_same_input_gives_the_same_picture(render_stage: SetRenderer) -> None:
    one, two = (laid(can(), render_stage).flatten() for _ in range(2))
    assert np.array_equal(one, two)
    laid(can(), render_stage, height="above")  # another scene, another product, and back
    assert np.array_equal(one, laid(can(), render_stage).flatten())


def test_a_mirrored_product_in_a_mirrored_set_is_the_mirrored_picture(render_stage: SetRenderer) -> None:
    cutout = can()
    flipped = replace(
        cutout,
        photo=photo_of(np.ascontiguousarray(cutout.photo.pixels[:, ::-1])),
        matte=np.ascontiguousarray(cutout.matte[:, ::-1]),
    )
    flipped = replace(flipped, band=foreground_band(flipped.photo.pixels, flipped.matte), facts=facts_of(flipped.matte))
    one = laid(cutout, render_stage, side="left", height="eye").flatten().astype(int)
    two = laid(flipped, render_stage, side="right", height="eye").flatten()[:, ::-1].astype(int)
    assert np.abs(one - two).mean() < 0.6


def test_shadow_strength_zero_casts_nothing_and_more_is_darker(render_stage: SetRenderer) -> None:
    assert laid(can(), render_stage, shadow=0).ratio is None
    soft, strong = (sum(shadow_sides(laid(can(), render_stage, shadow=s))) for s in (0.6, 1.4))
    assert strong > 1.3 * soft


def test_without_a_shadow_caster_the_shadow_is_drawn() -> None:
    result = laid(can(), FakeSetRenderer(), set="sweep")
    assert result.ratio is not None
    assert result.plate_origin == "rendered"


def test_a_file_on_a_rendered_set_declares_a_composite_and_no_generative_ai() -> None:
    views = Views(laid(can(), FakeSetRenderer(), set="sweep"), FakeRater())
    file = make_rendition(views, channel("web"), limits=Limits(), timer=StepTimer())
    assert file.disclosure == declared(read(file.content, "web", limits=Limits()).xmp) == "composite"


def test_what_the_engine_lacks_is_a_finding_of_each_picture() -> None:
    class Slow(FakeSetRenderer):
        notes = (Finding(check="renderer", verdict=Verdict.WARN, words="The fast renderer is missing here."),)

    assert "renderer" in [f.check for f in laid(can(), Slow(), set="sweep").findings]


# --- how the camera is matched ---


def matched(cutout: Cutout, set_id: str, overrides: Overrides | None = None) -> CameraMatch:
    return match_camera(cutout.photo.pixels, cutout.body, cutout.facts, SETS[set_id], overrides or Overrides())


def test_a_standing_product_does_not_suit_a_flat_lay() -> None:
    match = matched(can(), "linen")
    assert [f.check for f in match.findings] == ["fit"]
    assert "from above" in match.findings[0].words


def test_a_see_through_product_suits_pure_white_alone() -> None:
    glass = replace(can(), facts=replace(can().facts, see_through=0.9))
    assert [f.check for f in matched(glass, "marble").findings] == ["fit"]
    assert all(f.check != "fit" for f in matched(glass, "white").findings)


def test_one_whose_transmission_was_measured_stands_in_any_set() -> None:
    glass = replace(can(), facts=replace(can().facts, see_through=0.9, transmission=0.8))
    assert all(f.check != "fit" for f in matched(glass, "marble").findings)


def test_a_product_cut_off_at_the_bottom_casts_no_shadow_and_has_a_finding() -> None:
    cutout = can()
    matte = cutout.matte.copy()
    matte[240:] = np.where(matte[235] > 0, 255, 0)
    cutout = replace(cutout, matte=matte, band=foreground_band(cutout.photo.pixels, matte), facts=facts_of(matte))
    match = matched(cutout, "marble")
    assert not match.stands
    assert "cuts the product off" in match.findings[0].words
    assert laid(cutout, FakeSetRenderer(), set="marble").ratio is None


def test_what_the_user_sets_wins() -> None:
    overrides = Overrides(height="high", body="slab", side="right", softness="more", warmth=-0.5)
    match = matched(can(), "marble", overrides)
    assert (match.pitch_deg, match.kind, match.side) == (40, "slab", "right")
    assert (match.softness, match.warmth) == ("more", -0.5)


def test_the_other_height_is_a_neighbour_of_the_guess() -> None:
    guess = matched(can(), "marble").pitch_deg
    other = matched(can(), "marble", Overrides(height="other")).pitch_deg
    pitches = SETS["marble"].pitches
    assert abs(pitches.index(guess) - pitches.index(other)) == 1


def test_photos_of_one_batch_share_two_camera_heights_unless_they_ask_for_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, own = set(), set()
    for pitch in range(2, 60, 3):
        pose = Pose(float(pitch), 1.0, False, "stands", 1.0)
        monkeypatch.setattr(camera_match, "pose_of", lambda *_, pose=pose: pose)
        match = matched(can(), "marble")
        found.add(match.pitch_deg)
        own.add(matched(can(), "marble", Overrides(height="photo")).pitch_deg)
        far = abs(pitch - match.pitch_deg) > camera_match.FAR_DEG
        assert [finding.check for finding in match.findings] == (["camera"] if far else [])
    assert found == set(SETS["marble"].standard) and len(found) == 2
    assert own == set(SETS["marble"].pitches)


def test_the_photos_own_softness_costs_no_plate() -> None:
    shots = {Rendered(set="marble").shot(16, 0.72, 1.0), Rendered(set="marble", softness="normal").shot(16, 0.72, 1.0)}
    assert len(shots) == 1
    assert Rendered(set="marble", softness="more").shot(16, 0.72, 1.0) not in shots


# --- light ---


def product(level: int) -> NDArray[np.uint8]:
    random = np.random.default_rng(0)
    return np.clip(random.normal(level, 12, (2000, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("level", [60, 130, 220])
def test_light_moves_towards_the_set_within_its_bound(level: int) -> None:
    warm = np.broadcast_to(np.array([0.9, 0.75, 0.55], np.float32), (32, 32, 3))
    gains, stops, cost = light.gains_towards(product(level), warm, strength=1.0)
    assert 0.5 < cost <= light.MOST_DELTA_E00
    assert gains[0] > gains[2]  # warmer, as the set is
    assert np.sign(stops) == (1 if level < 200 else -1)
    assert light.gains_towards(product(level), warm, strength=0.5)[2] <= 0.5 * light.MOST_DELTA_E00


def test_a_changed_product_is_reported_and_a_channel_may_forbid_it() -> None:
    cutout = can()
    steps = (Layout(), Rendered(set="sweep"), Light(strength=1.0))
    result = compose(
        cutout, Geometry((64, 64), steps), context=StepContext({}, renderer=FakeSetRenderer()), timer=StepTimer()
    )
    assert "exposure" in result.changes[0]
    look = template("marble").with_options({"light": 1.0})
    (for_amazon,) = geometries(look, [channel("amazon")], preview=False)
    (for_web,) = geometries(look, [channel("web")], preview=False)
    assert [s.strength for s in for_amazon.steps if isinstance(s, Light)] == [0.0]
    assert [s.strength for s in for_web.steps if isinstance(s, Light)] == [1.0]


def test_light_off_leaves_every_pixel() -> None:
    cutout = can()
    steps = (Layout(), Rendered(set="sweep"))
    plain, lit = (
        compose(cutout, Geometry((64, 64), s), context=StepContext({}, renderer=FakeSetRenderer()), timer=StepTimer())
        for s in (steps, (*steps, Light()))
    )
    assert np.array_equal(plain.flatten(), lit.flatten())
    assert lit.changes == ()
