"""A full disk: said in words, nothing half-written, and it goes on once there is room."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from packshot.db import Database
from packshot.db import tables as t
from packshot.db.upgrade import upgrade
from packshot.errors import DiskFull
from packshot.store import Store

pytestmark = [pytest.mark.anyio, pytest.mark.by_machine]
DISK_BYTES = 4 * 2**20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    if os.getuid() != 0:
        pytest.skip("only root may mount a small disk")
    place = tmp_path / uuid.uuid4().hex
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", place], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def _fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(4096))
        except OSError:
            return filler


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


async def test_the_store_writes_all_of_a_file_or_nothing(disk: Path, tmp_path: Path) -> None:
    store = Store(disk / "objects")
    store.put("originals/ws/a", b"kept")
    filler = _fill(disk)
    large = tmp_path / "large"
    large.write_bytes(bytes(DISK_BYTES // 2))
    with pytest.raises(DiskFull, match="Make room"):
        store.put("originals/ws/b", bytes(DISK_BYTES // 2), durable=True)
    with pytest.raises(DiskFull):
        store.put_new("originals/ws/a", bytes(DISK_BYTES // 2))
    with pytest.raises(DiskFull):
        store.put_file("originals/ws/c", large)
    with pytest.raises(DiskFull):
        await store.aput("originals/ws/d", bytes(DISK_BYTES // 2))
    assert store.get("originals/ws/a") == b"kept"
    assert {entry.key for entry in store.entries()} == {"originals/ws/a"}
    assert _files(disk / "objects") == {"originals/ws/a"}
    filler.unlink()
    store.put("originals/ws/b", bytes(DISK_BYTES // 2), durable=True)
    assert store.size("originals/ws/b") == DISK_BYTES // 2


async def test_a_row_is_written_whole_or_not_at_all(disk: Path) -> None:
    url = f"sqlite:///{disk / 'packshot.db'}"
    upgrade(url)
    db = Database(url)
    row = {"name": "ws", "settings": {"x": "y" * 100_000}, "created_at": 0}
    async with db.write() as tx:
        await tx.execute(insert(t.workspaces).values(id="ws_0", **row))
    filler = _fill(disk)
    with pytest.raises(Exception, match="disk is full"):
        async with db.write() as tx:
            await tx.execute(insert(t.workspaces), [{"id": f"ws_{n}", **row} for n in range(1, 20)])
    async with db.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(t.workspaces)) == 1
    filler.unlink()
    async with db.write() as tx:
        await tx.execute(insert(t.workspaces).values(id="ws_1", **row))
    async with db.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(t.workspaces)) == 2
    await db.close()
