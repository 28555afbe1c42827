"""The first batch: a list of photos goes through the service like any other, its results into a folder."""

from __future__ import annotations

import asyncio
import hashlib
import io
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from packshot import __version__, atomic
from packshot.catalog.batches import lifecycle, progress
from packshot.catalog.batches.requests import BatchRequest, PhotoSource, StyleChoice
from packshot.catalog.status import BatchState, ItemStatus
from packshot.channel import channels
from packshot.cli.common import progress as bar
from packshot.cli.common import say
from packshot.db import Database
from packshot.db.tables import batches as batch_rows
from packshot.db.tables import (
    item_versions,
    items,
    new_id,
    now,
    photos,
    products,
    renditions,
    uploads,
    workspaces,
)
from packshot.errors import BadOption
from packshot.models.local import cutting_models
from packshot.models.zoo import licence_notices
from packshot.report import ItemRecord, PhotoRecord, RenditionRecord, Report, jpeg_uri
from packshot.run.contact_sheet import contact_sheet
from packshot.service.queues import Queues
from packshot.service.supervisor import Supervisor
from packshot.settings import Settings
from packshot.store import Store
from packshot.template import template

NAME = "First batch"
POLL_SECONDS = 0.25


class FirstBatch:
    """One batch out of a CSV list and the photos beside it."""

    def __init__(
        self, settings: Settings, sheet: Path, *, template_id: str, channels: Sequence[str], out: Path
    ) -> None:
        if not sheet.is_file():
            raise BadOption("there is no such list.", subject=str(sheet))
        self._settings, self._sheet, self._out = settings, sheet, out
        self._template, self._channels = template_id, tuple(channels)
        self._written: set[str] = set()

    def follow(self, supervisor: Supervisor) -> int:
        """Run the batch, or find it done, show its progress, and write its files.  0 when no item failed."""
        return asyncio.run(self._follow(supervisor))

    async def _follow(self, supervisor: Supervisor) -> int:
        db, queues, started = Database(self._settings.database), Queues(self._settings.redis), time.monotonic()
        try:
            batch_id = await self._batch(db, queues)
            async with db.read() as tx:
                workspace_id = (await tx.execute(select(batch_rows.c.workspace_id).where(batch_rows.c.id == batch_id)
                                                 )).scalar_one()  # fmt: skip
            status = await self._done(db, supervisor, workspace_id, batch_id)
            if supervisor.stopping:
                say("Stopped. The batch goes on when the service is started again.")
                return 130
            report = await self._report(db, batch_id, started)
        finally:
            await queues.close()
            await db.close()
        atomic.write(self._out / "report.json", report.model_dump_json(indent=1).encode())
        atomic.write(self._out / "index.html", contact_sheet(report).encode())
        files = sum(len(item.renditions) for item in report.items)
        failed = status.counts.get(ItemStatus.FAILED, 0)
        print(f"{len(report.items)} photos, {files} files in {self._out}; {failed} failed.")
        print(f"Contact sheet: {self._out / 'index.html'}")
        return 1 if failed or not report.items else 0

    async def _batch(self, db: Database, queues: Queues) -> str:
        """The batch's id; it is created once for a list with these options, and found again by its name."""
        packed = _packed(self._sheet)
        mark = hashlib.sha256(repr((self._template, self._channels)).encode() + packed).hexdigest()[:8]
        name = f"{NAME} {mark}"
        async with db.write() as tx:
            existing = (
                await tx.execute(
                    select(batch_rows.c.id).where(batch_rows.c.name == name, batch_rows.c.deleted_at.is_(None))
                )
            ).scalar()
            if existing:
                return str(existing)
            workspace = (await tx.execute(select(workspaces.c.id).order_by(workspaces.c.id).limit(1))).scalar_one()
            upload = new_id("upl")
            key = f"uploads/{workspace}/{upload}"
            await asyncio.to_thread(Store(self._settings.store).put, key, packed, durable=True)
            await tx.execute(
                uploads.insert().values(
                    id=upload, workspace_id=workspace, kind="zip", name=f"{self._sheet.stem}.zip", key=key,
                    bytes=len(packed), created_at=now(), expires_at=now() + 86_400,
                )
            )  # fmt: skip
            request = BatchRequest(
                name=name,
                source=PhotoSource(upload=upload),
                styles=(StyleChoice(style=self._template, options={}),),
                channels=self._channels,
            )
            id, ref = await lifecycle.create(tx, workspace, request, by=None)
        await queues.add([ref])
        return id

    async def _done(self, db: Database, supervisor: Supervisor, workspace_id: str, batch_id: str) -> Any:
        shown, step = 0, None
        words = f"Developing {self._template}"
        while True:
            async with db.read() as tx:
                status = await progress.status(tx, workspace_id, batch_id)
            waiting = status.state in (BatchState.CREATED, BatchState.VALIDATING)
            if status.total and not waiting:
                with bar(status.total, words) as step:
                    while True:
                        finished = status.total - status.counts.get(ItemStatus.PROCESSING, 0)
                        if finished > shown:
                            async with db.read() as tx:
                                done = (await tx.execute(_finished(batch_id))).all()
                            for item in done[shown:]:
                                await self._write(db, item.id)
                                step(item.name)
                            shown = max(shown, len(done))
                        if status.state != BatchState.PROCESSING or supervisor.stopping:
                            return status
                        await self._pause(supervisor)
                        async with db.read() as tx:
                            status = await progress.status(tx, workspace_id, batch_id)
            if status.state == BatchState.FAILED or supervisor.stopping:
                return status
            await self._pause(supervisor)

    async def _pause(self, supervisor: Supervisor) -> None:
        await asyncio.sleep(POLL_SECONDS)
        supervisor.look_after()

    async def _write(self, db: Database, item_id: str) -> tuple[RenditionRecord, ...]:
        """Put an item's files into the folder, those that are not there yet."""
        store, written = Store(self._settings.store), []
        async with db.read() as tx:
            files = (await tx.execute(_files(item_id))).all()
        for file in files:
            path = f"{file.channel}/{'rejected/' if file.rejected else ''}{file.name}"
            content = store.get(file.key)
            if content is not None:
                if path not in self._written:
                    atomic.write(self._out / path, content)
                    self._written.add(path)
                written.append(_rendition(file, path))
        return tuple(written)

    async def _report(self, db: Database, batch_id: str, started: float) -> Report:
        """Write the channels' files that are not written yet, and collect the report for the contact sheet."""
        store, records = Store(self._settings.store), []
        async with db.read() as tx:
            rows = (await tx.execute(_rows(batch_id))).all()
        for row in rows:
            records.append(_item(row, await self._write(db, row.id), store))
        by_id = channels(self._settings.channels_dir)
        return Report(
            packshot=__version__,
            templates={self._template: template(self._template).name},
            channels={id: by_id[id].name for id in dict.fromkeys((*self._channels, "master")) if id in by_id},
            notices=tuple(licence_notices([*cutting_models(self._settings), "open-nsfw"])),
            seconds=round(time.monotonic() - started, 1),
            items=tuple(records),
        )


def _packed(sheet: Path) -> bytes:
    """The list and the photos beside it as a ZIP, the same bytes each time."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path in [
            sheet,
            *sorted(p for p in sheet.parent.iterdir() if p.suffix.lower() in (".jpg", ".png", ".webp")),
        ]:
            archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes())
    return packed.getvalue()


def _finished(batch_id: str) -> Any:
    """Its items that are done or failed, with their photos' names, in the order in which that happened."""
    return (
        select(items.c.id, photos.c.name)
        .join(items, items.c.photo_id == photos.c.id)
        .where(items.c.batch_id == batch_id, items.c.status != ItemStatus.PROCESSING)
        .order_by(items.c.done_at, items.c.id)
    )


def _rows(batch_id: str) -> Any:
    return (
        select(
            items.c.id, items.c.status, items.c.error, items.c.style_id, photos, products.c.sku, products.c.title,
            item_versions.c.uncertainty, item_versions.c.steps, item_versions.c.findings.label("said"),
            item_versions.c.changes, item_versions.c.before_key, item_versions.c.after_key,
        )
        .join(item_versions, (item_versions.c.item_id == items.c.id) & (item_versions.c.version == items.c.version))
        .join(photos, photos.c.id == items.c.photo_id)
        .outerjoin(products, products.c.id == photos.c.product_id)
        .where(items.c.batch_id == batch_id)
        .order_by(items.c.position)
    )  # fmt: skip


def _files(item_id: str) -> Any:
    return (
        select(renditions)
        .join(items, (items.c.id == renditions.c.item_id) & (items.c.version == renditions.c.version))
        .where(items.c.id == item_id)
    )


def _rendition(file: Any, path: str) -> RenditionRecord:
    return RenditionRecord(
        channel=file.channel, path=path, sha256=file.sha256, bytes=file.bytes, size=(file.width, file.height),
        format=file.format, quality=file.quality, disclosure=file.disclosure, rejected=file.rejected,
        findings=file.findings,
    )  # fmt: skip


def _item(row: Any, files: tuple[RenditionRecord, ...], store: Store) -> ItemRecord:
    failed = row.status == ItemStatus.FAILED
    return ItemRecord(
        name=row.name,
        sku=row.sku or "",
        role=row.role,
        title=row.title or "",
        template=row.style_id,
        status="failed" if failed else "rejected" if any(f.rejected for f in files) else "done",
        error=(row.error or {}).get("reason", "") if failed else "",
        stack=(row.error or {}).get("stack") or "" if failed else "",
        photo=PhotoRecord(
            sha256=row.sha256, size=(row.width, row.height), format=row.format, profile=row.profile, bytes=row.bytes,
            fingerprint=row.fingerprint,
        ),
        uncertainty=row.uncertainty,
        steps=row.steps,
        findings=row.said,
        changes=tuple(row.changes),
        renditions=files,
        before=_inline(store, row.before_key),
        after=_inline(store, row.after_key),
    )  # fmt: skip


def _inline(store: Store, key: str) -> str:
    content = store.get(key) if key else None
    return jpeg_uri(content) if content else ""
