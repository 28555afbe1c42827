"""Files that are coded in unusual ways: their right colours, or a sentence that names the kind."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from coded_files import ALPHA, DEEP, EIGHT, PLANES, chunk, dng, gray_card, png, tiff
from handmade import saved, scene
from heic import heic
from icc import rgb_profile
from packshot.decoding.alpha import CORNERS, FEW, cut_out_by
from packshot.decoding.coded import HLG, PQ, Coding, by_numbers, into_srgb
from packshot.decoding.kinds import sniff
from packshot.errors import BadInput, PackshotError, TooLarge, UnsupportedFormat
from packshot.image import Photo, read
from packshot.settings import Limits
from places import CASES

SCENE = scene(64, 48)


def opened(content: bytes) -> Photo:
    return read(content, "shoe", limits=Limits())


def near(photo: Photo, levels: np.ndarray, within: float = 1) -> None:
    expected = levels[..., :3] if levels.ndim == 3 else np.repeat(levels[..., None], 3, -1)
    scaled = expected.astype(float) / (257 if levels.dtype == np.uint16 else 1)
    assert np.abs(photo.pixels - scaled).max() <= within


# --- TIFF ---


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"compression": "lzw", "predictor": True},
        {"compression": "zlib"},
        {"compression": "packbits"},
        {"bigtiff": True},
        {"byteorder": ">"},
        {"tile": (16, 16)},
    ],
)
def test_a_tiff_of_sixteen_bits_has_its_colours(how: dict[str, Any]) -> None:
    near(opened(tiff(DEEP, photometric="rgb", **how)), DEEP)
    near(opened(tiff(PLANES, photometric="rgb", planarconfig="separate", **how)), DEEP)


def test_a_tiff_of_planes_of_eight_bits_has_its_colours() -> None:
    planes = np.ascontiguousarray(np.moveaxis(EIGHT, -1, 0))
    near(opened(tiff(planes, photometric="rgb", planarconfig="separate")), EIGHT, 0)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_white_is_zero_is_no_negative(kind: type) -> None:
    gray = DEEP[..., 0] if kind is np.uint16 else EIGHT[..., 0]
    near(opened(tiff(np.iinfo(kind).max - gray, photometric="miniswhite")), gray)


def test_integers_of_32_bits_are_scaled() -> None:
    near(opened(tiff(DEEP[..., 0].astype(np.uint32) << 16, photometric="minisblack")), DEEP[..., 0])
    near(opened(tiff(DEEP.astype(np.uint32) << 16, photometric="rgb")), DEEP)


def test_alpha_is_read_where_the_file_names_it() -> None:
    straight = np.dstack([DEEP, ALPHA])
    photo = opened(tiff(straight, photometric="rgb", extrasamples=["unassalpha"]))
    near(photo, straight)
    assert photo.alpha is not None
    assert np.abs(photo.alpha - ALPHA / 257).max() <= 1
    gray = opened(tiff(straight[..., 2:], photometric="minisblack", extrasamples=["unassalpha"]))
    assert gray.alpha is not None
    near(gray, DEEP[..., 2])
    multiplied = np.dstack([(DEEP * (ALPHA[..., None] / 65_535)).astype(np.uint16), ALPHA])
    photo = opened(tiff(multiplied, photometric="rgb", extrasamples=["assocalpha"]))
    seen = ALPHA > 2_000
    assert np.abs(photo.pixels[seen] - DEEP[seen] / 257).max() <= 2


@pytest.mark.parametrize("levels", [DEEP, EIGHT], ids=["16 bits", "8 bits"])
def test_a_channel_without_a_name_is_no_alpha_and_said(levels: np.ndarray) -> None:
    photo = opened(tiff(np.dstack([levels, levels[..., 1]]), photometric="rgb", extrasamples=["unspecified"]))
    near(photo, levels)
    assert photo.alpha is None
    assert "further channel" in photo.notes[0]


def test_cmyk_with_alpha_keeps_both() -> None:
    ink = np.dstack([EIGHT, EIGHT[..., 1]])
    plain = opened(tiff(ink, photometric="separated"))
    photo = opened(tiff(np.dstack([ink, EIGHT[..., 0]]), photometric="separated", extrasamples=["unassalpha"]))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, EIGHT[..., 0])
    assert np.array_equal(photo.pixels, plain.pixels)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: tiff((DEEP / 65_535).astype(np.float32), photometric="rgb"), "32-bit floating-point rgb"),
        (lambda: tiff((DEEP / 65_535).astype(np.float16), photometric="rgb"), "16-bit floating-point rgb"),
        (lambda: tiff(DEEP.astype(np.int16), photometric="rgb"), "16-bit signed rgb"),
    ],
)
def test_a_kind_that_is_not_read_is_named(content: Callable[[], bytes], words: str) -> None:
    with pytest.raises(UnsupportedFormat, match=words) as caught:
        opened(content())
    assert caught.value.remedy


@pytest.mark.parametrize("first", [True, False])
def test_a_smaller_copy_in_a_tiff_is_no_second_page(first: bool) -> None:
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as file:
        for reduced in (True, False) if first else (False, True):
            step = 2 if reduced else 1
            file.write(SCENE[::step, ::step], photometric="rgb", subfiletype=1 if reduced else 0)
    assert np.array_equal(opened(out.getvalue()).pixels, SCENE)


def test_the_profile_and_the_turn_of_a_deep_tiff_are_applied() -> None:
    profile = rgb_profile("Display P3")
    deep = SCENE.astype(np.uint16) * 257
    photo = opened(tiff(deep, photometric="rgb", iccprofile=profile, extratags=[(274, "H", 1, 6, True)]))
    expected = opened(saved(Image.fromarray(np.ascontiguousarray(np.rot90(SCENE, -1))), "TIFF", icc_profile=profile))
    assert "P3" in photo.profile
    assert np.array_equal(photo.pixels, expected.pixels)


def test_a_deep_tiff_is_refused_by_its_size_before_it_is_decoded() -> None:
    with pytest.raises(TooLarge, match="megapixels"):
        read(tiff(DEEP, photometric="rgb"), "shoe", limits=Limits(photo_pixels=1000))


# --- PNG ---


def test_one_transparent_colour_of_sixteen_bits_is_told_exactly() -> None:
    gray = np.full((48, 64), 30_000, np.uint16)
    gray[:20] = 30_001  # the same in 8 bits
    photo = opened(png(gray, chunk(b"tRNS", struct.pack(">H", 30_001))))
    assert photo.alpha is not None
    assert (photo.alpha[:20] == 0).all()
    assert (photo.alpha[20:] == 255).all()
    colours = DEEP.copy()
    colours[:, :20] = (1, 2, 3)
    photo = opened(png(colours, chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3))))
    assert photo.alpha is not None
    assert (photo.alpha[:, :20] == 0).all()
    assert (photo.alpha[:, 20:] == 255).all()


def test_linear_light_is_read_as_linear() -> None:
    light = np.full((48, 64, 3), round(0.2140 * 65_535), np.uint16)  # sRGB 127.5
    near(opened(png(light, chunk(b"gAMA", struct.pack(">I", 100_000)))), np.full((48, 64, 3), 127.5), 1)
    near(opened(png(light[..., 0], chunk(b"gAMA", struct.pack(">I", 100_000)))), np.full((48, 64, 3), 127.5), 1)


@pytest.mark.parametrize("gamma", [45_455, 45_000])
def test_what_programs_write_for_srgb_changes_nothing(gamma: int) -> None:
    primaries = struct.pack(">8I", 31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)
    said = chunk(b"gAMA", struct.pack(">I", gamma)) + chunk(b"cHRM", primaries)
    photo = opened(png(SCENE, said))
    assert np.array_equal(photo.pixels, SCENE)
    assert photo.notes == ()


def test_a_gamma_out_of_range_is_said_and_not_believed() -> None:
    photo = opened(png(SCENE, chunk(b"gAMA", struct.pack(">I", 7))))
    assert np.array_equal(photo.pixels, SCENE)
    assert "not known" in photo.notes[0]


def test_display_p3_by_numbers_is_that_of_its_profile() -> None:
    by_profile = opened(saved(Image.fromarray(SCENE), "PNG", icc_profile=rgb_profile("Display P3")))
    photo = opened(png(SCENE, chunk(b"cICP", bytes([12, 13, 0, 1]))))
    assert photo.profile == "Display P3"
    assert np.abs(photo.pixels.astype(int) - by_profile.pixels).max() <= 2


def test_numbers_come_before_the_profile_of_a_png() -> None:
    content = saved(Image.fromarray(SCENE), "PNG", icc_profile=rgb_profile("Display P3"))
    photo = opened(content[:33] + chunk(b"cICP", bytes([1, 13, 0, 1])) + content[33:])
    assert np.array_equal(photo.pixels, SCENE)


def test_hdr_is_brought_down_and_said() -> None:
    photo = opened(png(DEEP, chunk(b"cICP", bytes([9, PQ, 0, 1]))))
    assert "HDR" in photo.notes[0]
    assert photo.profile == "BT.2020 PQ"


@pytest.mark.parametrize(
    "more",
    [
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(8 << 20))),
        chunk(b"tEXt", b"Comment\0wrong sum", sum=1),
        chunk(b"pHYs", b"nonsense"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0" + bytes(2 << 20)),
    ],
)
def test_what_is_not_the_picture_does_not_matter(more: bytes) -> None:
    assert np.array_equal(opened(png(SCENE, more)).pixels, SCENE)


def test_a_missing_end_is_not_missed_while_all_rows_are_there() -> None:
    assert np.array_equal(opened(png(SCENE, end=False)).pixels, SCENE)
    assert np.array_equal(opened(png(SCENE, end=False)[:-4]).pixels, SCENE)


# --- JPEG, AVIF, HEIC ---


def test_a_comment_in_a_jpeg_is_dropped() -> None:
    photo = opened(saved(Image.fromarray(SCENE), "JPEG", comment=b"<html><script>made by a web shop</script></html>"))
    assert photo.size == (64, 48)


def test_colours_of_an_avif_and_a_heic_are_read_by_their_numbers() -> None:
    plain = saved(Image.fromarray(SCENE), "AVIF", quality=100, subsampling="4:4:4")
    at = plain.index(b"nclx") + 4
    content = plain[:at] + struct.pack(">HH", 12, 13) + plain[at + 4 :]
    photo, before = opened(content), opened(plain)
    assert (photo.profile, before.profile) == ("Display P3", "")
    expected = into_srgb(before.pixels, Coding("", by_numbers(12, 13).chromaticities))  # type: ignore[union-attr]
    assert np.abs(photo.pixels.astype(int) - expected).max() <= 1
    hdr = opened(plain[:at] + struct.pack(">HH", 9, 16) + plain[at + 4 :])
    assert "HDR" in hdr.notes[0]
    assert opened(heic(SCENE)).notes == ()


# --- coded colour ---


def test_diffuse_white_is_white_and_what_is_brighter_still_differs() -> None:
    # BT.2408: 203 cd/m² is 58 % of PQ's signal and 75 % of HLG's.
    for transfer, signal in ((PQ, 0.5807), (HLG, 0.75)):
        coding = by_numbers(9, transfer)
        assert isinstance(coding, Coding)
        gray = np.full((20, 20, 3), round(signal * 65_535), np.uint16)
        assert abs(int(into_srgb(gray, coding)[0, 0, 0]) - 255) <= 2
        bright = gray.copy()
        bright[:10] = round(0.9 * 65_535)
        shown = into_srgb(bright, coding)
        assert shown[0, 0, 0] == 255
        assert 225 <= shown[15, 0, 0] <= 252


def test_middle_gray_of_hdr_is_middle_gray() -> None:
    coding = by_numbers(9, PQ)
    assert isinstance(coding, Coding)
    shown = into_srgb(np.full((8, 8, 3), round(0.4113 * 65_535), np.uint16), coding)  # 36.5 cd/m², 18 % of white
    assert abs(int(shown[0, 0, 0]) - 118) <= 2


def test_what_counts_as_srgb_is_left_alone() -> None:
    assert [by_numbers(p, t) for p, t in ((1, 13), (2, 2), (1, 1), (1, 6))] == [None] * 4
    assert "not known" in str(by_numbers(1, 200))


# --- camera raw ---


def test_a_camera_raw_file_is_developed_with_its_white_balance() -> None:
    photo = opened(dng(gray_card()))
    assert (photo.size, photo.format) == ((300, 200), "RAW")
    card = photo.pixels[80:120, 120:180].reshape(-1, 3).mean(0)
    assert np.ptp(card) <= 3, "gray is gray"
    assert card[0] > photo.pixels[20, 20, 0] + 40
    assert "white balance" in photo.notes[0]


def test_a_camera_raw_file_is_turned_upright_once() -> None:
    assert opened(dng(gray_card(), turn=6)).size == (200, 300)


def test_a_camera_raw_file_is_refused_by_its_size_before_it_is_decoded() -> None:
    with pytest.raises(TooLarge):
        read(dng(gray_card()), "shoe", limits=Limits(photo_pixels=1000))


def test_a_damaged_camera_raw_file_is_refused() -> None:
    with pytest.raises(BadInput):
        opened(b"FUJIFILMCCD-RAW 0201" + bytes(4000))


@pytest.mark.parametrize(
    "head",
    [b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0\0\0", b"IIRS\x08\0\0\0", b"MMOR\0\0\0\x08", b"II*\0\x10\0\0\0CR\2\0",
     b"\0\0\0\x18ftypcrx \0\0\0\1crx isom"],
)  # fmt: skip
def test_camera_raw_files_are_known_by_their_first_bytes(head: bytes) -> None:
    assert sniff(head) == "RAW"


# --- transparency ---


def test_a_few_transparent_pixels_make_no_cut_out() -> None:
    alpha = np.full((100, 120), 255, np.uint8)
    alpha[50, 50] = 0
    assert cut_out_by(alpha, "shoe") == (None, (FEW,))
    assert cut_out_by(np.full((100, 120), 200, np.uint8), "shoe") == (None, (FEW,))


def test_rounded_corners_make_no_cut_out() -> None:
    y, x = np.mgrid[:300, :400]
    corner = np.maximum(60 - np.minimum(x, 399 - x), 0) ** 2 + np.maximum(60 - np.minimum(y, 299 - y), 0) ** 2 > 60**2
    assert cut_out_by(np.where(corner, 0, 255).astype(np.uint8), "shoe") == (None, (CORNERS,))


def test_a_plate_that_fills_the_frame_is_a_cut_out() -> None:
    y, x = np.mgrid[:300, :300]
    plate = np.where((x - 150) ** 2 + (y - 150) ** 2 < 150**2, 255, 0).astype(np.uint8)
    assert cut_out_by(plate, "shoe")[0] is plate
    frame = np.full((300, 300), 255, np.uint8)
    frame[50:250, 50:250] = 0
    assert cut_out_by(frame, "shoe")[0] is frame


def test_a_file_of_which_nothing_is_seen_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadInput, match="every pixel"):
        opened(saved(Image.fromarray(np.zeros((48, 64, 4), np.uint8)), "PNG"))


# --- what a user reads ---

NOT_FOR_USERS = ("0x", "object at", "Error", "cv2", "OpenCV", "PIL", "_io", "tifffile", "imagecodecs", "Traceback")


def every_refusal() -> list[bytes]:
    whole = [
        saved(Image.fromarray(SCENE), "JPEG"), png(SCENE), png(DEEP), saved(Image.fromarray(SCENE), "WEBP"),
        saved(Image.fromarray(SCENE), "AVIF"), heic(SCENE), tiff(SCENE, photometric="rgb"),
        tiff(DEEP, photometric="rgb", compression="zlib"), tiff(PLANES, photometric="rgb", planarconfig="separate"),
        dng(gray_card()),
    ]  # fmt: skip
    cut = [content[: int(len(content) * share)] for content in whole for share in (0.05, 0.3, 0.7)]
    blank = [content[:20] + bytes(len(content) - 20) for content in whole]
    spoiled = [content.replace(b"\x00\x40", b"\xff\xff", 3) for content in whole]
    empty = saved(Image.fromarray(np.zeros((48, 64, 4), np.uint8)), "PNG")
    others = [b"", b"GIF89a", b"text", bytes(99), empty, tiff(DEEP.astype(np.float32), photometric="rgb")]
    return cut + blank + spoiled + others


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_refusal_shows_what_only_a_developer_reads() -> None:
    refused = 0
    for content in every_refusal():
        try:
            opened(content)
        except PackshotError as error:
            refused += 1
            assert not [word for word in NOT_FOR_USERS if word in error.message], error.message
            assert error.message.startswith("shoe: ")
    assert refused >= 30


# --- the cases that were sent in ---

RIGHT: dict[str, Callable[[Photo], bool]] = {
    "alpha_aa_white.png": lambda p: p.alpha is not None,
    "alpha_soft_black.png": lambda p: p.alpha is not None,
    "alpha_one_px.png": lambda p: p.alpha is None and p.notes == (FEW,),
    "alpha_rounded.png": lambda p: p.alpha is None and p.notes == (CORNERS,),
    "gray16_trns.png": lambda p: p.alpha is not None and 0 < int((p.alpha == 0).sum()) < p.alpha.size,
    "avif_pq_nclx.avif": lambda p: "HDR" in p.notes[0],
    "heic_pq_nclx.heic": lambda p: "HDR" in p.notes[0],
    "png_big_ztxt.png": lambda p: p.notes == (),
    "png_bad_anc_crc.png": lambda p: p.notes == (),
    "jpeg_comment_html.jpg": lambda p: p.notes == (),
}
REFUSED = {"alpha_empty.png": "every pixel", "j12bit.jpg": "12 bits a channel"}


@pytest.mark.skipif(not CASES.is_dir(), reason="needs ../shared/cases, which are not part of the project")
@pytest.mark.parametrize("name", [*RIGHT, *REFUSED])
def test_files_that_people_sent(name: str) -> None:
    content = Path(CASES / name).read_bytes()
    if name in REFUSED:
        with pytest.raises(PackshotError, match=REFUSED[name]):
            opened(content)
    else:
        assert RIGHT[name](opened(content))
