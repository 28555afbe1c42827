"""Exports: what would be delivered, the job that does it, and what came of it. Only approved files leave the house.

An item's standing approval is its last decision that was not undone, if that is `approve`: the files whose hashes it
pinned are delivered, whatever versions came after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator, model_validator
from sqlalchemy import func, select

from packshot.catalog import jobs
from packshot.catalog.batches.lifecycle import row as batch_row
from packshot.catalog.batches.requests import Id
from packshot.catalog.delivery import destinations
from packshot.catalog.jobs import JobRecord
from packshot.catalog.ports import JobRef
from packshot.catalog.status import JobStatus
from packshot.channel import safe_name
from packshot.db import Tx
from packshot.db.tables import batches, deliveries, items, renditions, reviews
from packshot.errors import Conflict, NotFound

SHOWN_FILES = 2_000
SHOWN_LEFT_OUT = 500


class ToZip(BaseModel, frozen=True, extra="forbid"):
    """One ZIP to download; it is kept for seven days."""

    kind: Literal["zip"]


class ToFolder(BaseModel, frozen=True, extra="forbid"):
    """A folder on the machine, inside the one for exports."""

    kind: Literal["folder"]
    folder: str = Field(min_length=1, max_length=200)

    @field_validator("folder")
    @classmethod
    def _plain(cls, folder: str) -> str:
        if folder.startswith("/") or "\\" in folder or not (plain := destinations.plain_prefix(folder)):
            raise ValueError("name a folder inside the one for exports, such as spring-2026")
        return plain


class ToS3(BaseModel, frozen=True, extra="forbid"):
    """A bucket of your own."""

    kind: Literal["s3"]
    destination: Id
    prefix: str = Field("", max_length=200)

    @field_validator("prefix")
    @classmethod
    def _plain(cls, prefix: str) -> str:
        return destinations.plain_prefix(prefix)


class ExportRequest(BaseModel, frozen=True, extra="forbid"):
    """Deliver approved files: of a batch, or of these items."""

    batch: Id | None = None
    items: Annotated[tuple[Id, ...], Field(min_length=1, max_length=10_000)] | None = None
    channels: Annotated[tuple[Id, ...], Field(min_length=1, max_length=40)] | None = Field(
        None, description="Only files of these; all of them if not given."
    )
    to: Annotated[ToZip | ToFolder | ToS3, Field(discriminator="kind")]
    dry_run: bool = Field(False, description="Say at once what would be delivered, and deliver nothing.")

    @model_validator(mode="after")
    def _one_source(self) -> ExportRequest:
        if (self.batch is None) == (self.items is None):
            raise ValueError("give a batch or items, one of them")
        return self


class FilePlan(BaseModel, frozen=True):
    """One file that is to be delivered."""

    item: str
    version: int
    channel: str
    name: str
    bytes: int
    sha256: str


class StoredFile(FilePlan, frozen=True):
    """The same with the place in the store that it is taken from."""

    key: str


class LeftOut(BaseModel, frozen=True):
    """An item that is not delivered, and why."""

    item: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    files: list[StoredFile]
    left_out: list[LeftOut]

    @property
    def total_bytes(self) -> int:
        return sum(file.bytes for file in self.files)


class DeliveryView(BaseModel, frozen=True):
    """One file of an export and what came of it."""

    item: str
    version: int
    channel: str
    name: str
    bytes: int
    sha256: str
    status: str
    error: str
    at: datetime


class ExportView(BaseModel, frozen=True):
    """An export, and how far it is. `zip` is a key in the store, of which the API makes a link."""

    id: str
    status: JobStatus
    to: dict[str, Any]
    batch: str | None
    done: int
    total: int
    delivered: int
    failed: int
    left_out: tuple[LeftOut, ...]
    error: str
    created_by: str | None
    created_at: datetime
    done_at: datetime | None
    zip: str
    zip_expires_at: datetime | None


async def plan(tx: Tx, workspace_id: str, asked: ExportRequest) -> Plan:
    """What an export would deliver, in drawing order.  Raises NotFound for a batch or item that is not there."""
    where = [items.c.workspace_id == workspace_id, batches.c.deleted_at.is_(None)]
    if asked.batch is not None:
        await batch_row(tx, workspace_id, asked.batch)
        where.append(items.c.batch_id == asked.batch)
    else:
        where.append(items.c.id.in_(asked.items or ()))
    last = (
        select(reviews.c.item_id, func.max(reviews.c.id).label("review_id"))
        .where(reviews.c.workspace_id == workspace_id, reviews.c.undone_at.is_(None))
        .group_by(reviews.c.item_id)
    )
    mine = asked.items if asked.items is not None else select(items.c.id).where(items.c.batch_id == asked.batch)
    last = last.where(reviews.c.item_id.in_(mine))
    standing = last.subquery()
    found = (await tx.execute(
        select(items.c.id, items.c.status, reviews.c.decision, reviews.c.version, reviews.c.pins)
        .join(batches, batches.c.id == items.c.batch_id)
        .outerjoin(standing, standing.c.item_id == items.c.id)
        .outerjoin(reviews, reviews.c.id == standing.c.review_id)
        .where(*where).order_by(items.c.position, items.c.id)
    )).all()  # fmt: skip
    if asked.items is not None and len(found) < len(set(asked.items)):
        missing = next(id for id in asked.items if id not in {item.id for item in found})
        raise NotFound("there is no such item.", subject=missing)
    approved = {item.id: item for item in found if item.decision == "approve"}
    others = [item for item in found if item.id not in approved]
    left_out = [LeftOut(item=item.id, reason=f"It is not approved, but {item.status}.") for item in others]
    files, broken = _files(approved, await _renditions(tx, list(approved), asked.channels))
    return Plan(files, left_out + broken)


async def _renditions(tx: Tx, item_ids: Sequence[str], channels: Sequence[str] | None) -> dict[str, list[Any]]:
    made: dict[str, list[Any]] = {}
    for first in range(0, len(item_ids), 1000):
        query = select(
            renditions.c.item_id, renditions.c.version, renditions.c.channel, renditions.c.name, renditions.c.key,
            renditions.c.sha256, renditions.c.bytes,
        ).where(renditions.c.item_id.in_(item_ids[first : first + 1000]))  # fmt: skip
        if channels is not None:
            query = query.where(renditions.c.channel.in_(channels))
        for row in await tx.execute(query.order_by(renditions.c.channel)):
            made.setdefault(row.item_id, []).append(row)
    return made


def _files(approved: Mapping[str, Any], made: Mapping[str, Sequence[Any]]) -> tuple[list[StoredFile], list[LeftOut]]:
    files: list[StoredFile] = []
    left_out: list[LeftOut] = []
    names: set[str] = set()
    for id, item in approved.items():
        for row in made.get(id, ()):
            pin = item.pins.get(row.channel)
            if row.version != item.version or pin is None:
                continue
            if pin != row.sha256:
                words = f"Its file for {row.channel} is no longer the one that was approved."
                left_out.append(LeftOut(item=id, reason=words))
                continue
            files.append(StoredFile(
                item=id, version=row.version, channel=row.channel, name=_unique(row.channel, row.name, names),
                bytes=row.bytes, sha256=row.sha256, key=row.key,
            ))  # fmt: skip
    return files, left_out


def _unique(channel: str, name: str, taken: set[str]) -> str:
    """channel/name; a number is put behind what is there already, upper and lower case being the same."""
    stem, dot, suffix = safe_name(name.replace("/", "-").replace("\\", "-")).rpartition(".")
    stem, suffix = (stem, dot + suffix) if stem else (suffix, "")
    path, number = f"{safe_name(channel)}/{stem}{suffix}", 1
    while path.casefold() in taken:
        number += 1
        path = f"{safe_name(channel)}/{stem}-{number}{suffix}"
    taken.add(path.casefold())
    return path


async def create(tx: Tx, workspace_id: str, asked: ExportRequest, *, by: str | None) -> JobRef:
    """Start the job that delivers.  Raises NotFound; Conflict where nothing is approved."""
    if isinstance(asked.to, ToS3):
        await destinations.row(tx, workspace_id, asked.to.destination)
    later = reviews.alias("later")
    overruled = select(later.c.id).where(
        later.c.item_id == reviews.c.item_id, later.c.undone_at.is_(None), later.c.id > reviews.c.id
    )
    approval = (
        select(reviews.c.id)
        .join(items, items.c.id == reviews.c.item_id)
        .where(
            reviews.c.workspace_id == workspace_id, reviews.c.decision == "approve", reviews.c.undone_at.is_(None),
            ~overruled.exists(),
        )
    )  # fmt: skip
    if asked.batch is not None:
        await batch_row(tx, workspace_id, asked.batch)
        approval = approval.where(items.c.batch_id == asked.batch)
    else:
        approval = approval.where(items.c.id.in_(asked.items or ()))
    if (await tx.execute(approval.limit(1))).first() is None:
        raise Conflict("none of this is approved, so there is nothing to deliver.", remedy="Review it first.")
    return await jobs.start(
        tx,
        workspace_id,
        "export",
        stages=["export"],
        request=asked.model_dump(mode="json"),
        batch_id=asked.batch,
        by=by,
    )


async def page(tx: Tx, workspace_id: str, *, after: str | None = None, limit: int = 50) -> list[ExportView]:
    """The newest first.  after: the id of the last one seen."""
    rows = await jobs.page(tx, workspace_id, kinds=("export",), after=after, limit=limit)
    counts = await _counts(tx, [row.id for row in rows])
    return [_view(row, counts.get(row.id, {})) for row in rows]


async def get(tx: Tx, workspace_id: str, job_id: str) -> ExportView:
    """Raises NotFound."""
    row = await jobs.get(tx, workspace_id, job_id)
    if row.kind != "export":
        raise NotFound("there is no such export.", subject=job_id)
    return _view(row, (await _counts(tx, [job_id])).get(job_id, {}))


async def delivered(
    tx: Tx, workspace_id: str, job_id: str, *, after: str | None = None, limit: int = 50
) -> list[tuple[str, DeliveryView]]:
    """An export's files with the id each is paged by, in order of their names within it."""
    query = select(deliveries).where(deliveries.c.workspace_id == workspace_id, deliveries.c.job_id == job_id)
    if after:
        query = query.where(deliveries.c.id > after)
    rows = await tx.execute(query.order_by(deliveries.c.id).limit(limit))
    return [(row.id, DeliveryView.model_validate({**row._mapping, "item": row.item_id})) for row in rows]


async def _counts(tx: Tx, job_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    rows = await tx.execute(
        select(deliveries.c.job_id, deliveries.c.status, func.count())
        .where(deliveries.c.job_id.in_(job_ids))
        .group_by(deliveries.c.job_id, deliveries.c.status)
    )
    for job_id, status, count in rows:
        counts.setdefault(job_id, {})[status] = count
    return counts


def _view(row: JobRecord, counts: Mapping[str, int]) -> ExportView:
    result = row.result or {}
    delivered, failed = counts.get("delivered", 0), counts.get("failed", 0)
    return ExportView(
        id=row.id, status=row.status, to=row.request["to"], batch=row.batch_id, done=delivered + failed,
        total=row.total_count, delivered=delivered, failed=failed, left_out=result.get("left_out", ()),
        error=(row.error or {}).get("reason", ""), created_by=row.created_by, created_at=row.created_at,
        done_at=row.done_at, zip=result.get("zip", ""), zip_expires_at=result.get("expires_at"),
    )  # fmt: skip
