"""Photos in, files out: the only place that decodes and encodes.

A photo is (H, W, 3) uint8 sRGB, upright: EXIF orientation and the ICC profile are applied once, here.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pi_heif
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps

from packshot.colour import into_srgb, profile_name, srgb_profile
from packshot.errors import BadInput, DamagedFile, TooLarge, UnsafeInput, UnsupportedFormat
from packshot.rules import FileFormat
from packshot.settings import Limits

pi_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = None  # our own limit is checked from the header, before anything is decoded

PREVIEW_SIDE = 512  # px, the longer side of a preview
THUMBNAIL_SIDE = 420  # px, the longer side of what lists and contact sheets show
READS = "JPEG, PNG, WebP, AVIF, HEIC or TIFF"
_COPIED_EXIF = frozenset(
    {"Make", "Model", "DateTime", "Artist", "Copyright", "ImageDescription"}
)  # of the first directory; the camera's own (exposure, lens, dates) is copied, except the maker's note
_DROPPED_EXIF = frozenset({ExifTags.Base.MakerNote, ExifTags.Base.UserComment, ExifTags.Base.ColorSpace,
                           ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight})  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A picture as it was shot. `alpha` is set only where the file itself has transparency."""

    name: str
    pixels: NDArray[np.uint8]  # (H, W, 3) sRGB
    alpha: NDArray[np.uint8] | None  # (H, W)
    sha256: str
    format: str
    profile: str
    file_bytes: int
    exif: bytes
    xmp: bytes
    notes: tuple[str, ...] = ()  # assumptions made while reading
    jpeg_quality: int | None = None  # 1 … 100, read off a JPEG's own tables

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)"""
        return self.pixels.shape[1], self.pixels.shape[0]


def sniff(head: bytes) -> str:
    """The type of a file by its first bytes: a Pillow format that we read, or words for what it is instead."""
    if head[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:4] in (b"II*\0", b"MM\0*"):
        return "TIFF"
    if head[4:8] == b"ftyp":
        brands = {head[i : i + 4] for i in range(8, min(int.from_bytes(head[:4], "big"), len(head), 64), 4)}
        if brands & {b"avif"}:
            return "AVIF"
        if brands & {b"avis", b"hevc", b"msf1"} and not brands & {b"heic", b"heix", b"mif1"}:
            return "an image sequence"
        if brands & {b"heic", b"heix", b"heim", b"heis", b"mif1"}:
            return "HEIF"
        return "a video"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for start, word in (
        (b"<svg", "SVG"), (b"<?xml", "SVG or other XML"), (b"<!doctype", "a web page"), (b"<html", "a web page"),
        (b"gif8", "GIF"), (b"bm", "BMP"), (b"%pdf", "PDF"), (b"pk\x03\x04", "ZIP"), (b"8bps", "Photoshop"),
        (b"\x00\x00\x01\x00", "an icon"), (b"\xff\x0a", "JPEG XL"), (b"\x00\x00\x00\x0cjxl", "JPEG XL"),
    ):  # fmt: skip
        if text.startswith(start) or head.startswith(start):
            return word
    return "text" if head and all(b in b"\t\r\n" or 32 <= b < 127 for b in head) else "unknown"


def read(content: bytes, name: str, *, limits: Limits) -> Photo:
    """Decode one uploaded photo, safely.

    Raises TooLarge, UnsupportedFormat, DamagedFile, UnsafeInput or BadInput, naming the file, the limit, the remedy.
    """
    if not content:
        raise DamagedFile("the file is empty.", subject=name, remedy="Copy or export it again.")
    if len(content) > limits.photo_bytes:
        raise TooLarge(
            f"{len(content) / 2**20:.0f} MB is over the limit of {limits.photo_bytes / 2**20:.0f} MB.",
            subject=name,
            remedy="Export it as a JPEG of high quality.",
        )
    kind = sniff(content[:256])
    if kind not in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"):
        what = "not a picture that can be read" if kind == "unknown" else f"this is {kind}, not a photo"
        raise UnsupportedFormat(f"{what}.", subject=name, remedy=f"Send {READS}.")
    _refuse_polyglot(content, name)
    if kind == "HEIF":
        _refuse_untyped_items(content, name)
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as picture:
            _refuse_size(picture, name, limits=limits)
            _refuse_animation(picture, kind, name)
            picture.load()
            return _photo(picture, content, kind, name)
    except BadInput:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, ImageCms.PyCMSError, MemoryError,
            Image.DecompressionBombError, OverflowError, TypeError, RuntimeError) as broken:  # fmt: skip
        # On hostile bytes decoders raise almost anything; the user needs one sentence.
        raise DamagedFile(
            f"the {kind} is damaged or cut short ({str(broken)[:80] or type(broken).__name__}).",
            subject=name,
            remedy="Copy or export it again from the original.",
        ) from broken


def _refuse_polyglot(content: bytes, name: str) -> None:
    """Refuse a photo that is also an archive, a PDF or a script: such files are made to deceive a server."""
    ends = (content[: 1 << 17] + content[-(1 << 17) :]).lower()
    hidden = next((mark for mark in (b"<?php", b"<script", b"<!doctype html", b"<html") if mark in ends), None)
    also = "a PDF" if b"%PDF-" in content[:1024] else "a script or web page" if hidden else None
    if b"PK\x05\x06" in content[-(1 << 16) - 22 :] and zipfile.is_zipfile(io.BytesIO(content)):
        also = "a ZIP archive"
    if also:
        raise UnsafeInput(f"the photo is {also} at the same time.", subject=name, remedy="Open it and save it again.")


def _refuse_untyped_items(content: bytes, name: str) -> None:
    """pi_heif 1.4.0 crashes the process (a null pointer) where the type or name of an item is not text."""
    for item in re.finditer(rb"infe[\2\3]", content[: 1 << 20]):
        end = item.start() - 4 + int.from_bytes(content[item.start() - 4 : item.start()], "big")
        try:
            content[item.start() + (12 if item.group()[4] == 2 else 14) : end].decode()
        except UnicodeDecodeError as broken:
            raise DamagedFile(
                "the HEIC is damaged (an item without a type).", subject=name, remedy="Copy or export it again."
            ) from broken


def _refuse_size(picture: Image.Image, name: str, *, limits: Limits) -> None:
    width, height = picture.size
    if width * height > limits.photo_pixels:
        raise TooLarge(
            f"{width} × {height} is {width * height / 1e6:.0f} megapixels, "
            f"over the limit of {limits.photo_pixels / 1e6:.0f}.",
            subject=name,
            remedy="Scale it down; catalog files need 10 megapixels at most.",
        )
    if min(width, height) < limits.photo_min_side:
        raise BadInput(
            f"{width} × {height} pixels is smaller than a thumbnail ({limits.photo_min_side}).",
            subject=name,
            remedy="Send the original photo.",
        )


def _refuse_animation(picture: Image.Image, kind: str, name: str) -> None:
    # A phone's JPEG (MPO) and HEIC hold depth and gain maps as further frames: the first is the photo.
    frames = getattr(picture, "n_frames", 1)
    if kind not in ("JPEG", "HEIF") and frames > 1:
        raise UnsupportedFormat(
            f"it holds {frames} frames or pages, the limit is 1.",
            subject=name,
            remedy="Save the one that shows the product as a single picture.",
        )


def _photo(picture: Image.Image, content: bytes, kind: str, name: str) -> Photo:
    notes: list[str] = []
    profile = picture.info.get("icc_profile") or b""
    exif, xmp = picture.getexif(), picture.info.get("xmp") or b""
    camera = _camera_exif(exif)
    flat, alpha = _split_alpha(_eight_bits(picture))
    if profile:
        try:
            flat = into_srgb(flat, profile)
        except (ImageCms.PyCMSError, OSError, ValueError):
            notes.append(
                "The colour profile in this file is damaged or of another kind; its colours were read as sRGB."
            )
    elif flat.mode == "CMYK":
        notes.append("This CMYK file carries no colour profile; its colours are a guess.")
    flat = flat if flat.mode == "RGB" else flat.convert("RGB")  # `convert` copies even when nothing changes
    pixels, upright_alpha = _upright(flat, exif), alpha and _upright(alpha, exif)
    mask = None if upright_alpha is None else np.asarray(upright_alpha, np.uint8)
    return Photo(
        name=name,
        pixels=np.asarray(pixels, np.uint8),
        alpha=mask if mask is not None and int(mask.min()) < 250 else None,  # an opaque alpha means nothing
        sha256=hashlib.sha256(content).hexdigest(),
        format=kind,
        profile=profile_name(profile) if profile else "",
        file_bytes=len(content),
        exif=camera,
        xmp=xmp if isinstance(xmp, bytes) else str(xmp).encode(),
        notes=tuple(notes),
        jpeg_quality=_jpeg_quality(picture),
    )


# The mean of the luminance table that the standard prints as an example, which is quality 50 everywhere.
_STANDARD_STEP = 57.6


def _jpeg_quality(picture: Image.Image) -> int | None:
    """Quality on libjpeg's scale, from the quantisation table the file carries.  ITU-T T.81, annex K."""
    tables = getattr(picture, "quantization", None)
    if not tables or 0 not in tables:
        return None
    scale: float = 100 * sum(tables[0]) / len(tables[0]) / _STANDARD_STEP
    return round(min(max(5000 / scale if scale > 100 else (200 - scale) / 2, 1), 100))


def _upright(picture: Image.Image, exif: Image.Exif) -> Image.Image:
    stored = exif.get(ExifTags.Base.Orientation, 1)  # careless software writes text, pairs or nonsense here
    if stored not in range(2, 9):
        return picture  # `exif_transpose` would copy it
    turn = Image.Exif()
    turn[ExifTags.Base.Orientation] = int(stored)
    picture.info.clear()
    picture.info["exif"] = turn.tobytes()
    return ImageOps.exif_transpose(picture)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16-bit gray scaled to 8 (Pillow alone clips it to white), palettes as colours."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        levels = np.asarray(picture).astype(np.float64)
        return Image.fromarray(np.round(np.clip(levels, 0, 65_535) / 257).astype(np.uint8))
    if picture.mode == "F":
        raise UnsupportedFormat("floating-point pixels cannot be read.", remedy="Save it with 8 or 16 bits a channel.")
    if picture.mode in ("P", "PA", "1"):
        return picture.convert("RGBA" if "transparency" in picture.info or picture.mode == "PA" else "RGB")
    if picture.mode in ("RGB", "L") and "transparency" in picture.info:
        return picture.convert("RGBA" if picture.mode == "RGB" else "LA")
    if picture.mode in ("YCbCr", "HSV", "RGBX"):
        return picture.convert("RGB")
    return picture


def _split_alpha(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if picture.mode in ("RGBa", "La"):
        picture = picture.convert("RGBA" if picture.mode == "RGBa" else "LA")
    if picture.mode in ("RGBA", "LA"):
        return picture.convert("RGB" if picture.mode == "RGBA" else "L"), picture.getchannel("A")
    return picture, None


def _camera_exif(exif: Image.Exif) -> bytes:
    """The camera's data, copyright and place, without maker's note and thumbnail; `without_gps` removes the place."""
    copied = Image.Exif()
    for tag, value in exif.items():
        if ExifTags.TAGS.get(tag) in _COPIED_EXIF:
            copied[tag] = value
    camera = {t: v for t, v in exif.get_ifd(ExifTags.IFD.Exif).items() if t not in _DROPPED_EXIF}
    if camera:
        copied.get_ifd(ExifTags.IFD.Exif).update(camera)
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    if gps:
        copied.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    try:
        return copied.tobytes() if len(copied) or camera or gps else b""
    except (struct.error, ValueError, TypeError, OverflowError, AttributeError, KeyError, IndexError):
        return b""  # a tag that cannot be written must not fail the photo


def without_gps(exif: bytes) -> bytes:
    """The same EXIF block without the place where the photo was shot."""
    if not exif:
        return b""
    block = Image.Exif()
    block.load(exif)
    copied = Image.Exif()
    for tag, value in block.items():
        if tag not in (ExifTags.IFD.GPSInfo, ExifTags.IFD.Exif):
            copied[tag] = value
    copied.get_ifd(ExifTags.IFD.Exif).update(block.get_ifd(ExifTags.IFD.Exif))
    return copied.tobytes()


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is written beside the pixels."""

    exif: bytes = b""
    xmp: bytes = b""


def encode(pixels_u8: NDArray[np.uint8], *, format: FileFormat, quality: int = 90, metadata: Metadata = Metadata(),
           ) -> bytes:  # fmt: skip
    """One finished file, sRGB profile embedded.

    pixels_u8: (H, W, 3) or (H, W, 4) sRGB, straight alpha.  quality: 1…100, for lossy formats.
    Raises BadInput where the format cannot hold the alpha.
    """
    picture = Image.fromarray(pixels_u8)
    if picture.mode == "RGBA" and format == "jpeg":
        raise BadInput("JPEG cannot be transparent.", remedy="Choose PNG or WebP, or a template with a backdrop.")
    common: dict[str, Any] = {"icc_profile": srgb_profile()}
    if metadata.exif:
        common["exif"] = metadata.exif
    if metadata.xmp and format in ("jpeg", "webp", "avif"):
        common["xmp"] = metadata.xmp
    out = io.BytesIO()
    match format:
        case "jpeg":  # full colour resolution: red labels smear at 4:2:0
            try:
                picture.save(out, "JPEG", quality=quality, subsampling=0, optimize=True, **common)
            except OSError:  # Pillow's buffer for optimising has one byte a pixel; a noisy picture needs more
                out.seek(0)
                out.truncate()
                picture.save(out, "JPEG", quality=quality, subsampling=0, **common)
        case "png":
            return _png(pixels_u8, metadata)
        case "webp":  # method 2: a hundredth larger than method 4 at a third of its time
            picture.save(out, "WEBP", quality=quality, method=2, alpha_quality=100, **common)
        case "avif":  # by default Pillow takes all cores; the bytes are the same
            picture.save(out, "AVIF", quality=quality, speed=8, subsampling="4:4:4", max_threads=1, **common)
        case "tiff":
            tags = {700: metadata.xmp} if metadata.xmp else {}
            picture.save(out, "TIFF", compression="tiff_adobe_deflate", tiffinfo=tags, icc_profile=srgb_profile())
    return out.getvalue()


# Rows filtered by the average of left and above, runs only: on 2048² cut-outs 5 % smaller than Pillow's level 2, which
# tries all five filters on each row, in less than half its time (benchmarks/README.md, "White packshot").
_PNG = (cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE,
        cv2.IMWRITE_PNG_COMPRESSION, 1)  # fmt: skip
_PNG_HEAD = 8 + 25  # signature and IHDR


def _png(pixels_u8: NDArray[np.uint8], metadata: Metadata) -> bytes:
    swap = cv2.COLOR_RGBA2BGRA if pixels_u8.shape[2] == 4 else cv2.COLOR_RGB2BGR
    _, coded = cv2.imencode(".png", cv2.cvtColor(pixels_u8, swap), _PNG)
    plain = memoryview(np.asarray(coded, np.uint8).tobytes())
    chunks = [_chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(srgb_profile()))]
    if metadata.exif:
        chunks.append(_chunk(b"eXIf", metadata.exif.removeprefix(b"Exif\0\0")))
    if metadata.xmp:
        chunks.append(_chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + metadata.xmp))
    return b"".join([plain[:_PNG_HEAD], *chunks, plain[_PNG_HEAD:]])


def _chunk(kind: bytes, content: bytes) -> bytes:
    """PNG, third edition, 5.3: length, kind, content, CRC-32 of the last two."""
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


def thumbnail(pixels_u8: NDArray[np.uint8]) -> bytes:
    """A small JPEG, for lists and contact sheets.  pixels_u8: (H, W, 3)."""
    scale = min(1.0, THUMBNAIL_SIDE / max(pixels_u8.shape[:2]))
    size = max(1, round(pixels_u8.shape[1] * scale)), max(1, round(pixels_u8.shape[0] * scale))
    out = io.BytesIO()
    small = np.asarray(cv2.resize(pixels_u8, size, interpolation=cv2.INTER_AREA), np.uint8)
    Image.fromarray(small).save(out, "JPEG", quality=78)
    return out.getvalue()


Image.init()  # else plug-ins load lazily, and threads race for it
