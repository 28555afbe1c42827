"""Reading photos, hostile ones too, and writing files."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageSequence

from handmade import saved, scene, textured
from heic import heic
from icc import cmyk_profile, rgb_profile
from packshot.colour import srgb_profile, to_linear, to_srgb
from packshot.decoding.kinds import sniff
from packshot.disclosure import declared, packet
from packshot.errors import BadInput, DamagedFile, PackshotError, TooLarge, UnsafeInput, UnsupportedFormat
from packshot.image import Metadata, Photo, encode, read, thumbnail, without_gps
from packshot.rules import FileFormat
from packshot.settings import Limits

LIMITS = Limits()
SCENE = scene(64, 48)
FORMATS: tuple[FileFormat, ...] = ("jpeg", "png", "webp", "avif", "tiff")


def opened(content: bytes, name: str = "shoe.jpg") -> Photo:
    return read(content, name, limits=LIMITS)


def exif_of(*, orientation: int | None = None, gps: bool = False, rights: str = "") -> Image.Exif:
    result = Image.Exif()
    if orientation:
        result[ExifTags.Base.Orientation] = orientation
    if rights:
        result[ExifTags.Base.Copyright] = rights
    if gps:
        result.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0)})
    result.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] = 200
    return result


# Small files of every format that is read, made from one scene.
MADE: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: saved(Image.fromarray(SCENE), "JPEG", quality=97, subsampling=0),
    "progressive JPEG": lambda: saved(Image.fromarray(SCENE), "JPEG", quality=97, progressive=True, subsampling=0),
    "PNG": lambda: saved(Image.fromarray(SCENE), "PNG"),
    "palette PNG": lambda: saved(Image.fromarray(SCENE).quantize(8), "PNG"),
    "WebP": lambda: saved(Image.fromarray(SCENE), "WEBP", quality=98),
    "lossless WebP": lambda: saved(Image.fromarray(SCENE), "WEBP", lossless=True),
    "AVIF": lambda: saved(Image.fromarray(SCENE), "AVIF", quality=98, subsampling="4:4:4"),
    "HEIC": lambda: heic(SCENE),
    "TIFF": lambda: saved(Image.fromarray(SCENE), "TIFF"),
    "packed TIFF": lambda: saved(Image.fromarray(SCENE), "TIFF", compression="tiff_adobe_deflate"),
    "LZW TIFF": lambda: saved(Image.fromarray(SCENE), "TIFF", compression="tiff_lzw"),
}


def middles(pixels: np.ndarray) -> np.ndarray:
    """The colours in the middle of the four quarters."""
    h, w = pixels.shape[:2]
    return np.array([[pixels[h // 4 * y, w // 4 * x] for x in (1, 3)] for y in (1, 3)], int)


# --- formats ---


@pytest.mark.parametrize("kind", MADE)
def test_every_format_is_read(kind: str) -> None:
    photo = opened(MADE[kind]())
    assert (photo.size, photo.alpha, photo.notes) == ((64, 48), None, ())
    assert np.abs(middles(photo.pixels) - middles(SCENE)).max() <= 6
    assert photo.pixels.dtype == np.uint8


def test_lossless_formats_come_through_to_the_bit() -> None:
    for kind in ("PNG", "lossless WebP", "TIFF", "packed TIFF", "LZW TIFF"):
        assert np.array_equal(opened(MADE[kind]()).pixels, SCENE), kind


def ramp16() -> np.ndarray:
    return np.linspace(0, 65_535, 64 * 48).astype(np.uint16).reshape(48, 64)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bit_gray_is_scaled_and_not_clipped_to_white(format: str) -> None:
    levels = ramp16()
    photo = opened(saved(Image.fromarray(levels), format))
    assert np.abs(photo.pixels[..., 0].astype(int) - np.round(levels / 257)).max() <= 1
    assert (photo.pixels[..., 0] == photo.pixels[..., 2]).all()


def png16(rgb: np.ndarray) -> bytes:
    """A PNG with 16 bits a channel; Pillow writes none."""
    height, width = rgb.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rgb)
    return png_of(struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0), zlib.compress(rows))


def png_of(header: bytes, body: bytes) -> bytes:
    out = b"\x89PNG\r\n\x1a\n"
    for kind, content in ((b"IHDR", header), (b"IDAT", body), (b"IEND", b"")):
        out += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return out


def test_sixteen_bits_a_channel_are_read() -> None:
    levels = np.stack([ramp16(), ramp16()[::-1], np.full((48, 64), 30_000, np.uint16)], -1)
    assert np.abs(opened(png16(levels)).pixels.astype(int) - levels / 257).max() <= 1


def test_floating_point_pixels_are_refused_in_words() -> None:
    with pytest.raises(UnsupportedFormat, match="floating-point"):
        opened(saved(Image.fromarray(np.zeros((48, 64), np.float32)), "TIFF"))


def test_a_palette_keeps_its_transparency() -> None:
    picture = Image.fromarray(SCENE).quantize(8)
    hole = picture.getpixel((0, 0))
    photo = opened(saved(picture, "PNG", transparency=hole))
    assert photo.alpha is not None
    assert photo.alpha[2, 2] == 0
    assert photo.alpha[-2, -2] == 255
    assert np.abs(photo.pixels[-2, -2].astype(int) - SCENE[-2, -2]).max() <= 8


def test_a_transparent_colour_of_an_rgb_png_is_transparent() -> None:
    photo = opened(saved(Image.fromarray(SCENE), "PNG", transparency=tuple(int(c) for c in SCENE[0, 0])))
    assert photo.alpha is not None
    assert (photo.alpha[0, 0], photo.alpha[-1, -1]) == (0, 255)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_gray_with_alpha_is_read(format: str) -> None:
    gray, alpha = np.full((48, 64), 90, np.uint8), np.zeros((48, 64), np.uint8)
    alpha[10:30, 10:30] = 128
    photo = opened(saved(Image.merge("LA", (Image.fromarray(gray), Image.fromarray(alpha))), format))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, alpha)
    assert (photo.pixels == 90).all()


@pytest.mark.parametrize("format", ["PNG", "WEBP", "AVIF", "TIFF"])
def test_alpha_stays_straight(format: str) -> None:
    alpha = np.zeros((48, 64), np.uint8)
    alpha[12:36, 16:48] = 255
    alpha[20:28, 24:40] = 100
    options = {"WEBP": {"lossless": True}, "AVIF": {"quality": 98, "subsampling": "4:4:4"}}.get(format, {})
    photo = opened(saved(Image.fromarray(np.dstack([SCENE, alpha])), format, **options))
    assert photo.alpha is not None
    assert np.abs(photo.alpha.astype(int) - alpha).max() <= 3
    assert np.abs(photo.pixels[27, 28].astype(int) - SCENE[27, 28]).max() <= 12


def test_an_alpha_that_is_opaque_everywhere_says_nothing() -> None:
    assert opened(saved(Image.fromarray(np.dstack([SCENE, np.full((48, 64), 255, np.uint8)])), "PNG")).alpha is None


def test_cmyk_without_a_profile_is_read_with_a_note() -> None:
    ink = np.zeros((48, 64, 4), np.uint8)
    ink[..., 0] = 255  # cyan
    photo = opened(saved(cmyk_picture(ink), "JPEG"))
    assert photo.pixels[5, 5, 2] > photo.pixels[5, 5, 0]
    assert any("CMYK" in note for note in photo.notes)


def cmyk_picture(ink: np.ndarray) -> Image.Image:
    return Image.merge("CMYK", [Image.fromarray(np.ascontiguousarray(ink[..., c])) for c in range(4)])


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_with_a_profile_is_converted_by_it(format: str) -> None:
    ink = np.zeros((48, 64, 4), np.uint8)
    ink[..., 1] = 255  # magenta: light at 52, a* 70 in the made press
    photo = opened(saved(cmyk_picture(ink), format, icc_profile=cmyk_profile()))
    red, green, blue = (int(level) for level in photo.pixels[5, 5])
    assert photo.notes == ()
    assert photo.profile == "Press"
    assert red > 200 > 150 > blue > green


def test_a_wide_profile_is_converted_once_and_named() -> None:
    flat = np.full((48, 64, 3), (200, 90, 80), np.uint8)
    photo = opened(saved(Image.fromarray(flat), "PNG", icc_profile=rgb_profile("Display P3")))
    assert photo.profile == "Display P3"
    # The published matrix between the two sets of primaries, in linear light.
    to_srgb_primaries = [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]]
    expected = to_srgb((to_linear(flat[:1, :1]) @ np.array(to_srgb_primaries).T).astype(np.float32))[0, 0]
    assert np.abs(expected.astype(int) - flat[0, 0]).max() > 10
    assert np.abs(photo.pixels[3, 3].astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    "profile", [b"\0" * 300, rgb_profile("Display P3")[:200], cmyk_profile()], ids=["empty", "cut", "of another kind"]
)
def test_a_damaged_profile_gives_a_note_and_srgb(profile: bytes) -> None:
    photo = opened(saved(Image.fromarray(SCENE), "PNG", icc_profile=profile))
    assert np.array_equal(photo.pixels, SCENE)
    assert any("profile" in note for note in photo.notes)


@pytest.mark.parametrize("quality", [25, 50, 75, 95])
def test_the_quality_a_jpeg_was_saved_at_is_read_off_its_tables(quality: int) -> None:
    photo = opened(saved(Image.fromarray(SCENE), "JPEG", quality=quality))
    assert photo.jpeg_quality == pytest.approx(quality, abs=2)
    assert opened(MADE["PNG"]()).jpeg_quality is None


# --- upright ---

_TURNS = {
    1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a), 7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}  # fmt: skip


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright_exactly_once(format: str, orientation: int) -> None:
    stored = np.ascontiguousarray(_TURNS[orientation](SCENE))
    if format == "TIFF":
        content = saved(Image.fromarray(stored), format, tiffinfo={274: orientation})
    else:
        content = saved(Image.fromarray(stored), format, quality=97, exif=exif_of(orientation=orientation))
    photo = opened(content)
    assert photo.size == (64, 48)
    assert np.abs(middles(photo.pixels) - middles(SCENE)).max() <= 12
    # And once only: what is written carries no turn of its own.
    again = opened(encode(photo.pixels, format="jpeg", quality=97, metadata=Metadata(exif=photo.exif)))
    assert np.abs(middles(again.pixels) - middles(SCENE)).max() <= 12


@pytest.mark.parametrize("turns", range(4))
def test_a_heic_is_turned_by_its_container_and_not_again_by_its_exif(turns: int) -> None:
    stored = np.ascontiguousarray(np.rot90(SCENE, -turns))
    orientation = {0: 1, 1: 8, 2: 3, 3: 6}[turns]
    photo = opened(heic(stored, quarter_turns=turns, exif=exif_of(orientation=orientation).tobytes()[6:]))
    assert photo.size == (64, 48)
    assert np.abs(middles(photo.pixels) - middles(SCENE)).max() <= 3


def test_alpha_is_turned_with_its_photo() -> None:
    alpha = np.zeros((48, 64), np.uint8)
    alpha[:24, :32] = 255
    photo = opened(saved(Image.fromarray(np.dstack([SCENE, alpha])), "PNG", exif=exif_of(orientation=6)))
    assert photo.alpha is not None
    assert photo.alpha.shape == photo.pixels.shape[:2] == (64, 48)
    assert (photo.alpha[5, -5], photo.alpha[5, 5]) == (255, 0)


@pytest.mark.filterwarnings("ignore:Metadata Warning")
@pytest.mark.parametrize("nonsense", [0, 9, 255, "6", (9, 6), 1.5])
def test_a_nonsense_orientation_is_not_worth_the_photo(nonsense: object) -> None:
    block = bytearray(exif_of(orientation=1).tobytes())
    order = ">" if block[6:8] == b"MM" else "<"
    at = block.index(struct.pack(order + "H", 274))
    if isinstance(nonsense, int):
        kind, count, value = 3, 1, struct.pack(order + "HH", nonsense, 0)
    elif isinstance(nonsense, str):
        kind, count, value = 2, 2, b"6\0\0\0"
    elif isinstance(nonsense, tuple):
        kind, count, value = 3, 2, struct.pack(order + "HH", *nonsense)
    else:
        kind, count, value = 11, 1, struct.pack(order + "f", nonsense)
    block[at + 2 : at + 12] = struct.pack(order + "HI", kind, count) + value
    assert opened(saved(Image.fromarray(SCENE), "JPEG", exif=bytes(block))).size == (64, 48)


# --- what is refused ---


def refused(content: bytes, error: type[PackshotError], words: str | None = None) -> None:
    with pytest.raises(error, match=words) as caught:
        opened(content, "shoe.jpg")
    assert caught.value.message.startswith("shoe.jpg: ")
    assert caught.value.remedy


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("share", [0.03, 0.2, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("kind", MADE)
def test_a_file_that_was_cut_short_is_refused(kind: str, share: float) -> None:
    whole = MADE[kind]()
    if "PNG" in kind:
        whole = whole[:-20]  # without check sums and the empty last chunk, which nobody misses
    refused(whole[: max(16, int(len(whole) * share))], BadInput)


def test_an_empty_file_is_refused() -> None:
    refused(b"", DamagedFile, "empty")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"dear customer, please find attached", "text"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\n  <svg width='10' height='10'></svg>", "SVG"),
        (b"GIF89a" + bytes(40), "GIF"),
        (b"BM" + bytes(60), "BMP"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04" + bytes(30), "ZIP"),
        (b"8BPS\0\1" + bytes(20), "Photoshop"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video"),
        (b"\0\0\0\x14ftypavis\0\0\0\0avis", "sequence"),
        (b"\xff\x0a" + bytes(20), "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (bytes(range(1, 60)), "not a picture"),
    ],
)
def test_what_is_no_photo_is_refused_by_what_it_is(content: bytes, words: str) -> None:
    refused(content, UnsupportedFormat, words)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_heic_is_known_by_any_of_its_brands(brand: bytes) -> None:
    assert sniff(b"\0\0\0\x18ftyp" + brand + bytes(4) + b"mif1" + brand) == "HEIF"
    assert sniff(b"\0\0\0\x18ftypmif1" + bytes(4) + b"avifmif1") == "AVIF"


def frames(format: str) -> bytes:
    other = Image.fromarray(SCENE[::-1].copy())
    return saved(Image.fromarray(SCENE), format, save_all=True, append_images=[other])


@pytest.mark.parametrize("format", ["WEBP", "PNG", "TIFF", "AVIF"])
def test_animations_and_many_pages_are_refused_with_their_count(format: str) -> None:
    refused(frames(format), UnsupportedFormat, "2 frames")


def test_of_a_phone_jpeg_with_further_frames_the_first_is_the_photo() -> None:
    other = Image.fromarray(np.zeros((48, 64, 3), np.uint8))
    content = saved(Image.fromarray(SCENE), "MPO", save_all=True, append_images=[other], quality=97)
    with Image.open(io.BytesIO(content)) as check:
        assert len(list(ImageSequence.Iterator(check))) == 2
    photo = opened(content)
    assert photo.size == (64, 48)
    assert np.abs(middles(photo.pixels) - middles(SCENE)).max() <= 12


def huge_png() -> bytes:
    return png_of(struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0), zlib.compress(bytes(1000)))


def huge_tiff() -> bytes:
    content = bytearray(MADE["TIFF"]())
    for tag, value in ((256, 60_000), (257, 60_000)):
        at = content.index(struct.pack("<H", tag), struct.unpack_from("<I", content, 4)[0])
        content[at + 2 : at + 12] = struct.pack("<HII", 4, 1, value)
    return bytes(content)


def huge_heic() -> bytes:
    return MADE["HEIC"]().replace(struct.pack(">II", 64, 48), struct.pack(">II", 60_000, 60_000))


@pytest.mark.parametrize("result", [huge_png, huge_tiff, huge_heic])
def test_a_decompression_bomb_is_refused_from_its_header(result: Callable[[], bytes]) -> None:
    content, started = result(), time.process_time()
    refused(content, BadInput)
    assert time.process_time() - started < 1  # of the processor, which others may share
    if result is huge_png:
        refused(content, TooLarge, "3600 megapixels, over the limit of 120")


def test_a_file_over_the_limit_of_bytes_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(TooLarge, match="limit"):
        read(MADE["PNG"]() + bytes(5000), "shoe.png", limits=Limits(photo_bytes=4000))


def test_a_thumbnail_is_refused() -> None:
    refused(saved(Image.fromarray(scene(20, 20)), "PNG"), BadInput, "20 × 20")


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("payload.txt", "hello")
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "more", "words"),
    [
        ("JPEG", zipped(), "ZIP"),
        ("PNG", zipped(), "ZIP"),
        ("JPEG", b"<?php system($_GET['c']); ?>", "script"),
        ("PNG", b"<html><script>alert(1)</script></html>", "web page"),
        ("WebP", b"<SCRIPT>alert(1)</SCRIPT>", "script"),
    ],
)
def test_a_photo_that_is_something_else_besides_is_refused(kind: str, more: bytes, words: str) -> None:
    refused(MADE[kind]() + more, UnsafeInput, words)


def test_a_script_hidden_in_metadata_is_refused() -> None:
    exif = exif_of(rights="<?php eval($x); ?>")
    refused(saved(Image.fromarray(SCENE), "JPEG", exif=exif), UnsafeInput, "script")
    refused(saved(Image.fromarray(SCENE), "JPEG", comment=b"%PDF-1.4 %\xe2"), UnsafeInput, "PDF")


def test_a_heic_item_without_a_readable_type_does_not_take_the_process_down() -> None:
    content = heic(SCENE, exif=exif_of(rights="x").tobytes()[6:])
    refused(content.replace(b"Exif\0", b"E\x83if\0", 1), DamagedFile, "item")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", MADE)
def test_flipped_bytes_end_in_a_photo_or_in_words(kind: str) -> None:
    whole = MADE[kind]() if kind not in ("JPEG", "HEIC", "WebP", "AVIF") else _with_metadata(kind)

    @given(
        st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), min_size=1, max_size=6),
        st.lists(st.tuples(st.integers(0, min(600, len(whole) - 1)), st.integers(0, 255)), max_size=4),
    )
    @example([(0, whole[0])], [])
    def flip(anywhere: list[tuple[int, int]], near_the_start: list[tuple[int, int]]) -> None:
        content = bytearray(whole)
        for place, value in anywhere + near_the_start:
            content[place] = value
        try:
            photo = opened(bytes(content))
        except PackshotError as error:
            assert error.message
            return
        assert photo.pixels.shape[2] == 3
        encode(photo.pixels[:64, :64], format="jpeg", metadata=Metadata(exif=without_gps(photo.exif)))

    flip()


def _with_metadata(kind: str) -> bytes:
    exif = exif_of(orientation=6, gps=True, rights="(c) Anna")
    if kind == "HEIC":
        return heic(SCENE, exif=exif.tobytes()[6:])
    format = {"WebP": "WEBP"}.get(kind, kind)
    return saved(Image.fromarray(SCENE), format, exif=exif, icc_profile=rgb_profile("Display P3"))


# --- metadata ---


def test_the_camera_and_the_rights_are_kept_and_the_place_can_be_taken_out() -> None:
    photo = opened(saved(Image.fromarray(SCENE), "JPEG", exif=exif_of(orientation=1, gps=True, rights="© Änna")))
    with_place = Image.open(io.BytesIO(encode(photo.pixels, format="jpeg", metadata=Metadata(exif=photo.exif))))
    without = Image.open(
        io.BytesIO(encode(photo.pixels, format="jpeg", metadata=Metadata(exif=without_gps(photo.exif))))
    )
    assert with_place.getexif().get_ifd(ExifTags.IFD.GPSInfo)[2] == (48.0, 8.0, 0.0)
    assert without.getexif().get_ifd(ExifTags.IFD.GPSInfo) == {}
    for result in (with_place, without):
        assert "nna" in result.getexif()[ExifTags.Base.Copyright]
        assert result.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] == 200
    assert without_gps(b"") == b""


def test_a_makers_note_is_left_behind() -> None:
    exif = exif_of(rights="x")
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = b"serial number 1234567890"
    assert b"serial number" not in opened(saved(Image.fromarray(SCENE), "JPEG", exif=exif)).exif


# --- writing ---


@pytest.mark.parametrize("format", FORMATS)
def test_a_written_file_carries_srgb_and_what_it_says_of_itself(format: FileFormat) -> None:
    xmp = packet("compositeCapture", photo_xmp=b"", tool="Packshot")
    content = encode(SCENE, format=format, quality=95, metadata=Metadata(xmp=xmp))
    with Image.open(io.BytesIO(content)) as file:
        assert file.info["icc_profile"] == srgb_profile()
        assert file.size == (64, 48)
    photo = opened(content)
    assert declared(photo.xmp) == "compositeCapture"
    assert np.abs(middles(photo.pixels) - middles(SCENE)).max() <= 6


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_pixels_give_the_same_bytes(format: FileFormat) -> None:
    pixels = textured(200, 150)
    assert encode(pixels, format=format) == encode(pixels, format=format)


@pytest.mark.parametrize("format", ["png", "webp", "avif", "tiff"])
def test_transparency_is_written_where_the_format_holds_it(format: FileFormat) -> None:
    alpha = np.zeros((48, 64), np.uint8)
    alpha[10:40, 10:50] = 255
    alpha[20:30, 20:40] = 77
    photo = opened(encode(np.dstack([SCENE, alpha]), format=format, quality=90))
    assert photo.alpha is not None
    assert np.abs(photo.alpha.astype(int) - alpha).max() <= 2


def test_a_transparent_jpeg_is_refused_with_a_remedy() -> None:
    with pytest.raises(BadInput, match="JPEG cannot be transparent"):
        encode(np.dstack([SCENE, SCENE[..., 0]]), format="jpeg")


@pytest.mark.parametrize("format", ["jpeg", "webp", "avif"])
def test_more_quality_is_closer_and_larger(format: FileFormat) -> None:
    pixels = textured(200, 150)
    sizes, errors = [], []
    for quality in (40, 70, 95):
        content = encode(pixels, format=format, quality=quality)
        sizes.append(len(content))
        errors.append(float(np.abs(opened(content).pixels.astype(int) - pixels).mean()))
    assert sizes == sorted(set(sizes))
    assert errors == sorted(set(errors), reverse=True)


def test_a_picture_of_nothing_but_noise_can_be_a_jpeg() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 500, 3), np.uint8)
    content = encode(noise, format="jpeg", quality=92)
    assert opened(content).size == (500, 400)
    assert len(content) > 400 * 500


def test_a_jpeg_keeps_the_full_resolution_of_its_colours() -> None:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, ::2] = (255, 0, 0)
    photo = opened(encode(pixels, format="jpeg", quality=98))
    assert np.abs(photo.pixels[:, 1:-1].astype(int) - pixels[:, 1:-1]).mean() < 20


def test_thumbnails_are_small_and_keep_their_shape() -> None:
    with Image.open(io.BytesIO(thumbnail(np.full((600, 1200, 3), 200, np.uint8)))) as result:
        assert result.size == (420, 210)
        assert np.abs(np.asarray(result).astype(int) - 200).max() <= 2
    with Image.open(io.BytesIO(thumbnail(np.zeros((2, 4000, 3), np.uint8)))) as thin:
        assert thin.size == (420, 1)
