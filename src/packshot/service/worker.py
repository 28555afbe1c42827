"""A worker: claims the jobs of one stage, has its pixel process do the work, writes down what came of it.

Each stage is a function from a task to an answer (in `pixel_tasks`, in the pixel process) and one transaction that
records the answer and names the next job. Whatever goes wrong in between is done again: nothing is recorded half.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import psutil
import structlog
from sqlalchemy.exc import SQLAlchemyError

from packshot.catalog import jobs
from packshot.catalog.batches import expand
from packshot.catalog.delivery import export_run
from packshot.catalog.items import stages
from packshot.catalog.jobs import Claim, JobRecord
from packshot.catalog.library import imports, matte_hints, photo_jobs
from packshot.catalog.photo_stages import StageResult, do_stage
from packshot.catalog.ports import JobContext, JobRef
from packshot.catalog.tasks import CutoutResult
from packshot.cpu_lease import urgency
from packshot.db import Database
from packshot.db.errors import cause_of
from packshot.db.tables import now
from packshot.db.upgrade import upgrade
from packshot.errors import Fault, OutOfMemory, PackshotError, StoreAway
from packshot.logs import Outage
from packshot.service import heartbeat, metrics, parent_watch, turns
from packshot.service.alerts import Alerts
from packshot.service.pixel_process import PixelProcess
from packshot.service.queues import LANES, Consumer, GaveUp, Later, Queues, TryAgain
from packshot.service.secrets import Secrets
from packshot.settings import Settings
from packshot.store import Store

log = structlog.get_logger(__name__)

NICE = 10  # people at the screen come first
# One in the model while another is read and written; composing is short; two files are encoded side by side.
CONCURRENCY = {"segment": 2, "upscale": 1, "generate": 1, "export": 2, "now": 2, "urgent": 2, "transfers": 2}
# The worker of the lanes has models of its own, warm; the others step further back.
LANES_NICE = 5
# On one machine a stage begins no more once so many wait for what follows it: their pixels would not fit in memory.
AHEAD = 8
NEXT = {"segment": ("upscale", "generate"), "upscale": ("generate",), "generate": ("export",)}
ROOM_SECONDS = 0.2
REQUEUE_SECONDS = 15
REST_SECONDS = 10.0  # before work is tried again whose database or store was away
LONG_JOBS: dict[str, Callable[[JobRecord, JobContext], Awaitable[dict[str, Any]]]] = {
    "import": imports.work,
    "batch": expand.work,
    "export": export_run.work,
    "hints": matte_hints.work,
}


async def serve(settings: Settings, stage: str, *, concurrency: int = 0) -> None:
    """Work until told to stop (SIGTERM, SIGINT); what is at work then is handed back to the queue.

    stage: or "now": whatever a person waits for, urgent items, imports and exports.
    """
    os.nice(LANES_NICE if stage in LANES else NICE)
    await asyncio.to_thread(upgrade, settings.database)
    queues = LANES if stage in LANES else (stage,)
    counts = {name: concurrency or settings.concurrency or CONCURRENCY[name] for name in queues}
    worker = Worker(settings, stage, concurrency=counts)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    orphaned = asyncio.create_task(parent_watch.watch(stop.set))
    starting, stopping = asyncio.create_task(worker.start()), asyncio.create_task(stop.wait())
    await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)  # it waits where the queue is away
    if starting.done():
        await starting
        log.info("worker.started", stage=stage, concurrency=sum(counts.values()))
        await stopping
    starting.cancel()
    orphaned.cancel()
    await worker.close()
    log.info("worker.stopped", stage=stage)


class Worker:
    """One stage's consumer, or those of the lanes, a pixel process, and its share of looking for stalled jobs.

    concurrency: queue → how many of its jobs are in work at once.
    """

    def __init__(self, settings: Settings, stage: str, *, concurrency: Mapping[str, int]) -> None:
        self._settings, self._stage = settings, stage
        count = sum(concurrency.values())
        self._db = Database(settings.database, durable=False, connections=count + 2)
        self._queues = Queues(settings.redis)
        self._child = PixelProcess(settings, concurrency=count)
        self._context = JobContext(
            self._db, Store(settings.store), self._child, self._queues, settings, Secrets.open(settings)
        )
        self._consumers = [
            Consumer(settings.redis, name, self.handle, concurrency=number, outage=self._queues.outage)
            for name, number in concurrency.items()
        ]
        self._store_outage, self._alerts = Outage("store"), Alerts(settings)
        self._closing = False
        self._loops: list[asyncio.Task[None]] = []
        self._working: set[asyncio.Task[JobRef | None]] = set()

    async def start(self) -> None:
        self._loops.append(asyncio.create_task(heartbeat.watch(self._db, self._queues)))
        for consumer in self._consumers:
            await consumer.start()
        self._loops.append(asyncio.create_task(self._watch_stalled()))

    async def close(self) -> None:
        """Take nothing more; what is at work goes back into the queue as it was."""
        self._closing = True
        for loop in self._loops:
            loop.cancel()
        self._child.stop()
        for task in self._working:
            task.cancel()
        await asyncio.gather(*(consumer.close() for consumer in self._consumers))
        await self._alerts.close()
        await self._queues.close()
        await self._db.close()

    async def handle(self, ref: JobRef) -> None:
        """Raises Later, TryAgain or GaveUp, as the queue understands them.  What is away costs the work no try."""
        started = time.perf_counter()
        outcome = "done"
        urgency.set(turns.urgency(ref))
        await self._wait_for_room()
        try:
            with structlog.contextvars.bound_contextvars(**{jobs.ledger_of(ref.id).kind: ref.id}):
                await self._handle(ref)
        except Later:
            outcome = "later"
            raise
        except (TryAgain, GaveUp) as error:
            outcome = "failed" if isinstance(error, GaveUp) else "again"
            raise
        except Exception as error:
            if not _is_away(error):
                raise
            outcome = "later"  # the database's or the store's trouble is no try of the photo
            if isinstance(error, StoreAway):
                self._store_outage.away(error)
            raise Later(now() + REST_SECONDS) from error
        else:
            self._store_outage.back()
        finally:
            metrics.observe_stage(ref.stage, time.perf_counter() - started, outcome)

    async def _wait_for_room(self) -> None:
        following = NEXT.get(self._stage, ()) if os.environ.get(parent_watch.VARIABLE) else ()
        while sum([await self._queues.waiting(stage) for stage in following]) >= AHEAD:
            if self._closing:
                raise Later(now())
            await asyncio.sleep(ROOM_SECONDS)

    async def _handle(self, ref: JobRef) -> None:
        async with self._db.read() as tx:
            claimed = await jobs.claim(tx, ref)
        if claimed.wait_until:
            raise Later(claimed.wait_until)
        if claimed.instead is not None:
            await self._queues.add([claimed.instead])
        claim = claimed.claim
        if claim is None:
            return
        if claimed.begins:
            async with self._db.write() as tx:
                await jobs.begin(tx, claim)
        working = asyncio.create_task(work_on(claim, self._context))
        self._working.add(working)
        alive = asyncio.create_task(self._say_alive(claim))
        try:
            following = await working
        except asyncio.CancelledError:
            if self._closing:
                raise Later(now()) from None
            raise
        except Exception as error:
            if self._closing and isinstance(error, OutOfMemory):  # we ended the pixel process ourselves
                raise Later(now()) from None
            if _is_away(error):
                raise
            await self._fail(claim, error)
            return
        finally:
            self._working.discard(working)
            alive.cancel()
        if following is not None:
            await self._queues.add([following])

    async def _fail(self, claim: Claim, error: Exception) -> None:
        log.warning("stage.failed", stage=claim.ref.stage, version=claim.ref.version, tries=claim.attempts + 1,
                    error=str(error)[:300], **_traceback(error))  # fmt: skip
        fail = stages.fail if claim.kind == "item" else jobs.fail if claim.kind in LONG_JOBS else photo_jobs.fail
        async with self._db.write() as tx:
            failed = await fail(tx, claim, error)
        code = error.code if isinstance(error, PackshotError) else "fault"
        metrics.failed(code)
        if failed.final:
            self._alerts.dead_letter(claim, code, failed.reason)
        if failed.instead is not None:
            await self._queues.add([failed.instead])
            return
        raise (GaveUp if failed.final else TryAgain)(failed.reason) from error

    async def _say_alive(self, claim: Claim) -> None:
        while True:
            await asyncio.sleep(self._settings.stall_seconds / 3)
            with suppress(SQLAlchemyError):  # the database may be away for a while; the work goes on
                async with self._db.write() as tx:
                    await jobs.alive(tx, claim)

    # --- what has stalled ---

    async def _watch_stalled(self) -> None:
        """One worker of all looks for jobs that are in no queue and that nobody works on, and queues them again."""
        while True:
            await asyncio.sleep(REQUEUE_SECONDS)
            try:
                if await self._queues.first("requeue", REQUEUE_SECONDS - 1):
                    found = await requeue_stalled(self._db, self._queues, since=now() - self._settings.stall_seconds)
                    if found:
                        log.warning("jobs.requeued", jobs=found)
            except Exception as error:  # the next round tries again
                if cause_of(error) is None:
                    log.warning("requeue.failed", error=str(error)[:300])
            with suppress(psutil.Error):
                pid = self._child.pid
                sizes = [psutil.Process(p).memory_info().rss for p in (os.getpid(), pid) if p]
                metrics.memory(self._stage, sum(sizes))


async def work_on(claim: Claim, context: JobContext) -> JobRef | None:
    """Do one stage of a job and record what came of it.  Returns the reference of its next stage."""
    db = context.db
    if claim.kind in LONG_JOBS:
        async with db.read() as tx:
            job = await jobs.get(tx, claim.workspace_id, claim.ref.id)
        result = await LONG_JOBS[claim.kind](job, context)
        async with db.write() as tx:
            return await jobs.advance_job(tx, claim, "", result)
    if claim.kind == "item":
        async with db.read() as tx:
            item = await stages.load(tx, claim)
        results = await do_stage(item, context.pixels)
        _count_cached(results)
        async with db.write() as tx:
            return await stages.record(tx, item, results)
    async with db.read() as tx:
        work = await photo_jobs.load(tx, claim)
    results = await do_stage(work, context.pixels)
    async with db.write() as tx:
        return await photo_jobs.record(tx, work, results)


async def requeue_stalled(db: Database, queues: Queues, *, since: float) -> int:
    """Queue jobs again that gave no sign of life since then and are in no queue; `since` now rebuilds a lost queue."""
    total = 0
    for ledger in (jobs.ITEMS, jobs.JOBS):
        after = ""
        while True:
            async with db.read() as tx:
                refs = await jobs.stalled(tx, ledger, since=since, after=after)
            if not refs:
                break
            after = refs[-1].id
            lost = await queues.missing(refs)
            if lost:
                async with db.write() as tx:
                    await jobs.touch(tx, ledger, [ref.id for ref in lost])
                await queues.add(lost)
                total += len(lost)
    return total


def _is_away(error: BaseException) -> bool:
    """Whether the database or the store is at fault, and not the work."""
    return isinstance(error, StoreAway) or cause_of(error) is not None


def _traceback(error: Exception) -> dict[str, Any]:
    """What a log line adds for a fault of Packshot's own, here or in the pixel process."""
    if isinstance(error, Fault):
        return {"exception": error.stack}
    return {} if isinstance(error, PackshotError) else {"exc_info": error}


def _count_cached(results: Sequence[StageResult]) -> None:
    for result in results:
        if isinstance(result, CutoutResult):
            metrics.cache("cutout", result.cached)
