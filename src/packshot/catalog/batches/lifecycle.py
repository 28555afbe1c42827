"""Batches: made, looked up, renamed, paused, resumed, started, cancelled, deleted.

The column `state` says what somebody did with the batch; whether it is in review or approved is counted from its items.
Filling it with items is `filling.work`, a job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import Row, select, update

from packshot.catalog import jobs
from packshot.catalog.batches.offpeak import window
from packshot.catalog.batches.progress import BatchStatus, derived, statuses
from packshot.catalog.batches.requests import BatchRequest, PhotoSource, StyleChoice, with_master
from packshot.catalog.events.log import tell
from packshot.catalog.old_names import job_id_now
from packshot.catalog.ports import JobRef
from packshot.catalog.status import BatchState, ItemStatus, JobStatus, Priority
from packshot.catalog.styles import templates
from packshot.catalog.styles.channels import resolve as resolve_channels
from packshot.db import Tx
from packshot.db.tables import batches, collections, items, new_id, now, uploads, workspaces
from packshot.db.tables import jobs as job_rows
from packshot.errors import BadInput, Conflict, NoSuchCollection, NotFound

_LEVELS = {priority.level: priority for priority in Priority}
_ENDED = (BatchState.CANCELLED, BatchState.FAILED)


class Unmatched(BaseModel, frozen=True):
    """A row or file of an upload that no photo was found for, and why."""

    name: str
    reason: str


class Flag(BaseModel, frozen=True):
    """Something that the photos tell before work is spent."""

    check: str
    words: str
    count: int
    photos: tuple[str, ...]


class BatchView(BaseModel, frozen=True):
    """A batch, and how far it is."""

    id: str
    name: str
    state: BatchState
    priority: Priority
    styles: tuple[StyleChoice, ...]
    channels: tuple[str, ...]
    counts: dict[str, int]
    done: int = Field(description="Made, or failed for good; neither waiting nor cancelled.")
    total: int
    unmatched: tuple[Unmatched, ...]
    flags: tuple[Flag, ...]
    hold: bool
    error: str
    job: str | None
    revision: int
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    exported_at: datetime | None


async def create(tx: Tx, workspace_id: str, asked: BatchRequest, *, by: str | None) -> tuple[str, JobRef]:
    """Write the batch down and start the job that fills it.

    Raises NotFound and BadOption for a template, option, channel, collection or upload that is not there or not taken:
    at once, before any photo is looked at.
    """
    wanted = [*asked.styles, *(StyleChoice(style=s.style, options=s.options or {}) for s in asked.items if s.style)]
    for choice in {(one.style, repr(sorted(one.options.items()))): one for one in wanted}.values():
        await templates.resolve(tx, workspace_id, choice.style, choice.options)
    channels = with_master(asked.channels)
    for ids in {channels, *(with_master(s.channels) for s in asked.items if s.channels)}:
        await resolve_channels(tx, workspace_id, list(ids))
    await _check_source(tx, workspace_id, asked.source)
    id, at = new_id("bat"), now()
    ref = await jobs.start(
        tx, workspace_id, "batch", stages=["segment"], request=asked.model_dump(mode="json"), batch_id=id, by=by
    )
    await tx.execute(
        batches.insert().values(
            id=id, workspace_id=workspace_id, name=asked.name, state=BatchState.CREATED, priority=asked.priority.level,
            styles=[choice.model_dump(mode="json") for choice in asked.styles], channels=list(channels), unmatched=[],
            error="", job_id=ref.id, created_by=by, revision=1, created_at=at, updated_at=at,
        )
    )  # fmt: skip
    await tell(tx, workspace_id, "batch.created", batch_id=id)
    return id, ref


async def _check_source(tx: Tx, workspace_id: str, source: PhotoSource) -> None:
    if source.collection is not None:
        table, id, what = collections, source.collection, "collection"
    elif source.upload is not None:
        table, what = (job_rows, "import") if source.upload.startswith(("job_", "run_")) else (uploads, "upload")
        id = source.upload
    else:
        return  # photos and products that are not there are listed, not refused: the rest can go on
    id_now = job_id_now(id)
    row = (await tx.execute(select(table).where(table.c.workspace_id == workspace_id, table.c.id == id_now))).first()
    if row is None or (what == "import" and row.kind != "import"):
        absent = NoSuchCollection if what == "collection" else NotFound
        raise absent(f"there is no such {what}.", subject=id)
    if what == "import" and row.status != JobStatus.DONE:
        words = "failed" if row.status in (JobStatus.FAILED, JobStatus.CANCELLED) else "is not finished yet"
        raise Conflict(f"this import {words}.", subject=id, remedy="Wait until its job is done, then make the batch.")
    if what == "upload" and row.kind not in ("zip", "csv"):
        raise BadInput("this upload is neither a ZIP nor a CSV list.", subject=id)


async def row(tx: Tx, workspace_id: str, batch_id: str, *, lock: bool = False) -> Row[Any]:
    """Raises NotFound."""
    query = select(batches).where(
        batches.c.workspace_id == workspace_id, batches.c.id == batch_id, batches.c.deleted_at.is_(None)
    )
    found = (await tx.execute(query.with_for_update() if lock else query)).first()
    if found is None:
        raise NotFound("there is no such batch.", subject=batch_id)
    return found


async def get(tx: Tx, workspace_id: str, batch_id: str) -> BatchView:
    """Raises NotFound."""
    found = await row(tx, workspace_id, batch_id)
    return (await _views(tx, workspace_id, [found]))[0]


async def page(
    tx: Tx, workspace_id: str, *, state: BatchState | None = None, after: str | None = None, limit: int = 50
) -> list[BatchView]:
    """The newest first.  after: the id of the last one that was seen."""
    query = select(batches).where(batches.c.workspace_id == workspace_id, batches.c.deleted_at.is_(None))
    if state in (BatchState.REVIEW, BatchState.APPROVED, BatchState.PROCESSING):
        query = query.where(batches.c.state == BatchState.PROCESSING, *_derived_as(state))
    elif state is not None:
        query = query.where(batches.c.state == state)
    if after:
        query = query.where(batches.c.id < after)
    rows = (await tx.execute(query.order_by(batches.c.id.desc()).limit(limit))).all()
    return await _views(tx, workspace_id, rows)


def _derived_as(state: BatchState) -> tuple[Any, ...]:
    """`progress.derived`, as conditions on a batch whose column says processing."""

    def holds(status: ItemStatus) -> Any:
        return select(items.c.id).where(items.c.batch_id == batches.c.id, items.c.status == status).exists()

    if state is BatchState.PROCESSING:
        return (holds(ItemStatus.PROCESSING),)
    approved = holds(ItemStatus.APPROVED) & ~holds(ItemStatus.REVIEW)
    return ~holds(ItemStatus.PROCESSING), approved if state is BatchState.APPROVED else ~approved


async def _views(tx: Tx, workspace_id: str, rows: Sequence[Row[Any]]) -> list[BatchView]:
    known = await statuses(tx, workspace_id, [row.id for row in rows])
    filled = await tx.execute(
        select(job_rows.c.id, job_rows.c.request["hold"].label("hold"), job_rows.c.result)
        .where(job_rows.c.workspace_id == workspace_id, job_rows.c.id.in_([row.job_id for row in rows]))
    )  # fmt: skip
    by_run = {job.id: job for job in filled}
    return [_view(row, known[row.id], by_run.get(row.job_id)) for row in rows]


def _view(row: Row[Any], status: BatchStatus, job: Any) -> BatchView:
    result: Mapping[str, Any] = job.result if job is not None else {}
    return BatchView(
        id=row.id, name=row.name, state=derived(row.state, status.counts), priority=_LEVELS[row.priority],
        styles=row.styles, channels=row.channels, counts=status.counts, done=status.done, total=status.total,
        unmatched=row.unmatched, flags=result.get("flags", ()), hold=bool(job is not None and job.hold),
        error=row.error, job=row.job_id, revision=row.revision, created_by=row.created_by, created_at=row.created_at,
        updated_at=row.updated_at, started_at=row.started_at, exported_at=row.exported_at,
    )  # fmt: skip


async def change(
    tx: Tx, workspace_id: str, batch_id: str, *, name: str | None = None, priority: Priority | None = None
) -> list[JobRef]:
    """Rename it, or put it before or behind others: gives the tickets that are to be queued anew.

    Items that were given a priority of their own keep it.
    """
    found = await row(tx, workspace_id, batch_id, lock=True)
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = name
    if priority is not None:
        values["priority"] = priority.level
    await _set(tx, found, "batch.changed", **values)
    if priority is None or priority.level == found.priority:
        return []
    await tx.execute(
        update(items)
        .where(
            items.c.batch_id == batch_id,
            items.c.status == ItemStatus.PROCESSING,
            items.c.priority == found.priority,
        )
        .values(priority=priority.level)
    )
    if found.state != BatchState.PROCESSING:
        return []
    return [ref for ref in await refs(tx, workspace_id, batch_id) if ref.priority == priority.level]


async def pause(tx: Tx, workspace_id: str, batch_id: str) -> None:
    """Items stay where they are; what is at work is finished."""
    found = await row(tx, workspace_id, batch_id, lock=True)
    if found.state == BatchState.PAUSED:
        return
    if found.state in (*_ENDED, BatchState.EXPORTED):
        raise Conflict(f"a batch that is {found.state} cannot be paused.", subject=found.name)
    await _set(tx, found, "batch.paused", state=BatchState.PAUSED)


async def resume(tx: Tx, workspace_id: str, batch_id: str) -> list[JobRef]:
    """Go on with a paused batch: gives the tickets to queue."""
    found = await row(tx, workspace_id, batch_id, lock=True)
    if found.state != BatchState.PAUSED:
        raise Conflict("only a paused batch can be resumed.", subject=found.name)
    return await _go(tx, workspace_id, found)


async def start(tx: Tx, workspace_id: str, batch_id: str) -> list[JobRef]:
    """Let a batch go that was held after its photos were looked at: gives the tickets to queue."""
    found = await row(tx, workspace_id, batch_id, lock=True)
    if found.state != BatchState.VALIDATING or not await _is_filled(tx, found):
        raise Conflict(
            f"it is {found.state}, not waiting for a start.", subject=found.name,
            remedy="Only a batch made with “hold” waits, once its photos have been looked at.",
        )  # fmt: skip
    return await _go(tx, workspace_id, found)


async def _go(tx: Tx, workspace_id: str, found: Row[Any]) -> list[JobRef]:
    if not await _is_filled(tx, found):  # its job goes on, and queues what it lists
        await _set(tx, found, "batch.validating", state=BatchState.VALIDATING)
        return []
    await _set(tx, found, "batch.processing", state=BatchState.PROCESSING, started_at=found.started_at or now())
    return await refs(tx, workspace_id, found.id)


async def _is_filled(tx: Tx, found: Row[Any]) -> bool:
    result = await tx.scalar(select(job_rows.c.result).where(job_rows.c.id == found.job_id))
    return bool(result and result.get("filled"))


async def cancel(tx: Tx, workspace_id: str, batch_id: str) -> list[JobRef]:
    """Stop it for good; what is finished stays.  Gives the tickets that may be taken out of the queues."""
    found = await row(tx, workspace_id, batch_id, lock=True)
    if found.state == BatchState.CANCELLED:
        return []
    gone = await waiting(tx, workspace_id, batch_id)
    await tx.execute(
        update(items)
        .where(items.c.batch_id == batch_id, items.c.status == ItemStatus.PROCESSING)
        .values(status=ItemStatus.CANCELLED, touched_at=now())
    )
    await _set(tx, found, "batch.cancelled", state=BatchState.CANCELLED)
    return gone


async def delete(tx: Tx, workspace_id: str, batch_id: str) -> list[JobRef]:
    """Cancel it and hide it; retention removes its files.  Gives the tickets that may be taken out of the queues."""
    gone = await cancel(tx, workspace_id, batch_id)
    await _set(tx, await row(tx, workspace_id, batch_id), "batch.deleted", deleted_at=now())
    return gone


async def refs(tx: Tx, workspace_id: str, batch_id: str) -> list[JobRef]:
    """Tickets for all items that are not done; overnight ones wait for the workspace's off-peak window."""
    settings = await tx.scalar(select(workspaces.c.settings).where(workspaces.c.id == workspace_id))
    is_open, opens = window(now(), settings or {})
    queued = (items.c.batch_id == batch_id, items.c.status == ItemStatus.PROCESSING)
    overnight = items.c.priority == Priority.OVERNIGHT.level
    free = () if is_open else (~overnight,)
    await tx.execute(update(items).where(*queued, items.c.not_before.is_not(None), *free).values(not_before=None))
    if not is_open:
        await tx.execute(update(items).where(*queued, overnight).values(not_before=opens))
    return await waiting(tx, workspace_id, batch_id)


async def waiting(tx: Tx, workspace_id: str, batch_id: str) -> list[JobRef]:
    """Tickets for all items that are not done, in drawing order."""
    rows = await tx.execute(
        select(items.c.stage, items.c.id, items.c.version, items.c.priority, items.c.not_before)
        .where(
            items.c.workspace_id == workspace_id, items.c.batch_id == batch_id, items.c.status == ItemStatus.PROCESSING
        )
        .order_by(items.c.position)
    )
    return [JobRef(r.stage or "segment", r.id, r.version, r.priority, r.not_before or 0.0) for r in rows]


async def _set(tx: Tx, found: Row[Any], event: str, **values: Any) -> None:
    values |= {"revision": batches.c.revision + 1, "updated_at": now()}
    await tx.execute(update(batches).where(batches.c.id == found.id).values(**values))
    await tell(tx, found.workspace_id, event, batch_id=found.id)
