"""A batch from a list or an archive: rows find their photos, what is new is brought in, the rest is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from shelf import InProcess, packed, photo, settings_in
from sqlalchemy import insert, update
from studio import OTHER, WS, Studio

from packshot.catalog import jobs
from packshot.catalog.accounts import workspaces
from packshot.catalog.batches.lifecycle import BatchView, get
from packshot.catalog.library import imports
from packshot.catalog.status import BatchState
from packshot.db import tables as t
from packshot.errors import BadInput, Conflict, PackshotError
from packshot.settings import Limits

pytestmark = pytest.mark.anyio


async def upload(studio: Studio, content: bytes, kind: str = "csv", ws: str = WS) -> str:
    studio.settings.limits = Limits()
    await studio.store.aput(f"uploads/{ws}/upl_1", content)
    async with studio.db.write() as tx:
        await tx.execute(insert(t.uploads).values(
            id="upl_1", workspace_id=ws, kind=kind, name=f"list.{kind}", key=f"uploads/{ws}/upl_1", bytes=len(content),
            created_at=0, expires_at=1e12,
        ))  # fmt: skip
    return "upl_1"


async def shown(studio: Studio, id: str) -> BatchView:
    async with studio.db.read() as tx:
        return await get(tx, WS, id)


async def test_rows_find_their_photos_by_sku_then_by_name_and_wear_what_they_ask_for(studio: Studio) -> None:
    photos = await studio.add_photos(5)
    await studio.add_photos(1, ws=OTHER, first=90)
    sheet = (
        "sku,file,role,template,channel,priority\n"
        "SKU-00000,,,gradient,web;shopify,urgent\n"
        "SKU-00001,other-name.jpg,,,,\n"
        "NEW-7,photo-00002.jpg,,,,\n"
        "SKU-00003,,angle 2,,,\n"
        "SKU-00004,,main,nope,,\n"
        "SKU-00090,,,,,\n"
        "SKU-00002,,,,,someday\n"
    )
    id = await studio.make({"source": {"upload": await upload(studio, sheet.encode())}})
    rows = {row.photo_id: row for row in await studio.rows(t.items)}
    assert set(rows) == set(photos[:3])
    assert (rows[photos[0]].style_id, rows[photos[0]].priority) == ("gradient", 1)
    version = (await studio.rows(t.item_versions, t.item_versions.c.item_id == rows[photos[0]].id))[0]
    assert [channel["id"] for channel in version.channels] == ["master", "web", "shopify"]
    told = {u.name: u.reason for u in (await shown(studio, id)).unmatched}
    assert set(told) == {"row 5: SKU-00003", "row 7: SKU-00090", "row 8: SKU-00002", "photo-00004.jpg"}
    assert "no priority “someday”" in told["row 8: SKU-00002"] and "nope" in told["photo-00004.jpg"]


async def test_what_a_row_names_elsewhere_is_fetched(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = await studio.add_photos(2)
    asked: list[Any] = []

    async def bring_rows(job: Any, ctx: Any, rows: Any) -> dict[str, Any]:
        asked.extend(rows)
        new = await studio.add_photos(1, first=7)
        wishes = {new[0]: {"style": "gradient", "channels": [], "priority": ""}}
        return {"images": new, "refused": [{"name": "row 4", "reason": "It did not arrive."}], "wishes": wishes}

    monkeypatch.setattr(imports, "bring_rows", bring_rows)
    sheet = (
        "sku,url,template\nSKU-00000,,\nSKU-00007,https://shop.example/7.jpg,gradient\nX,https://shop.example/x.jpg,\n"
    )
    id = await studio.make({"source": {"upload": await upload(studio, sheet.encode())}})
    assert [number for number, _ in asked] == [3, 4]
    styles = {row.photo_id: row.style_id for row in await studio.rows(t.items)}
    assert styles == {photos[0]: "white", f"img_{WS}_00007": "gradient"}
    assert [u.reason for u in (await shown(studio, id)).unmatched] == ["It did not arrive."]


async def test_a_zip_is_imported_and_an_import_s_photos_are_taken(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = await studio.add_photos(2)

    async def bring(job: Any, ctx: Any, upload_id: str) -> dict[str, Any]:
        return {"images": [*photos, photos[0]], "refused": [{"name": "a.gif", "reason": "GIF is not read here."}]}

    monkeypatch.setattr(imports, "bring", bring)
    id = await studio.make({"source": {"upload": await upload(studio, b"PK", "zip")}})
    view = await shown(studio, id)
    assert (view.total, [u.name for u in view.unmatched]) == (2, ["a.gif"])
    async with studio.db.write() as tx:
        await tx.execute(update(t.jobs).values(kind="import", status="running", result={"images": photos[:1]}))
    job = (await studio.rows(t.jobs))[0].id
    with pytest.raises(Conflict, match="not finished"):
        await studio.ask({"source": {"upload": job}})
    async with studio.db.write() as tx:
        await tx.execute(update(t.jobs).values(status="done"))
    assert (await shown(studio, await studio.make({"source": {"upload": job}}))).total == 1


async def test_a_list_of_skus_alone_takes_all_photos_of_these_products(studio: Studio) -> None:
    photos = await studio.add_photos(3)
    sheet = b"sku,priority\nSKU-00002,urgent\nSKU-00000,\nSKU-7,\n"
    id = await studio.make({"source": {"upload": await upload(studio, sheet)}})
    assert {row.photo_id: row.priority for row in await studio.rows(t.items)} == {photos[2]: 1, photos[0]: 5}
    assert [u.name for u in (await shown(studio, id)).unmatched] == ["row 4: SKU-7"]


async def test_a_zip_s_list_says_what_each_photo_wears_as_a_list_alone_does(studio: Studio, tmp_path: Path) -> None:
    studio.pixels = InProcess(settings_in(tmp_path))
    sheet = (
        "sku,file,template,channel,priority\nA,1.jpg,gradient,web;shopify,URGENT\nB,2.jpg,,,\nC,3.jpg,nope,,\n"
        f"D,4.jpg,{'x' * 300},,\n"
    )
    content = packed({"list.csv": sheet.encode()} | {f"{n}.jpg": photo(n) for n in (1, 2, 3, 4)})
    wish = {"source": {"upload": await upload(studio, content, "zip")}, "priority": "overnight"}
    first = await studio.make(wish)
    async with studio.db.write() as tx:
        request = {"upload": "upl_1"}
        ref = await jobs.start(tx, WS, "import", stages=["segment"], request=request, by="usr_1")
    await studio.work_off(ref)
    second = await studio.make(wish | {"source": {"upload": ref.id}})
    names = {row.id: row.name for row in await studio.rows(t.photos)}
    for batch in (first, second):
        rows = {names[row.photo_id]: row for row in await studio.rows(t.items, t.items.c.batch_id == batch)}
        styles = {name: (row.style_id, row.priority) for name, row in rows.items()}
        assert styles == {"1.jpg": ("gradient", 1), "2.jpg": ("white", 10)}
        [version] = await studio.rows(t.item_versions, t.item_versions.c.item_id == rows["1.jpg"].id)
        assert [channel["id"] for channel in version.channels] == ["master", "web", "shopify"]
        assert {u.name for u in (await shown(studio, batch)).unmatched} == {"3.jpg", "4.jpg"}


@pytest.mark.parametrize(
    "content", [b"", b"sku\n", b"file\na.jpg\n", b"sku,colour\n1,2\n", b"\0\1\2", b'sku,file\n"1,2\n']
)
async def test_a_list_that_cannot_be_read_fails_its_batch_with_words(studio: Studio, content: bytes) -> None:
    id, ref = await studio.ask({"source": {"upload": await upload(studio, content)}})
    from packshot.catalog.batches import expand

    with pytest.raises(BadInput) as wrong:
        await expand.work(await studio.job(ref.id), studio)
    assert isinstance(wrong.value, PackshotError) and wrong.value.subject == "list.csv"
    view = await shown(studio, id)
    assert view.state is BatchState.FAILED and "list.csv" in view.error


async def test_file_names_are_found_in_other_capitals_and_composed_otherwise_and_bad_rows_are_told(
    studio: Studio,
) -> None:
    photos = await studio.add_photos(2)
    async with studio.db.write() as tx:
        await tx.execute(update(t.photos).where(t.photos.c.id == photos[1]).values(name="gr\u00fcn.jpg"))
    sheet = "sku,file\nX,left\\PHOTO-00000.JPG\nY,gru\u0308n.jpg\n1.23457E+11,a.jpg\n"
    id = await studio.make({"source": {"upload": await upload(studio, sheet.encode())}})
    assert {row.photo_id for row in await studio.rows(t.items)} == set(photos)
    [told] = (await shown(studio, id)).unmatched
    assert told.name == "row 4" and "the spreadsheet shortened this number" in told.reason


async def test_a_batch_s_list_knows_the_columns_of_lists_before_and_says_how_it_was_read(studio: Studio) -> None:
    await studio.add_photos(1)
    async with studio.db.write() as tx:
        await workspaces.remember_columns(tx, WS, {"artikel": "sku", "farbe": ""})
    sheet = "Artikel;Farbe;title\nSKU-00000;grün;Größe\n"
    await studio.make({"source": {"upload": await upload(studio, sheet.encode("cp1252"))}})
    assert len(await studio.rows(t.items)) == 1
    notes = " ".join(note["words"] for note in (await studio.rows(t.jobs))[0].result["notes"])
    assert "Windows-1252" in notes and "Artikel was read as sku" in notes and "Farbe was left out" in notes
