"""The installation's secret: one, whoever makes it first, and never an empty one."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from packshot.errors import Unavailable
from packshot.service.secrets import installation_secret
from packshot.settings import Settings

# Opens one new installation after the other, at the same time as its twin, and prints what it read as their secrets.
OPENER = """
import os, sys, threading, time
from pathlib import Path
from packshot.service.secrets import installation_secret
from packshot.settings import Settings

os.getpid = lambda: 7  # two containers that share a folder give their first process the same number
sys.setswitchinterval(1e-5)
folder, threads = Path(sys.argv[1]), int(sys.argv[2])
together = threading.Barrier(threads)
print("ready", flush=True)
sys.stdin.readline()

def opens(lines):
    for number in range(150):
        together.wait()
        lines.append(installation_secret(Settings(data_dir=folder / str(number), secret="")).decode())

read = [[] for _ in range(threads)]
opening = [threading.Thread(target=opens, args=(lines,)) for lines in read]
[thread.start() for thread in opening]
[thread.join() for thread in opening]
print(*(",".join(lines) for lines in read), sep="\\n")
"""


@pytest.mark.parametrize(("processes", "threads"), [(1, 2), (2, 1)], ids=["two threads", "two processes"])
def test_two_that_start_at_once_have_one_secret(tmp_path: Path, processes: int, threads: int) -> None:
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, str(tmp_path), str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(processes)
    ]  # fmt: skip
    for opener in openers:
        assert opener.stdout is not None and opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("go\n")
        opener.stdin.flush()
    first, second = (line.split(",") for opener in openers for line in opener.communicate()[0].splitlines())
    written = [(tmp_path / str(number) / "secret.key").read_text() for number in range(150)]
    assert first == second == written
    assert len(set(written)) == 150 and all(len(secret) == 64 for secret in written)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"secret.key"}


def test_the_secret_is_its_owner_s_alone_and_stays(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    secret = installation_secret(settings)
    assert installation_secret(settings) == secret
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").touch()
    with pytest.raises(Unavailable, match=r"secret\.key: the installation's secret is empty"):
        installation_secret(Settings(data_dir=tmp_path))
