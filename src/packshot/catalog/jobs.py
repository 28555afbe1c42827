"""Jobs: all work that waits in a queue, and the one way that it goes: claimed, moved on, failed, retried.

An item of a batch and a single piece of work (an import, a cut-out, a preview, an export) are rows of two tables with
the same columns for this: `stage` is the queue it waits in, `attempts` the failed tries of that stage, `touched_at`
when it last gave a sign of life. Whoever records a result names the stage and version that it is for: of two workers
that did the same thing, only the first finds them as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, Table, and_, func, insert, literal, null, select, update

from packshot.catalog.batches.offpeak import window
from packshot.catalog.events.log import record_event
from packshot.catalog.ports import WAITED_FOR, JobRef
from packshot.catalog.status import BatchState, ItemStatus, JobStatus, Priority
from packshot.db import Tx, typed
from packshot.db.tables import batches, items, jobs, new_id, now, workspaces
from packshot.errors import Conflict, Fault, NotFound, PackshotError

TRIES = 3
PHOTO_STAGES = ("segment", "upscale", "generate", "export")  # of an item, and of most jobs of one photo
# Who asked waits for it: before any batch, but for the urgent ones.


@dataclass(frozen=True, slots=True)
class Ledger:
    """A table of work, and what its states are called."""

    table: Table
    kind: str  # of its events, and of the column that names it there
    waiting: str  # its state once it is queued
    running: str  # its state while a worker has it
    failed: str


ITEMS = Ledger(items, "item", ItemStatus.PROCESSING, ItemStatus.PROCESSING, ItemStatus.FAILED)
JOBS = Ledger(jobs, "job", JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED)


def ledger_of(id: str) -> Ledger:
    return ITEMS if id.startswith("itm_") else JOBS


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A row of `jobs`: a single piece of work that somebody asked for and follows."""

    id: str
    workspace_id: str
    kind: str
    status: str
    stage: str
    stages: list[str]
    photo_id: str | None
    batch_id: str | None
    request: dict[str, Any]
    result: dict[str, Any]
    error: dict[str, Any] | None
    done_count: int
    total_count: int
    priority: int
    attempts: int
    created_by: str | None
    created_at: float
    touched_at: float
    done_at: float | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker holds while it does one stage of a job."""

    ref: JobRef
    kind: str  # "item", or what the job is
    workspace_id: str
    batch_id: str | None
    attempts: int  # failed tries of this stage so far


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a reference turned out to stand for: work, the job's later stage, a wait, or nothing any more.

    begins: its state is to be written down (`begin`) before it is worked on.
    """

    claim: Claim | None = None
    begins: bool = False
    instead: JobRef | None = None
    wait_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Failed:
    """What follows a failed try.  instead: the job begins again at an earlier stage."""

    final: bool
    reason: str
    instead: JobRef | None = None


# --- the state machine ---


async def claim(tx: Tx, ref: JobRef) -> Claimed:
    """Take a job up, if it still waits for this stage.  Reads only.

    Work that was paused, cancelled or overtaken is dropped here.  One that had failed for good was retried at the queue
    itself, and begins its tries anew.
    """
    ledger = ledger_of(ref.id)
    row = (await tx.execute(_claimable(ledger).where(ledger.table.c.id == ref.id))).first()
    if row is None or row.version != ref.version:
        return Claimed()
    had_failed = row.status == ledger.failed and row.stage == ref.stage
    if row.status not in (ledger.waiting, ledger.running) and not had_failed:
        return Claimed()
    if row.batch_state in (BatchState.PAUSED, BatchState.CANCELLED) or row.batch_deleted_at is not None:
        return Claimed()
    if row.priority == Priority.OVERNIGHT.level:
        is_open, next_open = window(now(), row.settings)
        if not is_open:
            return Claimed(wait_until=next_open)
    if row.stage != ref.stage:
        return Claimed(instead=replace(ref, stage=row.stage, priority=row.priority))
    held = Claim(ref, row.kind, row.workspace_id, row.batch_id, 0 if had_failed else row.attempts)
    return Claimed(held, begins=row.status != ledger.running)


async def begin(tx: Tx, held: Claim) -> None:
    """It is at work from now on."""
    running = ledger_of(held.ref.id).running
    tries: dict[str, Any] = {} if held.attempts else {"attempts": 0, "error": null(), "done_at": None}
    await _update(tx, held, status=running, **tries)
    await _record_event(tx, held, running)


async def alive(tx: Tx, held: Claim) -> None:
    """The worker still works on it: it has not stalled."""
    await _update(tx, held)


async def advance(tx: Tx, held: Claim, stage: str, *, event: str = "", **values: Any) -> bool:
    """Move a job on to its next stage, "" where it was the last; False where it is no longer what was claimed.

    event: what listeners are told, after the kind of the ledger; nothing where it is "".
    """
    ledger = ledger_of(held.ref.id)
    moved = await _update(
        tx, held, ledger.table.c.stage == held.ref.stage, ledger.table.c.status == ledger.running,
        stage=stage, attempts=0, **values,
    )  # fmt: skip
    if moved and event:
        await _record_event(tx, held, event)
    return moved


async def fail(tx: Tx, held: Claim, error: BaseException, *, restart: str = "") -> Failed:
    """Count a failed try; after three, or where a retry cannot help, the job is a dead letter and says why.

    restart: the stage that it begins again at, where trying the same stage again is of no use.
    """
    ledger = ledger_of(held.ref.id)
    attempts, at = held.attempts + 1, now()
    ours = error if isinstance(error, PackshotError) else None
    final = attempts >= TRIES or (ours is not None and not ours.retryable)
    if ours and final:
        ours.remedy = ours.last_remedy or ours.remedy
    reason = ours.message if ours else f"Packshot itself failed ({error})."
    values: dict[str, Any] = {"attempts": attempts, "error": {
        "code": ours.code if ours else "fault", "status": ours.status if ours else 500,
        "problem": ours.problem if ours else "Packshot itself failed.", "subject": ours.subject if ours else "",
        "remedy": ours.remedy if ours else "Please report this.", "reason": reason,
        "stack": error.stack if isinstance(error, Fault) else "", "stage": held.ref.stage, "attempts": attempts,
        "at": at,
    }}  # fmt: skip
    if final:
        values |= {"status": ledger.failed, "done_at": at}
    elif restart:
        values["stage"] = restart
    mine = await _update(tx, held, ledger.table.c.status == ledger.running, **values)
    if final and mine:
        await _record_event(tx, held, "failed")
    if final or not restart or restart == held.ref.stage:
        return Failed(final, reason)
    return Failed(False, reason, replace(held.ref, stage=restart))


async def stalled(tx: Tx, ledger: Ledger, *, since: float, after: str = "", limit: int = 1000) -> list[JobRef]:
    """Open jobs that have given no sign of life since then, by id.  Whether they are lost, only the queue can tell."""
    table = ledger.table
    columns = (
        table.c.id, table.c.stage, _version(ledger), table.c.priority, _not_before(ledger), table.c.workspace_id,
        (items.c.batch_id if ledger is ITEMS else jobs.c.kind).label("group"),
    )  # fmt: skip
    query = select(*columns).where(
        table.c.status.in_((ledger.waiting, ledger.running)), table.c.touched_at < since, table.c.id > after
    )
    if ledger is ITEMS:
        query = query.join(batches, batches.c.id == items.c.batch_id).where(
            batches.c.state == BatchState.PROCESSING, batches.c.deleted_at.is_(None)
        )
    found = await tx.execute(query.order_by(table.c.id).limit(limit))
    return [
        JobRef(row.stage, row.id, row.version, row.priority, row.not_before or 0.0, row.workspace_id, row.group)
        for row in found
    ]


async def touch(tx: Tx, ledger: Ledger, ids: Sequence[str]) -> None:
    """They were queued just now."""
    for first in range(0, len(ids), 500):
        part = ids[first : first + 500]
        await tx.execute(update(ledger.table).where(ledger.table.c.id.in_(part)).values(touched_at=now()))


async def reopen(tx: Tx, ledger: Ledger, ids: Sequence[str], *, first_stage: str) -> None:
    """Try jobs that had failed again, at the stage where they stood.  first_stage: for those that name none."""
    table = ledger.table
    values: dict[str, Any] = {"status": ledger.waiting, "attempts": 0, "error": null(), "done_at": None}
    if ledger is ITEMS:
        values["not_before"] = None
    await tx.execute(update(table).where(table.c.id.in_(ids)).values(**values, touched_at=now()))
    await tx.execute(update(table).where(table.c.id.in_(ids), table.c.stage == "").values(stage=first_stage))


def cause_of(table: Table) -> Any:
    """The code of the error that a job failed for, as a column; older versions called it a cause."""
    return func.coalesce(table.c.error["code"].as_string(), table.c.error["cause"].as_string(), "unknown")


def _claimable(ledger: Ledger) -> Select[Any]:
    """What decides whether a job may be worked on.  A job that is no item does not wait for a batch."""
    table = ledger.table
    columns = (
        table.c.id, table.c.status, table.c.stage, table.c.workspace_id, table.c.batch_id, table.c.priority,
        table.c.attempts, _version(ledger), workspaces.c.settings,
    )  # fmt: skip
    query = select(*columns).join(workspaces, workspaces.c.id == table.c.workspace_id)
    if ledger is JOBS:
        return query.add_columns(jobs.c.kind, null().label("batch_state"), null().label("batch_deleted_at"))
    return query.add_columns(
        literal("item").label("kind"), batches.c.state.label("batch_state"),
        batches.c.deleted_at.label("batch_deleted_at"),
    ).join(batches, batches.c.id == items.c.batch_id)  # fmt: skip


def _version(ledger: Ledger) -> Any:
    return items.c.version if ledger is ITEMS else literal(0).label("version")


def _not_before(ledger: Ledger) -> Any:
    return items.c.not_before if ledger is ITEMS else literal(0.0).label("not_before")


async def _update(tx: Tx, held: Claim, *where: Any, **values: Any) -> bool:
    table = ledger_of(held.ref.id).table
    mine = [table.c.id == held.ref.id, *where]
    if table is items:
        mine.append(items.c.version == held.ref.version)
    return bool((await tx.execute(update(table).where(and_(*mine)).values(touched_at=now(), **values))).rowcount)


async def _record_event(tx: Tx, held: Claim, what: str) -> None:
    kind = ledger_of(held.ref.id).kind
    ids = {f"{kind}_id": held.ref.id, "batch_id": held.batch_id}
    await record_event(tx, held.workspace_id, f"{kind}.{what}", **ids)


# --- jobs that are no item: started, followed, cancelled ---


async def start(
    tx: Tx,
    workspace_id: str,
    kind: str,
    *,
    stages: Sequence[str],
    request: dict[str, Any],
    photo_id: str | None = None,
    batch_id: str | None = None,
    priority: int = WAITED_FOR,
    by: str | None = None,
) -> JobRef:
    """Write a job down.  What is returned is to be queued once the transaction is committed."""
    id, at = new_id("job"), now()
    await tx.execute(
        insert(jobs).values(
            id=id, workspace_id=workspace_id, kind=kind, status=JobStatus.QUEUED, stage=stages[0], stages=list(stages),
            photo_id=photo_id, batch_id=batch_id, request=request, result={}, error=None, priority=priority,
            created_by=by, created_at=at, touched_at=at, done_at=None,
        )
    )  # fmt: skip
    await record_event(tx, workspace_id, "job.queued", job_id=id, batch_id=batch_id)
    return JobRef(stages[0], id, 0, priority, workspace_id=workspace_id, group=kind)


async def advance_job(tx: Tx, held: Claim, stage: str, result: dict[str, Any]) -> JobRef | None:
    """Move a job that is no item on with its result so far; done where `stage` is "".  What is to be queued next."""
    final: dict[str, Any] = {} if stage else {"status": JobStatus.DONE, "done_at": now()}
    if not await advance(tx, held, stage, event="" if stage else JobStatus.DONE, result=result, **final) or not stage:
        return None
    return replace(held.ref, stage=stage)


async def set_result(tx: Tx, held: Claim, result: dict[str, Any]) -> None:
    await _update(tx, held, result=result)


async def get(tx: Tx, workspace_id: str, job_id: str) -> JobRecord:
    """One job.  Raises NotFound."""
    found = (await tx.execute(select(jobs).where(jobs.c.workspace_id == workspace_id, jobs.c.id == job_id))).first()
    if found is None:
        raise NotFound("there is no such job.", subject=job_id)
    return typed(JobRecord, found)


async def page(
    tx: Tx,
    workspace_id: str,
    *,
    kinds: Sequence[str] = (),
    status: JobStatus | None = None,
    photo_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> list[JobRecord]:
    """Jobs, the newest first.  after: the id of the last one of the page before."""
    query = select(jobs).where(jobs.c.workspace_id == workspace_id).order_by(jobs.c.id.desc())
    if kinds:
        query = query.where(jobs.c.kind.in_(kinds))
    if status is not None:
        query = query.where(jobs.c.status == status)
    if photo_id is not None:
        query = query.where(jobs.c.photo_id == photo_id)
    if after:
        query = query.where(jobs.c.id < after)
    return [typed(JobRecord, row) for row in await tx.execute(query.limit(limit))]


async def progressed(tx: Tx, job_id: str, *, done: int, total: int, result: dict[str, Any] | None = None) -> None:
    """How far a long job is; that is a sign of life too."""
    values: dict[str, Any] = {"done_count": done, "total_count": total, "touched_at": now()}
    await tx.execute(
        update(jobs).where(jobs.c.id == job_id).values(**values, **({} if result is None else {"result": result}))
    )


async def cancel(tx: Tx, workspace_id: str, job_id: str) -> JobRef | None:
    """Cancel a job.  Its reference, to be taken out of the queue; None if it was cancelled already.

    An import that is at work ends before its next member and leaves what it has brought; a photo's stage is finished
    and goes no further.  Raises NotFound; Conflict where it is done, or delivers files already.
    """
    job = await get(tx, workspace_id, job_id)
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
        raise Conflict(f"it is {job.status} and can no longer be cancelled.", subject=job_id)
    await record_event(tx, workspace_id, "job.cancelled", job_id=job_id)
    return JobRef(job.stage, job_id, 0, job.priority)
