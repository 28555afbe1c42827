"""Destinations: buckets to deliver to. Their secret goes in and never comes out."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel

from packshot.api.access import Admin, Reader
from packshot.api.params import Cursor, Limit, Page, after_id, page_of
from packshot.api.service import Svc
from packshot.catalog.delivery import destinations
from packshot.catalog.delivery.destinations import DestinationRequest, DestinationView
from packshot.errors import PackshotError

router = APIRouter(tags=["destinations"])

DestinationId = Annotated[str, Path(description="A destination, by id.", max_length=40)]
_EXAMPLES: dict[str, Any] = {
    "aws": {
        "summary": "A bucket on AWS",
        "value": {
            "name": "Shop pictures", "bucket": "shop-pictures", "prefix": "products", "region": "eu-central-1",
            "access_key_id": "AKIA…", "secret_access_key": "…",
        },
    },
    "other": {
        "summary": "Another provider",
        "value": {
            "name": "CDN", "bucket": "cdn", "endpoint": "https://s3.example.com", "access_key_id": "key",
            "secret_access_key": "…",
        },
    },
}  # fmt: skip
DestinationBody = Annotated[DestinationRequest, Body(openapi_examples=_EXAMPLES)]


class Tested(BaseModel, frozen=True):
    """Whether a small file could be written and taken away again."""

    ok: bool
    words: str


@router.post("/destinations", status_code=201)
async def create_destination(body: DestinationBody, svc: Svc, who: Admin) -> DestinationView:
    """Add a bucket. Its server must be on the open internet, unless this installation allows others."""
    await destinations.check_endpoint(body.endpoint, private=svc.settings.private_endpoints)
    async with svc.db.write() as tx:
        return await destinations.create(tx, who.workspace_id, body, secrets=svc.secrets)


@router.get("/destinations")
async def list_destinations(svc: Svc, who: Reader, cursor: Cursor = None, limit: Limit = 50) -> Page[DestinationView]:
    """Destinations, the newest first, without their secrets."""
    async with svc.db.read() as tx:
        found = await destinations.page(tx, who.workspace_id, after=after_id(cursor), limit=limit + 1)
    return page_of(found, limit, lambda destination: destination.id)


@router.get("/destinations/{destination_id}")
async def get_destination(destination_id: DestinationId, svc: Svc, who: Reader) -> DestinationView:
    """A destination without its secret."""
    async with svc.db.read() as tx:
        return destinations.view(await destinations.row(tx, who.workspace_id, destination_id))


@router.put("/destinations/{destination_id}")
async def replace_destination(
    destination_id: DestinationId, body: DestinationBody, svc: Svc, who: Admin
) -> DestinationView:
    """Replace it whole, its secret too."""
    await destinations.check_endpoint(body.endpoint, private=svc.settings.private_endpoints)
    async with svc.db.write() as tx:
        return await destinations.change(tx, who.workspace_id, destination_id, body, secrets=svc.secrets)


@router.delete("/destinations/{destination_id}", status_code=204)
async def delete_destination(destination_id: DestinationId, svc: Svc, who: Admin) -> None:
    """Forget it and its secret. What was delivered stays where it is."""
    async with svc.db.write() as tx:
        await destinations.delete(tx, who.workspace_id, destination_id)


@router.post("/destinations/{destination_id}/test")
async def test_destination(destination_id: DestinationId, svc: Svc, who: Admin) -> Tested:
    """Write a small file into the bucket and take it away again."""
    async with svc.db.read() as tx:
        found = await destinations.row(tx, who.workspace_id, destination_id)
    try:
        with closing(destinations.opened(found, secrets=svc.secrets, settings=svc.settings)) as bucket:
            await bucket.probe()
    except PackshotError as error:
        return Tested(ok=False, words=error.message)
    return Tested(ok=True, words="A file could be written and taken away again.")
