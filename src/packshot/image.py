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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import structlog
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from packshot.colour import into_srgb, profile_name, srgb_profile
from packshot.decoding import tiff
from packshot.decoding.alpha import cut_out_by
from packshot.decoding.coded import into_srgb as into_srgb_by_numbers
from packshot.decoding.decode import decode
from packshot.decoding.decoded import Decoded, eight_bits
from packshot.decoding.kinds import PICTURES, READS, sniff
from packshot.errors import BadInput, DamagedFile, PackshotError, TooLarge, UnsafeInput, UnsupportedFormat
from packshot.rules import FileFormat
from packshot.settings import Limits

log = structlog.get_logger(__name__)

PREVIEW_SIDE = 512  # px, the longer side of a preview
THUMBNAIL_SIDE = 420  # px, the longer side of what lists and contact sheets show
_COMMENT = re.compile(rb"(?<=\xff\xfe)(?s:..)[^\xff]*(?=\xff)")  # of a JPEG
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
    kind = kind_of(content)
    if kind not in PICTURES:
        what = "not a picture that can be read" if kind == "unknown" else f"this is {kind}, not a photo"
        raise UnsupportedFormat(f"{what}.", subject=name, remedy=f"Send {READS}.")
    _refuse_polyglot(content, kind, name)
    try:
        return _photo(decode(content, kind, name, limits), content, kind, name)
    except PackshotError:
        raise
    except Exception as broken:  # on hostile bytes decoders raise almost anything; the user needs one sentence
        log.info("photo.damaged", name=name, kind=kind, reason=str(broken)[:200])
        words = {"RAW": "camera's raw file"}.get(kind, kind)
        raise DamagedFile(
            f"the {words} is damaged or cut short.", subject=name, remedy="Copy or export it again from the original."
        ) from broken


def kind_of(content: bytes) -> str:
    """Like `sniff`, and tells a camera's raw file from a TIFF."""
    kind = sniff(content[:256])
    return "RAW" if kind == "TIFF" and tiff.is_camera_raw(content) else kind


def _refuse_polyglot(content: bytes, kind: str, name: str) -> None:
    """Refuse a photo that is also an archive, a PDF or a script: such files are made to deceive a server."""
    ends = content[: 1 << 17] + content[-(1 << 17) :]
    if kind == "JPEG":  # a comment holds what it will, and is dropped
        ends = _COMMENT.sub(b"", ends, count=8)
    hidden = any(mark in ends.lower() for mark in (b"<?php", b"<script", b"<!doctype html", b"<html"))
    also = "a PDF" if b"%PDF-" in content[:1024] else "a script or web page" if hidden else None
    if b"PK\x05\x06" in content[-(1 << 16) - 22 :] and zipfile.is_zipfile(io.BytesIO(content)):
        also = "a ZIP archive"
    if also:
        raise UnsafeInput(f"the photo is {also} at the same time.", subject=name, remedy="Open it and save it again.")


def _photo(decoded: Decoded, content: bytes, kind: str, name: str) -> Photo:
    exif = decoded.exif
    camera = _camera_exif(exif)
    pixels, notes = _srgb(decoded)
    alpha = None if decoded.alpha is None else _upright(eight_bits(decoded.alpha), exif)
    alpha, about_alpha = cut_out_by(alpha, name)
    profile = profile_name(decoded.profile) if decoded.profile else decoded.coding.name if decoded.coding else ""
    return Photo(
        name=name,
        pixels=_upright(pixels, exif),
        alpha=alpha,
        sha256=hashlib.sha256(content).hexdigest(),
        format=kind,
        profile=profile,
        file_bytes=len(content),
        exif=camera,
        xmp=decoded.xmp,
        notes=(*decoded.notes, *notes, *about_alpha),
        jpeg_quality=decoded.jpeg_quality,
    )


def _srgb(decoded: Decoded) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """(H, W, 3) sRGB, and what was assumed."""
    if decoded.coding is not None:
        note = decoded.coding.note
        return into_srgb_by_numbers(decoded.levels, decoded.coding), (note,) if note else ()
    levels, notes = eight_bits(decoded.levels), []
    is_cmyk = levels.ndim == 3 and levels.shape[2] == 4
    flat = (
        Image.frombuffer("CMYK", levels.shape[1::-1], np.ascontiguousarray(levels))
        if is_cmyk
        else Image.fromarray(levels)
    )
    if decoded.profile:
        try:
            flat = into_srgb(flat, decoded.profile)
        except (ImageCms.PyCMSError, OSError, ValueError):
            notes.append(
                "The colour profile in this file is damaged or of another kind; its colours were read as sRGB."
            )
    elif is_cmyk:
        notes.append("This CMYK file carries no colour profile; its colours are a guess.")
    flat = flat if flat.mode == "RGB" else flat.convert("RGB")  # `convert` copies even when nothing changes
    return np.asarray(flat, np.uint8), tuple(notes)


_TURNS: dict[int, Callable[[Any], Any]] = {
    2: np.fliplr, 3: lambda p: np.rot90(p, 2), 4: np.flipud, 5: lambda p: np.rot90(np.fliplr(p)),
    6: lambda p: np.rot90(p, -1), 7: lambda p: np.rot90(np.fliplr(p), -1), 8: np.rot90,
}  # fmt: skip


def _upright(pixels: NDArray[np.uint8], exif: Image.Exif) -> NDArray[np.uint8]:
    stored = exif.get(ExifTags.Base.Orientation, 1)  # careless software writes text, pairs or nonsense here
    turn = _TURNS.get(stored) if isinstance(stored, int) else None
    return np.ascontiguousarray(turn(pixels) if turn else pixels)


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
