"""How many items of a batch are where, kept up to date by what changes.

Counting in SQL reads all items of a batch; four times a second, for each batch that is followed, that is most of what a
large one costs. Here each item's place is held, and only those that changed are read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import select

from packshot.catalog.batches.progress import ItemCount, existing_batches
from packshot.catalog.events.messages import Event
from packshot.db import Tx
from packshot.db.tables import items

MOST_BATCHES = 20  # 10,000 items take about 2 MB
MOST_CHANGED = 1_000  # more than that: all are read


class Tallies:
    """The tallies of the batches that listeners ask for.  One question at a time for each batch."""

    def __init__(self) -> None:
        self._tallies: dict[str, _Tally] = {}

    def add(self, new: Iterable[Event]) -> None:
        """These have happened; what does not name an item may concern all of them."""
        for event in new:
            tally = self._tallies.get(event.batch_id or "")
            if tally is not None:
                tally.add(event.item_id)

    def forget(self, batch_ids: Iterable[str]) -> None:
        """Count these anew."""
        for id in batch_ids:
            self._tallies.pop(id, None)

    async def count_items(self, tx: Tx, workspace_id: str, batch_ids: Sequence[str]) -> dict[str, ItemCount]:
        """Batch → how many items are where; batches that do not exist are left out."""
        counts = {}
        for batch in await existing_batches(tx, workspace_id, batch_ids):
            tally = self._tallies.pop(batch.id) if batch.id in self._tallies else _Tally(batch.id)
            self._tallies[batch.id] = tally  # the last one: what is asked for stays
            counts[batch.id] = ItemCount.of(batch, await tally.counts(tx))
        while len(self._tallies) > MOST_BATCHES:
            self.forget([next(iter(self._tallies))])
        return counts


class _Tally:
    def __init__(self, batch_id: str) -> None:
        self._batch_id = batch_id
        self._places: dict[str, tuple[str, str]] = {}  # item → status, stage
        self._counts: Counter[tuple[str, str]] = Counter()
        self._changed: set[str] | None = None  # None: all of them

    def add(self, item_id: str | None) -> None:
        if item_id is None or self._changed is None or len(self._changed) >= MOST_CHANGED:
            self._changed = None
        else:
            self._changed.add(item_id)

    async def counts(self, tx: Tx) -> dict[tuple[str, str], int]:
        """(status, stage) → items."""
        changed, self._changed = self._changed, set()
        try:
            query = select(items.c.id, items.c.status, items.c.stage).where(items.c.batch_id == self._batch_id)
            if changed is not None:
                query = query.where(items.c.id.in_(changed))
            rows = (await tx.execute(query)).all() if changed is None or changed else []
        except BaseException:
            self._changed = None
            raise
        if changed is None:
            self._places.clear()
            self._counts.clear()
        for id in changed or ():
            self._counts.subtract([place] if (place := self._places.pop(id, None)) else [])
        for id, status, stage in rows:
            self._places[id] = status, stage
            self._counts[status, stage] += 1
        return {place: count for place, count in self._counts.items() if count}
