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
import re
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Column, LargeBinary, Table, bindparam, func, insert, literal_column, select, text
from sqlalchemy.exc import DBAPIError

from packshot import __version__
from packshot.db import Database, Tx
from packshot.db.tables import destinations, metadata, now
from packshot.db.upgrade import configuration
from packshot.errors import BadInput, Conflict, DamagedFile, DiskFull, NotFound, Unavailable
from packshot.purge import PREFIXES, referenced
from packshot.settings import Settings
from packshot.store import Store

FORMAT = 1
CHUNK = 500
SMALL_BYTES = 8 * 2**20  # held in memory, a few at a time; larger ones are streamed
_AHEAD = 8
_PIECE = 2**20
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*(/[A-Za-z0-9_][A-Za-z0-9_.\-]*)+")
_NUMBERED = ("events", "login_tries")  # the database gives out their numbers

Bar = Callable[[int, str], AbstractContextManager[Callable[[str], None]]]


@dataclass(frozen=True, slots=True)
class Told:
    """What went into a backup, or came out of it."""

    rows: int
    objects: int
    bytes: int
    missing: int = 0  # files that rows name and the store no longer has
    secret: bool = False
    lost_credentials: int = 0  # destinations whose kept secret cannot be read without the old key


# --- into the file ---


async def backup(
    db: Database, store: Store, settings: Settings, path: Path, *, bar: Bar, with_secret: bool = False
) -> Told:
    """Write one, while the service runs.  Raises Conflict where the file is there already, DiskFull."""
    if path.exists():
        raise Conflict("there is a file of this name already.", subject=str(path), remedy="Choose another name.")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _told_when_full(), _private(part) as out:
            told = await _written(db, store, settings, out, path.parent, bar, with_secret)
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(part, path)  # unlike a rename it overwrites nothing
        except FileExistsError:
            raise Conflict("there is a file of this name by now.", subject=str(path)) from None
        except OSError:  # a disk without hard links
            part.rename(path)
        return told
    finally:
        part.unlink(missing_ok=True)


async def _written(
    db: Database, store: Store, settings: Settings, out: IO[bytes], folder: Path, bar: Bar, with_secret: bool
) -> Told:
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
    return Told(sum(manifest["tables"].values()), objects, size, missing=missing, secret=has_secret)


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
        summing = _Summing(file)
        self.tar.addfile(member, summing)
        self.tar.members.clear()  # type: ignore[attr-defined]  # it would remember each one
        self.lines.append({"name": name, "bytes": size, "sha256": summing.sum.hexdigest()})

    def count(self, prefix: str) -> tuple[int, int]:
        mine = [line["bytes"] for line in self.lines if line["name"].startswith(prefix)]
        return len(mine), sum(mine)

    def end(self) -> None:
        self.add("sums.jsonl", b"".join(json.dumps(line).encode() + b"\n" for line in self.lines))


class _Summing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.sum.update(piece)
        return piece


# --- out of the file ---


def check(path: Path) -> dict[str, Any]:
    """Its manifest.  Raises NotFound, DamagedFile, and Conflict where another version made it."""
    with _opened(path) as tar:
        return _checked_manifest(tar, path)


async def restore(db: Database, store: Store, settings: Settings, path: Path, *, bar: Bar) -> Told:
    """Put a backup into an empty database that is at this version's state, and its files into the store.

    Files go first and rows last, in one transaction: what ends in between can simply be done again.
    Raises Conflict where the database is not empty, DamagedFile, DiskFull.
    """
    manifest = check(path)
    async with db.read() as tx:
        await _must_be_empty(tx, settings)
    with _told_when_full():
        sums = _sums(path)
        _check_complete(manifest, sums)
        secret, objects, size = await asyncio.to_thread(_objects, path, store, sums, bar)
        async with db.write() as tx:
            await _must_be_empty(tx, settings)
            rows = await _fill(tx, path, manifest, sums, bar)
            sealed = await tx.scalar(select(func.count()).where(func.length(destinations.c.secret) > 0)) or 0
            if secret is not None:
                _keep_secret(settings.data_dir / "secret.key", secret)
    own = bool(secret) or bool(settings.secret.get_secret_value())
    return Told(rows, objects, size, secret=secret is not None, lost_credentials=0 if own else int(sealed))


def newest_revision() -> str:
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None
    return head


def _checked_manifest(tar: tarfile.TarFile, path: Path) -> dict[str, Any]:
    member = tar.next()
    file = tar.extractfile(member) if member is not None and member.name == "manifest.json" else None
    if file is None:
        raise DamagedFile("this is not a backup of Packshot.", subject=path.name)
    manifest: dict[str, Any] = json.loads(file.read())
    if manifest.get("format") != FORMAT or manifest.get("revision") != newest_revision():
        raise Conflict(
            f"this backup was made by Packshot {manifest.get('packshot')}, whose tables differ from this version's.",
            subject=path.name, remedy="Restore it with that version, then start this one: it brings tables up to date.",
        )  # fmt: skip
    return manifest


async def _must_be_empty(tx: Tx, settings: Settings) -> None:
    for table in metadata.sorted_tables:
        if (await tx.execute(select(literal_column("1")).select_from(table).limit(1))).first() is not None:
            place = "PACKSHOT_DATABASE_URL" if settings.database_url else str(settings.data_dir)
            raise Conflict(
                "there is something in this database already; a backup goes into an empty one only.",
                subject=place, remedy="Stop the service and name a new data folder, or a new database.",
            )  # fmt: skip


def _members(path: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    with _opened(path) as tar:
        while (member := tar.next()) is not None:
            tar.members.clear()  # type: ignore[attr-defined]
            file = tar.extractfile(member) if member.isreg() else None
            if file is not None:
                yield member, file


def _sums(path: Path) -> dict[str, tuple[int, str]]:
    """Name → bytes and sha256, as the file's own end says."""
    for member, file in _members(path):
        if member.name == "sums.jsonl":
            try:
                return {line["name"]: (line["bytes"], line["sha256"]) for line in map(json.loads, file)}
            except (ValueError, KeyError, TypeError):
                raise DamagedFile("the backup's list of sums is damaged.", subject=path.name) from None
    raise DamagedFile("the backup ends too early: its list of sums is missing.", subject=path.name)


def _check_complete(manifest: dict[str, Any], sums: dict[str, tuple[int, str]]) -> None:
    for name in manifest["tables"]:
        if f"tables/{name}.jsonl" not in sums or name not in metadata.tables:
            raise DamagedFile(f"the backup lacks the table {name}, or holds one that is not known here.")


def _objects(
    path: Path, store: Store, sums: dict[str, tuple[int, str]], bar: Bar
) -> tuple[bytes | None, int, int]:  # fmt: skip
    """Files into the store, each after its sum was checked; the secret, how many files, their bytes."""
    wanted = {name for name in sums if name.startswith("objects/")}
    secret, size = None, 0
    with bar(len(wanted), "Restoring files") as step:
        for member, file in _members(path):
            if member.name == "secret.key":
                secret = _summed(member.name, file.read(), sums)
            if not member.name.startswith("objects/"):
                continue
            key = _safe(member.name.removeprefix("objects/"))
            if member.size <= SMALL_BYTES:
                store.put(key, _summed(member.name, file.read(), sums))
            else:
                with tempfile.TemporaryDirectory() as folder:
                    copy = Path(folder) / "object"
                    _copied(member.name, file, copy, sums)
                    store.put_file(key, copy)
            wanted.discard(member.name)
            size += member.size
            step(key)
    if wanted:
        raise DamagedFile("the backup lacks a file of its own list.", subject=min(wanted))
    os.sync()
    return secret, sum(name.startswith("objects/") for name in sums), size


def _safe(key: str) -> str:
    if not key.startswith(PREFIXES) or not _KEY.fullmatch(key) or ".." in key:
        raise BadInput("the backup holds a name that Packshot never gives.", subject=key[:200])
    return key


def _summed(name: str, content: bytes, sums: dict[str, tuple[int, str]]) -> bytes:
    if sums.get(name) != (len(content), hashlib.sha256(content).hexdigest()):
        raise _damaged(name)
    return content


def _copied(name: str, file: IO[bytes], copy: Path, sums: dict[str, tuple[int, str]]) -> None:
    summing, size = _Summing(file), 0
    with copy.open("wb") as out:
        while piece := summing.read(_PIECE):
            size += out.write(piece)
    if sums.get(name) != (size, summing.sum.hexdigest()):
        raise _damaged(name)


def _damaged(name: str) -> DamagedFile:
    return DamagedFile(
        "this part of the backup is damaged: its sha256 is another than when it was made.", subject=name,
        remedy="Nothing was put into the database. Take another copy of the backup.",
    )  # fmt: skip


async def _fill(
    tx: Tx, path: Path, manifest: dict[str, Any], sums: dict[str, tuple[int, str]], bar: Bar
) -> int:  # fmt: skip
    total = 0
    tables = {f"tables/{name}.jsonl": metadata.tables[name] for name in manifest["tables"]}
    with bar(sum(manifest["tables"].values()), "Restoring rows") as step:
        for member, file in _members(path):
            table = tables.get(member.name)
            if table is None:
                continue
            count, summing = 0, _Summing(file)
            for rows in _chunks(_lines(summing)):
                await _insert(tx, table, rows)
                count += len(rows)
                for _ in rows:
                    step(table.name)
            if sums[member.name][1] != summing.sum.hexdigest() or count != manifest["tables"][table.name]:
                raise _damaged(member.name)
            total += count
    for name, number in manifest["last_numbers"].items():
        await _go_on_from(tx, metadata.tables[name], int(number))
    return total


async def _insert(tx: Tx, table: Table, rows: Sequence[list[Any]]) -> None:
    columns = list(table.columns)
    # In a column that may be empty, no JSON is NULL, not the JSON word null.
    values = {
        column.name: bindparam(column.name, type_=JSON(none_as_null=True) if _may_lack(column) else column.type)
        for column in columns
    }
    told = [{column.name: _typed(column, value) for column, value in zip(columns, row, strict=True)} for row in rows]
    await tx.execute(insert(table).values(values), told)


def _typed(column: Column[Any], value: Any) -> Any:
    return base64.b64decode(value) if isinstance(column.type, LargeBinary) and value is not None else value


def _may_lack(column: Column[Any]) -> bool:
    return isinstance(column.type, JSON) and bool(column.nullable)


async def _go_on_from(tx: Tx, table: Table, number: int) -> None:
    """The next row's number is a higher one."""
    if number < 1:
        return
    if tx.dialect.name != "sqlite":
        (column,) = table.primary_key.columns
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        await tx.execute(select(func.setval(sequence, number)))
    elif table.dialect_options["sqlite"]["autoincrement"]:
        told = {"name": table.name, "number": number}
        done = await tx.execute(text("UPDATE sqlite_sequence SET seq = :number WHERE name = :name"), told)
        if not done.rowcount:
            await tx.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), told)


def _lines(file: _Summing) -> Iterator[list[Any]]:
    rest = b""
    while piece := file.read(_PIECE):
        *lines, rest = (rest + piece).split(b"\n")
        yield from map(json.loads, lines)
    if rest:
        yield json.loads(rest)


def _chunks(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    held: list[list[Any]] = []
    for row in rows:
        held.append(row)
        if len(held) == CHUNK:
            yield held
            held = []
    if held:
        yield held


# --- files ---


def _keep_secret(path: Path, secret: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with _private(part) as out:
        out.write(secret)
    part.replace(path)


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    """A new file that only its owner may read: a backup holds password hashes."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        yield out


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, "r:") as tar:
            yield tar
    except FileNotFoundError:
        raise NotFound("there is no such file.", subject=str(path)) from None
    except (tarfile.TarError, EOFError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DamagedFile("this is not a backup, or it is damaged.", subject=path.name) from error


@contextmanager
def _told_when_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("the disk is full.", remedy="Make room, or choose another disk.") from error
        raise
