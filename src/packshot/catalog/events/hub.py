"""The event stream: changes, sent to each listener in at most four messages a second.

One loop reads new rows of `events` for all listeners of this process, and only while there are any. A listener holds a
set of what has changed, not a queue of messages: however much happens between two messages, the newest state of each
thing is sent once. `seq` in a message is a number to resume from without missing what was not sent yet.

PostgreSQL gives numbers out before their transactions are committed, so a lower one may become visible after a higher
one: the last `LOOK_BACK` numbers are read again each time, and those read before are passed over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, func, or_, select

from packshot.catalog.batches.progress import statuses
from packshot.catalog.status import ItemStatus
from packshot.db import Database, Tx, typed
from packshot.db.errors import cause_of
from packshot.db.tables import events, items, jobs, now, reviews
from packshot.errors import TooManyTries

LOOK_BACK = 200
LOOK_BACK_SECONDS = 30.0
MOST_MISSED = 5_000  # more than that: it is cheaper to load everything again
MOST_ITEMS = 100
MOST_LISTENERS = 100  # of one workspace

log = structlog.get_logger()


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


async def messages(tx: Tx, workspace_id: str, changes: Changes, seq: int) -> list[dict[str, Any]]:
    """One message for each thing that has changed: its present state."""
    sent: list[dict[str, Any]] = []
    if changes.batches:
        status_of = await statuses(tx, workspace_id, list(changes.batches))
        item_of = await _items(tx, workspace_id, changes.items)
        for id in changes.batches:
            if id not in status_of:
                sent.append({"seq": seq, "batch": id, "state": "deleted"})
                continue
            status = status_of[id].model_dump(mode="json", include={"state", "counts", "done", "total", "stages"})
            changed = changes.items.get(id, set())
            sent.append({
                "seq": seq, "batch": id, **status,
                "items": None if changed is None else [item_of[item] for item in sorted(changed) if item in item_of],
            })  # fmt: skip
    if changes.jobs:
        rows = await tx.execute(
            select(
                jobs.c.id.label("job"), jobs.c.kind, jobs.c.status, jobs.c.stage, jobs.c.batch_id.label("batch"),
                jobs.c.photo_id.label("photo"), jobs.c.done_count.label("done"), jobs.c.total_count.label("total"),
                func.coalesce(jobs.c.error["reason"].as_string(), "").label("error"),
            ).where(jobs.c.workspace_id == workspace_id, jobs.c.id.in_(list(changes.jobs)))
        )  # fmt: skip
        sent += [{"seq": seq, **row._mapping} for row in rows]
    return sent


async def _items(tx: Tx, workspace_id: str, changed: Mapping[str, set[str] | None]) -> dict[str, dict[str, Any]]:
    """Item → what a message says of it."""
    ids = [id for of_batch in changed.values() for id in of_batch or ()]
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
    return {row.id: {**row._mapping, "by": row.by if row.status in decided else None} for row in rows}


async def missed(
    tx: Tx, workspace_id: str, after: int, *, batch: str | None = None, look_back: bool = False
) -> tuple[int, Changes | None]:
    """The newest number, and what has changed since `after`; None where events of then are deleted, or too many."""
    highest = await tx.scalar(select(func.max(events.c.seq))) or 0
    lowest = await tx.scalar(select(func.min(events.c.seq))) or 0
    if after > highest or after + 1 < lowest:
        return highest, None
    since: ColumnElement[bool] = events.c.seq > after
    if look_back:
        late = and_(events.c.seq > after - LOOK_BACK, events.c.at > now() - LOOK_BACK_SECONDS)
        since = or_(since, late)
    query = select(events).where(events.c.workspace_id == workspace_id, since)
    if batch is not None:
        query = query.where(events.c.batch_id == batch)
    new = [typed(Event, row) for row in await tx.execute(query.order_by(events.c.seq).limit(MOST_MISSED + 1))]
    if len(new) > MOST_MISSED:
        return highest, None
    changes = Changes()
    for event in new:
        changes.add(event)
    return max([highest, *(event.seq for event in new)]), changes


async def since(
    tx: Tx, workspace_id: str, after: int, *, batch: str | None = None, look_back: bool = False
) -> dict[str, Any]:
    """For clients that poll instead of listening: {seq, reset, messages}."""
    seq, changes = await missed(tx, workspace_id, after, batch=batch, look_back=look_back)
    if changes is None:
        return {"seq": seq, "reset": True, "messages": []}
    return {"seq": seq, "reset": False, "messages": await messages(tx, workspace_id, changes, seq)}


class Listener:
    """One reader of the stream."""

    def __init__(self, hub: Hub, workspace_id: str, batch: str | None) -> None:
        self.workspace_id, self.batch = workspace_id, batch
        self.seq = 0
        self._last_sent = 0  # numbers in messages never go back
        self.reset = False
        self.changes = Changes()
        self._hub = hub
        self._sent_at = 0.0
        self._ready = asyncio.Event()

    def add(self, new: Iterable[Event]) -> None:
        for event in new:
            if event.workspace_id != self.workspace_id or (self.batch is not None and event.batch_id != self.batch):
                continue
            self.changes.add(event)
            self.seq = max(self.seq, event.seq)
            self._ready.set()

    def begin(self, after: int) -> None:
        self._last_sent = after
        self.seq = max(self.seq, after)

    def wake(self) -> None:
        self._ready.set()

    async def next(self, seconds: float) -> dict[str, Any] | None:
        """The next message, a quarter of a second after the last at the earliest; None if none comes in `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self._ready.wait()
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
            self._ready.clear()
            return None
        oldest = self.changes.pop()
        left = self.changes.lowest()
        self._last_sent = seq = max(self._last_sent, self.seq if left is None else left - 1)
        try:
            sent = await self._hub.messages(self.workspace_id, oldest)
        except BaseException:  # as at the end of `seconds`: it is sent the next time
            self.changes.merge(oldest)
            raise
        if left is None and self.changes.lowest() is None:
            self._ready.clear()
        if not sent:
            return None
        self._sent_at = time.monotonic()
        return {**sent[0], "seq": seq}


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
        """on_lag: called with the seconds that an event took from its commit to the listeners."""
        self.pace = pace
        self._db, self._every, self._on_lag = db, every, on_lag
        self._look_back = 0 if db.is_sqlite else LOOK_BACK
        self._listeners: set[Listener] = set()
        self._read_before: set[int] = set()
        self._last = 0
        self._loop: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()  # two listeners that come at once start one loop

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
                        latest = select(events.c.seq).where(events.c.seq > self._last - self._look_back)
                        self._read_before = set(await tx.scalars(latest)) if self._look_back else set()
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

    async def messages(self, workspace_id: str, changes: Changes) -> list[dict[str, Any]]:
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
                new = await self._read()
            except Exception as error:  # the database may be away for a while: the listeners stay
                if cause_of(error) is None:
                    log.warning("events.unread", error=type(error).__name__)
                await asyncio.sleep(1)
                continue
            if new:
                self._on_lag(now() - min(event.at for event in new))
                for listener in list(self._listeners):
                    listener.add(new)

    async def _read(self) -> Sequence[Event]:
        """New events of all listeners' workspaces, in order."""
        whose = {listener.workspace_id for listener in self._listeners}
        floor = self._last - self._look_back
        async with self._db.read() as tx:
            rows = await tx.execute(
                select(events).where(events.c.seq > floor, events.c.workspace_id.in_(whose))
                .order_by(events.c.seq).limit(MOST_MISSED)
            )  # fmt: skip
        new = [typed(Event, row) for row in rows if row.seq not in self._read_before]
        if new:
            self._last = max(self._last, new[-1].seq)
            if self._look_back:
                self._read_before.update(event.seq for event in new)
                self._read_before = {seq for seq in self._read_before if seq > self._last - self._look_back}
        return new
