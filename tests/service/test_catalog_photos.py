"""Photos: what looks alike is said, lists are narrowed; and real photos through the real pixel process."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shelf import packed, settings_in
from sqlalchemy import insert, select
from studio import OTHER, WS, Studio, photo_row

from packshot.catalog import jobs, photo_stages
from packshot.catalog.batches import lifecycle
from packshot.catalog.library import collections, imports, look_alikes, mattes, photos, products
from packshot.catalog.library.collections import CollectionRequest
from packshot.catalog.photo_stages import StagePhoto
from packshot.catalog.styles import channels
from packshot.catalog.tasks import Matte, PhotoFile, UploadedPhoto
from packshot.channel import Channel
from packshot.db import tables as t
from packshot.rules import Rules
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


async def test_a_look_alike_is_found_however_many_photos_came_after_it(studio: Studio) -> None:
    async with studio.db.write() as tx:
        old = await photos.add(tx, WS, uploaded("old", "f0f0f0f0f0f0f0f0"), name="old.jpg")
        near = await photos.add(tx, WS, uploaded("near", "0f0f0f0f0f0f0f0f"), name="near.jpg")
        rows = [
            photo_row(f"img_z{n:05d}", WS, n) | {"product_id": None, "fingerprint": "00000000ffffffff"}
            for n in range(look_alikes.COMPARED + 1)
        ]
        await tx.execute(insert(t.photos), rows)
        alike = await photos.add(tx, WS, uploaded("b", "f0f0f0f0f0f0f0ff"), name="b.jpg", id="img_zz2")
        theirs = await photos.add(tx, OTHER, uploaded("c", "f0f0f0f0f0f0f0f0"), name="c.jpg")
        same = await photos.add(tx, WS, uploaded("old", "f0f0f0f0f0f0f0f0"), name="d.jpg", id="img_zz3")
        gone = uploaded("gone", "ffff0000ffff0000")
        await photos.delete(tx, WS, (await photos.add(tx, WS, gone, name="gone.jpg", id="img_zz4")).id)
        assert (await photos.add(tx, WS, gone, name="gone.jpg", id="img_zz5")).findings == ()
    assert old.findings == near.findings == theirs.findings == ()
    [finding] = alike.findings
    assert (finding.check, finding.verdict, finding.value) == ("duplicate", "warn", 1 - 4 / 64)
    assert "old.jpg" in finding.words and "img_" not in finding.words
    assert same.findings[0].value == 1 and "The same file" in same.findings[0].words


@pytest.mark.parametrize("bits", [[0, 16, 28, 40], [15, 27, 39, 51], [60, 61, 62, 63], [3]])
async def test_whichever_four_bits_differ_it_is_found(studio: Studio, bits: list[int]) -> None:
    mark = 0xF0F0F0F0F0F0F0F0
    async with studio.db.write() as tx:
        first = await photos.add(tx, WS, uploaded("a", f"{mark:016x}"), name="a.jpg")
        for fewer in (bits, [*bits, *range(5, 10)]):
            other = f"{mark ^ sum(1 << bit for bit in fewer):016x}"
            found = await look_alikes.find(tx, WS, "", other)
            assert [one.photo_id for one in found] == ([first.id] if fewer is bits else [])


async def test_a_photo_that_looks_like_another_product_s_is_named_until_that_one_goes(studio: Studio) -> None:
    async with studio.db.write() as tx:
        mug, bowl = [await products.for_sku(tx, WS, sku) for sku in ("MUG", "BOWL")]
        first = await photos.add(tx, WS, uploaded("a", "f0f0f0f0f0f0f0f0"), name="a.jpg", product_id=mug)
        there = uploaded("b", "f0f0f0f0f0f0f0f1")
        stray = await photos.add(tx, WS, there, name="b.jpg", product_id=bowl)
        [finding] = stray.findings
        assert (finding.check, finding.verdict) == ("other_product", "warn")
        assert "“a.jpg” of MUG" in finding.words and "right place" in finding.words

        moved = await photos.change(tx, WS, stray.id, photos.PhotoChange(product_id=mug))
        assert [one.check for one in moved.findings] == ["duplicate"]
        assert (await photos.get(tx, WS, first.id)).findings == ()  # of two, only the newer one says so
        await photos.change(tx, WS, first.id, photos.PhotoChange(product_id=bowl))
        assert [one.check for one in (await photos.get(tx, WS, stray.id)).findings] == ["other_product"]
        await products.delete(tx, WS, bowl)
        assert (await photos.get(tx, WS, stray.id)).findings == ()
    assert await studio.rows(t.findings, t.findings.c.owner_id == stray.id) == []


async def test_a_photo_too_small_for_a_channel_in_use_says_so_at_upload(studio: Studio) -> None:
    async def words(width: int, product_px: int | None = None) -> list[str]:
        n = len(await studio.rows(t.photos))
        facts = replace(uploaded(str(n), f"{n * 0x1111111111111111:016x}"), width=width, height=200)
        async with studio.db.write() as tx:
            return [
                one.words for one in (await photos.add(tx, WS, replace(facts, product_px=product_px), name="")).findings
            ]

    [said] = await words(400)  # nothing was made yet: all that come with Packshot
    assert said.startswith("Too small for Amazon main image (500 pixels): the whole photo is 400 pixels long.")
    assert "Shopify" in (await words(390))[0] and await words(500) == []
    [said] = await words(900, product_px=450)
    assert "the product is 450 pixels long" in said
    batch = await studio.make({"source": {"images": await studio.add_photos(1)}, "channels": ["web"]})
    assert await words(400) == [] and "Own web shop" in (await words(290))[0]
    async with studio.db.write() as tx:
        await lifecycle.delete(tx, WS, batch)
        own = Channel(id="poster", name="Poster", size=(3000, 3000), format="png", rules=Rules(product_px=2000))
        await channels.create(tx, WS, own)
    assert "Poster (2000 pixels)" in (await words(1000))[0]


async def test_once_it_is_cut_out_the_product_itself_is_judged(studio: Studio) -> None:
    async with studio.db.write() as tx:
        photo = await photos.add(tx, WS, uploaded("a", "f0f0f0f0f0f0f0f0"), name="a.jpg")
        assert photo.findings == ()
        file = StagePhoto(photo.id, PhotoFile("", ""), photo.sha256)
        for product_px, key in ((450, "c1"), (700, "c2")):
            await photo_stages.store_matte(tx, WS, file, Matte(key, key, "isnet", 0.1, (), product_px))
            found = (await photos.get(tx, WS, photo.id)).findings
            assert [one.value for one in found if one.check == "small"] == ([450] if product_px == 450 else [])
        await mattes.revert(tx, WS, photo.id, 1)
        assert "450 pixels" in (await photos.get(tx, WS, photo.id)).findings[0].words
        again = await photos.replace(tx, WS, photo.id, uploaded("b", "f0f0f0f0f0f0f0f0"))
        assert again[0].findings == ()


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
