"""All photos of a folder in the six rendered sets, as one small contact sheet for docs/gallery.md.

python benchmarks/gallery.py --photos FOLDER [--only can,bear] [--sets marble,oak] [--tile 180] [--out FILE]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from packshot.compose import compose
from packshot.errors import PackshotError
from packshot.image import read
from packshot.models.local import local_matter, prepare_process
from packshot.pipeline import cut_out
from packshot.rendering.engines.local import local_renderer
from packshot.settings import Settings
from packshot.step import Geometry, StepContext
from packshot.step_timer import StepTimer
from packshot.store import Store
from packshot.template import template

SETS = ("white", "sweep", "marble", "oak", "podium", "linen")
SIDE = 512


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--tile", type=int, default=180)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/gallery.jpg"))
    options = parser.parse_args()
    sets, only = options.sets.split(","), [w for w in options.only.split(",") if w]
    files = sorted(p for p in options.photos.iterdir() if p.suffix.lower() in {".jpg", ".png"})
    files = [p for p in files if not only or any(p.name.startswith(w) for w in only)]
    settings = Settings()
    prepare_process()
    matter, stage, store = local_matter(settings), local_renderer(settings), Store(settings.layers_dir)
    tile = options.tile
    sheet = Image.new("RGB", (tile * len(sets), tile * len(files)), "white")
    cuts = []
    for path in files:
        try:
            photo = read(path.read_bytes(), path.name, limits=settings.limits)
            cuts.append(cut_out(photo, matter=matter, store=store, timer=StepTimer()))
        except PackshotError as refused:
            print(path.name, refused)
    for column, id in enumerate(sets):  # set by set, so that plates and scenes stay warm
        for row, cut in enumerate(cuts):
            geometry = Geometry((SIDE, SIDE), template(id).steps)
            result = compose(cut, geometry, context=StepContext({}, renderer=stage), timer=StepTimer())
            pixels = cv2.resize(result.flatten(), (tile, tile), interpolation=cv2.INTER_AREA)
            unfit = next((f.words for f in result.findings if f.check == "fit"), "")
            sheet.paste(_shown(pixels, refused=bool(unfit)), (tile * column, tile * row))
            print(f"{id:7} {cut.photo.name:32} {result.plate_mark[5:90]:86} {unfit}", flush=True)
    sheet.save(options.out, quality=84, optimize=True)


def _shown(pixels: np.ndarray, *, refused: bool) -> Image.Image:
    if not refused:
        return Image.fromarray(pixels)
    gray = np.repeat(pixels.mean(2, keepdims=True), 3, axis=2) * 0.35 + 255 * 0.65
    picture = Image.fromarray(gray.astype(np.uint8))
    font = ImageFont.load_default(size=max(10, pixels.shape[0] // 13))
    ImageDraw.Draw(picture).text((8, 6), "does not suit", fill=(90, 90, 90), font=font)
    return picture


if __name__ == "__main__":
    main()
