"""How uploads become photos: what a form or a body asks for, one file taken in, a list kept for an import."""

from __future__ import annotations

import asyncio
import json
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, model_validator
from sqlalchemy import insert

from packshot.api.access import Principal
from packshot.api.files import link
from packshot.api.multipart import Upload
from packshot.api.problems import Problem
from packshot.api.service import Service
from packshot.catalog import jobs
from packshot.catalog.accounts import workspaces
from packshot.catalog.library import collections, photos, products
from packshot.catalog.library.photos import PhotoView, Role
from packshot.catalog.library.products import Sku
from packshot.catalog.ports import URGENT, JobRef
from packshot.catalog.tasks import AnalyseUpload
from packshot.db.tables import new_id, now, uploads
from packshot.decoding.kinds import sniff
from packshot.errors import BadInput, BadOption, DamagedFile, PackshotError, UnsupportedFormat
from packshot.intake.table import checked_map

LIST_SECONDS = 7 * 24 * 3600.0  # a ZIP or list stays for a retry of its import
MOST_URLS = 1_000
LIST_FILE_BYTES = 64 * 2**20
_SHEETS = (".csv", ".tsv")
_Columns = TypeAdapter(dict[str, str])
_Id = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9_]+$")]
_Url = Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"^[^\x00-\x1f\x7f]+$")]


COLUMNS = {
    "type": "string",
    "description": "JSON: what columns of the list mean beside the names that are read anyway, name → field; empty: it "
    "is left out. The workspace remembers it.",
    "example": '{"Article": "sku", "Price": ""}',
}


class Where(BaseModel, frozen=True, extra="forbid"):
    """Whose photos they are."""

    product_id: _Id | None = Field(None, description="The product they show.")
    sku: Sku | None = Field(None, description="The same by sku; the product is made if there is none.")
    role: Role | None = Field(None, description="main, angle 2 …; left out: the next that is free.")
    collection_id: _Id | None = Field(None, description="The product is put into this collection.")

    @model_validator(mode="after")
    def _one_product(self) -> Where:
        if self.product_id and self.sku:
            raise ValueError("give product_id or sku, not both")
        return self


class Addresses(Where, frozen=True):
    """Photos to download."""

    url: _Url | None = Field(None, description="Where one photo is.")
    urls: Annotated[tuple[_Url, ...], Field(max_length=MOST_URLS, description="Where several are.")] = ()

    @model_validator(mode="after")
    def _some(self) -> Addresses:
        if (self.url is None) == (not self.urls):
            raise ValueError("give url or urls, one of them")
        return self

    @property
    def all(self) -> list[str]:
        return [*self.urls, *([self.url] if self.url else [])]


class UploadResult(BaseModel, frozen=True):
    """What became of one file: a photo, or a problem."""

    name: str
    image: PhotoView | None = None
    problem: Problem | None = None


class UploadResults(BaseModel, frozen=True):
    """What became of each file, in the order they were sent."""

    items: tuple[UploadResult, ...]


def linked(svc: Service, who: Principal, photo: PhotoView) -> PhotoView:
    """The same with links instead of keys."""
    return photo.model_copy(
        update={
            "original": link(svc, who.workspace_id, photo.original, name=photo.name),
            "thumb": link(svc, who.workspace_id, photo.thumb, name="thumb.jpg"),
        }
    )


async def tried(svc: Service, who: Principal, upload: Upload, where: Where) -> UploadResult:
    try:
        return UploadResult(name=upload.name, image=await take(svc, who, upload, where))
    except PackshotError as error:
        return UploadResult(name=upload.name, problem=_problem(error))


async def take(svc: Service, who: Principal, upload: Upload, where: Where) -> PhotoView:
    """One photo of a form."""
    if upload.error is not None:
        raise upload.error
    async with svc.db.read() as tx:  # before work is spent on it
        if where.product_id:
            await products.row(tx, who.workspace_id, where.product_id)
        if where.collection_id:
            await collections.row(tx, who.workspace_id, where.collection_id)
    uploaded = await svc.pixels.do(AnalyseUpload(upload.name, who.workspace_id, str(upload.path)))
    async with svc.db.write() as tx:
        product_id = where.product_id
        if where.sku:
            product_id = await products.for_sku(tx, who.workspace_id, where.sku)
        photo = await photos.add(
            tx, who.workspace_id, uploaded, name=upload.name, product_id=product_id, role=where.role, by=who.by
        )
        if where.collection_id and product_id:
            await collections.put(tx, who.workspace_id, where.collection_id, add=[product_id])
    return linked(svc, who, photo)


async def import_list(
    svc: Service, who: Principal, files: list[Upload], where: Where, columns: dict[str, str]
) -> JobRef:
    """Start a job that works through a ZIP or a CSV list.  columns: what those of the list mean; it is remembered."""
    if len(files) > 1:
        raise BadInput(
            "an archive or a list comes by itself.", remedy="Send it alone; pack a list and its photos into one ZIP."
        )
    row = await stored_list(svc, who, files[0])
    request = {"upload": row["id"]} | ({"columns": columns} if columns else {})
    return await start_import(svc, who, request, where, upload=row)


async def stored_list(svc: Service, who: Principal, upload: Upload) -> dict[str, Any]:
    """Put a ZIP or a CSV list into the store; gives its row, to be inserted by whoever uses it.

    Raises UnsupportedFormat, TooLarge, DamagedFile, DiskFull.
    """
    if upload.error is not None:
        raise upload.error
    kind, id, at = _list_kind(upload), new_id("upl"), now()
    key = f"uploads/{who.workspace_id}/{id}"
    await asyncio.to_thread(svc.store.put_file, key, upload.path)
    return {
        "id": id, "workspace_id": who.workspace_id, "kind": kind, "name": upload.name, "key": key,
        "bytes": upload.length, "created_at": at, "expires_at": at + LIST_SECONDS,
    }  # fmt: skip


async def start_import(
    svc: Service, who: Principal, request: dict[str, Any], where: Where, *, upload: dict[str, Any] | None = None
) -> JobRef:
    async with svc.db.write() as tx:
        product_id = where.product_id
        if product_id:
            await products.row(tx, who.workspace_id, product_id)
        if where.sku:
            product_id = await products.for_sku(tx, who.workspace_id, where.sku)
        if where.collection_id:
            await collections.row(tx, who.workspace_id, where.collection_id)
        if upload is not None:
            await tx.execute(insert(uploads).values(**upload))
        if columns := request.get("columns"):
            await workspaces.remember_columns(tx, who.workspace_id, columns)
        told = {"product_id": product_id, "role": where.role, "collection_id": where.collection_id}
        return await jobs.start(
            tx, who.workspace_id, "import", stages=["segment"], request=request | told, priority=URGENT, by=who.by
        )  # fmt: skip


# --- parts ---


def limit_for(svc: Service, name: str) -> int:
    limits = svc.settings.limits
    return {".zip": limits.zip_bytes, ".csv": LIST_FILE_BYTES, ".tsv": LIST_FILE_BYTES}.get(
        PurePosixPath(name.lower()).suffix, limits.photo_bytes
    )


def is_list(upload: Upload) -> bool:
    if upload.name.lower().endswith((".zip", *_SHEETS)):
        return True
    return (
        upload.error is None and sniff(_head(upload)) == "ZIP" and not upload.name.lower().endswith((".xlsx", ".ods"))
    )


def list_limit(svc: Service, name: str) -> int:
    """How many bytes a ZIP or a list may have."""
    return LIST_FILE_BYTES if name.lower().endswith((*_SHEETS, ".txt")) else svc.settings.limits.zip_bytes


def _list_kind(upload: Upload) -> str:
    name = upload.name.lower()
    if _head(upload).startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if name.endswith((".xlsx", ".xlsm", ".ods")):
            raise UnsupportedFormat("a spreadsheet is not read here.", subject=upload.name, remedy="Save it as CSV.")
        return "zip"
    if name.endswith(".zip"):
        raise DamagedFile("this is not a ZIP archive.", subject=upload.name, remedy="Pack it again.")
    if name.endswith((*_SHEETS, ".txt")):
        return "csv"
    raise UnsupportedFormat(
        "this is neither a ZIP nor a CSV list.", subject=upload.name, remedy="Send a .zip or a .csv file."
    )


def _head(upload: Upload) -> bytes:
    if upload.error is not None:
        return b""
    with upload.path.open("rb") as file:
        return file.read(256)


def _problem(error: PackshotError) -> Problem:
    return Problem(
        type=f"urn:packshot:problem:{error.code}", title=error.code.replace("_", " ").capitalize(),
        status=error.status, detail=error.sentence, code=error.code, subject=error.subject, remedy=error.remedy,
    )  # fmt: skip


def addresses_of(body: bytes) -> Addresses:
    """Raises RequestValidationError, BadInput."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("this is not JSON.", remedy="Check its brackets and quotation marks.") from None
    try:
        return Addresses.model_validate_json(body)
    except ValidationError as wrong:
        raise _invalid(wrong) from wrong


def columns_of(fields: dict[str, str]) -> dict[str, str]:
    """What the columns of a list mean; the field leaves the form.  Raises BadOption."""
    words = fields.pop("columns", "")
    try:
        return checked_map(_Columns.validate_json(words)) if words else {}
    except ValidationError:
        remedy = 'Send JSON such as {"Article": "sku"}.'
        raise BadOption("this does not say which column means what.", subject="columns", remedy=remedy) from None


def where_of(fields: dict[str, str]) -> Where:
    try:
        return Where.model_validate({name: value for name, value in fields.items() if value})
    except ValidationError as wrong:
        raise _invalid(wrong) from wrong


def _invalid(wrong: ValidationError) -> RequestValidationError:
    return RequestValidationError([{**error, "loc": ("body", *error["loc"])} for error in wrong.errors()])
