"""Products: what is sold, under one sku each, with its photos in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import Row, exists, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from packshot.catalog.events.log import tell
from packshot.catalog.items.findings import bad
from packshot.catalog.library import collections, photos
from packshot.catalog.library.photos import PhotoView
from packshot.catalog.status import Line
from packshot.db import Tx
from packshot.db.tables import new_id, now, product_collections, products
from packshot.db.tables import photos as photo_rows
from packshot.errors import Conflict, NotFound


def _gtin(text: str) -> str:
    """GS1 General Specifications 7.9: weights 3 and 1 from the right, the sum with the check digit divides by 10."""
    if not text:
        return text
    if not re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", text):
        raise ValueError("a GTIN has 8, 12, 13 or 14 digits")
    if sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(text))) % 10:
        raise ValueError("the check digit of this GTIN is wrong; check it for a typing mistake")
    return text


def _asin(text: str) -> str:
    if text and not re.fullmatch(r"[A-Z0-9]{10}", text.upper()):
        raise ValueError("an ASIN has 10 letters and digits")
    return text.upper()


Sku = Annotated[Line, Field(min_length=1, max_length=200, description="Unique in the workspace.")]
Gtin = Annotated[str, Field(max_length=20, description="8, 12, 13 or 14 digits."), AfterValidator(_gtin)]
Asin = Annotated[str, Field(max_length=20, description="10 letters and digits."), AfterValidator(_asin)]
Title = Annotated[Line, Field(max_length=500)]
Category = Annotated[Line, Field(max_length=200)]
_EXAMPLE: dict[str, Any] = {
    "examples": [{"sku": "SHOE-7", "title": "Running shoe, red", "gtin": "4006381333931", "category": "shoes"}]
}


class ProductRequest(BaseModel, frozen=True, extra="forbid", json_schema_extra=_EXAMPLE):
    """A product to be."""

    sku: Sku
    title: Title = ""
    gtin: Gtin = ""
    asin: Asin = ""
    category: Category = ""


class ProductChange(BaseModel, frozen=True, extra="forbid", json_schema_extra={"examples": [{"title": "Red shoe"}]}):
    """What is to be different; what is left out stays."""

    sku: Sku | None = None
    title: Title | None = None
    gtin: Gtin | None = None
    asin: Asin | None = None
    category: Category | None = None


class ProductView(BaseModel, frozen=True):
    """One product with its photos in order."""

    id: str
    sku: str
    title: str
    gtin: str
    asin: str
    category: str
    collections: tuple[str, ...] = Field(description="Collections, seasons and categories it is in, by id.")
    photos: tuple[PhotoView, ...]
    revision: int
    created_at: datetime
    updated_at: datetime


async def create(tx: Tx, workspace_id: str, asked: ProductRequest) -> ProductView:
    """Raises Conflict where the sku is taken."""
    id = await _insert(tx, workspace_id, asked.model_dump())
    if id is None:
        raise _taken(asked.sku)
    return await get(tx, workspace_id, id)


async def for_sku(
    tx: Tx, workspace_id: str, sku: str, *, title: str = "", gtin: str = "", asin: str = "", category: str = ""
) -> str:
    """The product of this sku, made if there is none; what it does not say of itself yet is filled in.  Its id."""
    told = {"title": title, "gtin": gtin, "asin": asin, "category": category}
    found = await _by_sku(tx, workspace_id, sku)
    if found is None:
        made = await _insert(tx, workspace_id, {"sku": sku, **told})
        if made is not None:
            return made
        found = await _by_sku(tx, workspace_id, sku)  # somebody else made it just now
        assert found is not None
    news = {name: value for name, value in told.items() if value and not getattr(found, name)}
    if news:
        await _update(tx, workspace_id, found.id, **news)
    return str(found.id)


async def get(tx: Tx, workspace_id: str, product_id: str) -> ProductView:
    """One product.  Raises NotFound."""
    return (await _views(tx, workspace_id, [await row(tx, workspace_id, product_id)]))[0]


async def row(tx: Tx, workspace_id: str, product_id: str, *, lock: bool = False) -> Row[Any]:
    """One product as it is kept.  Raises NotFound."""
    query = select(products).where(_live(workspace_id), products.c.id == product_id)
    found = (await tx.execute(query.with_for_update() if lock else query)).first()
    if found is None:
        raise NotFound("there is no such product.", subject=product_id)
    return found


@dataclass(frozen=True, slots=True)
class Sought:
    """Which products a list is of: all of what is given holds.

    q: in sku, title, gtin or asin.  collection_id: in it or in what is under it.  unsorted: in no collection.
    flagged: with a photo that a check wants looked at.
    """

    q: str | None = None
    sku: str | None = None
    collection_id: str | None = None
    category: str | None = None
    has_photos: bool | None = None
    flagged: bool | None = None
    unsorted: bool | None = None


class ProductOrder(StrEnum):
    """What a list of products is sorted by."""

    NEWEST = "newest"
    SKU = "sku"
    TITLE = "title"  # of those without one the sku stands in


def place(product: ProductView, order: ProductOrder) -> tuple[str, str]:
    """Where it stands in a list of this order: the list goes on `after` it."""
    by = {ProductOrder.NEWEST: "", ProductOrder.SKU: product.sku, ProductOrder.TITLE: product.title or product.sku}
    return by[order], product.id


async def page(
    tx: Tx,
    workspace_id: str,
    sought: Sought = Sought(),
    *,
    order: ProductOrder = ProductOrder.NEWEST,
    after: tuple[str, str] | None = None,
    limit: int = 50,
) -> list[ProductView]:
    """Products in order; capitals and small letters are the same in it.  after: the `place` of the last one seen.

    Raises NotFound where there is no such collection.
    """
    query = select(products).where(*await _of(tx, workspace_id, sought)).limit(limit)
    if order is ProductOrder.NEWEST:
        query = query.order_by(products.c.id.desc())
        if after:
            query = query.where(products.c.id < after[1])
    else:
        called = func.coalesce(func.nullif(products.c.title, ""), products.c.sku)
        by = products.c.sku if order is ProductOrder.SKU else called
        query = query.order_by(func.lower(by), products.c.id)
        if after:
            query = query.where(tuple_(func.lower(by), products.c.id) > tuple_(func.lower(after[0]), after[1]))
    return await _views(tx, workspace_id, (await tx.execute(query)).all())


async def count(tx: Tx, workspace_id: str, sought: Sought = Sought()) -> int:
    """How many there are on all pages.  Raises NotFound where there is no such collection."""
    query = select(func.count()).select_from(products).where(*await _of(tx, workspace_id, sought))
    return (await tx.execute(query)).scalar_one()


async def change(tx: Tx, workspace_id: str, product_id: str, wanted: ProductChange) -> ProductView:
    """Raises NotFound, Conflict."""
    await row(tx, workspace_id, product_id, lock=True)
    fields = {name: value for name, value in wanted.model_dump(exclude_unset=True).items() if value is not None}
    try:
        async with tx.begin_nested():
            await _update(tx, workspace_id, product_id, **fields)
    except IntegrityError:
        raise _taken(str(wanted.sku)) from None
    return await get(tx, workspace_id, product_id)


async def delete(tx: Tx, workspace_id: str, product_id: str) -> None:
    """Take a product away with its photos.  What was made and delivered of them stays.  Raises NotFound."""
    await row(tx, workspace_id, product_id, lock=True)
    at = now()
    await tx.execute(
        update(photo_rows)
        .where(
            photo_rows.c.workspace_id == workspace_id,
            photo_rows.c.product_id == product_id,
            photo_rows.c.deleted_at.is_(None),
        )
        .values(deleted_at=at, updated_at=at)
    )
    await _update(tx, workspace_id, product_id, deleted_at=at)
    await tell(tx, workspace_id, "product.deleted")


async def reorder(tx: Tx, workspace_id: str, product_id: str, order: Sequence[str]) -> ProductView:
    """Put its photos in this order.  Raises NotFound, BadOption."""
    await row(tx, workspace_id, product_id, lock=True)
    await photos.reorder(tx, workspace_id, product_id, order)
    await _update(tx, workspace_id, product_id)
    return await get(tx, workspace_id, product_id)


# --- parts ---


def _live(workspace_id: str) -> Any:
    return (products.c.workspace_id == workspace_id) & products.c.deleted_at.is_(None)


async def _of(tx: Tx, workspace_id: str, sought: Sought) -> list[Any]:
    """The conditions of a list."""
    wanted = [_live(workspace_id)]
    if sought.q:
        columns = (products.c.sku, products.c.title, products.c.gtin, products.c.asin)
        wanted.append(or_(*(column.icontains(sought.q, autoescape=True) for column in columns)))
    if sought.sku is not None:
        wanted.append(products.c.sku == sought.sku)
    if sought.category is not None:
        wanted.append(products.c.category == sought.category)
    if sought.collection_id is not None:
        await collections.row(tx, workspace_id, sought.collection_id)
        inside = select(product_collections.c.product_id).where(
            product_collections.c.collection_id.in_(collections.under(workspace_id, sought.collection_id))
        )
        wanted.append(products.c.id.in_(inside))
    own = (photo_rows.c.product_id == products.c.id, photo_rows.c.deleted_at.is_(None))
    for holds, such in (
        (sought.has_photos, exists().where(*own)),
        (sought.flagged, exists().where(*own, bad(photo_rows.c.findings))),
        (sought.unsorted, ~exists().where(product_collections.c.product_id == products.c.id)),
    ):
        if holds is not None:
            wanted.append(such if holds else ~such)
    return wanted


def _taken(sku: str) -> Conflict:
    return Conflict("there is a product of this sku already.", subject=sku, remedy="Change that one, or take another.")


async def _by_sku(tx: Tx, workspace_id: str, sku: str) -> Row[Any] | None:
    return (await tx.execute(select(products).where(_live(workspace_id), products.c.sku == sku))).first()


async def _insert(tx: Tx, workspace_id: str, fields: dict[str, str]) -> str | None:
    """The new product's id; None where its sku is taken."""
    id, at = new_id("prd"), now()
    row = {"id": id, "workspace_id": workspace_id, "revision": 1, "created_at": at, "updated_at": at, **fields}
    try:
        async with tx.begin_nested():
            await tx.execute(insert(products).values(**row))
    except IntegrityError:
        return None
    await tell(tx, workspace_id, "product.added")
    return id


async def _update(tx: Tx, workspace_id: str, product_id: str, **fields: Any) -> None:
    await tx.execute(
        update(products)
        .where(_live(workspace_id), products.c.id == product_id)
        .values(**fields, revision=products.c.revision + 1, updated_at=now())
    )


async def _views(tx: Tx, workspace_id: str, found: Sequence[Row[Any]]) -> list[ProductView]:
    ids = [product.id for product in found]
    pictures = await photos.of_products(tx, workspace_id, ids)
    places: dict[str, list[str]] = {id: [] for id in ids}
    for place in await tx.execute(
        select(product_collections)
        .where(product_collections.c.product_id.in_(ids))
        .order_by(product_collections.c.collection_id)
    ):
        places[place.product_id].append(place.collection_id)
    return [
        ProductView.model_validate({**p._mapping, "photos": pictures[p.id], "collections": places[p.id]}) for p in found
    ]
