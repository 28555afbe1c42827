"""Exports: approved files as a ZIP, into a folder or into a bucket."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel, Field

from packshot.api.access import Editor, Principal, Reader
from packshot.api.described import headers
from packshot.api.files import link
from packshot.api.jobs import answered
from packshot.api.params import Cursor, Limit, Page, Prefer, after_id, page_of
from packshot.api.service import Service, Svc
from packshot.catalog.delivery import exports
from packshot.catalog.delivery.exports import (
    SHOWN_FILES,
    SHOWN_LEFT_OUT,
    DeliveryView,
    ExportRequest,
    ExportView,
    FilePlan,
    LeftOut,
)
from packshot.channel import safe_name

router = APIRouter(tags=["exports"])

ExportId = Annotated[str, Path(description="An export: the id of its job.", max_length=40)]
_BATCH = "bat_0193a1b2c3d4e5f60718293a4b"
_EXAMPLES: dict[str, Any] = {
    "zip": {"summary": "A ZIP to download", "value": {"batch": _BATCH, "to": {"kind": "zip"}}},
    "folder": {
        "summary": "Into a folder, one channel only",
        "value": {"batch": _BATCH, "channels": ["amazon"], "to": {"kind": "folder", "folder": "spring-2026"}},
    },
    "s3": {
        "summary": "What would go into a bucket",
        "value": {
            "batch": _BATCH,
            "to": {"kind": "s3", "destination": "dst_0193a1b2c3d4e5f60718293a4b", "prefix": "spring"},
            "dry_run": True,
        },
    },
}


class Planned(BaseModel, frozen=True):
    """What an export would deliver."""

    files: tuple[FilePlan, ...] = Field(description=f"The first {SHOWN_FILES}.")
    files_total: int
    bytes_total: int
    left_out: tuple[LeftOut, ...] = Field(description=f"What is not approved; the first {SHOWN_LEFT_OUT}.")
    left_out_total: int


class ExportStarted(BaseModel, frozen=True):
    """The job that delivers."""

    job: str
    export: ExportView


class ExportDetail(BaseModel, frozen=True):
    """An export with its files."""

    export: ExportView
    files: tuple[DeliveryView, ...]
    next_cursor: str | None


@router.post(
    "/exports",
    status_code=202,
    response_model=None,
    responses={
        200: {
            "model": Planned | ExportStarted,
            "description": "With `dry_run` what would be delivered; else it was waited for and has ended.",
        },
        202: {"model": ExportStarted, "description": "It has begun: follow the job.", **headers("Location")},
    },
)
async def create_export(
    body: Annotated[ExportRequest, Body(openapi_examples=_EXAMPLES)],
    response: Response,
    svc: Svc,
    who: Editor,
    prefer: Prefer = None,
) -> ExportStarted | Planned:
    """Deliver what is approved. Only approved files leave; what is not approved is listed as left out.

    `Prefer: wait=…` waits for the end, and answers 200 with the export where that comes in time.
    """
    if body.dry_run:
        async with svc.db.read() as tx:
            plan = await exports.plan(tx, who.workspace_id, body)
        response.status_code = 200
        return Planned(
            files=tuple(FilePlan(**dict(file)) for file in plan.files[:SHOWN_FILES]), files_total=len(plan.files),
            bytes_total=plan.total_bytes, left_out=tuple(plan.left_out[:SHOWN_LEFT_OUT]),
            left_out_total=len(plan.left_out),
        )  # fmt: skip
    async with svc.db.write() as tx:
        ref = await exports.create(tx, who.workspace_id, body, by=who.by)
    await answered(svc, who, response, ref, prefer)
    async with svc.db.read() as tx:
        view = await exports.get(tx, who.workspace_id, ref.id)
    response.headers["Location"] = f"/api/v1/exports/{ref.id}"
    return ExportStarted(job=ref.id, export=_linked(svc, who, view))


@router.get("/exports")
async def list_exports(svc: Svc, who: Reader, cursor: Cursor = None, limit: Limit = 50) -> Page[ExportView]:
    """Exports, the newest first."""
    async with svc.db.read() as tx:
        found = await exports.page(tx, who.workspace_id, after=after_id(cursor), limit=limit + 1)
    return page_of([_linked(svc, who, export) for export in found], limit, lambda export: export.id)


@router.get("/exports/{export_id}")
async def get_export(
    export_id: ExportId, svc: Svc, who: Reader, cursor: Cursor = None, limit: Limit = 50
) -> ExportDetail:
    """An export with what came of each file; a finished ZIP has a link that holds for a while."""
    async with svc.db.read() as tx:
        found = await exports.get(tx, who.workspace_id, export_id)
        files = await exports.delivered(tx, who.workspace_id, export_id, after=after_id(cursor), limit=limit + 1)
    page = page_of(files, limit, lambda file: file[0])
    shown = tuple(view for _, view in page.items)
    return ExportDetail(export=_linked(svc, who, found), files=shown, next_cursor=page.next_cursor)


def _linked(svc: Service, who: Principal, export: ExportView) -> ExportView:
    if not export.zip:
        return export
    name = safe_name(f"{export.batch_name or 'packshot'} {export.created_at:%Y-%m-%d}") + ".zip"
    return export.model_copy(update={"zip": link(svc, who.workspace_id, export.zip, name=name)})
