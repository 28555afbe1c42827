"""The queues: one a stage and three lanes past them, BullMQ on Valkey or Redis. The only file that knows BullMQ.

A ticket becomes a job whose name is its own, so that the same work is never queued twice; the job holds ids and nothing
else, so that losing the whole server loses nothing that SQL does not know. Its Python client has pitfalls that are
settled here once: time-outs shorter than its own blocking reads, slow reconnects, a pool that refuses instead of
waiting.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from bullmq import Job as BullJob
from bullmq import Queue, UnrecoverableError, Worker
from bullmq.custom_errors import DelayedError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from packshot.catalog.jobs import PHOTO_STAGES
from packshot.catalog.ports import JobRef
from packshot.errors import Unavailable
from packshot.logs import Outage
from packshot.service.turns import priorities

log = structlog.get_logger(__name__)

STAGES = PHOTO_STAGES
LANES = ("now", "urgent", "transfers")  # of all stages: `JobRef.queue`
QUEUES = (*STAGES, *LANES)
TRIES = 3  # counted in SQL, where losing the queue does not forget them
LOCK_MS, STALLED_MS = 30_000, 5_000
_BULK = 500
_CEILING = 1_000  # BullMQ's own count is never what ends a job
PING_SECONDS = 5.0
CLOSE_SECONDS = 8.0  # less than whoever stops a program waits before it kills it
_STATES = ("active", "waiting", "prioritized", "delayed", "failed", "paused")


def connect(url: str, *, connections: int = 16, patient: bool = True) -> Redis:
    """url: redis://… or unix:///path.  patient: wait for a server that is away, as workers do; else give up soon."""
    options: dict[str, Any] = {
        "decode_responses": True,
        "socket_timeout": 15 if patient else 3,  # workers: longer than BullMQ's longest blocking read, 10 s
        "socket_connect_timeout": 5,
        "max_connections": connections,
        "timeout": None,
        "retry": Retry(ExponentialBackoff(cap=1, base=0.05), 100_000 if patient else 2),
        "retry_on_error": [RedisConnectionError, RedisTimeoutError, BusyLoadingError],
    }
    if url.startswith("unix://"):
        options |= {"connection_class": UnixDomainSocketConnection, "path": url.removeprefix("unix://")}
        return Redis(connection_pool=BlockingConnectionPool(**options))
    return Redis(connection_pool=BlockingConnectionPool.from_url(url, **options))


def backoff_ms(tries: int) -> int:
    """Wait before the next try: doubling up to 60 s, less up to half of it by chance, so that none march in step."""
    return round(1000 * min(60.0, 2.0**tries) * random.uniform(0.5, 1.0))


class Queues:
    """Where tickets are put.  Never raises because the server is away: the sweeper puts them in later.

    outage: what the log says of it; a `Consumer` of the same process shares it.
    """

    def __init__(self, url: str) -> None:
        self.outage = Outage("queue")
        self._redis = connect(url, patient=False)
        self._queues = {stage: Queue(stage, {"connection": self._redis}) for stage in QUEUES}

    async def add(self, refs: Iterable[JobRef]) -> list[str]:
        """Queue them; one whose job failed for good is queued anew.  Returns the ids of those."""
        revived: list[str] = []
        groups: dict[str, list[JobRef]] = {}
        for ref in refs:
            groups.setdefault(ref.queue, []).append(ref)
        try:
            for name, members in groups.items():
                for start in range(0, len(members), _BULK):
                    revived += await self._add(name, members[start : start + _BULK])
        except (RedisError, OSError) as error:
            self.outage.away(error)
        return revived

    async def _add(self, name: str, refs: Sequence[JobRef]) -> list[str]:
        queue = self._queues[name]
        async with self._redis.pipeline(transaction=False) as pipe:
            for ref in refs:
                pipe.zscore(f"bull:{name}:failed", ref.job_id)
            failed = [t for t, score in zip(refs, await pipe.execute(), strict=True) if score is not None]
        for ref in failed:
            await queue.remove(ref.job_id)
        places = await priorities(self._redis, name, refs)
        await queue.addBulk([_job(ref, place) for ref, place in zip(refs, places, strict=True)])
        return [ref.id for ref in failed]

    async def missing(self, refs: Sequence[JobRef]) -> list[JobRef]:
        """Those that no worker will ever claim: in no state of their queue, or given up by it.  Raises RedisError."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for ref in refs:
                pipe.exists(f"bull:{ref.queue}:{ref.job_id}")
                pipe.zscore(f"bull:{ref.queue}:failed", ref.job_id)
            answers = await pipe.execute()
        pairs = zip(answers[::2], answers[1::2], strict=True)
        return [ref for ref, (there, failed) in zip(refs, pairs, strict=True) if not there or failed is not None]

    async def remove(self, refs: Iterable[JobRef]) -> None:
        """Take out those that nobody works on yet."""
        try:
            for ref in refs:
                for name in {ref.queue, ref.stage, "urgent"}:  # its priority may have been another
                    await self._queues[name].remove(ref.job_id)
        except (RedisError, OSError) as error:
            self.outage.away(error)

    async def move(self, refs: Sequence[JobRef]) -> None:
        """Queue them with another priority or another time."""
        await self.remove(refs)
        await self.add(refs)

    async def waiting(self, queue: str) -> int:
        """How many jobs could be taken now; 0 where the server is away."""
        try:
            return int(await self._redis.zcard(f"bull:{queue}:prioritized"))
        except (RedisError, OSError):
            return 0

    async def counts(self) -> dict[str, dict[str, int]]:
        """Queue → state → how many jobs.  Raises Unavailable."""
        try:
            return {stage: await queue.getJobCounts(*_STATES) for stage, queue in self._queues.items()}
        except (RedisError, OSError) as away:
            raise Unavailable("the queue cannot be reached.", remedy="Is Valkey running?") from away

    async def first(self, name: str, seconds: int) -> bool:
        """Whether this process is the first to ask in so many seconds: for what one of many is to do."""
        try:
            return bool(await self._redis.set(f"packshot:{name}", "1", nx=True, ex=seconds))
        except (RedisError, OSError):
            return False

    async def ping(self) -> bool:
        """Whether it takes work now."""
        try:
            await self.check()
        except Unavailable:
            return False
        return True

    async def check(self) -> None:
        """Raises Unavailable where it takes no write within five seconds: with a full disk it still answers reads."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self._redis.set("packshot:ping", "1", ex=60)
        except (TimeoutError, RedisError, OSError) as error:
            hangs = isinstance(error, TimeoutError)
            reason = f"no answer within {PING_SECONDS:.0f} s" if hangs else str(error).rstrip(".")
            self.outage.away(reason)
            raise Unavailable(f"the queue takes no work ({reason}).") from error
        self.outage.back()

    async def close(self) -> None:
        await self._redis.aclose(close_connection_pool=True)


def _job(ref: JobRef, place: int) -> dict[str, Any]:
    wait = max(0, round((ref.not_before - time.time()) * 1000)) if ref.not_before else 0
    return {
        "name": ref.stage,
        "data": {
            "id": ref.id,
            "version": ref.version,
            "priority": ref.priority,
            "workspace": ref.workspace_id,
            "group": ref.group,
        },
        "opts": {
            "jobId": ref.job_id,
            "priority": place,
            "attempts": _CEILING,
            "backoff": {"type": "jittered", "delay": 2000},
            "removeOnComplete": True,
            "delay": wait,
            "stackTraceLimit": TRIES,
        },
    }


@dataclass(frozen=True, slots=True)
class Later(Exception):
    """Raised by a handler: put the ticket back until then, which counts as no try."""

    at: float  # seconds since 1970


class GaveUp(Exception):
    """Raised by a handler: this was the last try; the job goes to the failed ones, with its reason."""


class TryAgain(Exception):
    """Raised by a handler: this try failed, another follows."""


Handler = Callable[[JobRef], Awaitable[None]]


class Consumer:
    """Draws tickets of one queue and hands them to `handle`, so many at a time."""

    def __init__(self, url: str, queue: str, handle: Handler, *, concurrency: int, outage: Outage) -> None:
        self._redis = connect(url, connections=concurrency * 2 + 8)
        self._queue, self._handle, self._outage = queue, handle, outage
        options = {
            "connection": self._redis,
            "concurrency": concurrency,
            "autorun": False,
            "runRetryDelay": 500,
            "maxStalledCount": 5,
            "lockDuration": LOCK_MS,
            "stalledInterval": STALLED_MS,
            "settings": {"backoffStrategy": lambda tries, kind, error, job: backoff_ms(tries)},
        }
        self._worker = Worker(queue, self._process, options)
        self._worker.on("error", self._note)
        self._runs: asyncio.Task[None] | None = None

    async def start(self) -> None:
        # Without this, delays under a second are rounded up to one.
        await self._worker.backend.blocking_connection.getRedisVersion()
        self._runs = asyncio.create_task(self._worker.run())

    async def close(self) -> None:
        """Draw nothing more and wait for what is at work; not for ever where the server is away."""
        closing = asyncio.create_task(self._worker.close())
        await asyncio.wait([closing], timeout=CLOSE_SECONDS)
        if not closing.done():
            await self._worker.close(force=True)
        if self._runs is not None:
            with suppress(asyncio.CancelledError, RedisError):
                await self._runs
        with suppress(RedisError, OSError):
            await self._redis.aclose(close_connection_pool=True)

    def _note(self, error: Exception, *about: Any) -> None:
        """What BullMQ reports: the server's refusals, several a second while it is unwell, and lost locks."""
        if isinstance(error, RedisError | OSError):
            self._outage.away(error)
        elif "could not renew lock" not in str(error):  # said every few seconds; the job's end says it once
            log.warning("queue.error", queue=self._queue, error=str(error)[:200])

    async def _process(self, job: BullJob, token: str) -> None:
        told = job.data
        ref = JobRef(
            job.name, told["id"], int(told["version"]), int(told["priority"]),
            workspace_id=told.get("workspace", ""), group=told.get("group", ""),
        )  # fmt: skip
        try:
            await self._handle(ref)
        except Later as later:
            await job.moveToDelayed(round(later.at * 1000), token)
            raise DelayedError from None
        except GaveUp as last:
            raise UnrecoverableError(str(last)) from last
