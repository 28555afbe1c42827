"""The event stream: what changed, told to whoever listens, at most four messages a second each.

One loop reads new rows of `events` for all listeners of this process, and only while there are any. A listener keeps a
note of what has changed, not a queue of messages: however much happens while it is told nothing, it is told the newest
state of each thing once. `seq` in a message is a number to resume from without missing what was not told yet.

PostgreSQL gives numbers out before their transactions are committed, so a lower one may become visible after a higher
one: the last `LOOK_BACK` numbers are read again each time, and those known are passed over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Row, and_, func, or_, select

from packshot.catalog.batches.progress import statuses
from packshot.catalog.status import ItemStatus
from packshot.db import Database, Tx
from packshot.db.errors import cause_of
from packshot.db.tables import events, items, now, reviews, runs
from packshot.errors import TooManyTries

LOOK_BACK = 200
LOOK_BACK_SECONDS = 30.0
MOST_MISSED = 5_000  # more than that: looking everything up anew is cheaper
MOST_ITEMS = 100
MOST_LISTENERS = 100  # of one workspace

log = structlog.get_logger()


@dataclass
class Changes:
    """What has changed, with the lowest number at which each thing did."""

    batches: dict[str, int] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    items: dict[str, set[str] | None] = field(default_factory=dict)  # of a batch; None: too many to tell

    def add(self, row: Row[Any]) -> None:
        if row.run_id is not None:
            self.runs.setdefault(row.run_id, row.seq)
        if row.batch_id is None:
            return
        self.batches.setdefault(row.batch_id, row.seq)
        told = self.items.setdefault(row.batch_id, set())
        if told is None or row.item_id is None:
            return
        told.add(row.item_id)
        if len(told) > MOST_ITEMS:
            self.items[row.batch_id] = None

    def merge(self, other: Changes) -> None:
        for mine, theirs in ((self.batches, other.batches), (self.runs, other.runs)):
            mine.update({id: min(number, mine.get(id, number)) for id, number in theirs.items()})
        for batch, told in other.items.items():
            known = self.items.get(batch, set())
            self.items[batch] = None if told is None or known is None else told | known

    def lowest(self) -> int | None:
        return min((*self.batches.values(), *self.runs.values()), default=None)

    def pop(self) -> Changes:
        """The thing that waits longest, taken out."""
        runs_first = min(self.runs.items(), key=lambda pair: pair[1], default=None)
        batch = min(self.batches.items(), key=lambda pair: pair[1], default=None)
        if batch is None or (runs_first is not None and runs_first[1] <= batch[1]):
            assert runs_first is not None
            return Changes(runs={runs_first[0]: self.runs.pop(runs_first[0])})
        id = batch[0]
        return Changes(batches={id: self.batches.pop(id)}, items={id: self.items.pop(id, set())})


async def messages(tx: Tx, workspace_id: str, changes: Changes, seq: int) -> list[dict[str, Any]]:
    """One message for each thing that has changed: how it stands now."""
    told: list[dict[str, Any]] = []
    if changes.batches:
        known = await statuses(tx, workspace_id, list(changes.batches))
        shown = await _items(tx, workspace_id, changes.items)
        for id in changes.batches:
            if id not in known:
                told.append({"seq": seq, "batch": id, "state": "deleted"})
                continue
            status = known[id].model_dump(mode="json", include={"state", "counts", "done", "total", "stages"})
            listed = changes.items.get(id, set())
            told.append({
                "seq": seq, "batch": id, **status,
                "items": None if listed is None else [shown[item] for item in sorted(listed) if item in shown],
            })  # fmt: skip
    if changes.runs:
        rows = await tx.execute(
            select(runs).where(runs.c.workspace_id == workspace_id, runs.c.id.in_(list(changes.runs)))
        )
        told += [_run(row, seq) for row in rows]
    return told


def _run(row: Row[Any], seq: int) -> dict[str, Any]:
    error = row.error or {}
    return {
        "seq": seq, "run": row.id, "kind": row.kind, "status": row.status, "stage": row.stage, "batch": row.batch_id,
        "photo": row.photo_id, "done": row.done_count, "total": row.total_count, "error": error.get("reason", ""),
    }  # fmt: skip


async def _items(tx: Tx, workspace_id: str, listed: Mapping[str, set[str] | None]) -> dict[str, dict[str, Any]]:
    ids = [id for told in listed.values() for id in told or ()]
    if not ids:
        return {}
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
    return {
        row.id: {
            "id": row.id, "status": row.status, "version": row.version, "stage": row.stage,
            "by": row.by if row.status in decided else None,
        }
        for row in rows
    }  # fmt: skip


async def missed(
    tx: Tx, workspace_id: str, after: int, *, batch: str | None = None, look_back: bool = False
) -> tuple[int, Changes | None]:
    """The newest number, and what has changed since `after`; None where that is no longer known, or is too much."""
    highest = await tx.scalar(select(func.max(events.c.seq))) or 0
    lowest = await tx.scalar(select(func.min(events.c.seq))) or 0
    if after > highest or after + 1 < lowest:
        return highest, None
    since: Any = events.c.seq > after
    if look_back:
        late = and_(events.c.seq > after - LOOK_BACK, events.c.at > now() - LOOK_BACK_SECONDS)
        since = or_(since, late)
    query = select(events).where(events.c.workspace_id == workspace_id, since)
    if batch is not None:
        query = query.where(events.c.batch_id == batch)
    rows = (await tx.execute(query.order_by(events.c.seq).limit(MOST_MISSED + 1))).all()
    if len(rows) > MOST_MISSED:
        return highest, None
    changes = Changes()
    for row in rows:
        changes.add(row)
    return max([highest, *(row.seq for row in rows)]), changes


async def since(
    tx: Tx, workspace_id: str, after: int, *, batch: str | None = None, look_back: bool = False
) -> dict[str, Any]:
    """For clients that ask instead of listening: {seq, reset, messages}."""
    seq, changes = await missed(tx, workspace_id, after, batch=batch, look_back=look_back)
    if changes is None:
        return {"seq": seq, "reset": True, "messages": []}
    return {"seq": seq, "reset": False, "messages": await messages(tx, workspace_id, changes, seq)}


class Listener:
    """One reader of the stream."""

    def __init__(self, hub: Hub, workspace_id: str, batch: str | None) -> None:
        self.workspace_id, self.batch = workspace_id, batch
        self.seq = 0
        self._told = 0  # numbers in messages never go back
        self.reset = False
        self.changes = Changes()
        self._hub = hub
        self._sent_at = 0.0
        self._news = asyncio.Event()

    def note(self, rows: Iterable[Row[Any]]) -> None:
        for row in rows:
            if row.workspace_id != self.workspace_id or (self.batch is not None and row.batch_id != self.batch):
                continue
            self.changes.add(row)
            self.seq = max(self.seq, row.seq)
            self._news.set()

    def begin(self, after: int) -> None:
        self._told = after
        self.seq = max(self.seq, after)

    def wake(self) -> None:
        self._news.set()

    async def next(self, seconds: float) -> dict[str, Any] | None:
        """The next message, not sooner than a quarter of a second after the last; None if there is none for so long."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self._news.wait()
                    message = await self._message()
                    if message is not None:
                        return message
        except TimeoutError:
            return None

    async def _message(self) -> dict[str, Any] | None:
        pause = self._sent_at + self._hub.pace - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        if self.reset:
            self.reset = False
            self._sent_at = time.monotonic()
            return {"seq": self.seq, "reset": True}
        if self.changes.lowest() is None:
            self._news.clear()
            return None
        taken = self.changes.pop()
        left = self.changes.lowest()
        self._told = seq = max(self._told, self.seq if left is None else left - 1)
        try:
            told = await self._hub.told(self.workspace_id, taken)
        except BaseException:  # as when the wait is over: it is told the next time
            self.changes.merge(taken)
            raise
        if left is None and self.changes.lowest() is None:
            self._news.clear()
        if not told:
            return None
        self._sent_at = time.monotonic()
        return {**told[0], "seq": seq}


class Hub:
    """All listeners of this process, and the loop that reads for them."""

    def __init__(
        self,
        db: Database,
        *,
        every: float = 0.25,
        pace: float = 0.25,
        on_lag: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """on_lag: told how many seconds an event took from its commit to its listeners."""
        self.pace = pace
        self._db, self._every, self._on_lag = db, every, on_lag
        self._look_back = 0 if db.is_sqlite else LOOK_BACK
        self._listeners: set[Listener] = set()
        self._seen: set[int] = set()
        self._last = 0
        self._loop: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()  # two that come at once begin one loop

    @asynccontextmanager
    async def listen(
        self, workspace_id: str, *, after: int | None = None, batch: str | None = None
    ) -> AsyncIterator[Listener]:
        """after: resume behind this number; None begins with what happens from now on.

        Raises TooManyTries where the workspace has as many listeners as are allowed.
        """
        if sum(other.workspace_id == workspace_id for other in self._listeners) >= MOST_LISTENERS:
            raise TooManyTries(
                f"{MOST_LISTENERS} listeners are connected already.", remedy="Close some of the open pages."
            )
        listener = Listener(self, workspace_id, batch)
        self._listeners.add(listener)
        try:
            async with self._db.read() as tx:
                async with self._starting:
                    if self._loop is None:
                        self._last = await tx.scalar(select(func.max(events.c.seq))) or 0
                        known = select(events.c.seq).where(events.c.seq > self._last - self._look_back)
                        self._seen = set(await tx.scalars(known)) if self._look_back else set()
                        self._loop = asyncio.create_task(self._run())
                await self._resume(tx, listener, after)
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                await self.close()

    async def _resume(self, tx: Tx, listener: Listener, after: int | None) -> None:
        if after is None:
            listener.begin(await tx.scalar(select(func.max(events.c.seq))) or 0)
            return
        seq, changes = await missed(
            tx, listener.workspace_id, after, batch=listener.batch, look_back=self._look_back > 0
        )
        listener.begin(seq if changes is None else after)
        listener.seq = max(listener.seq, seq)
        if changes is None:
            listener.reset = True
            listener.wake()
            return
        listener.changes.merge(changes)
        if changes.lowest() is not None:
            listener.wake()

    async def told(self, workspace_id: str, changes: Changes) -> list[dict[str, Any]]:
        async with self._db.read() as tx:
            return await messages(tx, workspace_id, changes, 0)

    async def close(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.cancel()
            with suppress(asyncio.CancelledError):
                await loop

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                rows = await self._read()
            except Exception as error:  # the database may be away for a while: those who listen stay
                if cause_of(error) is None:
                    log.warning("events.unread", error=type(error).__name__)
                await asyncio.sleep(1)
                continue
            if rows:
                self._on_lag(now() - min(row.at for row in rows))
                for listener in list(self._listeners):
                    listener.note(rows)

    async def _read(self) -> Sequence[Row[Any]]:
        """New events of everybody who listens, in order."""
        whose = {listener.workspace_id for listener in self._listeners}
        floor = self._last - self._look_back
        async with self._db.read() as tx:
            found = (await tx.execute(
                select(events).where(events.c.seq > floor, events.c.workspace_id.in_(whose))
                .order_by(events.c.seq).limit(MOST_MISSED)
            )).all()  # fmt: skip
        new = [row for row in found if row.seq not in self._seen]
        if new:
            self._last = max(self._last, new[-1].seq)
            if self._look_back:
                self._seen.update(row.seq for row in new)
                self._seen = {seq for seq in self._seen if seq > self._last - self._look_back}
        return new
