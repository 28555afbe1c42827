"""Makes 12-megapixel photos to measure with, from the six samples: `python benchmarks/inputs.py --count 24`.

Each is its own product for every cache and duplicate check: flipped, shifted, exposed and grained by its index.  The
same index gives the same bytes wherever Pillow and OpenCV are the same.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import IO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from packshot import atomic
from packshot.image import read
from packshot.settings import Limits

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
CACHE = Path(tempfile.gettempdir()) / "packshot-benchmark-inputs"
WIDTH, HEIGHT = 4000, 3000
# Shot noise and read noise of a phone's sensor at ISO 200 as its JPEG shows them, in levels of 255.
SHOT, READ = 2.8, 1.4


def photos(count: int, folder: Path = CACHE, *, first: int = 0) -> list[Path]:
    """Paths of `count` photos, made where they are missing; numbered from `first`."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = sorted(SAMPLES.glob("*.jpg"))
    result = []
    for index in range(first, first + count):
        sample = samples[index % len(samples)]
        path = folder / f"{index:03}-{sample.stem}.jpg"
        if not path.is_file():
            with atomic.opened(path) as out:
                _write(out, _vary(_large(sample), index), portrait=_portrait(sample))
        result.append(path)
    return result


def _upright(sample: Path) -> NDArray[np.uint8]:
    return read(sample.read_bytes(), sample.name, limits=Limits()).pixels


def _portrait(sample: Path) -> bool:
    height, width = _upright(sample).shape[:2]
    return height > width


def _large(sample: Path) -> NDArray[np.uint8]:
    """The sample at twelve megapixels as the sensor lies: a portrait is stored on its side, with its EXIF turn."""
    pixels = _upright(sample)
    if pixels.shape[0] > pixels.shape[1]:
        pixels = np.rot90(pixels)
    return np.asarray(cv2.resize(pixels, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


def _vary(pixels: NDArray[np.uint8], index: int) -> NDArray[np.uint8]:
    draw = np.random.default_rng(index)
    if index // 6 % 2:
        pixels = pixels[:, ::-1]
    across, down = (int(draw.integers(-40, 41)) for _ in range(2))
    moved = np.array([[1, 0, across], [0, 1, down]], np.float32)
    shifted = cv2.warpAffine(np.ascontiguousarray(pixels), moved, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
    light = np.asarray(shifted, np.float32) * np.float32(draw.uniform(0.93, 1.05))
    grain = draw.standard_normal((HEIGHT, WIDTH, 3), dtype=np.float32)
    # A sensor's noise is coarser than a pixel once it was denoised and demosaicked.
    grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), 0.6), np.float32) * np.float32(1.9)
    light += grain * np.sqrt(SHOT**2 * light / 255 + READ**2)
    return np.round(np.clip(light, 0, 255)).astype(np.uint8)


def _write(out: IO[bytes], pixels: NDArray[np.uint8], *, portrait: bool) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Example", "Example Phone 12"
    exif[ExifTags.Base.Orientation] = 6 if portrait else 1
    exif[ExifTags.Base.DateTime] = "2026:11:20 10:00:00"
    exif[ExifTags.Base.Copyright] = "Packshot"
    camera = exif.get_ifd(ExifTags.IFD.Exif)
    camera[ExifTags.Base.ExposureTime], camera[ExifTags.Base.FNumber] = 1 / 100, 1.8
    camera[ExifTags.Base.ISOSpeedRatings], camera[ExifTags.Base.FocalLength] = 200, 5.6
    Image.fromarray(pixels).save(out, "JPEG", quality=92, subsampling="4:2:0", exif=exif)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--folder", type=Path, default=CACHE)
    options = parser.parse_args()
    result = photos(options.count, options.folder)
    size = sum(path.stat().st_size for path in result) / len(result) / 1e6
    print(f"{len(result)} photos of {WIDTH} × {HEIGHT}, {size:.1f} MB each, in {options.folder}")


if __name__ == "__main__":
    main()
