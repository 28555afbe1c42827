"""Plates on disk while several processes use them: rendered once, read whole, and pruned without harm."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from packshot.colour import F32
from packshot.rendering.engines.plate_cache import PlateCache
from packshot.rendering.scene import ProductMesh, Shot
from packshot.rendering.sets import SETS

# Asks for the same plates as its twin, at the same time, and prints how many it rendered itself.
ASKER = """
import os, sys, threading, time
from pathlib import Path
import numpy as np
from packshot.cpu_lease import CpuLease
from packshot.rendering.engines.plate_cache import PlateCache
from packshot.rendering.scene import Shot
from packshot.rendering.sets import SETS

folder, threads, most_bytes, leased = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "leased"
os.getpid = lambda: 7  # as in two containers
rendered, failed = [], []
together = threading.Barrier(threads)

class Renderer:
    def plate(self, shot, size):
        rendered.append(shot)
        time.sleep(0.01)
        return np.full((size[1], size[0], 3), shot.baseline, np.float32)

def cache():
    lease = CpuLease(folder.with_suffix(".lock")) if leased else None
    return PlateCache(SETS, Renderer, engine="test", sides=(96,), notes=(), folder=folder, most_bytes=most_bytes,
                      lease=lease)

def asks(plates):
    for number in range(30):
        together.wait()
        plate = plates.plate(Shot("sweep", 16, (number + 1) / 40, 1.0), (96, 96))
        assert abs(np.median(plate) - (number + 1) / 40) < 0.01, number

def fail(problem):
    failed.append(problem.exc_value)
    together.abort()

threading.excepthook = fail
print("ready", flush=True)
sys.stdin.readline()
asking = [threading.Thread(target=asks, args=(cache(),)) for _ in range(threads)]
[thread.start() for thread in asking]
[thread.join() for thread in asking]
sys.exit(repr(failed) if failed else print(len(rendered)))
"""


@pytest.mark.parametrize(("most_bytes", "leased"), [(2**30, True), (2**30, False), (250_000, False)],
                         ids=["taking turns", "at once", "while others prune"])  # fmt: skip
@pytest.mark.parametrize(("processes", "threads"), [(1, 2), (2, 1)], ids=["two threads", "two processes"])
def test_two_that_want_one_plate_both_get_it(
    tmp_path: Path, processes: int, threads: int, most_bytes: int, leased: bool
) -> None:
    words = [str(tmp_path / "plates"), str(threads), str(most_bytes), "leased" if leased else "free"]
    askers = [
        subprocess.Popen(
            [sys.executable, "-c", ASKER, *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(processes)
    ]  # fmt: skip
    for asker in askers:
        assert asker.stdout is not None and asker.stdout.readline() == "ready\n"
    for asker in askers:
        assert asker.stdin is not None
        asker.stdin.write("go\n")
        asker.stdin.flush()
    answers = [asker.communicate() for asker in askers]
    assert [(error, asker.returncode) for (_, error), asker in zip(answers, askers, strict=True)] == [
        ("", 0)
    ] * processes
    rendered = sum(int(count) for count, _ in answers)
    assert rendered == 30 if leased else 30 <= rendered <= 60
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "plates").iterdir()}
    assert all(name.startswith("sweep-") and name.endswith(".png") for name in sizes)
    assert len(sizes) == 30 if most_bytes == 2**30 else sum(sizes.values()) <= most_bytes + max(sizes.values())


class Even:
    """A renderer of one gray."""

    def plate(self, shot: Shot, size: tuple[int, int]) -> F32:
        return np.full((size[1], size[0], 3), 0.5, np.float32)

    def ratio(self, shot: Shot, body: ProductMesh, *, wanted: NDArray[np.bool_]) -> F32:
        return np.ones((*wanted.shape, 3), np.float32)


def test_two_prune_one_folder_at_once(tmp_path: Path) -> None:
    """What one has listed the other may have dropped before it is looked at."""
    shot, size = Shot("sweep", 16, 0.78, 1.0), (96, 96)
    for number in range(800):
        (tmp_path / f"old-{number}.png").write_bytes(bytes(100))
    caches = [
        PlateCache(SETS, Even, engine=engine, sides=(96,), notes=(), folder=tmp_path, most_bytes=50_000)
        for engine in ("one", "two")
    ]
    with capture_logs() as logs, ThreadPoolExecutor(2) as pool:
        plates = list(pool.map(lambda cache: cache.plate(shot, size), caches))
    assert logs == [] and [plate.shape for plate in plates] == [(96, 96, 3)] * 2
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 50_000
