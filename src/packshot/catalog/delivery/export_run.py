"""Delivering: an export's files go into a ZIP, a folder or a bucket, each checked against the hash that was approved.

Killed at any point and begun again it goes on: what is to be delivered is written down first, each file's result after
it, and delivering a file twice puts the same bytes in the same place.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import zipfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from packshot.catalog.delivery import destinations
from packshot.catalog.delivery.bucket import Bucket
from packshot.catalog.delivery.exports import SHOWN_LEFT_OUT, ExportRequest, ToFolder, ToS3, plan
from packshot.catalog.events.log import tell
from packshot.catalog.status import BatchState, ItemStatus
from packshot.db import Tx
from packshot.db.tables import batches, deliveries, items, new_id, now, runs, uploads
from packshot.errors import DiskFull, NotFound, PackshotError, UnsafeInput

CHUNK = 500
TOLD_EVERY = 25  # files between two notes of what is done
AT_ONCE = 4  # files on their way to a bucket
ZIP_SECONDS = 7 * 24 * 3600
_ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)  # the same files make the same ZIP
_FULL = (errno.ENOSPC, errno.EDQUOT)


async def work(run: Row[Any], ctx: Any) -> dict[str, Any]:
    """Do the run of kind `export`.  Gives its result: {delivered, failed, bytes, left_out, zip?, expires_at?}."""
    asked = ExportRequest.model_validate(run.request)
    if not (run.result or {}).get("listed"):
        await _list(run, ctx, asked)
    extra: dict[str, Any] = {}
    if isinstance(asked.to, ToFolder):
        await _to_folder(run, ctx, asked.to.folder)
    elif isinstance(asked.to, ToS3):
        await _to_s3(run, ctx, asked.to)
    else:
        extra = await _to_zip(run, ctx)
    async with ctx.db.write() as tx:
        counts = await _counts(tx, run.id)
        kept = await tx.scalar(select(runs.c.result).where(runs.c.id == run.id)) or {}
        await _progress(tx, run, await _done(tx, run.id))
        await _mark_exported(tx, run)
        bytes_out = await tx.scalar(
            select(func.coalesce(func.sum(deliveries.c.bytes), 0))
            .where(deliveries.c.run_id == run.id, deliveries.c.status == "delivered")
        )  # fmt: skip
    done = {"delivered": counts.get("delivered", 0), "failed": counts.get("failed", 0), "bytes": int(bytes_out or 0)}
    return {**kept, **done, **extra}


async def _list(run: Row[Any], ctx: Any, asked: ExportRequest) -> None:
    """Write down what is to be delivered; begun anew if it was not finished."""
    async with ctx.db.write() as tx:
        await tx.execute(delete(deliveries).where(deliveries.c.run_id == run.id))
    async with ctx.db.read() as tx:
        planned = await plan(tx, run.workspace_id, asked)
    at = now()
    for first in range(0, len(planned.files), CHUNK):
        rows = [
            {
                "id": f"{new_id('dlv')[:15]}{number:06d}{run.id[-16:]}", "workspace_id": run.workspace_id,
                "run_id": run.id, "item_id": file.item, "version": file.version, "channel": file.channel,
                "name": file.name, "key": file.key, "sha256": file.sha256, "bytes": file.bytes, "status": "waiting",
                "error": "", "at": at,
            }
            for number, file in enumerate(planned.files[first : first + CHUNK], start=first)
        ]  # fmt: skip
        async with ctx.db.write() as tx:
            await tx.execute(insert(deliveries), rows)
    told = {
        "listed": True,
        "left_out": [left.model_dump() for left in planned.left_out[:SHOWN_LEFT_OUT]],
        "left_out_count": len(planned.left_out),
    }
    async with ctx.db.write() as tx:
        await tx.execute(
            update(runs).where(runs.c.id == run.id)
            .values(total_count=len(planned.files), result=told, touched_at=now())
        )  # fmt: skip


# --- one file after the other ---


async def _waiting(run: Row[Any], ctx: Any) -> AsyncIterator[list[Row[Any]]]:
    """Files not delivered yet, in order, a few at a time."""
    last = ""
    while True:
        async with ctx.db.read() as tx:
            rows = list((await tx.execute(
                select(deliveries)
                .where(deliveries.c.run_id == run.id, deliveries.c.status == "waiting", deliveries.c.id > last)
                .order_by(deliveries.c.id).limit(TOLD_EVERY)
            )).all())  # fmt: skip
        if not rows:
            return
        last = rows[-1].id
        yield rows


async def _approved_bytes(row: Row[Any], ctx: Any) -> bytes:
    """A file's bytes, which must be those that were approved.  Raises NotFound, UnsafeInput."""
    content: bytes | None = await ctx.store.aget(row.key)
    if content is None:
        raise NotFound("the file is no longer kept here.", subject=row.name, remedy="Make the item anew.")
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise UnsafeInput(
            "the stored file is not the one that was approved.", subject=row.name,
            remedy="Make the item anew and look at it again.",
        )  # fmt: skip
    return content


async def _note(run: Row[Any], ctx: Any, results: Iterable[tuple[Row[Any], str]]) -> None:
    """Write results down: (file, what went wrong or nothing)."""
    at = now()
    noted = [
        {"which": row.id, "now": "failed" if error else "delivered", "why": error, "when": at} for row, error in results
    ]
    if not noted:
        return
    async with ctx.db.write() as tx:
        await tx.execute(
            update(deliveries).where(deliveries.c.id == bindparam("which"))
            .values(status=bindparam("now"), error=bindparam("why"), at=bindparam("when")),
            noted,
        )  # fmt: skip
        await _progress(tx, run, runs.c.done_count + len(noted))


async def _progress(tx: Tx, run: Row[Any], done: Any) -> None:
    await tx.execute(update(runs).where(runs.c.id == run.id).values(done_count=done, touched_at=now()))
    await tell(tx, run.workspace_id, "run.running", run_id=run.id, batch_id=None)


async def _done(tx: Tx, run_id: str) -> int:
    counts = await _counts(tx, run_id)
    return counts.get("delivered", 0) + counts.get("failed", 0)


async def _counts(tx: Tx, run_id: str) -> dict[str, int]:
    rows = await tx.execute(
        select(deliveries.c.status, func.count()).where(deliveries.c.run_id == run_id).group_by(deliveries.c.status)
    )
    return {row[0]: row[1] for row in rows}


# --- folder ---


async def _to_folder(run: Row[Any], ctx: Any, folder: str) -> None:
    root = Path(ctx.settings.exports) / run.workspace_id / folder
    async for rows in _waiting(run, ctx):
        results: list[tuple[Row[Any], str]] = []
        try:
            for row in rows:
                try:
                    content = await _approved_bytes(row, ctx)
                    await asyncio.to_thread(_write, root, row.name, content)
                except DiskFull:
                    raise
                except PackshotError as error:
                    results.append((row, error.message))
                else:
                    results.append((row, ""))
        finally:
            await _note(run, ctx, results)


def _write(root: Path, name: str, content: bytes) -> None:
    """Put a file in its place at once and whole.  Raises DiskFull, UnsafeInput where a link leads out of the folder."""
    path = root / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.resolve().is_relative_to(root.resolve()) or path.is_symlink():
            raise UnsafeInput("a link in the folder leads elsewhere.", subject=name, remedy="Remove it.")
        if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
            return
        part = path.with_name(f".{path.name[:100]}.part")
        try:
            with part.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in _FULL:
            raise _disk_full() from error
        raise PackshotError(f"the file could not be written ({error.strerror}).", subject=name) from error


def _disk_full() -> DiskFull:
    return DiskFull(
        "the disk is full; what has been delivered stays.",
        remedy="Make room, then try the export again: it goes on where it stopped.",
    )


# --- bucket ---


async def _to_s3(run: Row[Any], ctx: Any, to: ToS3) -> None:
    async with ctx.db.read() as tx:
        found = await destinations.row(tx, run.workspace_id, to.destination)
    with closing(destinations.opened(found, vault=ctx.vault, settings=ctx.settings)) as bucket:
        await _into_bucket(run, ctx, to, bucket)


async def _into_bucket(run: Row[Any], ctx: Any, to: ToS3, bucket: Bucket) -> None:
    async def one(row: Row[Any]) -> tuple[Row[Any], str]:
        try:
            content = await _approved_bytes(row, ctx)
        except PackshotError as error:
            return row, error.message
        await bucket.put(f"{to.prefix}/{row.name}".lstrip("/"), content)
        return row, ""

    async for rows in _waiting(run, ctx):
        for first in range(0, len(rows), AT_ONCE):
            done = await asyncio.gather(*(one(row) for row in rows[first : first + AT_ONCE]), return_exceptions=True)
            await _note(run, ctx, [result for result in done if not isinstance(result, BaseException)])
            for result in done:
                if isinstance(result, BaseException):
                    raise result


# --- ZIP ---


async def _to_zip(run: Row[Any], ctx: Any) -> dict[str, Any]:
    """One ZIP in the store; its files count as delivered once it is there."""
    key = f"exports/{run.workspace_id}/{run.id}.zip"
    made = await _made_zip(run, ctx, key)
    if made is not None:
        return made
    part = Path(ctx.settings.data_dir) / "parts" / f"{run.id}.zip"
    try:
        await asyncio.to_thread(part.parent.mkdir, parents=True, exist_ok=True)
        await _build_zip(run, ctx, part)
        size = part.stat().st_size
        await asyncio.to_thread(ctx.store.put_file, key, part)
    except OSError as error:
        if error.errno in _FULL:
            raise _disk_full() from error
        raise
    finally:
        part.unlink(missing_ok=True)
    at = now()
    async with ctx.db.write() as tx:
        await tx.execute(
            insert(uploads).values(
                id=new_id("upl"), workspace_id=run.workspace_id, kind="export", name=f"{run.id}.zip", key=key,
                bytes=size, created_at=at, expires_at=at + ZIP_SECONDS,
            )
        )  # fmt: skip
        await tx.execute(
            update(deliveries).where(deliveries.c.run_id == run.id, deliveries.c.status == "waiting")
            .values(status="delivered", at=at)
        )  # fmt: skip
        await _progress(tx, run, await _done(tx, run.id))
    return {"zip": key, "zip_bytes": size, "expires_at": at + ZIP_SECONDS}


async def _build_zip(run: Row[Any], ctx: Any, part: Path) -> None:
    done = 0
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        async for rows in _waiting(run, ctx):
            failed: list[tuple[Row[Any], str]] = []
            for row in rows:
                try:
                    content = await _approved_bytes(row, ctx)
                except PackshotError as error:
                    failed.append((row, error.message))
                else:
                    await asyncio.to_thread(archive.writestr, zipfile.ZipInfo(row.name, _ZIP_MOMENT), content)
            await _note(run, ctx, failed)
            done += len(rows)
            async with ctx.db.write() as tx:
                await _progress(tx, run, done)


async def _made_zip(run: Row[Any], ctx: Any, key: str) -> dict[str, Any] | None:
    """What an earlier try of this run had finished already."""
    async with ctx.db.read() as tx:
        row = (await tx.execute(
            select(uploads).where(uploads.c.workspace_id == run.workspace_id, uploads.c.key == key)
        )).first()  # fmt: skip
    return None if row is None else {"zip": key, "zip_bytes": row.bytes, "expires_at": row.expires_at}


# --- after it ---


async def _mark_exported(tx: Tx, run: Row[Any]) -> None:
    """A batch is exported once each of its approved items has been delivered, and none is at work or in review."""
    touched: Sequence[str] = (await tx.scalars(
        select(items.c.batch_id).distinct().join(deliveries, deliveries.c.item_id == items.c.id)
        .where(deliveries.c.run_id == run.id, deliveries.c.status == "delivered")
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
            await tell(tx, run.workspace_id, "batch.exported", batch_id=batch_id)
