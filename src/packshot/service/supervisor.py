"""`packshot serve`: everything on one machine under one parent: the queue's server, the API, a worker for each stage.

Each is a program of its own, the same that runs apart on many machines. What dies is started again; what stops is
stopped in order: workers hand back what they have, then the API, then the queue's server.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import structlog

from packshot.db.upgrade import upgrade
from packshot.errors import Conflict, Unavailable
from packshot.service import layer_cache, parent_watch
from packshot.service.queues import STAGES
from packshot.service.valkey import Valkey
from packshot.settings import Settings

log = structlog.get_logger(__name__)

STOP_SECONDS = 15.0
FREE_SECONDS = 2.0  # killed pixel processes are gone sooner than this
READY_SECONDS = 60.0
# A program that ends sooner than this after its start is given a longer and longer rest.
STEADY_SECONDS, LONGEST_REST = 10.0, 30.0


@dataclass
class _Program:
    """One child program and what is known of its life."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    rest: float = 0.0
    next_start: float = field(default=0.0)


class Supervisor:
    """Starts, watches and stops the programs of one data folder."""

    def __init__(self, settings: Settings, *, stages: Sequence[str] = STAGES) -> None:
        self._settings = settings
        self._valkey = None if settings.redis_url else Valkey(settings)
        python = [sys.executable, "-m", "packshot"]
        self._programs = [
            _Program("api", [*python, "api"]),
            *(_Program(f"worker {stage}", [*python, "worker", stage]) for stage in stages),
        ]
        self._stop = threading.Event()
        self._lock: int | None = None

    def start(self) -> None:
        """Lock the folder, bring the database up to date, start everything.  Raises Conflict, Unavailable."""
        self._settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _locked(self._settings.data_dir / "serve.lock")
        if self._valkey is not None:
            self._valkey.start()
        upgrade(self._settings.database)
        # What processes that are gone left: layers in memory, unless workers that run apart use them, and numbers.
        layer_cache.free(layer_cache.layer_folder(self._settings))
        shutil.rmtree(_metrics_dir(self._settings), ignore_errors=True)
        for program in self._programs:
            self._launch(program)

    def ready(self) -> None:
        """Wait until the API answers.  Raises Unavailable."""
        import httpx

        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and not self._stop.is_set():
            with suppress(httpx.HTTPError):
                if httpx.get(f"http://{_reachable(self._settings)}/readyz", timeout=2, trust_env=False).is_success:
                    return
            self.look_after()
            time.sleep(0.05)
        raise Unavailable("the service did not come up.", remedy="Its messages above say why.")

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Keep everything running until told to stop, or until `until` says so."""
        while not self._stop.wait(0.2) and not until():
            self.look_after()

    def look_after(self) -> None:
        """Start again what has died."""
        if self._valkey is not None and not self._valkey.alive():
            log.warning("program.died", name="valkey")
            self._valkey.start()
        for program in self._programs:
            if self._stop.is_set():
                return
            process, at = program.process, time.monotonic()
            if process is not None and process.poll() is not None:
                steady = at - program.started > STEADY_SECONDS
                program.rest = 0.0 if steady else min(LONGEST_REST, max(0.5, program.rest * 2))
                log.warning("program.died", name=program.name, exit=process.returncode, rest=program.rest)
                program.process, program.next_start = None, at + program.rest
            if program.process is None and at >= program.next_start:
                self._launch(program)

    def stop(self) -> None:
        """Workers first, so that they can still hand back; the queue's server last."""
        self._stop.set()
        workers = [p for p in self._programs if p.name.startswith("worker")]
        for group in (workers, [p for p in self._programs if p not in workers]):
            running = [p.process for p in group if p.process is not None and p.process.poll() is None]
            for process in running:
                process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            for process in running:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.1, deadline - time.monotonic()))
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if self._valkey is not None:
            self._valkey.stop()
        if self._lock is not None:
            self._free_layers()
            os.close(self._lock)
            self._lock = None

    def _free_layers(self) -> None:
        """Give back the memory that stages handed layers over in, unless workers that run apart use it."""
        deadline = time.monotonic() + FREE_SECONDS
        while not layer_cache.free(layer_cache.layer_folder(self._settings)) and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop_on_signals(self) -> None:
        def on_signal(number: int, frame: FrameType | None) -> None:
            self._stop.set()

        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, on_signal)

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    @property
    def pids(self) -> dict[str, int]:
        found = {p.name: p.process.pid for p in self._programs if p.process is not None}
        return found | ({"valkey": self._valkey.pid} if self._valkey and self._valkey.pid else {})

    def _launch(self, program: _Program) -> None:
        # A session of its own: Ctrl+C reaches the supervisor alone, which stops the others in order.
        program.process = subprocess.Popen(
            program.command, env=environment(self._settings), stdin=subprocess.DEVNULL, start_new_session=True
        )
        program.started = time.monotonic()


def environment(settings: Settings) -> dict[str, str]:
    """What the programs are told: the same settings, whatever the command line changed in them."""
    logged = {
        "PACKSHOT_DATA_DIR": str(settings.data_dir.absolute()),
        "PACKSHOT_HOST": settings.host,
        "PACKSHOT_PORT": str(settings.port),
        parent_watch.VARIABLE: "1",
        "PROMETHEUS_MULTIPROC_DIR": str(_metrics_dir(settings)),
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, **logged}


def _metrics_dir(settings: Settings) -> Path:
    """Where the programs add up their numbers; see `metrics`."""
    return settings.data_dir.absolute() / "metrics"


def _reachable(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host
    return f"{host}:{settings.port}"


def _locked(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(handle, False)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise Conflict(
            "Packshot already serves this folder.", subject=str(path.parent), remedy="Stop that one first."
        ) from None
    return handle
