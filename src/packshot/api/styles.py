"""Styles: what comes with Packshot and the workspace's own; and previews of how photos look in them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field

from packshot.api.access import Editor, Reader
from packshot.api.described import headers
from packshot.api.jobs import WAITED, JobView, answered
from packshot.api.params import IfMatch, Prefer, StyleId, etag, matches
from packshot.api.service import Svc
from packshot.catalog.library import photo_jobs, photos
from packshot.catalog.old_names import STYLE
from packshot.catalog.styles import templates
from packshot.catalog.styles.channels import resolve as resolve_channels
from packshot.catalog.styles.templates import StyleChange, StyleRequest, StyleView
from packshot.errors import NotFound

router = APIRouter(tags=["styles"])

_PREVIEW: dict[str, Any] = {
    "examples": [
        {"style": "gradient", "options": {"shadow": 0.4}, "images": ["img_0193a1b2c3d4e5f60718293a4b"]},
    ]
}


class Styles(BaseModel, frozen=True):
    """All of them: what comes with Packshot first."""

    items: tuple[StyleView, ...]


class PreviewRequest(BaseModel, frozen=True, extra="forbid", json_schema_extra=_PREVIEW):
    """Up to three photos in one style."""

    style: str = Field(validation_alias=STYLE, max_length=40, description="By id.")
    options: dict[str, Any] = Field({}, max_length=40, description="The style's options that change.")
    images: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(min_length=1, max_length=3)]
    channel: str | None = Field(None, max_length=40, description="As this channel wants it; else square.")


@router.get("/styles")
async def list_styles(svc: Svc, who: Reader) -> Styles:
    """Every style with its options: what each is called, what it takes, where it stands."""
    async with svc.db.read() as tx:
        return Styles(items=tuple(await templates.page(tx, who.workspace_id)))


@router.post("/styles", status_code=201, responses={201: headers("ETag", "Location")})
async def create_style(body: StyleRequest, response: Response, svc: Svc, who: Editor) -> StyleView:
    """Keep a style of your own: a shipped template with some of its options set."""
    async with svc.db.write() as tx:
        created = await templates.create(tx, who.workspace_id, body)
    response.headers["Location"] = f"/api/v1/styles/{created.id}"
    response.headers["ETag"] = etag(created.revision)
    return created


@router.get("/styles/{style_id}", responses={200: headers("ETag")})
async def get_style(style_id: StyleId, response: Response, svc: Svc, who: Reader) -> StyleView:
    """One style."""
    async with svc.db.read() as tx:
        found = await templates.get(tx, who.workspace_id, style_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch("/styles/{style_id}", responses={200: headers("ETag")})
async def change_style(
    style_id: StyleId, change: StyleChange, response: Response, svc: Svc, who: Editor, if_match: IfMatch = None
) -> StyleView:
    """Change a style of your own. Batches that were made with it keep it as it was."""
    async with svc.db.write() as tx:
        matches(if_match, (await templates.own(tx, who.workspace_id, style_id, lock=True)).revision)
        changed = await templates.change(tx, who.workspace_id, style_id, change)
    response.headers["ETag"] = etag(changed.revision)
    return changed


@router.delete("/styles/{style_id}", status_code=204)
async def delete_style(style_id: StyleId, svc: Svc, who: Editor, if_match: IfMatch = None) -> None:
    """Take a style of your own away. Batches that were made with it keep it."""
    async with svc.db.write() as tx:
        matches(if_match, (await templates.own(tx, who.workspace_id, style_id, lock=True)).revision)
        await templates.delete(tx, who.workspace_id, style_id)


@router.post("/previews", status_code=202, responses=WAITED)
async def preview(
    body: Annotated[PreviewRequest, Body()], response: Response, svc: Svc, who: Editor, prefer: Prefer = None
) -> JobView:
    """See up to three photos in a style before work is spent on it: JPEGs of 512 pixels."""
    async with svc.db.write() as tx:
        known = await photos.existing(tx, who.workspace_id, body.images)
        for id in body.images:
            if id not in known:
                raise NotFound("there is no such photo.", subject=id)
        style = await templates.resolve(tx, who.workspace_id, body.style, body.options)
        channels = await resolve_channels(tx, who.workspace_id, [body.channel] if body.channel else [])
        channel = channels[0] if channels else photo_jobs.plain_channel((512, 512), "jpeg")
        ids = list(dict.fromkeys(body.images))
        ref = await photo_jobs.start_preview(
            tx, who.workspace_id, ids, style, channel.model_copy(update={"format": "jpeg"}), by=who.by
        )
    return await answered(svc, who, response, ref, prefer)
