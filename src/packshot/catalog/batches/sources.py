"""Which photos a batch is made of: chosen ones, an upload's, or rows of a list matched with photos that are here."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, func, select

from packshot.catalog.accounts import workspaces
from packshot.catalog.batches.plan import Entry
from packshot.catalog.batches.requests import ItemChoices, PhotoSource
from packshot.catalog.jobs import JobRecord
from packshot.catalog.library import imports
from packshot.catalog.old_names import job_id_now
from packshot.catalog.ports import JobContext
from packshot.catalog.status import Priority
from packshot.db import Tx
from packshot.db.tables import collections, jobs, photos, product_collections, products
from packshot.errors import BadInput, NotFound
from packshot.intake.source import Names
from packshot.intake.table import ColumnMap, Table, table

Unmatched = list[dict[str, str]]
Notes = list[dict[str, str]]  # {name, words}: how a list or names were read


async def entries(job: JobRecord, context: JobContext, source: PhotoSource) -> tuple[list[Entry], Unmatched]:
    """The photos of a source, each once.  Reads only."""
    workspace_id = job.workspace_id
    if source.images is not None:
        return await _by_ids(context, workspace_id, photos.c.id, source.images, "photo")
    if source.products is not None:
        return await _by_ids(context, workspace_id, photos.c.product_id, source.products, "product with photos")
    if source.collection is not None:
        async with context.db.read() as tx:
            ids = await _collected(tx, workspace_id, source.collection)
        found, _ = await _by_ids(context, workspace_id, photos.c.product_id, ids, "product")
        return found, []
    return [], []


async def _by_ids(
    context: JobContext, workspace_id: str, column: Any, ids: Sequence[str], what: str
) -> tuple[list[Entry], Unmatched]:
    requested = list(dict.fromkeys(ids))
    found: list[Entry] = []
    matched: set[str] = set()
    for chunk in _chunks(requested):
        async with context.db.read() as tx:
            rows = await tx.execute(photo_query(workspace_id).where(column.in_(chunk)))
        for row in rows:
            found.append(entry(row))
            matched.add(row.id if column is photos.c.id else row.product_id)
    return found, [{"name": id, "reason": f"There is no such {what}."} for id in requested if id not in matched]


async def deleted(job: JobRecord, context: JobContext, source: PhotoSource, unmatched: Unmatched) -> dict[str, str]:
    """Photos that were asked for and are deleted, by id → name.

    Of those named one by one: whenever it was.  Of products and collections: since the batch was asked for.
    """
    found: dict[str, str] = {}
    gone = photos.c.workspace_id == job.workspace_id, photos.c.deleted_at.is_not(None)
    async with context.db.read() as tx:
        products_of: Sequence[str] = source.products or ()
        if source.collection is not None:
            products_of = await _collected(tx, job.workspace_id, source.collection)
        for column, ids, since in (
            (photos.c.id, [one["name"] for one in unmatched], 0.0),
            (photos.c.product_id, products_of, job.created_at),
        ):
            for chunk in _chunks(ids):
                query = select(photos.c.id, photos.c.name).where(*gone, column.in_(chunk), photos.c.deleted_at >= since)
                found |= {row.id: row.name for row in await tx.execute(query.order_by(photos.c.id))}
    return found


async def _collected(tx: Tx, workspace_id: str, collection_id: str) -> list[str]:
    """Products of a collection and of all those under it."""
    inside, level = {collection_id}, [collection_id]
    while level:
        level = [
            id
            for id in await tx.scalars(
                select(collections.c.id).where(
                    collections.c.workspace_id == workspace_id, collections.c.parent_id.in_(level)
                )
            )
            if id not in inside
        ]
        inside.update(level)
    mine = select(product_collections.c.product_id).join(products, products.c.id == product_collections.c.product_id)
    ids = await tx.scalars(
        mine.where(products.c.workspace_id == workspace_id, product_collections.c.collection_id.in_(inside))
    )
    return sorted(set(ids))


def photo_query(workspace_id: str) -> Any:
    """Photos with what their product says of itself."""
    return (
        select(
            photos.c.id, photos.c.product_id, photos.c.sha256, photos.c.width, photos.c.height, photos.c.fingerprint,
            photos.c.findings, photos.c.name, photos.c.role, photos.c.position, photos.c.product_px, products.c.sku,
            products.c.category,
        )
        .outerjoin(products, products.c.id == photos.c.product_id)
        .where(
            photos.c.workspace_id == workspace_id, photos.c.deleted_at.is_(None),
            products.c.id.is_(None) | products.c.deleted_at.is_(None),
        )
    )  # fmt: skip


def entry(row: Row[*tuple[Any, ...]]) -> Entry:
    return Entry(
        photo_id=row.id, sha256=row.sha256, width=row.width, height=row.height, fingerprint=row.fingerprint,
        findings=row.findings, name=row.name, sku=row.sku or "", role=row.role or "", category=row.category or "",
        product_id=row.product_id or "", position=row.position, product_px=row.product_px,
    )  # fmt: skip


_AT_ONCE = 500
ListRow = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Matched:
    """found: photos that are here.  missing: rows whose address is to be fetched.  unmatched: what is left."""

    found: list[Entry]
    missing: list[tuple[int, ListRow]]
    unmatched: Unmatched


async def match(tx: Tx, workspace_id: str, listed: Table) -> Matched:
    """Reads only."""
    rows = listed.good()
    by_sku = await _photos(tx, workspace_id, products.c.sku, "sku", [row["sku"] for _, row in rows])
    written = [_file_name(row["file"]) for _, row in rows]
    names = await _as_stored(tx, workspace_id, written)
    by_name = await _photos(tx, workspace_id, photos.c.name, "name", names)
    wrong_rows = [{"name": f"row {number}", "reason": error.message} for number, error in listed.wrong.items()]
    matched = Matched([], [], wrong_rows)
    for (number, row), name in zip(rows, names, strict=True):
        channels = tuple(dict.fromkeys(re.findall(r"[^;|,\s]+", row["channel"])))
        special, wrong = choices_of(row["style"], channels, row["priority"])
        chosen = _of_product(by_sku.get(row["sku"], []), row["role"], name) or by_name.get(name, [])[-1:]
        if wrong:
            matched.unmatched.append({"name": _shown(number, row), "reason": wrong})
        elif chosen:
            matched.found.extend(replace(photo, special=special) for photo in chosen)
        elif row["url"]:
            matched.missing.append((number, row))
        else:
            reason = "There is no photo of this SKU" + (", and none of this file name." if name else ".")
            matched.unmatched.append({"name": _shown(number, row), "reason": reason})
    return matched


def _file_name(file: str) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(file.replace("\\", "/")).name)


async def _as_stored(tx: Tx, workspace_id: str, names: Sequence[str]) -> list[str]:
    """Names as photos here have them, where only capitals differ and one fits; else as they are."""
    stored: list[str] = []
    for chunk in _chunks([name.lower() for name in dict.fromkeys(names) if name]):
        query = select(photos.c.name).where(
            photos.c.workspace_id == workspace_id, photos.c.deleted_at.is_(None), func.lower(photos.c.name).in_(chunk)
        )
        stored += await tx.scalars(query)
    here = Names(dict.fromkeys(stored))
    return [here.only(name) or name for name in names]


def choices_of(style: str, channels: Sequence[str], priority: str) -> tuple[ItemChoices | None, str]:
    """What a list wants for its photo, or what is wrong with that.  Empty: as the batch has it."""
    if priority and priority.lower() not in list(Priority):
        return None, f"There is no priority “{priority}”: use {', '.join(Priority)}."
    if not (style or channels or priority):
        return None, ""
    values = {"style": style or None, "channels": tuple(channels) or None, "priority": priority.lower() or None}
    try:
        return ItemChoices.model_validate({"sku": "-", **values}), ""
    except ValidationError:
        return None, "Its style and channels are more, or longer, than there are."


def _of_product(found: Sequence[Entry], role: str, name: str) -> Sequence[Entry]:
    """Of a product's photos the one with the row's file name, else that in its role; all where it names neither.

    A product's only photo is meant, whatever its file was called.
    """
    role = " ".join(role.lower().split())
    folded = name.casefold()
    named = [photo for photo in found if name and photo.name == name]
    named = named or [photo for photo in found if name and photo.name.casefold() == folded]
    if named:
        return named[-1:]
    if role:
        return [photo for photo in found if photo.role == role]
    return found if not name or len(found) == 1 else []


def _shown(number: int, row: ListRow) -> str:
    return f"row {number}: {row['sku'] or row['file'] or row['url']}"


async def _photos(tx: Tx, workspace_id: str, column: Any, field: str, values: Sequence[str]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for chunk in _chunks([value for value in dict.fromkeys(values) if value]):
        rows = await tx.execute(photo_query(workspace_id).where(column.in_(chunk)).order_by(photos.c.id))
        for row in rows:
            found.setdefault(getattr(row, field), []).append(entry(row))
    return found


def _chunks(things: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(things), _AT_ONCE):
        yield things[first : first + _AT_ONCE]


async def photos_of(job: JobRecord, context: JobContext, source: PhotoSource) -> tuple[list[Entry], Unmatched, Notes]:
    """All photos of a source, each once, and what matched none; an upload is imported first, which may take a while."""
    notes: Notes = []
    if source.upload is None:
        found, unmatched = await entries(job, context, source)
    elif source.upload.startswith(("job_", "run_")):
        found, unmatched = await _of_import(job, context, source.upload)
    else:
        found, unmatched, notes = await _of_upload(job, context, source.upload)
    return list({entry.photo_id: entry for entry in reversed(found)}.values())[::-1], unmatched, notes


async def _of_import(job: JobRecord, context: JobContext, import_id: str) -> tuple[list[Entry], Unmatched]:
    async with context.db.read() as tx:
        result = await tx.scalar(
            select(jobs.c.result).where(jobs.c.workspace_id == job.workspace_id, jobs.c.id == job_id_now(import_id))
        )
    return await _named(job, context, result or {})


async def _of_upload(job: JobRecord, context: JobContext, upload_id: str) -> tuple[list[Entry], Unmatched, Notes]:
    async with context.db.read() as tx:
        upload = await imports.upload_of(tx, job.workspace_id, upload_id)
        columns = ColumnMap(remembered=await workspaces.list_columns(tx, job.workspace_id))
    if upload.kind == "zip":
        brought = await imports.bring(job, context, upload_id)
        return *await _named(job, context, brought), brought.get("notes") or []
    content = await context.store.aget(upload.key)
    if content is None:
        raise NotFound("this list is gone.", subject=upload.name, remedy="Upload it again.")
    try:
        listed = await asyncio.to_thread(
            lambda: table(content, context.settings.limits, names_photos=False, columns=columns)
        )
    except BadInput as error:
        raise type(error)(error.problem, subject=upload.name, remedy=error.remedy) from error
    async with context.db.read() as tx:
        matched = await match(tx, job.workspace_id, listed)
    notes = [{"name": upload.name, "words": words} for words in listed.notes]
    if not matched.missing:
        return matched.found, matched.unmatched, notes
    fetched, refused = await _named(job, context, await imports.bring_rows(job, context, matched.missing))
    return matched.found + fetched, matched.unmatched + refused, notes


async def _named(job: JobRecord, context: JobContext, result: Mapping[str, Any]) -> tuple[list[Entry], Unmatched]:
    """The photos of an import's result, each with what its row of a list wants for it."""
    ids: Sequence[str] = result.get("images") or ()
    refused = [{"name": one["name"], "reason": one["reason"]} for one in result.get("refused") or ()]
    if not ids:
        return [], refused
    found, gone = await entries(job, context, PhotoSource(images=tuple(dict.fromkeys(ids))))
    chosen: list[Entry] = []
    for entry in found:
        row = (result.get("wishes") or {}).get(entry.photo_id) or {"style": "", "channels": (), "priority": ""}
        special, wrong = choices_of(**row)
        if wrong:
            refused.append({"name": entry.name, "reason": wrong})
        else:
            chosen.append(replace(entry, special=special))
    return chosen, refused + gone
