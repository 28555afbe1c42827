"""Clearing out: what was deleted long enough ago goes for good, then the files that no row refers to any more.

Rows go in transactions that stay short. A file goes only if it lies under a prefix that Packshot writes to, is older
than a day (its row may still be on its way) and is named nowhere, neither when all rows were read nor right before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Protocol

import structlog
from sqlalchemy import JSON, Column, ColumnElement, Table, delete, exists, func, select, true, tuple_

from packshot.catalog.status import JobStatus
from packshot.db import Database, Tx
from packshot.db.errors import cause_of
from packshot.db.tables import (
    batches,
    channels,
    deliveries,
    events,
    findings,
    idempotency,
    invites,
    item_versions,
    items,
    jobs,
    login_tries,
    mattes,
    now,
    photos,
    product_collections,
    products,
    renditions,
    reviews,
    sessions,
    styles,
    uploads,
    workspaces,
)
from packshot.store import Store

log = structlog.get_logger(__name__)

DAY = 24 * 3600.0
RETENTION_DAYS = 30  # WorkspaceSettings.retention_days
EVENTS_SECONDS, TRIES_SECONDS, IDEMPOTENCY_SECONDS, UNNAMED_SECONDS = 7 * DAY, DAY, DAY, DAY
CHUNK = 500
_FIRST_SECONDS, _ROUND_SECONDS, _AGAIN_SECONDS = 300.0, 3600.0, 3600 * 20

PREFIXES = ("originals/", "thumbs/", "uploads/", "cutouts/", "renditions/", "exports/", "upscaled/")
KEYS: tuple[Column[Any], ...] = (
    photos.c.key, photos.c.thumb_key, mattes.c.key, item_versions.c.cutout_key, item_versions.c.before_key,
    item_versions.c.after_key, renditions.c.key, deliveries.c.key, uploads.c.key,
)  # fmt: skip
_ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)


class Turns(Protocol):
    async def first(self, name: str, seconds: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class Counts:
    """How much went."""

    batches: int = 0
    items: int = 0
    photos: int = 0
    products: int = 0
    styles: int = 0
    channels: int = 0
    uploads: int = 0
    sessions: int = 0
    invites: int = 0
    login_tries: int = 0
    idempotency: int = 0
    events: int = 0
    files: int = 0
    file_bytes: int = 0

    def line(self) -> str:
        counts_text = {name: count for name, count in asdict(self).items() if count and name != "file_bytes"}
        words = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts_text.items())
        return f"Removed for good: {words or 'nothing'} ({self.file_bytes / 2**20:.1f} MB)."


async def loop(db: Database, store: Store, queues: Turns) -> None:
    """Purge once a day, in one process of all that ask; for ever."""
    await asyncio.sleep(_FIRST_SECONDS)
    while True:
        try:
            if await queues.first("purge", _AGAIN_SECONDS):
                gone = {name: count for name, count in asdict(await purge(db, store, at=now())).items() if count}
                if gone:
                    log.info("purge.done", **gone)
        except Exception as error:  # tomorrow is another day
            if cause_of(error) is None:
                log.warning("purge.failed", error=str(error)[:300])
        await asyncio.sleep(_ROUND_SECONDS)


async def purge(db: Database, store: Store, *, at: float) -> Counts:
    """Remove what is past its time at the moment `at`.  May be ended anywhere and begun again."""
    gone: dict[str, int] = {}
    async with db.read() as tx:
        spans = {row.id: row.settings for row in await tx.execute(select(workspaces.c.id, workspaces.c.settings))}
    for workspace_id, settings in spans.items():
        before = at - DAY * float((settings or {}).get("retention_days") or RETENTION_DAYS)
        for name, count in (await _deleted(db, workspace_id, before)).items():
            gone[name] = gone.get(name, 0) + count
    old: tuple[tuple[Table, ColumnElement[bool]], ...] = (
        (sessions, sessions.c.expires_at < at),
        (invites, invites.c.expires_at < at),
        (login_tries, login_tries.c.at < at - TRIES_SECONDS),
        (idempotency, idempotency.c.at < at - IDEMPOTENCY_SECONDS),
        (events, events.c.at < at - EVENTS_SECONDS),
    )
    for table, where in old:
        gone[table.name] = await _old(db, table, where)
    gone["uploads"] = await _uploads(db, at)
    files, file_bytes = await _sweep(db, store, at)
    return Counts(**gone, files=files, file_bytes=file_bytes)


# --- what somebody deleted ---


async def _deleted(db: Database, workspace_id: str, before: float) -> dict[str, int]:
    """One workspace's own, deleted before that moment: what depends on others first."""

    def past(table: Table) -> ColumnElement[bool]:
        return (table.c.workspace_id == workspace_id) & (table.c.deleted_at < before)

    async with db.read() as tx:
        ids = list(await tx.scalars(select(batches.c.id).where(past(batches))))
    gone = {"batches": len(ids), "items": 0}
    for id in ids:
        gone["items"] += await _batch(db, id)
    gone["photos"] = await _photos(db, past(photos))
    gone["products"] = await _products(db, past(products))
    for table in (styles, channels):
        async with db.write() as tx:
            gone[table.name] = (await tx.execute(delete(table).where(past(table)))).rowcount
    return gone


async def _batch(db: Database, batch_id: str) -> int:
    """A batch with its items, their files' rows, what was delivered of them, and its jobs."""
    total = 0
    while True:
        async with db.write() as tx:
            ids = list(await tx.scalars(select(items.c.id).where(items.c.batch_id == batch_id).limit(CHUNK)))
            if not ids:
                mine = select(jobs.c.id).where(jobs.c.batch_id == batch_id)
                await tx.execute(delete(deliveries).where(deliveries.c.job_id.in_(mine)))
                await tx.execute(delete(jobs).where(jobs.c.batch_id == batch_id))
                await tx.execute(delete(batches).where(batches.c.id == batch_id))
                return total
            for table in (reviews, renditions, deliveries, item_versions):
                await tx.execute(delete(table).where(table.c.item_id.in_(ids)))
            await tx.execute(delete(findings).where(findings.c.owner_id.in_(ids)))
            await tx.execute(delete(items).where(items.c.id.in_(ids)))
        total += len(ids)


async def _photos(db: Database, past: ColumnElement[bool]) -> int:
    """Photos that no item uses any more, and no look shows as its picture."""
    async with db.read() as tx:
        shown = await _pictures(tx)
    used = exists().where(items.c.photo_id == photos.c.id)
    total, last = 0, ""
    while True:
        async with db.write() as tx:
            free = select(photos.c.id).where(past, photos.c.id > last, ~used).order_by(photos.c.id).limit(CHUNK)
            found = list(await tx.scalars(free.with_for_update()))
            ids = [id for id in found if id not in shown]
            await tx.execute(delete(mattes).where(mattes.c.photo_id.in_(ids)))
            await tx.execute(delete(findings).where(findings.c.owner_id.in_(ids)))
            await tx.execute(delete(photos).where(photos.c.id.in_(ids)))
        total += len(ids)
        if len(found) < CHUNK:
            return total
        last = found[-1]


async def _pictures(tx: Tx) -> set[str]:
    """Photos that a style or an item puts behind products."""
    elements = func.json_each if tx.dialect.name == "sqlite" else func.json_array_elements
    step = elements(item_versions.c.style["steps"]).table_valued(Column("value", JSON), name="step")
    picture = step.c.value["picture"].as_string()
    of_items = await tx.scalars(select(picture).select_from(item_versions).join(step, true()).distinct())
    of_styles = await tx.scalars(select(styles.c.options))
    return {word for value in (*of_items, *of_styles) for word in _strings(value) if word.startswith("img_")}


async def _products(db: Database, past: ColumnElement[bool]) -> int:
    """Products of which no photo is kept."""
    shown = exists().where(photos.c.product_id == products.c.id)
    total = 0
    while True:
        async with db.write() as tx:
            free = select(products.c.id).where(past, ~shown).limit(CHUNK)
            ids = list(await tx.scalars(free.with_for_update()))
            await tx.execute(delete(product_collections).where(product_collections.c.product_id.in_(ids)))
            await tx.execute(delete(products).where(products.c.id.in_(ids)))
        total += len(ids)
        if len(ids) < CHUNK:
            return total


# --- what is old ---


async def _old(db: Database, table: Table, where: ColumnElement[bool]) -> int:
    total = 0
    key = tuple_(*table.primary_key.columns)
    while True:
        async with db.write() as tx:
            some = select(*table.primary_key.columns).where(where).limit(CHUNK)
            count = (await tx.execute(delete(table).where(key.in_(some)))).rowcount
        total += count
        if count < CHUNK:
            return total


async def _uploads(db: Database, at: float) -> int:
    """Past their time, unless a job that is not done still reads them."""
    async with db.read() as tx:
        active = await tx.scalars(select(jobs.c.request).where(jobs.c.status.in_(_ACTIVE)))
        wanted = {word for request in active for word in _strings(request) if word.startswith("upl_")}
        expired = await tx.scalars(select(uploads.c.id).where(uploads.c.expires_at < at))
        ids = [id for id in expired if id not in wanted]
    for some in _chunks(ids):
        async with db.write() as tx:
            await tx.execute(delete(uploads).where(uploads.c.id.in_(some)))
    return len(ids)


# --- files ---


async def referenced(tx: Tx, *, at: float) -> set[str]:
    """Every key in the store that a row names."""
    keys: set[str] = set()
    for column in KEYS:
        async for (key,) in await tx.stream(select(column).where(column != "").distinct()):
            keys.add(key)
    return keys | await _named_in_json(tx, at=at)


async def _named_in_json(tx: Tx, *, at: float) -> set[str]:
    """Of jobs that are at work or were so today, and of what an approval pins."""
    keys: set[str] = set()
    recent = jobs.c.status.in_(_ACTIVE) | (jobs.c.touched_at > at - UNNAMED_SECONDS)
    async for request, result in await tx.stream(select(jobs.c.request, jobs.c.result).where(recent)):
        keys |= {word for word in (*_strings(request), *_strings(result)) if word.startswith(PREFIXES)}
    async for (pins,) in await tx.stream(select(reviews.c.pins).where(reviews.c.decision == "approve")):
        keys |= {f"renditions/{sha256}" for sha256 in _strings(pins)}
    return keys


async def _sweep(db: Database, store: Store, at: float) -> tuple[int, int]:
    """How many files went, and their bytes."""
    before = datetime.fromtimestamp(at, UTC) - timedelta(seconds=UNNAMED_SECONDS)

    def listed() -> dict[str, int]:
        return {entry.key: entry.bytes for prefix in PREFIXES for entry in store.entries(prefix)
                if entry.written < before}  # fmt: skip

    old = await asyncio.to_thread(listed)  # before the rows are read: what they name later is younger
    async with db.read() as tx:
        named = await referenced(tx, at=at)
    count = size = 0
    for some in _chunks(key for key in old if _stands_for(key) not in named):
        async with db.read() as tx:
            again = await _named_now(tx, [_stands_for(key) for key in some], at=at)
        unnamed = [key for key in some if _stands_for(key) not in again]
        # An upload that began since has written its file anew, and names it in a row only once it is through.
        deleted = await asyncio.to_thread(store.delete_older, unnamed, than=before)
        count, size = count + len(deleted), size + sum(old[key] for key in deleted)
    return count, size


def _stands_for(key: str) -> str:
    """An enlargement is kept as long as the cut-out that it was made from (`pipeline.enlarged_key`)."""
    folder, _, name = key.partition("/")
    return f"cutouts/{name.partition('-')[0]}" if folder == "upscaled" and "-" in name else key


async def _named_now(tx: Tx, keys: Sequence[str], *, at: float) -> set[str]:
    """Those of them that a row has come to name: the same photo may have been uploaded again meanwhile."""
    named: set[str] = set()
    for column in KEYS:
        named |= set(await tx.scalars(select(column).where(column.in_(keys))))
    return named | (await _named_in_json(tx, at=at) & set(keys))


# --- parts ---


def _strings(value: Any) -> Iterator[str]:
    """All strings in a JSON value, keys excepted."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def _chunks(things: Iterable[str]) -> Iterator[list[str]]:
    left = iter(things)
    while some := list(islice(left, CHUNK)):
        yield some
