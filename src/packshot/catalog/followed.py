"""Runs as people follow them: listed, looked at, called off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, update

from packshot.catalog import runs as started
from packshot.catalog.events import tell
from packshot.catalog.status import RunStatus
from packshot.catalog.work import Ticket
from packshot.db import Tx
from packshot.db.tables import now, runs
from packshot.errors import Conflict


async def page(
    tx: Tx,
    workspace_id: str,
    *,
    kinds: Sequence[str] = (),
    status: RunStatus | None = None,
    photo_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> list[Row[Any]]:
    """Runs, the newest first.  after: the id of the last one seen."""
    query = select(runs).where(runs.c.workspace_id == workspace_id).order_by(runs.c.id.desc()).limit(limit)
    if kinds:
        query = query.where(runs.c.kind.in_(kinds))
    if status is not None:
        query = query.where(runs.c.status == status)
    if photo_id is not None:
        query = query.where(runs.c.photo_id == photo_id)
    if after:
        query = query.where(runs.c.id < after)
    return list((await tx.execute(query)).all())


async def cancel(tx: Tx, workspace_id: str, run_id: str) -> Ticket | None:
    """Call a run off.  Its ticket, to be taken out of the queue; None if it was off already.

    An import that is at work ends before its next member and keeps what it has brought; a photo's stage is finished
    and goes no further.  Raises NotFound; Conflict where it is done, or delivers files already.
    """
    run = await started.get(tx, workspace_id, run_id)
    if run.status == RunStatus.CANCELLED:
        return None
    if run.kind == "batch":
        raise Conflict("this run fills a batch.", subject=run_id, remedy="Cancel the batch instead.")
    open_ = [RunStatus.QUEUED] if run.kind == "export" else [RunStatus.QUEUED, RunStatus.RUNNING]
    at = now()
    moved = await tx.execute(
        update(runs)
        .where(runs.c.workspace_id == workspace_id, runs.c.id == run_id, runs.c.status.in_(open_))
        .values(status=RunStatus.CANCELLED, touched_at=at, done_at=at)
    )
    if not moved.rowcount:
        raise Conflict(f"it is {run.status} and can no longer be called off.", subject=run_id)
    await tell(tx, workspace_id, "run.cancelled", run_id=run_id)
    return Ticket(run.stage, run_id, 0, run.priority)
