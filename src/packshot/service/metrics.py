"""What Prometheus is told: how long stages take, what fails and why, how full queues, caches and memory are.

Several processes of one machine add up where PROMETHEUS_MULTIPROC_DIR names a folder that they share (the supervisor
sets it, before this module is imported); without it each process tells of itself alone. What SQL and the queues know is
asked when it is collected. No label holds an id: each has a small, closed set of values.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import psutil
import structlog
from sqlalchemy import func, select

from packshot.db.errors import cause_of
from packshot.db.tables import batches, items, jobs
from packshot.errors import BadOption, Unavailable

log = structlog.get_logger(__name__)

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_FILE_BYTES = 2**19
QUEUE_SECONDS = 3.0  # to tell its depths in; a scraper waits for ten


def _reserve(folder: Path) -> bool:
    """Make this process' files at their full size; False where the disk has no room.

    The library maps files with holes into memory: on a full disk the first number written into a hole would end the
    whole process (SIGBUS).  Numbers are not worth that.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for kind in ("counter", "histogram", "gauge_mostrecent"):
            path = folder / f"{kind}_{os.getpid()}.db"
            if not path.exists():
                path.write_bytes(bytes(_FILE_BYTES))
    except OSError as error:
        log.warning("metrics.alone", error=str(error))
        return False
    return True


if os.environ.get(FOLDER_VARIABLE) and not _reserve(Path(os.environ[FOLDER_VARIABLE])):
    del os.environ[FOLDER_VARIABLE]

# The library chooses between one process and many when it is imported.
from prometheus_client import (  # noqa: E402
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric  # noqa: E402
from prometheus_client.exposition import CONTENT_TYPE_LATEST, start_http_server  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402
from prometheus_client.registry import Collector  # noqa: E402

CONTENT_TYPE = CONTENT_TYPE_LATEST
_STAGE_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 900)
_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_LAG_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CODE = re.compile(r"[a-z][a-z_]{0,39}")

disable_created_metrics()  # type: ignore[no-untyped-call]
_registry = CollectorRegistry()
_stage_seconds = Histogram(
    "packshot_stage_seconds", "From drawing a ticket to its end, by what came of it.", ("stage", "outcome"),
    buckets=_STAGE_BUCKETS, registry=_registry,
)  # fmt: skip
_failures = Counter("packshot_failures", "Failed tries by cause, an error's code.", ("cause",), registry=_registry)
_cache = Counter("packshot_cache", "Asked of a cache.", ("cache", "outcome"), registry=_registry)
_memory = Gauge(
    "packshot_memory_bytes", "Resident memory, a worker's with its pixel process.", ("process",), registry=_registry,
    multiprocess_mode="mostrecent",
)  # fmt: skip
_requests = Counter("packshot_http_requests", "Answered requests.", ("route", "method", "status"), registry=_registry)
_request_seconds = Histogram(
    "packshot_http_request_seconds", "Until an answer begins; streams go on after it.", ("route", "method"),
    buckets=_REQUEST_BUCKETS, registry=_registry,
)  # fmt: skip
_event_lag = Histogram(
    "packshot_event_lag_seconds", "From what happened to its being told to listeners.", buckets=_LAG_BUCKETS,
    registry=_registry,
)  # fmt: skip


def observe_stage(stage: str, seconds: float, outcome: str) -> None:
    """outcome: done, later, again or failed."""
    _stage_seconds.labels(stage, outcome).observe(seconds)


def failed(cause: str) -> None:
    """cause: the code of an error; anything else counts as `other`."""
    _failures.labels(cause if _CODE.fullmatch(cause) else "other").inc()


def cache(name: str, hit: bool) -> None:
    _cache.labels(name, "hit" if hit else "miss").inc()


def memory(process: str, size_bytes: int) -> None:
    _memory.labels(process).set(size_bytes)


def request(route: str, method: str, status: int, seconds: float) -> None:
    """route: its template, `/v1/images/{id}`, never the address that was asked for."""
    counted = method if method in _METHODS else "other"
    _requests.labels(route, counted, f"{status // 100}xx").inc()
    _request_seconds.labels(route, counted).observe(seconds)


def event_lag(lag_seconds: float) -> None:
    """An event reached its listeners so long after it happened."""
    _event_lag.observe(max(0.0, lag_seconds))


async def collect(service: Any) -> bytes:
    """All of it, as Prometheus reads it.  service: has `db` and `queues`.

    Where the database or the queue is away the rest is told all the same, and `packshot_up` says which it was.
    """
    memory("api", psutil.Process().memory_info().rss)
    registry = _registry
    if os.environ.get(FOLDER_VARIABLE):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    asked = await _from_database(service)
    return bytes(generate_latest(registry)) + bytes(generate_latest(asked))


def serve(port: int) -> None:
    """A worker's own numbers at `http://HOST:PORT/metrics`, for where no API runs beside it.  Raises BadOption."""
    try:
        start_http_server(port, registry=_registry)
    except OSError as error:
        raise BadOption("this port is not free.", subject=str(port), remedy="Choose another --metrics-port.") from error


class Requests:
    """ASGI middleware that counts requests: `app.add_middleware(Requests)`."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, seconds = time.perf_counter(), 499, 0.0  # 499: whoever asked left before the answer

        async def noted(message: MutableMapping[str, Any]) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - started
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            status = 500
            raise
        finally:
            request(_template(scope), scope["method"], status, seconds or time.perf_counter() - started)


def _template(scope: MutableMapping[str, Any]) -> str:
    """The matched route's path as it was declared, with the prefixes of the routers that it is in."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    found = getattr(context, "path", "") or getattr(scope.get("route"), "path", "")
    return str(found) or "other"


async def _from_database(service: Any) -> CollectorRegistry:
    """What is asked now.  Its numbers are gauges of a moment: a registry of one answer, shared with nobody."""
    up = _Now("packshot_up", "1 where it answers.", ("part",))
    depths = _Now("packshot_queue_tickets", "Tickets in the queues.", ("stage", "state"))
    by_status = _Now("packshot_items", "Items by status.", ("status",))
    dead = _Now("packshot_dead_letters", "What failed for good and waits for somebody.", ("kind",))
    try:
        async with asyncio.timeout(QUEUE_SECONDS):
            counts = await service.queues.counts()
        for stage, states in counts.items():
            for state, count in states.items():
                depths.set((stage, state), count)
        up.set(("queue",), 1)
    except (Unavailable, TimeoutError):
        up.set(("queue",), 0)
    try:
        async with service.db.read() as tx:
            for status, count in await tx.execute(select(items.c.status, func.count()).group_by(items.c.status)):
                by_status.set((status,), count)
            shown = select(func.count()).join_from(items, batches, items.c.batch_id == batches.c.id)
            lost = shown.where(items.c.status == "failed", batches.c.deleted_at.is_(None))
            dead.set(("item",), await tx.scalar(lost) or 0)
            dead.set(("job",), await tx.scalar(select(func.count()).where(jobs.c.status == "failed")) or 0)
        up.set(("database",), 1)
    except Exception as error:
        if cause_of(error) is None:
            log.warning("metrics.no_database", error=type(error).__name__)
        up.set(("database",), 0)
    gauge = CollectorRegistry()
    for line in (up, depths, by_status, dead):
        gauge.register(line)
    return gauge


class _Now(Collector):
    """A gauge whose values are given once and read once."""

    def __init__(self, name: str, words: str, labels: tuple[str, ...]) -> None:
        self._family = GaugeMetricFamily(name, words, labels=labels)

    def set(self, labels: tuple[str, ...], value: float) -> None:
        self._family.add_metric(labels, value)

    def collect(self) -> list[Metric]:
        return [self._family]
