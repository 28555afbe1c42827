"""Exports: what would be delivered, the job that delivers, and its result. Only approved files are delivered.

An item's standing approval is its last decision that was not undone, if that is `approve`: the files whose hashes it
pinned are delivered, whatever versions were made since.
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
from packshot.catalog.delivery import destinations, names
from packshot.catalog.jobs import JobRecord
from packshot.catalog.ports import URGENT, JobRef
from packshot.catalog.status import JobStatus
from packshot.channel import safe_name
from packshot.db import Tx, typed
from packshot.db.tables import batches, deliveries, items, renditions, reviews
from packshot.errors import Conflict, NotFound

SHOWN_FILES = 2_000
SHOWN_LEFT_OUT = 500


class ToZip(BaseModel, frozen=True, extra="forbid"):
    """One ZIP to download, for seven days."""

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
    breaks_rule: bool = Field(False, description="A hard rule of its channel; it was approved all the same.")
    replaces: str = Field("", description="Hash of the file that was delivered under this name before, if another.")


class StoredFile(FilePlan, frozen=True):
    """The same with its key in the store."""

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
    """An export, and how far it is. `zip` is a link; inside the catalog it is a key in the store."""

    id: str
    status: JobStatus
    to: dict[str, Any]
    batch: str | None
    batch_name: str = Field(description="Empty where items of several batches were named.")
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


@dataclass(frozen=True, slots=True)
class _Item:
    """An item with its standing decision; None where there is none."""

    id: str
    status: str
    decision: str | None
    version: int | None
    pins: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class _File:
    """What an export needs of a rendition."""

    item_id: str
    version: int
    channel: str
    name: str
    key: str
    sha256: str
    bytes: int
    rejected: bool


async def plan(tx: Tx, workspace_id: str, request: ExportRequest) -> Plan:
    """What an export would deliver, in the order of the items.  Raises NotFound for a batch or item."""
    if request.batch is not None:
        await batch_row(tx, workspace_id, request.batch)
    in_request = items.c.id.in_(request.items) if request.items is not None else items.c.batch_id == request.batch
    standing = (
        select(reviews.c.item_id, func.max(reviews.c.id).label("review_id"))
        .where(
            reviews.c.workspace_id == workspace_id, reviews.c.undone_at.is_(None),
            reviews.c.item_id.in_(select(items.c.id).where(in_request)),
        )
        .group_by(reviews.c.item_id)
        .subquery()
    )  # fmt: skip
    query = (
        select(items.c.id, items.c.status, reviews.c.decision, reviews.c.version, reviews.c.pins)
        .join(batches, batches.c.id == items.c.batch_id)
        .outerjoin(standing, standing.c.item_id == items.c.id)
        .outerjoin(reviews, reviews.c.id == standing.c.review_id)
        .where(items.c.workspace_id == workspace_id, batches.c.deleted_at.is_(None), in_request)
        .order_by(items.c.position, items.c.id)
    )
    existing = [typed(_Item, row) for row in await tx.execute(query)]
    if request.items is not None and len(existing) < len(set(request.items)):
        missing = next(id for id in request.items if id not in {item.id for item in existing})
        raise NotFound("there is no such item.", subject=missing)
    approved = [item for item in existing if item.decision == "approve"]
    left_out = [
        LeftOut(item=item.id, reason=f"It is not approved, but {item.status}.")
        for item in existing if item.decision != "approve"
    ]  # fmt: skip
    files, changed = _files(approved, await _renditions(tx, [item.id for item in approved], request.channels))
    if not isinstance(request.to, ToZip):
        files = await _with_replaced(tx, workspace_id, request.to.model_dump(mode="json"), files)
    return Plan(files, left_out + changed)


async def _with_replaced(
    tx: Tx, workspace_id: str, to: dict[str, Any], files: Sequence[StoredFile]
) -> list[StoredFile]:
    """With the hash of what each replaces in the folder or bucket."""
    there = await names.delivered(tx, workspace_id, to, [file.name for file in files])
    last = {name: earlier[-1].sha256 for name, earlier in there.items()}
    return [
        file.model_copy(update={"replaces": last[file.name]})
        if last.get(file.name, file.sha256) != file.sha256
        else file
        for file in files
    ]


async def _renditions(tx: Tx, item_ids: Sequence[str], channels: Sequence[str] | None) -> dict[str, list[_File]]:
    """Item → its files, of all versions."""
    files: dict[str, list[_File]] = {}
    for first in range(0, len(item_ids), 1000):
        query = select(
            renditions.c.item_id, renditions.c.version, renditions.c.channel, renditions.c.name, renditions.c.key,
            renditions.c.sha256, renditions.c.bytes, renditions.c.rejected,
        ).where(renditions.c.item_id.in_(item_ids[first : first + 1000]))  # fmt: skip
        if channels is not None:
            query = query.where(renditions.c.channel.in_(channels))
        for row in await tx.execute(query.order_by(renditions.c.channel)):
            files.setdefault(row.item_id, []).append(typed(_File, row))
    return files


def _files(
    approved: Sequence[_Item], files_of: Mapping[str, Sequence[_File]]
) -> tuple[list[StoredFile], list[LeftOut]]:
    """The files that approvals pinned, and those that have changed since."""
    files: list[StoredFile] = []
    left_out: list[LeftOut] = []
    used: set[str] = set()
    for item in approved:
        for file in files_of.get(item.id, ()):
            pin = (item.pins or {}).get(file.channel)
            if file.version != item.version:
                continue
            if pin is None:
                words = f"Its file for {file.channel} was not approved"
                words += ": it breaks a rule of that channel." if file.rejected else "."
                left_out.append(LeftOut(item=item.id, reason=words))
                continue
            if pin != file.sha256:
                words = f"Its file for {file.channel} is no longer the one that was approved."
                left_out.append(LeftOut(item=item.id, reason=words))
                continue
            files.append(StoredFile(
                item=item.id, version=file.version, channel=file.channel,
                name=_unique(file.channel, file.name, used), bytes=file.bytes, sha256=file.sha256, key=file.key,
                breaks_rule=file.rejected,
            ))  # fmt: skip
    return files, left_out


def _unique(channel: str, name: str, used: set[str]) -> str:
    """channel/name, numbered where it is used already; upper and lower case are the same."""
    stem, dot, suffix = safe_name(name.replace("/", "-").replace("\\", "-")).rpartition(".")
    stem, suffix = (stem, dot + suffix) if stem else (suffix, "")
    path, number = f"{safe_name(channel)}/{stem}{suffix}", 1
    while path.casefold() in used:
        number += 1
        path = f"{safe_name(channel)}/{stem}-{number}{suffix}"
    used.add(path.casefold())
    return path


async def create(tx: Tx, workspace_id: str, request: ExportRequest, *, by: str | None) -> JobRef:
    """Start the job that delivers.  Raises NotFound; Conflict where nothing is approved."""
    if isinstance(request.to, ToS3):
        await destinations.row(tx, workspace_id, request.to.destination)
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
    if request.batch is not None:
        await batch_row(tx, workspace_id, request.batch)
        approval = approval.where(items.c.batch_id == request.batch)
    else:
        approval = approval.where(items.c.id.in_(request.items or ()))
    if (await tx.execute(approval.limit(1))).first() is None:
        raise Conflict("none of this is approved, so there is nothing to deliver.", remedy="Review it first.")
    return await jobs.start(
        tx,
        workspace_id,
        "export",
        stages=["export"],
        request=request.model_dump(mode="json"),
        batch_id=request.batch,
        priority=URGENT,
        by=by,
    )


async def page(tx: Tx, workspace_id: str, *, after: str | None = None, limit: int = 50) -> list[ExportView]:
    """The newest first.  after: the id of the last one on the page before."""
    rows = await jobs.page(tx, workspace_id, kinds=("export",), after=after, limit=limit)
    counts = await _counts(tx, [row.id for row in rows])
    names = await _names(tx, rows)
    return [_view(row, counts.get(row.id, {}), names.get(row.batch_id or "", "")) for row in rows]


async def get(tx: Tx, workspace_id: str, job_id: str) -> ExportView:
    """Raises NotFound."""
    row = await jobs.get(tx, workspace_id, job_id)
    if row.kind != "export":
        raise NotFound("there is no such export.", subject=job_id)
    names = await _names(tx, [row])
    return _view(row, (await _counts(tx, [job_id])).get(job_id, {}), names.get(row.batch_id or "", ""))


async def delivered(
    tx: Tx, workspace_id: str, job_id: str, *, after: str | None = None, limit: int = 50
) -> list[tuple[str, DeliveryView]]:
    """An export's files with the id that each is paged by, in the order in which they are delivered."""
    query = select(deliveries, deliveries.c.item_id.label("item")).where(
        deliveries.c.workspace_id == workspace_id, deliveries.c.job_id == job_id
    )
    if after:
        query = query.where(deliveries.c.id > after)
    rows = await tx.execute(query.order_by(deliveries.c.id).limit(limit))
    return [(row.id, DeliveryView.model_validate(row, from_attributes=True)) for row in rows]


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


async def _names(tx: Tx, rows: Sequence[JobRecord]) -> dict[str, str]:
    """Batch → its name."""
    ids = {row.batch_id for row in rows if row.batch_id}
    found = await tx.execute(select(batches.c.id, batches.c.name).where(batches.c.id.in_(ids)))
    return {row.id: row.name for row in found}


def _view(row: JobRecord, counts: Mapping[str, int], batch_name: str) -> ExportView:
    result = row.result or {}
    delivered, failed = counts.get("delivered", 0), counts.get("failed", 0)
    return ExportView(
        id=row.id, status=row.status, to=row.request["to"], batch=row.batch_id, batch_name=batch_name,
        done=delivered + failed, total=row.total_count, delivered=delivered, failed=failed,
        left_out=result.get("left_out", ()), error=(row.error or {}).get("reason", ""), created_by=row.created_by,
        created_at=row.created_at, done_at=row.done_at, zip=result.get("zip", ""),
        zip_expires_at=result.get("expires_at"),
    )  # fmt: skip
