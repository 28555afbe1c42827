"""Expanding a batch: its photos are found, its items listed, its photos' flags counted, its items queued.

Killed at any point and started again it continues: an item's id follows from the batch, the photo and the style, so
none exists twice. No transaction holds more than 500 items.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from packshot.catalog.batches import lifecycle, sources
from packshot.catalog.batches.left_out import LeftOut, without_duplicates
from packshot.catalog.batches.lifecycle import BatchRecord
from packshot.catalog.batches.plan import SHOWN_PHOTOS, Entry, Planned, enlarging, flags, item_id, plan, style_key
from packshot.catalog.batches.requests import BatchRequest, StyleChoice
from packshot.catalog.events.log import record_event
from packshot.catalog.jobs import JobRecord
from packshot.catalog.ports import JobContext, JobRef
from packshot.catalog.status import BatchState, ItemStatus
from packshot.catalog.styles import templates
from packshot.catalog.styles.channels import resolve as resolve_channels
from packshot.catalog.styles.snapshots import channels_json, style_json
from packshot.catalog.tasks import MeasureTilePace, TilePace
from packshot.channel import Channel
from packshot.db import Tx
from packshot.db.tables import batches as batch_rows
from packshot.db.tables import item_versions, items, jobs, now
from packshot.errors import BadInput, NotFound, PackshotError
from packshot.specification import MASTER, Output, Specification, unsuited
from packshot.template import Template

log = structlog.get_logger(__name__)

CHUNK = 500
MAX_ITEMS = 100_000
MANY = 500  # after so many, PostgreSQL is told
LISTED_UNMATCHED = 2_000  # the rest is counted
_OPEN = (BatchState.CREATED, BatchState.VALIDATING, BatchState.PAUSED)


async def work(job: JobRecord, context: JobContext) -> dict[str, Any]:
    """Do the job of kind `batch`.  Returns its result: {filled, items, photos, unmatched, flags, notes}."""
    request = BatchRequest.model_validate(job.request)
    try:
        async with context.db.write() as tx:
            batch = await _open_batch(tx, job)
        if batch is None:
            return {"filled": False}
        if not (job.result or {}).get("filled"):
            await _fill(job, context, request)
        queued = await _queue(job, context)
    except PackshotError as error:
        if not error.retryable:
            await _failed(job, context, error)
        raise
    async with context.db.read() as tx:
        result = await tx.scalar(select(jobs.c.result).where(jobs.c.id == job.id))
    return {**(result or {}), "queued": queued}


async def _open_batch(tx: Tx, job: JobRecord) -> BatchRecord | None:
    """The batch, if it is still to be expanded or queued."""
    try:
        batch = await lifecycle.row(tx, job.workspace_id, _batch_of(job), lock=True)
    except NotFound:
        return None
    if batch.state == BatchState.CREATED:
        await _state(tx, batch, BatchState.VALIDATING)
    return batch if batch.state in (*_OPEN, BatchState.PROCESSING) else None


async def _fill(job: JobRecord, context: JobContext, request: BatchRequest) -> None:
    asked_for, unmatched, notes = await sources.photos_of(job, context, request.source)
    deleted = await sources.deleted(job, context, request.source, unmatched)
    sorted_out = without_duplicates(asked_for, request)
    entries = sorted_out.taken
    resolver, spec = await _resolver(job, context, request, entries)
    made = plan(entries, request, spec, resolver.unsuited)
    planned = made.items
    unmatched = [one for one in unmatched if one["name"] not in deleted] + made.unmatched
    left_out = sorted_out.left_out + [LeftOut(photo=id, name=name, reason="deleted") for id, name in deleted.items()]
    if len(planned) > MAX_ITEMS:
        raise BadInput(f"{len(planned)} items are more than the {MAX_ITEMS} of one batch.", remedy="Make several.")
    done, first = 0, await _first_position(job, context)
    for chunk in _chunks(planned):
        async with context.db.write() as tx:
            batch = await _open_batch(tx, job)
            if batch is None:  # cancelled or deleted meanwhile
                return
            unmatched += await _insert(tx, batch, chunk, first + done, request, resolver)
            done += len(chunk)
            await tx.execute(
                update(jobs).where(jobs.c.id == job.id)
                .values(done_count=done, total_count=len(planned), touched_at=now())
            )  # fmt: skip
            await record_event(tx, job.workspace_id, "batch.filling", batch_id=job.batch_id)
    if done >= MANY:
        await _analyze(context)
    product_px = {channel.name: channel.rules.product_px for channel in resolver.channels_used()}
    photo_flags = [
        {"check": "rule", "words": f"Not made: {words}", "count": len(ids), "photos": ids[:SHOWN_PHOTOS]}
        for words, ids in made.refused.items()
    ] + flags(entries, product_px)
    if request.upscale and (pace := await _pace(context)):
        largest = max((side for channel in resolver.channels_used() for side in channel.size), default=0)
        flag = enlarging(entries, largest=largest, tile_side=pace.side, overlap=pace.overlap,
                         tile_seconds=pace.seconds)  # fmt: skip
        photo_flags += [flag] if flag else []
    result = {
        "filled": True, "items": resolver.fitted, "photos": len(entries), "unmatched": len(unmatched),
        "flags": photo_flags, "notes": notes,
    }  # fmt: skip
    async with context.db.write() as tx:
        batch = await _open_batch(tx, job)
        if batch is None:
            return
        await tx.execute(update(jobs).where(jobs.c.id == job.id).values(result=result, touched_at=now()))
        if job.id != batch.job_id:  # what the batch had left out: the rest of it stands
            photos = {entry.photo_id for entry in entries}
            rest = [one for one in batch.left_out if one["photo"] not in (photos | set(deleted))]
            await _write_down(tx, batch, batch.unmatched + unmatched, [*rest, *_json(left_out)])
            await record_event(tx, job.workspace_id, "batch.validated", batch_id=batch.id)
            return
        await _write_down(tx, batch, unmatched, _json(left_out))
        if not resolver.fitted:
            words = "Not one photo could be taken; the list of what did not match says why."
            if made.refused:
                words = f"Nothing can be made as asked. {' '.join(made.refused)} Insist on it, or choose another style."
            await _state(tx, batch, BatchState.FAILED, error=words)
        elif request.paused and batch.state == BatchState.VALIDATING:
            await _state(tx, batch, BatchState.PAUSED)
        elif not request.hold and batch.state == BatchState.VALIDATING:
            await _state(tx, batch, BatchState.PROCESSING, started_at=now())
        else:
            await record_event(tx, job.workspace_id, "batch.validated", batch_id=batch.id)


async def _analyze(context: JobContext) -> None:
    """PostgreSQL plans by what it last counted: without this, finding an item by its id may read all that wait."""
    if not context.db.is_sqlite:
        async with context.db.write() as tx:
            await tx.execute(text("ANALYZE items"))


async def _write_down(
    tx: Tx, batch: BatchRecord, unmatched: Sequence[dict[str, str]], left_out: Sequence[dict[str, Any]]
) -> None:
    values = {"unmatched": list(unmatched[:LISTED_UNMATCHED]), "left_out": list(left_out)}
    await tx.execute(update(batch_rows).where(batch_rows.c.id == batch.id).values(**values))


async def _first_position(job: JobRecord, context: JobContext) -> int:
    """Of the items that this job adds: after those of the batch's own job; 0 for that one, however often it runs."""
    async with context.db.read() as tx:
        if await tx.scalar(select(batch_rows.c.job_id).where(batch_rows.c.id == _batch_of(job))) == job.id:
            return 0
        last = await tx.scalar(select(func.max(items.c.position)).where(items.c.batch_id == _batch_of(job)))
    return 0 if last is None else last + 1


async def _pace(context: JobContext) -> TilePace | None:
    """How long a tile takes to enlarge here; None where nobody can say, which holds no batch up."""
    try:
        return await context.pixels.do(MeasureTilePace())
    except PackshotError as error:
        log.warning("upscale.not_measured", error=error.message)
        return None


async def _queue(job: JobRecord, context: JobContext) -> int:
    """Queue what is to be done, if the batch is not held; again after a kill, since the same job twice is one."""
    async with context.db.write() as tx:
        batch = await _open_batch(tx, job)
        if batch is None or batch.state != BatchState.PROCESSING:
            return 0
        refs: list[JobRef] = await lifecycle.refs(tx, job.workspace_id, _batch_of(job))
    for chunk in _chunks(refs):
        await context.queues.add(list(chunk))
    return len(refs)


class _Resolver:
    """Templates and channels of one batch, each resolved once, and what an item's version stores of them.

    One that is not there is an error that is kept: a row of a list may name it, and the others go on.
    """

    def __init__(self, workspace_id: str, spec: Specification) -> None:
        self._workspace_id, self._spec = workspace_id, spec
        self._styles: dict[str, Template | PackshotError] = {}
        self._channels: dict[str, Channel | PackshotError] = {}
        self._used: dict[str, Channel] = {}
        self.fitted = 0

    async def load(self, tx: Tx, choices: Iterable[StyleChoice], ids: Iterable[str]) -> None:
        for choice in choices:
            key = style_key(choice)
            if key not in self._styles:
                try:
                    self._styles[key] = await templates.resolve(tx, self._workspace_id, choice.style, choice.options)
                except PackshotError as error:
                    self._styles[key] = error
        for id in ids:
            if id not in self._channels:
                try:
                    [found] = await resolve_channels(tx, self._workspace_id, [id])
                    self._channels[id] = self._spec.applied(found)
                except PackshotError as error:
                    self._channels[id] = error

    def unsuited(self, choice: StyleChoice, id: str) -> str:
        """Why a style cannot satisfy a hard rule of a channel; "" where it can, or where one of them is not there."""
        style, channel = self._styles.get(style_key(choice)), self._channels.get(id)
        if not isinstance(style, Template) or not isinstance(channel, Channel):
            return ""
        return unsuited(style, channel)

    def resolved(self, planned: Planned) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Its style and channels, as its version stores them.  Raises NotFound or BadOption."""
        style = self._styles[style_key(planned.choice)]
        if isinstance(style, PackshotError):
            raise style
        entry, named = planned.entry, list[Channel]()
        for output in [*([Output(channel=MASTER)] if planned.master else []), *planned.outputs]:
            channel = self._channels[output.channel]
            if isinstance(channel, PackshotError):
                raise channel
            self._used[channel.id] = channel
            if channel.id not in {one.id for one in named}:
                named.append(self._spec.named(channel, output, role=entry.role, place=entry.position))
        return style_json(style), channels_json(named)

    def channels_used(self) -> list[Channel]:
        return list(self._used.values())


async def _resolver(
    job: JobRecord, context: JobContext, request: BatchRequest, entries: Sequence[Entry]
) -> tuple[_Resolver, Specification]:
    async with context.db.read() as tx:
        batch = await lifecycle.row(tx, job.workspace_id, _batch_of(job))
        spec = await lifecycle.of_batch(tx, batch, request)
        resolver = _Resolver(job.workspace_id, spec)
        everything = plan(entries, request, spec).items
        await resolver.load(
            tx, (item.choice for item in everything),
            [MASTER, *(output.channel for item in everything for output in item.outputs)],
        )  # fmt: skip
    return resolver, spec


async def _insert(
    tx: Tx, batch: BatchRecord, chunk: Sequence[Planned], first: int, request: BatchRequest, resolver: _Resolver
) -> list[dict[str, str]]:
    """Returns what could not be taken: [{name, reason}]."""
    at = now()
    item_list: list[dict[str, Any]] = []
    version_list: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    for position, planned in enumerate(chunk, start=first):
        try:
            style, channels = resolver.resolved(planned)
        except PackshotError as error:
            refused.append({"name": planned.entry.name or planned.entry.photo_id, "reason": error.message})
            continue
        id = item_id(batch.id, planned)
        item_list.append({
            "id": id, "workspace_id": batch.workspace_id, "batch_id": batch.id, "photo_id": planned.entry.photo_id,
            "style_id": planned.choice.style, "position": position, "priority": planned.level,
            "status": ItemStatus.PROCESSING.value, "stage": "segment", "version": 1, "attempts": 0,
            "needs_look": False, "worst": 0.0, "created_at": at, "touched_at": at,
        })  # fmt: skip
        version_list.append({
            "item_id": id, "version": 1, "workspace_id": batch.workspace_id, "style": style,
            "channels": channels, "refined": request.refine, "upscaled": request.upscale, "reason": "", "changed": [],
            "photo_sha256": planned.entry.sha256, "matte_version": 0, "findings": [], "changes": [], "steps": [],
            "before_key": "", "after_key": "", "created_at": at,
        })  # fmt: skip
    resolver.fitted += len(item_list)
    if item_list:
        new = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
        await tx.execute(new(items).on_conflict_do_nothing(), item_list)
        await tx.execute(new(item_versions).on_conflict_do_nothing(), version_list)
    return refused


async def _state(tx: Tx, batch: BatchRecord, state: BatchState, **values: Any) -> None:
    values |= {"revision": batch_rows.c.revision + 1, "updated_at": now(), "state": state}
    await tx.execute(update(batch_rows).where(batch_rows.c.id == batch.id).values(**values))
    await record_event(tx, batch.workspace_id, f"batch.{state}", batch_id=batch.id)


async def _failed(job: JobRecord, context: JobContext, error: PackshotError) -> None:
    async with context.db.write() as tx:
        batch = await _open_batch(tx, job)
        if batch is not None and batch.state in _OPEN and batch.job_id == job.id:
            await _state(tx, batch, BatchState.FAILED, error=error.message)


def _batch_of(job: JobRecord) -> str:
    assert job.batch_id is not None, "a job of kind `batch` has one"
    return job.batch_id


def _json(left_out: Sequence[LeftOut]) -> list[dict[str, Any]]:
    return [one.model_dump(mode="json") for one in left_out]


def _chunks(things: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for first in range(0, len(things), CHUNK):
        yield things[first : first + CHUNK]
