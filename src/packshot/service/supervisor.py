"""`packshot serve`: everything on one machine under one parent: the queue's server, the API, a worker for each stage.

Each is a program of its own, the same that runs apart on many machines. What dies is started again; what stops is
stopped in order: workers hand back what they have, then the API, then the queue's server.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TextIO

import structlog
from redis import Redis
from redis.exceptions import RedisError

from packshot.db.upgrade import upgrade
from packshot.errors import BadOption, Conflict, Unavailable
from packshot.logs import without_secrets
from packshot.rendering.engines import llvm
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
    once: bool = False  # it ends by itself when it is done
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    rest: float = 0.0
    next_start: float = field(default=0.0)


class Supervisor:
    """Starts, watches and stops the programs of one data folder.  log_to: a file for all that they log."""

    def __init__(
        self, settings: Settings, *, stages: Sequence[str] = (*STAGES, "now"), log_to: TextIO | None = None
    ) -> None:
        self._settings, self._log_to = settings, log_to
        self._valkey = None if settings.redis_url else Valkey(settings)
        python = [sys.executable, "-m", "packshot"]
        self._programs = [
            _Program("api", [*python, "api"]),
            *(_Program(f"worker {stage}", [*python, "worker", stage]) for stage in stages),
        ]
        if settings.warm_plates and not settings.fake_models and "generate" in stages and llvm.find(settings.cache_dir):
            self._programs.append(_Program("plates", [*python, "plates", "warm", "--when-idle"], once=True))
        self._stop = threading.Event()
        self._valkey_rests_until = 0.0
        self._lock: int | None = None

    def start(self) -> None:
        """Lock the folder, bring the database up to date, start everything.

        Raises Conflict where it is served already, BadOption for an address that is taken, Unavailable.
        """
        self._settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _locked(self._settings.data_dir / "serve.lock")
        check_address(self._settings.host, self._settings.port)
        upgrade(self._settings.database)
        if self._valkey is None:
            check_queue(self._settings.redis)
        else:
            self._valkey.start()
        # What processes that are gone left: layers in memory, unless workers that run apart use them, and numbers.
        layer_cache.free(layer_cache.layer_folder(self._settings))
        shutil.rmtree(_metrics_dir(self._settings), ignore_errors=True)
        for program in self._programs:
            self._launch(program)

    def ready(self) -> bool:
        """Wait until the API answers; False where it is to stop before that.  Raises Unavailable."""
        import httpx

        deadline, missing = time.monotonic() + READY_SECONDS, ""
        api = self._programs[0]
        while time.monotonic() < deadline:
            if self._stop.is_set():
                return False
            if api.process is not None and api.process.poll() is not None:  # what is wrong at its start stays wrong
                raise Unavailable("the API did not start.", remedy="Its message above says why.")
            with suppress(httpx.HTTPError, ValueError):
                answer = httpx.get(f"http://{_reachable(self._settings)}/readyz", timeout=2, trust_env=False)
                if answer.is_success:
                    return True
                missing = ", ".join(part for part, is_there in answer.json().items() if is_there is False)
            self.look_after()
            time.sleep(0.05)
        raise Unavailable(
            f"the service did not come up within {READY_SECONDS:.0f} s"
            + (f": it cannot reach its {missing}." if missing else "."),
            remedy="The messages above say why.",
        )

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Keep everything running until told to stop, or until `until` says so."""
        while not self._stop.wait(0.2) and not until():
            self.look_after()

    def look_after(self) -> None:
        """Start again what has died."""
        if self._valkey is not None and not self._valkey.alive():
            self._start_valkey_again(self._valkey)
        for program in self._programs:
            if self._stop.is_set():
                return
            process, at = program.process, time.monotonic()
            if process is not None and process.poll() is not None and not (program.once and process.returncode == 0):
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

    def _start_valkey_again(self, valkey: Valkey) -> None:
        """Work waits while it is away; where it cannot start, as on a full disk, it is tried again after a rest."""
        at = time.monotonic()
        if at < self._valkey_rests_until:
            return
        log.warning("program.died", name="valkey")
        try:
            valkey.start()
        except Unavailable as error:
            log.error("program.not_started", name="valkey", error=error.message, rest=LONGEST_REST)
            self._valkey_rests_until = time.monotonic() + LONGEST_REST

    def _launch(self, program: _Program) -> None:
        # A session of its own: Ctrl+C reaches the supervisor alone, which stops the others in order.
        program.process = subprocess.Popen(
            program.command, env=environment(self._settings), stdin=subprocess.DEVNULL, stdout=self._log_to,
            stderr=self._log_to, start_new_session=True,
        )  # fmt: skip
        program.started = time.monotonic()


def check_address(host: str, port: int) -> None:
    """Whether this program may listen there.  Raises BadOption."""
    place = f"{host}:{port}"
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        raise BadOption("there is no such host.", subject=host, remedy="Choose another --host.") from None
    elsewhere = 0
    for family, kind, protocol, _, address in found:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind(address)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise BadOption(
                        "something else listens there already.", subject=place,
                        remedy="Stop it, or choose another port with --port or PACKSHOT_PORT.",
                    ) from None  # fmt: skip
                if error.errno == errno.EACCES:
                    raise BadOption(
                        "a program without root's rights may not listen on this port.", subject=place,
                        remedy="Choose one above 1023 with --port or PACKSHOT_PORT.",
                    ) from None  # fmt: skip
                elsewhere += 1  # as an IPv6 address where there is no IPv6
    if elsewhere == len(found):
        raise BadOption(
            "this machine does not have this address.", subject=place, remedy="--host 0.0.0.0 takes all that it has."
        )


def check_queue(url: str) -> None:
    """Whether a server that others run answers.  Raises Unavailable."""
    try:
        with Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as server:
            server.ping()
    except (RedisError, OSError) as error:
        raise Unavailable(
            f"the queue does not answer ({str(error).rstrip('.')}).", subject=without_secrets(url),
            remedy="Is the server running, and is PACKSHOT_REDIS_URL right?",
        ) from error  # fmt: skip


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
