"""What rendered sets cost, and whether the short way looks like the full render.

python benchmarks/sets.py plates      CPU and memory of a plate of 2048², each set in a process of its own
python benchmarks/sets.py products    CPU of one more product in a set whose plate is kept, by step
python benchmarks/sets.py previews    wall of a 512² preview in a new process: nothing kept, and with its plate kept
python benchmarks/sets.py alike       ΔE00 of plate × ratio against the set rendered with the product, on ten pairs
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from packshot.channel import channel
from packshot.colour import delta_e00, lab, to_srgb
from packshot.finish import encoder
from packshot.image import Metadata, read
from packshot.models.here import matter_here, prepare_process
from packshot.pipeline import Geometry, compose, cut_out
from packshot.renderers.here import stage_here
from packshot.scenes import SETS
from packshot.settings import Settings
from packshot.step import Cutout, Tools
from packshot.stopwatch import Stopwatch
from packshot.template import template

SAMPLES = Path(__file__).parents[1] / "samples"
PRODUCTS = ("can", "mug", "bag", "bottle", "bear", "jar")
SIDE = 2048
PAIRS = (("marble", "can"), ("marble", "bear"), ("oak", "jar"), ("oak", "bag"), ("podium", "mug"), ("podium", "can"),
         ("sweep", "bottle"), ("sweep", "bear"), ("linen", "mug"), ("white", "jar"))  # fmt: skip


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def cutouts(settings: Settings) -> dict[str, Cutout]:
    prepare_process()
    matter = matter_here(settings)
    found = {}
    for name in PRODUCTS:
        path = next(SAMPLES.glob(f"{name}*.jpg"))
        photo = read(path.read_bytes(), path.name, limits=settings.limits)
        found[name] = cut_out(photo, matter=matter, store=None, watch=Stopwatch())
    return found


def plate(id: str) -> dict[str, Any]:
    """One plate, here and now."""
    from packshot.scene import Shot

    with tempfile.TemporaryDirectory() as folder:
        stage = stage_here(Settings().model_copy(update={"plate_cache_bytes": 2**31}))
        object.__setattr__(stage, "_folder", Path(folder))
        shot = Shot(id, SETS[id].pitches[min(1, len(SETS[id].pitches) - 1)], 0.78, 1.0)
        before, start = cpu(), time.perf_counter()
        stage.plate(shot, (SIDE, SIDE))
        return {"set": id, "cpu_s": cpu() - before, "wall_s": time.perf_counter() - start, "peak_gib": peak_gib()}


def plates() -> None:
    for id, one in SETS.items():
        if not one.pure_white:
            made = _apart("plate", id)
            print(f"| {id} | {made['cpu_s']:.0f} | {made['wall_s']:.0f} | {made['peak_gib']:.2f} |", flush=True)


def products() -> None:
    """The plate and the scene are kept after a first product; then each step's CPU, median over the others."""
    settings = Settings()
    cuts, stage = cutouts(settings), stage_here(settings)
    spent: dict[str, float] = {}

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any, **named: Any) -> Any:
            before = cpu()
            try:
                return function(*given, **named)
            finally:
                spent[name] = spent.get(name, 0) + cpu() - before

        return wrapped

    from packshot import fit
    from packshot.steps import rendered

    rendered.fit = timed("fit", fit.fit)  # type: ignore[assignment]
    rendered.proxy = timed("body", rendered.proxy)  # type: ignore[assignment]
    stage.ratio = timed("ratio", stage.ratio)  # type: ignore[method-assign]
    stage.plate = timed("plate", stage.plate)  # type: ignore[method-assign]
    web = channel("shopify").model_copy(update={"format": "jpeg"})
    heads = ("set", "fit", "body", "ratio", "plate", "rest of generate", "flatten", "JPEG", "all")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for id in SETS:
        look = template(id).with_options({"height": "eye"} if "height" in template(id).options else {})
        look = look.with_options({"softness": "normal"})
        rows = []
        for turn in range(2):  # the first round brings plates and scenes
            for cut in cuts.values():
                spent.clear()
                before = cpu()
                made = compose(cut, Geometry((SIDE, SIDE), look.steps), tools=Tools({}, stage=stage), watch=Stopwatch())
                composed = cpu() - before
                before = cpu()
                pixels = made.flatten()
                flat = cpu() - before
                before = cpu()
                encoder(web).run(pixels, Metadata())
                jpeg = cpu() - before
                if turn:
                    parts = [spent.get(name, 0) for name in ("fit", "body", "ratio", "plate")]
                    rows.append([*parts, composed - sum(parts), flat, jpeg, composed + flat + jpeg])
        middle = np.median(np.array(rows), axis=0)
        print(f"| {id} | " + " | ".join(f"{value:.2f}" for value in middle) + " |", flush=True)


def preview(kept: str) -> dict[str, Any]:
    """A can in a set at 512², in this new process.  kept: a folder of plates."""
    id, _, folder = kept.partition("@")
    settings = Settings()
    (cut,) = [cutouts(settings)["can"]]
    stage = stage_here(settings)
    object.__setattr__(stage, "_folder", Path(folder))
    walls = []
    for _ in range(2):
        start = time.perf_counter()
        compose(
            cut, Geometry((512, 512), template(id).steps), tools=Tools({}, stage=stage), watch=Stopwatch()
        ).flatten()
        walls.append(time.perf_counter() - start)
    return {"first": walls[0], "next": walls[1]}


def previews() -> None:
    print(
        "| set | new process, nothing kept, s | new process, plate kept | warm process, plate kept |\n|---|---|---|---|"
    )
    for id in SETS:
        with tempfile.TemporaryDirectory() as folder:
            cold, kept = (_apart("preview", f"{id}@{folder}") for _ in range(2))
            print(f"| {id} | {cold['first']:.1f} | {kept['first']:.1f} | {kept['next']:.2f} |", flush=True)


def alike() -> None:
    """Both ways at 1024², the full one with twice the samples; told over all that the product does not hide."""
    from packshot.renderers import mitsuba
    from packshot.renderers.denoise import denoised
    from packshot.steps import rendered

    settings = Settings()
    cuts, stage = cutouts(settings), stage_here(settings)
    stage.plate(_first_shot("sweep"), (64, 64))  # starts the engine
    renderer = stage._engine()
    assert isinstance(renderer, mitsuba.MitsubaRenderer)
    caught: dict[str, Any] = {}
    plain = stage.ratio

    def catching(shot: Any, body: Any, *, wanted: Any) -> Any:
        caught.update(shot=shot, body=body)
        return plain(shot, body, wanted=wanted)

    stage.ratio = catching  # type: ignore[method-assign]
    rendered.CONTACT = 0.0  # the crease is ours, on top of either
    print("| set | product | ΔE00 mean | p95 | p95 where the product changes the set |\n|---|---|---|---|---|")
    size, spp = (1024, 1024), 24
    for id, name in PAIRS:
        made = compose(cuts[name], Geometry(size, template(id).steps), tools=Tools({}, stage=stage), watch=Stopwatch())
        shot, body = caught["shot"], caught["body"]
        scene = mitsuba._Scene(SETS[id].build(shot, 1024.0))
        empty = denoised(renderer._trace(scene, shot.camera, size, spp))
        scene.stand(body)
        full = denoised(renderer._trace(scene, shot.camera, size, spp, wanted=np.ones(size, np.bool_)))
        assert made.ratio is not None and made.plate is not None
        left, top, right, bottom = made.ratio.box
        short = np.ones((*size, 3), np.float32)
        short[top:bottom, left:right] = made.ratio.values
        mirrored = " right " in f" {made.plate_mark} "
        true = full / np.maximum(empty, 1e-4)
        true = true[:, ::-1] if mirrored else true
        if SETS[id].pure_white:
            true = np.minimum(0.5 * true + 0.5 * true.mean(2, keepdims=True), 1)
        seen = made.canvas_matte() < 8
        one, two = (
            lab(to_srgb(np.ascontiguousarray(np.clip(made.plate * r, 0, 1).astype(np.float32)))) for r in (short, true)
        )
        apart = delta_e00(one, two)
        where = seen & (np.abs(cv2.blur(true.mean(2), (9, 9)) - 1) > 0.03)
        print(f"| {id} | {name} | {apart[seen].mean():.2f} | {np.percentile(apart[seen], 95):.2f} "
              f"| {np.percentile(apart[where], 95):.2f} |", flush=True)  # fmt: skip


def _first_shot(id: str) -> Any:
    from packshot.scene import Shot

    return Shot(id, SETS[id].pitches[0], 0.78, 1.0)


def _apart(what: str, argument: str) -> dict[str, Any]:
    said = subprocess.run([sys.executable, __file__, what, argument], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("what", choices=("plates", "products", "previews", "alike", "plate", "preview"))
    wanted.add_argument("of", nargs="?", default="")
    asked = wanted.parse_args()
    if asked.what in ("plate", "preview"):
        print(json.dumps((plate if asked.what == "plate" else preview)(asked.of)))
    else:
        {"plates": plates, "products": products, "previews": previews, "alike": alike}[asked.what]()
