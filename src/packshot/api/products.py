"""Products: what is sold, with its photos in order."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from packshot.api.access import Editor, Principal, Reader
from packshot.api.described import headers
from packshot.api.params import (
    Count,
    Counted,
    Cursor,
    IfMatch,
    Limit,
    OfCollection,
    ProductId,
    Search,
    etag,
    matches,
    page_of,
    unpacked,
)
from packshot.api.service import Service, Svc
from packshot.api.uploads import linked
from packshot.catalog.library import products
from packshot.catalog.library.products import (
    ProductChange,
    ProductFilter,
    ProductOrder,
    ProductRequest,
    ProductView,
    place,
)
from packshot.catalog.status import Line
from packshot.errors import BadOption

router = APIRouter(tags=["products"])

_ORDER: dict[str, Any] = {
    "examples": [{"photos": ["img_0193a1b2c3d4e5f60718293a4b", "img_0193a1b2c3d4e5f60718293a4c"]}]
}


class PhotoOrder(BaseModel, frozen=True, extra="forbid", json_schema_extra=_ORDER):
    """All photos of a product, in the order they are to have."""

    photos: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=1_000)]


@router.post("/products", status_code=201, responses={201: headers("ETag", "Location")})
async def create_product(body: ProductRequest, response: Response, svc: Svc, who: Editor) -> ProductView:
    """Make a product. Its sku is unique in the workspace; a gtin's check digit must be right."""
    async with svc.db.write() as tx:
        created = await products.create(tx, who.workspace_id, body)
    response.headers["Location"] = f"/api/v1/products/{created.id}"
    return _shown(svc, who, response, created)


@router.get("/products")
async def list_products(
    svc: Svc,
    who: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
    q: Search = None,
    sku: Annotated[Line | None, Query(max_length=200, description="Exactly this one.")] = None,
    collection_id: OfCollection = None,
    category: Annotated[Line | None, Query(max_length=200, description="Exactly this one.")] = None,
    has_photos: Annotated[bool | None, Query(description="Only those with photos, or only those without.")] = None,
    flagged: Annotated[
        bool | None, Query(description="Only those with a photo that a check wants looked at, or only those without.")
    ] = None,
    unsorted: Annotated[bool | None, Query(description="Only those in no collection, or only those in one.")] = None,
    order: Annotated[
        ProductOrder,
        Query(description="The newest first; by sku; or by title, where the sku stands in for a missing one."),
    ] = ProductOrder.NEWEST,
    count: Count = False,
) -> Counted[ProductView]:
    """Products in order. `q` looks into sku, title, gtin and asin; a collection takes in what is under it."""
    filter = ProductFilter(q, sku, collection_id, category, has_photos, flagged, unsorted)
    async with svc.db.read() as tx:
        found = await products.page(
            tx, who.workspace_id, filter, order=order, after=_after(cursor, order), limit=limit + 1
        )
        total = await products.count(tx, who.workspace_id, filter) if count else None
    shown = page_of(
        [with_links(svc, who, product) for product in found], limit, lambda one: [order, *place(one, order)]
    )
    return Counted(**dict(shown), total=total)


@router.get("/products/{product_id}", responses={200: headers("ETag")})
async def get_product(product_id: ProductId, response: Response, svc: Svc, who: Reader) -> ProductView:
    """A product with its photos in order."""
    async with svc.db.read() as tx:
        found = await products.get(tx, who.workspace_id, product_id)
    return _shown(svc, who, response, found)


@router.patch("/products/{product_id}", responses={200: headers("ETag")})
async def change_product(
    product_id: ProductId,
    change: ProductChange,
    response: Response,
    svc: Svc,
    who: Editor,
    if_match: IfMatch = None,
) -> ProductView:
    """Change what is said of a product."""
    async with svc.db.write() as tx:
        matches(if_match, (await products.row(tx, who.workspace_id, product_id, lock=True)).revision)
        changed = await products.change(tx, who.workspace_id, product_id, change)
    return _shown(svc, who, response, changed)


@router.delete("/products/{product_id}", status_code=204)
async def delete_product(product_id: ProductId, svc: Svc, who: Editor, if_match: IfMatch = None) -> None:
    """Take a product away with its photos. Batches that were made of them, and what was delivered, stay."""
    async with svc.db.write() as tx:
        matches(if_match, (await products.row(tx, who.workspace_id, product_id, lock=True)).revision)
        await products.delete(tx, who.workspace_id, product_id)


@router.put("/products/{product_id}/photos", responses={200: headers("ETag")})
async def order_photos(
    product_id: ProductId, order: PhotoOrder, response: Response, svc: Svc, who: Editor, if_match: IfMatch = None
) -> ProductView:
    """Put a product's photos in order: all of them, each once."""
    async with svc.db.write() as tx:
        matches(if_match, (await products.row(tx, who.workspace_id, product_id, lock=True)).revision)
        changed = await products.reorder(tx, who.workspace_id, product_id, order.photos)
    return _shown(svc, who, response, changed)


def with_links(svc: Service, who: Principal, product: ProductView) -> ProductView:
    """The same with links instead of keys."""
    return product.model_copy(update={"photos": tuple(linked(svc, who, photo) for photo in product.photos)})


def _after(cursor: str | None, order: ProductOrder) -> tuple[str, str] | None:
    if cursor is None:
        return None
    match unpacked(cursor):
        case [str() as of, str() as value, str() as id] if of == order:
            return value, id
    raise BadOption("this is not a cursor of this list.", subject="cursor", remedy="Begin without one.")


def _shown(svc: Service, who: Principal, response: Response, product: ProductView) -> ProductView:
    response.headers["ETag"] = etag(product.revision)
    return with_links(svc, who, product)
