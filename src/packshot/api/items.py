"""Items: one photo in one style. Looked through, looked at, changed."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel, Field

from packshot.api.access import Editor, Principal, Reader
from packshot.api.batches import BatchId
from packshot.api.described import headers
from packshot.api.files import link
from packshot.api.params import Cursor, Limit, OfImage, OfProduct, Page, after_id, after_item, etag, page_of
from packshot.api.service import Service, Svc
from packshot.catalog.batches.requests import Id
from packshot.catalog.items import records
from packshot.catalog.items.records import ItemDetail, ItemView, Order, VersionView
from packshot.catalog.old_names import STYLE
from packshot.catalog.status import ItemStatus, Priority
from packshot.errors import BadOption

router = APIRouter(tags=["items"])

ItemId = Annotated[str, Path(description="An item, by id.", max_length=40)]
_Shown = TypeVar("_Shown", ItemView, ItemDetail, VersionView)
_NAME = r"^[a-z0-9][a-z0-9_ -]{0,39}$"


_CHANGES: dict[str, Any] = {"examples": [{"version": 1, "style": "gradient", "options": {"size": 0.7}}]}


class ItemChange(BaseModel, frozen=True, extra="forbid", json_schema_extra=_CHANGES):
    """What is to be different. A style or channels make a new version; what was approved or delivered stays."""

    version: int | None = Field(None, ge=1, description="The version that was looked at: refused if there is a newer.")
    style: Id | None = Field(None, validation_alias=STYLE, description="Another style, by id.")
    options: dict[str, Any] | None = Field(None, max_length=40, description="The style's options that change.")
    channels: Annotated[tuple[Id, ...], Field(min_length=1, max_length=40)] | None = Field(
        None, description="All channels that it is made for, by id."
    )
    priority: Priority | None = None


@router.get("/items")
async def list_items(
    svc: Svc,
    who: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
    sku: Annotated[str | None, Query(max_length=200, description="Of the product that has it now.")] = None,
    product_id: OfProduct = None,
    image_id: OfImage = None,
) -> Page[ItemView]:
    """Items of all batches, those of the newest batch first: what was made of a product, or of a photo."""
    async with svc.db.read() as tx:
        found = await records.recent(
            tx, who.workspace_id, sku=sku, product_id=product_id, image_id=image_id, after=after_id(cursor),
            limit=limit + 1,
        )  # fmt: skip
    return page_of([_linked(svc, who, item) for item in found], limit, lambda item: item.id)


@router.get("/batches/{batch_id}/items")
async def list_batch_items(
    batch_id: BatchId,
    svc: Svc,
    who: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
    status: Annotated[list[ItemStatus] | None, Query(description="Only those; may be given several times.")] = None,
    needs_look: Annotated[bool | None, Query(description="Only those that a check wants looked at.")] = None,
    sku: Annotated[str | None, Query(max_length=200, description="Only those of this product.")] = None,
    channel: Annotated[str | None, Query(pattern=_NAME, description="With a finding in this channel's file.")] = None,
    finding: Annotated[str | None, Query(pattern=_NAME, description="With this check's finding.")] = None,
    order: Annotated[Order, Query(description="In drawing order, or the worst first.")] = "position",
) -> Page[ItemView]:
    """Items of a batch."""
    async with svc.db.read() as tx:
        found = await records.page(
            tx, who.workspace_id, batch_id, status=status or (), needs_look=needs_look, sku=sku, channel=channel,
            finding=finding, order=order, after=after_item(cursor), limit=limit + 1,
        )  # fmt: skip
    shown = [_linked(svc, who, item) for item in found]
    return page_of(shown, limit, lambda item: [item.worst, item.position, item.id])


@router.get("/items/{item_id}", responses={200: headers("ETag")})
async def get_item(item_id: ItemId, response: Response, svc: Svc, who: Reader) -> ItemDetail:
    """An item with all its versions: files, findings in words, what changed from one to the next, who decided what."""
    async with svc.db.read() as tx:
        found = await records.get(tx, who.workspace_id, item_id)
    response.headers["ETag"] = etag(found.version)
    return detail(svc, who, found)


@router.patch("/items/{item_id}", responses={200: headers("ETag")})
async def change_item(
    item_id: ItemId,
    change: ItemChange,
    response: Response,
    svc: Svc,
    who: Editor,
    if_match: Annotated[str | None, Header(alias="If-Match", description="The item's version as an ETag.")] = None,
) -> ItemDetail:
    """Give it another style, other channels or another place in the queue."""
    version = change.version if change.version is not None else _version(if_match)
    async with svc.db.write() as tx:
        refs = await records.change(
            tx, who.workspace_id, item_id, version=version, style=change.style, options=change.options,
            channels=change.channels, priority=change.priority,
        )  # fmt: skip
        found = await records.get(tx, who.workspace_id, item_id)
    await svc.queues.move(refs)
    response.headers["ETag"] = etag(found.version)
    return detail(svc, who, found)


def detail(svc: Service, who: Principal, item: ItemDetail) -> ItemDetail:
    """The same with links instead of keys."""
    versions = []
    for version in item.versions:
        files = tuple(
            file.model_copy(update={"url": link(svc, who.workspace_id, file.url, name=file.name)})
            for file in version.renditions
        )
        versions.append(_linked(svc, who, version).model_copy(update={"renditions": files}))
    return _linked(svc, who, item).model_copy(update={"versions": tuple(versions)})


def _linked(svc: Service, who: Principal, shown: _Shown) -> _Shown:
    names = [name for name in ("thumb", "before", "after") if getattr(shown, name, "")]
    return shown.model_copy(update={name: link(svc, who.workspace_id, getattr(shown, name)) for name in names})


def _version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    mark = if_match.strip().removeprefix("W/").strip('"')
    if not mark.isdecimal() or len(mark) > 9:
        raise BadOption(
            "this is not the ETag of an item.", subject="If-Match", remedy="Send back the one you were given."
        )
    return int(mark)
