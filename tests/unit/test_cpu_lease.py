"""The processor's turns: one at a time on the whole machine, the more urgent first."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from packshot.cpu_lease import CpuLease, urgency

# Waits for its turn as class argv[2], says so, and holds it until its input ends or for `argv[3]` slices.
PROGRAM = """
import sys, time
from pathlib import Path
from packshot.cpu_lease import CpuLease, urgency

lease = CpuLease(Path(sys.argv[1]))
urgency.set(int(sys.argv[2]))
print("waits", flush=True)
with lease:
    print("has it", flush=True)
    for _ in range(int(sys.argv[3])):
        time.sleep(0.005)
        lease.pause()
    if sys.argv[3] == "0":
        sys.stdin.readline()
print("is done", flush=True)
"""


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Start]:
    """Starts one that waits; all are gone after the test."""
    running = []

    def start(how_urgent: int, slices: int = 0) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", PROGRAM, str(tmp_path / "cpu"), str(how_urgent), str(slices)]
        running.append(subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert said(running[-1]) == "waits"
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_the_more_urgent_goes_first_across_processes(program: Start) -> None:
    holder = program(3)
    assert said(holder) == "has it"
    waiting = [program(how_urgent) for how_urgent in (3, 2, 1, 0)]
    time.sleep(0.1)  # so that each has looked
    let_go(holder)
    for process in reversed(waiting):
        assert said(process) == "has it"
        let_go(process)
        assert said(process) == "is done"
    assert [process.wait() for process in (holder, *waiting)] == [0] * 5


def test_long_work_pauses_for_the_more_urgent(program: Start) -> None:
    long = program(2, slices=400)
    assert said(long) == "has it"
    less, urgent = program(3), program(0)
    assert said(urgent) == "has it"
    assert long.poll() is None
    let_go(urgent)
    assert (said(urgent), said(long), said(less)) == ("is done", "is done", "has it")
    let_go(less)
    assert [process.wait() for process in (long, less, urgent)] == [0] * 3


def test_one_that_is_killed_holds_nobody_up(program: Start) -> None:
    holder, waiting = program(0), program(0)
    assert said(holder) == "has it"
    waiting.kill()
    waiting.wait()
    holder.kill()
    holder.wait()
    last = program(3)
    assert said(last) == "has it"
    let_go(last)
    assert last.wait() == 0


def test_who_takes_turn_after_turn_does_not_take_them_all(tmp_path: Path, program: Start) -> None:
    lease, turns = CpuLease(tmp_path / "cpu"), 0
    other = program(2, slices=1)
    while other.poll() is None:
        with lease:
            turns += 1
            time.sleep(0.01)
        assert turns < 2000
    assert other.returncode == 0


@pytest.mark.parametrize("shared", [True, False])
def test_threads_of_one_process_go_by_urgency_too(tmp_path: Path, shared: bool) -> None:
    lease, order = CpuLease(tmp_path / "cpu" if shared else None), []
    start = threading.Barrier(4)

    def work(how_urgent: int) -> None:
        urgency.set(how_urgent)
        start.wait()
        with lease:
            order.append(how_urgent)

    with lease:
        threads = [threading.Thread(target=work, args=(n,)) for n in (3, 1, 0)]
        for thread in threads:
            thread.start()
        start.wait()
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 3]
