"""TIFF: which of its pages is the photo, and the kinds that Pillow does not read right.

TIFF 6.0; BigTIFF; Adobe's TIFF technical note 1 (reduced pages).
"""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from packshot.decoding.decoded import CheckSize, Decoded, Levels, straight
from packshot.errors import UnsupportedFormat

_MOST_PAGES = 1_000
_DENSEST = 1_400  # times that any of its compressions makes a picture smaller
_REDUCED, _MASK = 1, 4  # of NewSubfileType
_CFA, _LINEAR_RAW = 32_803, 34_892
_DNG_VERSION, _SUB_IFDS, _MAKE, _ICC, _XMP, _ORIENTATION = 50_706, 330, 271, 34_675, 700, 274
_RAW_MAKERS = ("nikon", "sony", "canon", "pentax", "samsung", "hasselblad", "epson", "kodak", "leica", "phase one")
_PLAIN = {0, 1, 2, 3, 5, 6, 8}  # gray, RGB, palette, CMYK, YCbCr, CIELAB
logging.getLogger("tifffile").disabled = True  # a line for every tag of a hostile file is no news
_NONE, _LZW, _DEFLATE, _OLD_DEFLATE, _PACKBITS = 1, 5, 8, 32_946, 32_773
EXTRA = "The file holds a further channel that it does not call transparency; it was left out."


@contextmanager
def pages(content: bytes) -> Iterator[list[tifffile.TiffPage]]:
    """The pages that are pictures of their own, not smaller copies or masks of another."""
    with tifffile.TiffFile(io.BytesIO(content), _multifile=False) as file:
        found = []
        for number in range(_MOST_PAGES):
            try:
                page = file.pages[number]
            except IndexError:
                break
            if isinstance(page, tifffile.TiffPage) and not _kind_of_page(page) & (_REDUCED | _MASK):
                found.append(page)
        yield found


def is_camera_raw(content: bytes) -> bool:
    """Whether it is a camera's raw file (DNG, CR2, NEF, ARW), which is built as a TIFF."""
    with suppress(Exception), tifffile.TiffFile(io.BytesIO(content), _multifile=False) as file:
        first = file.pages[0]
        if not isinstance(first, tifffile.TiffPage):
            return False
        maker = str(first.tags.valueof(_MAKE, "")).lower()
        if _DNG_VERSION in first.tags or first.photometric in (_CFA, _LINEAR_RAW):
            return True
        return _SUB_IFDS in first.tags and bool(_kind_of_page(first) & _REDUCED) and maker.startswith(_RAW_MAKERS)
    return False


def is_plain(page: tifffile.TiffPage) -> bool:
    """Whether Pillow reads it right: the first page, 8 bits, channels side by side, alpha named where there is any."""
    named_alpha = page.photometric == 2 and len(page.extrasamples) == 1 and page.extrasamples[0] in (1, 2)
    return (
        page.index == 0
        and page.bitspersample in (1, 2, 4, 8)
        and page.sampleformat == 1
        and page.planarconfig == 1
        and page.photometric in _PLAIN
        and (not page.extrasamples or named_alpha)
        and not page.parent.is_bigtiff
    )


def deep(page: tifffile.TiffPage, content: bytes, name: str, check_size: CheckSize) -> Decoded:
    """A page of any depth.  Raises UnsupportedFormat for a kind that is not read, by its name."""
    check_size(page.imagewidth, page.imagelength)
    colours = {0: 1, 1: 1, 2: 3, 5: 4}.get(int(page.photometric), 0)
    read = page.sampleformat == 1 and page.bitspersample in (8, 16, 32) and int(page.compression) in _DECOMPRESS
    if not colours or not read:
        raise UnsupportedFormat(
            f"it is a TIFF of a kind that is not read ({_words(page)}).",
            subject=name,
            remedy="Save it as RGB with 8 or 16 bits a channel.",
        )
    if page.samplesperpixel > colours + 8:
        raise UnsupportedFormat(
            f"it is a TIFF with {page.samplesperpixel} channels.", subject=name, remedy="Save it as RGB."
        )
    size = page.imagewidth * page.imagelength * page.samplesperpixel * (page.bitspersample // 8)
    if sum(page.databytecounts) * _DENSEST < size:
        raise ValueError("its strips hold less than its size says")
    stored = page.asarray(maxworkers=1)
    if stored.dtype == np.uint32:
        stored = (stored >> 16).astype(np.uint16)
    if page.planarconfig == 2 and stored.ndim == 3:
        stored = np.moveaxis(stored, 0, -1)
    stored = stored.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)
    levels: Levels = np.ascontiguousarray(stored[..., 0] if colours == 1 else stored[..., :colours])
    if page.photometric == 0:
        levels = np.iinfo(levels.dtype).max - levels
    alpha, notes = None, []
    for number, kind in enumerate(page.extrasamples):
        if kind in (1, 2) and alpha is None:
            alpha = np.ascontiguousarray(stored[..., colours + number])
            if kind == 1:
                levels = straight(levels[..., None] if colours == 1 else levels, alpha).reshape(levels.shape)
        else:
            notes.append(EXTRA)
    profile, xmp = page.tags.valueof(_ICC, b""), page.tags.valueof(_XMP, b"")
    return Decoded(
        levels=levels,
        exif=_exif(page, content),
        alpha=alpha,
        profile=profile if isinstance(profile, bytes) else b"",
        xmp=xmp if isinstance(xmp, bytes) else b"",
        notes=tuple(dict.fromkeys(notes)),
    )


def _kind_of_page(page: tifffile.TiffPage) -> int:
    return int(page.subfiletype or 0)


def _words(page: tifffile.TiffPage) -> str:
    formats = {1: "", 2: "signed ", 3: "floating-point ", 5: "complex ", 6: "complex "}
    kind = str(getattr(page.photometric, "name", page.photometric)).lower()
    packing = str(getattr(page.compression, "name", page.compression)).lower()
    packed = f", {packing}" if int(page.compression) not in _DECOMPRESS else ""
    return f"{page.bitspersample}-bit {formats.get(int(page.sampleformat), '')}{kind}{packed}"


def _by_libtiff(compression: int) -> Callable[..., bytes]:
    """A decompressor: the strip as the one strip of a gray picture, which Pillow's libtiff unpacks.

    imagecodecs' own of LZW (2026.3) reads past its buffers on damaged strips.
    """

    def unpacked(strip: bytes, *, out: int) -> bytes:
        tags = (
            (256, 4, out),
            (257, 4, 1),
            (258, 3, 8),
            (259, 3, compression),
            (262, 3, 1),
            (273, 4, 0),
            (277, 3, 1),
            (278, 4, 1),
            (279, 4, len(strip)),
        )
        at = 8 + 2 + 12 * len(tags) + 4
        entries = b""
        for tag, kind, value in tags:
            stored = struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value or at)
            entries += struct.pack("<HHI", tag, kind, 1) + stored
        file = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + strip
        with Image.open(io.BytesIO(file), formats=["TIFF"]) as picture:
            return picture.tobytes()

    return unpacked


def _inflated(strip: bytes, *, out: int) -> bytes:
    return bytes(imagecodecs.zlib_decode(strip, out=out))


def _as_it_is(strip: bytes, *, out: int) -> bytes:
    return strip


_DECOMPRESS = {
    _NONE: _as_it_is, _LZW: _by_libtiff(_LZW), _PACKBITS: _by_libtiff(_PACKBITS), _DEFLATE: _inflated,
    _OLD_DEFLATE: _inflated,
}  # fmt: skip
tifffile.TIFF.DECOMPRESSORS = _DECOMPRESS  # instead of three dozen, of which photos need these


def _exif(page: tifffile.TiffPage, content: bytes) -> Image.Exif:
    """The first directory's tags and the camera's own; none of a BigTIFF, which Pillow does not read as EXIF."""
    result = Image.Exif()
    if not page.parent.is_bigtiff:
        with suppress(Exception):  # careless software writes nonsense here, which is not worth the photo
            result.load(b"Exif\0\0" + content)
    orientation = page.tags.valueof(_ORIENTATION, 1)
    result[_ORIENTATION] = orientation if isinstance(orientation, int) else 1
    return result
