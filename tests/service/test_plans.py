"""How the database finds what is asked for most: by an index that holds it, however large a batch is."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from studio import Studio

from packshot.catalog.batches import expand

pytestmark = pytest.mark.anyio


async def plan(studio: Studio, statement: str) -> str:
    async with studio.db.read() as tx:
        if not studio.db.is_sqlite:
            await tx.execute(text("SET enable_seqscan = off"))  # the table is small
        explain = "EXPLAIN QUERY PLAN" if studio.db.is_sqlite else "EXPLAIN"
        return " ".join(str(row) for row in await tx.execute(text(f"{explain} {statement}")))


async def test_an_item_of_a_large_batch_is_found_by_its_id(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expand, "MANY", 100)
    await studio.make({"source": {"images": await studio.add_photos(150)}})
    found = await plan(
        studio, "UPDATE items SET touched_at = 1 WHERE id = 'itm_1' AND stage = 'segment' AND status = 'processing'"
    )
    assert "sqlite_autoindex_items_1" in found or "pk_items" in found, found


async def test_a_status_is_counted_from_an_index_alone(studio: Studio) -> None:
    found = await plan(
        studio, "SELECT status, stage, count(*) FROM items WHERE batch_id IN ('bat_1') GROUP BY batch_id, status, stage"
    )
    assert "ix_items_batch_id_status_stage" in found, found
    assert "COVERING" in found or "Index Only Scan" in found, found
