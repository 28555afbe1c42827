"""Watched folders: photos, ZIPs and lists that are put into a workspace's folder become batches by themselves.

Files that stood still are moved to `.taken/MOMENT/`, packed, stored as an upload, and made a batch; a marker in that
folder says which. Ended anywhere and begun again it goes on: a folder without a marker is taken up again, and an
upload's id follows from the folder's name, so that no photo becomes two batches. What cannot be read ends in
`rejected/`, beside a text that says why. It only ever looks (no notices of the system), so it works on network drives.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from packshot.catalog.batches import lifecycle
from packshot.catalog.batches.requests import BatchRequest, PhotoSource, StyleChoice
from packshot.catalog.ports import JobRef
from packshot.catalog.status import JobStatus
from packshot.db import Database, Tx
from packshot.db.errors import cause_of
from packshot.db.tables import batches as batch_rows
from packshot.db.tables import jobs, now, uploads, workspaces
from packshot.errors import PackshotError
from packshot.intake.source import SHEETS, clean, suffix_of
from packshot.intake.table import ColumnMap
from packshot.service.watched_folder import folder as folders
from packshot.settings import Settings
from packshot.store import Store

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0
STILL_SECONDS = 3.0
EMPTY_SECONDS = 60.0  # an empty file may be one whose bytes are still to come
LONGEST_SECONDS = 60.0  # where files keep coming, those that are there wait no longer than this …
LONGEST_LIST_SECONDS = 600.0  # … or than this, where a list may name photos that are still being copied
AGAIN_SECONDS = 60.0  # after a try that failed
STORED_SECONDS = 7 * 24 * 3600.0


class Queue(Protocol):
    async def add(self, refs: list[JobRef]) -> Any: ...


async def loop(settings: Settings, db: Database, store: Store, queues: Queue) -> None:
    """Watch the folders of all workspaces, for ever.  Of several processes on one inbox, one does."""
    watch = Watch(settings, db, store, queues)
    try:
        while True:
            try:
                await watch.look()
            except Exception as error:  # the next round tries again
                if cause_of(error) is None:
                    log.warning("watch.failed", error=str(error)[:300])
            await asyncio.sleep(POLL_SECONDS)
    finally:
        watch.close()


@dataclass
class _Sighting:
    """A file as it was looked at last."""

    mark: tuple[int, int]  # bytes, moment of change
    since: float


@dataclass
class _Box:
    """What is remembered of one workspace's folder."""

    files: dict[Path, _Sighting] = field(default_factory=dict)
    again: dict[str, float] = field(default_factory=dict)  # taken folder → not before
    followed: set[str] | None = None  # taken folders whose batches are not listed yet; None: not looked up


class Watch:
    """The state between two looks.  clock: seconds, going forward."""

    def __init__(
        self, settings: Settings, db: Database, store: Store, queues: Queue,
        *, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._settings, self._db, self._store, self._queues = settings, db, store, queues
        self._clock = clock
        self._boxes: dict[str, _Box] = {}
        self._lock: int | None = None

    async def look(self) -> None:
        """One round over all folders."""
        root = self._settings.inbox
        async with self._db.read() as tx:
            found = {row.id: row.settings for row in await tx.execute(select(workspaces.c.id, workspaces.c.settings))}
        await asyncio.to_thread(folders.make, [root, *(root / id for id in found)])
        if not self._is_mine(root):
            return
        for id, settings in found.items():
            choice = (settings or {}).get("watch")
            if choice:
                try:
                    await self._folder(id, root / id, choice, ColumnMap(remembered=settings.get("list_columns") or {}))
                except OSError as error:
                    log.warning("watch.folder_failed", workspace=id, error=str(error)[:300])

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _is_mine(self, root: Path) -> bool:
        """Whether no other process watches it."""
        if self._lock is not None:
            return True
        handle = os.open(root / ".watch.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        except OSError:  # a network drive without locks: one API is then to be run on it
            log.warning("watch.no_locks", folder=str(root))
        self._lock = handle
        return True

    async def _folder(self, workspace_id: str, folder: Path, choice: dict[str, Any], columns: ColumnMap) -> None:
        box = self._boxes.setdefault(workspace_id, _Box())
        if box.followed is None:
            box.followed = await asyncio.to_thread(folders.recovered, folder)
        ready, bad = await asyncio.to_thread(self._still, folder, box, columns)
        for path, error in bad:
            await asyncio.to_thread(folders.reject, folder, path, path.relative_to(folder), error.message)
        if ready:
            await asyncio.to_thread(folders.take, folder, ready)
        for name in await asyncio.to_thread(folders.unmarked, folder):
            if box.again.get(name, 0.0) > self._clock():
                continue
            try:
                await self._batches(workspace_id, folder, name, choice, columns)
                box.followed.add(name)
                box.again.pop(name, None)
            except Exception as error:  # the files stay where they are, and are taken up again
                box.again[name] = self._clock() + AGAIN_SECONDS
                words = error.message if isinstance(error, PackshotError) else str(error)
                log.warning("watch.not_taken", workspace=workspace_id, folder=name, error=words[:300])
                await asyncio.to_thread(
                    folders.note, folder / folders.REJECTED / f"{name}.txt", folders.waiting_words(name, words)
                )
        for name in sorted(box.followed):
            if await self._reported(workspace_id, folder, name):
                box.followed.discard(name)

    def _still(
        self, folder: Path, box: _Box, columns: ColumnMap
    ) -> tuple[list[Path], list[tuple[Path, PackshotError]]]:
        """Files to take now, and those that cannot be read: nothing while any of them still grows."""
        at, sizes = self._clock(), {}
        for path, mark in folders.listed(folder):
            earlier = box.files.get(path)
            sizes[path] = earlier if earlier is not None and earlier.mark == mark else _Sighting(mark, at)
        box.files = sizes
        still = [path for path, file in sizes.items()
                 if at - file.since >= (STILL_SECONDS if file.mark[0] else EMPTY_SECONDS)]  # fmt: skip
        waited = max((at - sizes[path].since for path in still), default=0.0)
        moving = any(at - file.since < STILL_SECONDS for file in sizes.values())
        longest = LONGEST_LIST_SECONDS if any(suffix_of(path.name) in SHEETS for path in sizes) else LONGEST_SECONDS
        if not still or (moving and waited < longest):
            return [], []
        bad = [
            (path, error)
            for path in still
            if (error := folders.unreadable(path, self._settings.limits, columns)) is not None
        ]
        return [path for path in still if path not in {wrong for wrong, _ in bad}], bad

    async def _batches(
        self, workspace_id: str, folder: Path, name: str, choice: dict[str, Any], columns: ColumnMap
    ) -> None:
        """One taken folder: what is in it, stored; its batches, made; its marker, written."""
        taken = folder / folders.TAKEN / name
        parcels, bad = await asyncio.to_thread(folders.parcels, taken, self._settings.limits, columns)
        for path, error in bad:
            await asyncio.to_thread(folders.reject, folder, path, path.relative_to(taken), error.message)
        created = []
        for number, parcel in enumerate(parcels):
            upload_id = f"upl_{hashlib.sha256(f'{workspace_id}/{name}/{number}'.encode()).hexdigest()[:27]}"
            batch_id, ref = await self._batch(workspace_id, upload_id, name, parcel, choice)
            if ref is not None:
                await self._queues.add([ref])
                log.info("watch.taken", workspace=workspace_id, batch=batch_id, files=len(parcel.files))
            created.append({"id": batch_id, "files": [path.relative_to(taken).as_posix() for path in parcel.files]})
        await asyncio.to_thread(
            folders.note, taken / folders.MARKER, json.dumps({"batches": created, "told": not created})
        )
        (folder / folders.REJECTED / f"{name}.txt").unlink(missing_ok=True)

    async def _batch(
        self, workspace_id: str, upload_id: str, name: str, parcel: folders.Parcel, choice: dict[str, Any]
    ) -> tuple[str | None, JobRef | None]:
        async with self._db.read() as tx:
            earlier = await _batch_of(tx, workspace_id, upload_id)
        if earlier is not None:
            return earlier, None
        key = f"uploads/{workspace_id}/{upload_id}"
        size = await asyncio.to_thread(folders.stored, self._store, key, parcel, self._settings.data_dir / "parts")
        moment = datetime.strptime(name[:15], "%Y%m%d-%H%M%S").strftime("%Y-%m-%d %H:%M:%S")
        asked = BatchRequest(
            name=f"{clean(parcel.name)[:150]}, {moment}", source=PhotoSource(upload=upload_id),
            styles=(StyleChoice(style=choice.get("style") or "white", options=choice.get("options") or {}),),
            channels=tuple(choice.get("channels") or ()), priority=choice.get("priority") or "standard",
        )  # fmt: skip
        at = now()
        row = {
            "id": upload_id, "workspace_id": workspace_id, "kind": parcel.kind, "name": clean(parcel.name)[:200],
            "key": key, "bytes": size, "created_at": at, "expires_at": at + STORED_SECONDS,
        }  # fmt: skip
        async with self._db.write() as tx:
            new = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
            inserted = await tx.execute(new(uploads).values(**row).on_conflict_do_nothing())
            if not inserted.rowcount:  # somebody else was first
                return await _batch_of(tx, workspace_id, upload_id), None
            return await lifecycle.create(tx, workspace_id, asked, by=None)

    async def _reported(self, workspace_id: str, folder: Path, name: str) -> bool:
        """Once its batches are listed, files that were not taken go to `rejected`.  Whether that is done."""
        taken = folder / folders.TAKEN / name
        marker = await asyncio.to_thread(folders.read_marker, taken)
        if marker is None or marker["told"]:
            return True
        ids = [batch["id"] for batch in marker["batches"]]
        async with self._db.read() as tx:
            rows = (await tx.execute(
                select(batch_rows.c.unmatched, batch_rows.c.error, jobs.c.status, jobs.c.result)
                .join(jobs, jobs.c.id == batch_rows.c.job_id)
                .where(batch_rows.c.workspace_id == workspace_id, batch_rows.c.id.in_(ids))
            )).all()  # fmt: skip
        if any(row.status in (JobStatus.QUEUED, JobStatus.RUNNING) for row in rows):
            return False
        refused = [(one["name"], one["reason"]) for row in rows for one in row.unmatched]
        refused += [("", row.error) for row in rows if row.error and not row.unmatched]
        notes = [f"{one['name']}: {one['words']}" for row in rows for one in (row.result or {}).get("notes") or ()]
        await asyncio.to_thread(folders.returned, folder, taken, refused, notes)
        await asyncio.to_thread(folders.note, taken / folders.MARKER, json.dumps(marker | {"told": True}))
        return True


async def _batch_of(tx: Tx, workspace_id: str, upload_id: str) -> str | None:
    """The batch that was made of an upload."""
    source = jobs.c.request["source"]["upload"].as_string()
    found: str | None = await tx.scalar(
        select(jobs.c.batch_id).where(jobs.c.workspace_id == workspace_id, jobs.c.kind == "batch", source == upload_id)
    )
    return found
