"""What rendered sets cost, and whether the short way looks like the full render.

python benchmarks/sets.py plates      CPU and memory of a plate of 2048², each set in a process of its own
python benchmarks/sets.py products    CPU of one more product in a set whose plate is kept, by step
python benchmarks/sets.py previews    wall of a 512² preview in a new process: nothing kept, and with its plate kept
python benchmarks/sets.py alike       ΔE00 of plate × ratio against the set rendered with the product, on ten pairs
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.channel import channel
from packshot.colour import F32, delta_e00, lab, to_srgb
from packshot.compose import compose
from packshot.image import Metadata, read
from packshot.models.local import local_matter, prepare_process
from packshot.ops import tone
from packshot.ops.composite import solid
from packshot.pipeline import cut_out
from packshot.rendering.camera_match import Overrides, match_camera
from packshot.rendering.engines import llvm
from packshot.rendering.engines.denoise import denoised
from packshot.rendering.engines.local import local_renderer
from packshot.rendering.scene import ProductMesh, SetRenderer, Shot
from packshot.rendering.sets import SETS
from packshot.rendition import encoder
from packshot.settings import Settings, granted_cpus
from packshot.step import Cutout, Geometry, StepContext
from packshot.step_timer import StepTimer
from packshot.steps import rendered
from packshot.template import template

SAMPLES = Path(__file__).parents[1] / "samples"
PRODUCTS = ("can", "mug", "bag", "bottle", "bear", "jar")
SIDE = 2048
PAIRS = (("marble", "can"), ("marble", "bear"), ("oak", "jar"), ("oak", "bag"), ("podium", "mug"), ("podium", "can"),
         ("sweep", "bottle"), ("sweep", "bear"), ("linen", "mug"), ("linen", "bag"))  # fmt: skip


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def cutouts(settings: Settings) -> dict[str, Cutout]:
    prepare_process()
    matter = local_matter(settings)
    found = {}
    for name in PRODUCTS:
        path = next(SAMPLES.glob(f"{name}*.jpg"))
        photo = read(path.read_bytes(), path.name, limits=settings.limits)
        found[name] = cut_out(photo, matter=matter, store=None, timer=StepTimer())
    return found


def plate(id: str) -> dict[str, Any]:
    """One plate, here and now."""
    with tempfile.TemporaryDirectory() as folder:
        stage = local_renderer(Settings().model_copy(update={"cache_dir": Path(folder)}))
        pitches = SETS[id].pitches
        before, start = cpu(), time.perf_counter()
        stage.plate(Shot(id, pitches[min(1, len(pitches) - 1)], 0.78, 1.0), (SIDE, SIDE))
        return {"set": id, "cpu_s": cpu() - before, "wall_s": time.perf_counter() - start, "peak_gib": peak_gib()}


def plates() -> None:
    for id, one in SETS.items():
        if not one.pure_white:
            result = _apart("plate", id)
            print(f"| {id} | {result['cpu_s']:.0f} | {result['wall_s']:.0f} | {result['peak_gib']:.2f} |", flush=True)


class Watched:
    """A render stage that notes what it is asked for and the CPU it takes; plates may be replaced by an even gray."""

    def __init__(self, stage: SetRenderer, *, even: bool = False) -> None:
        self._stage, self._even = stage, even
        self.sets, self.notes = stage.sets, stage.notes
        self.spent: dict[str, float] = {}
        self.request: tuple[Shot, ProductMesh] | None = None

    def plate(self, shot: Shot, size: tuple[int, int]) -> F32:
        if self._even:
            return solid(np.full(3, 0.5, np.float32), size)
        before = cpu()
        result = self._stage.plate(shot, size)
        self.spent["plate"] = cpu() - before
        return result

    def ratio(self, shot: Shot, body: ProductMesh, *, where: NDArray[np.bool_]) -> F32 | None:
        self.request, before = (shot, body), cpu()
        result = self._stage.ratio(shot, body, where=where)
        self.spent["ratio"] = cpu() - before
        return result


def products() -> None:
    """The plate and the scene are kept after a first product; then each step's CPU, median over the others."""
    settings = Settings()
    cuts, stage = cutouts(settings), Watched(local_renderer(settings))
    web = channel("shopify").model_copy(update={"format": "jpeg"})
    heads = ("set", "fit", "ratio", "plate", "rest of generate", "flatten", "JPEG", "all")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for id in SETS:
        look = template(id).with_options({"height": "eye"} if "height" in template(id).options else {})
        look = look.with_options({"softness": "normal"})
        rows = []
        for turn in range(2):  # the first round brings plates and scenes
            for cut in cuts.values():
                stage.spent.clear()
                marks = [cpu()]
                match_camera(cut.photo.pixels, cut.body, cut.facts, SETS[id], Overrides())
                marks.append(cpu())
                result = compose(
                    cut, Geometry((SIDE, SIDE), look.steps), context=StepContext({}, renderer=stage), timer=StepTimer()
                )
                marks.append(cpu())
                pixels = result.flatten()
                marks.append(cpu())
                encoder(web).run(pixels, Metadata())
                marks.append(cpu())
                if turn:
                    fitted, composed, flat, jpeg = np.diff(marks)
                    ratio, plate_ = stage.spent.get("ratio", 0.0), stage.spent.get("plate", 0.0)
                    rows.append([fitted, ratio, plate_, composed - fitted - ratio - plate_, flat, jpeg,
                                 composed + flat + jpeg])  # fmt: skip
        middle = np.median(np.array(rows), axis=0)
        print(f"| {id} | " + " | ".join(f"{value:.2f}" for value in middle) + " |", flush=True)


def preview(of: str) -> dict[str, Any]:
    """A can in a set at 512², in this new process.  of: the set, and a folder for what is kept."""
    id, _, folder = of.partition("@")
    cut = cutouts(Settings())["can"]
    stage = local_renderer(Settings().model_copy(update={"cache_dir": Path(folder)}))
    walls = []
    for _ in range(2):
        start = time.perf_counter()
        compose(
            cut, Geometry((512, 512), template(id).steps), context=StepContext({}, renderer=stage), timer=StepTimer()
        ).flatten()
        walls.append(time.perf_counter() - start)
    return {"first": walls[0], "next": walls[1]}


def previews() -> None:
    print(
        "| set | new process, nothing kept, s | new process, plate kept | warm process, plate kept |\n|---|---|---|---|"
    )
    for id in SETS:
        with tempfile.TemporaryDirectory() as folder:
            cold, warm = (_apart("preview", f"{id}@{folder}") for _ in range(2))
            print(f"| {id} | {cold['first']:.1f} | {warm['first']:.1f} | {warm['next']:.2f} |", flush=True)


def alike() -> None:
    """Both ways at 1024², the full one with more samples; told over all that the product does not hide.

    The last column is how far two full renders with other noise lie apart: nothing can be nearer than that.
    """
    os.environ["DRJIT_LIBLLVM_PATH"] = str(llvm.find(Settings().cache_dir))
    from packshot.rendering.engines.mitsuba import MitsubaRenderer, _Scene

    rendered.CONTACT = 0.0  # the crease is laid on top of either
    cuts, renderer = cutouts(Settings()), MitsubaRenderer(SETS, threads=granted_cpus())
    stage = Watched(local_renderer(Settings()), even=True)
    heads = ("set", "product", "mean", "p95", "p95 where the product changes the set", "p95 of two full renders")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    size, spp = (1024, 1024), 24
    everywhere = np.ones(size, np.bool_)
    for id, name in PAIRS:
        result = compose(
            cuts[name], Geometry(size, template(id).steps), context=StepContext({}, renderer=stage), timer=StepTimer()
        )
        assert stage.request is not None and result.ratio is not None
        shot, body = stage.request
        scene = _Scene(SETS[id].build(shot, 1024.0))
        light = denoised(renderer._trace(scene, shot.camera, size, spp))
        scene.stand(body)
        full, again = (
            denoised(renderer._trace(scene, shot.camera, size, spp, seed=seed, where=everywhere)) for seed in (0, 1)
        )
        mirrored = " right " in f" {result.plate_mark} "
        light, full, again = ((p[:, ::-1] if mirrored else p) for p in (light, full, again))
        left, top, right, bottom = result.ratio.box
        ratio = np.ones((*size, 3), np.float32)
        ratio[top:bottom, left:right] = result.ratio.values
        seen = result.canvas_matte() < 8
        gain = float(tone.tone_mapped(light).mean() / light.mean())  # one exposure for all
        short, whole, other = (
            lab(to_srgb(np.ascontiguousarray(np.clip(p * gain, 0, 1), np.float32)))
            for p in (light * ratio, full, again)
        )
        apart, noise = delta_e00(short, whole), delta_e00(whole, other)
        changed = seen & (np.abs(cv2.blur((full / np.maximum(light, 1e-4)).mean(2), (9, 9)) - 1) > 0.03)
        figures = (apart[seen].mean(), *(np.percentile(p, 95) for p in (apart[seen], apart[changed], noise[seen])))
        print(f"| {id} | {name} | " + " | ".join(f"{value:.2f}" for value in figures) + " |", flush=True)


def _apart(what: str, argument: str) -> dict[str, Any]:
    said = subprocess.run([sys.executable, __file__, what, argument], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("plates", "products", "previews", "alike", "plate", "preview"))
    parser.add_argument("of", nargs="?", default="")
    options = parser.parse_args()
    if options.what in ("plate", "preview"):
        print(json.dumps((plate if options.what == "plate" else preview)(options.of)))
    else:
        {"plates": plates, "products": products, "previews": previews, "alike": alike}[options.what]()
