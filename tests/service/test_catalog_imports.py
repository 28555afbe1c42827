"""Imports: ZIPs, lists and addresses become photos; what does not is listed; killed anywhere, they go on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from shelf import InProcess, packed, photo, settings_in
from sqlalchemy import insert
from studio import WS, Studio

from packshot.catalog import jobs
from packshot.catalog.library import collections, imports, photos, products
from packshot.catalog.library.collections import CollectionRequest
from packshot.catalog.library.products import ProductRequest
from packshot.catalog.tasks import AnalyseUpload, PixelTask, Result
from packshot.db import tables as t
from packshot.errors import DiskFull, Fault, NotFound, OutOfMemory
from packshot.intake import source
from packshot.store import Store

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(studio: Studio, tmp_path: Path) -> Studio:
    studio.settings = settings_in(tmp_path)
    studio.store, studio.pixels = Store(studio.settings.store), InProcess(studio.settings)
    return studio


async def asked(shop: Studio, request: dict[str, Any]) -> Any:
    async with shop.db.write() as tx:
        ref = await jobs.start(tx, WS, "import", stages=["segment"], request=request, by="usr_1")
    return await shop.job(ref.id)


async def uploaded(shop: Studio, content: bytes, kind: str = "zip", name: str = "shoes.zip") -> str:
    id = t.new_id("upl")
    shop.store.put(f"uploads/{WS}/{id}", content)
    async with shop.db.write() as tx:
        await tx.execute(insert(t.uploads).values(
            id=id, workspace_id=WS, kind=kind, name=name, key=f"uploads/{WS}/{id}", bytes=len(content), created_at=0,
            expires_at=0,
        ))  # fmt: skip
    return id


async def kept(shop: Studio) -> list[tuple[str, str, str]]:
    """(sku, role, name) of all photos."""
    async with shop.db.read() as tx:
        return sorted(
            (product.sku, shown.role, shown.name) for product in await products.page(tx, WS) for shown in product.photos
        )


async def test_each_member_of_a_zip_is_a_photo_or_a_refusal_that_says_why(shop: Studio) -> None:
    content = packed({
        "left/SHOE-1.jpg": photo(1), "SHOE-2.png": photo(2, format="PNG"), "broken.jpg": photo(3)[:200],
        "notes.txt": b"hello", "old.gif": b"GIF89a", "tiny.png": photo(4, size=(8, 8), format="PNG"),
    })  # fmt: skip
    job = await asked(shop, {"upload": await uploaded(shop, content)})
    result = await imports.work(job, shop)
    assert len(result["images"]) == 2
    assert {one["name"] for one in result["refused"]} == {
        "shoes.zip/broken.jpg", "shoes.zip/old.gif", "shoes.zip/tiny.png",
    }  # fmt: skip
    assert all(one["words"] and one["code"] and one["reason"] for one in result["refused"])
    assert await kept(shop) == [("SHOE-1", "main", "SHOE-1.jpg"), ("SHOE-2", "main", "SHOE-2.png")]
    job = await shop.job(job.id)
    assert (job.done_count, job.total_count, job.result["images"]) == (5, 5, result["images"])


async def test_a_list_inside_a_zip_says_which_product_and_role(shop: Studio) -> None:
    sheet = "sku,file,role,title,gtin\nA,1.jpg,main,Red shoe,4006381333931\nA,2.jpg,angle 2,,\nB,1.jpg,,,123\n"
    content = packed({"list.csv": sheet.encode(), "1.jpg": photo(1), "2.jpg": photo(2), "3.jpg": photo(3)})
    result = await imports.work(await asked(shop, {"upload": await uploaded(shop, content)}), shop)
    assert await kept(shop) == [("A", "angle 2", "2.jpg"), ("A", "main", "1.jpg")]
    assert len(result["refused"]) == 2  # the row with a wrong gtin, and the photo that no row names
    async with shop.db.read() as tx:
        [product] = await products.page(tx, WS)
    assert (product.title, product.gtin) == ("Red shoe", "4006381333931")


async def test_an_import_twice_is_one(shop: Studio) -> None:
    upload = await uploaded(shop, packed({"A.jpg": photo(1), "B.jpg": photo(2)}))
    first = await imports.work(await asked(shop, {"upload": upload}), shop)
    second = await imports.work(await asked(shop, {"upload": upload}), shop)
    assert first["images"] == second["images"] and len(await kept(shop)) == 2


async def test_another_photo_of_a_known_product_is_its_next_angle(shop: Studio) -> None:
    for seed in (1, 2):
        await imports.work(await asked(shop, {"upload": await uploaded(shop, packed({"A.jpg": photo(seed)}))}), shop)
    assert await kept(shop) == [("A", "angle 2", "A.jpg"), ("A", "main", "A.jpg")]


async def test_a_killed_import_goes_on_where_it_was(shop: Studio) -> None:
    content = packed({f"S{n}.jpg": photo(n) for n in range(6)})
    job = await asked(shop, {"upload": await uploaded(shop, content)})
    shop.pixels.raises = {4: asyncio.CancelledError()}
    with pytest.raises(asyncio.CancelledError):
        await imports.work(job, shop)
    assert len(await kept(shop)) == 3
    async with shop.db.write() as tx:
        [gone] = [found.id for found in await photos.page(tx, WS) if found.name == "S0.jpg"]
        await photos.delete(tx, WS, gone)
    shop.pixels.tasks.clear()
    result = await imports.work(await shop.job(job.id), shop)
    assert [type(task) for task in shop.pixels.tasks] == [AnalyseUpload] * 3
    assert len(result["images"]) == 6 and len(await kept(shop)) == 5  # what was deleted meanwhile stays so


async def test_two_workers_on_the_same_import_take_each_photo_once(shop: Studio) -> None:
    content = packed({f"S{n}.jpg": photo(n) for n in range(5)})
    job = await asked(shop, {"upload": await uploaded(shop, content)})
    one, other = await asyncio.gather(imports.work(job, shop), imports.work(job, shop))
    assert one["images"] == other["images"] and len(one["images"]) == len(await kept(shop)) == 5


async def test_a_photo_that_ends_the_pixel_process_twice_is_refused_and_the_rest_goes_on(shop: Studio) -> None:
    content = packed({f"S{n}.jpg": photo(n) for n in range(3)})
    shop.pixels.raises = {1: OutOfMemory("gone."), 3: OutOfMemory("gone."), 4: OutOfMemory("gone.")}
    result = await imports.work(await asked(shop, {"upload": await uploaded(shop, content)}), shop)
    assert [one["name"] for one in result["refused"]] == ["shoes.zip/S1.jpg"] and len(result["images"]) == 2


async def test_a_full_disk_ends_the_run_to_be_tried_again(shop: Studio) -> None:
    job = await asked(shop, {"upload": await uploaded(shop, packed({"A.jpg": photo(1)}))})
    shop.pixels.raises = {1: DiskFull("full.")}
    with pytest.raises(DiskFull):
        await imports.work(job, shop)
    assert len((await imports.work(job, shop))["images"]) == 1


async def test_all_photos_go_to_the_product_and_the_collection_that_was_named(shop: Studio) -> None:
    async with shop.db.write() as tx:
        product = (await products.create(tx, WS, ProductRequest(sku="SHOE"))).id
        place = (await collections.create(tx, WS, CollectionRequest(name="Spring"))).id
    upload = await uploaded(shop, packed({"1.jpg": photo(1), "2.jpg": photo(2)}))
    await imports.work(await asked(shop, {"upload": upload, "product_id": product, "collection_id": place}), shop)
    assert await kept(shop) == [("SHOE", "angle 2", "2.jpg"), ("SHOE", "main", "1.jpg")]
    async with shop.db.read() as tx:
        assert (await collections.get(tx, WS, place)).products == 1


async def test_a_list_by_itself_names_addresses_and_opens_no_file(
    shop: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret.jpg").write_bytes(photo(9))
    monkeypatch.setattr(source, "fetch", lambda url, limits: photo(len(url)))
    sheet = f"sku,url,file\nA,https://shop.example/a.jpg,\nB,,secret.jpg\nC,,{tmp_path}/secret.jpg\n"
    upload = await uploaded(shop, sheet.encode(), "csv", "list.csv")
    result = await imports.work(await asked(shop, {"upload": upload}), shop)
    assert len(result["images"]) == 1 and await kept(shop) == [("A", "main", "a.jpg")]
    assert [one["name"] for one in result["refused"]] == ["list.csv row 3", "list.csv row 4"]
    assert "ZIP" in result["refused"][0]["remedy"] and "outside" in result["refused"][1]["words"]


async def test_addresses_are_fetched_and_what_is_none_is_refused(
    shop: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret.jpg").write_bytes(photo(9))
    monkeypatch.setattr(source, "fetch", lambda url, limits: photo(len(url)))
    urls = ["https://shop.example/a.jpg", str(tmp_path / "secret.jpg"), "file:///etc/passwd", "https://u:p@x.example/b"]
    result = await imports.work(await asked(shop, {"urls": urls}), shop)
    assert len(result["images"]) == 1
    assert len(result["refused"]) == 3 and not any("u:p" in str(one) for one in result["refused"])


async def test_rows_of_a_batch_s_list_are_brought_by_address(shop: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "fetch", lambda url, limits: photo(len(url)))
    job = await asked(shop, {})
    columns = ("sku", "file", "url", "gtin", "asin", "title", "role", "style", "channel", "priority", "")
    row = dict.fromkeys(columns, "") | {"sku": "A", "url": "https://shop.example/a.jpg"}
    result = await imports.bring_rows(job, shop, [(2, row), (3, row | {"sku": "B", "url": "ftp://x"})])
    assert await kept(shop) == [("A", "main", "a.jpg")]
    assert [one["name"] for one in result["refused"]] == ["list row 3"]
    assert await imports.bring_rows(job, shop, [(2, row)]) == {
        "images": result["images"], "refused": [], "wishes": {},
    }  # fmt: skip


async def test_rows_that_were_brought_before_a_restart_do_not_stand_for_others(
    shop: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second time a batch brings only what its list still misses."""
    monkeypatch.setattr(source, "fetch", lambda url, limits: photo(int(url[-5])))
    job = await asked(shop, {})
    columns = ("sku", "file", "url", "gtin", "asin", "title", "role", "style", "channel", "priority", "")
    blank = dict.fromkeys(columns, "")
    rows = [(n, blank | {"sku": f"S{n}", "url": f"https://shop.example/{n}.jpg"}) for n in range(2, 6)]
    shop.pixels.raises = {3: asyncio.CancelledError()}
    with pytest.raises(asyncio.CancelledError):
        await imports.bring_rows(job, shop, rows)
    again = await imports.bring_rows(job, shop, rows[2:])
    assert len(again["images"]) == 2
    assert [sku for sku, _, _ in await kept(shop)] == ["S2", "S3", "S4", "S5"]


async def test_an_import_that_is_called_off_ends_before_its_next_photo(
    shop: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "RECORD_SECONDS", 0)
    job = await asked(shop, {"upload": await uploaded(shop, packed({f"S{n}.jpg": photo(n) for n in range(5)}))})
    analyse = shop.pixels.do

    async def cancelled_at_the_second(task: PixelTask[Result]) -> Result:
        answer = await analyse(task)
        if len(shop.pixels.tasks) == 2:
            async with shop.db.write() as tx:
                await jobs.cancel(tx, WS, job.id)
        return answer

    monkeypatch.setattr(shop.pixels, "do", cancelled_at_the_second)
    assert len((await imports.work(job, shop))["images"]) == 2 and len(await kept(shop)) == 2
    assert (await shop.job(job.id)).status == "cancelled"


async def test_a_fault_that_passes_refuses_no_photo(shop: Studio) -> None:
    shop.pixels.raises = {1: Fault("the store was away.")}
    upload = await uploaded(shop, packed({"A.jpg": photo(1)}))
    result = await imports.work(await asked(shop, {"upload": upload}), shop)
    assert len(result["images"]) == 1 and result["refused"] == []


async def test_an_archive_that_is_none_and_one_that_is_gone(shop: Studio) -> None:
    result = await imports.work(await asked(shop, {"upload": await uploaded(shop, b"PK nonsense")}), shop)
    assert result["images"] == [] and "not a ZIP" in result["refused"][0]["words"]
    with pytest.raises(NotFound, match="gone"):
        await imports.work(await asked(shop, {"upload": "upl_none"}), shop)
