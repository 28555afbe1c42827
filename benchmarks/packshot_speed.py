"""White packshots at 2048² for three channels, checks included, against one ISNet pass.

    python benchmarks/packshot_speed.py

The batch goes through `packshot.run.shoot.shoot` as the command's does: fresh layer store, real files, report and
contact sheet. ISNet passes on the same decoded photos are timed alone, half before and half after each batch.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import packshot.atomic
import packshot.pipeline
import packshot.run.shoot
from inputs import photos
from packshot.channel import channel
from packshot.cli.common import photos_of, ready_context
from packshot.image import Photo, read
from packshot.models.openvino import local_engine
from packshot.models.zoo import card
from packshot.pipeline import PipelineContext
from packshot.report import ItemRecord
from packshot.run.shoot import Run, finish_run, plan, shoot
from packshot.settings import Settings, granted_cpus
from packshot.store import Store
from packshot.template import template

CHANNELS = ("amazon", "shopify", "master")
WARM_UP = 4
# What a photo costs outside of its recorded steps.
BESIDE = (
    (packshot.run.shoot, "read", "read"),
    (packshot.atomic, "write", "write"),
    (packshot.run.shoot, "_inline", "thumbnails"),
    (packshot.run.shoot, "fingerprint", "fingerprint"),
    (packshot.pipeline, "pack", "pack layers"),
)


@dataclass
class Clock:
    """Seconds by name, from any thread: wall, and the calling thread's own processor time."""

    wall: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    cpu: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def timed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return call(*args, **kwargs)
            finally:
                with self.lock:
                    self.wall[name] += time.perf_counter() - wall
                    self.cpu[name] += time.thread_time() - cpu

        return run


@contextmanager
def watched(clock: Clock) -> Iterator[None]:
    """Time the parts that leave no step record."""
    patches = [
        mock.patch.object(module, name, clock.timed(label, getattr(module, name))) for module, name, label in BESIDE
    ]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


@dataclass
class Batch:
    jobs: int
    photos: int
    wall: float
    cpu: float
    system: float
    records: Sequence[ItemRecord]
    clock: Clock


def run_batch(files: Sequence[Path], *, look: str, jobs: int, context: PipelineContext, settings: Settings) -> Batch:
    """Develop a batch into a fresh folder with a fresh layer store."""
    with tempfile.TemporaryDirectory(prefix="packshot-speed-") as folder:
        out, clock = Path(folder) / "out", Clock()
        context = replace(context, store=Store(Path(folder) / "layers"))
        sources, _ = photos_of([str(file) for file in files], settings)
        wanted = [channel(id, settings.channels_dir) for id in CHANNELS]
        planned, _ = plan(
            sources, template=template(look), channels=wanted, template_of=template,
            channel_of=lambda id: channel(id, settings.channels_dir),
        )  # fmt: skip
        run = Run(
            out=out, limits=settings.limits, card=card("isnet"), engine=local_engine().words, pictures={}, jobs=jobs
        )  # fmt: skip
        used, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        with watched(clock):
            records = shoot(planned, run=run, make_context=lambda: context)
        finish_run(records, run=run, jobs=planned, notices=(), started=start, report_file=out / "report.json")
        wall, now = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    system = now.ru_stime - used.ru_stime
    return Batch(jobs, len(files), wall, now.ru_utime - used.ru_utime + system, system, records, clock)


def passes(context: PipelineContext, pictures: Sequence[Photo], count: int) -> list[float]:
    """Wall seconds of ISNet alone on decoded photos."""
    took = []
    for index in range(count):
        pixels = pictures[index % len(pictures)].pixels
        start = time.perf_counter()
        context.matter.matte(pixels)
        took.append(time.perf_counter() - start)
    return took


def stages(batch: Batch) -> list[tuple[str, float]]:
    """Mean wall seconds per photo, by step and channel; threads run side by side, so they sum to more than the wall."""
    sums: defaultdict[str, float] = defaultdict(float)
    for record in batch.records:
        for step in record.steps:
            sums[f"{step.kind} {step.parameters.get('channel', '')}".strip()] += step.seconds
    rows = [("read", batch.clock.wall["read"]), *sums.items()]
    rows += [(label, batch.clock.wall[label]) for _, _, label in BESIDE[1:]]
    return [(name, seconds / batch.photos) for name, seconds in rows]


def report(batch: Batch, isnet: Sequence[float], target: float) -> None:
    one, each = statistics.median(isnet), batch.wall / batch.photos
    bad = [r.name for r in batch.records if r.status != "done"]
    print(
        f"jobs {batch.jobs}: {each:.3f} s a photo, ISNet pass {one:.3f} s (n = {len(isnet)}), "
        f"ratio {each / one:.2f} (target {target}), {batch.cpu / batch.photos:.2f} CPU-s a photo "
        f"({batch.system / batch.photos:.2f} in the kernel), {batch.cpu / batch.wall / granted_cpus():.0%} of "
        f"{granted_cpus()} cores" + (f"; NOT DONE: {bad}" if bad else "")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--jobs", default="1,2,3,4", help="how many photos at once, a,b,c")
    parser.add_argument("--look", default="white", help="the template")
    parser.add_argument("--passes", type=int, default=12, help="ISNet passes per batch, half before and half after")
    options = parser.parse_args()
    settings = Settings()
    files = photos(options.photos + WARM_UP)
    context = ready_context(settings, store=False)
    pictures = [read(file.read_bytes(), file.name, limits=settings.limits) for file in files[:WARM_UP]]
    run_batch(files[:WARM_UP], look=options.look, jobs=2, context=context, settings=settings)
    passes(context, pictures, 3)
    half = max(5, options.passes // 2)
    tables = {}
    for jobs in map(int, options.jobs.split(",")):
        before = passes(context, pictures, half)
        batch = run_batch(files[WARM_UP:], look=options.look, jobs=jobs, context=context, settings=settings)
        report(batch, [*before, *passes(context, pictures, half)], target=2.2)
        tables[jobs] = dict(stages(batch))
    print(f"\nload on the machine at the end: {os.getloadavg()[0]:.1f}")
    print("\n| step, mean seconds a photo | " + " | ".join(f"jobs {jobs}" for jobs in tables) + " |")
    print("|---|" + "---|" * len(tables))
    for name in next(iter(tables.values())):
        print(f"| {name} | " + " | ".join(f"{table.get(name, 0):.3f}" for table in tables.values()) + " |")


if __name__ == "__main__":
    main()
