"""The tree of collections, seasons and categories; a product may be in several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy import Select, delete, func, insert, select, update

from packshot.catalog.events.log import record_event
from packshot.catalog.status import Line
from packshot.db import Tx, typed
from packshot.db.tables import collections, new_id, now, product_collections, products, workspaces
from packshot.errors import BadOption, Conflict, NoSuchCollection, NotFound

DEEPEST = 20
MOST = 5_000  # nodes of one workspace's tree
_AT_ONCE = 500


class Kind(StrEnum):
    """What a node of the tree stands for."""

    COLLECTION = "collection"
    SEASON = "season"
    CATEGORY = "category"


Name = Annotated[Line, Field(min_length=1, max_length=200)]
CollectionId = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9_]+$")]
_EXAMPLE: dict[str, Any] = {"examples": [{"kind": "season", "name": "Spring 2027"}]}


class CollectionRequest(BaseModel, frozen=True, extra="forbid", json_schema_extra=_EXAMPLE):
    """A new place in the tree."""

    kind: Kind = Kind.COLLECTION
    name: Name
    parent_id: CollectionId | None = Field(None, description="What it is under; left out: at the top.")
    position: int = Field(0, ge=0, le=9_999, description="Its place among those beside it.")


class CollectionChange(BaseModel, frozen=True, extra="forbid", json_schema_extra={"examples": [{"name": "Summer"}]}):
    """What to change; what is left out stays. A null parent moves it to the top."""

    kind: Kind | None = None
    name: Name | None = None
    parent_id: CollectionId | None = None
    position: int | None = Field(None, ge=0, le=9_999)


class CollectionView(BaseModel, frozen=True):
    """One place in the tree."""

    id: str
    kind: Kind
    name: str
    parent_id: str | None
    position: int
    products: int = Field(description="Products right in it.")
    products_below: int = Field(description="Products in it and in all that is under it, each counted once.")
    revision: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CollectionRecord:
    """A row of `collections`."""

    id: str
    workspace_id: str
    parent_id: str | None
    kind: str
    name: str
    position: int
    revision: int
    created_at: float


async def tree(tx: Tx, workspace_id: str) -> list[CollectionView]:
    """All of it, by position and name; `parent_id` says what each is under."""
    mine = collections.c.workspace_id == workspace_id
    order = collections.c.position, collections.c.name, collections.c.id
    nodes = [
        typed(CollectionRecord, row) for row in await tx.execute(select(collections).where(mine).order_by(*order))
    ]  # fmt: skip
    inside = (
        select(product_collections.c.collection_id, product_collections.c.product_id)
        .join(products, products.c.id == product_collections.c.product_id)
        .where(products.c.workspace_id == workspace_id, products.c.deleted_at.is_(None))
    ).subquery()
    pairs = select(collections.c.id.label("top"), collections.c.id.label("node")).where(mine).cte(recursive=True)
    pairs = pairs.union(
        select(pairs.c.top, collections.c.id).where(mine, collections.c.parent_id == pairs.c.node)
    )  # fmt: skip
    own, below = dict[str, int](), dict[str, int]()
    for id, count in await tx.execute(select(inside.c.collection_id, func.count()).group_by(inside.c.collection_id)):
        own[id] = count
    for id, count in await tx.execute(
        select(pairs.c.top, func.count(func.distinct(inside.c.product_id)))
        .join(inside, inside.c.collection_id == pairs.c.node)
        .group_by(pairs.c.top)
    ):
        below[id] = count
    return [
        CollectionView(**asdict(node), products=own.get(node.id, 0), products_below=below.get(node.id, 0))
        for node in nodes
    ]


async def get(tx: Tx, workspace_id: str, collection_id: str) -> CollectionView:
    """One of them.  Raises NoSuchCollection."""
    await row(tx, workspace_id, collection_id)
    return next(node for node in await tree(tx, workspace_id) if node.id == collection_id)


async def row(tx: Tx, workspace_id: str, collection_id: str, *, lock: bool = False) -> CollectionRecord:
    """One of them as it is stored.  Raises NoSuchCollection."""
    query = select(collections).where(collections.c.workspace_id == workspace_id, collections.c.id == collection_id)
    record = (await tx.execute(query.with_for_update() if lock else query)).first()
    if record is None:
        raise NoSuchCollection("there is no such collection.", subject=collection_id)
    return typed(CollectionRecord, record)


def under(workspace_id: str, collection_id: str) -> Select[tuple[str]]:
    """A query for the ids of it and of all that is under it."""
    mine = collections.c.workspace_id == workspace_id
    inside = select(collections.c.id).where(mine, collections.c.id == collection_id).cte(recursive=True)
    inside = inside.union(select(collections.c.id).where(mine, collections.c.parent_id == inside.c.id))
    return select(inside.c.id)


async def create(tx: Tx, workspace_id: str, request: CollectionRequest) -> CollectionView:
    """Raises NoSuchCollection for the parent, BadOption where the tree grows too deep, Conflict where it is full."""
    await _lock(tx, workspace_id)
    count = await tx.scalar(select(func.count()).where(collections.c.workspace_id == workspace_id))
    if (count or 0) >= MOST:
        raise Conflict(f"there are {MOST} collections already.", remedy="Delete some that are not used.")
    if request.parent_id is not None:
        await _fits(tx, workspace_id, request.parent_id, height=1)
    id = new_id("col")
    await tx.execute(
        insert(collections).values(
            id=id, workspace_id=workspace_id, revision=1, created_at=now(), **request.model_dump(mode="json")
        )
    )
    await record_event(tx, workspace_id, "collection.added")
    return await get(tx, workspace_id, id)


async def change(tx: Tx, workspace_id: str, collection_id: str, changes: CollectionChange) -> CollectionView:
    """Raises NoSuchCollection; BadOption where it would be moved under itself."""
    await _lock(tx, workspace_id)
    await row(tx, workspace_id, collection_id)
    fields = {
        name: value
        for name, value in changes.model_dump(mode="json", exclude_unset=True).items()
        if value is not None or name == "parent_id"
    }
    if fields.get("parent_id") is not None:
        nodes = set(await tx.scalars(under(workspace_id, collection_id)))
        if fields["parent_id"] in nodes:
            raise BadOption(
                "a collection cannot be under itself.", subject="parent_id", remedy="Choose one outside of it."
            )
        await _fits(tx, workspace_id, fields["parent_id"], height=await _height(tx, workspace_id, collection_id))
    await tx.execute(
        update(collections)
        .where(collections.c.workspace_id == workspace_id, collections.c.id == collection_id)
        .values(**fields, revision=collections.c.revision + 1)
    )
    return await get(tx, workspace_id, collection_id)


async def remove(tx: Tx, workspace_id: str, collection_id: str) -> None:
    """Delete this one alone: its products stay, and what is under it moves up to where it was.

    Raises NoSuchCollection.
    """
    await _lock(tx, workspace_id)
    record = await row(tx, workspace_id, collection_id)
    mine = collections.c.workspace_id == workspace_id
    await tx.execute(
        update(collections)
        .where(mine, collections.c.parent_id == collection_id)
        .values(parent_id=record.parent_id, revision=collections.c.revision + 1)
    )
    await tx.execute(delete(product_collections).where(product_collections.c.collection_id == collection_id))
    await tx.execute(delete(collections).where(mine, collections.c.id == collection_id))
    await record_event(tx, workspace_id, "collection.deleted")


async def put(
    tx: Tx, workspace_id: str, collection_id: str, *, add: Sequence[str] = (), take_out: Sequence[str] = ()
) -> tuple[int, int]:
    """Put products in and take others out.  Returns how many were added and removed.

    Raises NoSuchCollection; NotFound for the first product that is not there, before anything is changed.
    """
    await row(tx, workspace_id, collection_id, lock=True)
    new = list(dict.fromkeys(add))
    for chunk in _chunks(new):
        existing = set(await tx.scalars(
            select(products.c.id).where(
                products.c.workspace_id == workspace_id, products.c.deleted_at.is_(None), products.c.id.in_(chunk)
            )
        ))  # fmt: skip
        missing = [id for id in chunk if id not in existing]
        if missing:
            raise NotFound("there is no such product; nothing was changed.", subject=missing[0])
    added = removed = 0
    here = product_collections.c.collection_id == collection_id
    for chunk in _chunks(new):
        inside = set(await tx.scalars(
            select(product_collections.c.product_id).where(here, product_collections.c.product_id.in_(chunk))
        ))  # fmt: skip
        rows = [{"product_id": id, "collection_id": collection_id} for id in chunk if id not in inside]
        if rows:
            await tx.execute(insert(product_collections), rows)
        added += len(rows)
    for chunk in _chunks(list(dict.fromkeys(take_out))):
        deleted = await tx.execute(
            delete(product_collections).where(here, product_collections.c.product_id.in_(chunk))
        )  # fmt: skip
        removed += deleted.rowcount
    return added, removed


# --- parts ---


async def _lock(tx: Tx, workspace_id: str) -> None:
    """One change of the tree at a time: two moves side by side could make a circle."""
    await tx.execute(select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update())


async def _fits(tx: Tx, workspace_id: str, parent_id: str, *, height: int) -> None:
    depth, node = 0, await row(tx, workspace_id, parent_id)
    while node.parent_id is not None and depth <= DEEPEST:
        depth, node = depth + 1, await row(tx, workspace_id, node.parent_id)
    if depth + 1 + height > DEEPEST:
        raise BadOption(
            f"the tree may be {DEEPEST} levels deep at most.", subject="parent_id", remedy="Put it further up."
        )


async def _height(tx: Tx, workspace_id: str, collection_id: str) -> int:
    height, level = 0, [collection_id]
    while level:
        height += 1
        level = list(await tx.scalars(
            select(collections.c.id).where(
                collections.c.workspace_id == workspace_id, collections.c.parent_id.in_(level)
            )
        ))  # fmt: skip
    return height


def _chunks(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[first : first + _AT_ONCE] for first in range(0, len(ids), _AT_ONCE)]
