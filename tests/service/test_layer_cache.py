"""The layer cache: what two write at once stays whole, and the memory is given back once nobody uses it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from packshot.service.layer_cache import LayerCache, free, layer_folder
from packshot.service.pixel_process import PixelProcess
from packshot.service.supervisor import Supervisor
from packshot.settings import Settings
from waiting import until

pytestmark = pytest.mark.anyio

# Puts and gets the same layers as its twin, step by step, and fails where one is not what was put.
LOOKER = """
import os, random, sys, threading, time
from pathlib import Path
import numpy as np
from packshot.service.layer_cache import LayerCache

folder, threads, rounds, most_bytes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
os.getpid = lambda: 7  # two containers that share memory may give their processes the same numbers
cache = LayerCache(folder, most_bytes=most_bytes)
together, found = threading.Barrier(threads), []
print("ready", flush=True)
sys.stdin.readline()

class Slow(dict):  # so that the two are at it at the same time
    def items(self):
        for pair in super().items():
            yield pair
            time.sleep(random.random() / 500)

def look():
    for number in range(rounds):
        together.wait()
        arrays = {str(n): np.full(20_000 + n, number % 255 + 1, np.uint8) for n in range(5)}
        cache.put(str(number), {"number": number}, Slow(arrays))
        for _ in range(20):
            layer = cache.get(str(number))
            if layer is not None:
                found.append(number)
                assert layer[0] == {"number": number}
                assert all(np.array_equal(layer[1][name], array) for name, array in arrays.items())
            time.sleep(0.0002)

failed = []
def fail(problem):
    failed.append(problem.exc_value)
    together.abort()

threading.excepthook = fail
looking = [threading.Thread(target=look) for _ in range(threads)]
[thread.start() for thread in looking]
[thread.join() for thread in looking]
assert failed or len(set(found)) > rounds / 2  # not everything was pruned before it was looked at
sys.exit(f"{len(failed)}: {failed[0]!r}" if failed else 0)
"""


@pytest.mark.parametrize("most_bytes", [2**30, 400_000], ids=["roomy", "pruned while it is read"])
@pytest.mark.parametrize(("processes", "threads"), [(1, 2), (2, 1)], ids=["two threads", "two processes"])
def test_a_layer_that_two_write_at_once_is_whole_whenever_it_is_read(
    tmp_path: Path, processes: int, threads: int, most_bytes: int
) -> None:
    ours = LayerCache(tmp_path / "cache", most_bytes=2**20)  # the lookers are not the last to use the folder
    command = [sys.executable, "-c", LOOKER, str(tmp_path / "cache"), str(threads), "40", str(most_bytes)]
    lookers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for looker in lookers:
        assert looker.stdout is not None and looker.stdout.readline() == "ready\n"
    for looker in lookers:
        assert looker.stdin is not None
        looker.stdin.write("go\n")
        looker.stdin.flush()
    assert [(looker.communicate()[1], looker.returncode) for looker in lookers] == [("", 0)] * processes
    names = [path.name for path in (tmp_path / "cache").iterdir()]
    assert names and all(name.isdigit() for name in names)  # no part was left
    del ours
    assert not (tmp_path / "cache").exists()


# --- who gives the memory back ---

# Holds one layer until its input ends.
HOLDER = """
import sys
from pathlib import Path
import numpy as np
from packshot.service.layer_cache import LayerCache

cache = LayerCache(Path(sys.argv[1]), most_bytes=2**20)
cache.put(sys.argv[2], {}, {"a": np.ones(1000, np.uint8)})
assert cache.get(sys.argv[2]) is not None
print("ready", flush=True)
sys.stdin.read()
"""
# Opens the cache, uses it and lets go of it, over and over.
PASSER = """
import sys
from pathlib import Path
import numpy as np
from packshot.service.layer_cache import LayerCache

for number in range(100):
    cache = LayerCache(Path(sys.argv[1]), most_bytes=2**20)
    cache.put(f"{sys.argv[2]} {number}", {}, {"a": np.ones(1000, np.uint8)})
    assert cache.get(f"{sys.argv[2]} {number}") is not None, number
    del cache
"""


def holder(folder: Path, key: str) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), key], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None and started.stdout.readline() == "ready\n"
    return started


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_the_last_process_that_uses_the_memory_gives_it_back(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    first, second = holder(folder, "one"), holder(folder, "two")
    assert not free(folder)
    first.communicate("")
    assert first.returncode == 0 and sorted(path.name for path in folder.iterdir()) == ["one", "two"]
    second.communicate("")
    assert second.returncode == 0 and not folder.exists()


def test_what_a_killed_process_left_is_freed_once_nobody_uses_it(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    first, second = holder(folder, "one"), holder(folder, "two")
    killed(first)
    assert not free(folder) and (folder / "one").exists()
    killed(second)
    assert folder.exists()
    assert free(folder) and not folder.exists()
    assert free(folder)


def test_a_cache_that_is_opened_while_another_is_freed_works(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    passers = [subprocess.Popen([sys.executable, "-c", PASSER, str(folder), key]) for key in ("a", "b")]
    while any(passer.poll() is None for passer in passers):
        free(folder)
    assert [passer.wait() for passer in passers] == [0, 0]
    assert not folder.exists()


def test_a_folder_that_is_not_ours_is_not_used(tmp_path: Path) -> None:
    theirs, link = tmp_path / "theirs", tmp_path / "link"
    theirs.mkdir()
    link.symlink_to(theirs)
    with capture_logs() as logs:
        cache = LayerCache(link, most_bytes=2**20)
    assert [entry["event"] for entry in logs] == ["layers.not_shared"]
    cache.put("one", {}, {"a": np.ones(10, np.uint8)})
    assert cache.get("one") is None and not list(theirs.iterdir())
    assert free(link) and theirs.exists()


async def test_a_pixel_process_frees_the_memory_when_it_starts_and_when_it_is_stopped(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    folder = layer_folder(settings)
    killed(holder(folder, "left by a killed one"))
    child = PixelProcess(settings, concurrency=1)
    try:
        await child._start()
        assert not (folder / "left by a killed one").exists()
        await until(folder.exists)
    finally:
        child.stop()
    assert not folder.exists()


def test_a_service_frees_the_memory_when_it_starts_and_when_it_stops(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", port=free_port())
    other = Settings(data_dir=tmp_path / "other")
    ours, theirs = layer_folder(settings), layer_folder(other)
    killed(holder(ours, "left by a killed service"))
    neighbour = holder(theirs, "of another installation")
    supervisor = Supervisor(settings, stages=())
    supervisor.start()
    try:
        assert not ours.exists()
        killed(holder(ours, "left by a killed worker"))
    finally:
        supervisor.stop()
    assert not ours.exists()
    assert (theirs / "of another installation").exists()
    neighbour.communicate("")
    assert not theirs.exists()


def test_a_service_leaves_the_memory_to_workers_that_run_apart(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", port=free_port())
    worker = holder(layer_folder(settings), "in use")
    supervisor = Supervisor(settings, stages=())
    supervisor.start()
    supervisor.stop()
    assert (layer_folder(settings) / "in use").exists()
    second = Supervisor(settings, stages=())
    second.stop()  # it never started: it has nothing to free
    worker.communicate("")
    assert not layer_folder(settings).exists()
