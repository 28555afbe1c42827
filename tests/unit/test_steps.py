"""Steps: each alone, on photos made by hand."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handmade import CARD, TOOLS, FakeMatter, block, composed, cutout_of, disc, photo_of, textured
from packshot.channel import Channel
from packshot.colour import hex_to_linear, to_linear, to_srgb
from packshot.errors import PackshotError
from packshot.finding import Verdict
from packshot.image import Metadata, read
from packshot.model import ALONE, Engine
from packshot.ops import measure
from packshot.pipeline import segment_for
from packshot.settings import Limits
from packshot.step import Composition, Cutout, StepContext
from packshot.steps import Analyse, Color, Gradient, Layout, Light, Picture, Segment, Shadow
from packshot.steps.analyse import LOW_QUALITY, duplicates
from packshot.steps.encode import Encode
from packshot.steps.layout import SHARP_ENLARGEMENT
from packshot.steps.segment import ON_WHITE, SMALLEST_PRODUCT
from packshot.template import template


def standing(side: int = 400) -> Cutout:
    """A textured box in the middle of a photo."""
    third = side // 4
    return cutout_of(textured(side, side), disc(side, side, (third, third, side - third, side - third)))


def empty(canvas: tuple[int, int] = (200, 200)) -> Composition:
    return Composition(standing(), canvas)


# --- segment ---


def test_a_product_is_cut_out_by_the_model() -> None:
    pixels = np.full((200, 240, 3), 240, np.uint8)
    pixels[60:160, 80:180] = (150, 30, 30)
    matter = FakeMatter()
    cutout = Segment().run(photo_of(pixels), matter)
    assert matter.calls == 1
    assert cutout.source == "fake"
    assert cutout.matte.shape == (200, 240)
    assert cutout.facts.box == (80, 60, 180, 160)
    assert cutout.findings == ()


def test_a_file_that_brings_its_own_transparency_keeps_it() -> None:
    alpha = disc(240, 200, (40, 40, 200, 160))
    matter = FakeMatter()
    cutout = Segment().run(photo_of(textured(240, 200), alpha=alpha), matter)
    assert matter.calls == 0
    assert np.array_equal(cutout.matte, alpha)
    assert "transparency" in cutout.source


@pytest.mark.parametrize("hidden", [0, 255, 120])
def test_what_lies_under_a_files_transparency_changes_nothing(hidden: int) -> None:
    """A file's alpha is straight: there is no old backdrop in the colours of its edge."""
    alpha = cv2.GaussianBlur(disc(240, 200, (40, 40, 200, 160)), (0, 0), 3)
    pixels = np.full((200, 240, 3), (180, 40, 50), np.uint8)
    pixels[alpha == 0] = hidden
    cutout = Segment().run(photo_of(pixels, alpha=alpha), FakeMatter())
    assert (cutout.band == (180, 40, 50)).all()
    assert (cutout.foreground()[cutout.matte > 0] == (180, 40, 50)).all()


def on_white(*, shadow: bool = False, sole: int = 30) -> np.ndarray:
    """A soft-edged shoe of one colour on white, its lower part of another brightness."""
    cover = cv2.GaussianBlur(block(400, 300, (100, 80, 300, 200)), (0, 0), 1.2).astype(np.float32)[..., None] / 255
    own = np.full((300, 400, 3), (150, 30, 30), np.uint8)
    own[160:] = sole
    ground = np.full((300, 400, 3), 255, np.uint8)
    if shadow:
        ground[190:230, 80:320] = 200
        ground = np.asarray(cv2.GaussianBlur(ground, (0, 0), 12), np.uint8)
    return to_srgb(to_linear(own) * cover + to_linear(ground) * (1 - cover))


def test_a_photo_on_clean_white_needs_no_model_before_white() -> None:
    matter = FakeMatter()
    cutout = Segment(on_white=True).run(photo_of(on_white()), matter)
    assert matter.calls == 0
    assert cutout.source == ON_WHITE
    assert [finding.check for finding in cutout.findings] == ["on_white"]
    truth = cv2.GaussianBlur(block(400, 300, (100, 80, 300, 200)), (0, 0), 1.2)
    edge = (truth > 0) & (truth < 255)
    assert np.abs(cutout.matte.astype(int) - truth)[edge].mean() <= 8
    assert np.abs(cutout.band[:, 0].astype(int) - 150).min() <= 3


@pytest.mark.parametrize("photo", [on_white(shadow=True), on_white(sole=246), textured(400, 300)])
def test_a_soft_outline_on_white_and_any_other_ground_are_for_the_model(photo: np.ndarray) -> None:
    matter = FakeMatter()
    assert Segment(on_white=True).run(photo_of(photo), matter).source == "fake"
    assert matter.calls >= 1


def test_a_scene_needs_the_model_even_of_a_photo_on_white() -> None:
    photo = photo_of(on_white())
    assert segment_for(photo, template("white")) == Segment(on_white=True)
    assert segment_for(photo, template("oak")) == Segment()
    assert segment_for(photo, template("transparent"), refined=True) == Segment(refined=True)
    assert segment_for(photo_of(textured(400, 300)), template("white")) == Segment()


def test_the_foreground_is_the_photo_but_for_the_edge() -> None:
    cutout = standing()
    own = cutout.foreground()
    solid = cutout.matte == 255
    assert np.array_equal(own[solid], cutout.photo.pixels[solid])
    assert np.array_equal(own[cutout.matte == 0], cutout.photo.pixels[cutout.matte == 0])


@pytest.mark.parametrize(
    ("matte", "check"),
    [
        (np.zeros((200, 200), np.uint8), "none"),
        (block(200, 200, (10, 60, 80, 140)) + block(200, 200, (120, 60, 190, 140)), "several"),
        (block(200, 200, (0, 60, 120, 140)), "border"),
    ],
    ids=["nothing", "two things", "cut off"],
)
def test_what_is_odd_about_a_matte_is_a_finding(matte: NDArray[np.uint8], check: str) -> None:
    assert [f.check for f in cutout_of(textured(200, 200), matte).findings] == [check]


def test_a_photo_without_a_product_fails() -> None:
    [finding] = cutout_of(textured(200, 200), np.zeros((200, 200), np.uint8)).findings
    assert finding.verdict is Verdict.FAIL
    assert finding.limit == SMALLEST_PRODUCT * 100


class _BadMatter:
    card, engine, second = CARD, Engine("fake", "1", "f32"), ALONE

    def __init__(self, answer: NDArray[np.float32]) -> None:
        self.answer = answer

    def matte(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.answer

    rough = matte


@pytest.mark.parametrize(
    "answer",
    [np.full((8, 8), np.nan, np.float32), np.zeros((8, 8, 1), np.float32), np.zeros((8, 8), np.float64)],  # type: ignore[list-item]
    ids=["not finite", "three axes", "doubles"],
)
def test_a_model_that_breaks_its_contract_is_an_error(answer: NDArray[np.float32]) -> None:
    with pytest.raises(PackshotError, match="fake"):
        Segment().run(photo_of(textured(60, 60)), _BadMatter(answer))


# --- analyse ---


def found(cutout: Cutout, check: str, *, product_px: int = 1) -> Verdict | None:
    findings = Analyse().run(cutout, product_px={"Shop": product_px})
    return next((f.verdict for f in findings if f.check == check), None)


def test_a_small_product_is_a_finding_with_the_channel_that_needs_more() -> None:
    cutout = standing(400)
    assert found(cutout, "small", product_px=150) is None
    [finding] = [f for f in Analyse().run(cutout, product_px={"Shop": 500}) if f.check == "small"]
    assert "Shop" in finding.words
    assert (finding.value, finding.limit) == (200, 500)


def test_a_grainy_product_and_a_clean_one_differ() -> None:
    clean = standing(800)
    grain = np.random.default_rng(0).normal(0, 30, clean.photo.pixels.shape)
    noisy = np.clip(clean.photo.pixels + grain, 0, 255).astype(np.uint8)
    assert found(clean, "noise") is Verdict.OK
    assert found(replace(clean, photo=photo_of(noisy)), "noise") is Verdict.WARN


def test_blank_white_and_blank_black_products_are_findings() -> None:
    cutout = standing()
    for level, check, other in ((255, "blown", "crushed"), (0, "crushed", "blown")):
        blank = replace(cutout, photo=photo_of(np.full((400, 400, 3), level, np.uint8)))
        assert found(blank, check) is Verdict.WARN
        assert found(blank, other) is Verdict.OK


def test_a_heavily_compressed_photo_is_a_finding() -> None:
    cutout = standing()
    assert found(cutout, "compression") is Verdict.OK
    for quality, verdict in ((LOW_QUALITY - 1, Verdict.WARN), (LOW_QUALITY, Verdict.OK)):
        saved = replace(cutout, photo=replace(cutout.photo, format="JPEG", jpeg_quality=quality))
        assert found(saved, "compression") is verdict


def test_assumptions_while_reading_are_findings() -> None:
    cutout = standing()
    noted = replace(cutout, photo=replace(cutout.photo, notes=("The colours are a guess.",)))
    assert "The colours are a guess." in [f.words for f in Analyse().run(noted, product_px={})]


def test_photos_that_look_the_same_are_paired_with_the_first() -> None:
    one, other = (measure.fingerprint(textured(300, 300, seed=s)) for s in (1, 2))
    assert duplicates([("a", one), ("b", other), ("c", one), ("d", f"{int(one, 16) ^ 1:016x}")]) == {"c": "a", "d": "a"}


# --- layout ---


@pytest.mark.parametrize("canvas", [(200, 200), (160, 300), (300, 160)])
def test_a_product_is_scaled_to_its_share_and_centred(canvas: tuple[int, int]) -> None:
    laid = Layout(fill=0.8).run(empty(canvas), TOOLS)
    left, top, right, bottom = cutout_of(textured(*canvas), laid.canvas_matte()).facts.box
    assert max((right - left) / canvas[0], (bottom - top) / canvas[1]) == pytest.approx(0.8, abs=0.015)
    assert (left + right) / 2 == pytest.approx(canvas[0] / 2, abs=1)
    assert (top + bottom) / 2 == pytest.approx(canvas[1] / 2, abs=1)


def test_a_baseline_sets_the_foot() -> None:
    laid = Layout(fill=0.5, baseline=0.9).run(empty(), TOOLS)
    assert cutout_of(textured(200, 200), laid.canvas_matte()).facts.box[3] == pytest.approx(180, abs=1)


def test_a_photo_that_cuts_its_product_off_stays_cut_unless_that_is_switched_off() -> None:
    cutout = cutout_of(textured(400, 400), block(400, 400, (100, 200, 300, 400)))
    snapped, loose = (
        Layout(fill=0.5, snap=snap).run(Composition(cutout, (200, 200)), TOOLS).canvas_matte() for snap in (True, False)
    )
    assert snapped[-1].any()
    assert not loose[-1].any()


def test_enlarging_a_lot_is_a_finding() -> None:
    little = Layout(fill=0.8).run(empty((200, 200)), TOOLS)
    much = Layout(fill=0.9).run(empty((800, 800)), TOOLS)
    assert little.findings == ()
    [finding] = much.findings
    assert finding.check == "enlarged"
    assert finding.value is not None
    assert finding.value > SHARP_ENLARGEMENT


def test_an_empty_matte_leaves_an_empty_frame_and_does_not_fail() -> None:
    nothing = cutout_of(textured(100, 100), np.zeros((100, 100), np.uint8))
    laid = Color().run(Layout().run(Composition(nothing, (120, 120)), TOOLS), TOOLS)
    assert (Shadow().run(laid, TOOLS).flatten() == 255).all()


# --- what a channel changes in a step ---


def shop(**fields: object) -> Channel:
    return Channel.model_validate({"id": "shop", "name": "Shop", "size": (500, 500), "format": "png"} | fields)


@pytest.mark.parametrize(
    ("limits", "margin", "fill"),
    [
        ((0.0, 1.0), None, 0.7),  # whatever the template says
        ((0.85, 1.0), None, 0.865),  # a little inside of the limit, so that a rounding does not reject the file
        ((0.0, 0.5), None, 0.485),
        ((0.0, 1.0), 0.05, 0.7),
        ((0.0, 1.0), 0.25, 0.5),  # what the margins leave
    ],
)
def test_a_layout_keeps_to_a_channels_limits_and_margin(
    limits: tuple[float, float], margin: float | None, fill: float
) -> None:
    channel = shop(rules={"fill": limits}, margin=margin)
    laid = Layout(fill=0.7).for_channel(channel, frozenset())
    assert (laid.fill, laid.margin) == (fill, margin or 0.0)
    by_hand = frozenset({"layout.fill", "layout.margin"})
    assert Layout(fill=0.7).for_channel(channel, by_hand) == Layout(fill=0.7)


def test_a_backdrop_takes_the_shops_colour_unless_the_user_chose_one() -> None:
    assert Color().for_channel(shop(color="#112233"), frozenset()).color == "#112233"
    assert Color().for_channel(shop(color="#112233"), frozenset({"color.color"})) == Color()
    assert Color().for_channel(shop(), frozenset()) == Color()


def test_a_channel_that_wants_the_product_as_it_is_switches_light_off_even_when_chosen() -> None:
    assert Light(strength=1.0).for_channel(shop(as_is=True), frozenset({"light.strength"})).strength == 0
    assert Light(strength=1.0).for_channel(shop(), frozenset()).strength == 1


def test_a_template_without_a_layout_is_a_fault_in_words() -> None:
    with pytest.raises(RuntimeError, match="layout"):
        Color().run(empty(), TOOLS).flatten()


# --- backdrops ---


def test_a_colour_is_that_colour_to_the_bit() -> None:
    flat = composed(standing(), color="#12abef").flatten()
    assert flat[0, 0].tolist() == [0x12, 0xAB, 0xEF]
    assert np.array_equal(flat[:15].reshape(-1, 3), np.tile(flat[0, 0], (15 * 200, 1)))


def test_warmth_moves_the_hue_and_keeps_the_brightness() -> None:
    laid = Layout().run(empty(), TOOLS)
    plates = [Color(color="#808080", warmth=w).run(laid, TOOLS).plate for w in (-1.0, 0.0, 1.0)]
    cool, plain, warm = (np.asarray(p)[0, 0] for p in plates)
    assert cool[0] < plain[0] < warm[0]
    assert cool[2] > plain[2] > warm[2]
    weights = np.array([0.2126, 0.7152, 0.0722])
    assert cool @ weights == pytest.approx(plain @ weights, rel=0.01)
    assert warm @ weights == pytest.approx(plain @ weights, rel=0.01)


def test_a_gradient_runs_from_its_first_colour_to_its_second_without_bands() -> None:
    laid = Layout().run(empty((300, 400)), TOOLS)
    plate = Gradient(start="#ffffff", end="#c0c0c0").run(laid, TOOLS).plate
    assert plate is not None
    rows = to_srgb(plate).astype(float).mean(axis=(1, 2))
    assert rows[0] == pytest.approx(255, abs=1.5)
    assert rows[-1] == pytest.approx(0xC0, abs=1)
    assert (np.diff(rows) < 0.5).all()
    assert np.abs(np.diff(rows)).max() < 1.2
    again = Gradient(start="#ffffff", end="#c0c0c0").run(laid, TOOLS).plate
    assert np.array_equal(plate, np.asarray(again))


def test_a_round_gradient_is_lightest_within() -> None:
    laid = Layout().run(empty(), TOOLS)
    plate = to_srgb(np.asarray(Gradient(start="#ffffff", end="#404040", shape="round").run(laid, TOOLS).plate))
    assert plate[90, 100].mean() > 250 > 150 > plate[0, 0].mean()


def picture(width: int, height: int) -> StepContext:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2], pixels[:, width // 2 :] = (255, 0, 0), (0, 0, 255)
    return StepContext({"mine.jpg": photo_of(pixels)})


def test_a_picture_covers_the_frame() -> None:
    laid = Layout().run(empty((200, 100)), TOOLS)
    result = Picture(picture="mine.jpg").run(laid, picture(400, 600))
    plate = to_srgb(np.asarray(result.plate))
    assert plate.shape == (100, 200, 3)
    assert plate[50, 10].tolist() == [255, 0, 0]
    assert plate[50, 190].tolist() == [0, 0, 255]
    assert result.plate_origin == "photographed"


def test_a_picture_can_be_shown_whole_beside_a_colour() -> None:
    laid = Layout().run(empty((200, 100)), TOOLS)
    result = Picture(picture="mine.jpg", fit="contain", color="#00ff00").run(laid, picture(400, 400))
    plate = to_srgb(np.asarray(result.plate))
    assert plate[50, 5].tolist() == plate[50, 195].tolist() == [0, 255, 0]
    assert plate[50, 70].tolist() == [255, 0, 0]


def test_a_blurred_picture_has_no_hard_edge_and_a_small_one_is_a_finding() -> None:
    laid = Layout().run(empty((200, 200)), TOOLS)
    sharp = Picture(picture="mine.jpg").run(laid, picture(60, 60))
    soft = Picture(picture="mine.jpg", blur=1.0).run(laid, picture(60, 60))
    steps = [np.abs(np.diff(np.asarray(p.plate)[100, :, 0])).max() for p in (sharp, soft)]
    assert steps[1] < 0.3 * steps[0]
    assert [f.check for f in sharp.findings] == ["backdrop"]


# --- shadow and flattening ---


def box() -> Cutout:
    return cutout_of(textured(400, 400), block(400, 400, (120, 100, 280, 300)))


def test_a_shadow_darkens_the_plate_under_the_product_only() -> None:
    before = composed(box(), fill=0.6)
    after = Shadow(strength=0.8).run(before, TOOLS)
    plain, shaded = before.flatten(), after.flatten()
    solid = before.canvas_matte() == 255
    assert np.array_equal(plain[solid], shaded[solid])
    assert (shaded.astype(int) <= plain).all()
    assert shaded[161:170, 100].mean() < 240
    assert (shaded[:35] == 255).all()
    assert (shaded[:, 0] == 255).all()


def test_no_shadow_where_it_is_off_none_fits_or_there_is_no_backdrop() -> None:
    before = composed(box())
    assert Shadow(strength=0).run(before, TOOLS).ratio is None
    assert Shadow().run(replace(before, plate=None), TOOLS).ratio is None
    cut = cutout_of(textured(400, 400), block(400, 400, (120, 200, 280, 400)))
    shaded = Shadow().run(composed(cut), TOOLS)
    assert shaded.ratio is None
    assert "cuts the product off" in shaded.findings[-1].words


def test_a_warm_shadow_is_browner() -> None:
    flats = [Shadow(strength=0.6, warmth=w).run(composed(box(), fill=0.6), TOOLS).flatten() for w in (0.0, 1.0)]
    neutral, warm = (flat[163, 100].astype(int) for flat in flats)
    assert np.ptp(neutral) <= 1
    assert warm[0] > warm[2] + 3


def test_over_a_backdrop_the_product_is_the_photo_where_it_is_not_scaled() -> None:
    cutout = box()
    laid = Color().run(Layout(fill=0.5).run(Composition(cutout, (400, 400)), TOOLS), TOOLS)
    assert laid.placement is not None
    assert laid.placement.scale == 1.0
    x, y = (round(v) for v in laid.placement.offset)
    part = laid.flatten()[100 + y : 300 + y, 120 + x : 280 + x]
    assert np.array_equal(part, cutout.photo.pixels[100:300, 120:280])


def test_without_a_backdrop_the_file_is_transparent_and_hides_nothing() -> None:
    cutout = standing()
    flat = Layout(fill=0.5).run(Composition(cutout, (400, 400)), TOOLS).flatten()
    assert flat.shape == (400, 400, 4)
    assert not flat[flat[..., 3] == 0].any()
    solid = flat[..., 3] == 255
    assert np.array_equal(flat[..., :3][solid], cutout.photo.pixels[solid])


def test_laying_a_transparent_product_on_white_gives_the_white_picture() -> None:
    white = composed(standing(), side=300)
    alone = replace(white, plate=None).flatten()
    a = alone[..., 3:].astype(np.float32) / 255
    mixed = to_srgb((to_linear(np.ascontiguousarray(alone[..., :3])) * a + (1 - a)).astype(np.float32))
    assert np.abs(mixed.astype(int) - white.flatten()).max() <= 2


# --- encode ---


def detailed() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)


@pytest.mark.parametrize("format", ["jpeg", "webp", "avif"])
def test_quality_goes_down_only_as_far_as_the_size_cap_requires(format: str) -> None:
    free = Encode(format=format, quality=92, least_quality=40, max_bytes=None).run(detailed(), Metadata())  # type: ignore[arg-type]
    cap = int(len(free.content) * 0.7)
    tight = Encode(format=format, quality=92, least_quality=40, max_bytes=cap).run(detailed(), Metadata())  # type: ignore[arg-type]
    assert (free.quality, free.findings) == (92, ())
    assert tight.quality is not None
    assert 40 <= tight.quality < 92
    assert len(tight.content) <= cap
    one_more = Encode(format=format, quality=tight.quality + 1, least_quality=10, max_bytes=None)  # type: ignore[arg-type]
    assert len(one_more.run(detailed(), Metadata()).content) > cap
    assert [f.check for f in tight.findings] == ["quality"]


def test_a_cap_that_cannot_be_met_leaves_the_smallest_file_for_the_check() -> None:
    result = Encode(format="jpeg", quality=92, least_quality=60, max_bytes=500).run(detailed(), Metadata())
    assert result.quality == 60
    assert len(result.content) > 500


def test_lossless_formats_have_no_quality() -> None:
    result = Encode(format="png", quality=92, least_quality=60, max_bytes=10).run(detailed(), Metadata())
    assert result.quality is None
    assert np.array_equal(read(result.content, "x.png", limits=Limits()).pixels, detailed())


def test_the_colour_of_a_plate_is_its_hex() -> None:
    assert to_srgb(hex_to_linear("#ece9e4")[None, None]).tolist() == [[[0xEC, 0xE9, 0xE4]]]
