"""Templates: what comes with Packshot and the workspace's own styles; and previews of how photos look in them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field

from packshot.api.access import Editor, Reader
from packshot.api.jobs import JobView, answered
from packshot.api.params import IfMatch, Prefer, TemplateId, etag, matches
from packshot.api.service import Svc
from packshot.catalog import jobs
from packshot.catalog.library import photos
from packshot.catalog.styles import templates
from packshot.catalog.styles.channels import resolve as resolve_channels
from packshot.catalog.styles.snapshots import channels_json, template_json
from packshot.catalog.styles.templates import StyleChange, StyleRequest, StyleView
from packshot.errors import NotFound

router = APIRouter(tags=["templates"])

_PREVIEW: dict[str, Any] = {
    "examples": [
        {"template": "gradient", "options": {"shadow": 0.4}, "images": ["img_0193a1b2c3d4e5f60718293a4b"]},
    ]
}


class Styles(BaseModel, frozen=True):
    """All of them: what comes with Packshot first."""

    items: tuple[StyleView, ...]


class PreviewRequest(BaseModel, frozen=True, extra="forbid", json_schema_extra=_PREVIEW):
    """Up to three photos in one look."""

    template: str = Field(max_length=40)
    options: dict[str, Any] = Field({}, max_length=40)
    images: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(min_length=1, max_length=3)]
    channel: str | None = Field(None, max_length=40, description="As this channel wants it; else square.")


@router.get("/templates")
async def list_templates(svc: Svc, who: Reader) -> Styles:
    """Every template with its options: what each is called, what it takes, where it stands."""
    async with svc.db.read() as tx:
        return Styles(items=tuple(await templates.page(tx, who.workspace_id)))


@router.post("/templates", status_code=201)
async def create_template(asked: StyleRequest, response: Response, svc: Svc, who: Editor) -> StyleView:
    """Keep a style of your own: a shipped template with some of its options set."""
    async with svc.db.write() as tx:
        made = await templates.create(tx, who.workspace_id, asked)
    response.headers["Location"] = f"/api/v1/templates/{made.id}"
    response.headers["ETag"] = etag(made.revision)
    return made


@router.get("/templates/{template_id}")
async def get_template(template_id: TemplateId, response: Response, svc: Svc, who: Reader) -> StyleView:
    """One template."""
    async with svc.db.read() as tx:
        found = await templates.get(tx, who.workspace_id, template_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch("/templates/{template_id}")
async def change_template(
    template_id: TemplateId, change: StyleChange, response: Response, svc: Svc, who: Editor, if_match: IfMatch = None
) -> StyleView:
    """Change a style of your own. Batches that were made with it keep it as it was."""
    async with svc.db.write() as tx:
        matches(if_match, (await templates.own(tx, who.workspace_id, template_id, lock=True)).revision)
        changed = await templates.change(tx, who.workspace_id, template_id, change)
    response.headers["ETag"] = etag(changed.revision)
    return changed


@router.delete("/templates/{template_id}", status_code=204)
async def delete_template(template_id: TemplateId, svc: Svc, who: Editor, if_match: IfMatch = None) -> None:
    """Take a style of your own away. Batches that were made with it keep it."""
    async with svc.db.write() as tx:
        matches(if_match, (await templates.own(tx, who.workspace_id, template_id, lock=True)).revision)
        await templates.delete(tx, who.workspace_id, template_id)


@router.post(
    "/previews", status_code=202, responses={200: {"model": JobView, "description": "It was waited for, and is done."}}
)
async def preview(
    asked: Annotated[PreviewRequest, Body()], response: Response, svc: Svc, who: Editor, prefer: Prefer = None
) -> JobView:
    """See up to three photos in a look before work is spent on it: JPEGs of 512 pixels."""
    async with svc.db.write() as tx:
        known = await photos.known(tx, who.workspace_id, asked.images)
        for id in asked.images:
            if id not in known:
                raise NotFound("there is no such photo.", subject=id)
        worn = await templates.resolve(tx, who.workspace_id, asked.template, asked.options)
        channels = await resolve_channels(tx, who.workspace_id, [asked.channel] if asked.channel else [])
        request = {
            "template": template_json(worn),
            "channel": channels_json(channels)[0] if channels else None,
            "size": list(channels[0].size) if channels else [512, 512],
            "format": "jpeg",
            "images": list(dict.fromkeys(asked.images)),
        }
        ref = await jobs.start(
            tx, who.workspace_id, "preview", stages=["segment", "generate"], request=request, by=who.by
        )
    return await answered(svc, who, response, ref, prefer)
