"""What has changed, and what is said of it: one message for each batch and job, as it stands now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from packshot.catalog.batches.progress import ItemCount, count_items
from packshot.catalog.status import ItemStatus
from packshot.db import Tx
from packshot.db.tables import items, jobs, reviews

MOST_ITEMS = 100


@dataclass(frozen=True, slots=True)
class Event:
    """A row of `events`."""

    seq: int
    workspace_id: str
    kind: str
    batch_id: str | None
    item_id: str | None
    job_id: str | None
    at: float


@dataclass
class Changes:
    """What has changed, with the lowest number at which each thing did."""

    batches: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, int] = field(default_factory=dict)
    items: dict[str, set[str] | None] = field(default_factory=dict)  # of a batch; None: too many for a message

    def add(self, event: Event) -> None:
        if event.job_id is not None:
            self.jobs.setdefault(event.job_id, event.seq)
        if event.batch_id is None:
            return
        self.batches.setdefault(event.batch_id, event.seq)
        changed = self.items.setdefault(event.batch_id, set())
        if changed is None or event.item_id is None:
            return
        changed.add(event.item_id)
        if len(changed) > MOST_ITEMS:
            self.items[event.batch_id] = None

    def merge(self, other: Changes) -> None:
        for mine, theirs in ((self.batches, other.batches), (self.jobs, other.jobs)):
            mine.update({id: min(number, mine.get(id, number)) for id, number in theirs.items()})
        for batch, theirs_changed in other.items.items():
            changed = self.items.get(batch, set())
            self.items[batch] = None if theirs_changed is None or changed is None else theirs_changed | changed

    def lowest(self) -> int | None:
        return min((*self.batches.values(), *self.jobs.values()), default=None)

    def pop(self) -> Changes:
        """Remove the thing that waits longest, and return it."""
        job = min(self.jobs.items(), key=lambda pair: pair[1], default=None)
        batch = min(self.batches.items(), key=lambda pair: pair[1], default=None)
        if batch is None or (job is not None and job[1] <= batch[1]):
            assert job is not None
            return Changes(jobs={job[0]: self.jobs.pop(job[0])})
        id = batch[0]
        return Changes(batches={id: self.batches.pop(id)}, items={id: self.items.pop(id, set())})


Count = Callable[[Tx, str, Sequence[str]], Awaitable[dict[str, ItemCount]]]


class Snapshot:
    """The present state of a workspace's batches, items and jobs, each read once however many listeners there are.

    It is replaced, not updated, when something happens: what is read on behalf of an old one is not found in the new.
    """

    def __init__(self, workspace_id: str) -> None:
        self._workspace_id = workspace_id
        self._batches: dict[str, dict[str, Any]] = {}
        self._items: dict[str, dict[str, Any]] = {}
        self._jobs: dict[str, dict[str, Any]] = {}
        self._known: set[str] = set()  # what was looked for, found or not

    def lacks(self, changes: Changes) -> bool:
        return bool(self._unknown([*changes.batches, *_changed_items(changes), *changes.jobs]))

    async def read(self, tx: Tx, changes: Changes, *, count: Count = count_items) -> None:
        """Read what it lacks of these.  count: how the items of batches are counted."""
        if new := self._unknown(changes.batches):
            for id, found in (await count(tx, self._workspace_id, new)).items():
                self._batches[id] = {
                    "state": found.state, "counts": found.by_status, "done": found.done, "total": found.total,
                    "stages": found.by_stage,
                }  # fmt: skip
            self._known.update(new)
        if new := self._unknown(_changed_items(changes)):
            self._items |= await _items(tx, self._workspace_id, new)
            self._known.update(new)
        if new := self._unknown(changes.jobs):
            self._jobs |= await _jobs(tx, self._workspace_id, new)
            self._known.update(new)

    def told(self, changes: Changes) -> list[dict[str, Any]]:
        """One message for each thing that has changed, out of what was read."""
        sent: list[dict[str, Any]] = []
        for id in changes.batches:
            if id not in self._batches:
                sent.append({"batch": id, "state": "deleted"})
                continue
            changed = changes.items.get(id, set())
            of = None if changed is None else [self._items[item] for item in sorted(changed) if item in self._items]
            sent.append({"batch": id, **self._batches[id], "items": of})
        return sent + [self._jobs[id] for id in changes.jobs if id in self._jobs]

    def _unknown(self, ids: Collection[str]) -> list[str]:
        return [id for id in ids if id not in self._known]


def _changed_items(changes: Changes) -> list[str]:
    return [id for of_batch in changes.items.values() for id in of_batch or ()]


async def _jobs(tx: Tx, workspace_id: str, ids: list[str]) -> dict[str, dict[str, Any]]:
    """Job → what a message says of it."""
    rows = await tx.execute(
        select(
            jobs.c.id.label("job"), jobs.c.kind, jobs.c.status, jobs.c.stage, jobs.c.batch_id.label("batch"),
            jobs.c.photo_id.label("photo"), jobs.c.done_count.label("done"), jobs.c.total_count.label("total"),
            func.coalesce(jobs.c.error["reason"].as_string(), "").label("error"),
        ).where(jobs.c.workspace_id == workspace_id, jobs.c.id.in_(ids))
    )  # fmt: skip
    return {row.job: dict(row._mapping) for row in rows}


async def _items(tx: Tx, workspace_id: str, ids: list[str]) -> dict[str, dict[str, Any]]:
    """Item → what a message says of it."""
    last = (
        select(reviews.c.item_id, func.max(reviews.c.id).label("id"))
        .where(reviews.c.item_id.in_(ids), reviews.c.undone_at.is_(None))
        .group_by(reviews.c.item_id)
        .subquery()
    )
    rows = await tx.execute(
        select(items.c.id, items.c.status, items.c.version, items.c.stage, reviews.c.by)
        .outerjoin(last, last.c.item_id == items.c.id)
        .outerjoin(reviews, reviews.c.id == last.c.id)
        .where(items.c.workspace_id == workspace_id, items.c.id.in_(ids))
    )
    decided = (ItemStatus.APPROVED, ItemStatus.REJECTED, ItemStatus.SKIPPED)
    return {row.id: {**row._mapping, "by": row.by if row.status in decided else None} for row in rows}
