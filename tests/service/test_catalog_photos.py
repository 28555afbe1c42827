"""Photos: what looks alike is said, lists are narrowed; and real photos through the real pixel process."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from shelf import packed, settings_in
from sqlalchemy import insert, select
from studio import OTHER, WS, Studio, photo_row

from packshot.catalog import jobs
from packshot.catalog.library import collections, duplicates, imports, photos, products
from packshot.catalog.library.collections import CollectionRequest
from packshot.catalog.tasks import UploadedPhoto
from packshot.db import tables as t
from packshot.service.pixel_process import PixelProcess
from packshot.store import Store
from places import SAMPLES

pytestmark = pytest.mark.anyio


def uploaded(mark: str, fingerprint: str) -> UploadedPhoto:
    sha = hashlib.sha256(mark.encode()).hexdigest()
    return UploadedPhoto(
        sha256=sha, format="JPEG", width=800, height=600, bytes=1, profile="", findings=(), fingerprint=fingerprint,
        key=f"originals/{WS}/{sha}", thumb_key=f"thumbs/{sha}.jpg",
    )  # fmt: skip


async def test_a_look_alike_is_found_among_the_last_two_thousand_and_no_further(studio: Studio) -> None:
    async with studio.db.write() as tx:
        old = await photos.add(tx, WS, uploaded("old", "f0f0f0f0f0f0f0f0"), name="old.jpg")
        near = await photos.add(tx, WS, uploaded("near", "0f0f0f0f0f0f0f0f"), name="near.jpg")
        rows = [
            photo_row(f"img_z{n:05d}", WS, n) | {"product_id": None, "fingerprint": "00000000ffffffff"}
            for n in range(duplicates.COMPARED - 1)
        ]
        await tx.execute(insert(t.photos), rows)
        far = await photos.add(tx, WS, uploaded("a", "f0f0f0f0f0f0f0f1"), name="a.jpg", id="img_zz1")
        assert old.findings == near.findings == far.findings == ()
        alike = await photos.add(tx, WS, uploaded("b", "f0f0f0f0f0f0f0fe"), name="b.jpg", id="img_zz2")
        theirs = await photos.add(tx, OTHER, uploaded("c", "f0f0f0f0f0f0f0f0"), name="c.jpg")
        same = await photos.add(tx, WS, uploaded("old", "f0f0f0f0f0f0f0f0"), name="d.jpg", id="img_zz3")
    [finding] = alike.findings
    assert (finding.check, finding.verdict, finding.value) == ("duplicate", "warn", 1 - 4 / 64)
    assert "a.jpg" in finding.words and "img_" not in finding.words
    assert theirs.findings == () and "old.jpg" in same.findings[0].words  # the same file is found however old it is


async def test_photos_are_listed_by_collection_and_by_having_no_product(studio: Studio) -> None:
    async with studio.db.write() as tx:
        top = (await collections.create(tx, WS, CollectionRequest(name="Spring"))).id
        inner = (await collections.create(tx, WS, CollectionRequest(name="Shoes", parent_id=top))).id
        shoe, bag = [await products.for_sku(tx, WS, sku) for sku in ("SHOE", "BAG")]
        await collections.put(tx, WS, inner, add=[shoe])
        ids = []
        for n, product in enumerate((shoe, bag, None), 1):
            facts = uploaded(str(n), f"{n * 0x1111111111111111:016x}")
            ids.append((await photos.add(tx, WS, facts, name="x.jpg", product_id=product)).id)

    async def listed(**wanted: Any) -> list[str]:
        async with studio.db.read() as tx:
            return [photo.id for photo in await photos.page(tx, WS, photos.PhotoFilter(**wanted))]

    assert await listed(collection_id=top) == await listed(collection_id=inner) == [ids[0]]
    assert await listed(unassigned=True) == [ids[2]]
    assert set(await listed(unassigned=False)) == set(ids[:2])
    assert await listed(unassigned=True, collection_id=top) == []
    assert await listed(ids=[ids[0], "img_none", ids[2]]) == [ids[2], ids[0]] and await listed(ids=[]) == []
    async with studio.db.read() as tx:
        assert await photos.count(tx, WS) == 3 and await photos.count(tx, OTHER, photos.PhotoFilter(ids=ids)) == 0
        assert await photos.count(tx, WS, photos.PhotoFilter(collection_id=top)) == 1


async def test_a_photo_that_is_taken_away_is_told(studio: Studio) -> None:
    async with studio.db.write() as tx:
        id = (await photos.add(tx, WS, uploaded("1", "0" * 16), name="x.jpg")).id
        await photos.delete(tx, WS, id)
        assert await tx.scalar(select(t.events.c.kind).order_by(t.events.c.seq.desc()).limit(1)) == "photo.deleted"


@pytest.fixture
async def real(studio: Studio, tmp_path: Path) -> AsyncIterator[Studio]:
    """With the pixel process that workers have."""
    studio.settings = settings_in(tmp_path)
    studio.store, studio.pixels = Store(studio.settings.store), PixelProcess(studio.settings, concurrency=1)
    yield studio
    studio.pixels.stop()


async def test_samples_are_imported_by_the_real_pixel_process(real: Studio) -> None:
    names = ("bag.jpg", "mug.jpg")
    content = packed({name: (SAMPLES / name).read_bytes() for name in names} | {"bad.jpg": b"\xff\xd8\xff\xe0 no"})
    upload = t.new_id("upl")
    real.store.put(f"uploads/{WS}/{upload}", content)
    async with real.db.write() as tx:
        await tx.execute(insert(t.uploads).values(
            id=upload, workspace_id=WS, kind="zip", name="samples.zip", key=f"uploads/{WS}/{upload}",
            bytes=len(content), created_at=0, expires_at=0,
        ))  # fmt: skip
        ref = await jobs.start(tx, WS, "import", stages=["segment"], request={"upload": upload})
    result = await imports.work(await real.job(ref.id), real)
    assert [one["name"] for one in result["refused"]] == ["samples.zip/bad.jpg"]
    async with real.db.read() as tx:
        shown = {photo.name: photo for photo in await photos.page(tx, WS)}
    assert sorted(shown) == sorted(names)
    for name, photo in shown.items():
        original = await real.store.aget(photo.original)
        assert original == (SAMPLES / name).read_bytes() and photo.bytes == len(original or b"")
        thumb = await real.store.aget(photo.thumb)
        assert thumb is not None and thumb.startswith(b"\xff\xd8") and min(photo.width, photo.height) > 500
