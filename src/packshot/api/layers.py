"""Layers of a photo: the original, its matte in all versions, its cut-out. A matte can be drawn by hand."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from packshot.api.access import Editor, Reader
from packshot.api.bodies import STREAMED
from packshot.api.described import PNG, file_body, headers
from packshot.api.files import link
from packshot.api.jobs import WAITED, JobView, answered
from packshot.api.multipart import read_body, read_form
from packshot.api.params import IfMatch, IfNoneMatch, ImageId, Prefer, etag, matches, unchanged
from packshot.api.service import Service, Svc
from packshot.catalog.library import matte_hints, mattes, photos
from packshot.catalog.library.mattes import MatteView
from packshot.catalog.tasks import CutoutPng, MattePng, PhotoFile, StorePaintedMatte
from packshot.errors import BadInput, PreconditionRequired, UnsupportedFormat
from packshot.model import Hints

router = APIRouter(tags=["layers"])

_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": PNG, "description": "A PNG.", **headers("ETag")},
    304: {"description": "It is the one you have.", **headers("ETag")},
}


class LayerView(BaseModel, frozen=True):
    """One layer: where it is, and what it is."""

    kind: Literal["photo", "thumb", "matte", "cutout"]
    url: str
    media_type: str
    width: int | None = None
    height: int | None = None
    version: int | None = None
    etag: str = ""


class PhotoLayers(BaseModel, frozen=True):
    """A photo's layers as they are now, and all versions of its matte, the newest first."""

    layers: tuple[LayerView, ...]
    mattes: tuple[MatteView, ...]


class Revert(BaseModel, frozen=True, extra="forbid", json_schema_extra={"examples": [{"version": 1}]}):
    """Which matte to go back to."""

    version: int = Field(ge=1, le=2**31 - 1)


_HINTS: dict[str, Any] = {"examples": [{"keep": [[412, 230]], "remove": [[380, 655], [500, 700]], "save": False}]}


class HintsRequest(Hints, frozen=True, extra="forbid", json_schema_extra=_HINTS):
    """Where the product is, and where it is not; one hint at least."""

    save: bool = Field(True, description="False: only show the corrected matte; nothing changes.")


@router.get("/images/{image_id}/layers")
async def list_layers(image_id: ImageId, svc: Svc, who: Reader) -> PhotoLayers:
    """What a photo is made of so far. Before it is cut out there is only the photo."""
    async with svc.db.read() as tx:
        photo = await photos.row(tx, who.workspace_id, image_id)
        versions = await mattes.versions(tx, who.workspace_id, image_id)
    size = {"width": photo.width, "height": photo.height}
    layers = [
        LayerView(
            kind="photo", url=link(svc, who.workspace_id, photo.key, name=photo.name),
            media_type=f"image/{photo.format.lower()}", etag=etag(photo.sha256), **size,
        ),
        LayerView(kind="thumb", url=link(svc, who.workspace_id, photo.thumb_key), media_type="image/jpeg"),
    ]  # fmt: skip
    current = next((matte for matte in versions if matte.current), None)
    if current is not None:
        here = f"{svc.settings.address}/api/v1/images/{image_id}"
        layers += [
            LayerView(
                kind=kind, url=f"{here}/{kind}", media_type="image/png", version=current.version,
                etag=etag(current.sha256), **size,
            )
            for kind in ("matte", "cutout")
        ]  # fmt: skip
    return PhotoLayers(layers=tuple(layers), mattes=tuple(versions))


@router.get("/images/{image_id}/matte", response_class=Response, responses=_PICTURE)
async def get_matte(image_id: ImageId, svc: Svc, who: Reader, if_none_match: IfNoneMatch = None) -> Response:
    """The matte: 8-bit gray, the photo's upright size, white is the product. Its ETag is what PUT wants."""
    return await _picture(svc, who.workspace_id, image_id, MattePng, if_none_match)


@router.get("/images/{image_id}/cutout", response_class=Response, responses=_PICTURE)
async def get_cutout(image_id: ImageId, svc: Svc, who: Reader, if_none_match: IfNoneMatch = None) -> Response:
    """The product alone, its edges in its own colours, on nothing."""
    return await _picture(svc, who.workspace_id, image_id, CutoutPng, if_none_match)


@router.put(
    "/images/{image_id}/matte",
    responses={200: headers("ETag")},
    openapi_extra=file_body("image/png", "8-bit gray, the photo's upright size; white is the product."),
    max_body_size=STREAMED,
)
async def put_matte(
    image_id: ImageId,
    request: Request,
    response: Response,
    svc: Svc,
    who: Editor,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> MatteView:
    """Draw the matte by hand: an 8-bit gray PNG of the photo's upright size, as the body or as the part `file`.

    If-Match must name the matte it was drawn on (If-None-Match: * where there is none yet). Open items that use the
    photo are made anew; what was approved stays.
    """
    async with svc.db.read() as tx:
        photo = await photos.row(tx, who.workspace_id, image_id)
        versions = await mattes.versions(tx, who.workspace_id, image_id)
    seen = next((matte.sha256 for matte in versions if matte.current), "")
    _check(if_match, if_none_match, seen)
    with tempfile.TemporaryDirectory(prefix="packshot-matte-") as folder:
        path = await _received(request, Path(folder), limit=svc.settings.limits.photo_bytes)
        painted = await svc.pixels.do(StorePaintedMatte(PhotoFile(photo.key, photo.name), str(path)))
    async with svc.db.write() as tx:
        matte, refs = await mattes.put(
            tx, who.workspace_id, image_id, painted, photo_sha256=photo.sha256, matte_version=photo.matte_version,
            by=who.by,
        )  # fmt: skip
    await svc.queues.add(refs)
    response.headers["ETag"] = etag(matte.sha256)
    return matte


@router.get("/images/{image_id}/mattes")
async def list_mattes(image_id: ImageId, svc: Svc, who: Reader) -> list[MatteView]:
    """All versions of a photo's matte, the newest first."""
    async with svc.db.read() as tx:
        return await mattes.versions(tx, who.workspace_id, image_id)


@router.post("/images/{image_id}/matte/revert", responses={200: headers("ETag")})
async def revert_matte(
    image_id: ImageId, revert: Revert, response: Response, svc: Svc, who: Editor, if_match: IfMatch = None
) -> MatteView:
    """Go back to an earlier matte. Open items that use the photo are made anew."""
    async with svc.db.write() as tx:
        await photos.row(tx, who.workspace_id, image_id, lock=True)
        versions = await mattes.versions(tx, who.workspace_id, image_id)
        matches(if_match, next((matte.sha256 for matte in versions if matte.current), ""))
        matte, refs = await mattes.revert(tx, who.workspace_id, image_id, revert.version)
    await svc.queues.add(refs)
    response.headers["ETag"] = etag(matte.sha256)
    return matte


@router.post("/images/{image_id}/matte/hints", status_code=202, responses=WAITED)
async def hint_matte(
    image_id: ImageId,
    hints: HintsRequest,
    response: Response,
    svc: Svc,
    who: Editor,
    if_match: IfMatch = None,
    prefer: Prefer = None,
) -> JobView:
    """Correct the matte by hints: points on the product that is missing (`keep`), points on what does not belong to it
    (`remove`), or boxes around the product.

    The job's result is a new version of the matte, and open items that use the photo are made anew; with `save` false
    it is a picture of the matte as it would be. Repeat all hints each time: they are counted from the present matte.
    """
    if not (hints.boxes or hints.keep or hints.remove):
        raise BadInput("there is no hint in it.", subject="hints", remedy="Name a point or a box at least.")
    async with svc.db.write() as tx:
        _, matte = await mattes.current(tx, who.workspace_id, image_id)
        matches(if_match, matte.sha256)
        ref = await matte_hints.start(tx, who.workspace_id, image_id, hints, save=hints.save, by=who.by)
    return await answered(svc, who, response, ref, prefer)


async def _picture(
    svc: Service, workspace_id: str, image_id: str, task: type[MattePng | CutoutPng], if_none_match: str | None
) -> Response:
    async with svc.db.read() as tx:
        photo, matte = await mattes.current(tx, workspace_id, image_id)
    headers = {"ETag": etag(matte.sha256), "Cache-Control": "private, no-cache"}
    if unchanged(if_none_match, matte.sha256):
        return Response(status_code=304, headers=headers)
    content = await svc.pixels.do(task(PhotoFile(photo.key, photo.name), matte.key))
    return Response(content, media_type="image/png", headers=headers)


async def _received(request: Request, folder: Path, *, limit: int) -> Path:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        form = await read_form(request, folder, limit_of=lambda name: limit)
        if len(form.files) != 1:
            raise BadInput("a matte is one file.", subject="file", remedy="Send it as the part “file”.")
        if form.files[0].error is not None:
            raise form.files[0].error
        return form.files[0].path
    if kind != "image/png":
        raise UnsupportedFormat("a matte comes as a PNG.", subject="matte", remedy="Set the Content-Type to image/png.")
    path = folder / "matte.png"
    await read_body(request, path, limit=limit, name="matte")
    return path


def _check(if_match: str | None, if_none_match: str | None, seen: str) -> None:
    """Raises PreconditionRequired, OutOfDate."""
    if if_match is None and not (if_none_match == "*" and not seen):
        raise PreconditionRequired(
            "say which matte this one was drawn on, so that nobody's work is lost.",
            subject="If-Match",
            remedy="Send the ETag of GET …/matte in If-Match; where there is no matte yet, If-None-Match: *.",
        )
    matches(if_match, seen)
