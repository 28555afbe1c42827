"""What does a cut-out cost against one pass of its model, and in which step?  CPU seconds, real photos.

python benchmarks/cutout_cost.py [--photos FOLDER] [--least MEGAPIXELS]
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.image import Photo, read
from packshot.model import Engine, Matter, ModelCard, SecondOpinion
from packshot.models.isnet import LONGEST
from packshot.models.local import local_matter, prepare_process
from packshot.models.two_pass import two_pass
from packshot.ops import matte as ops
from packshot.ops.foreground import foreground_band
from packshot.pipeline import cut_out
from packshot.settings import Settings
from packshot.step_timer import StepTimer

PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "photos"


class Timed:
    """A matter that keeps how long its looks took, in CPU seconds."""

    def __init__(self, inner: Matter) -> None:
        self._inner = inner
        self.rough_s: list[float] = []
        self.close_s: list[float] = []

    @property
    def card(self) -> ModelCard:
        return self._inner.card

    @property
    def engine(self) -> Engine:
        return self._inner.engine

    @property
    def second(self) -> SecondOpinion:
        return self._inner.second

    def rough(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        answer, seconds = timed(self._inner.rough, pixels_u8)
        self.rough_s.append(seconds)
        return answer

    def matte(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        answer, seconds = timed(self._inner.matte, pixels_u8)
        self.close_s.append(seconds)
        return answer


def timed(work: Callable[..., Any], *given: Any, **more: Any) -> tuple[Any, float]:
    start = time.process_time()
    return work(*given, **more), time.process_time() - start


def steps(photo: Photo, matter: Matter) -> dict[str, float]:
    """CPU seconds of one whole cut-out, of its parts, and of one pass over the whole photo at the model's full size."""
    full = np.ascontiguousarray(np.resize(photo.pixels, (LONGEST, LONGEST, 3)))
    _, one = timed(matter.matte, full)
    watched = Timed(matter)
    _, whole = timed(cut_out, photo, matter=watched, store=None, timer=StepTimer())
    first, *third = watched.close_s
    found = {"one pass": one, "cut-out": whole, "rough look": sum(watched.rough_s), "close look": first}
    found["third look"] = sum(third)
    seen = two_pass(photo.pixels, matter)
    mask, found["edges"] = timed(seen.matte, photo.pixels)
    _, found["doubts, rims of glass"] = timed(ops.facts_of, mask, seen.answer(photo.size), photo.pixels)
    _, found["colours of the edge"] = timed(foreground_band, photo.pixels, mask)
    known = sum(found[name] for name in list(found)[2:])
    found["whether glass, and the rest"] = whole - known
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--least", type=float, default=2.0, help="megapixels")
    wanted = parser.parse_args()
    prepare_process()
    settings = Settings()
    matter = local_matter(settings)
    sums: dict[str, list[float]] = defaultdict(list)
    files = [f for f in sorted(wanted.photos.iterdir()) if f.suffix in (".jpg", ".png")]
    photos = [read(f.read_bytes(), f.name, limits=settings.limits) for f in files]
    photos = [p for p in photos if p.size[0] * p.size[1] >= wanted.least * 1e6]
    steps(photos[0], matter)  # to warm up
    for photo in photos:
        found = steps(photo, matter)
        for name, seconds in found.items():
            sums[name].append(seconds)
        print(f"{photo.name}: {found['cut-out'] / found['one pass']:.2f}", flush=True)
    one = mean(sums["one pass"])
    print("\n| step | CPU-s | of one pass |\n|---|---|---|")
    for name, seconds in sums.items():
        print(f"| {name} | {mean(seconds):.3f} | {mean(seconds) / one:.3f} |")
    print(f"\n{len(photos)} photos; peak {getrusage(RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB with all of them in memory")


if __name__ == "__main__":
    main()
