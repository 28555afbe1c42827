"""Does a batch bring its first picture early, and do two batches share?  `python turns.py --photos 60`

A photo alone in marble, with its plate cold; then a batch of so many, with theirs cold: its first picture, all of it,
and the most that layers took in memory. In white, with nothing to render, beside a batch of so many: one photo of the
same workspace in a batch of its own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from packshot.service.layer_cache import layer_folder
from packshot.settings import Settings
from person_waits import photos
from running import Running, cold_cache


class Stopwatch:
    """A service with cold plates and cut-outs, and what its batches take."""

    def __init__(self, folder: Path) -> None:
        self.service = Running(folder / "data", cache_dir=str(cold_cache(folder)))
        self.layers = layer_folder(Settings(data_dir=(folder / "data").absolute()))
        self.most_bytes = 0

    def start(self, style: str, files: list[tuple[str, bytes]], channels: tuple[str, ...] = ("shopify",)) -> str:
        wish = {"name": style, "styles": [{"style": style}], "channels": channels}
        return self.service.batch(files, json.dumps(wish))

    def until(self, batch: str, done: Callable[[int], bool]) -> None:
        while not done(self.service.status(batch)["done"]):
            self.most_bytes = max(self.most_bytes, _bytes_in(self.layers))
            time.sleep(0.1)


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.glob("*") if folder.is_dir() else ():
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


def measured(count: int) -> None:
    files = photos(count)
    with tempfile.TemporaryDirectory() as folder:
        watch = Stopwatch(Path(folder))
        try:
            began = time.perf_counter()
            watch.until(watch.start("marble", files[:1]), lambda done: done == 1)
            print(f"one photo alone, its plate cold: {time.perf_counter() - began:.1f} s", flush=True)
        finally:
            watch.service.stop()
    with tempfile.TemporaryDirectory() as folder:
        watch = Stopwatch(Path(folder))
        try:
            began = time.perf_counter()
            batch = watch.start("marble", files)
            watch.until(batch, lambda done: done >= 1)
            print(f"a batch of {count}: its first picture after {time.perf_counter() - began:.1f} s", flush=True)
            watch.until(batch, lambda done: done == count)
            print(f"all of it after {time.perf_counter() - began:.0f} s, "
                  f"at most {watch.most_bytes / 2**20:.0f} MiB of layers", flush=True)  # fmt: skip
            own = photos(count + 1)[-1:]
            began = time.perf_counter()
            watch.until(watch.start("white", own, ("shopify",)), lambda done: done == 1)
            print(f"one photo in white alone: {time.perf_counter() - began:.1f} s", flush=True)
            batch = watch.start("white", files, ("shopify",))
            watch.until(batch, lambda done: done >= 2)
            began = time.perf_counter()
            watch.until(watch.start("white", photos(count + 2)[-1:], ("shopify",)), lambda done: done == 1)
            print(f"beside a batch of {count}: {time.perf_counter() - began:.1f} s, of which "
                  f"{watch.service.status(batch)['done']} were done then")  # fmt: skip
        finally:
            watch.service.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=60)
    measured(parser.parse_args().photos)
