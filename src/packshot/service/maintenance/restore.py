"""Restoring a backup (see backup.py) into an empty database and its store, of whatever kind they are."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import JSON, Column, LargeBinary, Table, bindparam, func, insert, literal_column, select, text

from packshot import atomic
from packshot.db import Database, Tx
from packshot.db.tables import destinations, metadata
from packshot.errors import BadInput, BadOption, Conflict, DamagedFile, NotFound
from packshot.service.maintenance.backup import (
    CHUNK,
    FORMAT,
    PIECE,
    SMALL_BYTES,
    Bar,
    Progress,
    Summing,
    newest_revision,
    said_when_full,
)
from packshot.service.maintenance.purge import PREFIXES
from packshot.settings import Settings
from packshot.store import Store

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*(/[A-Za-z0-9_][A-Za-z0-9_.\-]*)+")


def check(path: Path) -> dict[str, Any]:
    """Its manifest.  Raises NotFound, DamagedFile, and Conflict where another version made it."""
    with _opened(path) as tar:
        return _checked_manifest(tar, path)


async def restore(db: Database, store: Store, settings: Settings, path: Path, *, bar: Bar) -> Progress:
    """Put a backup into an empty database that is at this version's state, and its files into the store.

    Files go first and rows last, in one transaction: what ends in between can simply be done again.
    Raises Conflict where the database is not empty, DamagedFile, DiskFull.
    """
    manifest = check(path)
    async with db.read() as tx:
        await _must_be_empty(tx, settings)
    with said_when_full():
        sums = _sums(path)
        _check_complete(manifest, sums)
        secret, objects, size = await asyncio.to_thread(_objects, path, store, sums, bar)
        async with db.write() as tx:
            await _must_be_empty(tx, settings)
            rows = await _fill(tx, path, manifest, sums, bar)
            sealed = await tx.scalar(select(func.count()).where(func.length(destinations.c.secret) > 0)) or 0
            if secret is not None:
                _write_secret(settings.data_dir / "secret.key", secret)
    own = bool(secret) or bool(settings.secret.get_secret_value())
    return Progress(rows, objects, size, secret=secret is not None, lost_credentials=0 if own else int(sealed))


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
    expected = {name for name in sums if name.startswith("objects/")}
    secret, size = None, 0
    with bar(len(expected), "Restoring files") as step:
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
            expected.discard(member.name)
            size += member.size
            step(key)
    if expected:
        raise DamagedFile("the backup lacks a file of its own list.", subject=min(expected))
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
    summing, size = Summing(file), 0
    with copy.open("wb") as out:
        while piece := summing.read(PIECE):
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
            count, summing = 0, Summing(file)
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
    progress = [
        {column.name: _typed(column, value) for column, value in zip(columns, row, strict=True)} for row in rows
    ]
    await tx.execute(insert(table).values(values), progress)


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
        progress = {"name": table.name, "number": number}
        done = await tx.execute(text("UPDATE sqlite_sequence SET seq = :number WHERE name = :name"), progress)
        if not done.rowcount:
            await tx.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), progress)


def _lines(file: Summing) -> Iterator[list[Any]]:
    rest = b""
    while piece := file.read(PIECE):
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


def _write_secret(path: Path, secret: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    atomic.write(path, secret, durable=True, mode=0o600)


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, "r:") as tar:
            yield tar
    except FileNotFoundError:
        raise NotFound("there is no such file.", subject=str(path)) from None
    except IsADirectoryError:
        raise BadOption("this is a folder, and no backup.", subject=str(path)) from None
    except (tarfile.TarError, EOFError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DamagedFile("this is not a backup, or it is damaged.", subject=path.name) from error
