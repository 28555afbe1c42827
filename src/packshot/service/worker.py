"""A worker: claims the jobs of one stage, has its pixel process do the work, writes down what came of it.

Each stage is a function from a task to an answer (in `pixel_tasks`, in the pixel process) and one transaction that
records the answer and names the next job. Whatever goes wrong in between is done again: nothing is recorded half.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import psutil
import structlog
from sqlalchemy import select

from packshot.catalog import jobs
from packshot.catalog.batches import expand
from packshot.catalog.delivery import export_run
from packshot.catalog.items import stages
from packshot.catalog.items.stages import TRIES, Task
from packshot.catalog.library import imports, matte_hints
from packshot.catalog.ports import JobContext, JobRef
from packshot.channel import Channel, file_stem
from packshot.db import Database
from packshot.db.errors import cause_of
from packshot.db.tables import mattes, now, photos
from packshot.db.upgrade import upgrade
from packshot.errors import Fault, NotFound, OutOfMemory, PackshotError
from packshot.service import heartbeat, metrics, parent_watch
from packshot.service.pixel_process import PixelProcess
from packshot.service.queues import Consumer, GaveUp, Later, Queues, TryAgain
from packshot.service.secrets import Secrets
from packshot.settings import Settings
from packshot.store import Store

log = structlog.get_logger(__name__)

NICE = 10  # people at the screen come first
# One in the model while another is read and written; composing is short; two files are encoded side by side.
CONCURRENCY = {"segment": 2, "upscale": 1, "generate": 1, "export": 2}
SWEEP_SECONDS = 15
REST_SECONDS = 10.0  # before work is tried again whose database was away
Answer = dict[str, Any]
LONG_RUNS: dict[str, Callable[[Any, JobContext], Coroutine[Any, Any, Answer]]] = {
    "import": imports.work,
    "batch": expand.work,
    "export": export_run.work,
    "hints": matte_hints.work,
}


async def serve(settings: Settings, stage: str, *, concurrency: int = 0) -> None:
    """Work until told to stop (SIGTERM, SIGINT); what is at work then is handed back to the queue."""
    os.nice(NICE)
    await asyncio.to_thread(upgrade, settings.database)
    count = concurrency or settings.concurrency or CONCURRENCY[stage]
    worker = Worker(settings, stage, concurrency=count)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    orphaned = asyncio.create_task(parent_watch.watch(stop.set))
    starting, stopping = asyncio.create_task(worker.start()), asyncio.create_task(stop.wait())
    await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)  # it waits where the queue is away
    if starting.done():
        await starting
        log.info("worker.started", stage=stage, concurrency=count)
        await stopping
    starting.cancel()
    orphaned.cancel()
    await worker.close()
    log.info("worker.stopped", stage=stage)


class Worker:
    """One stage's consumer, its pixel process, and its share of the sweeping."""

    def __init__(self, settings: Settings, stage: str, *, concurrency: int) -> None:
        self._settings, self._stage, self._concurrency = settings, stage, concurrency
        self._db = Database(settings.database, durable=False, connections=concurrency + 2)
        self._queues = Queues(settings.redis)
        self._child = PixelProcess(settings, concurrency=concurrency)
        self._context = JobContext(
            self._db, Store(settings.store), self._child, self._queues, settings, Secrets.open(settings)
        )
        self._consumer = Consumer(
            settings.redis, stage, self.handle, concurrency=concurrency, outage=self._queues.outage
        )
        self._closing = False
        self._loops: list[asyncio.Task[None]] = []
        self._long: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._loops.append(asyncio.create_task(heartbeat.watch(self._db, self._queues)))
        await self._consumer.start()
        self._loops.append(asyncio.create_task(self._sweep()))

    async def close(self) -> None:
        """Take nothing more; what is at work goes back into the queue as it was."""
        self._closing = True
        for loop in self._loops:
            loop.cancel()
        self._child.stop()
        for task in self._long:
            task.cancel()
        await self._consumer.close()
        await self._queues.close()
        await self._db.close()

    async def handle(self, ref: JobRef) -> None:
        """Raises Later, TryAgain or GaveUp, as the queue understands them.  A database that is away costs no try."""
        started = time.perf_counter()
        outcome = "done"
        is_run = ref.id.startswith("run_")
        try:
            with structlog.contextvars.bound_contextvars(**{"run" if is_run else "item": ref.id}):
                await (self._run(ref) if is_run else self._item(ref))
        except Later:
            outcome = "later"
            raise
        except (TryAgain, GaveUp) as error:
            outcome = "failed" if isinstance(error, GaveUp) else "again"
            raise
        except Exception as error:
            if cause_of(error) is None:
                raise
            outcome = "later"  # the database's trouble is no try of the photo
            raise Later(now() + REST_SECONDS) from error
        finally:
            metrics.observe_stage(self._stage, time.perf_counter() - started, outcome)

    # --- items ---

    async def _item(self, ref: JobRef) -> None:
        async with self._db.read() as tx:
            drawn = await stages.draw(tx, ref)
            task = drawn.task
            pictures = await stages.picture_keys(tx, task.workspace_id, task.picture_ids) if task else {}
        if drawn.wait_until:
            raise Later(drawn.wait_until)
        if drawn.instead is not None:
            await self._queues.add([drawn.instead])
        if task is None:
            return
        if drawn.retry_failed:
            async with self._db.write() as tx:
                await stages.retry_failed(tx, task)
        try:
            answer = await self._do(task, pictures)
            async with self._db.write() as tx:
                following = await self._record(tx, task, answer)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if cause_of(error) is not None:
                raise
            await self._failed(task, error)
            return
        if following is not None:
            await self._queues.add([following])

    async def _do(self, task: Task, pictures: dict[str, str]) -> Answer:
        common = {"photo": task.photo_key, "name": task.photo_name}
        wanted = {"template": task.template, "channels": task.channels, "max_pixels": task.max_pixels}
        match task.stage:
            case "segment":
                wants = {c["name"]: c["rules"]["product_px"] for c in task.channels}
                # A second look is wanted where the first was not good enough; a matte by hand is the last word.
                known = task.matte_key if task.by_hand or not task.refined else ""
                answer = await self._child.call(
                    "segment", **common, product_px=wants, cutout="" if task.max_pixels else known,
                    by_hand=task.by_hand, refined=task.refined, upscaled=task.upscaled, **wanted,
                )  # fmt: skip
                metrics.cache("cutout", all(step["cached"] for step in answer["steps"] if step["kind"] == "segment"))
                return dict(answer)
            case "upscale":
                return dict(
                    await self._child.call(
                        "upscale", **common, **wanted, cutout=task.cutout_key, upscaled=task.upscaled
                    )
                )  # fmt: skip
            case _:
                return dict(
                    await self._child.call(
                        task.stage, **common, **wanted, cutout=task.cutout_key, enlarged=task.enlarged_key,
                        pictures=pictures,
                    )
                )  # fmt: skip

    async def _record(self, tx: Any, task: Task, answer: Answer) -> JobRef | None:
        match task.stage:
            case "segment":
                return await stages.segmented(tx, task, answer)
            case "upscale":
                return await stages.upscaled(tx, task, answer)
            case "generate":
                return await stages.generated(tx, task, answer)
        await stages.exported(tx, task, answer, _names(task))
        return None

    async def _failed(self, task: Task, error: Exception) -> None:
        if self._closing and isinstance(error, OutOfMemory):  # we ended the pixel process ourselves
            raise Later(now()) from None
        if isinstance(error, NotFound) and task.stage != "segment" and task.cutout_key:
            error = stages.LayerGone("the kept cut-out is gone; the photo is cut out again.", subject=task.photo_name)
        log.warning("stage.failed", stage=task.stage, version=task.version, tries=task.attempts + 1,
                    error=str(error)[:300], **_traceback(error))  # fmt: skip
        async with self._db.write() as tx:
            result = await stages.failed(tx, task, error)
        metrics.failed(error.code if isinstance(error, PackshotError) else "fault")
        if result.instead is not None:
            await self._queues.add([result.instead])
            return
        raise (GaveUp if result.final else TryAgain)(result.reason) from error

    # --- runs ---

    async def _run(self, ref: JobRef) -> None:
        async with self._db.write() as tx:
            run = await jobs.draw(tx, ref)
            if run is not None:
                await jobs.running(tx, run)
        if run is None:
            return
        doing = asyncio.create_task(
            LONG_RUNS[run.kind](run, self._context) if run.kind in LONG_RUNS else self._one(run)
        )
        self._long.add(doing)
        alive = asyncio.create_task(self._say_alive(run))
        try:
            result = await doing
        except asyncio.CancelledError:
            if self._closing:
                raise Later(now()) from None
            raise
        except Exception as error:
            if self._closing and isinstance(error, OutOfMemory):
                raise Later(now()) from None
            if cause_of(error) is not None:
                raise
            log.warning("run.failed", kind=run.kind, error=str(error)[:300], **_traceback(error))
            async with self._db.write() as tx:
                last = await jobs.failed(tx, run, error, tries=TRIES)
            raise (GaveUp if last else TryAgain)(str(error)) from error
        finally:
            self._long.discard(doing)
            alive.cancel()
        async with self._db.write() as tx:
            following = await jobs.advance(tx, run, result)
        if following is not None:
            await self._queues.add([following])

    async def _say_alive(self, run: Any) -> None:
        while True:
            await asyncio.sleep(self._settings.stall_seconds / 3)
            async with self._db.write() as tx:
                await jobs.touch(tx, run.id)

    async def _one(self, run: Any) -> Answer:
        """A single photo's stage, or up to three photos' for a preview."""
        request = run.request
        ids = request.get("images") or [run.photo_id]
        async with self._db.read() as tx:
            found = {row.id: row for row in await tx.execute(_photos(run.workspace_id, ids))}
            template = request.get("template") or {"steps": []}
            wanted = [step["picture"] for step in template["steps"] if step.get("picture")]
            pictures = await stages.picture_keys(tx, run.workspace_id, wanted)
        missing = [id for id in ids if id not in found]
        if missing:
            raise NotFound("this photo is gone.", subject=missing[0])
        members = [found[id] for id in ids]
        match run.stage:
            case "segment":
                return dict(run.result) | await self._segment_run(run, members)
            case "upscale":
                photo = members[0]
                made = await self._child.call(
                    "upscale_picture", photo=photo.key, name=photo.name, cutout=run.result["cutouts"][photo.id],
                    factor=request["factor"],
                )  # fmt: skip
                return {**run.result, **made}
        return await self._generate_run(run, members, template, pictures)

    async def _segment_run(self, run: Any, members: list[Any]) -> Answer:
        result: Answer = {"cutouts": {}}
        for photo in members:
            known = photo.matte_key if photo.matte_key and photo.matte_of == photo.sha256 else ""
            answer = await self._child.call(
                "segment", photo=photo.key, name=photo.name, product_px={}, cutout=known,
                refined=bool(run.request.get("refined")),
            )  # fmt: skip
            async with self._db.write() as tx:
                version = await stages.keep_matte(tx, run.workspace_id, photo.id, photo.sha256, answer)
            result["cutouts"][photo.id] = answer["cutout"]
            result |= {"matte_version": version} | {name: answer[name] for name in ("uncertainty", "findings")}
        return result

    async def _generate_run(self, run: Any, members: list[Any], template: Answer, pictures: dict[str, str]) -> Answer:
        request, previews = run.request, run.kind == "preview"
        made = []
        for photo in members:
            answer = await self._child.call(
                "picture", photo=photo.key, name=photo.name, cutout=run.result["cutouts"][photo.id], template=template,
                size=request.get("size") or [2048, 2048], format=request.get("format") or "jpeg", pictures=pictures,
                channel=request.get("channel"), preview=previews,
            )  # fmt: skip
            made.append({"image": photo.id} | answer)
        return {"pictures": made} if previews else {**run.result, **made[0]}

    # --- what stands still ---

    async def _sweep(self) -> None:
        """One worker of all looks for what nobody works on any more, and queues it again."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                if await self._queues.first("sweep", SWEEP_SECONDS - 1):
                    found = await requeue(self._db, self._queues, since=now() - self._settings.stall_seconds)
                    if found:
                        log.info("sweep.requeued", refs=found)
            except Exception as error:  # the next round tries again
                if cause_of(error) is None:
                    log.warning("sweep.failed", error=str(error)[:300])
            with suppress(psutil.Error):
                pid = self._child.pid
                sizes = [psutil.Process(p).memory_info().rss for p in (os.getpid(), pid) if p]
                metrics.memory(self._stage, sum(sizes))


async def requeue(db: Database, queues: Queues, *, since: float) -> int:
    """Queue again all that has not moved since then; `since` now rebuilds a queue that was lost whole."""
    total = 0
    while True:
        async with db.write() as tx:
            refs = await stages.stalled(tx, since=since) + await jobs.stalled(tx, since=since)
        if not refs:
            return total
        await queues.add(refs)
        total += len(refs)


def _traceback(error: Exception) -> dict[str, Any]:
    """What a log line adds for a fault of Packshot's own, here or in the pixel process."""
    if isinstance(error, Fault):
        return {"exception": error.stack}
    return {} if isinstance(error, PackshotError) else {"exc_info": error}


def _names(task: Task) -> dict[str, str]:
    names = {}
    for body in task.channels:
        channel = Channel.model_validate(body)
        stem, _ = file_stem(channel, **task.naming)
        names[channel.id] = f"{stem}{channel.suffix}"
    return names


def _photos(workspace_id: str, ids: list[str]) -> Any:
    return (
        select(photos, mattes.c.key.label("matte_key"), mattes.c.photo_sha256.label("matte_of"))
        .outerjoin(mattes, (mattes.c.photo_id == photos.c.id) & (mattes.c.version == photos.c.matte_version))
        .where(photos.c.workspace_id == workspace_id, photos.c.id.in_(ids), photos.c.deleted_at.is_(None))
    )
