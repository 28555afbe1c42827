"""The dead-letter list: what failed three times, with its reason. One call tries it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, null, select, update

from packshot.catalog.events.log import record_event
from packshot.catalog.items.versions import record_item_events, reopen
from packshot.catalog.ports import JobRef
from packshot.catalog.status import BatchState, ItemStatus, JobStatus
from packshot.db import Tx
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
        where.append(func.coalesce(items.c.error["cause"].as_string(), "unknown") == cause)
    return where


async def groups(tx: Tx, workspace_id: str, *, batch_id: str | None = None) -> list[FailureGroup]:
    """Failed items by cause, the most frequent first."""
    cause = func.coalesce(items.c.error["cause"].as_string(), "unknown").label("failed_for")
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
    """Runs that failed (imports, exports, single photos), the newest first."""
    query = (
        select(jobs).where(jobs.c.workspace_id == workspace_id, jobs.c.status == JobStatus.FAILED)
        .order_by(jobs.c.id.desc()).limit(limit)
    )  # fmt: skip
    return [_view(row, row.kind, row.kind, stacks) for row in await tx.execute(query)]


def _view(row: Any, kind: str, name: str, stacks: bool) -> Failure:
    error = row.error or {}
    return Failure(
        id=row.id, kind=kind, name=name, batch=row.batch_id, stage=row.stage, version=getattr(row, "version", 0),
        attempts=row.attempts, cause=error.get("cause") or error.get("code") or "unknown",
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
    found: list[Any] = []
    left = 0
    if item_ids or batch_id is not None or cause is not None:
        where = [*_failed(workspace_id, batch_id, cause), batches.c.state != BatchState.CANCELLED]
        if item_ids:
            where.append(items.c.id.in_(item_ids))
        query = select(items, batches.c.state.label("batch_state")).join(batches, batches.c.id == items.c.batch_id)
        found = list((await tx.execute(
            query.where(*where).order_by(items.c.id).limit(MOST_AT_ONCE).with_for_update(of=items)
        )).all())  # fmt: skip
        if len(found) == MOST_AT_ONCE:
            count = select(func.count()).select_from(items).join(batches, batches.c.id == items.c.batch_id)
            left = (await tx.scalar(count.where(*where)) or 0) - len(found)
    failed_run_rows = list((await tx.execute(
        select(jobs).where(
            jobs.c.workspace_id == workspace_id, jobs.c.status == JobStatus.FAILED, jobs.c.id.in_(job_ids)
        )
    )).all())  # fmt: skip
    if not found and not failed_run_rows:
        raise NotFound("there is nothing among these that failed.", remedy="Look at the list of failures again.")
    refs = await _items_again(tx, workspace_id, found)
    refs += await _jobs_again(tx, workspace_id, failed_run_rows)
    return Retried(items=len(found), jobs=len(failed_run_rows), left=left), refs


async def _items_again(tx: Tx, workspace_id: str, found: Sequence[Any]) -> list[JobRef]:
    if not found:
        return []
    await tx.execute(
        update(items).where(items.c.id.in_([item.id for item in found])).values(
            status=ItemStatus.PROCESSING, attempts=0, error=null(), touched_at=now(), done_at=None, not_before=None,
            stage=func.coalesce(func.nullif(items.c.stage, ""), "segment"),
        )
    )  # fmt: skip
    await reopen(tx, workspace_id, {item.batch_id for item in found})
    await record_item_events(tx, workspace_id, [(item.batch_id, item.id, ItemStatus.PROCESSING) for item in found])
    return [
        JobRef(item.stage or "segment", item.id, item.version, item.priority)
        for item in found
        if item.batch_state != BatchState.PAUSED
    ]


async def _jobs_again(tx: Tx, workspace_id: str, found: Sequence[Any]) -> list[JobRef]:
    refs = []
    for job in found:
        stage = job.stage or job.stages[0]
        await tx.execute(
            update(jobs).where(jobs.c.id == job.id)
            .values(status=JobStatus.QUEUED, stage=stage, attempts=0, error=null(), touched_at=now(), done_at=None)
        )  # fmt: skip
        if job.kind == "batch":
            await tx.execute(
                update(batches).where(batches.c.id == job.batch_id, batches.c.state == BatchState.FAILED)
                .values(state=BatchState.VALIDATING, error="", revision=batches.c.revision + 1, updated_at=now())
            )  # fmt: skip
        await record_event(tx, workspace_id, "job.queued", job_id=job.id, batch_id=job.batch_id)
        refs.append(JobRef(stage, job.id, 0, job.priority))
    return refs
