"""Resident memory over a run of 300 photos of 12 megapixels: `python benchmarks/memory_flat.py`.

Sixty distinct photos go round, without a layer store, so that none is skipped; finished files are deleted as they come.
Memory is read when each photo ends, with others still in work, so it swings by what one photo holds: the figures are
medians over ten photos.  Draws `plots/memory.svg`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from inputs import photos
from packshot.channel import channel
from packshot.cli.common import photos_of, ready_context
from packshot.models.openvino import local_engine
from packshot.models.zoo import card
from packshot.report import ItemRecord
from packshot.run.shoot import Run, plan, shoot
from packshot.settings import Settings
from packshot.template import template

CHANNELS = ("amazon", "shopify", "master")
DISTINCT = 60
SETTLED = 20
PLOT = Path(__file__).with_name("plots") / "memory.svg"


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measured(count: int, jobs: int) -> tuple[list[float], float]:
    """MiB resident after each photo, and the seconds it all took."""
    settings = Settings()
    files = photos(min(count, DISTINCT))
    sources, _ = photos_of([str(file) for file in files], settings)
    wanted = [channel(id, settings.channels_dir) for id in CHANNELS]
    planned, _ = plan(
        [sources[index % len(sources)] for index in range(count)], template=template("white"), channels=wanted,
        template_of=template, channel_of=lambda id: channel(id, settings.channels_dir),
    )  # fmt: skip
    context = ready_context(settings, store=False)
    seen: list[float] = []
    with tempfile.TemporaryDirectory(prefix="packshot-memory-") as folder:
        out = Path(folder)

        def done(record: ItemRecord) -> None:
            seen.append(resident_mib())
            for rendition in record.renditions:
                (out / rendition.path).unlink()

        run = Run(
            out=out, limits=settings.limits, card=card("isnet"), engine=local_engine().words, pictures={}, jobs=jobs
        )
        start = time.perf_counter()
        records = shoot(planned, run=run, make_context=lambda: context, on_item=done)
    failed = [record.error for record in records if record.status == "failed"]
    if failed:
        raise SystemExit(f"{len(failed)} photos failed: {failed[0]}")
    return seen, time.perf_counter() - start


def around(seen: Sequence[float], photo: int) -> float:
    """Median of the ten photos that end at `photo`."""
    return statistics.median(seen[max(0, photo - 10) : photo])


def slope(seen: Sequence[float]) -> float:
    """MiB a photo by least squares, from the twentieth on."""
    return statistics.linear_regression(range(SETTLED, len(seen)), seen[SETTLED:]).slope


def plot(seen: Sequence[float], path: Path) -> None:
    width, height, left, bottom = 760, 300, 56, 30
    top = 1.1 * max(seen)
    points = " ".join(
        f"{left + i * (width - left - 10) / max(1, len(seen) - 1):.1f},{height - bottom - v / top * (height - 45):.1f}"
        for i, v in enumerate(seen)
    )
    marks = "".join(
        f'<text x="{left - 6}" y="{height - bottom - y / top * (height - 45) + 4:.1f}" text-anchor="end">{y}</text>'
        for y in range(0, int(top) + 1, 500)
    ) + "".join(
        f'<text x="{left + (x - 1) * (width - left - 10) / max(1, len(seen) - 1):.1f}" y="{height - 10}" '
        f'text-anchor="middle">{x}</text>'
        for x in range(50, len(seen) + 1, 50)
    )
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12" fill="#444"><rect width="{width}" height="{height}" fill="#fff"/>'
        f'<text x="{left}" y="14">Resident memory in MiB after each photo</text>{marks}'
        f'<path d="M{left} 20V{height - bottom}H{width - 10}" fill="none" stroke="#999"/>'
        f'<polyline points="{points}" fill="none" stroke="#1f6feb" stroke-width="1.5"/></svg>\n'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--plot", type=Path, default=PLOT)
    options = parser.parse_args()
    seen, seconds = measured(options.photos, options.jobs)
    plot(seen, options.plot)
    print(f"{options.photos} photos, jobs {options.jobs}, {seconds:.0f} s")
    print("| after photo | " + " | ".join(str(n) for n in (20, 100, 200, 300) if n <= len(seen)) + " |")
    print("| MiB | " + " | ".join(f"{around(seen, n):.0f}" for n in (20, 100, 200, 300) if n <= len(seen)) + " |")
    print(f"slope from photo {SETTLED}: {slope(seen):+.2f} MiB a photo; peak {max(seen):.0f} MiB")


if __name__ == "__main__":
    main()
