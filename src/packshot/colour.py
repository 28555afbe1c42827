"""Colour: sRGB ↔ linear light, CIELAB, ΔE00, and ICC profiles into sRGB.

Encoded pixels are (…, 3) uint8 sRGB; linear ones are (…, 3) float32 in [0, 1] with sRGB primaries.
"""

from __future__ import annotations

import io
from functools import lru_cache
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]


def _decode(encoded: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)  # IEC 61966-2-1


def _encode(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


_TO_LINEAR: F32 = _decode(np.arange(256) / 255).astype(np.float32)
# 16 bits of linear light separate all 256 encoded levels, the darkest by 20 steps.
_TO_SRGB: U8 = np.round(_encode(np.arange(65_536) / 65_535) * 255).astype(np.uint8)


def to_linear(pixels_u8: U8) -> F32:
    """sRGB bytes to linear light; any shape with a last axis of 1 to 4 channels, or (H, W)."""
    return np.asarray(cv2.LUT(np.ascontiguousarray(pixels_u8), _TO_LINEAR), np.float32)


def to_srgb(linear: F32) -> U8:
    """Linear light to sRGB bytes, clipped to [0, 1]; inverts `to_linear` exactly."""
    # Rounds and saturates in one pass.  OpenCV takes a scalar here; its type stubs know only arrays.
    steps = np.asarray(cv2.multiply(linear, (65_535.0,) * 4, dtype=cv2.CV_16U))  # type: ignore[call-overload]
    return np.asarray(cv2.LUT(steps, _TO_SRGB), np.uint8).reshape(linear.shape)


def darkest(pixels_u8: U8) -> U8:
    """(H, W): each pixel's lowest channel.  Ten times as fast as `min(axis=2)`."""
    r, g, b = cv2.split(pixels_u8)
    return np.asarray(cv2.min(cv2.min(r, g), b), np.uint8)


def brightest(pixels_u8: U8) -> U8:
    """(H, W): each pixel's highest channel."""
    r, g, b = cv2.split(pixels_u8)
    return np.asarray(cv2.max(cv2.max(r, g), b), np.uint8)


def thrice(plane: F32) -> F32:
    """(H, W) to (H, W, 3): NumPy multiplies like shapes several times as fast as it broadcasts channels."""
    return np.asarray(cv2.merge([plane, plane, plane]), np.float32)


def hex_to_linear(colour: str) -> F32:
    """`#rrggbb` to a linear (3,) colour."""
    return _TO_LINEAR[[int(colour[i : i + 2], 16) for i in (1, 3, 5)]]


_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _XYZ.sum(axis=1)  # D65, so that R = G = B is exactly neutral


def luminance(linear: F32) -> F32:
    """(H, W, 3) linear to (H, W) relative luminance Y."""
    return np.asarray(cv2.transform(linear, _XYZ[1:2].astype(np.float32)), np.float32).reshape(linear.shape[:2])


def lab(pixels_u8: U8) -> F32:
    """(…, 3) sRGB bytes to CIELAB, D65, float32.  CIE 15:2004."""
    t = _TO_LINEAR[pixels_u8] @ (_XYZ / _WHITE[:, None]).T.astype(np.float32)
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1).astype(
        np.float32
    )


def delta_e00(one: F32, other: F32) -> F32:
    """Colour difference of two (…, 3) CIELAB arrays.  Sharma, Wu, Dalal 2005."""
    l1, a1, b1 = np.moveaxis(one.astype(np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(other.astype(np.float64), -1, 0)
    c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 1.5 - 0.5 * np.sqrt(c7 / (c7 + 25.0**7))
    a1, a2 = a1 * g, a2 * g
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    dl, dc = l2 - l1, c2 - c1
    gray = c1 * c2 == 0
    turn = h2 - h1  # the short way round; at exactly half a turn either way gives the same difference
    dh = np.where(gray, 0, np.where(np.abs(turn) > 180, turn - np.copysign(360, turn), turn))
    dh_term = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh / 2))
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    hm = np.where(gray, h1 + h2, (h1 + dh / 2) % 360)
    t = (
        1
        - 0.17 * np.cos(np.radians(hm - 30))
        + 0.24 * np.cos(np.radians(2 * hm))
        + 0.32 * np.cos(np.radians(3 * hm + 6))
        - 0.20 * np.cos(np.radians(4 * hm - 63))
    )
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    rt = -np.sin(np.radians(60 * np.exp(-(((hm - 275) / 25) ** 2)))) * 2 * np.sqrt(cm**7 / (cm**7 + 25.0**7))
    squared = (dl / sl) ** 2 + (dc / sc) ** 2 + (dh_term / sh) ** 2 + rt * (dc / sc) * (dh_term / sh)
    return np.asarray(np.sqrt(np.maximum(squared, 0)), np.float32)


def srgb_profile() -> bytes:
    """The ICC profile that is written into every file (littleCMS's sRGB, with its creation date fixed)."""
    return resources.files("packshot").joinpath("profiles", "srgb.icc").read_bytes()


def profile_name(profile: bytes) -> str:
    """A profile's own name; empty when it cannot be read."""
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
    except (ImageCms.PyCMSError, OSError, TypeError):
        return ""


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    # No one-pixel cache: a transform is shared by threads.  Black-point compensation as every viewer does.
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOCACHE
    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile())),
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=flags,
    )


@lru_cache(maxsize=16)
def _changes_nothing(profile: bytes) -> bool:
    """Whether an RGB profile moves no colour of a 9 × 9 × 9 grid by more than one level."""
    grid = np.stack(np.meshgrid(*[np.linspace(0, 255, 9).round()] * 3), -1).astype(np.uint8).reshape(27, 27, 3)
    moved = np.asarray(ImageCms.applyTransform(Image.fromarray(grid), _transform(profile, "RGB")))
    return bool(np.abs(moved.astype(int) - grid).max() <= 1)


def into_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert an RGB, L, CMYK or LAB picture from `profile` to sRGB.  Raises PyCMSError where they do not match."""
    if picture.mode == "RGB" and _changes_nothing(profile):
        return picture
    converted = ImageCms.applyTransform(picture, _transform(profile, picture.mode))
    if converted is None:
        raise ImageCms.PyCMSError("no picture came back")
    return converted


def from_lab(picture: Image.Image) -> Image.Image:
    """A CIELAB picture, which needs no profile, in sRGB.  Raises PyCMSError."""
    converted = ImageCms.profileToProfile(
        picture, ImageCms.createProfile("LAB"), ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile())), outputMode="RGB"
    )
    if converted is None:
        raise ImageCms.PyCMSError("no picture came back")
    return converted
