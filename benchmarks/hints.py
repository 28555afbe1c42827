"""How many clicks does a spoilt matte take?  An automatic clicker clicks three times into the largest mistake.

Each exact matte is spoilt in six known ways: a round part of it missing (at two places), a round piece of backdrop
stuck to it (at two), a pedestal fused to its foot, its inner third missing.  Printed, as means over the photos, after
0 to 3 clicks: IoU, and the mean error × 1000 within 10 pixels of the exact outline at 1024 pixels.

python benchmarks/hints.py --photos FOLDER --exact FOLDER [--blind] [--pictures FOLDER]

FOLDER/<name>.jpg, and FOLDER/<name>/alpha.png or FOLDER/<name>.png.  --blind: the model answers nothing, so that
edges alone decide.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.image import read
from packshot.model import Hints, Matter, prompted_matte
from packshot.models.hint_prompter import HintPrompter
from packshot.models.local import local_matter, prepare_process
from packshot.settings import Limits, Settings

U8 = NDArray[np.uint8]
SIDE, CLICKS = 1024, 3


class Blind:
    """A matter that sees no product."""

    def __init__(self, matter: Matter) -> None:
        self.card, self.engine = matter.card, matter.engine

    def matte(self, pixels_u8: U8) -> NDArray[np.float32]:
        return np.zeros((64, 64), np.float32)

    rough = matte


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--exact", type=Path, required=True)
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--pictures", type=Path, help="where each last matte is laid over magenta")
    options = parser.parse_args()
    prepare_process()
    matter = local_matter(Settings())
    prompter = HintPrompter(Blind(matter) if options.blind else matter)
    rows: dict[str, list[list[tuple[float, float]]]] = defaultdict(list)
    seconds: list[float] = []
    for name, pixels, exact in _photos(options.photos, options.exact):
        for way, start in spoilt(exact):
            matte, keep, remove = start, [], []
            row = [_scores(matte, exact)]
            for _ in range(CLICKS):
                point, on_product = next_click(matte, exact)
                (keep if on_product else remove).append(point)
                began = time.process_time()
                matte = prompted_matte(prompter, pixels, Hints(keep=tuple(keep), remove=tuple(remove)), start=start)
                seconds.append(time.process_time() - began)
                row.append(_scores(matte, exact))
            rows[way].append(row)
            if options.pictures:
                _picture(options.pictures / f"{name}-{way.replace(' ', '-')}.png", pixels, matte)
    print("| spoilt | " + " | ".join(f"IoU {n}" for n in range(CLICKS + 1))
          + " | " + " | ".join(f"edge {n}" for n in range(CLICKS + 1)) + " | clicks to 0.95 |")  # fmt: skip
    for way, of_way in [*rows.items(), ("all", [row for some in rows.values() for row in some])]:
        table = np.array(of_way)  # (photos, clicks + 1, 2)
        mean = table.mean(axis=0)
        needed = [next((n for n, score in enumerate(row[:, 0]) if score >= 0.95), CLICKS + 1) for row in table]
        print(f"| {way} | " + " | ".join(f"{v:.3f}" for v in mean[:, 0]) + " | "
              + " | ".join(f"{v:.0f}" for v in mean[:, 1]) + f" | {np.mean(needed):.1f} |")  # fmt: skip
    print(f"CPU-seconds a click, all hints anew: median {np.median(seconds):.2f}, most {max(seconds):.2f}")


def _photos(photos: Path, exact: Path) -> Iterator[tuple[str, U8, U8]]:
    for file in sorted(photos.glob("*.jpg")):
        truth = next(p for p in (exact / file.stem / "alpha.png", exact / f"{file.stem}.png") if p.is_file())
        pixels = read(file.read_bytes(), file.name, limits=Limits()).pixels
        alpha = cv2.imread(str(truth), cv2.IMREAD_UNCHANGED)
        alpha = (alpha.astype(np.float32) / (65535 if alpha.dtype == np.uint16 else 255) * 255).astype(np.uint8)
        scale = SIDE / max(alpha.shape)
        size = round(alpha.shape[1] * scale), round(alpha.shape[0] * scale)
        small = (
            np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_AREA), np.uint8) for layer in (pixels, alpha)
        )
        yield (file.stem, *small)


def spoilt(exact: U8) -> Iterator[tuple[str, U8]]:
    """The exact matte, made worse in known ways."""
    left, top, width, height = cv2.boundingRect((exact > 127).astype(np.uint8))
    y, x = np.mgrid[: exact.shape[0], : exact.shape[1]]
    x, y = (x - left) / width, (y - top) / height
    aspect = width / height, height / width
    sx, sy = (1.0, min(1.0, aspect[1])) if aspect[0] < 1 else (min(1.0, aspect[0]), 1.0)

    def disc(cx: float, cy: float, radius: float) -> NDArray[np.bool_]:
        return np.asarray(np.hypot((x - cx) * sx, (y - cy) * sy) < radius)

    for cx, cy in ((0.2, 0.15), (0.8, 0.85)):
        yield "a part missing", np.where(disc(cx, cy, 0.3), 0, exact).astype(np.uint8)
    for cx, cy in ((-0.02, 0.6), (1.02, 0.3)):
        yield "backdrop stuck to it", np.where(disc(cx, cy, 0.25), 255, exact).astype(np.uint8)
    foot = (x > -0.15) & (x < 1.15) & (y > 0.95) & (y < 1.2)
    yield "a pedestal fused to it", np.where(foot, 255, exact).astype(np.uint8)
    yield "a third missing", np.where((y > 0.35) & (y < 0.65), 0, exact).astype(np.uint8)


def next_click(matte: U8, exact: U8) -> tuple[tuple[float, float], bool]:
    """The point deepest inside the largest connected mistake, and whether it lies on the product."""
    found = []
    for on_product, wrong in ((True, (exact > 127) & (matte <= 127)), (False, (exact <= 127) & (matte > 127))):
        _, labels, stats, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8))
        label = int(stats[1:, cv2.CC_STAT_AREA].argmax()) + 1 if len(stats) > 1 else 0
        if label:
            found.append((int(stats[label, cv2.CC_STAT_AREA]), on_product, labels == label))
    if not found:
        row, column = np.argwhere(exact > 127)[0]
        return (float(column), float(row)), True
    _, on_product, mistake = max(found, key=lambda one: one[0])
    depth = cv2.distanceTransform(np.pad(mistake, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return (float(column), float(row)), on_product


def _scores(matte: U8, exact: U8) -> tuple[float, float]:
    a, b = matte > 127, exact > 127
    rim = cv2.morphologyEx(b.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((21, 21), np.uint8)) > 0
    wrong = np.abs(matte.astype(np.float32) - exact)[rim].mean() / 255 * 1000
    return float((a & b).sum() / (a | b).sum()), float(wrong)


def _picture(path: Path, pixels: U8, matte: U8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = matte[..., None] / np.float32(255)
    shown = pixels * part + np.array([255, 0, 255], np.float32) * (1 - part)
    cv2.imwrite(str(path), np.ascontiguousarray(shown.astype(np.uint8)[..., ::-1]))


if __name__ == "__main__":
    main()
