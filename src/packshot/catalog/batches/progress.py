"""How far a batch is: counted at each request, from two indexes, with a range for the time left."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, Field, computed_field
from sqlalchemy import func, select

from packshot.catalog.batches.offpeak import window
from packshot.catalog.jobs import cause_of
from packshot.catalog.status import BatchState, ItemStatus, Priority
from packshot.db import Tx, typed
from packshot.db.tables import batches, items, now, workspaces
from packshot.errors import NotFound

PACE_ITEMS = 200  # the last that were finished, from which the pace is measured
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
    done: int = Field(description="Finished, or failed for good; neither waiting nor cancelled.")
    total: int

    @computed_field(description="Done of the total, 0 to 100.")  # type: ignore[prop-decorator]
    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0

    seconds_left: Range | None
    waits_until: datetime | None = None
    failures: tuple[FailureCount, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchRow:
    """What the status of a batch is computed from, besides its items."""

    id: str
    state: str
    priority: int
    revision: int
    settings: dict[str, Any]  # of its workspace


@dataclass(frozen=True, slots=True)
class ItemCount:
    """How many items of a batch are in each status, and those in processing in each stage."""

    batch: BatchRow
    by_status: dict[str, int]
    by_stage: dict[str, int]

    @classmethod
    def of(cls, batch: BatchRow, counts: Mapping[tuple[str, str], int]) -> ItemCount:
        """counts: (status, stage) → items."""
        by_status, by_stage = {status.value: 0 for status in ItemStatus}, {}
        for (item_status, stage), count in counts.items():
            by_status[item_status] += count
            if item_status == ItemStatus.PROCESSING:
                by_stage[stage] = count
        return cls(batch, by_status, by_stage)

    @property
    def state(self) -> BatchState:
        return derived(self.batch.state, self.by_status)

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    @property
    def waiting(self) -> int:
        return self.by_status[ItemStatus.PROCESSING]

    @property
    def done(self) -> int:
        return self.total - self.waiting - self.by_status[ItemStatus.CANCELLED]


def derived(stored: str, counts: Mapping[str, int]) -> BatchState:
    """The state that is shown: `review` and `approved` follow from the items."""
    if stored != BatchState.PROCESSING:
        return BatchState(stored)
    if counts.get(ItemStatus.PROCESSING):
        return BatchState.PROCESSING
    if counts.get(ItemStatus.REVIEW) or not counts.get(ItemStatus.APPROVED):
        return BatchState.REVIEW
    return BatchState.APPROVED


def seconds_left(done_at: Sequence[float], left: int, at: float) -> Range | None:
    """A range for the time that `left` items take, from when the last ones were done; None where too few are.

    done_at: moments, in any order.  The pace is the median of up to ten groups of items, and the range spans the
    quartiles around it, at least 1.25 times up and down: a restart or one slow photo does not move it.
    """
    moments = sorted(done_at)[-PACE_ITEMS:]
    if left <= 0:
        return Range(low=0, high=0)
    if len(moments) < LEAST_PACE_ITEMS:
        return None
    per_group = max(1, (len(moments) - 1) // _GROUPS)
    ends = moments[(len(moments) - 1) % per_group :: per_group]
    paces = sorted((later - earlier) / per_group for earlier, later in pairwise(ends))
    median = statistics.median(paces)
    if median <= 0:  # most were done several at once
        median = (moments[-1] - moments[0]) / (len(moments) - 1)
    quarter = len(paces) // 4
    low = min(paces[quarter], median / _LEAST_SPREAD)
    high = max(paces[-1 - quarter], median * _LEAST_SPREAD)
    late = (at - moments[-1]) - 3 * high
    if late > 0:  # nothing was done for longer than the pace explains: it may go on like this
        high = max(high, min(late, 20 * high))
    return Range(low=max(1, round(left * low)), high=max(2, round(left * high)))


async def status(tx: Tx, workspace_id: str, batch_id: str) -> BatchStatus:
    """Raises NotFound."""
    status_of = await statuses(tx, workspace_id, [batch_id])
    if batch_id not in status_of:
        raise NotFound("there is no such batch.", subject=batch_id)
    return status_of[batch_id]


async def statuses(tx: Tx, workspace_id: str, batch_ids: Sequence[str]) -> dict[str, BatchStatus]:
    """Batch → its status; batches that do not exist are left out."""
    counted = await count_items(tx, workspace_id, batch_ids)
    return {count.batch.id: await _status(tx, count) for count in counted.values()}


async def count_items(tx: Tx, workspace_id: str, batch_ids: Sequence[str]) -> dict[str, ItemCount]:
    """Batch → how many items are where; batches that do not exist are left out."""
    existing = await existing_batches(tx, workspace_id, batch_ids)
    counts: dict[str, dict[tuple[str, str], int]] = {batch.id: {} for batch in existing}
    counted = await tx.execute(
        select(items.c.batch_id, items.c.status, items.c.stage, func.count())
        .where(items.c.batch_id.in_(list(counts)))
        .group_by(items.c.batch_id, items.c.status, items.c.stage)
    )
    for batch_id, item_status, stage, count in counted:
        counts[batch_id][item_status, stage] = count
    return {batch.id: ItemCount.of(batch, counts[batch.id]) for batch in existing}


async def existing_batches(tx: Tx, workspace_id: str, batch_ids: Sequence[str]) -> list[BatchRow]:
    query = (
        select(batches.c.id, batches.c.state, batches.c.priority, batches.c.revision, workspaces.c.settings)
        .join(workspaces, workspaces.c.id == batches.c.workspace_id)
        .where(batches.c.workspace_id == workspace_id, batches.c.deleted_at.is_(None), batches.c.id.in_(batch_ids))
    )
    return [typed(BatchRow, row) for row in await tx.execute(query)]


async def _status(tx: Tx, count: ItemCount) -> BatchStatus:
    at, batch, state = now(), count.batch, count.state
    left: Range | None = None
    waits_until: float | None = None
    if state is BatchState.PROCESSING:
        moments = await tx.scalars(
            select(items.c.done_at)
            .where(items.c.batch_id == batch.id, items.c.done_at.is_not(None))
            .order_by(items.c.done_at.desc())
            .limit(PACE_ITEMS)
        )
        left = seconds_left([float(moment or 0) for moment in moments], count.waiting, at)
        if batch.priority == Priority.OVERNIGHT.level:
            is_open, opens = window(at, batch.settings)
            waits_until = None if is_open else opens
    failures: list[FailureCount] = []
    if count.by_status[ItemStatus.FAILED]:
        cause = cause_of(items).label("failed_for")
        grouped = await tx.execute(
            select(cause, func.count())
            .where(items.c.batch_id == batch.id, items.c.status == ItemStatus.FAILED)
            .group_by("failed_for")  # its name: to PostgreSQL the same expression with other parameters is another
            .order_by(func.count().desc())
        )
        failures = [FailureCount(cause=name or "unknown", count=failed) for name, failed in grouped]
    return BatchStatus(
        id=batch.id, revision=batch.revision, state=state, counts=count.by_status, stages=count.by_stage,
        done=count.done, total=count.total, seconds_left=left, waits_until=waits_until, failures=tuple(failures),
    )  # fmt: skip
