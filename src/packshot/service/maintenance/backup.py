"""Backups: everything the service keeps in one tar, whatever database and store it came from or goes to.

In the tar, in this order: `manifest.json` (format, the database's revision, how many rows), `tables/NAME.jsonl` (rows
of one state of the database, tables that others refer to first), `objects/KEY` (each file that a row names), perhaps
`secret.key`, and `sums.jsonl` (bytes and sha256 of all of these) at the end: a backup without its end is no backup.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from alembic.script import ScriptDirectory
from sqlalchemy import LargeBinary, Table, func, literal_column, select, text
from sqlalchemy.exc import DBAPIError

from packshot import __version__, atomic
from packshot.db import Database, Tx
from packshot.db.tables import metadata, now
from packshot.db.upgrade import configuration
from packshot.errors import Conflict, DamagedFile, DiskFull, NotFound, Unavailable
from packshot.service.maintenance.purge import referenced
from packshot.settings import Settings
from packshot.store import Store

FORMAT = 1
CHUNK = 500
SMALL_BYTES = 8 * 2**20  # held in memory, a few at a time; larger ones are streamed
_AHEAD = 8
PIECE = 2**20
_NUMBERED = ("events",)  # the database gives out their numbers

Bar = Callable[[int, str], AbstractContextManager[Callable[[str], None]]]


@dataclass(frozen=True, slots=True)
class Progress:
    """What went into a backup, or came out of it."""

    rows: int
    objects: int
    bytes: int
    missing: int = 0  # files that rows name and the store no longer has
    secret: bool = False
    lost_credentials: int = 0  # destinations whose kept secret cannot be read without the old key


async def backup(
    db: Database, store: Store, settings: Settings, path: Path, *, bar: Bar, with_secret: bool = False
) -> Progress:
    """Write one, while the service runs.

    Raises NotFound, Unavailable where nothing can be written there, Conflict where the file is there already, DiskFull.
    """
    if not path.parent.is_dir():
        raise NotFound("there is no such folder.", subject=str(path.parent), remedy="Make it first, or name another.")
    if not os.access(path.parent, os.W_OK):
        raise Unavailable("this folder cannot be written.", subject=str(path.parent), remedy="Name another one.")
    if path.exists():
        raise Conflict("there is a file of this name already.", subject=str(path), remedy="Choose another name.")
    try:
        # Its owner's alone: a backup holds password hashes.
        with said_when_full(), atomic.opened(path, new=True, durable=True, mode=0o600) as out:
            return await _written(db, store, settings, out, path.parent, bar, with_secret)
    except FileExistsError:
        raise Conflict("there is a file of this name by now.", subject=str(path)) from None


async def _written(
    db: Database, store: Store, settings: Settings, out: IO[bytes], folder: Path, bar: Bar, with_secret: bool
) -> Progress:
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        sheet = _Sheet(tar)
        async with db.read() as tx:
            if not db.is_sqlite:  # what SQLite gives by itself: one state for all that is read
                await tx.execution_options(isolation_level="REPEATABLE READ")
            manifest = await _manifest(tx)
            sheet.add("manifest.json", json.dumps(manifest, indent=1).encode())
            with bar(len(manifest["tables"]), "Reading tables") as step:
                for name, count in manifest["tables"].items():
                    await _table(tx, metadata.tables[name], count, sheet, folder)
                    step(name)
            keys = sorted(await referenced(tx, at=now()))
        missing = 0
        with bar(len(keys), "Copying files") as step:
            async for key, content in _contents(store, keys):
                if content is None:
                    missing += 1
                elif isinstance(content, bytes):
                    sheet.add(f"objects/{key}", content)
                elif not await _large(store, key, sheet, folder):
                    missing += 1
                step(key)
        secret = settings.data_dir / "secret.key"
        has_secret = with_secret and secret.exists()
        objects, size = sheet.count("objects/")
        if has_secret:
            sheet.add("secret.key", secret.read_bytes())
        sheet.end()
    return Progress(sum(manifest["tables"].values()), objects, size, missing=missing, secret=has_secret)


async def _manifest(tx: Tx) -> dict[str, Any]:
    counts = {}
    try:
        revision = await tx.scalar(select(literal_column("version_num")).select_from(text("alembic_version")))
    except DBAPIError:
        revision = None
    if revision != newest_revision():
        raise Conflict(
            "the database is not at this version's state.", remedy="Run `packshot migrate` first, then back it up."
        )
    for table in metadata.sorted_tables:
        counts[table.name] = await tx.scalar(select(func.count()).select_from(table)) or 0
    return {
        "format": FORMAT, "packshot": __version__, "revision": revision, "taken_at": now(), "tables": counts,
        "last_numbers": {name: await _last_number(tx, metadata.tables[name]) for name in _NUMBERED},
    }  # fmt: skip


async def _last_number(tx: Tx, table: Table) -> int:
    """The highest that was ever given out: it is never given again, even where its row has gone."""
    (column,) = table.primary_key.columns
    last = await tx.scalar(select(func.max(column))) or 0
    if tx.dialect.name == "sqlite":
        if table.dialect_options["sqlite"]["autoincrement"]:
            given = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
            last = max(last, await tx.scalar(given, {"name": table.name}) or 0)
        return int(last)
    sequence = await tx.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
    given = await tx.scalar(text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"))
    return int(max(last, given or 0))


async def _table(tx: Tx, table: Table, count: int, sheet: _Sheet, folder: Path) -> None:
    """One row a line, through a file beside the backup: a tar wants to know the size first."""
    with tempfile.TemporaryFile(dir=folder) as lines:
        written = 0
        async for row in _rows(tx, table):
            lines.write(json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
            written += 1
        if written != count:
            raise Unavailable("the database changed while it was read.", remedy="Please report this.")
        size = lines.tell()
        lines.seek(0)
        sheet.stream(f"tables/{table.name}.jsonl", lines, size)


async def _rows(tx: Tx, table: Table) -> AsyncIterator[list[Any]]:
    """Values in the order of the columns; those that others of the same table refer to come first."""
    binary = [isinstance(column.type, LargeBinary) for column in table.columns]
    parent = next((key.parent.name for key in table.foreign_keys if key.column.table is table), None)
    found = await tx.stream(select(table).execution_options(yield_per=CHUNK))
    if parent is None:
        async for row in found:
            yield _plain(row, binary)
        return
    waiting = list(await found.fetchall())
    there: set[str] = set()
    while waiting:
        ready = [row for row in waiting if getattr(row, parent) is None or getattr(row, parent) in there]
        there |= {row.id for row in ready}
        waiting = [row for row in waiting if row.id not in there]
        for row in ready:
            yield _plain(row, binary)
        if not ready:
            raise DamagedFile(f"rows of {table.name} refer to each other in a circle.", remedy="Please report this.")


def _plain(row: Any, binary: Sequence[bool]) -> list[Any]:
    return [
        base64.b64encode(value).decode() if is_binary and value is not None else value
        for value, is_binary in zip(row, binary, strict=True)
    ]


async def _contents(store: Store, keys: Sequence[str]) -> AsyncIterator[tuple[str, bytes | int | None]]:
    """Each file: its bytes, or its size where it is large, or None where it is gone."""

    async def one(key: str) -> bytes | int | None:
        size = await store.asize(key)
        return size if size is None or size > SMALL_BYTES else await store.aget(key)

    for first in range(0, len(keys), _AHEAD):
        some = keys[first : first + _AHEAD]
        for key, content in zip(some, await asyncio.gather(*map(one, some)), strict=True):
            yield key, content


async def _large(store: Store, key: str, sheet: _Sheet, folder: Path) -> bool:
    """Whether it was still there."""
    with tempfile.TemporaryDirectory(dir=folder) as inner:
        copy = Path(inner) / "object"
        if not await asyncio.to_thread(store.get_file, key, copy):
            return False
        with copy.open("rb") as file:
            sheet.stream(f"objects/{key}", file, copy.stat().st_size)
    return True


@dataclass
class _Sheet:
    """Members as they go into the tar, and what their bytes add up to."""

    tar: tarfile.TarFile
    lines: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, content: bytes) -> None:
        self.stream(name, io.BytesIO(content), len(content))

    def stream(self, name: str, file: IO[bytes], size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = size, int(now()), 0o600
        summing = Summing(file)
        self.tar.addfile(member, summing)
        self.tar.members.clear()  # type: ignore[attr-defined]  # it would remember each one
        self.lines.append({"name": name, "bytes": size, "sha256": summing.sum.hexdigest()})

    def count(self, prefix: str) -> tuple[int, int]:
        mine = [line["bytes"] for line in self.lines if line["name"].startswith(prefix)]
        return len(mine), sum(mine)

    def end(self) -> None:
        self.add("sums.jsonl", b"".join(json.dumps(line).encode() + b"\n" for line in self.lines))


class Summing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.sum.update(piece)
        return piece


def newest_revision() -> str:
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None
    return head


@contextmanager
def said_when_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("the disk is full.", remedy="Make room, or choose another disk.") from error
        raise
