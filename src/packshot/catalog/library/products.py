"""Products: what is sold, under one sku each, with its photos in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import ColumnElement, exists, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from packshot.catalog.events.log import record_event
from packshot.catalog.items.findings import flagged
from packshot.catalog.library import collections, photo_flags, photos
from packshot.catalog.library.photos import PhotoView
from packshot.catalog.status import Line
from packshot.db import Tx, typed
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
    """A new product."""

    sku: Sku
    title: Title = ""
    gtin: Gtin = ""
    asin: Asin = ""
    category: Category = ""


class ProductChange(BaseModel, frozen=True, extra="forbid", json_schema_extra={"examples": [{"title": "Red shoe"}]}):
    """What to change; what is left out stays."""

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


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """A row of `products`."""

    id: str
    workspace_id: str
    sku: str
    gtin: str
    asin: str
    title: str
    category: str
    revision: int
    created_at: float
    updated_at: float
    deleted_at: float | None


async def create(tx: Tx, workspace_id: str, request: ProductRequest) -> ProductView:
    """Raises Conflict where the sku is in use."""
    id = await _insert(tx, workspace_id, request.model_dump())
    if id is None:
        raise _sku_in_use(request.sku)
    return await get(tx, workspace_id, id)


async def for_sku(
    tx: Tx, workspace_id: str, sku: str, *, title: str = "", gtin: str = "", asin: str = "", category: str = ""
) -> str:
    """Id of the product of this sku, which is created where there is none; fields that are still empty are filled."""
    fields = {"title": title, "gtin": gtin, "asin": asin, "category": category}
    existing = await _by_sku(tx, workspace_id, sku)
    if existing is None:
        created = await _insert(tx, workspace_id, {"sku": sku, **fields})
        if created is not None:
            return created
        existing = await _by_sku(tx, workspace_id, sku)  # somebody else created it just now
        assert existing is not None
    missing = {name: value for name, value in fields.items() if value and not getattr(existing, name)}
    if missing:
        await _update(tx, workspace_id, existing.id, **missing)
    return existing.id


async def get(tx: Tx, workspace_id: str, product_id: str) -> ProductView:
    """One product.  Raises NotFound."""
    return (await _views(tx, workspace_id, [await row(tx, workspace_id, product_id)]))[0]


async def row(tx: Tx, workspace_id: str, product_id: str, *, lock: bool = False) -> ProductRecord:
    """One product as it is stored.  Raises NotFound."""
    query = select(products).where(_live(workspace_id), products.c.id == product_id)
    record = (await tx.execute(query.with_for_update() if lock else query)).first()
    if record is None:
        raise NotFound("there is no such product.", subject=product_id)
    return typed(ProductRecord, record)


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which products a list holds: those for which all that is given is true.

    q: in sku, title, gtin or asin.  collection_id: in it or in what is under it.  unsorted: in no collection.
    flagged: with a photo of which a check warns or fails.
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
    TITLE = "title"  # the sku, where there is none


def place(product: ProductView, order: ProductOrder) -> tuple[str, str]:
    """Where it stands in a list of this order; `page` goes on after it."""
    by = {ProductOrder.NEWEST: "", ProductOrder.SKU: product.sku, ProductOrder.TITLE: product.title or product.sku}
    return by[order], product.id


async def page(
    tx: Tx,
    workspace_id: str,
    filter: ProductFilter = ProductFilter(),
    *,
    order: ProductOrder = ProductOrder.NEWEST,
    after: tuple[str, str] | None = None,
    limit: int = 50,
) -> list[ProductView]:
    """Products in order, without regard to case.  after: the `place` of the last one on the page before.

    Raises NoSuchCollection.
    """
    query = select(products).where(*await _conditions(tx, workspace_id, filter)).limit(limit)
    if order is ProductOrder.NEWEST:
        query = query.order_by(products.c.id.desc())
        if after:
            query = query.where(products.c.id < after[1])
    else:
        title = func.coalesce(func.nullif(products.c.title, ""), products.c.sku)
        by = products.c.sku if order is ProductOrder.SKU else title
        query = query.order_by(func.lower(by), products.c.id)
        if after:
            query = query.where(tuple_(func.lower(by), products.c.id) > tuple_(func.lower(after[0]), after[1]))
    return await _views(tx, workspace_id, [typed(ProductRecord, row) for row in await tx.execute(query)])


async def count(tx: Tx, workspace_id: str, filter: ProductFilter = ProductFilter()) -> int:
    """How many there are on all pages.  Raises NoSuchCollection."""
    query = select(func.count()).select_from(products).where(*await _conditions(tx, workspace_id, filter))
    return (await tx.execute(query)).scalar_one()


async def change(tx: Tx, workspace_id: str, product_id: str, changes: ProductChange) -> ProductView:
    """Raises NotFound, Conflict."""
    await row(tx, workspace_id, product_id, lock=True)
    fields = {name: value for name, value in changes.model_dump(exclude_unset=True).items() if value is not None}
    try:
        async with tx.begin_nested():
            await _update(tx, workspace_id, product_id, **fields)
    except IntegrityError:
        raise _sku_in_use(str(changes.sku)) from None
    return await get(tx, workspace_id, product_id)


async def delete(tx: Tx, workspace_id: str, product_id: str) -> None:
    """Delete a product with its photos.  Batches and deliveries of them stay.  Raises NotFound."""
    await row(tx, workspace_id, product_id, lock=True)
    at = now()
    own = (
        photo_rows.c.workspace_id == workspace_id, photo_rows.c.product_id == product_id,
        photo_rows.c.deleted_at.is_(None),
    )  # fmt: skip
    ids = list(await tx.scalars(select(photo_rows.c.id).where(*own)))
    await tx.execute(update(photo_rows).where(*own).values(deleted_at=at, updated_at=at))
    for id in ids:
        await photo_flags.moved(tx, workspace_id, id)
    await _update(tx, workspace_id, product_id, deleted_at=at)
    await record_event(tx, workspace_id, "product.deleted")


async def reorder(tx: Tx, workspace_id: str, product_id: str, order: Sequence[str]) -> ProductView:
    """Put its photos in this order.  Raises NotFound, BadOption."""
    await row(tx, workspace_id, product_id, lock=True)
    await photos.reorder(tx, workspace_id, product_id, order)
    await _update(tx, workspace_id, product_id)
    return await get(tx, workspace_id, product_id)


# --- parts ---


def _live(workspace_id: str) -> ColumnElement[bool]:
    return (products.c.workspace_id == workspace_id) & products.c.deleted_at.is_(None)


async def _conditions(tx: Tx, workspace_id: str, filter: ProductFilter) -> list[ColumnElement[bool]]:
    conditions = [_live(workspace_id)]
    if filter.q:
        columns = (products.c.sku, products.c.title, products.c.gtin, products.c.asin)
        conditions.append(or_(*(column.icontains(filter.q, autoescape=True) for column in columns)))
    if filter.sku is not None:
        conditions.append(products.c.sku == filter.sku)
    if filter.category is not None:
        conditions.append(products.c.category == filter.category)
    if filter.collection_id is not None:
        await collections.row(tx, workspace_id, filter.collection_id)
        inside = select(product_collections.c.product_id).where(
            product_collections.c.collection_id.in_(collections.under(workspace_id, filter.collection_id))
        )
        conditions.append(products.c.id.in_(inside))
    own = (photo_rows.c.product_id == products.c.id, photo_rows.c.deleted_at.is_(None))
    for required, condition in (
        (filter.has_photos, exists().where(*own)),
        (filter.flagged, exists().where(*own, flagged(photo_rows.c.id))),
        (filter.unsorted, ~exists().where(product_collections.c.product_id == products.c.id)),
    ):
        if required is not None:
            conditions.append(condition if required else ~condition)
    return conditions


def _sku_in_use(sku: str) -> Conflict:
    return Conflict("there is a product of this sku already.", subject=sku, remedy="Change that one, or take another.")


async def _by_sku(tx: Tx, workspace_id: str, sku: str) -> ProductRecord | None:
    record = (await tx.execute(select(products).where(_live(workspace_id), products.c.sku == sku))).first()
    return None if record is None else typed(ProductRecord, record)


async def _insert(tx: Tx, workspace_id: str, fields: dict[str, str]) -> str | None:
    """The new product's id; None where its sku is in use."""
    id, at = new_id("prd"), now()
    row = {"id": id, "workspace_id": workspace_id, "revision": 1, "created_at": at, "updated_at": at, **fields}
    try:
        async with tx.begin_nested():
            await tx.execute(insert(products).values(**row))
    except IntegrityError:
        return None
    await record_event(tx, workspace_id, "product.added")
    return id


async def _update(tx: Tx, workspace_id: str, product_id: str, **fields: Any) -> None:
    await tx.execute(
        update(products)
        .where(_live(workspace_id), products.c.id == product_id)
        .values(**fields, revision=products.c.revision + 1, updated_at=now())
    )


async def _views(tx: Tx, workspace_id: str, records: Sequence[ProductRecord]) -> list[ProductView]:
    ids = [product.id for product in records]
    photos_of = await photos.of_products(tx, workspace_id, ids)
    collections_of: dict[str, list[str]] = {id: [] for id in ids}
    for product_id, collection_id in await tx.execute(
        select(product_collections.c.product_id, product_collections.c.collection_id)
        .where(product_collections.c.product_id.in_(ids))
        .order_by(product_collections.c.collection_id)
    ):
        collections_of[product_id].append(collection_id)
    return [
        ProductView(**asdict(product), photos=photos_of[product.id], collections=collections_of[product.id])
        for product in records
    ]
