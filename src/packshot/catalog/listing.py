"""Which photos a batch is made of, and what of the wish matched none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, select

from packshot.catalog.asked import Source
from packshot.catalog.planning import Entry
from packshot.db import Tx
from packshot.db.tables import collections, photos, product_collections, products

_AT_ONCE = 500
Unmatched = list[dict[str, str]]


async def entries(run: Row[Any], ctx: Any, source: Source) -> tuple[list[Entry], Unmatched]:
    """The photos of a wish, each once.  Reads only; an upload may take a while, for it is imported first."""
    workspace_id = run.workspace_id
    if source.images is not None:
        return await _by_ids(ctx, workspace_id, photos.c.id, source.images, "photo")
    if source.products is not None:
        return await _by_ids(ctx, workspace_id, photos.c.product_id, source.products, "product with photos")
    if source.collection is not None:
        async with ctx.db.read() as tx:
            ids = await _collected(tx, workspace_id, source.collection)
        found, _ = await _by_ids(ctx, workspace_id, photos.c.product_id, ids, "product")
        return found, []
    return [], []


async def _by_ids(
    ctx: Any, workspace_id: str, column: Any, ids: Sequence[str], what: str
) -> tuple[list[Entry], Unmatched]:
    wanted = list(dict.fromkeys(ids))
    found: list[Entry] = []
    met: set[str] = set()
    for chunk in _chunks(wanted):
        async with ctx.db.read() as tx:
            rows = await tx.execute(photo_query(workspace_id).where(column.in_(chunk)))
        for row in rows:
            found.append(entry(row))
            met.add(row.id if column is photos.c.id else row.product_id)
    return found, [{"name": id, "reason": f"There is no such {what}."} for id in wanted if id not in met]


async def _collected(tx: Tx, workspace_id: str, collection_id: str) -> list[str]:
    """Products of a collection and of all those under it."""
    inside, level = {collection_id}, [collection_id]
    while level:
        level = [
            id
            for id in await tx.scalars(
                select(collections.c.id).where(
                    collections.c.workspace_id == workspace_id, collections.c.parent_id.in_(level)
                )
            )
            if id not in inside
        ]
        inside.update(level)
    mine = select(product_collections.c.product_id).join(products, products.c.id == product_collections.c.product_id)
    ids = await tx.scalars(
        mine.where(products.c.workspace_id == workspace_id, product_collections.c.collection_id.in_(inside))
    )
    return sorted(set(ids))


def photo_query(workspace_id: str) -> Any:
    """Photos with what their product says of itself."""
    return (
        select(
            photos.c.id, photos.c.product_id, photos.c.sha256, photos.c.width, photos.c.height, photos.c.fingerprint,
            photos.c.findings, photos.c.name, photos.c.role, products.c.sku, products.c.category,
        )
        .outerjoin(products, products.c.id == photos.c.product_id)
        .where(
            photos.c.workspace_id == workspace_id, photos.c.deleted_at.is_(None),
            products.c.id.is_(None) | products.c.deleted_at.is_(None),
        )
    )  # fmt: skip


def entry(row: Row[Any]) -> Entry:
    return Entry(
        photo_id=row.id, sha256=row.sha256, width=row.width, height=row.height, fingerprint=row.fingerprint,
        findings=row.findings, name=row.name, sku=row.sku or "", role=row.role or "", category=row.category or "",
    )  # fmt: skip


def _chunks(things: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(things), _AT_ONCE):
        yield things[first : first + _AT_ONCE]
