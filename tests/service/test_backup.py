"""A backup of either database goes into either, whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import tarfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from studio import WS, Studio

from packshot.cli.common import progress
from packshot.db import Database
from packshot.db import tables as t
from packshot.db.upgrade import upgrade
from packshot.errors import Conflict, DamagedFile, NotFound
from packshot.service.maintenance.backup import SMALL_BYTES, backup
from packshot.service.maintenance.restore import check, restore
from packshot.settings import Settings
from packshot.store import Store
from waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[Database]:
    upgrade(empty_url)
    made = Database(empty_url, durable=False)
    yield made
    await made.close()


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "there")


async def _furnish(studio: Studio) -> str:
    """Something in every kind of column; the id of its batch."""
    ids = await studio.add_photos(4)
    for row in await studio.rows(t.photos):
        await studio.store.aput(row.key, row.id.encode())
        await studio.store.aput(row.thumb_key, b"thumb")
    batch = await studio.make({"source": {"images": ids}})
    await studio.finish(batch, rejected=True)
    async with studio.db.write() as tx:
        for id, parent in (("col_9", None), ("col_1", "col_9"), ("col_5", "col_1")):  # a child older than its parent
            await tx.execute(insert(t.collections).values(
                id=id, workspace_id=WS, parent_id=parent, kind="collection", name="Frühling 🌸", position=0, revision=1,
                created_at=0.1,
            ))  # fmt: skip
        await tx.execute(insert(t.destinations).values(
            id="dst_1", workspace_id=WS, name="b", kind="s3", config={}, secret=bytes(range(256)), created_at=0
        ))  # fmt: skip
        await tx.execute(insert(t.login_tries).values(subject="s", tries=1, at=0))
    return batch


async def _all(db: Database) -> dict[str, list[Any]]:
    async with db.read() as tx:
        return {
            table.name: sorted(map(repr, (await tx.execute(select(table))).all())) for table in t.metadata.sorted_tables
        }


async def test_what_is_restored_is_what_was_there(
    studio: Studio, empty: Database, here: Settings, there: Settings, tmp_path: Path
) -> None:
    await _furnish(studio)
    here.data_dir.mkdir()
    (here.data_dir / "secret.key").write_text("hidden")
    file = tmp_path / "a.tar"
    told = await backup(studio.db, studio.store, here, file, bar=progress, with_secret=True)
    assert file.stat().st_mode & 0o077 == 0
    store = Store(there.store)
    back = await restore(empty, store, there, file, bar=progress)
    before, after = await _all(studio.db), await _all(empty)
    assert before == after and len(before["findings"]) == 4
    assert back.rows == told.rows == sum(map(len, before.values()))
    keys = [row.key for row in await studio.rows(t.photos)] + [row.key for row in await studio.rows(t.renditions)]
    assert [store.get(key) for key in keys] == [studio.store.get(key) for key in keys]
    assert all(store.get(key) for key in keys)
    assert (there.data_dir / "secret.key").read_text() == "hidden"
    assert (told.missing, back.lost_credentials) == (0, 0)
    async with empty.read() as tx:  # no JSON is NULL, as the queries want it
        assert await tx.scalar(select(func.count()).where(t.items.c.error.is_(None))) == 4


async def test_numbers_go_on_where_they_were_even_after_old_events_went(
    studio: Studio, empty: Database, here: Settings, there: Settings, tmp_path: Path
) -> None:
    async with studio.db.write() as tx:
        await tx.execute(insert(t.events).values([{"workspace_id": WS, "kind": "x", "at": 0}] * 7))
    last = max(row.seq for row in await studio.rows(t.events))
    async with studio.db.write() as tx:
        await tx.execute(t.events.delete().where(t.events.c.seq > last - 3))
    await backup(studio.db, studio.store, here, tmp_path / "a.tar", bar=progress)
    await restore(empty, Store(there.store), there, tmp_path / "a.tar", bar=progress)
    async with empty.write() as tx:
        made = await tx.execute(insert(t.events).values(workspace_id=WS, kind="x", at=0))
        assert made.inserted_primary_key == (last + 1,)


async def test_a_backup_shows_one_state_while_writes_go_on(
    studio: Studio, empty: Database, here: Settings, there: Settings, tmp_path: Path
) -> None:
    await _furnish(studio)
    stop, count = asyncio.Event(), 0

    async def write() -> int:
        nonlocal count
        while not stop.is_set():
            count += 1
            await studio.add_photos(1, first=1000 + count)
        return count

    writing = asyncio.create_task(write())
    await until(lambda: count > 0)
    await backup(studio.db, studio.store, here, tmp_path / "a.tar", bar=progress)
    stop.set()
    assert await writing > 1
    await restore(empty, Store(there.store), there, tmp_path / "a.tar", bar=progress)
    rows = await _all(empty)
    assert len(rows["photos"]) == len(rows["products"]) >= 4


async def test_a_backup_goes_into_an_empty_database_only(
    studio: Studio, here: Settings, tmp_path: Path
) -> None:  # fmt: skip
    await backup(studio.db, studio.store, here, tmp_path / "a.tar", bar=progress)
    with pytest.raises(Conflict, match="something in this database already"):
        await restore(studio.db, studio.store, here, tmp_path / "a.tar", bar=progress)
    with pytest.raises(Conflict, match="a file of this name already"):
        await backup(studio.db, studio.store, here, tmp_path / "a.tar", bar=progress)


async def test_of_two_backups_to_one_file_the_first_is_there_and_whole(
    studio: Studio, empty: Database, here: Settings, there: Settings, tmp_path: Path
) -> None:
    await _furnish(studio)
    folder = tmp_path / "backups"
    folder.mkdir()
    results = await asyncio.gather(
        *(backup(studio.db, studio.store, here, folder / "a.tar", bar=progress) for _ in range(2)),
        return_exceptions=True,
    )
    assert [type(result) for result in results if isinstance(result, BaseException)] == [Conflict]
    assert [path.name for path in folder.iterdir()] == ["a.tar"]
    await restore(empty, Store(there.store), there, folder / "a.tar", bar=progress)
    assert await _all(studio.db) == await _all(empty)


async def test_a_damaged_backup_leaves_the_database_empty(tmp_path: Path, here: Settings, there: Settings) -> None:
    async with AsyncExitStack() as stack:
        db, empty = [Database(f"sqlite:///{tmp_path / name}") for name in ("a.db", "b.db")]
        for made, name in ((db, "a.db"), (empty, "b.db")):
            stack.push_async_callback(made.close)
            upgrade(f"sqlite:///{tmp_path / name}")
        store = Store(here.store)
        content = b"the content of an upload" * (SMALL_BYTES // 20)
        store.put("uploads/ws/upl_1", content)
        store.put("uploads/ws/upl_2", b"the small one")
        async with db.write() as tx:
            await tx.execute(insert(t.workspaces).values(id="ws", name="ws", settings={}, created_at=0))
            for id in ("upl_1", "upl_2", "upl_3"):
                await tx.execute(insert(t.uploads).values(
                    id=id, workspace_id="ws", kind="zip", name="", key=f"uploads/ws/{id}", bytes=1, created_at=0,
                    expires_at=0,
                ))  # fmt: skip
        good = tmp_path / "good.tar"
        told = await backup(db, store, here, good, bar=progress)
        assert (told.objects, told.missing) == (2, 1)
        whole = good.read_bytes()
        broken = {
            "small": whole.replace(b"the small one", b"the smell one"),
            "large": whole.replace(b"the content of an upload", b"the content of an uplead", 1),
            "row": whole.replace(b'["upl_2","ws","zip"', b'["upl_4","ws","zip"'),
            "short": whole[: whole.index(b"sums.jsonl")],
            "shorter": whole[: len(whole) // 2],
        }
        for name, content in broken.items():
            file = tmp_path / f"{name}.tar"
            file.write_bytes(content)
            with pytest.raises(DamagedFile):
                await restore(empty, Store(there.store), there, file, bar=progress)
            async with empty.read() as tx:
                assert await tx.scalar(select(func.count()).select_from(t.workspaces)) == 0
        await restore(empty, Store(there.store), there, good, bar=progress)
        kept = Store(there.store).get("uploads/ws/upl_1") or b""
        assert hashlib.sha256(kept).digest() == hashlib.sha256(store.get("uploads/ws/upl_1") or b"x").digest()


def test_another_versions_backup_or_another_file_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "a.tar"
    with pytest.raises(NotFound):
        check(file)
    file.write_bytes(b"no tar at all" * 100)
    with pytest.raises(DamagedFile):
        check(file)
    with tarfile.open(file, "w") as tar:
        content = json.dumps({"format": 1, "packshot": "9.0", "revision": "later"}).encode()
        member = tarfile.TarInfo("manifest.json")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    with pytest.raises(Conflict, match=r"Packshot 9\.0"):
        check(file)
