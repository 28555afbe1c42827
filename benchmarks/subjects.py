"""Which pictures are asked “Is this a product photo?”: rendered screens, drawings and documents against product photos.

python benchmarks/subjects.py --photos FOLDER… --made FOLDER… [--chromium PATH] [--each 8]

--photos: real and rendered product photos.  --made: what `packshot shoot` made of them, by any template.
Halves are by source: all variants of one photo, and all photos of one product, are in the same.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from not_photos import Pixels, on_white, photographed, saved, scanned, sources
from packshot.image import Photo, read
from packshot.settings import Limits
from packshot.steps.analyse import photo_flags

READ = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True, slots=True)
class Shown:
    """source: what its half follows from.  row: of the table.  variant: how it arrives."""

    source: str
    row: str
    variant: str
    pixels: Pixels
    quality: int | None = None

    @property
    def half(self) -> str:
        return ("chosen on", "judged by")[hashlib.sha256(self.source.encode()).digest()[0] % 2]


def asked(shown: Shown) -> bool:
    pixels = np.ascontiguousarray(shown.pixels)
    photo = Photo(shown.source, pixels, None, "", "JPEG", "sRGB", 0, b"", b"", jpeg_quality=shown.quality)
    return any(finding.check == "subject" for finding in photo_flags(photo))


def grayed(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def products(folders: list[Path], made: list[Path]) -> Iterator[Shown]:
    for path in sorted(path for folder in folders for path in folder.iterdir() if path.suffix in READ):
        pixels, name = _pixels(path), _product(path)
        longest = max(pixels.shape)
        yield Shown(name, "product photos", "as it is", pixels)
        yield Shown(name, "product photos", "gray", grayed(pixels))
        yield Shown(name, "product photos", "900 px, JPEG 40", saved(pixels, 40, min(1, 900 / longest)), 40)
        yield Shown(name, "product photos", "500 px, JPEG 20", saved(pixels, 20, min(1, 500 / longest)), 20)
    for path in sorted(
        path for folder in made for path in folder.rglob("*") if path.suffix in READ and "thumb" not in str(path)
    ):
        pixels, name = _pixels(path), _product(path)
        yield Shown(name, "packshots", path.parent.name, pixels)
        yield Shown(name, "packshots", f"{path.parent.name}, gray", grayed(pixels))


def others(chromium: str, photos: list[Path], *, each: int) -> Iterator[Shown]:
    """Screens, drawings and documents; and packages and books, which are products."""
    for source in sources(chromium, photos, each=each):
        rng, pixels = random.Random(source.name), source.pixels
        ground = np.asarray(cv2.GaussianBlur(_pixels(rng.choice(photos)), (0, 0), 12), np.uint8)
        if rng.random() < 0.5:
            ground = np.full((64, 64, 3), rng.randint(90, 235), np.uint8)
        if source.kind in ("packaging", "book"):
            row = "packages and books"
            near = photographed(pixels, rng, ground, fill=rng.uniform(0.5, 0.85))
            far = photographed(pixels, rng, ground, fill=rng.uniform(0.4, 0.7))
            yield Shown(source.name, row, "photographed", saved(near, 88), 88)
            yield Shown(source.name, row, "photographed, small", saved(far, 80, 0.6), 80)
            yield Shown(source.name, row, "on white", on_white(pixels, rng))
            continue
        row = f"{source.kind}s"
        yield Shown(source.name, row, "as it is", pixels)
        yield Shown(source.name, row, "JPEG 80", saved(pixels, 80), 80)
        yield Shown(source.name, row, "at 0.6, JPEG 75", saved(pixels, 75, 0.6), 75)
        if source.kind == "document":
            yield Shown(source.name, row, "scanned", saved(scanned(pixels, rng), 80), 80)
        page = photographed(pixels, rng, ground, fill=rng.uniform(0.9, 1.15))
        yield Shown(source.name, f"{row}, photographed", "photographed", saved(page, 85), 85)


def _pixels(path: Path) -> Pixels:
    return read(path.read_bytes(), path.name, limits=Limits()).pixels


def _product(path: Path) -> str:
    """Photos of one product have one name up to a hyphen, rendered ones a number before it."""
    return re.sub(r"^\d+_", "", path.name.split(".")[0]).split("-")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, nargs="+", required=True)
    parser.add_argument("--made", type=Path, nargs="+", default=[])
    parser.add_argument("--chromium", default="chromium")
    parser.add_argument("--each", type=int, default=8)
    wanted = parser.parse_args()
    photos = sorted(path for folder in wanted.photos for path in folder.iterdir() if path.suffix in READ)
    seen: Counter[tuple[str, str]] = Counter()
    hits: Counter[tuple[str, str]] = Counter()
    for shown in (*products(wanted.photos, wanted.made), *others(wanted.chromium, photos, each=wanted.each)):
        key = shown.row, shown.half
        seen[key] += 1
        if asked(shown):
            hits[key] += 1
            if shown.row in ("product photos", "packshots", "packages and books"):
                print(f"false: {shown.source}, {shown.variant} ({shown.half})")
    print("\n| | chosen on | asked | judged by | asked |\n|---|---|---|---|---|")
    for row in dict.fromkeys(row for row, _ in seen):
        one, other = (row, "chosen on"), (row, "judged by")
        print(
            f"| {row} | {seen[one]} | {_share(hits[one], seen[one])} "
            f"| {seen[other]} | {_share(hits[other], seen[other])} |"
        )


def _share(hits: int, seen: int) -> str:
    return f"{hits} ({hits / max(seen, 1):.1%})".replace("%", " %")


if __name__ == "__main__":
    main()
