"""Specifications: what is made for whom; what comes with Packshot, and one's own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel

from packshot.api.access import Editor, Reader
from packshot.api.described import headers
from packshot.api.params import IfMatch, etag, matches
from packshot.api.service import Svc
from packshot.catalog.styles import specifications
from packshot.catalog.styles.specifications import SPECIFICATIONS, SpecificationView
from packshot.errors import BadOption
from packshot.specification import Specification

router = APIRouter(tags=["specifications"])

_EXAMPLES: dict[str, Any] = {
    "two": {
        "summary": "White for Amazon, a set for the shop's front pictures",
        "value": {
            "id": "our-shop", "name": "Our shop", "outputs": [
                {"channel": "amazon", "style": "white"},
                {"channel": "shopify", "style": "oak", "options": {"shadow": 0.8}, "roles": ["front"]},
            ], "hard": ["fill"],
        },
    }
}  # fmt: skip
SpecificationBody = Annotated[Specification, Body(openapi_examples=_EXAMPLES)]
SpecificationId = Annotated[str, Path(description="A specification, by id.", max_length=40)]


class Specifications(BaseModel, frozen=True):
    """All of them: what comes with Packshot first."""

    items: tuple[SpecificationView, ...]


@router.get("/specifications")
async def list_specifications(svc: Svc, who: Reader) -> Specifications:
    """What comes with Packshot, and the workspace's own."""
    async with svc.db.read() as tx:
        return Specifications(items=tuple(await specifications.page(tx, who.workspace_id)))


@router.post("/specifications", status_code=201, responses={201: headers("ETag", "Location")})
async def create_specification(body: SpecificationBody, response: Response, svc: Svc, who: Editor) -> SpecificationView:
    """Keep one of your own. `refused` names outputs that cannot satisfy a hard rule of their channel."""
    async with svc.db.write() as tx:
        created = await specifications.create(tx, who.workspace_id, body)
    response.headers["Location"] = f"/api/v1/specifications/{created.id}"
    response.headers["ETag"] = etag(created.revision)
    return created


@router.get("/specifications/{specification_id}", responses={200: headers("ETag")})
async def get_specification(
    specification_id: SpecificationId, response: Response, svc: Svc, who: Reader
) -> SpecificationView:
    """One specification."""
    async with svc.db.read() as tx:
        found = await specifications.get(tx, who.workspace_id, specification_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.put("/specifications/{specification_id}", responses={200: headers("ETag")})
async def replace_specification(
    specification_id: SpecificationId,
    body: SpecificationBody,
    response: Response,
    svc: Svc,
    who: Editor,
    if_match: IfMatch = None,
) -> SpecificationView:
    """The next version of one of your own. Batches keep the version that they were made with."""
    if body.id != specification_id:
        raise BadOption(f"the body is about “{body.id}”.", subject="id", remedy="A specification's id does not change.")
    async with svc.db.write() as tx:
        own = await SPECIFICATIONS.own(tx, who.workspace_id, specification_id, lock=True)
        matches(if_match, own.revision)
        changed = await specifications.replace(tx, who.workspace_id, body)
    response.headers["ETag"] = etag(changed.revision)
    return changed


@router.delete("/specifications/{specification_id}", status_code=204)
async def delete_specification(
    specification_id: SpecificationId, svc: Svc, who: Editor, if_match: IfMatch = None
) -> None:
    """Take one of your own away. Batches that were made with it keep it."""
    async with svc.db.write() as tx:
        own = await SPECIFICATIONS.own(tx, who.workspace_id, specification_id, lock=True)
        matches(if_match, own.revision)
        await SPECIFICATIONS.delete(tx, who.workspace_id, specification_id)
