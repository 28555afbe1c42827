"""Checks that warn or fail are rows: lists find their owners by them, however the findings themselves are written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update
from studio import WS, Studio

from packshot.catalog import jobs
from packshot.catalog.items import findings, records, stages
from packshot.catalog.library import photos, products
from packshot.catalog.library.products import ProductFilter
from packshot.catalog.tasks import UploadedPhoto, WriteResult, WrittenFile
from packshot.db import tables as t
from packshot.finding import Finding, Verdict

pytestmark = pytest.mark.anyio


def finding(check: str, verdict: str, words: str = "") -> Finding:
    return Finding(check=check, verdict=Verdict(verdict), words=words)


async def stored(studio: Studio, owner_id: str) -> set[tuple[int, str, str, str]]:
    rows = await studio.rows(t.findings, t.findings.c.owner_id == owner_id)
    return {(row.version, row.channel, row.check, row.verdict) for row in rows}


async def test_what_warns_or_fails_is_stored_once_by_channel_and_replaced(studio: Studio) -> None:
    said = {
        "": [finding("blur", "warn"), finding("noise", "ok"), finding("cut", "skipped")],
        "web": [finding("white", "fail"), finding("white", "warn"), finding("white", "ok")],
    }
    async with studio.db.write() as tx:
        await findings.store(tx, WS, "itm_1", said, version=2)
        await findings.store(tx, WS, "itm_2", {"": [finding("blur", "fail")]}, version=2)
    assert await stored(studio, "itm_1") == {(2, "", "blur", "warn"), (2, "web", "white", "fail")}
    async with studio.db.write() as tx:
        await findings.store(tx, WS, "itm_1", {"": [finding("edges", "warn")]}, version=2)
        await findings.store(tx, WS, "itm_1", {"web": []}, version=3)
    assert await stored(studio, "itm_1") == {(2, "", "edges", "warn"), (2, "web", "white", "fail")}
    assert await stored(studio, "itm_2") == {(2, "", "blur", "fail")}


async def test_an_item_is_found_by_the_findings_of_its_version_alone(studio: Studio) -> None:
    batch = await studio.make({"source": {"images": await studio.add_photos(3)}, "channels": ["web"]})
    ids = await studio.finish(batch)
    async with studio.db.write() as tx:
        await findings.store(tx, WS, ids[0], {"": [finding("blur", "warn")]}, version=1)
        await findings.store(tx, WS, ids[1], {"web": [finding("white", "fail")]}, version=1)
        await findings.store(tx, WS, ids[2], {"web": [finding("white", "fail")]}, version=2)  # not its version

    async def found(**by: Any) -> list[str]:
        async with studio.db.read() as tx:
            return [item.id for item in await records.page(tx, WS, batch, **by)]

    assert await found(finding="blur") == ids[:1] and await found(finding="white") == ids[1:2]
    assert await found(channel="web") == await found(channel="web", finding="white") == ids[1:2]
    assert await found(channel="master") == await found(channel="web", finding="blur") == []
    async with studio.db.write() as tx:
        await tx.execute(update(t.items).where(t.items.c.id == ids[2]).values(version=2))
        await tx.execute(update(t.item_versions).where(t.item_versions.c.item_id == ids[2]).values(version=2))
    assert await found(finding="white") == ids[1:]


async def test_a_photo_s_rows_go_with_the_file_that_they_are_about(studio: Studio) -> None:
    def upload(mark: str, *found: Finding) -> UploadedPhoto:
        return UploadedPhoto(
            sha256=mark * 64, key=f"originals/{WS}/{mark}", thumb_key="", format="JPEG", width=900, height=600,
            bytes=100, profile="", fingerprint=mark * 16, findings=found,
        )  # fmt: skip

    async def flagged() -> int:
        async with studio.db.read() as tx:
            return await products.count(tx, WS, ProductFilter(flagged=True))

    async with studio.db.write() as tx:
        shoe = await products.for_sku(tx, WS, "SHOE-7")
        quoting = finding("file", "ok", 'They say "verdict": "warn" here.')
        photo = await photos.add(
            tx, WS, upload("0", finding("blur", "warn"), quoting), name="1.jpg", product_id=shoe
        )  # fmt: skip
    assert await stored(studio, photo.id) == {(0, "", "blur", "warn")} and await flagged() == 1
    async with studio.db.write() as tx:
        await photos.replace(tx, WS, photo.id, upload("f", quoting))
    assert await stored(studio, photo.id) == set() and await flagged() == 0
    async with studio.db.write() as tx:
        twin = await photos.add(tx, WS, upload("f"), name="2.jpg")
    assert await stored(studio, twin.id) == {(0, "", "duplicate", "warn")}


async def test_the_last_stage_stores_what_is_said_of_each_file(studio: Studio) -> None:
    batch = await studio.make({"source": {"images": await studio.add_photos(1)}, "channels": ["web"]})
    async with studio.db.write() as tx:
        await tx.execute(update(t.items).values(stage="export"))
    [ref] = studio.queues.refs.values()
    said = {"master": (finding("edges", "warn"), finding("white", "ok")), "web": (finding("white", "fail"),)}
    files = tuple(
        WrittenFile(channel, f"renditions/{channel}", channel, 1, 1, 1, "png", None, "", channel == "web", about)
        for channel, about in said.items()
    )
    async with studio.db.write() as tx:
        claim = (await jobs.claim(tx, replace(ref, stage="export"))).claim
        assert claim is not None
        await stages.record(tx, await stages.load(tx, claim), [WriteResult(files, "", ())])
    of_files = {(1, "master", "edges", "warn"), (1, "web", "white", "fail")}
    of_item = {(1, "", "edges", "warn"), (1, "", "white", "fail")}  # a reviewer sees them without opening the files
    assert await stored(studio, ref.id) == of_files | of_item
    async with studio.db.read() as tx:
        assert [item.id for item in await records.page(tx, WS, batch, channel="web", finding="white")] == [ref.id]
        assert await records.page(tx, WS, batch, channel="master", finding="white") == []
