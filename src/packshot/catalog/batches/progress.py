"""How far a batch is: counted when asked, from two indexes, with a range for the time left."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import func, select

from packshot.catalog.batches.offpeak import window
from packshot.catalog.jobs import cause_of
from packshot.catalog.status import BatchState, ItemStatus
from packshot.db import Tx
from packshot.db.tables import batches, items, now, workspaces
from packshot.errors import NotFound

PACE_ITEMS = 200  # finished last: the pace is theirs
LEAST_PACE_ITEMS = 5
_GROUPS = 10
_LEAST_SPREAD = 1.25


class Range(BaseModel, frozen=True):
    """Seconds: at best, and at worst."""

    low: int
    high: int


class FailureCount(BaseModel, frozen=True):
    """How many items failed for one cause."""

    cause: str
    count: int


class BatchStatus(BaseModel, frozen=True):
    """How far a batch is."""

    id: str
    revision: int
    state: BatchState
    counts: dict[str, int]
    stages: dict[str, int]
    done: int = Field(description="Made, or failed for good; neither waiting nor cancelled.")
    total: int
    seconds_left: Range | None
    waits_until: datetime | None = None
    failures: tuple[FailureCount, ...] = ()


def derived(kept: str, counts: Mapping[str, int]) -> BatchState:
    """The state that is shown: `review` and `approved` follow from the items."""
    if kept != BatchState.PROCESSING:
        return BatchState(kept)
    if counts.get(ItemStatus.PROCESSING):
        return BatchState.PROCESSING
    if counts.get(ItemStatus.REVIEW) or not counts.get(ItemStatus.APPROVED):
        return BatchState.REVIEW
    return BatchState.APPROVED


def seconds_left(done_at: Sequence[float], left: int, at: float) -> Range | None:
    """A range for the time that `left` items take, from when the last ones were done; None where too few are.

    done_at: moments, in any order.  The pace is the middle one of up to ten runs of items, and the range spans the
    quarters around it, at least 1.25 times up and down: a restart or one slow photo does not move it.
    """
    moments = sorted(done_at)[-PACE_ITEMS:]
    if left <= 0:
        return Range(low=0, high=0)
    if len(moments) < LEAST_PACE_ITEMS:
        return None
    per_run = max(1, (len(moments) - 1) // _GROUPS)
    ends = moments[(len(moments) - 1) % per_run :: per_run]
    paces = sorted((later - earlier) / per_run for earlier, later in pairwise(ends))
    middle = statistics.median(paces)
    if middle <= 0:  # several are done at once, now and then
        middle = (moments[-1] - moments[0]) / (len(moments) - 1)
    quarter = len(paces) // 4
    low = min(paces[quarter], middle / _LEAST_SPREAD)
    high = max(paces[-1 - quarter], middle * _LEAST_SPREAD)
    silent = (at - moments[-1]) - 3 * high
    if silent > 0:  # nothing has come for longer than it should: it may go on like this
        high = max(high, min(silent, 20 * high))
    return Range(low=max(1, round(left * low)), high=max(2, round(left * high)))


async def status(tx: Tx, workspace_id: str, batch_id: str) -> BatchStatus:
    """Raises NotFound."""
    found = await statuses(tx, workspace_id, [batch_id])
    if batch_id not in found:
        raise NotFound("there is no such batch.", subject=batch_id)
    return found[batch_id]


async def statuses(tx: Tx, workspace_id: str, batch_ids: Sequence[str]) -> dict[str, BatchStatus]:
    """The same for several batches; those that are not there are left out."""
    wanted = select(
        batches.c.id, batches.c.state, batches.c.priority, batches.c.revision, workspaces.c.settings
    ).join(workspaces, workspaces.c.id == batches.c.workspace_id)  # fmt: skip
    mine = (batches.c.workspace_id == workspace_id, batches.c.deleted_at.is_(None), batches.c.id.in_(batch_ids))
    rows = (await tx.execute(wanted.where(*mine))).all()
    counted = await tx.execute(
        select(items.c.batch_id, items.c.status, items.c.stage, func.count())
        .where(items.c.batch_id.in_([row.id for row in rows]))
        .group_by(items.c.batch_id, items.c.status, items.c.stage)
    )
    counts: dict[str, dict[str, int]] = {}
    stages: dict[str, dict[str, int]] = {}
    for batch_id, item_status, stage, count in counted:
        mine_counts = counts.setdefault(batch_id, {})
        mine_counts[item_status] = mine_counts.get(item_status, 0) + count
        if item_status == ItemStatus.PROCESSING:
            stages.setdefault(batch_id, {})[stage] = count
    return {
        row.id: await _status(tx, row, counts.get(row.id, {}), stages.get(row.id, {})) for row in rows
    }  # fmt: skip


async def _status(tx: Tx, row: Any, counts: dict[str, int], stages: dict[str, int]) -> BatchStatus:
    at = now()
    state = derived(row.state, counts)
    total, waiting = sum(counts.values()), counts.get(ItemStatus.PROCESSING, 0)
    done = total - waiting - counts.get(ItemStatus.CANCELLED, 0)
    left: Range | None = None
    waits_until: float | None = None
    if state is BatchState.PROCESSING:
        moments = await tx.scalars(
            select(items.c.done_at)
            .where(items.c.batch_id == row.id, items.c.done_at.is_not(None))
            .order_by(items.c.done_at.desc())
            .limit(PACE_ITEMS)
        )
        left = seconds_left([float(moment or 0) for moment in moments], waiting, at)
        if row.priority == 10:
            is_open, opens = window(at, row.settings)
            waits_until = None if is_open else opens
    failures: list[FailureCount] = []
    if counts.get(ItemStatus.FAILED):
        cause = cause_of(items).label("failed_for")
        grouped = await tx.execute(
            select(cause, func.count())
            .where(items.c.batch_id == row.id, items.c.status == ItemStatus.FAILED)
            .group_by(
                "failed_for"
            )  # by its name: PostgreSQL takes the same expression with other parameters for another
            .order_by(func.count().desc())
        )
        failures = [FailureCount(cause=name or "unknown", count=count) for name, count in grouped]
    return BatchStatus(
        id=row.id, revision=row.revision, state=state,
        counts={name.value: counts.get(name, 0) for name in ItemStatus}, stages=stages,
        done=done, total=total, seconds_left=left, waits_until=waits_until, failures=tuple(failures),
    )  # fmt: skip
