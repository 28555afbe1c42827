"""ICC profiles made by hand, so that colour tests need none of the machine's."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

D50 = (0.9642, 1.0, 0.8249)
# Bradford, D65 → D50, and the primaries' chromaticities, of the profiles' own specifications.
_BRADFORD = np.array([[1.0478, 0.0229, -0.0501], [0.0295, 0.9905, -0.0171], [-0.0092, 0.0150, 0.7521]])
_D65 = np.array([0.3127 / 0.3290, 1.0, 0.3583 / 0.3290])
PRIMARIES = {
    "Display P3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # SMPTE EG 432-1 with D65
    "Adobe RGB (1998)": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
    "sRGB": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
}
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def rgb_profile(name: str) -> bytes:
    """A matrix profile: Adobe RGB with its gamma of 563/256, the others with sRGB's curve."""
    columns = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in PRIMARIES[name]]).T
    to_xyz = _BRADFORD @ (columns * np.linalg.solve(columns, _D65))
    curve = _para(563 / 256) if name.startswith("Adobe") else _para(*SRGB_CURVE)
    tags = [(b"wtpt", _xyz(D50))]
    for letter, column in zip(b"rgb", to_xyz.T, strict=True):
        tags += [(bytes([letter]) + b"XYZ", _xyz(column)), (bytes([letter]) + b"TRC", curve)]
    return _profile(name, b"mntr", b"RGB ", b"XYZ ", tags)


def gray_profile(gamma: float = 1.8) -> bytes:
    return _profile("Gray", b"mntr", b"GRAY", b"XYZ ", [(b"wtpt", _xyz(D50)), (b"kTRC", _para(gamma))])


def cmyk_profile() -> bytes:
    """An idle press: full ink darkens by multiplication.  A table of 16 corners, in between them linear in Lab."""
    corners = np.indices((2,) * 4).reshape(4, -1).T
    table = np.array([_ink(corner) for corner in corners])
    encoded = np.round(np.stack([table[:, 0] * 2.55, table[:, 1] + 128, table[:, 2] + 128], 1)).astype(np.uint8)
    ramp = bytes(range(256))
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + struct.pack(">9i", *(np.eye(3).ravel() * 65536).astype(int))
    lut += ramp * 4 + encoded.tobytes() + ramp * 3
    return _profile("Press", b"prtr", b"CMYK", b"Lab ", [(b"wtpt", _xyz(D50)), (b"A2B0", lut), (b"A2B1", lut)])


def _ink(corner: NDArray[np.int64]) -> tuple[float, float, float]:
    cyan, magenta, yellow, key = corner
    lightness = 95 * 0.6**cyan * 0.55**magenta * 0.93**yellow * 0.2**key
    return lightness, float(-35 * cyan + 70 * magenta) * 0.2**key, float(-45 * cyan + 85 * yellow) * 0.2**key


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: tuple[float, ...] | NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(_fixed(float(v)) for v in values)


def _para(*values: float) -> bytes:
    return b"para" + bytes(4) + struct.pack(">HH", 0 if len(values) == 1 else 3, 0) + b"".join(map(_fixed, values))


def _text(words: str) -> bytes:
    encoded = words.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II", 1, 12) + b"enUS" + struct.pack(">II", len(encoded), 28) + encoded


def _profile(name: str, kind: bytes, space: bytes, connection: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    tags = [(b"desc", _text(name)), (b"cprt", _text("none")), *tags]
    directory, held, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, content in tags:
        content += bytes(-len(content) % 4)
        directory += tag + struct.pack(">II", at + len(held), len(content))
        held += content
    head = struct.pack(">I", at + len(held)) + bytes(4) + bytes([4, 0x30, 0, 0]) + kind + space + connection
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + b"".join(map(_fixed, D50))
    return head.ljust(128, b"\0") + directory + held
