"""Collections, seasons and categories: one tree that products are put into."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, model_validator

from packshot.api.access import Editor, Reader
from packshot.api.described import headers
from packshot.api.params import CollectionId, IfMatch, etag, matches
from packshot.api.service import Svc
from packshot.catalog.library import collections
from packshot.catalog.library.collections import CollectionChange, CollectionRequest, CollectionView

router = APIRouter(tags=["collections"])

_Ids = Annotated[tuple[Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9_]+$")], ...], Field(max_length=5_000)]
_MOVES: dict[str, Any] = {"examples": [{"add": ["prd_0193a1b2c3d4e5f60718293a4b"], "remove": []}]}


class Tree(BaseModel, frozen=True):
    """The whole tree; `parent_id` says who is under whom."""

    items: tuple[CollectionView, ...]


class Moves(BaseModel, frozen=True, extra="forbid", json_schema_extra=_MOVES):
    """Products that come in and go out, by id."""

    add: _Ids = ()
    remove: _Ids = ()

    @model_validator(mode="after")
    def _names_something(self) -> Moves:
        if not (self.add or self.remove):
            raise ValueError("name products to add or to remove")
        return self


class Moved(BaseModel, frozen=True):
    """How many really came and went; those already in place do not count."""

    added: int
    removed: int


@router.get("/collections")
async def get_tree(svc: Svc, who: Reader) -> Tree:
    """All collections, seasons and categories, each with how many products are in it and below it."""
    async with svc.db.read() as tx:
        return Tree(items=tuple(await collections.tree(tx, who.workspace_id)))


@router.post("/collections", status_code=201, responses={201: headers("ETag", "Location")})
async def create_collection(body: CollectionRequest, response: Response, svc: Svc, who: Editor) -> CollectionView:
    """Make one, at the top or under another."""
    async with svc.db.write() as tx:
        created = await collections.create(tx, who.workspace_id, body)
    response.headers["Location"] = f"/api/v1/collections/{created.id}"
    response.headers["ETag"] = etag(created.revision)
    return created


@router.get("/collections/{collection_id}", responses={200: headers("ETag")})
async def get_collection(collection_id: CollectionId, response: Response, svc: Svc, who: Reader) -> CollectionView:
    """One of them. Its products: GET /products?collection_id=…"""
    async with svc.db.read() as tx:
        found = await collections.get(tx, who.workspace_id, collection_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch("/collections/{collection_id}", responses={200: headers("ETag")})
async def change_collection(
    collection_id: CollectionId,
    change: CollectionChange,
    response: Response,
    svc: Svc,
    who: Editor,
    if_match: IfMatch = None,
) -> CollectionView:
    """Rename it, or move it with all that is under it."""
    async with svc.db.write() as tx:
        matches(if_match, (await collections.row(tx, who.workspace_id, collection_id, lock=True)).revision)
        changed = await collections.change(tx, who.workspace_id, collection_id, change)
    response.headers["ETag"] = etag(changed.revision)
    return changed


@router.delete("/collections/{collection_id}", status_code=204)
async def delete_collection(collection_id: CollectionId, svc: Svc, who: Editor, if_match: IfMatch = None) -> None:
    """Take only this one away: its products stay, and what is under it moves up."""
    async with svc.db.write() as tx:
        matches(if_match, (await collections.row(tx, who.workspace_id, collection_id, lock=True)).revision)
        await collections.remove(tx, who.workspace_id, collection_id)


@router.post("/collections/{collection_id}/products")
async def move_products(collection_id: CollectionId, moves: Moves, svc: Svc, who: Editor) -> Moved:
    """Put many products in and take many out, all or none. A product may be in several collections."""
    async with svc.db.write() as tx:
        added, removed = await collections.put(
            tx, who.workspace_id, collection_id, add=moves.add, take_out=moves.remove
        )
    return Moved(added=added, removed=removed)
