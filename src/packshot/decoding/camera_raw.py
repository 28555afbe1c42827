"""A camera's raw file, developed as the camera would: its own white balance, sRGB."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
import rawpy
from PIL import Image

from packshot.decoding.decoded import CheckSize, Decoded
from packshot.errors import DamagedFile

DEVELOPED = (
    "Developed from the camera's raw file with the white balance that the camera noted. "
    "Export a JPEG or TIFF from your raw converter if you have settings of your own."
)
BLOWN = 0.0005  # share of pixels that may become white when the picture is brightened as cameras do


def develop(content: bytes, name: str, check_size: CheckSize) -> Decoded:
    """Raises TooLarge before anything is decoded, DamagedFile."""
    try:
        with rawpy.imread(io.BytesIO(content)) as raw:
            sizes = raw.sizes
            check_size(sizes.width, sizes.height)
            pixels = raw.postprocess(
                use_camera_wb=True,
                output_color=rawpy.ColorSpace.sRGB,
                output_bps=8,
                gamma=(2.4, 12.92),
                auto_bright_thr=BLOWN,
            )
    except rawpy.LibRawError as broken:
        raise DamagedFile(
            "this camera's raw file is damaged, or of a camera that is not known yet.",
            subject=name,
            remedy="Export it as a JPEG or TIFF, or convert it to DNG.",
        ) from broken
    return Decoded(levels=np.ascontiguousarray(pixels), exif=_exif(content), notes=(DEVELOPED,))


def _exif(content: bytes) -> Image.Exif:
    """Of those that are built as TIFFs; the picture is upright already."""
    result = Image.Exif()
    if content[:2] in (b"II", b"MM"):
        with suppress(Exception):  # not worth the photo
            result.load(b"Exif\0\0" + content)
    for tag in list(result):
        if tag == 0x0112:
            del result[tag]
    return result
