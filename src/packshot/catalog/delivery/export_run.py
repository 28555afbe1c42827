"""Delivering: an export's files go into a ZIP, a folder or a bucket, each checked against the hash that was approved.

Killed at any point and started again it continues: what is to be delivered is written down first, and each file's
result after it; delivering a file twice puts the same bytes in the same place.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import tempfile
import zipfile
from collections.abc import AsyncIterator, Container, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from packshot import atomic
from packshot.catalog.delivery import destinations, names
from packshot.catalog.delivery.bucket import Bucket
from packshot.catalog.delivery.exports import SHOWN_LEFT_OUT, ExportRequest, ToFolder, ToS3, plan
from packshot.catalog.delivery.names import Delivered
from packshot.catalog.events.log import record_event
from packshot.catalog.jobs import JobRecord
from packshot.catalog.ports import JobContext
from packshot.catalog.status import BatchState, ItemStatus
from packshot.db import Tx, typed
from packshot.db.tables import batches, deliveries, items, jobs, new_id, now, uploads
from packshot.errors import Conflict, DiskFull, NotFound, PackshotError, UnsafeInput

CHUNK = 500
RECORD_EVERY = 25  # files between two notes of what is done
AT_ONCE = 4  # files on their way to a bucket
ZIP_SECONDS = 7 * 24 * 3600
_ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)  # the same files make the same ZIP
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is to be delivered, as an export wrote it down."""

    id: str
    item_id: str
    version: int
    channel: str
    name: str
    key: str
    sha256: str


async def work(job: JobRecord, context: JobContext) -> dict[str, Any]:
    """Do the job of kind `export`.  Gives its result: {delivered, failed, bytes, left_out, zip?, expires_at?}."""
    request = ExportRequest.model_validate(job.request)
    if not (job.result or {}).get("listed"):
        await _list(job, context, request)
    extra: dict[str, Any] = {}
    if isinstance(request.to, ToFolder):
        await _to_folder(job, context, request.to.folder)
    elif isinstance(request.to, ToS3):
        await _to_s3(job, context, request.to)
    else:
        extra = await _to_zip(job, context)
    async with context.db.write() as tx:
        counts = await _counts(tx, job.id)
        listed = await tx.scalar(select(jobs.c.result).where(jobs.c.id == job.id)) or {}
        await _progress(tx, job, await _done(tx, job.id))
        await _mark_exported(tx, job)
        bytes_out = await tx.scalar(
            select(func.coalesce(func.sum(deliveries.c.bytes), 0))
            .where(deliveries.c.job_id == job.id, deliveries.c.status == "delivered")
        )  # fmt: skip
    done = {"delivered": counts.get("delivered", 0), "failed": counts.get("failed", 0), "bytes": int(bytes_out or 0)}
    return {**listed, **done, **extra}


async def _list(job: JobRecord, context: JobContext, request: ExportRequest) -> None:
    """Write down what is to be delivered; from the start if it was not finished before."""
    async with context.db.write() as tx:
        await tx.execute(delete(deliveries).where(deliveries.c.job_id == job.id))
    async with context.db.read() as tx:
        planned = await plan(tx, job.workspace_id, request)
    at = now()
    for first in range(0, len(planned.files), CHUNK):
        rows = [
            {
                "id": f"{new_id('dlv')[:15]}{number:06d}{job.id[-16:]}", "workspace_id": job.workspace_id,
                "job_id": job.id, "item_id": file.item, "version": file.version, "channel": file.channel,
                "name": file.name, "key": file.key, "sha256": file.sha256, "bytes": file.bytes, "status": "waiting",
                "error": "", "at": at,
            }
            for number, file in enumerate(planned.files[first : first + CHUNK], start=first)
        ]  # fmt: skip
        async with context.db.write() as tx:
            await tx.execute(insert(deliveries), rows)
    result = {
        "listed": True,
        "left_out": [left.model_dump() for left in planned.left_out[:SHOWN_LEFT_OUT]],
        "left_out_count": len(planned.left_out),
    }
    async with context.db.write() as tx:
        await tx.execute(
            update(jobs).where(jobs.c.id == job.id)
            .values(total_count=len(planned.files), result=result, touched_at=now())
        )  # fmt: skip


# --- one file after the other ---


async def _waiting(job: JobRecord, context: JobContext) -> AsyncIterator[list[_File]]:
    """Files not delivered yet, in order, a few at a time."""
    last = ""
    while True:
        async with context.db.read() as tx:
            found = await tx.execute(
                select(*(deliveries.c[field.name] for field in fields(_File)))
                .where(deliveries.c.job_id == job.id, deliveries.c.status == "waiting", deliveries.c.id > last)
                .order_by(deliveries.c.id).limit(RECORD_EVERY)
            )  # fmt: skip
        files = [typed(_File, row) for row in found]
        if not files:
            return
        last = files[-1].id
        yield files


async def _approved_bytes(file: _File, context: JobContext) -> bytes:
    """A file's bytes, which must be those that were approved.  Raises NotFound, UnsafeInput."""
    content = await context.store.aget(file.key)
    if content is None:
        raise NotFound("the file is no longer stored.", subject=file.name, remedy="Make the item again.")
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise UnsafeInput(
            "the stored file is not the one that was approved.", subject=file.name,
            remedy="Make the item again and review it.",
        )  # fmt: skip
    return content


async def _record(job: JobRecord, context: JobContext, results: Iterable[tuple[_File, str]]) -> None:
    """Record results: (file, what went wrong or "")."""
    at = now()
    rows = [
        {"file_id": file.id, "state": "failed" if error else "delivered", "why": error, "moment": at}
        for file, error in results
    ]
    if not rows:
        return
    async with context.db.write() as tx:
        await tx.execute(
            update(deliveries).where(deliveries.c.id == bindparam("file_id"))
            .values(status=bindparam("state"), error=bindparam("why"), at=bindparam("moment")),
            rows,
        )  # fmt: skip
        await _progress(tx, job, jobs.c.done_count + len(rows))


async def _progress(tx: Tx, job: JobRecord, done: Any) -> None:
    await tx.execute(update(jobs).where(jobs.c.id == job.id).values(done_count=done, touched_at=now()))
    await record_event(tx, job.workspace_id, "job.running", job_id=job.id, batch_id=None)


async def _done(tx: Tx, job_id: str) -> int:
    counts = await _counts(tx, job_id)
    return counts.get("delivered", 0) + counts.get("failed", 0)


async def _counts(tx: Tx, job_id: str) -> dict[str, int]:
    rows = await tx.execute(
        select(deliveries.c.status, func.count()).where(deliveries.c.job_id == job_id).group_by(deliveries.c.status)
    )
    return {row[0]: row[1] for row in rows}


# --- folder ---


async def _to_folder(job: JobRecord, context: JobContext, folder: str) -> None:
    root = Path(context.settings.exports) / job.workspace_id / folder
    async for files in _waiting(job, context):
        earlier = await _replaceable(job, context, files)
        results: list[tuple[_File, str]] = []
        try:
            for file in files:
                try:
                    content = await _approved_bytes(file, context)
                    await asyncio.to_thread(_write, root, file.name, content, replaceable=earlier[file.id])
                except DiskFull:
                    raise
                except PackshotError as error:
                    results.append((file, error.message))
                else:
                    results.append((file, ""))
        finally:
            await _record(job, context, results)


async def _replaceable(job: JobRecord, context: JobContext, files: Sequence[_File]) -> dict[str, set[str]]:
    """Of each file, the hashes that it may replace: of earlier versions of its item, and of its product's file that
    was delivered under this name.
    """
    hashes, there = await _earlier(job, context, files), await _there(job, context, files)
    return {file.id: hashes[file.id] | {one.sha256 for one in there[file.id].mine} for file in files}


@dataclass(frozen=True, slots=True)
class _There:
    """What was delivered under a file's name: of its own product, and of others."""

    mine: list[Delivered]
    others: list[Delivered]


async def _there(job: JobRecord, context: JobContext, files: Sequence[_File]) -> dict[str, _There]:
    async with context.db.read() as tx:
        delivered = await names.delivered(tx, job.workspace_id, job.request["to"], [file.name for file in files])
        owners = await names.owners(tx, {file.item_id for file in files})
    found = {}
    for file in files:
        earlier = delivered.get(file.name, [])
        mine = names.successors(earlier, owners.get(file.item_id, ("", None)))
        found[file.id] = _There(mine, [one for one in earlier if one not in mine])
    return found


async def _earlier(job: JobRecord, context: JobContext, files: Sequence[_File]) -> dict[str, set[str]]:
    """Of each file, the hashes that earlier versions of its item were delivered with: a correction replaces those."""
    columns = deliveries.c.item_id, deliveries.c.channel, deliveries.c.version, deliveries.c.sha256
    mine = deliveries.c.workspace_id == job.workspace_id, deliveries.c.item_id.in_({file.item_id for file in files})
    async with context.db.read() as tx:
        delivered = (await tx.execute(select(*columns).distinct().where(*mine))).all()
    return {
        file.id: {
            other.sha256 for other in delivered
            if (other.item_id, other.channel) == (file.item_id, file.channel) and other.version < file.version
        }
        for file in files
    }  # fmt: skip


def _write(root: Path, name: str, content: bytes, *, replaceable: Container[str] = ()) -> None:
    """Put a file in its place at once and whole.  Another file that lies there stays, unless its hash is replaceable.

    Raises DiskFull, Conflict where another file stays, UnsafeInput where a link leads out of the folder.
    """
    path = root / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.resolve().is_relative_to(root.resolve()) or path.is_symlink():
            raise UnsafeInput("a link in the folder leads elsewhere.", subject=name, remedy="Remove it.")
        if _holds(path, content):
            return
        try:
            atomic.write(path, content, new=True, durable=True)
        except FileExistsError:
            if _holds(path, content):  # another export was first
                return
            if hashlib.sha256(path.read_bytes()).hexdigest() not in replaceable:
                raise Conflict(
                    "another file of this name is in the folder; nothing was overwritten.", subject=name,
                    remedy="Export into another folder, or move that file away.",
                ) from None  # fmt: skip
            atomic.write(path, content, durable=True)
    except OSError as error:
        if error.errno in _FULL:
            raise _disk_full() from error
        raise PackshotError(f"the file could not be written ({error.strerror}).", subject=name) from error


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def _disk_full() -> DiskFull:
    return DiskFull(
        "the disk is full; what has been delivered stays.",
        remedy="Make room, then try the export again: it goes on where it stopped.",
    )


# --- bucket ---


async def _to_s3(job: JobRecord, context: JobContext, to: ToS3) -> None:
    async with context.db.read() as tx:
        destination = await destinations.row(tx, job.workspace_id, to.destination)
    opened = destinations.opened(destination, secrets=context.secrets, settings=context.settings)
    with closing(opened) as bucket:
        await _into_bucket(job, context, to, bucket)


async def _into_bucket(job: JobRecord, context: JobContext, to: ToS3, bucket: Bucket) -> None:
    async def one(file: _File, there: _There) -> tuple[_File, str]:
        if there.others and not there.mine:
            error = Conflict(
                "another product was delivered under this name; nothing was overwritten.", subject=file.name,
                remedy="Choose another prefix, or a file-name pattern that tells them apart.",
            )  # fmt: skip
            return file, error.message
        if there.mine and there.mine[-1].sha256 == file.sha256:
            return file, ""  # it lies there already
        try:
            content = await _approved_bytes(file, context)
        except PackshotError as error:
            return file, error.message
        await bucket.put(f"{to.prefix}/{file.name}".lstrip("/"), content)
        return file, ""

    async for files in _waiting(job, context):
        there = await _there(job, context, files)
        for first in range(0, len(files), AT_ONCE):
            some = files[first : first + AT_ONCE]
            done = await asyncio.gather(*(one(file, there[file.id]) for file in some), return_exceptions=True)
            await _record(job, context, [result for result in done if not isinstance(result, BaseException)])
            for result in done:
                if isinstance(result, BaseException):
                    raise result


# --- ZIP ---


async def _to_zip(job: JobRecord, context: JobContext) -> dict[str, Any]:
    """One ZIP in the store; its files count as delivered once it is there."""
    key = f"exports/{job.workspace_id}/{job.id}.zip"
    finished = await _finished_zip(job, context, key)
    if finished is not None:
        return finished
    parts = Path(context.settings.data_dir) / "parts"
    try:
        await asyncio.to_thread(parts.mkdir, parents=True, exist_ok=True)
        # In a folder of its own: a worker that was taken for dead may still be at it.
        with tempfile.TemporaryDirectory(dir=parts, prefix=f"{job.id}-") as folder:
            part = Path(folder) / "export.zip"
            await _build_zip(job, context, part)
            size = part.stat().st_size
            await asyncio.to_thread(context.store.put_file, key, part)
    except OSError as error:
        if error.errno in _FULL:
            raise _disk_full() from error
        raise
    at = now()
    async with context.db.write() as tx:
        await tx.execute(
            insert(uploads).values(
                id=new_id("upl"), workspace_id=job.workspace_id, kind="export", name=f"{job.id}.zip", key=key,
                bytes=size, created_at=at, expires_at=at + ZIP_SECONDS,
            )
        )  # fmt: skip
        await tx.execute(
            update(deliveries).where(deliveries.c.job_id == job.id, deliveries.c.status == "waiting")
            .values(status="delivered", at=at)
        )  # fmt: skip
        await _progress(tx, job, await _done(tx, job.id))
    return {"zip": key, "zip_bytes": size, "expires_at": at + ZIP_SECONDS}


async def _build_zip(job: JobRecord, context: JobContext, part: Path) -> None:
    done = 0
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        async for files in _waiting(job, context):
            failed: list[tuple[_File, str]] = []
            for file in files:
                try:
                    content = await _approved_bytes(file, context)
                except PackshotError as error:
                    failed.append((file, error.message))
                else:
                    await asyncio.to_thread(archive.writestr, zipfile.ZipInfo(file.name, _ZIP_MOMENT), content)
            await _record(job, context, failed)
            done += len(files)
            async with context.db.write() as tx:
                await _progress(tx, job, done)


async def _finished_zip(job: JobRecord, context: JobContext, key: str) -> dict[str, Any] | None:
    """What an earlier try of this job had finished already."""
    async with context.db.read() as tx:
        row = (await tx.execute(
            select(uploads).where(uploads.c.workspace_id == job.workspace_id, uploads.c.key == key)
        )).first()  # fmt: skip
    return None if row is None else {"zip": key, "zip_bytes": row.bytes, "expires_at": row.expires_at}


# --- after it ---


async def _mark_exported(tx: Tx, job: JobRecord) -> None:
    """A batch is exported once each of its approved items has been delivered, and none is at work or in review."""
    touched: Sequence[str] = (await tx.scalars(
        select(items.c.batch_id).distinct().join(deliveries, deliveries.c.item_id == items.c.id)
        .where(deliveries.c.job_id == job.id, deliveries.c.status == "delivered")
    )).all()  # fmt: skip
    sent = select(deliveries.c.id).where(
        deliveries.c.item_id == items.c.id, deliveries.c.version == items.c.version, deliveries.c.status == "delivered"
    )
    for batch_id in touched:
        open_items = select(items.c.id).where(
            items.c.batch_id == batch_id,
            items.c.status.in_((ItemStatus.PROCESSING, ItemStatus.REVIEW))
            | ((items.c.status == ItemStatus.APPROVED) & ~sent.exists()),
        )
        if (await tx.execute(open_items.limit(1))).first() is not None:
            continue
        changed = await tx.execute(
            update(batches)
            .where(batches.c.id == batch_id, batches.c.state == BatchState.PROCESSING)
            .values(state=BatchState.EXPORTED, exported_at=now(), updated_at=now(), revision=batches.c.revision + 1)
        )
        if changed.rowcount:
            await record_event(tx, job.workspace_id, "batch.exported", batch_id=batch_id)
