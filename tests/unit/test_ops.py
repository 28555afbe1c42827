"""Pixel functions: what must hold for any input."""

from __future__ import annotations

import io
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handmade import block, disc, textured
from packshot.colour import F32, delta_e00, hex_to_linear, lab, to_linear, to_srgb
from packshot.ops import composite, layout, matte, measure, resample, shadow
from packshot.ops.foreground import band_of, foreground_band
from packshot.ops.geometry import Edge, PixelBox, box_of, crop, diagonal_of, index_of, size_of, union
from packshot.ops.likeness import bits_apart
from packshot.step import premultiplied

SEEDS = st.integers(0, 2**32 - 1)


# --- composite ---


@given(SEEDS, st.integers(1, 9), st.integers(1, 9))
def test_over_gives_the_plate_where_the_matte_is_0_and_the_product_where_it_is_1(seed: int, h: int, w: int) -> None:
    random = np.random.default_rng(seed)
    foreground, plate_u8 = random.integers(0, 256, (2, h, w, 3), np.uint8)
    coverage = random.choice(np.array([0, 255, 90], np.uint8), (h, w))
    product, alpha = premultiplied(foreground, coverage)
    plate = to_linear(plate_u8)
    result = composite.over(product, alpha, plate)
    assert np.array_equal(result[coverage == 0], plate[coverage == 0])
    assert np.array_equal(result[coverage == 255], to_linear(foreground)[coverage == 255])
    assert np.array_equal(to_srgb(result)[coverage == 255], foreground[coverage == 255])
    between = coverage == 90
    low, high = np.minimum(plate, to_linear(foreground)), np.maximum(plate, to_linear(foreground))
    assert (result[between] >= low[between] - 1e-6).all()
    assert (result[between] <= high[between] + 1e-6).all()


@given(SEEDS)
def test_premultiplying_can_be_undone(seed: int) -> None:
    random = np.random.default_rng(seed)
    foreground, coverage = random.integers(0, 256, (6, 5, 3), np.uint8), random.integers(1, 256, (6, 5), np.uint8)
    product, alpha = premultiplied(foreground, coverage)
    assert product.max() <= 1
    assert np.array_equal(to_srgb((product / alpha[..., None]).astype(np.float32)), foreground)


def test_coverage_0_leaves_no_colour_behind() -> None:
    product, alpha = premultiplied(textured(8, 8), np.zeros((8, 8), np.uint8))
    assert not product.any()
    assert not alpha.any()


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#12abef"])
def test_a_plate_of_one_colour_is_that_colour_everywhere(colour: str) -> None:
    plate = composite.solid(hex_to_linear(colour), (7, 4))
    pixels = composite.encode_plate(plate)
    assert pixels.shape == (4, 7, 3)
    assert {bytes(p) for p in pixels.reshape(-1, 3)} == {bytes.fromhex(colour[1:])}
    pixels[0, 0] = 7  # writable, and no other pixel with it
    assert (pixels[1, 1] == list(bytes.fromhex(colour[1:]))).all()


# --- geometry ---


def test_a_box_is_left_top_right_bottom_and_half_open() -> None:
    mask = np.zeros((9, 12), np.uint8)
    mask[2:6, 4:7] = 1
    box = box_of(mask)
    assert box == (4, 2, 7, 6)
    assert crop(mask.astype(np.float32), box).all()
    assert size_of(box) == (3, 4)
    assert diagonal_of(box) == 5
    assert box_of(np.zeros((9, 12), np.uint8)) == (0, 0, 0, 0)


def test_boxes_are_cropped_joined_and_indexed_in_each_other() -> None:
    plane = np.arange(8 * 10, dtype=np.float32).reshape(8, 10)
    outer, inner = (2, 1, 9, 7), (4, 3, 6, 5)
    assert np.array_equal(crop(plane, outer)[index_of(inner, outer)], crop(plane, inner))
    assert union((2, 5, 4, 6), (3, 1, 9, 2)) == (2, 1, 9, 6)


# --- layout ---

SIDES = st.integers(200, 3000)


@st.composite
def framed(draw: st.DrawFn) -> tuple[tuple[int, int], PixelBox]:
    """A photo's size and a product's box inside it."""
    width, height = draw(SIDES), draw(SIDES)
    left, top = draw(st.integers(0, width - 20)), draw(st.integers(0, height - 20))
    return (width, height), (left, top, draw(st.integers(left + 10, width)), draw(st.integers(top + 10, height)))


@given(framed(), st.tuples(SIDES, SIDES), st.floats(0.1, 1), st.floats(0, 0.4), st.none() | st.floats(0.1, 1))
def test_a_product_stays_in_the_frame_at_its_size(
    frame: tuple[tuple[int, int], PixelBox],
    canvas: tuple[int, int],
    fill: float,
    margin: float,
    baseline: float | None,
) -> None:
    photo, box = frame
    placed = layout.place(box, photo=photo, canvas=canvas, fill=fill, margin=margin, baseline=baseline)
    left, top, right, bottom = placed.to_canvas(box)
    assert left >= -1e-6
    assert top >= -1e-6
    assert right <= canvas[0] + 1e-6
    assert bottom <= canvas[1] + 1e-6
    shares = (right - left) / canvas[0], (bottom - top) / canvas[1]
    room = tuple(1 - 2 * margin * min(canvas) / side for side in canvas)
    assert shares[0] <= min(fill, room[0]) + 1e-6
    assert shares[1] <= min(fill, room[1]) + 1e-6
    assert any(share == pytest.approx(min(fill, space), abs=1e-6) for share, space in zip(shares, room, strict=True))
    assert (left + right) / 2 == pytest.approx(canvas[0] / 2)
    if baseline is None:
        assert (top + bottom) / 2 == pytest.approx(canvas[1] / 2)
    elif top > 1e-6 and bottom < canvas[1] - 1e-6:
        assert bottom == pytest.approx(baseline * canvas[1])


@given(
    framed(),
    st.tuples(SIDES, SIDES),
    st.floats(0.1, 1),
    st.sets(st.sampled_from(["left", "top", "right", "bottom"]), max_size=4),
)
def test_the_region_lies_in_the_canvas_and_comes_from_inside_the_photo(
    frame: tuple[tuple[int, int], PixelBox], canvas: tuple[int, int], fill: float, cut: set[Edge]
) -> None:
    photo, box = frame
    placed = layout.place(box, photo=photo, canvas=canvas, fill=fill, cut=tuple(sorted(cut)))
    left, top, right, bottom = placed.region
    assert 0 <= left <= right <= canvas[0]
    assert 0 <= top <= bottom <= canvas[1]
    for i in (0, 1):
        assert 0 <= placed.source[i] <= placed.source[i + 2] + 1e-9 <= photo[i] + 1e-6
    for i, side in enumerate((left, top, right, bottom)):
        assert placed.source[i] * placed.scale + placed.offset[i % 2] == pytest.approx(side, abs=1.001)


@pytest.mark.parametrize("edge", ["left", "top", "right", "bottom"])
def test_a_cut_edge_stays_at_that_edge_of_the_canvas(edge: Edge) -> None:
    photo = (1000, 800)
    boxes = {"left": (0, 200, 500, 600), "top": (300, 0, 700, 500), "right": (500, 200, 1000, 600),
             "bottom": (300, 300, 700, 800)}  # fmt: skip
    placed = layout.place(boxes[edge], photo=photo, canvas=(640, 640), fill=0.7, cut=(edge,))
    at = dict(zip(("left", "top", "right", "bottom"), placed.to_canvas(boxes[edge]), strict=True))
    assert at[edge] == pytest.approx(0 if edge in ("left", "top") else 640)
    assert dict(zip(("left", "top", "right", "bottom"), placed.region, strict=True))[edge] == round(at[edge])


def test_a_product_cut_on_both_sides_spans_the_frame() -> None:
    placed = layout.place((0, 300, 1000, 500), photo=(1000, 800), canvas=(640, 640), fill=0.5, cut=("left", "right"))
    assert placed.to_canvas((0, 300, 1000, 500))[::2] == pytest.approx((0, 640))


# --- resample ---


@given(SEEDS, st.floats(0, 1), st.sampled_from([(5, 9), (40, 17), (64, 64)]))
def test_an_even_plane_stays_even(seed: int, value: float, size: tuple[int, int]) -> None:
    height, width = np.random.default_rng(seed).integers(8, 60, 2)
    box = (1.3, 2.7, width - 2.2, height - 1.1)
    result = resample.lanczos(np.full((height, width, 3), value, np.float32), size, box=box)
    assert result.shape == (size[1], size[0], 3)
    assert result == pytest.approx(np.full(result.shape, value), abs=2e-6)


@pytest.mark.parametrize("size", [(31, 31), (50, 50), (150, 150), (301, 301)])
def test_scaling_shifts_nothing(size: tuple[int, int]) -> None:
    y, x = np.mgrid[:100, :100] + 0.5
    spot = np.exp(-((x - 41.3) ** 2 + (y - 63.8) ** 2) / 60).astype(np.float32)
    small = resample.lanczos(spot, size)
    rows, columns = (np.arange(n) + 0.5 for n in small.shape)
    centre = (small.sum(0) @ columns / small.sum(), small.sum(1) @ rows / small.sum())
    assert (centre[0] * 100 / size[0], centre[1] * 100 / size[1]) == pytest.approx((41.3, 63.8), abs=0.02)


def test_fine_stripes_turn_gray_and_not_into_a_pattern() -> None:
    stripes = np.tile(np.array([0, 1], np.float32), (200, 100))
    assert resample.lanczos(stripes, (50, 50))[:, 4:-4] == pytest.approx(np.full((50, 42), 0.5), abs=0.02)


# --- matte ---


def raw_blob(size: int = 200) -> F32:
    return disc(size, size, (50, 40, 150, 170)).astype(np.float32) / 255


def test_cleaning_drops_small_parts_and_keeps_larger_ones() -> None:
    raw = raw_blob()
    raw[5:8, 5:8] = 1
    raw[20:50, 160:195] = 1
    cleaned = matte.clean(raw)
    assert not cleaned[:12, :12].any()
    assert cleaned[35, 178] == 1


def test_cleaning_fills_a_doubtful_hole_and_leaves_a_clear_one() -> None:
    raw = raw_blob()
    raw[80:100, 80:100] = 0.4
    raw[120:140, 90:110] = 0.0
    cleaned = matte.clean(raw)
    assert (cleaned[80:100, 80:100] == 1).all()
    assert (cleaned[125:135, 95:105] == 0).all()


def test_cleaning_takes_out_haze_inside_and_outside_but_leaves_the_edge_soft() -> None:
    raw = np.clip(raw_blob() * 0.8 + 0.1, 0, 1).astype(np.float32)
    cleaned = matte.clean(raw)
    assert cleaned[105, 100] == 1
    assert cleaned[3, 3] == 0
    assert ((cleaned > 0) & (cleaned < 1)).sum() > 100


def test_cleaning_never_stretches_a_matte_by_its_own_range() -> None:
    faint = (raw_blob() * 0.3).astype(np.float32)
    assert not matte.clean(faint).any()


@given(SEEDS)
def test_a_clean_matte_is_a_matte(seed: int) -> None:
    random = np.random.default_rng(seed)
    coarse = random.random((6, 6)).astype(np.float32)
    cleaned = matte.clean(np.clip(resample.lanczos(coarse, (60, 50)), 0, 1))
    assert cleaned.shape == (50, 60)
    assert cleaned.dtype == np.float32
    assert 0 <= cleaned.min() <= cleaned.max() <= 1


def test_facts_tell_box_share_parts_and_cut_edges() -> None:
    coverage = block(200, 100, (20, 10, 60, 90)) + block(200, 100, (150, 50, 200, 100))
    facts = matte.facts_of(coverage)
    assert facts.box == (20, 10, 200, 100)
    assert facts.share == pytest.approx((40 * 80 + 50 * 50) / 20_000)
    assert facts.parts == pytest.approx((40 * 80 / 20_000, 50 * 50 / 20_000))
    assert set(facts.cut) == {"right", "bottom"}


def test_an_empty_matte_has_no_box() -> None:
    facts = matte.facts_of(np.zeros((50, 60), np.uint8))
    assert (facts.box, facts.share, facts.parts, facts.cut) == ((0, 0, 0, 0), 0.0, (), ())


def test_a_half_decided_matte_is_less_sure_than_a_clear_one() -> None:
    clear = (raw_blob() > 0.5).astype(np.float32)
    muddy = np.where(clear > 0.5, 0.6, clear).astype(np.float32)
    photo = np.round(np.stack([clear * 200] * 3, -1)).astype(np.uint8)
    sure, unsure = (matte.facts_of(matte.to_size(matte.clean(raw), (400, 400)), raw, photo) for raw in (clear, muddy))
    assert 0 <= sure.uncertainty < 0.1 < 0.5 < unsure.uncertainty <= 1


@pytest.mark.parametrize("size", [(200, 200), (800, 600), (60, 90)])
def test_a_matte_is_brought_to_the_size_of_its_photo(size: tuple[int, int]) -> None:
    result = matte.to_size(raw_blob(), size)
    assert result.shape == (size[1], size[0])
    left, top, right, bottom = matte.facts_of(result).box
    assert (left / size[0], top / size[1]) == pytest.approx((0.25, 0.2), abs=0.02)
    assert (right / size[0], bottom / size[1]) == pytest.approx((0.75, 0.85), abs=0.02)


def test_the_band_is_what_is_neither_product_nor_backdrop() -> None:
    assert band_of(np.array([[0, 1, 128, 254, 255]], np.uint8)).tolist() == [[False, True, True, True, False]]


@pytest.mark.parametrize(
    ("front", "back"),
    [("#b02020", "#f0f0f0"), ("#204080", "#101010"), ("#f4f4f4", "#208030"), ("#202020", "#e0d060")],
)
def test_the_backdrops_colour_is_taken_out_of_the_edge(front: str, back: str) -> None:
    coverage = disc(300, 260, (60, 50, 240, 220))
    a = (coverage.astype(np.float32) / 255)[..., None]
    photo = to_srgb((hex_to_linear(front) * a + hex_to_linear(back) * (1 - a)).astype(np.float32))
    band = foreground_band(photo, coverage)
    rows = band_of(coverage)
    assert band.shape == (rows.sum(), 3)
    expected = lab(to_srgb(hex_to_linear(front)[None, None])[0])
    left_over, before = delta_e00(lab(band), expected), delta_e00(lab(photo[rows]), expected)
    assert float(np.mean(left_over)) < 0.15 * float(np.mean(before))
    assert float(np.percentile(left_over, 95)) < 6


def test_a_matte_without_a_soft_edge_has_no_band() -> None:
    assert foreground_band(textured(60, 50), block(60, 50, (10, 10, 30, 30))).shape == (0, 3)
    assert foreground_band(textured(60, 50), np.zeros((50, 60), np.uint8)).shape == (0, 3)


@given(SEEDS)
def test_any_matte_gets_as_many_edge_colours_as_it_has_soft_pixels(seed: int) -> None:
    random = np.random.default_rng(seed)
    height, width = random.integers(1, 70, 2)
    coverage = random.choice(np.array([0, 255, 3, 130], np.uint8), (height, width))
    band = foreground_band(textured(int(width), int(height), seed=seed % 1000), coverage)
    assert band.dtype == np.uint8
    assert len(band) == band_of(coverage).sum()


# --- shadow ---


def standing() -> F32:
    """A box with its foot at row 150, with room around it for its shadow."""
    return block(400, 300, (150, 60, 250, 150)).astype(np.float32) / 255


def test_a_box_touches_the_ground_along_its_foot() -> None:
    columns, rows, sure = shadow.contact_line(standing())
    assert (int(columns[0]), int(columns[-1])) == (150, 249)
    assert rows == pytest.approx(np.full(100, 149), abs=0.5)
    assert float(np.median(sure)) > 0.9


def test_of_a_table_only_the_legs_touch_the_ground() -> None:
    table = (
        block(400, 300, (100, 60, 300, 90))
        + block(400, 300, (110, 90, 130, 200))
        + block(400, 300, (270, 90, 290, 200))
    )
    columns, _, sure = shadow.contact_line(table.astype(np.float32) / 255)
    by_column = dict(zip(columns.tolist(), sure.tolist(), strict=True))
    assert by_column[120] > 0.9
    assert by_column[280] > 0.9
    assert by_column[200] < 0.05


def test_nothing_casts_no_shadow() -> None:
    empty = np.zeros((50, 60), np.float32)
    assert all(len(part) == 0 for part in shadow.contact_line(empty))
    assert (shadow.contact_shadow(empty, strength=1, softness=1) == 1).all()


def test_the_shadow_is_darkest_at_the_foot_and_ends_in_exactly_nothing() -> None:
    ratio = shadow.contact_shadow(standing(), strength=0.8, softness=1)
    assert 0 <= ratio.min() <= ratio.max() == 1
    y, x = np.unravel_index(np.argmin(ratio), ratio.shape)
    assert 145 <= y <= 156
    assert 150 <= x < 250
    assert (ratio[:40] == 1).all()
    assert (ratio[:, :20] == 1).all()
    assert (ratio[:, -20:] == 1).all()
    assert (ratio[-60:] == 1).all()


def test_the_shadow_of_an_even_box_is_even() -> None:
    ratio = shadow.contact_shadow(standing(), strength=0.8, softness=1)
    assert np.abs(ratio - ratio[:, ::-1]).max() < 0.03


def test_the_shadow_fades_with_the_distance() -> None:
    below = shadow.contact_shadow(standing(), strength=0.8, softness=1)[153:, 200]
    assert (np.diff(below) >= -1e-4).all()


def test_strength_0_is_no_shadow_and_more_is_darker_everywhere() -> None:
    ladder = [shadow.contact_shadow(standing(), strength=s, softness=1) for s in (0.0, 0.3, 0.6, 1.0)]
    assert (ladder[0] == 1).all()
    for lighter, darker in pairwise(ladder):
        assert (darker <= lighter + 1e-6).all()
        assert darker.sum() < lighter.sum() - 10


def test_a_softer_shadow_reaches_further() -> None:
    reach = [(shadow.contact_shadow(standing(), strength=0.8, softness=s) < 0.99).sum() for s in (0.5, 1.0, 2.0)]
    assert reach == sorted(set(reach))


# --- measure ---


def test_blur_noise_blocks_and_lost_light_are_measured_separately() -> None:
    coverage = block(600, 500, (50, 50, 550, 450))
    cells = np.random.default_rng(5).integers(0, 256, (25, 30, 3), np.uint8)
    crisp = np.kron(cells, np.ones((20, 20, 1), np.uint8))
    blurred = np.asarray(cv2.GaussianBlur(crisp, (0, 0), 4), np.uint8)
    sharp_value, soft_value = measure.softness(crisp, coverage), measure.softness(blurred, coverage)
    assert sharp_value is not None
    assert soft_value is not None
    assert 0 <= sharp_value < soft_value <= 1
    even = textured(600, 500, seed=2)
    random = np.random.default_rng(0)
    grainy = np.clip(even + random.normal(0, 9, even.shape), 0, 255).astype(np.uint8)
    quiet, loud = measure.noise(even, coverage), measure.noise(grainy, coverage)
    assert quiet is not None
    assert loud is not None
    assert quiet < 2 < loud
    half = even.copy()
    half[:, :300] = 255
    light = measure.exposure(half, coverage)
    assert light is not None
    assert light.blown == pytest.approx(0.5, abs=0.02)
    assert light.crushed < 0.01


def test_a_heavily_compressed_picture_shows_blocks() -> None:
    pixels = textured(512, 512)
    values = []
    for quality in (95, 8):
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "JPEG", quality=quality)
        values.append(measure.blockiness(np.asarray(Image.open(out), np.uint8)))
    assert values[0] < values[1]


def test_a_fingerprint_survives_scaling_and_saving_but_not_another_picture() -> None:
    one, other = textured(600, 500, seed=1), textured(600, 500, seed=2)
    smaller = np.asarray(Image.fromarray(one).resize((300, 250), Image.Resampling.BICUBIC), np.uint8)
    assert bits_apart(measure.fingerprint(one), measure.fingerprint(smaller)) <= 4
    assert bits_apart(measure.fingerprint(one), measure.fingerprint(other)) > 10
