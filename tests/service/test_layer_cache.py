"""The layer cache: what two write at once stays whole, and the memory is given back once nobody uses it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
    assert not list((tmp_path / "cache").glob("*.part")) and not list((tmp_path / "cache").glob(".*"))
