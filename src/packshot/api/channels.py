"""Channels: the files that are made for each place of sale, and the rules they are judged by."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel

from packshot.api.access import Editor, Reader
from packshot.api.described import headers
from packshot.api.params import ChannelId, IfMatch, etag, matches
from packshot.api.service import Svc
from packshot.catalog.styles import channels
from packshot.catalog.styles.channels import ChannelView
from packshot.channel import Channel
from packshot.errors import BadOption

router = APIRouter(tags=["channels"])

_EXAMPLES: dict[str, Any] = {
    "square": {
        "summary": "A square JPEG for a shop of one's own",
        "value": {
            "id": "our-shop", "name": "Our shop", "size": [1600, 1600], "format": "jpeg", "quality": 88,
            "color": "#f4f4f2", "margin": 0.06, "name_pattern": "{sku}-{role}",
            "rules": {"formats": ["jpeg"], "max_bytes": 600000, "fill": [0.7, 0.95], "hard": ["format", "bytes"]},
        },
    }
}  # fmt: skip
ChannelBody = Annotated[Channel, Body(openapi_examples=_EXAMPLES)]


class Channels(BaseModel, frozen=True):
    """All of them: what comes with Packshot first."""

    items: tuple[ChannelView, ...]


@router.get("/channels")
async def list_channels(svc: Svc, who: Reader) -> Channels:
    """What comes with Packshot, with the sources of its numbers, and the workspace's own."""
    async with svc.db.read() as tx:
        return Channels(items=tuple(await channels.page(tx, who.workspace_id)))


@router.post("/channels", status_code=201, responses={201: headers("ETag", "Location")})
async def create_channel(body: ChannelBody, response: Response, svc: Svc, who: Editor) -> ChannelView:
    """Make a channel of your own."""
    async with svc.db.write() as tx:
        created = await channels.create(tx, who.workspace_id, body)
    response.headers["Location"] = f"/api/v1/channels/{created.id}"
    response.headers["ETag"] = etag(created.revision)
    return created


@router.get("/channels/{channel_id}", responses={200: headers("ETag")})
async def get_channel(channel_id: ChannelId, response: Response, svc: Svc, who: Reader) -> ChannelView:
    """One channel."""
    async with svc.db.read() as tx:
        found = await channels.get(tx, who.workspace_id, channel_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.put("/channels/{channel_id}", responses={200: headers("ETag")})
async def replace_channel(
    channel_id: ChannelId, body: ChannelBody, response: Response, svc: Svc, who: Editor, if_match: IfMatch = None
) -> ChannelView:
    """Change a channel of your own, as a whole. Batches that were made with it keep it as it was."""
    if body.id != channel_id:
        raise BadOption(f"the body is about “{body.id}”.", subject="id", remedy="A channel's id does not change.")
    async with svc.db.write() as tx:
        matches(if_match, (await channels.own(tx, who.workspace_id, channel_id, lock=True)).revision)
        changed = await channels.replace(tx, who.workspace_id, body)
    response.headers["ETag"] = etag(changed.revision)
    return changed


@router.delete("/channels/{channel_id}", status_code=204)
async def delete_channel(channel_id: ChannelId, svc: Svc, who: Editor, if_match: IfMatch = None) -> None:
    """Take a channel of your own away. Batches that were made with it keep it."""
    async with svc.db.write() as tx:
        matches(if_match, (await channels.own(tx, who.workspace_id, channel_id, lock=True)).revision)
        await channels.delete(tx, who.workspace_id, channel_id)
