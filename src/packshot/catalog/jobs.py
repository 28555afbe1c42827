"""Runs: single pieces of work that somebody asked for and follows: an import, a cut-out, a preview, an export.

A run waits in the queue of its `stage` and moves along its `stages`; when none is left it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update

from packshot.catalog import jobs as started
from packshot.catalog.events.log import tell
from packshot.catalog.ports import JobRef
from packshot.catalog.status import JobStatus
from packshot.db import Tx
from packshot.db.tables import new_id, now, runs
from packshot.errors import Conflict, NotFound, PackshotError

# Who asked waits for it: before any batch, but for the urgent ones.
ASKED = 1


async def start(
    tx: Tx,
    workspace_id: str,
    kind: str,
    *,
    stages: Sequence[str],
    request: dict[str, Any],
    photo_id: str | None = None,
    batch_id: str | None = None,
    priority: int = ASKED,
    by: str | None = None,
) -> JobRef:
    """Write a run down.  The ticket's `id` is the run's; it is to be queued once the transaction is committed."""
    id, at = new_id("run"), now()
    await tx.execute(
        insert(runs).values(
            id=id, workspace_id=workspace_id, kind=kind, status=JobStatus.QUEUED, stage=stages[0], stages=list(stages),
            photo_id=photo_id, batch_id=batch_id, request=request, result={}, error=None, priority=priority,
            created_by=by, created_at=at, touched_at=at, done_at=None,
        )
    )  # fmt: skip
    await tell(tx, workspace_id, "run.queued", run_id=id, batch_id=batch_id)
    return JobRef(stages[0], id, 0, priority)


async def get(tx: Tx, workspace_id: str, run_id: str) -> Row[Any]:
    """One run.  Raises NotFound."""
    found = (await tx.execute(select(runs).where(runs.c.workspace_id == workspace_id, runs.c.id == run_id))).first()
    if found is None:
        raise NotFound("there is no such run.", subject=run_id)
    return found


async def draw(tx: Tx, ref: JobRef) -> Row[Any] | None:
    """What a drawn ticket stands for; None where it is done, cancelled, or in another stage by now."""
    found = (await tx.execute(select(runs).where(runs.c.id == ref.id))).first()
    if found is None or found.stage != ref.stage or found.status in (JobStatus.DONE, JobStatus.CANCELLED):
        return None
    return found


async def running(tx: Tx, run: Row[Any]) -> None:
    if run.status != JobStatus.RUNNING:
        await tx.execute(update(runs).where(runs.c.id == run.id).values(status=JobStatus.RUNNING, touched_at=now()))
        await tell(tx, run.workspace_id, "run.running", run_id=run.id, batch_id=run.batch_id)


async def advance(tx: Tx, run: Row[Any], result: dict[str, Any]) -> JobRef | None:
    """On to the run's next stage, its result so far kept; done where there is none.  The next ticket, if any."""
    later = run.stages[run.stages.index(run.stage) + 1 :]
    stage, at = (later[0] if later else ""), now()
    status = JobStatus.RUNNING if stage else JobStatus.DONE
    moved = await tx.execute(
        update(runs)
        .where(runs.c.id == run.id, runs.c.stage == run.stage, runs.c.status != JobStatus.CANCELLED)
        .values(stage=stage, status=status, result=result, attempts=0, touched_at=at, done_at=None if stage else at)
    )
    if not moved.rowcount:
        return None
    if not stage:
        await tell(tx, run.workspace_id, "run.done", run_id=run.id, batch_id=run.batch_id)
        return None
    return JobRef(stage, run.id, 0, run.priority)


async def failed(tx: Tx, run: Row[Any], error: BaseException, *, tries: int) -> bool:
    """Count a failed try; returns whether it was the last."""
    attempts = run.attempts + 1
    last = attempts >= tries or (isinstance(error, PackshotError) and not error.retryable)
    told = {
        "code": error.code if isinstance(error, PackshotError) else "fault",
        "status": error.status if isinstance(error, PackshotError) else 500,
        "problem": error.problem if isinstance(error, PackshotError) else "Packshot itself failed.",
        "subject": error.subject if isinstance(error, PackshotError) else "",
        "remedy": error.remedy if isinstance(error, PackshotError) else "Please report this.",
        "reason": error.message if isinstance(error, PackshotError) else f"Packshot itself failed ({error}).",
        "at": now(),
    }
    values: dict[str, Any] = {"attempts": attempts, "error": told, "touched_at": now()}
    if last:
        values |= {"status": JobStatus.FAILED, "done_at": now()}
    mine = runs.c.id == run.id, runs.c.status != JobStatus.CANCELLED
    await tx.execute(update(runs).where(*mine).values(**values))
    if last:
        await tell(tx, run.workspace_id, "run.failed", run_id=run.id, batch_id=run.batch_id)
    return last


async def progressed(tx: Tx, run_id: str, *, done: int, total: int, result: dict[str, Any] | None = None) -> None:
    """How far a long run is; it also says that it is alive."""
    values: dict[str, Any] = {"done_count": done, "total_count": total, "touched_at": now()}
    await tx.execute(
        update(runs).where(runs.c.id == run_id).values(**values, **({} if result is None else {"result": result}))
    )


async def touch(tx: Tx, run_id: str) -> None:
    await tx.execute(update(runs).where(runs.c.id == run_id).values(touched_at=now()))


async def stalled(tx: Tx, *, since: float, limit: int = 1000) -> list[JobRef]:
    """Runs that nobody has touched for so long: their tickets may be lost. They count as touched from now on."""
    active = (JobStatus.QUEUED, JobStatus.RUNNING)
    found = (
        await tx.execute(
            select(runs.c.id, runs.c.stage, runs.c.priority)
            .where(runs.c.status.in_(active), runs.c.touched_at < since)
            .limit(limit)
        )
    ).all()
    if found:
        ids = [row.id for row in found]
        await tx.execute(update(runs).where(runs.c.id.in_(ids)).values(touched_at=now()))
    return [JobRef(row.stage, row.id, 0, row.priority) for row in found]


async def page(
    tx: Tx,
    workspace_id: str,
    *,
    kinds: Sequence[str] = (),
    status: JobStatus | None = None,
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


async def cancel(tx: Tx, workspace_id: str, run_id: str) -> JobRef | None:
    """Call a run off.  Its ticket, to be taken out of the queue; None if it was off already.

    An import that is at work ends before its next member and keeps what it has brought; a photo's stage is finished
    and goes no further.  Raises NotFound; Conflict where it is done, or delivers files already.
    """
    run = await started.get(tx, workspace_id, run_id)
    if run.status == JobStatus.CANCELLED:
        return None
    if run.kind == "batch":
        raise Conflict("this run fills a batch.", subject=run_id, remedy="Cancel the batch instead.")
    open_ = [JobStatus.QUEUED] if run.kind == "export" else [JobStatus.QUEUED, JobStatus.RUNNING]
    at = now()
    moved = await tx.execute(
        update(runs)
        .where(runs.c.workspace_id == workspace_id, runs.c.id == run_id, runs.c.status.in_(open_))
        .values(status=JobStatus.CANCELLED, touched_at=at, done_at=at)
    )
    if not moved.rowcount:
        raise Conflict(f"it is {run.status} and can no longer be called off.", subject=run_id)
    await tell(tx, workspace_id, "run.cancelled", run_id=run_id)
    return JobRef(run.stage, run_id, 0, run.priority)
