"""The event stream: changes, sent to each listener in at most four messages a second.

One loop reads new rows of `events` for all listeners of this process, and only while there are any. A listener holds a
set of what has changed, not a queue of messages: however much happens between two messages, the newest state of each
thing is sent once, read once for all listeners of a workspace. `seq` in a message is a number to resume from without
missing what was not sent yet.

PostgreSQL gives numbers out before their transactions are committed, so a lower one may become visible after a higher
one: the last `LOOK_BACK` numbers are read again each time, and those read before are passed over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, func, or_, select

from packshot.catalog.events.messages import Changes, Event, Snapshot
from packshot.catalog.events.tally import Tallies
from packshot.db import Database, Tx, typed
from packshot.db.errors import cause_of
from packshot.db.tables import events, now
from packshot.errors import TooManyTries

LOOK_BACK = 200
LOOK_BACK_SECONDS = 30.0
MOST_MISSED = 5_000  # more than that: it is cheaper to load everything again
MOST_LISTENERS = 100  # of one workspace

log = structlog.get_logger()


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
    snapshot = Snapshot(workspace_id)
    await snapshot.read(tx, changes)
    told = [{"seq": seq, **message} for message in snapshot.told(changes)]
    return {"seq": seq, "reset": False, "messages": told}


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
        return {"seq": seq, **sent[0]}


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
        self._snapshots: dict[str, Snapshot] = {}  # of each workspace, as of the last event
        self._reading: dict[str, asyncio.Lock] = {}
        self._tallies = Tallies()
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
        self._snapshots.pop(listener.workspace_id, None)  # what was missed may be newer than it
        self._tallies.forget(changes.batches)
        listener.changes.merge(changes)
        if changes.lowest() is not None:
            listener.wake()

    async def messages(self, workspace_id: str, changes: Changes) -> list[dict[str, Any]]:
        """Their present state, as it was after the last event that a listener has heard of, or later."""
        snapshot = self._snapshots.setdefault(workspace_id, Snapshot(workspace_id))
        async with self._reading.setdefault(workspace_id, asyncio.Lock()):
            if snapshot.lacks(changes):
                async with self._db.read() as tx:
                    await snapshot.read(tx, changes, count=self._tallies.count_items)
        return snapshot.told(changes)

    async def close(self) -> None:
        loop, self._loop = self._loop, None
        self._snapshots, self._reading, self._tallies = {}, {}, Tallies()
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
                self._tallies.add(new)
                for workspace_id in {event.workspace_id for event in new}:
                    self._snapshots.pop(workspace_id, None)
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
