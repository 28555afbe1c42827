"""Atomic writes: whole or not at all, for threads and processes on one name, and nothing left behind."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from packshot import atomic

ROUNDS = 60
BYTES = 200_000
# Writes a file of one letter over and over.
WRITER = """
import sys
from pathlib import Path
from packshot import atomic
path, letter, rounds, size = Path(sys.argv[1]), sys.argv[2].encode(), int(sys.argv[3]), int(sys.argv[4])
for _ in range(rounds):
    atomic.write(path, letter * size)
"""


def only(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run each on a thread of its own, begun together.  Gives what they returned or raised."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(number: int, work: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[number] = work()
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_bytes_and_a_written_file_appear_whole(tmp_path: Path) -> None:
    atomic.write(tmp_path / "new" / "a", b"one")
    atomic.write(tmp_path / "new" / "a", b"two", durable=True)
    with atomic.opened(tmp_path / "new" / "b") as out:
        out.write(b"three")
        out.seek(0)
        assert out.read() == b"three"
        assert not (tmp_path / "new" / "b").exists()
    assert (tmp_path / "new" / "a").read_bytes() == b"two"
    assert (tmp_path / "new" / "b").read_bytes() == b"three"
    assert only(tmp_path / "new") == ["a", "b"]


def test_a_name_as_long_as_the_disk_takes_is_written(tmp_path: Path) -> None:
    name = "靴" * 85  # 255 bytes
    atomic.write(tmp_path / name, b"x")
    assert only(tmp_path) == [name]


@pytest.mark.parametrize("new", [True, False], ids=["new", "replaced"])
def test_a_failure_leaves_what_was_there_and_no_part(tmp_path: Path, new: bool) -> None:
    (tmp_path / "a").write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), atomic.opened(tmp_path / "a", new=new) as out:
        out.write(b"half")
        raise KeyboardInterrupt
    assert only(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"before"


def test_a_name_that_cannot_be_given_leaves_no_part(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        atomic.write(tmp_path / "folder", b"x")
    assert only(tmp_path) == ["folder"]


def test_the_mode_is_the_one_that_was_asked_for_less_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic.write(tmp_path / "open", b"")
        atomic.write(tmp_path / "secret", b"", mode=0o600)
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("open", "secret")] == [0o640, 0o600]


def no_links(*_: Any) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "a disk without them"])
def test_of_two_that_write_something_new_the_first_wins(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    for number in range(ROUNDS):
        path = tmp_path / str(number)
        results = at_once(*(partial(atomic.write, path, letter * 1000, new=True) for letter in (b"a", b"b")))
        assert sorted(type(result).__name__ for result in results) == ["FileExistsError", "NoneType"]
        assert path.read_bytes() == (b"a", b"b")[results.index(None)] * 1000
    assert only(tmp_path) == sorted(str(number) for number in range(ROUNDS))


def test_on_a_disk_without_links_a_failed_rename_frees_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(Path, "replace", no_links)
    with pytest.raises(PermissionError):
        atomic.write(tmp_path / "a", b"x", new=True)
    assert only(tmp_path) == []


def test_two_threads_on_one_name_never_show_a_mixture(tmp_path: Path) -> None:
    path = tmp_path / "a"
    atomic.write(path, b"a" * BYTES)

    def writes(letter: bytes) -> None:
        for _ in range(ROUNDS):
            atomic.write(path, letter * BYTES)

    def reads() -> set[bytes]:
        seen = set()
        for _ in range(2 * ROUNDS):
            content = path.read_bytes()
            assert content == content[:1] * BYTES
            seen.add(content[:1])
        return seen

    *written, seen = at_once(lambda: writes(b"a"), lambda: writes(b"b"), reads)
    assert written == [None, None] and seen <= {b"a", b"b"}, (written, seen)
    assert only(tmp_path) == ["a"]


def test_two_processes_on_one_name_never_show_a_mixture(tmp_path: Path) -> None:
    path = tmp_path / "a"
    atomic.write(path, b"a" * BYTES)
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, letter, "300", str(BYTES)]) for letter in ("a", "b")]
    while any(writer.poll() is None for writer in writers):
        content = path.read_bytes()
        assert content == content[:1] * BYTES
    assert [writer.wait() for writer in writers] == [0, 0]
    assert only(tmp_path) == ["a"]
