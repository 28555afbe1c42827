"""The golden pictures' one fixture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from packshot.colour import delta_e00, lab

GOLDENS = Path(__file__).parent / "pictures"
Golden = Callable[[str, NDArray[np.uint8]], None]

# The goldens are made and compared in f32, which differs between processors by a level or two at the edge.  bf16 moves
# single edge pixels by up to a tenth of their coverage (a hair of fur by half, so the bear is left out there) and
# nothing inside: a few pixels may differ much, the picture as a whole hardly.
MOST_LEVELS, LEAST_PSNR, MOST_MEAN_DELTA_E = 64, 40.0, 0.15


@pytest.fixture
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Golden:
    """Hold pixels against the picture of that name; --update-goldens writes it.  A failure leaves the difference."""

    def compare(name: str, pixels: NDArray[np.uint8]) -> None:
        file = GOLDENS / f"{name}.png"
        if request.config.getoption("--update-goldens"):
            file.parent.mkdir(exist_ok=True)
            Image.fromarray(pixels).save(file, "PNG", optimize=True)
            return
        assert file.is_file(), f"there is no golden {file.name}: make it with pytest --update-goldens, and look at it"
        expected = np.asarray(Image.open(file), np.uint8)
        assert pixels.shape == expected.shape
        shown, reference = _shown(pixels), _shown(expected)
        apart = np.abs(np.dstack([shown, pixels[..., 3:]]).astype(int) - np.dstack([reference, expected[..., 3:]]))
        mean_error = float((apart**2).mean())
        psnr = 99.0 if mean_error == 0 else 10 * np.log10(255**2 / mean_error)
        delta = delta_e00(lab(shown), lab(reference))
        good = apart.max() <= MOST_LEVELS and psnr >= LEAST_PSNR and float(delta.mean()) <= MOST_MEAN_DELTA_E
        if not good:
            left = tmp_path / f"{name}-difference.png"
            gain = np.clip(apart[..., :3] * 4, 0, 255).astype(np.uint8)
            Image.fromarray(np.hstack([reference, shown, gain])).save(left)
            pytest.fail(
                f"{name}: up to {apart.max()} levels (limit {MOST_LEVELS}), PSNR {psnr:.1f} dB (limit {LEAST_PSNR}), "
                f"mean ΔE00 {delta.mean():.3f} (limit {MOST_MEAN_DELTA_E}); golden, made and difference: {left}"
            )

    return compare


def _shown(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Transparent parts over gray: a colour that cannot be seen may be any."""
    if pixels.shape[2] == 3:
        return pixels
    a = pixels[..., 3:].astype(np.float32) / 255
    return np.round(pixels[..., :3] * a + 128 * (1 - a)).astype(np.uint8)
