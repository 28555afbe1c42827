"""Batches: photos × specification."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Query, Request, Response
from fastapi import Path as InPath
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import insert

from packshot.api.access import Editor, Reader
from packshot.api.bodies import JSON_BYTES, STREAMED
from packshot.api.described import FILE, headers
from packshot.api.multipart import read_form, read_small
from packshot.api.params import Cursor, IfMatch, Limit, Page, after_id, after_item, etag, matches, page_of
from packshot.api.service import Svc
from packshot.api.uploads import list_limit, stored_list
from packshot.catalog.batches import lifecycle, progress
from packshot.catalog.batches.lifecycle import BatchView
from packshot.catalog.batches.progress import BatchStatus
from packshot.catalog.batches.requests import BatchRequest
from packshot.catalog.items import records
from packshot.catalog.status import BatchState, ItemStatus, Priority
from packshot.db.tables import uploads
from packshot.errors import BadInput
from packshot.finding import Finding

router = APIRouter(tags=["batches"])

BatchId = Annotated[str, InPath(description="A batch, by id.", max_length=40)]

MOST_REQUESTED = {
    "selection": {
        "summary": "Chosen photos in two styles",
        "value": {
            "name": "Spring shoes",
            "source": {"images": ["img_0193a1b2c3d4e5f60718293a4b"]},
            "styles": [{"style": "white"}, {"style": "gradient", "options": {"shadow": 0.4}}],
            "channels": ["amazon", "shopify"],
            "priority": "standard",
            "items": [{"sku": "SHOE-7", "style": "color", "options": {"color": "#ece9e4"}, "priority": "urgent"}],
        },
    },
    "specification": {
        "summary": "White for the marketplaces, a set for the shop",
        "value": {
            "name": "Spring shoes, everywhere",
            "source": {"products": ["prd_0193a1b2c3d4e5f60718293a4b"]},
            "specification": "everywhere",
        },
    },
    "collection": {
        "summary": "A whole collection over night, its photos looked at first",
        "value": {
            "name": "Autumn",
            "source": {"collection": "col_0193a1b2c3d4e5f60718293a4b"},
            "styles": [{"style": "white"}],
            "channels": ["google"],
            "priority": "overnight",
            "hold": True,
        },
    },
    "upload": {
        "summary": "A ZIP or CSV list that was uploaded before",
        "value": {
            "name": "From the studio",
            "source": {"upload": "upl_0193a1b2c3d4e5f60718293a4b"},
            "styles": [{"style": "white"}],
        },
    },
}


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/BatchRequest"}, "examples": MOST_REQUESTED},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "batch"],
                    "properties": {
                        "file": FILE | {"description": "A ZIP or a CSV list."},
                        "batch": {"$ref": "#/components/schemas/BatchChoices"},
                    },
                },
                "encoding": {"batch": {"contentType": "application/json"}},
            },
        },
    }
}


class BatchStarted(BaseModel, frozen=True):
    """A batch, and the job that lists its items."""

    batch: BatchView
    job: str = Field(description="Follow it with GET /jobs/{id}.")


class BatchChange(BaseModel, frozen=True, extra="forbid", json_schema_extra={"examples": [{"priority": "urgent"}]}):
    """What is to be different; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=200)
    priority: Priority | None = None


@router.post(
    "/batches",
    status_code=202,
    responses={202: headers("ETag", "Location")},
    openapi_extra=_BODY,
    max_body_size=STREAMED,
)
async def create_batch(request: Request, response: Response, svc: Svc, who: Editor) -> BatchStarted:
    """Make a batch. Its items are listed by a job; follow the batch's status or the event stream."""
    batch_request = await _request_of(request, svc, who)
    async with svc.db.write() as tx:
        id, ref = await lifecycle.create(tx, who.workspace_id, batch_request, by=who.by)
        created = await lifecycle.get(tx, who.workspace_id, id)
    await svc.queues.add([ref])
    response.headers["Location"] = f"/api/v1/batches/{id}"
    response.headers["ETag"] = etag(created.revision)
    return BatchStarted(batch=created, job=ref.id)


@router.get("/batches")
async def list_batches(
    svc: Svc,
    who: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
    state: Annotated[BatchState | None, Query(description="Only those in this state.")] = None,
) -> Page[BatchView]:
    """Batches, the newest first."""
    async with svc.db.read() as tx:
        found = await lifecycle.page(tx, who.workspace_id, state=state, after=after_id(cursor), limit=limit + 1)
    return page_of(found, limit, lambda batch: batch.id)


@router.get("/batches/{batch_id}", responses={200: headers("ETag")})
async def get_batch(batch_id: BatchId, response: Response, svc: Svc, who: Reader) -> BatchView:
    """A batch with what its photos tell (`flags`) and what matched nothing (`unmatched`)."""
    async with svc.db.read() as tx:
        found = await lifecycle.get(tx, who.workspace_id, batch_id)
    response.headers["ETag"] = etag(found.revision)
    return found


class ImageStatus(BaseModel, frozen=True):
    """How far one photo of a batch is in one style."""

    image: str
    name: str
    item: str
    style: str
    status: ItemStatus
    stage: str = Field(description="Of processing: segment, upscale, generate or export.")
    findings: tuple[Finding, ...]


class BatchProgress(BatchStatus, frozen=True):
    """A batch's status, and each image's where it was asked for."""

    images: tuple[ImageStatus, ...] = ()
    next_cursor: str | None = Field(None, description="Of the images: the next page's cursor.")


@router.get("/batches/{batch_id}/status")
async def get_batch_status(
    batch_id: BatchId,
    svc: Svc,
    who: Reader,
    images: Annotated[bool, Query(description="Each image's stage, state and findings, too.")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> BatchProgress:
    """How far a batch is: per cent, counts, stages, a range for the time left, failures by cause. Cheap enough to ask
    often; with `images` a page of its images, too.
    """
    async with svc.db.read() as tx:
        found = await progress.status(tx, who.workspace_id, batch_id)
        rows = []
        if images:
            rows = await records.page(tx, who.workspace_id, batch_id, after=after_item(cursor), limit=limit + 1)
    page = page_of(rows, limit, lambda item: [item.worst, item.position, item.id])
    shown = tuple(
        ImageStatus(image=one.photo, name=one.photo_name, item=one.id, style=one.style, status=one.status,
                    stage=one.stage, findings=one.findings)
        for one in page.items
    )  # fmt: skip
    return BatchProgress(**dict(found), images=shown, next_cursor=page.next_cursor)


@router.patch("/batches/{batch_id}", responses={200: headers("ETag")})
async def change_batch(
    batch_id: BatchId,
    change: BatchChange,
    response: Response,
    later: BackgroundTasks,
    svc: Svc,
    who: Editor,
    if_match: IfMatch = None,
) -> BatchView:
    """Rename it, or put it before or behind others; what is not done is queued anew with its new priority."""
    async with svc.db.write() as tx:
        matches(if_match, (await lifecycle.row(tx, who.workspace_id, batch_id, lock=True)).revision)
        refs = await lifecycle.change(tx, who.workspace_id, batch_id, name=change.name, priority=change.priority)
        changed = await lifecycle.get(tx, who.workspace_id, batch_id)
    later.add_task(svc.queues.move, refs)  # one after the other: nobody waits for ten thousand
    response.headers["ETag"] = etag(changed.revision)
    return changed


@router.delete("/batches/{batch_id}", status_code=204)
async def delete_batch(
    batch_id: BatchId, later: BackgroundTasks, svc: Svc, who: Editor, if_match: IfMatch = None
) -> None:
    """Stop it and take it away. What was delivered stays where it is."""
    async with svc.db.write() as tx:
        matches(if_match, (await lifecycle.row(tx, who.workspace_id, batch_id, lock=True)).revision)
        refs = await lifecycle.delete(tx, who.workspace_id, batch_id)
    later.add_task(svc.queues.remove, refs)  # tidiness: what is drawn all the same is dropped


@router.post("/batches/{batch_id}/pause")
async def pause_batch(batch_id: BatchId, svc: Svc, who: Editor) -> BatchView:
    """Items stay where they are; what is at work is finished."""
    async with svc.db.write() as tx:
        await lifecycle.pause(tx, who.workspace_id, batch_id)
        return await lifecycle.get(tx, who.workspace_id, batch_id)


@router.post("/batches/{batch_id}/resume")
async def resume_batch(batch_id: BatchId, svc: Svc, who: Editor) -> BatchView:
    """Go on with a paused batch."""
    async with svc.db.write() as tx:
        refs = await lifecycle.resume(tx, who.workspace_id, batch_id)
        found = await lifecycle.get(tx, who.workspace_id, batch_id)
    await svc.queues.add(refs)
    return found


@router.post("/batches/{batch_id}/start")
async def start_batch(batch_id: BatchId, svc: Svc, who: Editor) -> BatchView:
    """Let a batch go that was made with `hold`, once its photos have been looked at."""
    async with svc.db.write() as tx:
        refs = await lifecycle.start(tx, who.workspace_id, batch_id)
        found = await lifecycle.get(tx, who.workspace_id, batch_id)
    await svc.queues.add(refs)
    return found


@router.post("/batches/{batch_id}/duplicates", status_code=202)
async def make_duplicates(batch_id: BatchId, svc: Svc, who: Editor) -> BatchView:
    """Make the photos that were left out as duplicates after all; they join the batch as it is."""
    async with svc.db.write() as tx:
        ref = await lifecycle.include_duplicates(tx, who.workspace_id, batch_id, by=who.by)
        found = await lifecycle.get(tx, who.workspace_id, batch_id)
    await svc.queues.add([ref])
    return found


@router.post("/batches/{batch_id}/cancel")
async def cancel_batch(batch_id: BatchId, later: BackgroundTasks, svc: Svc, who: Editor) -> BatchView:
    """Stop it for good. What is finished can still be reviewed and delivered."""
    async with svc.db.write() as tx:
        refs = await lifecycle.cancel(tx, who.workspace_id, batch_id)
        found = await lifecycle.get(tx, who.workspace_id, batch_id)
    later.add_task(svc.queues.remove, refs)  # tidiness: what is drawn all the same is dropped
    return found


async def _request_of(request: Request, svc: Any, who: Any) -> BatchRequest:
    """The wish, as JSON or as a form with a ZIP or CSV file.  Raises RequestValidationError, BadInput, TooLarge."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return _checked(await read_small(request))
    with tempfile.TemporaryDirectory(prefix="packshot-upload-") as folder:
        form = await read_form(
            request, Path(folder), limit_of=lambda name: list_limit(svc, name), field_bytes=JSON_BYTES
        )
        words = form.fields.get("batch")
        if len(form.files) != 1 or words is None:
            raise BadInput("the form needs a file, and the batch as JSON.", remedy="Name its parts file and batch.")
        fields = _json(words)
        if not isinstance(fields, dict) or "source" in fields:
            raise BadInput("the file is the source of this batch.", subject="source", remedy="Leave source out.")
        _checked(json.dumps({**fields, "source": {"upload": "upl_"}}))  # before the file is stored
        row = await stored_list(svc, who, form.files[0])
    async with svc.db.write() as tx:
        await tx.execute(insert(uploads).values(**row))
    return _checked(json.dumps({**fields, "source": {"upload": row["id"]}}))


def _json(words: str | bytes) -> Any:
    try:
        return json.loads(words)
    except (ValueError, RecursionError):
        raise BadInput("this is not JSON.", subject="batch", remedy="Check its brackets and quotation marks.") from None


def _checked(words: str | bytes) -> BatchRequest:
    _json(words)
    try:
        return BatchRequest.model_validate_json(words)
    except ValidationError as wrong:
        raise RequestValidationError([{**error, "loc": ("body", *error["loc"])} for error in wrong.errors()]) from wrong
