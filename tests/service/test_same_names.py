"""The same file names give the same products and angles: loose in a folder, in a ZIP, in a watched folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from shelf import InProcess, packed, photo, settings_in
from sqlalchemy import insert, update
from studio import WS, Studio

from packshot.catalog import jobs
from packshot.catalog.batches import expand
from packshot.catalog.library import imports, products
from packshot.db import tables as t
from packshot.intake import collect
from packshot.service.watched_folder.loop import Watch
from packshot.settings import Limits
from packshot.store import Store

pytestmark = pytest.mark.anyio
NAMES = [
    "MUG.jpg", "MUG_2.jpg", "MUG (3).jpg", "MUG_back.jpg", "B0X.MAIN.jpg", "B0X.PT01.jpg", "SHOE-7.jpg", "IMG_0012.jpg",
    "CUP_2.jpg", "CUP_3.jpg", "gr\u00fcn_detail.jpg", "left/SAME.jpg", "right/SAME.jpg",
]  # fmt: skip
EXPECTED = [
    ("B0X", "angle 2"), ("B0X", "main"), ("CUP", "angle 2"), ("CUP", "main"), ("IMG_0012", "main"), ("MUG", "angle 2"),
    ("MUG", "angle 3"), ("MUG", "back"), ("MUG", "main"), ("SAME", "angle 2"), ("SAME", "main"), ("SHOE-7", "main"),
    ("gr\u00fcn", "detail"),
]  # fmt: skip
LIST = "sku,file,role\nA,MUG.jpg,\nA,LEFT\\same.JPG,angle 2\nB,gru\u0308n_detail.jpg,\n"
LISTED = [("A", "angle 2"), ("A", "main"), ("B", "main")]


def named(*, with_list: bool) -> dict[str, bytes]:
    files = {name: photo(seed) for seed, name in enumerate(NAMES)}
    if with_list:
        kept = {"MUG.jpg", "left/SAME.jpg", "gr\u00fcn_detail.jpg"}
        return {name: files[name] for name in NAMES if name in kept} | {"list.csv": LIST.encode("utf-16")}
    return files


@pytest.mark.parametrize(("with_list", "expected"), [(False, EXPECTED), (True, LISTED)], ids=["by name", "by list"])
async def test_the_same_set_is_the_same_wherever_it_lies(
    studio: Studio, tmp_path: Path, with_list: bool, expected: list[tuple[str, str]]
) -> None:
    files = named(with_list=with_list)
    loose = _loose(tmp_path / "loose", files)
    assert sorted(loose) == expected
    assert await _in_a_zip(studio, tmp_path / "zip", files) == expected
    async with studio.db.write() as tx:
        for product in await products.page(tx, WS):
            await products.delete(tx, WS, product.id)
    assert await _in_a_watched_folder(studio, tmp_path / "watched", files) == expected


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _loose(folder: Path, files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    _put(folder, files)
    sheets = [str(folder / name) for name in files if name.endswith(".csv")]
    found = collect(sheets or [str(folder)], limits=Limits(), recursive=True)
    assert found.refused == []
    return [(source.sku, source.role) for source in found.sources]


async def _in_a_zip(studio: Studio, folder: Path, files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    studio.settings = settings_in(folder)
    studio.store, studio.pixels = Store(studio.settings.store), InProcess(studio.settings)
    studio.store.put("uploads/zip", packed(dict(files)))
    async with studio.db.write() as tx:
        values = {"id": "upl_1", "workspace_id": WS, "kind": "zip", "name": "a.zip", "key": "uploads/zip", "bytes": 1}
        await tx.execute(insert(t.uploads).values(created_at=0, expires_at=1e12, **values))
        ref = await jobs.start(tx, WS, "import", stages=["segment"], request={"upload": "upl_1"}, by="usr_1")
    result = await imports.work(await studio.job(ref.id), studio)
    assert (result["refused"], result["notes"]) == ([], [])
    return await _kept(studio)


async def _in_a_watched_folder(studio: Studio, folder: Path, files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    studio.settings = settings_in(folder)
    studio.store, studio.pixels = Store(studio.settings.store), InProcess(studio.settings)
    wish: dict[str, Any] = {"style": "white", "options": {}, "channels": ["shopify"], "priority": "overnight"}
    async with studio.db.write() as tx:
        await tx.execute(update(t.workspaces).where(t.workspaces.c.id == WS).values(settings={"watch": wish}))
    at = [100.0]
    watch = Watch(studio.settings, studio.db, studio.store, studio.queues, clock=lambda: at[0])
    await watch.look()
    _put(studio.settings.inbox / WS, files)
    for seconds in (4.0, 4.0):
        await watch.look()
        at[0] += seconds
    await watch.look()
    watch.close()
    for batch in await studio.rows(t.batches):
        assert (await expand.work(await studio.job(batch.job_id), studio))["unmatched"] == 0
    return await _kept(studio)


async def _kept(studio: Studio) -> list[tuple[str, str]]:
    async with studio.db.read() as tx:
        return sorted((product.sku, shown.role) for product in await products.page(tx, WS) for shown in product.photos)
