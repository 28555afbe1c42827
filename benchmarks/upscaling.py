"""What enlarging costs, and what it does to letters.

    python benchmarks/upscaling.py            seconds a tile and a megapixel, memory, and made labels
    python benchmarks/upscaling.py PHOTO…     the same letters' figures on photos, shrunk first: --shrink 3

Each photo's result is written under what interpolation gives, over white and black: out/upscaling/<name>.png.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from packshot.colour import to_srgb
from packshot.image import read
from packshot.model import OVERLAP_PX, Upscaler, enlarge_in_tiles, tiles_of
from packshot.models.local import local_matter, local_upscaler, prepare_process, threads
from packshot.ops import upscale
from packshot.ops.fine_print import print_loss
from packshot.settings import Limits, Settings
from packshot.step import premultiplied
from packshot.steps import Segment, Upscale

U8 = NDArray[np.uint8]
WORDS = ("INGREDIENTS", "water", "sugar", "citric acid", "250 ml", "best before", "see lid", "store cool", "SERVING")
TYPE_PX = (7, 9, 12)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", nargs="*", type=Path)
    parser.add_argument("--shrink", type=int, default=1)
    options = parser.parse_args()
    prepare_process()
    settings = Settings()
    upscaler = local_upscaler(settings)
    if upscaler is None:
        raise SystemExit("The model that enlarges is not installed.")
    print(f"{upscaler.card.id} on {upscaler.engine}, {threads(settings)} threads")
    if options.photos:
        for path in options.photos:
            _photo(path, options.shrink, upscaler, settings)
        return
    _cost(upscaler)
    _labels(upscaler)


def _cost(upscaler: Upscaler) -> None:
    tile = np.random.default_rng(0).integers(0, 256, (upscaler.side, upscaler.side, 3), np.uint8)
    start = time.perf_counter()
    upscaler.upscale(tile)
    first = time.perf_counter() - start
    start, used = time.perf_counter(), time.process_time()
    upscaler.upscale(tile)
    wall, cpu = time.perf_counter() - start, time.process_time() - used
    useful = (upscaler.side - OVERLAP_PX) ** 2 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"first tile, compiling included: {first:.1f} s; a tile: {wall:.1f} s, {cpu:.1f} CPU-s")
    print(
        f"a megapixel of product: {wall / useful:.0f} s, {cpu / useful:.0f} CPU-s; peak of the process {peak:.0f} MiB"
    )


def _labels(upscaler: Upscaler) -> None:
    """Of each size of type: windows of print, and how many were lost: drawn by the model, and drawn right."""
    whole = np.full((256, 256), 255, np.uint8)
    for ink, paper in (((20, 20, 30), (240, 238, 230)), ((250, 240, 220), (30, 80, 60))):
        for px in TYPE_PX:
            small, large = _label(px, ink, paper)
            drawn = enlarge_in_tiles(upscaler, small, factor=4, visible=whole > 0)
            by_model, right = (
                print_loss(small, upscale.with_photo_colours(drawn, small), whole),
                print_loss(small, large, whole),
            )
            print(f"type of {px:2} px on {paper}: {by_model.windows} windows, lost {by_model.lost}, "
                  f"drawn right {right.lost}")  # fmt: skip


def _label(px: int, ink: tuple[int, int, int], paper: tuple[int, int, int]) -> tuple[U8, U8]:
    """A label as a camera would keep it (256 px, JPEG), and the same four times as large."""
    random = np.random.default_rng(px)
    result = Image.new("RGB", (1024, 1024), paper)
    draw = ImageDraw.Draw(result)
    for y in range(24, 1000, round(px * 4 * 1.4)):
        draw.text((32, y), " ".join(random.choice(WORDS, 12)), fill=ink, font=ImageFont.load_default(px * 4))
    small = np.asarray(result.resize((256, 256), Image.Resampling.LANCZOS), np.uint8)
    _, jpeg = cv2.imencode(".jpg", small[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 88))
    return np.ascontiguousarray(cv2.imdecode(jpeg, 1)[..., ::-1]), np.asarray(result, np.uint8)


def _photo(path: Path, shrink: int, upscaler: Upscaler, settings: Settings) -> None:
    content = path.read_bytes()
    if shrink > 1:
        whole = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        less = cv2.resize(whole, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
        content = cv2.imencode(".jpg", less, (cv2.IMWRITE_JPEG_QUALITY, 92))[1].tobytes()
    cutout = Segment().run(read(content, path.name, limits=Limits()), local_matter(settings))
    step = Upscale()
    start = time.perf_counter()
    drawn = step.run(cutout, upscaler).enlarged
    assert drawn is not None
    took = time.perf_counter() - start
    left, top, right, bottom = drawn.box
    size = (drawn.matte.shape[1], drawn.matte.shape[0])
    plain = cv2.resize(cutout.foreground()[top:bottom, left:right], size, interpolation=cv2.INTER_LANCZOS4)
    soft = cv2.resize(cutout.matte[top:bottom, left:right], size, interpolation=cv2.INTER_LANCZOS4)
    rows = [np.hstack([_over(p, m, grey) for grey in (1.0, 0.0)]) for p, m in
            ((plain, soft), (drawn.pixels, drawn.matte))]  # fmt: skip
    target = Path("out/upscaling") / f"{path.stem}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(target), np.vstack(rows)[..., ::-1])
    words = "; ".join(f"{f.check} {f.verdict} {f.value}" for f in drawn.findings) or "no print"
    print(f"{path.name}: {right - left} × {bottom - top} px in {took:.0f} s, "
          f"{len(tiles_of(upscaler, cutout.matte[top:bottom, left:right] > 0))} tiles; {words}")  # fmt: skip


def _over(pixels: U8, matte: U8, grey: float) -> U8:
    product, cover = premultiplied(np.asarray(pixels, np.uint8), np.asarray(matte, np.uint8))
    return to_srgb(np.clip(product + (1 - cover[..., None]) * np.float32(grey), 0, 1).astype(np.float32))


if __name__ == "__main__":
    main()
