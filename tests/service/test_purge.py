"""What was deleted goes after its time, and nothing that is still in use ever does."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update
from structlog.testing import capture_logs
from studio import WS, Studio

from packshot.catalog.batches import lifecycle
from packshot.catalog.items import findings
from packshot.db import tables as t
from packshot.finding import Finding, Verdict
from packshot.service.maintenance import purge as purge_module
from packshot.service.maintenance.purge import DAY, Counts, loop, purge

pytestmark = pytest.mark.anyio
LONG_AGO = 40 * DAY


async def _put(studio: Studio, key: str, *, age: float = 3 * DAY, content: bytes = b"x") -> str:
    await studio.store.aput(key, content)
    _age(studio, key, age)
    return key


def _age(studio: Studio, key: str, age: float) -> None:
    then = time.time() - age
    os.utime(Path(studio.store._folder or "") / key, (then, then))


async def _set(studio: Studio, table: Any, where: Any, **values: Any) -> None:
    async with studio.db.write() as tx:
        await tx.execute(update(table).where(where).values(**values))


async def _there(studio: Studio, *keys: str) -> list[bool]:
    return [await studio.store.asize(key) is not None for key in keys]


async def _finished_batch(studio: Studio, ids: list[str]) -> tuple[str, list[str]]:
    batch = await studio.make({"source": {"images": ids}})
    return batch, await studio.finish(batch, rejected=True)


async def test_a_batch_deleted_long_ago_goes_with_all_that_hangs_on_it(studio: Studio) -> None:
    ids = await studio.add_photos(3)
    gone, items = await _finished_batch(studio, ids)
    kept, _ = await _finished_batch(studio, ids)
    async with studio.db.write() as tx:
        await tx.execute(insert(t.reviews).values(
            id="rev_1", workspace_id=WS, item_id=items[0], version=1, act="a", decision="approve", before={}, pins={},
            at=0,
        ))  # fmt: skip
        await lifecycle.delete(tx, WS, gone)
    await _set(studio, t.batches, t.batches.c.id == gone, deleted_at=t.now() - LONG_AGO)
    counts = await purge(studio.db, studio.store, at=t.now())
    assert (counts.batches, counts.items) == (1, 3)
    assert [row.id for row in await studio.rows(t.batches)] == [kept]
    for table in (t.items, t.jobs):
        assert {row.batch_id for row in await studio.rows(table)} == {kept}
    left = {row.id for row in await studio.rows(t.items)}
    for table in (t.item_versions, t.renditions):
        assert {row.item_id for row in await studio.rows(table)} == left
    assert {row.owner_id for row in await studio.rows(t.findings)} == left
    assert await studio.rows(t.reviews) == []
    assert await purge(studio.db, studio.store, at=t.now()) == Counts()


async def test_what_was_deleted_lately_stays_for_as_long_as_the_workspace_says(studio: Studio) -> None:
    await studio.add_photos(2)
    await _set(studio, t.workspaces, t.workspaces.c.id == WS, settings={"retention_days": 90})
    for table in (t.photos, t.products):
        await _set(studio, table, True, deleted_at=t.now() - LONG_AGO)
    assert await purge(studio.db, studio.store, at=t.now()) == Counts()
    counts = await purge(studio.db, studio.store, at=t.now() + 60 * DAY)
    assert (counts.photos, counts.products) == (2, 2)
    assert await studio.rows(t.photos) == []


async def test_a_photo_that_a_batch_uses_stays_and_so_does_its_product(studio: Studio) -> None:
    ids = await studio.add_photos(2)
    await studio.make({"source": {"images": ids[:1]}})
    key = (await studio.rows(t.photos, t.photos.c.id == ids[0]))[0].key
    await _put(studio, key)
    async with studio.db.write() as tx:
        await tx.execute(insert(t.mattes).values([
            {"photo_id": id, "version": 1, "workspace_id": WS, "photo_sha256": "0", "key": f"cutouts/{id}",
             "sha256": id, "source": "by hand", "uncertainty": 0.0, "findings": [], "created_at": 0} for id in ids
        ]))  # fmt: skip
        for id in ids:
            blurred = Finding(check="blur", verdict=Verdict.WARN, words="It looks blurred.")
            await findings.store(tx, WS, id, {"": [blurred]})
    for table in (t.photos, t.products):
        await _set(studio, table, True, deleted_at=t.now() - LONG_AGO)
    counts = await purge(studio.db, studio.store, at=t.now())
    assert (counts.photos, counts.products) == (1, 1)
    assert [row.owner_id for row in await studio.rows(t.findings)] == ids[:1]
    assert [row.id for row in await studio.rows(t.photos)] == ids[:1]
    assert [row.photo_id for row in await studio.rows(t.mattes)] == ids[:1]
    assert await _there(studio, key) == [True]


async def test_a_photo_that_a_style_or_an_item_shows_as_its_backdrop_stays(studio: Studio) -> None:
    ids = await studio.add_photos(4)
    await studio.make({"source": {"images": ids[2:3]}})
    steps = [{"kind": "picture", "picture": ids[1]}, {"kind": "picture", "picture": ""}, {"kind": "compose"}]
    await _set(studio, t.item_versions, True, style={"steps": steps})
    async with studio.db.write() as tx:
        await tx.execute(insert(t.styles).values(
            id="tpl_1", workspace_id=WS, name="Wood", base="image", options={"picture": ids[0]}, revision=1,
            created_at=0, updated_at=0,
        ))  # fmt: skip
    await _set(studio, t.photos, True, deleted_at=t.now() - LONG_AGO)
    await purge(studio.db, studio.store, at=t.now())
    assert [row.id for row in await studio.rows(t.photos)] == ids[:3]


async def test_only_old_files_that_nothing_names_are_swept(studio: Studio) -> None:
    _, items = await _finished_batch(studio, await studio.add_photos(1))
    named = [row.key for row in await studio.rows(t.renditions)]
    for key in named:
        _age(studio, key, 3 * DAY)
    async with studio.db.write() as tx:
        pins = {"master": "pinned", "lost": "5" * 64}
        await tx.execute(insert(t.reviews).values(
            id="rev_1", workspace_id=WS, item_id=items[0], version=1, act="a", decision="approve", before={},
            pins=pins, at=0,
        ))  # fmt: skip
        for id, status, touched in (("job_1", "done", t.now()), ("job_2", "done", 0.0), ("job_3", "running", 0.0)):
            await tx.execute(insert(t.jobs).values(
                id=id, workspace_id=WS, kind="preview", status=status, stage="", stages=[], request={}, priority=1,
                result={"pictures": [{"key": f"renditions/{id}"}]}, created_at=0, touched_at=touched,
            ))  # fmt: skip
    named += [await _put(studio, key) for key in ("renditions/job_1", "renditions/job_3", "renditions/pinned")]
    young = await _put(studio, "originals/ws_a/young", age=3600)
    strange = await _put(studio, "somebody/elses")
    await _set(studio, t.item_versions, True, cutout_key="cutouts/abc")
    named += [await _put(studio, key) for key in ("cutouts/abc", "upscaled/abc-0123")]
    gone = [await _put(studio, key) for key in ("renditions/job_2", "upscaled/old-0123", "thumbs/old.jpg")]
    counts = await purge(studio.db, studio.store, at=t.now())
    assert (counts.files, counts.file_bytes) == (3, 3)
    assert all(await _there(studio, *named, young, strange))
    assert not any(await _there(studio, *gone))


async def test_a_file_that_is_put_again_while_files_are_swept_stays(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    again, unnamed = await _put(studio, "thumbs/again.jpg"), await _put(studio, "thumbs/gone.jpg")
    named_now = purge_module._named_now

    async def uploads_meanwhile(*args: Any, **rest: Any) -> set[str]:
        named = await named_now(*args, **rest)
        studio.store.put_new(again, b"x")  # its row is committed after the sweep has looked
        return named

    monkeypatch.setattr(purge_module, "_named_now", uploads_meanwhile)
    counts = await purge(studio.db, studio.store, at=t.now())
    assert await _there(studio, again, unnamed) == [True, False]
    assert counts == Counts(files=1, file_bytes=1)


async def test_each_column_that_names_a_file_keeps_it(studio: Studio) -> None:
    from packshot.service.maintenance.purge import KEYS

    columns = {column for table in t.metadata.tables.values() for column in table.columns
               if column.name == "key" or column.name.endswith("_key")}  # fmt: skip
    assert columns - set(KEYS) == {t.idempotency.c.key}


async def test_what_has_expired_goes_but_for_an_upload_that_is_still_to_be_read(studio: Studio) -> None:
    at = t.now()
    keys = [await _put(studio, f"uploads/{WS}/upl_{n}") for n in range(3)]
    async with studio.db.write() as tx:
        for n, expires in enumerate((at - 1, at - 1, at + DAY)):
            await tx.execute(insert(t.uploads).values(
                id=f"upl_{n}", workspace_id=WS, kind="zip", name="a.zip", key=keys[n], bytes=1, created_at=0,
                expires_at=expires,
            ))  # fmt: skip
        await tx.execute(insert(t.jobs).values(
            id="job_1", workspace_id=WS, kind="batch", status="queued", stage="segment", stages=["segment"],
            request={"source": {"upload": "upl_1"}}, result={}, priority=1, created_at=0, touched_at=0,
        ))  # fmt: skip
        for age in (2 * DAY, 60.0):
            await tx.execute(insert(t.login_tries).values(subject=f"s{age}", tries=1, at=at - age))
            await tx.execute(insert(t.idempotency).values(
                workspace_id=WS, key=f"k{age}", fingerprint="", owner="", state="answered", status=200, headers=[],
                body=b"", at=at - age,
            ))  # fmt: skip
        for age in (8 * DAY, 6 * DAY):
            await tx.execute(insert(t.events).values([
                {"workspace_id": WS, "kind": "job.done", "at": at - age} for _ in range(600)
            ]))  # fmt: skip
    counts = await purge(studio.db, studio.store, at=at)
    assert counts == Counts(uploads=1, files=1, file_bytes=1, login_tries=1, idempotency=1, events=600)
    assert await _there(studio, *keys) == [False, True, True]
    assert len(await studio.rows(t.events)) == 600


async def test_a_purge_that_removes_nothing_writes_no_line(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    class Twice:
        rounds = 0

        async def first(self, name: str, seconds: int) -> bool:
            self.rounds += 1
            if self.rounds > 2:
                raise asyncio.CancelledError
            return True

    monkeypatch.setattr("packshot.service.maintenance.purge._FIRST_SECONDS", 0)
    monkeypatch.setattr("packshot.service.maintenance.purge._ROUND_SECONDS", 0)
    await _put(studio, "renditions/old")
    with capture_logs() as lines, pytest.raises(asyncio.CancelledError):
        await loop(studio.db, studio.store, Twice())
    assert [(line["event"], line["files"]) for line in lines] == [("purge.done", 1)]
    assert "items" not in lines[0]
