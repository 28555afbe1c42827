"""Renders every product of `truth.py` in other rooms, from other heights, some among neighbours: many, small, plain.

python benchmarks/truth_many.py --folder FOLDER [--count N]

Laid out as `truth.py` lays them out.  Products, and with them their photos, are split in two halves: limits are chosen
on one ("tune"), judged on the other ("judge").
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import truth
import truth_sets as sets
from packshot.rendering.engines import llvm
from packshot.rendering.parts import shapes
from packshot.rendering.scene import Part, Scenery
from packshot.settings import Settings

ROOMS = (
    sets.painted_table, sets.garage, sets.oak_table, sets.dark_oak, sets.kitchen, sets.plaster_room, sets.pale_linen,
    sets.white_sweep, sets.blanket,
)  # fmt: skip
BESIDE = 0.35  # so many of the photos show another product beside
FLAT = ("chain", "cutlery", "scissors")  # seen from above in `truth.py`, and here


def shot_of(number: int) -> truth.Shot:
    """Photo `number` of an endless row: products in turn, all else by chance."""
    products = [shot for shot in truth.SHOTS if not shot.glass]
    base = products[number % len(products)]
    rng = np.random.default_rng([28, number])
    room = ROOMS[rng.integers(len(ROOMS))]
    other = products[rng.integers(len(products))]
    beside = rng.random() < BESIDE and other.name not in (*FLAT, base.name)
    side, turn = rng.choice([-1, 1]), rng.uniform(0, 360)
    at = (side * rng.uniform(0.42, 0.6), 0.0, rng.uniform(-0.5, -0.1))

    def furnished(seed: int) -> Scenery:
        scenery = room(seed)
        if not beside:
            return scenery
        moved = (Part(shapes.moved(part.mesh, turn_deg=turn, at=at), part.material) for part in other.product())
        return replace(scenery, parts=(*scenery.parts, *moved))

    furnished.__name__ = f"{room.__name__}{f' beside {other.name}' if beside else ''}"
    spin = rng.uniform(-35, 35)
    pitch = base.pitch_deg if base.name in FLAT else int(rng.integers(6, 38))
    return replace(
        base, name=f"{number:03d}_{base.name}", set=furnished, half="tune" if number % len(products) % 2 else "judge",
        product=lambda: [Part(shapes.moved(p.mesh, turn_deg=spin), p.material) for p in base.product()],
        pitch_deg=pitch, noise=rng.uniform(0.8, 2.2), blur_px=rng.uniform(0.4, 0.8),
        sharpen=float(rng.choice([0, 0.25])),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--long", type=int, default=832, help="px, the longer side")
    options = parser.parse_args()
    library = llvm.find(Settings().cache_dir)
    if library is None:
        raise SystemExit(f"There is no LLVM that works here. {llvm.REMEDY}")
    os.environ["DRJIT_LIBLLVM_PATH"] = str(library)
    import mitsuba as mi

    mi.set_variant("llvm_ad_rgb")
    mi.set_log_level(mi.LogLevel.Error)
    truth.LONG, truth.SHORT = options.long, options.long * 3 // 4
    truth.SPP, truth.OWN_SPP, truth.COVER_SPP = 3, 5, 20
    sets.TEXELS = 500.0
    for number in range(options.count):
        shot = shot_of(number)
        if (options.folder / "gt" / shot.name / "meta.json").is_file():
            continue
        began = time.process_time()
        layers = truth.through_lens(truth.rendered(shot, number), shot.blur_px)
        truth.write(options.folder, shot, layers, np.random.default_rng(number))
        print(f"{shot.name} in {shot.set.__name__}: {time.process_time() - began:.0f} CPU-s", flush=True)


if __name__ == "__main__":
    main()
