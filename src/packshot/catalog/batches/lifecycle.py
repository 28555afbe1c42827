"""Batches: created, read, renamed, paused, resumed, started, cancelled, deleted.

The column `state` says what somebody did with the batch; whether it is in review or approved is counted from its items.
A job lists its items: `expand.work`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, select, update

from packshot.catalog import jobs
from packshot.catalog.batches.left_out import as_flags, deleted_since, with_duplicates
from packshot.catalog.batches.offpeak import window
from packshot.catalog.batches.progress import BatchStatus, derived, statuses
from packshot.catalog.batches.requests import BatchRequest, PhotoSource, StyleChoice, with_master
from packshot.catalog.events.log import record_event
from packshot.catalog.old_names import job_id_now
from packshot.catalog.ports import JobRef
from packshot.catalog.status import BatchState, ItemStatus, JobStatus, Priority
from packshot.catalog.styles import specifications, templates
from packshot.catalog.styles.channels import resolve as resolve_channels
from packshot.db import Tx, typed
from packshot.db.tables import batches, collections, items, new_id, now, uploads, workspaces
from packshot.db.tables import jobs as job_rows
from packshot.errors import BadInput, Conflict, NoSuchCollection, NotFound
from packshot.specification import Specification, short_form

_ENDED = (BatchState.CANCELLED, BatchState.FAILED)


class Unmatched(BaseModel, frozen=True):
    """A row or file of an upload that no photo was found for, and why."""

    name: str
    reason: str


class Flag(BaseModel, frozen=True):
    """What a check says of several photos, before work is spent on them."""

    check: str
    words: str
    count: int
    photos: tuple[str, ...]


class SpecifiedBy(BaseModel, frozen=True):
    """The specification that a batch was made with, and its version then."""

    id: str
    name: str
    version: str


class BatchView(BaseModel, frozen=True):
    """A batch, and how far it is."""

    id: str
    name: str
    state: BatchState
    priority: Priority
    styles: tuple[StyleChoice, ...]
    channels: tuple[str, ...]
    specification: SpecifiedBy | None = Field(description="None where styles were asked for in channels.")
    counts: dict[str, int]
    done: int = Field(description="Finished, or failed for good; neither waiting nor cancelled.")
    total: int
    unmatched: tuple[Unmatched, ...]
    flags: tuple[Flag, ...]
    left_out: tuple[Flag, ...] = Field(description="Photos that are not in it, by reason: duplicate or deleted.")
    hold: bool
    error: str
    job: str | None
    revision: int
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    exported_at: datetime | None


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A row of `batches`."""

    id: str
    workspace_id: str
    name: str
    state: str
    priority: int
    styles: list[dict[str, Any]]
    channels: list[str]
    unmatched: list[dict[str, str]]
    left_out: list[dict[str, Any]]
    specification: dict[str, Any] | None
    error: str
    job_id: str | None
    created_by: str | None
    revision: int
    created_at: float
    updated_at: float
    started_at: float | None
    exported_at: float | None
    deleted_at: float | None


@dataclass(frozen=True, slots=True)
class _Expansion:
    """The job that lists a batch's items."""

    id: str
    hold: bool
    result: dict[str, Any]


async def create(tx: Tx, workspace_id: str, request: BatchRequest, *, by: str | None) -> tuple[str, JobRef]:
    """Create a batch and start the job that lists its items.

    Raises NotFound, BadOption, Conflict and BadInput for a style, option, channel, collection or upload that does not
    exist or does not fit, before any photo is read.
    """
    spec = await specified(tx, workspace_id, request)
    await specifications.check(tx, workspace_id, spec)
    choices = [StyleChoice(style=s.style, options=s.options or {}) for s in request.items if s.style]
    for choice in {(one.style, repr(sorted(one.options.items()))): one for one in choices}.values():
        await templates.resolve(tx, workspace_id, choice.style, choice.options)
    for ids in {with_master(s.channels) for s in request.items if s.channels}:
        await resolve_channels(tx, workspace_id, list(ids))
    styles = {repr(one): one for one in (StyleChoice(style=o.style, options=dict(o.options)) for o in spec.outputs)}
    await _check_source(tx, workspace_id, request.source)
    id, at = new_id("bat"), now()
    ref = await jobs.start(
        tx, workspace_id, "batch", stages=["segment"], request=request.model_dump(mode="json"), batch_id=id, by=by
    )
    await tx.execute(
        batches.insert().values(
            id=id, workspace_id=workspace_id, name=request.name, state=BatchState.CREATED,
            priority=request.priority.level, styles=[choice.model_dump(mode="json") for choice in styles.values()],
            channels=list(with_master(tuple(output.channel for output in spec.outputs))),
            specification=None if request.styles else specifications.snapshot(spec), unmatched=[], left_out=[],
            error="", job_id=ref.id, created_by=by, revision=1, created_at=at, updated_at=at,
        )
    )  # fmt: skip
    await record_event(tx, workspace_id, "batch.created", batch_id=id)
    return id, ref


async def specified(tx: Tx, workspace_id: str, request: BatchRequest) -> Specification:
    """What is to be made, as one specification.  Raises NotFound."""
    if request.specification:
        return await specifications.resolve(tx, workspace_id, request.specification)
    if request.outputs:
        return Specification(id="outputs", name="Outputs of this batch", outputs=request.outputs)
    return short_form(((choice.style, choice.options) for choice in request.styles), request.channels)


async def of_batch(tx: Tx, batch: BatchRecord, request: BatchRequest) -> Specification:
    """What a batch was created with, however the specification has changed since."""
    stored = (batch.specification or {}).get("body")
    return Specification.model_validate(stored) if stored else await specified(tx, batch.workspace_id, request)


async def _check_source(tx: Tx, workspace_id: str, source: PhotoSource) -> None:
    if source.collection is not None:
        table, id, what = collections, source.collection, "collection"
    elif source.upload is not None:
        table, what = (job_rows, "import") if source.upload.startswith(("job_", "run_")) else (uploads, "upload")
        id = source.upload
    else:
        return  # photos and products that do not exist are listed, not refused: the others can go on
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


async def row(tx: Tx, workspace_id: str, batch_id: str, *, lock: bool = False) -> BatchRecord:
    """A batch as it is stored.  Raises NotFound."""
    query = select(batches).where(
        batches.c.workspace_id == workspace_id, batches.c.id == batch_id, batches.c.deleted_at.is_(None)
    )
    record = (await tx.execute(query.with_for_update() if lock else query)).first()
    if record is None:
        raise NotFound("there is no such batch.", subject=batch_id)
    return typed(BatchRecord, record)


async def get(tx: Tx, workspace_id: str, batch_id: str) -> BatchView:
    """Raises NotFound."""
    return (await _views(tx, workspace_id, [await row(tx, workspace_id, batch_id)]))[0]


async def page(
    tx: Tx, workspace_id: str, *, state: BatchState | None = None, after: str | None = None, limit: int = 50
) -> list[BatchView]:
    """The newest first.  after: the id of the last one on the page before."""
    query = select(batches).where(batches.c.workspace_id == workspace_id, batches.c.deleted_at.is_(None))
    if state in (BatchState.REVIEW, BatchState.APPROVED, BatchState.PROCESSING):
        query = query.where(batches.c.state == BatchState.PROCESSING, *_derived_as(state))
    elif state is not None:
        query = query.where(batches.c.state == state)
    if after:
        query = query.where(batches.c.id < after)
    rows = await tx.execute(query.order_by(batches.c.id.desc()).limit(limit))
    return await _views(tx, workspace_id, [typed(BatchRecord, row) for row in rows])


def _derived_as(state: BatchState) -> tuple[ColumnElement[bool], ...]:
    """`progress.derived`, as conditions on a batch whose column says processing."""

    def has_item(status: ItemStatus) -> ColumnElement[bool]:
        return select(items.c.id).where(items.c.batch_id == batches.c.id, items.c.status == status).exists()

    if state is BatchState.PROCESSING:
        return (has_item(ItemStatus.PROCESSING),)
    approved = has_item(ItemStatus.APPROVED) & ~has_item(ItemStatus.REVIEW)
    return ~has_item(ItemStatus.PROCESSING), approved if state is BatchState.APPROVED else ~approved


async def _views(tx: Tx, workspace_id: str, records: Sequence[BatchRecord]) -> list[BatchView]:
    status_of = await statuses(tx, workspace_id, [batch.id for batch in records])
    rows = await tx.execute(
        select(job_rows.c.id, job_rows.c.request["hold"].label("hold"), job_rows.c.result)
        .where(job_rows.c.workspace_id == workspace_id, job_rows.c.id.in_([batch.job_id for batch in records]))
    )  # fmt: skip
    expansions = {expansion.id: expansion for expansion in (typed(_Expansion, row) for row in rows)}
    return [_view(batch, status_of[batch.id], expansions.get(batch.job_id or "")) for batch in records]


def _view(batch: BatchRecord, status: BatchStatus, expansion: _Expansion | None) -> BatchView:
    return BatchView(
        id=batch.id, name=batch.name, state=derived(batch.state, status.counts),
        priority=Priority.of_level(batch.priority), styles=batch.styles, channels=batch.channels,
        specification=SpecifiedBy.model_validate(batch.specification) if batch.specification else None,
        counts=status.counts, done=status.done, total=status.total, unmatched=batch.unmatched,
        flags=expansion.result.get("flags", ()) if expansion else (), hold=expansion is not None and expansion.hold,
        left_out=as_flags(batch.left_out), error=batch.error, job=batch.job_id, revision=batch.revision,
        created_by=batch.created_by, created_at=batch.created_at, updated_at=batch.updated_at,
        started_at=batch.started_at, exported_at=batch.exported_at,
    )  # fmt: skip


async def change(
    tx: Tx, workspace_id: str, batch_id: str, *, name: str | None = None, priority: Priority | None = None
) -> list[JobRef]:
    """Rename it, or give it another priority.  Returns the jobs to queue again.

    Items that have a priority of their own keep it.
    """
    batch = await row(tx, workspace_id, batch_id, lock=True)
    values: dict[str, object] = {}
    if name is not None:
        values["name"] = name
    if priority is not None:
        values["priority"] = priority.level
    await _update(tx, batch, "batch.changed", **values)
    if priority is None or priority.level == batch.priority:
        return []
    await tx.execute(
        update(items)
        .where(
            items.c.batch_id == batch_id,
            items.c.status == ItemStatus.PROCESSING,
            items.c.priority == batch.priority,
        )
        .values(priority=priority.level)
    )
    if batch.state != BatchState.PROCESSING:
        return []
    return [ref for ref in await refs(tx, workspace_id, batch_id) if ref.priority == priority.level]


async def pause(tx: Tx, workspace_id: str, batch_id: str) -> None:
    """Items stay where they are; what is at work is finished."""
    batch = await row(tx, workspace_id, batch_id, lock=True)
    if batch.state == BatchState.PAUSED:
        return
    if batch.state in (*_ENDED, BatchState.EXPORTED):
        raise Conflict(f"a batch that is {batch.state} cannot be paused.", subject=batch.name)
    await _update(tx, batch, "batch.paused", state=BatchState.PAUSED)


async def resume(tx: Tx, workspace_id: str, batch_id: str) -> list[JobRef]:
    """Go on with a paused batch.  Returns the jobs to queue."""
    batch = await row(tx, workspace_id, batch_id, lock=True)
    if batch.state != BatchState.PAUSED:
        raise Conflict("only a paused batch can be resumed.", subject=batch.name)
    return await _proceed(tx, workspace_id, batch)


async def start(tx: Tx, workspace_id: str, batch_id: str) -> list[JobRef]:
    """Start a batch that was held after its photos were checked.  Returns the jobs to queue."""
    batch = await row(tx, workspace_id, batch_id, lock=True)
    if batch.state != BatchState.VALIDATING or not await _is_filled(tx, batch):
        raise Conflict(
            f"it is {batch.state}, not waiting for a start.", subject=batch.name,
            remedy="Only a batch created with “hold” waits, once its photos have been checked.",
        )  # fmt: skip
    return await _proceed(tx, workspace_id, batch)


async def include_duplicates(tx: Tx, workspace_id: str, batch_id: str, *, by: str | None) -> JobRef:
    """Make what was left out as duplicates after all.  Returns the job that lists their items, to be queued.

    Raises Conflict where there are none, or where the batch is over.
    """
    batch = await row(tx, workspace_id, batch_id, lock=True)
    if batch.state in (*_ENDED, BatchState.EXPORTED):
        raise Conflict(
            f"a batch that is {batch.state} takes no more photos.", subject=batch.name, remedy="Make a new batch."
        )
    asked = await tx.scalar(select(job_rows.c.request).where(job_rows.c.id == batch.job_id))
    more = with_duplicates(BatchRequest.model_validate(asked), batch.left_out)
    if more is None:
        raise Conflict("no duplicate was left out of this batch.", subject=batch.name)
    request = more.model_dump(mode="json")
    return await jobs.start(tx, workspace_id, "batch", stages=["segment"], request=request, batch_id=batch_id, by=by)


async def _proceed(tx: Tx, workspace_id: str, batch: BatchRecord) -> list[JobRef]:
    if not await _is_filled(tx, batch):  # its job goes on, and queues what it lists
        await _update(tx, batch, "batch.validating", state=BatchState.VALIDATING)
        return []
    await deleted_since(tx, workspace_id, batch.id, batch.left_out)
    await _update(tx, batch, "batch.processing", state=BatchState.PROCESSING, started_at=batch.started_at or now())
    return await refs(tx, workspace_id, batch.id)


async def _is_filled(tx: Tx, batch: BatchRecord) -> bool:
    result = await tx.scalar(select(job_rows.c.result).where(job_rows.c.id == batch.job_id))
    return bool(result and result.get("filled"))


async def cancel(tx: Tx, workspace_id: str, batch_id: str) -> list[JobRef]:
    """Stop it for good; what is finished stays.  Returns the jobs that may be removed from the queues."""
    batch = await row(tx, workspace_id, batch_id, lock=True)
    if batch.state == BatchState.CANCELLED:
        return []
    removed = await waiting(tx, workspace_id, batch_id)
    await tx.execute(
        update(items)
        .where(items.c.batch_id == batch_id, items.c.status == ItemStatus.PROCESSING)
        .values(status=ItemStatus.CANCELLED, touched_at=now())
    )
    await _update(tx, batch, "batch.cancelled", state=BatchState.CANCELLED)
    return removed


async def delete(tx: Tx, workspace_id: str, batch_id: str) -> list[JobRef]:
    """Cancel it and hide it; purge removes its files.  Returns the jobs that may be removed from the queues."""
    removed = await cancel(tx, workspace_id, batch_id)
    await _update(tx, await row(tx, workspace_id, batch_id), "batch.deleted", deleted_at=now())
    return removed


async def refs(tx: Tx, workspace_id: str, batch_id: str) -> list[JobRef]:
    """The jobs of all items that are not done; overnight ones wait for the workspace's off-peak window."""
    settings = await tx.scalar(select(workspaces.c.settings).where(workspaces.c.id == workspace_id))
    is_open, opens = window(now(), settings or {})
    queued = (items.c.batch_id == batch_id, items.c.status == ItemStatus.PROCESSING)
    overnight = items.c.priority == Priority.OVERNIGHT.level
    at_once = () if is_open else (~overnight,)
    await tx.execute(update(items).where(*queued, items.c.not_before.is_not(None), *at_once).values(not_before=None))
    if not is_open:
        await tx.execute(update(items).where(*queued, overnight).values(not_before=opens))
    return await waiting(tx, workspace_id, batch_id)


async def waiting(tx: Tx, workspace_id: str, batch_id: str) -> list[JobRef]:
    """The jobs of all items that are not done, in their order."""
    rows = await tx.execute(
        select(items.c.stage, items.c.id, items.c.version, items.c.priority, items.c.not_before)
        .where(
            items.c.workspace_id == workspace_id, items.c.batch_id == batch_id, items.c.status == ItemStatus.PROCESSING
        )
        .order_by(items.c.position)
    )
    return [
        JobRef(r.stage or "segment", r.id, r.version, r.priority, r.not_before or 0.0, workspace_id, batch_id)
        for r in rows
    ]


async def _update(tx: Tx, batch: BatchRecord, event: str, **values: object) -> None:
    values |= {"revision": batches.c.revision + 1, "updated_at": now()}
    await tx.execute(update(batches).where(batches.c.id == batch.id).values(**values))
    await record_event(tx, batch.workspace_id, event, batch_id=batch.id)
