"""Jobs: single pieces of work that somebody asked for and follows: an import, a cut-out, a preview, an export.

A job waits in the queue of its `stage` and moves along its `stages`; when none is left it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update

from packshot.catalog import jobs as started
from packshot.catalog.events.log import record_event
from packshot.catalog.ports import JobRef
from packshot.catalog.status import JobStatus
from packshot.db import Tx
from packshot.db.tables import jobs, new_id, now
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
    """Write a job down.  The ticket's `id` is the job's; it is to be queued once the transaction is committed."""
    id, at = new_id("job"), now()
    await tx.execute(
        insert(jobs).values(
            id=id, workspace_id=workspace_id, kind=kind, status=JobStatus.QUEUED, stage=stages[0], stages=list(stages),
            photo_id=photo_id, batch_id=batch_id, request=request, result={}, error=None, priority=priority,
            created_by=by, created_at=at, touched_at=at, done_at=None,
        )
    )  # fmt: skip
    await record_event(tx, workspace_id, "job.queued", job_id=id, batch_id=batch_id)
    return JobRef(stages[0], id, 0, priority)


async def get(tx: Tx, workspace_id: str, job_id: str) -> Row[Any]:
    """One job.  Raises NotFound."""
    found = (await tx.execute(select(jobs).where(jobs.c.workspace_id == workspace_id, jobs.c.id == job_id))).first()
    if found is None:
        raise NotFound("there is no such job.", subject=job_id)
    return found


async def draw(tx: Tx, ref: JobRef) -> Row[Any] | None:
    """What a drawn ticket stands for; None where it is done, cancelled, or in another stage by now."""
    found = (await tx.execute(select(jobs).where(jobs.c.id == ref.id))).first()
    if found is None or found.stage != ref.stage or found.status in (JobStatus.DONE, JobStatus.CANCELLED):
        return None
    return found


async def running(tx: Tx, job: Row[Any]) -> None:
    if job.status != JobStatus.RUNNING:
        await tx.execute(update(jobs).where(jobs.c.id == job.id).values(status=JobStatus.RUNNING, touched_at=now()))
        await record_event(tx, job.workspace_id, "job.running", job_id=job.id, batch_id=job.batch_id)


async def advance(tx: Tx, job: Row[Any], result: dict[str, Any]) -> JobRef | None:
    """On to the job's next stage, its result so far kept; done where there is none.  The next ticket, if any."""
    later = job.stages[job.stages.index(job.stage) + 1 :]
    stage, at = (later[0] if later else ""), now()
    status = JobStatus.RUNNING if stage else JobStatus.DONE
    moved = await tx.execute(
        update(jobs)
        .where(jobs.c.id == job.id, jobs.c.stage == job.stage, jobs.c.status != JobStatus.CANCELLED)
        .values(stage=stage, status=status, result=result, attempts=0, touched_at=at, done_at=None if stage else at)
    )
    if not moved.rowcount:
        return None
    if not stage:
        await record_event(tx, job.workspace_id, "job.done", job_id=job.id, batch_id=job.batch_id)
        return None
    return JobRef(stage, job.id, 0, job.priority)


async def failed(tx: Tx, job: Row[Any], error: BaseException, *, tries: int) -> bool:
    """Count a failed try; returns whether it was the last."""
    attempts = job.attempts + 1
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
    mine = jobs.c.id == job.id, jobs.c.status != JobStatus.CANCELLED
    await tx.execute(update(jobs).where(*mine).values(**values))
    if last:
        await record_event(tx, job.workspace_id, "job.failed", job_id=job.id, batch_id=job.batch_id)
    return last


async def progressed(tx: Tx, job_id: str, *, done: int, total: int, result: dict[str, Any] | None = None) -> None:
    """How far a long job is; it also says that it is alive."""
    values: dict[str, Any] = {"done_count": done, "total_count": total, "touched_at": now()}
    await tx.execute(
        update(jobs).where(jobs.c.id == job_id).values(**values, **({} if result is None else {"result": result}))
    )


async def touch(tx: Tx, job_id: str) -> None:
    await tx.execute(update(jobs).where(jobs.c.id == job_id).values(touched_at=now()))


async def stalled(tx: Tx, *, since: float, limit: int = 1000) -> list[JobRef]:
    """Runs that nobody has touched for so long: their tickets may be lost. They count as touched from now on."""
    active = (JobStatus.QUEUED, JobStatus.RUNNING)
    found = (
        await tx.execute(
            select(jobs.c.id, jobs.c.stage, jobs.c.priority)
            .where(jobs.c.status.in_(active), jobs.c.touched_at < since)
            .limit(limit)
        )
    ).all()
    if found:
        ids = [row.id for row in found]
        await tx.execute(update(jobs).where(jobs.c.id.in_(ids)).values(touched_at=now()))
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
    query = select(jobs).where(jobs.c.workspace_id == workspace_id).order_by(jobs.c.id.desc()).limit(limit)
    if kinds:
        query = query.where(jobs.c.kind.in_(kinds))
    if status is not None:
        query = query.where(jobs.c.status == status)
    if photo_id is not None:
        query = query.where(jobs.c.photo_id == photo_id)
    if after:
        query = query.where(jobs.c.id < after)
    return list((await tx.execute(query)).all())


async def cancel(tx: Tx, workspace_id: str, job_id: str) -> JobRef | None:
    """Call a job off.  Its ticket, to be taken out of the queue; None if it was off already.

    An import that is at work ends before its next member and keeps what it has brought; a photo's stage is finished
    and goes no further.  Raises NotFound; Conflict where it is done, or delivers files already.
    """
    job = await started.get(tx, workspace_id, job_id)
    if job.status == JobStatus.CANCELLED:
        return None
    if job.kind == "batch":
        raise Conflict("this job fills a batch.", subject=job_id, remedy="Cancel the batch instead.")
    open_ = [JobStatus.QUEUED] if job.kind == "export" else [JobStatus.QUEUED, JobStatus.RUNNING]
    at = now()
    moved = await tx.execute(
        update(jobs)
        .where(jobs.c.workspace_id == workspace_id, jobs.c.id == job_id, jobs.c.status.in_(open_))
        .values(status=JobStatus.CANCELLED, touched_at=at, done_at=at)
    )
    if not moved.rowcount:
        raise Conflict(f"it is {job.status} and can no longer be called off.", subject=job_id)
    await record_event(tx, workspace_id, "job.cancelled", job_id=job_id)
    return JobRef(job.stage, job_id, 0, job.priority)
