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
import stat
import tempfile
import time
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from packshot.catalog import batches
from packshot.catalog.asked import BatchAsked, Look, Source
from packshot.catalog.status import RunStatus
from packshot.catalog.work import Ticket
from packshot.db import Database, Tx
from packshot.db.tables import batches as batch_rows
from packshot.db.tables import now, runs, uploads, workspaces
from packshot.errors import BadInput, DamagedFile, PackshotError, UnsupportedFormat
from packshot.image import sniff
from packshot.intake.manifest import rows as manifest_rows
from packshot.intake.source import EXPORT, PHOTOS, SHEETS, check_size, clean, is_litter, not_a_photo, suffix_of
from packshot.settings import Limits, Settings
from packshot.store import Store

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0
STILL_SECONDS = 3.0
EMPTY_SECONDS = 60.0  # an empty file may be one whose bytes are still to come
LONGEST_SECONDS = 60.0  # where files keep coming, those that are there wait no longer than this …
LONGEST_LIST_SECONDS = 600.0  # … or than this, where a list may name photos that are still being copied
AGAIN_SECONDS = 60.0  # after a try that failed
KEPT_SECONDS = 7 * 24 * 3600.0
TAKEN, REJECTED, MARKER, MOVING = ".taken", "rejected", "batch.json", ".moving-"
_UNFINISHED = frozenset({".part", ".partial", ".tmp", ".crdownload", ".download"})


class Queue(Protocol):
    async def add(self, tickets: list[Ticket]) -> Any: ...


async def loop(settings: Settings, db: Database, store: Store, queues: Queue) -> None:
    """Watch the folders of all workspaces, for ever.  Of several processes on one inbox, one does."""
    watch = Watch(settings, db, store, queues)
    try:
        while True:
            try:
                await watch.look()
            except Exception as error:  # the next round tries again
                log.warning("watch.failed", error=str(error)[:300])
            await asyncio.sleep(POLL_SECONDS)
    finally:
        watch.close()


@dataclass(frozen=True, slots=True)
class Parcel:
    """Files of one taken folder that become one upload, and so one batch."""

    name: str
    kind: str  # zip | csv
    files: tuple[Path, ...]
    packed: bool = False  # they are to be packed into a ZIP
    top: Path = Path()  # names in the ZIP count from here


@dataclass
class _Seen:
    """A file as it was looked at last."""

    mark: tuple[int, int]  # bytes, moment of change
    since: float


@dataclass
class _Box:
    """What is remembered of one workspace's folder."""

    files: dict[Path, _Seen] = field(default_factory=dict)
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
        await asyncio.to_thread(_make, [root, *(root / id for id in found)])
        if not self._is_mine(root):
            return
        for id, settings in found.items():
            wish = (settings or {}).get("watch")
            if wish:
                try:
                    await self._folder(id, root / id, wish)
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

    async def _folder(self, workspace_id: str, folder: Path, wish: dict[str, Any]) -> None:
        box = self._boxes.setdefault(workspace_id, _Box())
        if box.followed is None:
            box.followed = await asyncio.to_thread(_recovered, folder)
        ready, bad = await asyncio.to_thread(self._still, folder, box)
        for path, error in bad:
            await asyncio.to_thread(_reject, folder, path, path.relative_to(folder), error.message)
        if ready:
            await asyncio.to_thread(_take, folder, ready)
        for name in await asyncio.to_thread(_unmarked, folder):
            if box.again.get(name, 0.0) > self._clock():
                continue
            try:
                await self._batches(workspace_id, folder, name, wish)
                box.followed.add(name)
                box.again.pop(name, None)
            except Exception as error:  # the files stay where they are, and are taken up again
                box.again[name] = self._clock() + AGAIN_SECONDS
                words = error.message if isinstance(error, PackshotError) else str(error)
                log.warning("watch.not_taken", workspace=workspace_id, folder=name, error=words[:300])
                await asyncio.to_thread(_note, folder / REJECTED / f"{name}.txt", _waiting_words(name, words))
        for name in sorted(box.followed):
            if await self._told(workspace_id, folder, name):
                box.followed.discard(name)

    def _still(self, folder: Path, box: _Box) -> tuple[list[Path], list[tuple[Path, PackshotError]]]:
        """Files to take now, and those that cannot be read: nothing while any of them still grows."""
        at, seen = self._clock(), {}
        for path, mark in _listed(folder):
            known = box.files.get(path)
            seen[path] = known if known is not None and known.mark == mark else _Seen(mark, at)
        box.files = seen
        still = [path for path, file in seen.items()
                 if at - file.since >= (STILL_SECONDS if file.mark[0] else EMPTY_SECONDS)]  # fmt: skip
        waited = max((at - seen[path].since for path in still), default=0.0)
        moving = any(at - file.since < STILL_SECONDS for file in seen.values())
        longest = LONGEST_LIST_SECONDS if any(suffix_of(path.name) in SHEETS for path in seen) else LONGEST_SECONDS
        if not still or (moving and waited < longest):
            return [], []
        bad = [(path, error) for path in still if (error := _unreadable(path, self._settings.limits)) is not None]
        return [path for path in still if path not in {wrong for wrong, _ in bad}], bad

    async def _batches(self, workspace_id: str, folder: Path, name: str, wish: dict[str, Any]) -> None:
        """One taken folder: what is in it, stored; its batches, made; its marker, written."""
        taken = folder / TAKEN / name
        parcels, bad = await asyncio.to_thread(_parcels, taken, self._settings.limits)
        for path, error in bad:
            await asyncio.to_thread(_reject, folder, path, path.relative_to(taken), error.message)
        made = []
        for number, parcel in enumerate(parcels):
            upload_id = f"upl_{hashlib.sha256(f'{workspace_id}/{name}/{number}'.encode()).hexdigest()[:27]}"
            batch_id, ticket = await self._batch(workspace_id, upload_id, name, parcel, wish)
            if ticket is not None:
                await self._queues.add([ticket])
                log.info("watch.taken", workspace=workspace_id, batch=batch_id, files=len(parcel.files))
            made.append({"id": batch_id, "files": [path.relative_to(taken).as_posix() for path in parcel.files]})
        await asyncio.to_thread(_note, taken / MARKER, json.dumps({"batches": made, "told": not made}))
        (folder / REJECTED / f"{name}.txt").unlink(missing_ok=True)

    async def _batch(
        self, workspace_id: str, upload_id: str, name: str, parcel: Parcel, wish: dict[str, Any]
    ) -> tuple[str | None, Ticket | None]:
        async with self._db.read() as tx:
            known = await _batch_of(tx, workspace_id, upload_id)
        if known is not None:
            return known, None
        key = f"uploads/{workspace_id}/{upload_id}"
        size = await asyncio.to_thread(_stored, self._store, key, parcel, self._settings.data_dir / "parts")
        moment = datetime.strptime(name[:15], "%Y%m%d-%H%M%S").strftime("%Y-%m-%d %H:%M:%S")
        asked = BatchAsked(
            name=f"{clean(parcel.name)[:150]}, {moment}", source=Source(upload=upload_id),
            looks=(Look(template=wish.get("template") or "white", options=wish.get("options") or {}),),
            channels=tuple(wish.get("channels") or ()), priority=wish.get("priority") or "standard",
        )  # fmt: skip
        at = now()
        row = {
            "id": upload_id, "workspace_id": workspace_id, "kind": parcel.kind, "name": clean(parcel.name)[:200],
            "key": key, "bytes": size, "created_at": at, "expires_at": at + KEPT_SECONDS,
        }  # fmt: skip
        async with self._db.write() as tx:
            new = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
            inserted = await tx.execute(new(uploads).values(**row).on_conflict_do_nothing())
            if not inserted.rowcount:  # somebody else was first
                return await _batch_of(tx, workspace_id, upload_id), None
            return await batches.create(tx, workspace_id, asked, by=None)

    async def _told(self, workspace_id: str, folder: Path, name: str) -> bool:
        """Once its batches are listed, files that were not taken go to `rejected`.  Whether that is done."""
        taken = folder / TAKEN / name
        marker = await asyncio.to_thread(_read_marker, taken)
        if marker is None or marker["told"]:
            return True
        ids = [batch["id"] for batch in marker["batches"]]
        async with self._db.read() as tx:
            rows = (await tx.execute(
                select(batch_rows.c.unmatched, batch_rows.c.error, runs.c.status)
                .join(runs, runs.c.id == batch_rows.c.run_id)
                .where(batch_rows.c.workspace_id == workspace_id, batch_rows.c.id.in_(ids))
            )).all()  # fmt: skip
        if any(row.status in (RunStatus.QUEUED, RunStatus.RUNNING) for row in rows):
            return False
        refused = [(one["name"], one["reason"]) for row in rows for one in row.unmatched]
        refused += [("", row.error) for row in rows if row.error and not row.unmatched]
        await asyncio.to_thread(_return, folder, taken, refused)
        await asyncio.to_thread(_note, taken / MARKER, json.dumps(marker | {"told": True}))
        return True


async def _batch_of(tx: Tx, workspace_id: str, upload_id: str) -> str | None:
    """The batch that was made of an upload."""
    source = runs.c.request["source"]["upload"].as_string()
    found: str | None = await tx.scalar(
        select(runs.c.batch_id).where(runs.c.workspace_id == workspace_id, runs.c.kind == "batch", source == upload_id)
    )
    return found


# --- what lies there; these read and move files, so they run on a thread ---


def _make(folders: Sequence[Path]) -> None:
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)


def _listed(folder: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    """Files that somebody put there, with their bytes and moment of change.  No links, nothing hidden or unfinished."""
    for parent, inner, names in os.walk(folder):
        above = Path(parent)
        inner[:] = [name for name in inner if not is_litter([name]) and not (above == folder and name == REJECTED)]
        for name in sorted(names):
            if is_litter([name]) or suffix_of(name) in _UNFINISHED:
                continue
            with suppress(OSError):  # it was taken away meanwhile
                state = (above / name).lstat()
                if stat.S_ISREG(state.st_mode):
                    yield above / name, (state.st_size, state.st_mtime_ns)


def _unreadable(path: Path, limits: Limits) -> PackshotError | None:
    """Why a file cannot be taken, by its name, size and first bytes: it is decoded elsewhere."""
    suffix = suffix_of(path.name)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            kind = sniff(file.read(256))
        if size == 0:
            raise DamagedFile("the file is empty.", remedy="Copy or export it again.")
        if suffix in SHEETS:
            list(manifest_rows(path.read_bytes(), limits))
        elif suffix == ".zip":
            if kind != "ZIP":
                raise DamagedFile("this is not a ZIP archive.", remedy="Pack it again.")
        elif suffix in PHOTOS:
            check_size(size, limits)
            if not kind or not kind[0].isupper() or kind in ("ZIP", "PDF"):
                raise DamagedFile("this is not a photo, whatever its name says.", remedy=EXPORT)
        else:
            raise not_a_photo(path.name) or UnsupportedFormat(
                "this is neither a photo, a ZIP nor a CSV list.", remedy=EXPORT
            )
    except PackshotError as error:
        return error
    except OSError as error:
        return BadInput(f"it cannot be read ({(error.strerror or 'unknown error').lower()}).")
    return None


def _take(folder: Path, ready: Sequence[Path]) -> None:
    """Move them to a folder of their own, which gets its name once it is whole."""
    name = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    moving = folder / TAKEN / f"{MOVING}{name}"
    moving.mkdir(parents=True)
    for path in ready:
        target = moving / path.relative_to(folder)
        with suppress(FileNotFoundError, PermissionError):  # taken away meanwhile, or still open on Windows
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
    _finish_move(moving)
    for above in {path.parent for path in ready} - {folder}:
        while above != folder:
            with suppress(OSError):  # other files are still in it
                above.rmdir()
            above = above.parent


def _finish_move(moving: Path) -> None:
    if any(path.is_file() for path in moving.rglob("*")):
        moving.rename(moving.with_name(moving.name.removeprefix(MOVING)))
    else:
        for path in sorted(moving.rglob("*"), reverse=True):
            path.rmdir()
        moving.rmdir()


def _recovered(folder: Path) -> set[str]:
    """After a start: moves that were cut short are ended.  Taken folders whose batches are to be followed."""
    if not (folder / TAKEN).is_dir():
        return set()
    for path in (folder / TAKEN).iterdir():
        if path.name.startswith(MOVING):
            _finish_move(path)
    names = [path.name for path in (folder / TAKEN).iterdir() if path.is_dir()]
    return {name for name in names if (marker := _read_marker(folder / TAKEN / name)) and not marker["told"]}


def _unmarked(folder: Path) -> list[str]:
    if not (folder / TAKEN).is_dir():
        return []
    return sorted(
        path.name for path in (folder / TAKEN).iterdir()
        if path.is_dir() and not path.name.startswith(".") and not (path / MARKER).exists()
    )  # fmt: skip


def _read_marker(taken: Path) -> dict[str, Any] | None:
    try:
        marker: dict[str, Any] = json.loads((taken / MARKER).read_text())
    except (OSError, ValueError):
        return None
    return marker


# --- parcels ---


def _parcels(taken: Path, limits: Limits) -> tuple[list[Parcel], list[tuple[Path, PackshotError]]]:
    """What becomes which upload, the same each time: ZIPs and lists by themselves, photos with the list that names
    them, all other photos together."""
    files = [path for path, _ in _listed(taken) if path.name != MARKER]
    bad = [(path, error) for path in files if (error := _unreadable(path, limits)) is not None]
    wrong = {path for path, _ in bad}
    left = {path: None for path in files if suffix_of(path.name) in PHOTOS and path not in wrong}
    parcels = [
        Parcel(path.name, "zip", (path,)) for path in files if suffix_of(path.name) == ".zip" and path not in wrong
    ]
    for sheet in files:
        if suffix_of(sheet.name) not in SHEETS or sheet in wrong:
            continue
        own = [path for path in _named_by(sheet, limits) if path in left]
        for path in own:
            del left[path]
        if own:
            parcels.append(Parcel(sheet.stem, "zip", (sheet, *own), packed=True, top=sheet.parent))
        else:
            parcels.append(Parcel(sheet.name, "csv", (sheet,)))
    held: list[Path] = []
    size = 0
    for path in left:
        bytes_ = path.stat().st_size
        if held and (len(held) >= limits.zip_members or size + bytes_ > limits.zip_bytes):
            parcels.append(Parcel("Photos", "zip", tuple(held), packed=True, top=taken))
            held, size = [], 0
        held.append(path)
        size += bytes_
    if held:
        parcels.append(Parcel("Photos", "zip", tuple(held), packed=True, top=taken))
    return parcels, bad


def _named_by(sheet: Path, limits: Limits) -> list[Path]:
    """Photos beside a list that its rows name."""
    beside = {unicodedata.normalize("NFC", path.relative_to(sheet.parent).as_posix()): path
              for path, _ in _listed(sheet.parent)}  # fmt: skip
    named = dict.fromkeys(
        unicodedata.normalize("NFC", str(PurePosixPath(row["file"].replace("\\", "/"))))
        for _, row in manifest_rows(sheet.read_bytes(), limits)
        if row.get("file")
    )
    return [beside[name] for name in named if name in beside]


def _stored(store: Store, key: str, parcel: Parcel, parts: Path) -> int:
    """Put an upload into the store, whole and on the disk.  Gives its bytes.  Raises DiskFull."""
    if not parcel.packed:
        store.put_file(key, parcel.files[0])
        return parcel.files[0].stat().st_size
    parts.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parts) as inner:
        packed = Path(inner) / "photos.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            for path in parcel.files:
                archive.write(path, path.relative_to(parcel.top).as_posix())
        store.put_file(key, packed)
        return packed.stat().st_size


# --- what is told ---


def _reject(folder: Path, path: Path, name: Path, words: str) -> None:
    """Put a file aside, with a text beside it that says why."""
    target = folder / REJECTED / name
    target.parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while target.exists():
        number += 1
        target = (folder / REJECTED / name).with_stem(f"{name.stem}-{number}")
    with suppress(FileNotFoundError):
        path.rename(target)
        _note(target.with_name(f"{target.name}.txt"), f"{name.as_posix()}: {words}\n")


def _return(folder: Path, taken: Path, refused: Sequence[tuple[str, str]]) -> None:
    """What a batch did not take: its file, where it came as one, and the reason; the rest in one text."""
    files = {path.relative_to(taken).as_posix(): path for path, _ in _listed(taken) if path.name != MARKER}
    others = []
    for name, reason in refused:
        archive, _, inner = name.partition("/")  # the archive is one that Packshot made, or came as it is
        path = files.pop(inner, None) if archive not in files else None
        if path is None:
            others.append(f"{name}: {reason}" if name else reason)
        else:
            _reject(folder, path, Path(inner), reason)
    if others:
        _note(folder / REJECTED / f"{taken.name}.txt", "\n".join(others) + "\n")


def _waiting_words(name: str, words: str) -> str:
    return f"The files in {TAKEN}/{name} wait, and are tried again every minute: {words}\n"


def _note(path: Path, words: str) -> None:
    """Write a small file at once and whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as out:
        out.write(words)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
