"""Enlarging a product: tiles, the edge, letters, and when it happens at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from handmade import CARD, FakeMatter, FakeRater, cutout_of, disc, photo_of, textured
from packshot.channel import Channel
from packshot.disclosure import declared
from packshot.errors import BadInput, PackshotError, WeightsMissing
from packshot.finding import Finding, Verdict
from packshot.image import Photo, read
from packshot.model import Engine, Upscaler, enlarge_in_tiles, tiles_of
from packshot.models import weights
from packshot.models.openvino import RealEsrgan
from packshot.models.rrdbnet import rrdbnet
from packshot.models.tile_timing import tile_seconds
from packshot.models.zoo import card
from packshot.ops import upscale
from packshot.ops.fine_print import print_loss
from packshot.ops.foreground import extended_past_edge
from packshot.ops.tiles import tiles
from packshot.pipeline import Developed, PipelineContext, develop, item_key
from packshot.rendering.engines.fake import FakeSetRenderer
from packshot.settings import Limits, Settings
from packshot.steps import Upscale
from packshot.steps.upscale import factor_for
from packshot.store import Store, pack_enlarged, unpack_enlarged
from packshot.template import template

U8 = NDArray[np.uint8]


@dataclass
class Repeater:
    """Repeats pixels, and spoils `spoiled` of them along a tile's border, as a network does; counts its tiles."""

    side: int = 64
    factor: int = 4
    spoiled: int = 0
    calls: list[int] = field(default_factory=list)
    card = CARD.model_copy(update={"id": "repeater", "role": "upscaler", "sha256": "e" * 64})
    engine = Engine("fake", "1", "exact")

    def upscale(self, tile_u8: U8) -> U8:
        self.calls.append(int(tile_u8.mean()))
        grown = np.repeat(np.repeat(tile_u8, self.factor, 0), self.factor, 1)
        edge = self.spoiled * self.factor
        if edge:
            inside = grown[edge:-edge, edge:-edge].copy()
            grown[:] = 255
            grown[edge:-edge, edge:-edge] = inside
        return grown

    def release(self) -> None: ...


def everywhere(pixels: U8) -> NDArray[np.bool_]:
    return np.ones(pixels.shape[:2], np.bool_)


# --- tiles ---


@pytest.mark.parametrize("size", [(20, 30), (64, 64), (65, 200), (500, 333)])
def test_tiles_cover_a_picture_and_share_what_they_should(size: tuple[int, int]) -> None:
    seen = np.zeros((size[1], size[0]), int)
    for tile in tiles(size, side=64, overlap=16):
        left, top, right, bottom = tile.box
        assert (right - left, bottom - top) == (64, 64)
        assert left == 0 or tile.over_left >= 16
        assert top == 0 or tile.over_top >= 16
        assert (left == 0 or right <= size[0]) and (top == 0 or bottom <= size[1])
        seen[top:bottom, left:right] += 1
    assert seen.min() == 1


@pytest.mark.parametrize("size", [(20, 30), (150, 70), (131, 200)])
@pytest.mark.parametrize("factor", [2, 4])
def test_tiles_laid_together_are_the_whole_picture(size: tuple[int, int], factor: int) -> None:
    pixels = textured(*size)
    result = enlarge_in_tiles(Repeater(), pixels, factor=factor, visible=everywhere(pixels))
    assert np.array_equal(result, np.repeat(np.repeat(pixels, factor, 0), factor, 1))


def test_what_a_network_spoils_along_a_tiles_border_shows_nowhere_inside() -> None:
    pixels = textured(200, 150)
    result = enlarge_in_tiles(Repeater(spoiled=7), pixels, factor=4, visible=everywhere(pixels))
    exact = np.repeat(np.repeat(pixels, 4, 0), 4, 1)
    assert np.array_equal(result[28:-28, 28:-28], exact[28:-28, 28:-28])
    assert not np.array_equal(result[:28], exact[:28])


def test_tiles_without_product_are_not_enlarged_by_the_model() -> None:
    pixels, reference = textured(400, 400), np.zeros((400, 400), np.bool_)
    reference[10:20, 10:20] = True
    model, announced, ticks = Repeater(), list[int](), list[int]()

    def begin(count: int) -> Callable[[], None]:
        announced.append(count)
        return lambda: ticks.append(1)

    result = enlarge_in_tiles(model, pixels, factor=4, visible=reference, begin=begin)
    assert announced == [1]
    assert len(model.calls) == len(ticks) == 1
    assert result.shape == (1600, 1600, 3)


def test_a_model_that_answers_another_size_is_an_error() -> None:
    class Lazy(Repeater):
        def upscale(self, tile_u8: U8) -> U8:
            return tile_u8

    model = Lazy()
    with pytest.raises(PackshotError, match=r"repeater answered \(64, 64, 3\)"):
        enlarge_in_tiles(model, textured(64, 64), factor=4, visible=np.ones((64, 64), np.bool_))


# --- the real network ---


@pytest.fixture(scope="module")
def real() -> Upscaler:
    """At tiles of 48 px, which take half a second."""
    settings, esrgan = Settings(), card("realesrgan")
    try:
        file = weights.path(esrgan, models_dir=settings.models_dir)
    except WeightsMissing as missing:
        pytest.skip(missing.message)
    return RealEsrgan(esrgan, file, threads=2, compiled_dir=settings.cache_dir / "compiled", side=48)


def test_the_network_draws_letters_sharper_than_interpolation_and_in_their_place(real: Upscaler) -> None:
    label = _label()
    tile = np.asarray(cv2.resize(label, (48, 48), interpolation=cv2.INTER_AREA), np.uint8)
    plain = cv2.resize(tile, (192, 192), interpolation=cv2.INTER_CUBIC).astype(float)
    drawn = real.upscale(tile)
    assert drawn.shape == (192, 192, 3)
    assert np.abs(drawn - label.astype(float)).mean() < 0.75 * np.abs(plain - label).mean()


def _label() -> U8:
    """(192, 192, 3): large letters, as on a package."""
    result = Image.new("RGB", (192, 192), (235, 230, 220))
    draw = ImageDraw.Draw(result)
    for n, words in enumerate(("TEA", "No 5")):
        draw.text((14, 10 + 84 * n), words, fill=(30, 60, 50), font=ImageFont.load_default(68))
    return np.asarray(result, np.uint8)


def test_real_tiles_show_no_seam(real: Upscaler) -> None:
    """On even ground the network's own grain is one level (standard deviation); a seam would be a step in its means."""
    even = np.full((64, 64, 3), (150, 120, 90), np.uint8)
    assert len(tiles_of(real, everywhere(even))) == 4
    result = upscale.with_photo_colours(enlarge_in_tiles(real, even, factor=4, visible=everywhere(even)), even)
    inside = result[24:-24, 24:-24].astype(float)
    for axis in (0, 1):
        smooth = cv2.blur(inside.mean(axis=axis), (1, 4))
        assert np.abs(np.diff(smooth, axis=0)).max() < 0.5
    assert np.abs(inside - even[0, 0]).mean() < 1


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    import openvino

    cut = tmp_path / "cut.bin"
    cut.write_bytes(np.array([0x01306B47], np.uint32).tobytes() + bytes(1000))
    with pytest.raises(BadInput, match=r"cut\.bin: This file of weights ends too early"):
        rrdbnet(cut, 32, openvino=openvino)
    cut.write_bytes(bytes(5000))
    with pytest.raises(BadInput, match="not 16-bit floats"):
        rrdbnet(cut, 32, openvino=openvino)


# --- the edge ---


def test_nothing_of_the_old_backdrop_is_shown_to_the_model() -> None:
    matte = disc(120, 100, (30, 20, 90, 80))
    cover = matte[..., None] / 255
    product = 90 + textured(120, 100) // 8
    photo = np.round(product * cover + np.array([255, 0, 255]) * (1 - cover)).astype(np.uint8)
    cutout = cutout_of(photo, matte)
    shown = extended_past_edge(cutout.foreground(), matte)
    assert np.array_equal(shown[matte == 255], photo[matte == 255])
    apart = np.abs(shown.astype(int) - product).max(axis=2)
    assert apart[matte > 0].max() < 40
    assert apart.max() < 50
    assert np.abs(photo.astype(int) - product).max() > 120  # what it would have been shown


def test_a_matte_grows_smoothly_and_its_plain_edge_gets_steeper() -> None:
    matte = disc(100, 80, (20, 10, 80, 70))
    grown = upscale.enlarged_matte(matte, 4)
    plain = cv2.resize(matte, (400, 320), interpolation=cv2.INTER_CUBIC)
    assert grown.shape == (320, 400)
    assert grown[160, 200] == 255 and grown[2, 2] == 0
    assert np.count_nonzero((grown > 25) & (grown < 230)) < 0.7 * np.count_nonzero((plain > 25) & (plain < 230))
    assert abs(np.count_nonzero(grown > 127) - np.count_nonzero(plain > 127)) < 0.01 * np.count_nonzero(plain > 127)


def test_a_matte_that_is_seen_through_stays_as_it_is() -> None:
    glass = np.zeros((60, 60), np.uint8)
    glass[10:50, 10:50] = 120
    grown = upscale.enlarged_matte(glass, 4)
    assert np.abs(grown[60:180, 60:180].astype(int) - 120).max() <= 1


def test_colours_stay_the_photos() -> None:
    photo = textured(80, 60)
    shifted = np.clip(cv2.resize(photo, (320, 240), interpolation=cv2.INTER_CUBIC).astype(int) + 12, 0, 255)
    back = upscale.with_photo_colours(shifted.astype(np.uint8), photo)
    small = cv2.resize(back, (80, 60), interpolation=cv2.INTER_AREA).astype(int)
    assert abs(float((small - photo).mean())) < 0.5


# --- letters ---


def printed(*, garbled: bool = False) -> tuple[U8, U8]:
    """A label with small print at 1 : 1, and the same drawn four times as large; garbled: with other letters."""
    large = Image.new("RGB", (960, 480), (236, 232, 220))
    other = large.copy()
    for picture, words in ((large, "INGREDIENTS water sugar 250 ml"), (other, "INCREOLENTZ vatex suqer 286 mi")):
        draw = ImageDraw.Draw(picture)
        for line in range(8):
            draw.text((40, 30 + 52 * line), words, fill=(24, 30, 40), font=ImageFont.load_default(40))
    small = np.asarray(large.resize((240, 120), Image.Resampling.LANCZOS), np.uint8)
    return small, np.asarray(other if garbled else large, np.uint8)


def test_print_that_kept_its_shape_passes_and_garbled_print_is_found() -> None:
    matte = np.full((120, 240), 255, np.uint8)
    same, other = print_loss(*printed(), matte), print_loss(*printed(garbled=True), matte)
    assert same.windows == other.windows > 100
    assert same.lost <= 0.01 * same.windows
    assert other.lost > 0.1 * other.windows


@pytest.mark.parametrize("pixels", [textured(240, 120), np.full((120, 240, 3), 90, np.uint8)])
def test_where_there_is_no_print_there_is_nothing_to_lose(pixels: U8) -> None:
    large = np.asarray(cv2.resize(pixels, (960, 480), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert print_loss(pixels, large, np.full((120, 240), 255, np.uint8)).lost == 0


@pytest.mark.parametrize(("garbled", "verdict"), [(False, Verdict.OK), (True, Verdict.WARN)])
def test_garbled_letters_are_a_finding(garbled: bool, verdict: Verdict) -> None:
    small, large = printed(garbled=garbled)
    pixels = np.full((180, 300, 3), 150, np.uint8)
    pixels[30:150, 30:270] = small
    matte = np.zeros((180, 300), np.uint8)
    matte[30:150, 30:270] = 255

    class Printer(Repeater):
        def upscale(self, tile_u8: U8) -> U8:
            drawn = np.repeat(np.repeat(tile_u8, 4, 0), 4, 1)
            at = 4 * 24  # the margin that the step leaves around the product
            part = drawn[at : at + 480, at : at + 960]
            part[:] = large
            return drawn

    result = Upscale().run(cutout_of(pixels, matte), Printer(side=320)).enlarged
    assert result is not None
    [finding] = result.findings
    assert (finding.check, finding.verdict) == ("letters", verdict)


# --- when ---


def shop(**fields: object) -> Channel:
    rules = {"product_px": 200, "hard": ["resolution"]}
    return Channel.model_validate({"id": "shop", "name": "Shop", "size": (320, 320), "format": "png",
                                   "rules": rules} | fields)  # fmt: skip


def tolerant(side: int = 320) -> Channel:
    return shop(id="tolerant", size=(side, side), rules={"product_px": 200, "hard": []})


def small_photo() -> Photo:
    matte = disc(120, 120, (30, 30, 90, 90))[..., None] / 255
    pixels = np.where(matte > 0, 30 + textured(120, 120) // 3, 128).astype(np.uint8)
    return photo_of(pixels, sha256="a" * 64)


def developed(channels: list[Channel], *, upscale: bool = False, store: Store | None = None, look: str = "color",
              upscaler: Repeater | None = None) -> Developed:  # fmt: skip
    context = PipelineContext(matter=FakeMatter(), rater=FakeRater(0.0), store=store, limits=Limits(),
                  renderer=FakeSetRenderer(),
                  upscaler=upscaler, upscale=upscale)  # fmt: skip
    return develop(small_photo(), template=template(look), channels=channels, context=context)


def findings_of(findings: tuple[Finding, ...], check: str) -> list[Finding]:
    return [f for f in findings if f.check == check]


def test_a_product_that_a_channel_would_reject_is_enlarged_and_says_so() -> None:
    model = Repeater()
    result = developed([shop()], upscaler=model)
    assert model.calls
    [finding] = findings_of(result.findings, "enlarged")
    assert (
        finding.verdict is Verdict.WARN and "by a model" in finding.words and finding.value == pytest.approx(4.6, 0.1)
    )
    [change] = result.changes
    assert change == f"enlarged {finding.value:.1f} times by a model"
    [file] = result.renditions
    assert not file.rejected
    assert "on purpose" in findings_of(file.findings, "unchanged")[0].words
    assert file.disclosure == "compositeWithTrainedAlgorithmicMedia"
    assert declared(read(file.content, "shop", limits=Limits()).xmp) == file.disclosure


def test_without_the_model_it_is_rejected_as_before_and_says_what_is_missing() -> None:
    result = developed([shop()])
    assert result.renditions[0].rejected and not result.changes
    assert "not installed" in findings_of(result.findings, "upscale")[0].words


@pytest.mark.parametrize(
    ("channels", "upscale", "expected"),
    [
        ([tolerant()], False, False),  # small, but nothing rejects it
        ([tolerant()], True, True),
        ([tolerant(side=80)], True, False),  # shown no larger than it was photographed
        ([tolerant(side=64), shop(size=(64, 64))], False, False),  # nothing to gain
        ([tolerant(), shop()], False, True),
    ],
)
def test_it_is_done_when_chosen_or_needed_and_not_otherwise(
    channels: list[Channel], upscale: bool, expected: bool
) -> None:
    model = Repeater()
    result = developed(channels, upscale=upscale, upscaler=model)
    assert bool(model.calls) == bool(result.changes) == expected


def test_a_second_template_costs_no_second_enlargement(tmp_path: Path) -> None:
    model, store = Repeater(), Store(tmp_path)
    first = developed([shop()], store=store, upscaler=model)
    count = len(model.calls)
    again = developed([shop()], store=store, upscaler=model)
    developed([shop(), tolerant(side=400)], store=store, look="gradient", upscaler=model)
    assert len(model.calls) == count
    assert again.renditions[0].content == first.renditions[0].content
    assert [s.cached for s in again.steps if s.kind == "upscale"] == [True]
    model.card = model.card.model_copy(update={"sha256": "d" * 64})
    developed([shop()], store=store, upscaler=model)
    assert len(model.calls) == 2 * count


def test_the_key_of_an_item_has_the_model_and_the_choice() -> None:
    def key(upscale: str) -> str:
        return item_key("a", template=template("white"), channels=[shop()], names=[], card=CARD, engine="x",
                        pictures={}, preview=False, seed=0, upscale=upscale)  # fmt: skip

    assert len({key("needed a"), key("chosen a"), key("needed b")}) == 3


def test_only_the_products_part_of_a_photo_is_enlarged_by_as_much_as_memory_takes() -> None:
    for longest, factor in ((60, 4), (768, 4), (1000, 3), (1500, 2), (2000, None)):
        side = longest + 100
        matte = np.zeros((side, 200), np.uint8)
        matte[50 : 50 + longest, 60:100] = 255
        cutout = cutout_of(np.zeros((side, 200, 3), np.uint8), matte)
        assert factor_for(cutout) == factor
    result = Upscale(factor=2).run(cutout, Repeater())
    assert result.enlarged is not None
    assert result.enlarged.box == (36, 26, 124, 2074)
    assert result.enlarged.pixels.shape == (2 * 2048, 2 * 88, 3)


def test_an_enlargement_comes_back_to_the_bit_and_a_damaged_one_not_at_all() -> None:
    cutout = cutout_of(small_photo().pixels, disc(120, 120, (30, 30, 90, 90)))
    result = Upscale().run(cutout, Repeater()).enlarged
    assert result is not None
    content = pack_enlarged(result)
    back = unpack_enlarged(content)
    assert back is not None
    assert (back.box, back.factor, back.findings) == (result.box, result.factor, result.findings)
    assert np.array_equal(back.pixels, result.pixels) and np.array_equal(back.matte, result.matte)
    assert unpack_enlarged(content[: len(content) // 2]) is None


def test_the_pace_is_measured_once_a_machine(tmp_path: Path) -> None:
    model = Repeater()
    first = tile_seconds(model, folder=tmp_path, threads=2)
    calls = len(model.calls)
    assert tile_seconds(model, folder=tmp_path, threads=2) == pytest.approx(first, abs=1e-3)
    assert len(model.calls) == calls > 0
    tile_seconds(model, folder=tmp_path, threads=4)
    assert len(model.calls) > calls
