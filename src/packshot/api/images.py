"""Images: photos taken in, looked at, replaced; and single photos cut out, composed, enlarged."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel, Field, model_validator

from packshot.api.access import Editor, Reader
from packshot.api.bodies import OPEN_BYTES, STREAMED
from packshot.api.described import FILE, HEADERS, file_body, headers
from packshot.api.jobs import STARTED, WAITED, JobView, answered
from packshot.api.multipart import MOST_FILES, read_body, read_form, read_small
from packshot.api.params import (
    Count,
    Counted,
    Cursor,
    Id,
    IfMatch,
    ImageId,
    Limit,
    OfCollection,
    OfProduct,
    Prefer,
    Search,
    after_id,
    etag,
    matches,
    page_of,
)
from packshot.api.service import Svc
from packshot.api.uploads import (
    COLUMNS,
    UploadResults,
    Where,
    addresses_of,
    columns_of,
    import_list,
    is_list,
    limit_for,
    linked,
    start_import,
    take,
    tried,
    where_of,
)
from packshot.catalog.library import photo_jobs, photos
from packshot.catalog.library.photos import PhotoChange, PhotoFilter, PhotoView
from packshot.catalog.old_names import STYLE
from packshot.catalog.styles import templates
from packshot.catalog.styles.channels import resolve as resolve_channels
from packshot.catalog.tasks import AnalyseUpload
from packshot.errors import BadInput, BadOption, NoSuchModel, UnsupportedFormat
from packshot.rules import FileFormat

router = APIRouter(tags=["images"])

LARGEST_SIDE = 6_000
MOST_IDS = 200  # as many as a page holds
_NAME = r"^[A-Za-z0-9_-]+$"


# --- taking in ---


_MAYBE = {"Location": HEADERS["Location"] | {"required": False}}  # of one photo or job, not of several photos
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MOST_FILES,
                            "items": FILE,
                            "description": "Photos (JPEG, PNG, WebP, AVIF, HEIC, TIFF); or one ZIP; or one CSV list.",
                        },
                        **Where.model_json_schema()["properties"],
                        "columns": COLUMNS,
                    },
                }
            },
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Addresses"},
                "examples": {
                    "one": {"value": {"url": "https://shop.example/shoe.jpg", "sku": "SHOE-7"}},
                    "many": {"value": {"urls": ["https://shop.example/a.jpg", "https://shop.example/b.jpg"]}},
                },
            },
        },
    }
}


@router.post(
    "/images",
    status_code=201,
    response_model=None,
    responses={
        200: {
            "model": JobView | UploadResults,
            "description": "An import that was waited for; or none could be taken.",
            "headers": {**_MAYBE, **headers("Preference-Applied")["headers"]},
        },
        201: {
            "model": PhotoView | UploadResults,
            "description": "The photo; or of several, what became of each.",
            "headers": {**_MAYBE, "ETag": HEADERS["ETag"] | {"required": False}},
        },
        202: STARTED,
    },
    openapi_extra=_BODY,
    max_body_size=STREAMED,
)
async def upload_images(
    request: Request, response: Response, svc: Svc, who: Editor, prefer: Prefer = None
) -> PhotoView | UploadResults | JobView:
    """Take photos in.

    One photo is answered with what is to be said about it. Of several each is answered for itself: a bad one does not
    hold up the others. A ZIP, a CSV list and addresses are worked through by a job (202), or waited for with
    `Prefer: wait=20`.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        body = addresses_of(await read_small(request))
        request_of_run = {"urls": body.all}
        ref = await start_import(svc, who, request_of_run, body)
        return await answered(svc, who, response, ref, prefer)
    if kind != "multipart/form-data":
        raise UnsupportedFormat(
            "photos come as a form (multipart/form-data), addresses as JSON.", remedy="Set the Content-Type to one."
        )
    with tempfile.TemporaryDirectory(prefix="packshot-upload-") as folder:
        form = await read_form(
            request, Path(folder), limit_of=lambda name: limit_for(svc, name), field_bytes=OPEN_BYTES
        )
        columns = columns_of(form.fields)
        where = where_of(form.fields)
        if not form.files:
            raise BadInput("there is no file in this form.", subject="file", remedy="Send it as the part “file”.")
        if any(is_list(upload) for upload in form.files):
            ref = await import_list(svc, who, form.files, where, columns)
            return await answered(svc, who, response, ref, prefer)
        if where.role and len(form.files) > 1:
            raise BadOption("several photos cannot have one role.", subject="role", remedy="Send them one by one.")
        if where.collection_id and not (where.product_id or where.sku):
            raise BadOption("a collection holds products.", subject="collection_id", remedy="Give a sku, too.")
        if len(form.files) == 1:
            photo = await take(svc, who, form.files[0], where)
            response.headers["Location"] = f"/api/v1/images/{photo.id}"
            response.headers["ETag"] = etag(photo.revision)
            return photo
        taken = [await tried(svc, who, upload, where) for upload in form.files]
    response.status_code = 201 if any(one.image for one in taken) else 200
    return UploadResults(items=tuple(taken))


# --- looking, changing ---


@router.get("/images")
async def list_images(
    svc: Svc,
    who: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
    ids: Annotated[
        list[Id] | None, Query(max_length=MOST_IDS, description="Of these those that are there; give it several times.")
    ] = None,
    product_id: OfProduct = None,
    collection_id: OfCollection = None,
    unassigned: Annotated[bool | None, Query(description="Only those of no product, or only those of one.")] = None,
    q: Search = None,
    role: Annotated[
        str | None, Query(max_length=40, pattern=r"^[^\x00-\x1f]*$", description="Only those in this role.")
    ] = None,
    cut_out: Annotated[
        bool | None, Query(description="Only those that are cut out, or only those that are not.")
    ] = None,
    flagged: Annotated[bool | None, Query(description="Only those with something to be said about them.")] = None,
    count: Count = False,
) -> Counted[PhotoView]:
    """Photos, the newest first. `q` looks into their names; a collection counts with all that is under it."""
    filter = PhotoFilter(ids, product_id, collection_id, unassigned, q, role, cut_out, flagged)
    async with svc.db.read() as tx:
        found = await photos.page(tx, who.workspace_id, filter, after=after_id(cursor), limit=limit + 1)
        total = await photos.count(tx, who.workspace_id, filter) if count else None
    shown = page_of([linked(svc, who, photo) for photo in found], limit, lambda photo: photo.id)
    return Counted(**dict(shown), total=total)


@router.get("/images/{image_id}", responses={200: headers("ETag")})
async def get_image(image_id: ImageId, response: Response, svc: Svc, who: Reader) -> PhotoView:
    """A photo, with links to the original and a thumbnail."""
    async with svc.db.read() as tx:
        found = await photos.get(tx, who.workspace_id, image_id)
    response.headers["ETag"] = etag(found.revision)
    return linked(svc, who, found)


@router.patch("/images/{image_id}", responses={200: headers("ETag")})
async def change_image(
    image_id: ImageId, change: PhotoChange, response: Response, svc: Svc, who: Editor, if_match: IfMatch = None
) -> PhotoView:
    """Rename a photo, or give it another role, place or product. A product's main photo that loses its role to this
    one becomes an angle."""
    async with svc.db.write() as tx:
        matches(if_match, (await photos.row(tx, who.workspace_id, image_id, lock=True)).revision)
        changed = await photos.change(tx, who.workspace_id, image_id, change)
    response.headers["ETag"] = etag(changed.revision)
    return linked(svc, who, changed)


@router.delete("/images/{image_id}", status_code=204)
async def delete_image(image_id: ImageId, svc: Svc, who: Editor, if_match: IfMatch = None) -> None:
    """Take a photo away. What was made of it stays."""
    async with svc.db.write() as tx:
        matches(if_match, (await photos.row(tx, who.workspace_id, image_id, lock=True)).revision)
        await photos.delete(tx, who.workspace_id, image_id)


@router.put(
    "/images/{image_id}/file",
    responses={200: headers("ETag")},
    openapi_extra=file_body("application/octet-stream", "The photo, in any format that is read here."),
    max_body_size=STREAMED,
)
async def replace_image(
    image_id: ImageId, request: Request, response: Response, svc: Svc, who: Editor, if_match: IfMatch = None
) -> PhotoView:
    """Put another file in a photo's place: its product, role and place stay, and open items are made anew.

    The body is the file, or a form with the part `file`.
    """
    async with svc.db.read() as tx:
        photo = await photos.row(tx, who.workspace_id, image_id)
    matches(if_match, photo.revision)
    limit = svc.settings.limits.photo_bytes
    name: str | None = None
    with tempfile.TemporaryDirectory(prefix="packshot-upload-") as folder:
        path = Path(folder) / "photo"
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            form = await read_form(request, Path(folder), limit_of=lambda name: limit)
            if len(form.files) != 1:
                raise BadInput("one file is to be replaced by one.", subject="file", remedy="Send one part “file”.")
            if form.files[0].error is not None:
                raise form.files[0].error
            path, name = form.files[0].path, form.files[0].name
        else:
            await read_body(request, path, limit=limit, name=photo.name)
        uploaded = await svc.pixels.do(AnalyseUpload(name or photo.name, who.workspace_id, str(path)))
    async with svc.db.write() as tx:
        matches(if_match, (await photos.row(tx, who.workspace_id, image_id, lock=True)).revision)
        replaced, refs = await photos.replace(tx, who.workspace_id, image_id, uploaded, name=name)
    await svc.queues.add(refs)
    response.headers["ETag"] = etag(replaced.revision)
    return linked(svc, who, replaced)


# --- one photo's work ---


class SegmentRequest(BaseModel, frozen=True, extra="forbid", json_schema_extra={"examples": [{"refined": False}]}):
    """How to cut it out."""

    refined: bool = Field(False, description="With a second, closer pass.")


class GenerateRequest(BaseModel, frozen=True, extra="forbid"):
    """A look for one photo: a template with options; or a prompt or a reference, where a painter is installed."""

    style: str | None = Field(None, validation_alias=STYLE, max_length=40, pattern=_NAME, description="By id.")
    options: dict[str, Any] = Field({}, max_length=40, description="The style's options that change.")
    prompt: str | None = Field(None, min_length=1, max_length=2_000, description="A scene in words.")
    reference: str | None = Field(None, max_length=40, pattern=_NAME, description="An image whose scene is to be met.")
    channel: str | None = Field(None, max_length=40, pattern=_NAME, description="As this channel wants it.")
    size: tuple[Annotated[int, Field(ge=64, le=LARGEST_SIDE)], Annotated[int, Field(ge=64, le=LARGEST_SIDE)]] | None = (
        Field(None, description="Width and height; left out: the channel's, else 2048 × 2048.")
    )
    format: FileFormat | None = Field(None, description="Left out: the channel's; else PNG where it is transparent.")

    @model_validator(mode="after")
    def _one_kind(self) -> GenerateRequest:
        if sum(bool(given) for given in (self.style, self.prompt, self.reference)) != 1:
            raise ValueError("give one of style, prompt, reference")
        if self.channel and self.size:
            raise ValueError("give channel or size, not both: a channel has its own")
        return self


class UpscaleRequest(BaseModel, frozen=True, extra="forbid", json_schema_extra={"examples": [{"factor": 2}]}):
    """How much larger."""

    factor: Literal[2, 4] = 2


_SEGMENT, _UPSCALE = SegmentRequest(), UpscaleRequest()
_GENERATE: dict[str, Any] = {
    "style": {"summary": "A style", "value": {"style": "white", "options": {"shadow": 0.4}}},
    "channel": {"summary": "As a channel wants it", "value": {"style": "gradient", "channel": "shopify"}},
    "prompt": {"summary": "A prompt (needs a painter)", "value": {"prompt": "on a marble table, morning light"}},
}


@router.post("/images/{image_id}/segment", status_code=202, responses=WAITED)
async def segment_image(
    image_id: ImageId,
    response: Response,
    svc: Svc,
    who: Editor,
    body: Annotated[SegmentRequest, Body()] = _SEGMENT,
    prefer: Prefer = None,
) -> JobView:
    """Cut a photo out. Its matte: GET /images/{id}/matte."""
    async with svc.db.write() as tx:
        await photos.row(tx, who.workspace_id, image_id)
        ref = await photo_jobs.start_segment(tx, who.workspace_id, image_id, refined=body.refined, by=who.by)
    return await answered(svc, who, response, ref, prefer)


@router.post("/images/{image_id}/generate", status_code=202, responses=WAITED)
async def generate_image(
    image_id: ImageId,
    body: Annotated[GenerateRequest, Body(openapi_examples=_GENERATE)],
    response: Response,
    svc: Svc,
    who: Editor,
    prefer: Prefer = None,
) -> JobView:
    """One picture of one photo in a look. What needs a model that is not installed is refused, and says which."""
    async with svc.db.write() as tx:
        await photos.row(tx, who.workspace_id, image_id)
        if body.style is None:
            raise NoSuchModel(
                f"no model that paints scenes is installed, as a {'prompt' if body.prompt else 'reference'} needs one.",
                remedy="Choose a style instead (GET /api/v1/styles), or install such a model.",
            )
        style = await templates.resolve(tx, who.workspace_id, body.style, body.options)
        channels = await resolve_channels(tx, who.workspace_id, [body.channel] if body.channel else [])
        backdrop = any(step.kind in ("color", "gradient", "picture") for step in style.steps)
        channel = (
            channels[0]
            if channels
            else photo_jobs.plain_channel(body.size or (2048, 2048), "jpeg" if backdrop else "png")
        )
        if body.format:
            channel = channel.model_copy(update={"format": body.format})
        ref = await photo_jobs.start_generate(tx, who.workspace_id, image_id, style, channel, by=who.by)
    return await answered(svc, who, response, ref, prefer)


@router.post("/images/{image_id}/upscale", status_code=202, responses=WAITED)
async def upscale_image(
    image_id: ImageId,
    response: Response,
    svc: Svc,
    who: Editor,
    body: Annotated[UpscaleRequest, Body()] = _UPSCALE,
    prefer: Prefer = None,
) -> JobView:
    """The product alone, larger, on a transparent backdrop; a model draws what is missing."""
    async with svc.db.write() as tx:
        await photos.row(tx, who.workspace_id, image_id)
        ref = await photo_jobs.start_upscale(tx, who.workspace_id, image_id, factor=body.factor, by=who.by)
    return await answered(svc, who, response, ref, prefer)
