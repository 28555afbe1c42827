"""Write a ZIP of photos for a service with fake models, which take the disc in the middle for the product:
`planted.py OUT.zip COUNT PLANTED`. The last PLANTED of them are blurred, or far too small."""

from __future__ import annotations

import sys
import zipfile

import cv2
import numpy as np


def photo(number: int, side: int, blur: float) -> bytes:
    chance = np.random.default_rng(number)
    y, x = np.ogrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    matte = np.clip((0.7 - np.hypot(x, y)) * side / 2 + 0.5, 0, 1)[..., None]
    blots = cv2.resize(
        chance.integers(40, 170, (9, 9, 3)).astype(np.uint8), (side, side), interpolation=cv2.INTER_CUBIC
    )
    pixels = (blots * 0.6 + chance.integers(40, 150, 3) * 0.4) * matte + (1 - matte) * 238
    shown = pixels.astype(np.uint8)
    if blur:
        shown = cv2.GaussianBlur(shown, (0, 0), blur)
    return cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 93])[1].tobytes()


path, count, planted = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with zipfile.ZipFile(path, "w") as archive:
    for number in range(count):
        bad = number >= count - planted
        side, blur = ((200, 0.0) if number % 2 else (900, 9.0)) if bad else (900, 0.0)
        archive.writestr(f"{'BAD' if bad else 'SKU'}-{number:04}.jpg", photo(number, side, blur))
