"""The dead-letter list: what failed three times, with its reason. One call tries it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, select, update

from packshot.catalog import jobs as work
from packshot.catalog.events.log import record_event
from packshot.catalog.items.versions import record_item_events, reopen
from packshot.catalog.jobs import JobRecord
from packshot.catalog.old_names import job_id_now
from packshot.catalog.ports import JobRef
from packshot.catalog.status import BatchState, ItemStatus, JobStatus
from packshot.db import Tx, typed
from packshot.db.tables import batches, items, jobs, now, photos
from packshot.errors import NotFound

MOST_AT_ONCE = 5_000  # a transaction stays short; the answer says how many are left


class FailureGroup(BaseModel, frozen=True):
    """All failures of one cause."""

    cause: str
    count: int
    reason: str
    batches: tuple[str, ...]


class Failure(BaseModel, frozen=True):
    """One item or job that failed. `stack` is there for admins alone."""

    id: str
    kind: str
    name: str
    batch: str | None
    stage: str
    version: int
    attempts: int
    cause: str
    reason: str
    stack: str | None
    at: datetime


class Retried(BaseModel, frozen=True):
    """How many items and jobs are tried again, and how many more there are."""

    items: int
    jobs: int
    left: int


def _failed(workspace_id: str, batch_id: str | None, cause: str | None) -> list[Any]:
    where = [
        items.c.workspace_id == workspace_id, items.c.status == ItemStatus.FAILED, batches.c.deleted_at.is_(None),
    ]  # fmt: skip
    if batch_id is not None:
        where.append(items.c.batch_id == batch_id)
    if cause is not None:
        where.append(work.cause_of(items) == cause)
    return where


async def groups(tx: Tx, workspace_id: str, *, batch_id: str | None = None) -> list[FailureGroup]:
    """Failed items by cause, the most frequent first."""
    cause = work.cause_of(items).label("failed_for")
    rows = await tx.execute(
        select(cause, items.c.batch_id, func.count(), func.min(items.c.error["reason"].as_string()))
        .join(batches, batches.c.id == items.c.batch_id)
        .where(*_failed(workspace_id, batch_id, None))
        .group_by("failed_for", items.c.batch_id)
        .order_by(items.c.batch_id.desc())
    )
    found: dict[str, FailureGroup] = {}
    for name, batch, count, reason in rows:
        known = found.get(name) or FailureGroup(cause=name, count=0, reason=reason or "", batches=())
        found[name] = known.model_copy(update={"count": known.count + count, "batches": (*known.batches, batch)[:20]})
    return sorted(found.values(), key=lambda group: -group.count)


async def page(
    tx: Tx, workspace_id: str, *, batch_id: str | None = None, cause: str | None = None, stacks: bool = False,
    after: str | None = None, limit: int = 50,
) -> list[Failure]:  # fmt: skip
    """Failed items, the newest batch first.  after: the id of the last one seen."""
    query = (
        select(items, photos.c.name)
        .join(batches, batches.c.id == items.c.batch_id)
        .join(photos, photos.c.id == items.c.photo_id)
        .where(*_failed(workspace_id, batch_id, cause))
        .order_by(items.c.id.desc())
        .limit(limit)
    )
    if after:
        query = query.where(items.c.id < after)
    return [_view(row, "item", row.name, stacks) for row in await tx.execute(query)]


async def failed_jobs(tx: Tx, workspace_id: str, *, stacks: bool = False, limit: int = 50) -> list[Failure]:
    """Jobs that failed (imports, exports, single photos), the newest first."""
    query = (
        select(jobs).where(jobs.c.workspace_id == workspace_id, jobs.c.status == JobStatus.FAILED)
        .order_by(jobs.c.id.desc()).limit(limit)
    )  # fmt: skip
    return [_view(row, row.kind, row.kind, stacks) for row in await tx.execute(query)]


def _view(row: Any, kind: str, name: str, stacks: bool) -> Failure:
    error = row.error or {}
    return Failure(
        id=row.id, kind=kind, name=name, batch=row.batch_id, stage=row.stage, version=getattr(row, "version", 0),
        attempts=row.attempts, cause=error.get("code") or error.get("cause") or "unknown",
        reason=error.get("reason", ""), stack=error.get("stack") if stacks else None,
        at=error.get("at") or row.touched_at,
    )  # fmt: skip


async def retry(
    tx: Tx, workspace_id: str, *, item_ids: Sequence[str] = (), job_ids: Sequence[str] = (),
    batch_id: str | None = None, cause: str | None = None,
) -> tuple[Retried, list[JobRef]]:  # fmt: skip
    """Try failed items again where they stood, at the same version: those named, or all of a batch or cause.

    Raises NotFound where none of them has failed.
    """
    failed_items: Sequence[Any] = ()
    left = 0
    if item_ids or batch_id is not None or cause is not None:
        where = [*_failed(workspace_id, batch_id, cause), batches.c.state != BatchState.CANCELLED]
        if item_ids:
            where.append(items.c.id.in_(item_ids))
        query = (
            select(items.c.id, items.c.version, items.c.batch_id, items.c.stage, items.c.priority, batches.c.state)
            .join(batches, batches.c.id == items.c.batch_id).where(*where).order_by(items.c.id).limit(MOST_AT_ONCE)
            .with_for_update(of=items)
        )  # fmt: skip
        failed_items = (await tx.execute(query)).all()
        if len(failed_items) == MOST_AT_ONCE:
            count = select(func.count()).select_from(items).join(batches, batches.c.id == items.c.batch_id)
            left = (await tx.scalar(count.where(*where)) or 0) - len(failed_items)
    failed_jobs = [typed(JobRecord, row) for row in await tx.execute(
        select(jobs).where(
            jobs.c.workspace_id == workspace_id, jobs.c.status == JobStatus.FAILED,
            jobs.c.id.in_([job_id_now(id) for id in job_ids]),
        )
    )]  # fmt: skip
    if not failed_items and not failed_jobs:
        raise NotFound("there is nothing among these that failed.", remedy="Look at the list of failures again.")
    refs: list[JobRef] = []
    if failed_items:
        await work.reopen(tx, work.ITEMS, [item.id for item in failed_items], first_stage="segment")
        await reopen(tx, workspace_id, {item.batch_id for item in failed_items})
        await record_item_events(
            tx, workspace_id, [(item.batch_id, item.id, ItemStatus.PROCESSING) for item in failed_items]
        )
        refs += [
            JobRef(
                item.stage or "segment",
                item.id,
                item.version,
                item.priority,
                workspace_id=workspace_id,
                group=item.batch_id,
            )
            for item in failed_items
            if item.state != BatchState.PAUSED
        ]
    for job in failed_jobs:
        await work.reopen(tx, work.JOBS, [job.id], first_stage=job.stages[0])
        if job.kind == "batch":
            await tx.execute(
                update(batches).where(batches.c.id == job.batch_id, batches.c.state == BatchState.FAILED)
                .values(state=BatchState.VALIDATING, error="", revision=batches.c.revision + 1, updated_at=now())
            )  # fmt: skip
        await record_event(tx, workspace_id, "job.queued", job_id=job.id, batch_id=job.batch_id)
        refs.append(
            JobRef(job.stage or job.stages[0], job.id, 0, job.priority, workspace_id=workspace_id, group=job.kind)
        )
    return Retried(items=len(failed_items), jobs=len(failed_jobs), left=left), refs
