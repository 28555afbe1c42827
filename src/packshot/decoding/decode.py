"""From the bytes of a file of a known kind to levels, sizes checked before anything is decoded."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import imagecodecs
import numpy as np
import pi_heif
from PIL import Image

from packshot.colour import from_lab
from packshot.decoding import camera_raw, isobmff, png, tiff
from packshot.decoding.coded import Coding, by_numbers
from packshot.decoding.decoded import Decoded
from packshot.errors import BadInput, DamagedFile, TooLarge, UnsupportedFormat
from packshot.settings import Limits

pi_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = None  # our own limit is checked from the header, before anything is decoded
_FRAME = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb]\x00[\x0b-\x17](.)", re.DOTALL)  # its header; bits a channel


def decode(content: bytes, kind: str, name: str, limits: Limits) -> Decoded:
    """kind: one of PICTURES.  Raises TooLarge, UnsupportedFormat or BadInput; any other error means a damaged file."""
    return _DECODERS.get(kind, _pillow)(content, kind, name, limits)


def _refuse_pages(count: int, name: str) -> None:
    if count > 1:
        raise UnsupportedFormat(
            f"it holds {count} frames or pages, the limit is 1.",
            subject=name,
            remedy="Save the one that shows the product as a single picture.",
        )


def _jpeg(content: bytes, kind: str, name: str, limits: Limits) -> Decoded:
    frame = _FRAME.search(content)
    if frame is not None and frame[1] != b"\x08":
        raise UnsupportedFormat(
            f"this JPEG has {frame[1][0]} bits a channel, as scanners and medical devices write.",
            subject=name,
            remedy="Save it as a JPEG of 8 bits, or as a PNG or TIFF of 16.",
        )
    return _pillow(content, kind, name, limits)


def _png(content: bytes, kind: str, name: str, limits: Limits) -> Decoded:
    file = png.chunks(content)
    with Image.open(io.BytesIO(file.content), formats=[kind]) as picture:
        _refuse_size(*picture.size, name, limits)
        _refuse_pages(getattr(picture, "n_frames", 1), name)
        if file.depth < 16:
            decoded = _of_pillow(picture)
        else:
            levels, alpha = png.deep(file)
            profile, xmp = picture.info.get("icc_profile") or b"", picture.info.get("xmp") or b""
            decoded = Decoded(levels, picture.getexif(), alpha, profile, xmp=_bytes(xmp))
    if file.without_profile:
        decoded = replace(decoded, profile=b"")
    return replace(decoded, coding=file.coding, notes=decoded.notes + file.notes)


def _tiff(content: bytes, kind: str, name: str, limits: Limits) -> Decoded:
    with tiff.pages(content) as found:
        _refuse_pages(len(found), name)
        if found and not tiff.is_plain(found[0]):
            return tiff.deep(found[0], content, name, lambda w, h: _refuse_size(w, h, name, limits))
        extra = bool(found and found[0].photometric == 2 and found[0].extrasamples and 0 in found[0].extrasamples)
    decoded = _pillow(content, kind, name, limits, pages=len(found))
    return replace(decoded, notes=(*decoded.notes, tiff.EXTRA)) if extra else decoded


def _heif(content: bytes, kind: str, name: str, limits: Limits) -> Decoded:
    _refuse_untyped_items(content, name)
    with Image.open(io.BytesIO(content), formats=[kind]) as picture:
        _refuse_size(*picture.size, name, limits)
        nclx = picture.info.get("nclx_profile") or {}
        coding = by_numbers(nclx.get("color_primaries", 1), nclx.get("transfer_characteristics", 13))
        decoded = _coded(_of_pillow(picture), coding)
    if decoded.coding is None or not decoded.coding.is_hdr:
        return decoded
    full = pi_heif.open_heif(content, convert_hdr_to_8bit=False)
    levels = np.asarray(full)
    if levels.dtype != np.uint16:
        return decoded
    return replace(decoded, levels=levels[..., :3], alpha=levels[..., 3] if levels.shape[2] == 4 else None)


def _avif(content: bytes, kind: str, name: str, limits: Limits) -> Decoded:
    decoded = _pillow(content, kind, name, limits)
    decoded = _coded(decoded, by_numbers(*(isobmff.colour_numbers(content) or (1, 13))))
    if decoded.coding is None or not decoded.coding.is_hdr:
        return decoded
    levels = imagecodecs.avif_decode(content, numthreads=1)  # Pillow gives 8 of the 10 or 12 bits that HDR needs
    if levels.dtype != np.uint16 or levels.ndim != 3:
        return decoded
    depth = 10 if levels.max() < 1 << 10 else 12
    levels = (levels.astype(np.uint32) * 65_535 // ((1 << depth) - 1)).astype(np.uint16)
    return replace(decoded, levels=levels[..., :3], alpha=levels[..., 3] if levels.shape[2] == 4 else None)


def _raw(content: bytes, kind: str, name: str, limits: Limits) -> Decoded:
    return camera_raw.develop(content, name, lambda w, h: _refuse_size(w, h, name, limits))


def _coded(decoded: Decoded, coding: Coding | str | None) -> Decoded:
    """A profile says more than numbers do."""
    if decoded.profile or coding is None:
        return decoded
    if isinstance(coding, str):
        return replace(decoded, notes=(*decoded.notes, coding))
    return replace(decoded, coding=coding)


def _pillow(content: bytes, kind: str, name: str, limits: Limits, pages: int = 0) -> Decoded:
    with Image.open(io.BytesIO(content), formats=[kind]) as picture:
        _refuse_size(*picture.size, name, limits)
        if kind != "JPEG":  # a phone's JPEG (MPO) holds depth and gain maps as further frames: the first is the photo
            _refuse_pages(pages or getattr(picture, "n_frames", 1), name)
        return _of_pillow(picture)


def _of_pillow(picture: Image.Image) -> Decoded:
    picture.load()
    exif, xmp, profile = picture.getexif(), picture.info.get("xmp") or b"", picture.info.get("icc_profile") or b""
    quality = _jpeg_quality(picture)
    flat, alpha = _split_alpha(_eight_bits(picture))
    if flat.mode == "LAB":
        flat, profile = from_lab(flat), b""
    return Decoded(
        levels=np.asarray(flat),
        exif=exif,
        alpha=None if alpha is None else np.asarray(alpha),
        profile=profile,
        xmp=_bytes(xmp),
        jpeg_quality=quality,
    )


def _bytes(words: str | bytes) -> bytes:
    return words if isinstance(words, bytes) else words.encode()


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


def _refuse_size(width: int, height: int, name: str, limits: Limits) -> None:
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


# The mean of the luminance table that the standard prints as an example, which is quality 50 everywhere.
_STANDARD_STEP = 57.6


def _jpeg_quality(picture: Image.Image) -> int | None:
    """Quality on libjpeg's scale, from the quantisation table the file carries.  ITU-T T.81, annex K."""
    tables = getattr(picture, "quantization", None)
    if not tables or 0 not in tables:
        return None
    scale: float = 100 * sum(tables[0]) / len(tables[0]) / _STANDARD_STEP
    return round(min(max(5000 / scale if scale > 100 else (200 - scale) / 2, 1), 100))


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Palettes as colours, and the one colour that a file names as transparent."""
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


_DECODERS: dict[str, Callable[[bytes, str, str, Limits], Decoded]] = {
    "JPEG": _jpeg, "PNG": _png, "TIFF": _tiff, "HEIF": _heif, "AVIF": _avif, "RAW": _raw, "WEBP": _pillow
}  # fmt: skip
