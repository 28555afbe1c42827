"""Jobs: what was asked for and takes a while. Followed, waited for, called off."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from packshot.api.access import Editor, Principal, Reader
from packshot.api.described import headers
from packshot.api.files import link
from packshot.api.params import Cursor, JobId, Limit, OfImage, Page, after_id, page_of, seconds_to_wait
from packshot.api.problems import Problem
from packshot.api.service import Service, Svc
from packshot.catalog import jobs
from packshot.catalog.jobs import JobRecord
from packshot.catalog.ports import JobRef
from packshot.catalog.status import JobStatus

router = APIRouter(tags=["jobs"])

_LOOK_SECONDS = 0.1
_ENDED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)
_AT_WORK = frozenset({"work", "max_pixels"})  # what only workers read


class JobKind(StrEnum):
    """What kind of work it is."""

    IMPORT = "import"
    SEGMENT = "segment"
    HINTS = "hints"
    GENERATE = "generate"
    UPSCALE = "upscale"
    PREVIEW = "preview"
    BATCH = "batch"
    EXPORT = "export"


_EXAMPLE: dict[str, Any] = {
    "examples": [
        {
            "id": "job_0193a1b2c3d4e5f60718293a4b", "kind": "generate", "status": "done", "stage": "",
            "stages": ["segment", "generate"], "done": 0, "total": 0, "image_id": "img_0193a1b2c3d4e5f60718293a4b",
            "batch_id": None, "error": None, "created_at": "2026-11-25T09:00:00Z", "done_at": "2026-11-25T09:00:02Z",
            "result": {
                "matte_version": 1, "uncertainty": 0.02, "size": [2000, 2000], "format": "jpeg", "findings": [],
                "changes": [], "url": "https://packshot.example/api/v1/files/…",
            },
        }
    ]
}  # fmt: skip


class JobView(BaseModel, frozen=True, json_schema_extra=_EXAMPLE):
    """A job and what has come of it so far."""

    id: str
    kind: JobKind
    status: JobStatus
    stage: str = Field(description="The queue it waits in; empty when it is done.")
    stages: tuple[str, ...]
    done: int = Field(description="Of an import or an export: members that are through.")
    total: int
    image_id: str | None
    batch_id: str | None
    result: dict[str, Any] = Field(
        description="segment, hints: matte_version, uncertainty, findings; hints without save: matte (url), findings. "
        "generate, upscale: url, size, findings. "
        "preview: pictures, each with image, url, findings. import: images (ids), refused (name, words, remedy)."
    )
    error: Problem | None = Field(description="Why it failed, and what to do.")
    created_at: datetime
    done_at: datetime | None


_CONTENT: dict[str, Any] = {"application/json": {"schema": {"$ref": "#/components/schemas/JobView"}}}
RESPONSES: dict[str, Any] = {
    "JobStarted": {
        "description": "It has begun: follow the job.",
        **headers("Location", "Preference-Applied", "Retry-After"),
        "content": _CONTENT,
    },
    "JobEnded": {
        "description": "It was waited for, and has ended.",
        **headers("Location", "Preference-Applied"),
        "content": _CONTENT,
    },
}
STARTED, ENDED = ({"$ref": f"#/components/responses/{name}"} for name in RESPONSES)
WAITED: dict[int | str, dict[str, Any]] = {200: ENDED, 202: STARTED}  # of a route that answers with `answered`


@router.get("/jobs")
async def list_jobs(
    svc: Svc,
    who: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
    kind: Annotated[list[JobKind] | None, Query(description="Only those; may be given several times.")] = None,
    status: Annotated[JobStatus | None, Query(description="Only those.")] = None,
    image_id: OfImage = None,
) -> Page[JobView]:
    """Jobs, the newest first."""
    async with svc.db.read() as tx:
        found = await jobs.page(
            tx, who.workspace_id, kinds=kind or (), status=status, photo_id=image_id, after=after_id(cursor),
            limit=limit + 1,
        )  # fmt: skip
    return page_of([view(svc, who, job) for job in found], limit, lambda job: job.id)


@router.get("/jobs/{job_id}")
async def get_job(job_id: JobId, svc: Svc, who: Reader) -> JobView:
    """How far a job is, and its result. Links in it are made anew each time."""
    async with svc.db.read() as tx:
        return view(svc, who, await jobs.get(tx, who.workspace_id, job_id))


@router.delete("/jobs/{job_id}", status_code=204)
async def cancel_job(job_id: JobId, svc: Svc, who: Editor) -> None:
    """Call a job off. An import keeps the photos that it has brought so far."""
    async with svc.db.write() as tx:
        ref = await jobs.cancel(tx, who.workspace_id, job_id)
    if ref is not None:
        await svc.queues.remove([ref])


async def answered(svc: Service, who: Principal, response: Response, ref: JobRef, prefer: str | None) -> JobView:
    """202 with the job to follow; or, where it was to be waited for and has ended in time, 200 with its result."""
    await svc.queues.add([ref])
    until = time.monotonic() + seconds_to_wait(prefer)
    waits = seconds_to_wait(prefer) > 0
    while True:
        async with svc.db.read() as tx:
            job = await jobs.get(tx, who.workspace_id, ref.id)
        if job.status in _ENDED or time.monotonic() >= until:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    ended = waits and job.status in _ENDED
    response.status_code = 200 if ended else 202
    response.headers["Location"] = f"/api/v1/jobs/{ref.id}"
    if waits:
        response.headers["Preference-Applied"] = f"wait={seconds_to_wait(prefer)}"
    if not ended:
        response.headers["Retry-After"] = "1"
    return view(svc, who, job)


def view(svc: Service, who: Principal, job: JobRecord) -> JobView:
    """A job with links where its result has keys."""
    stored = job.error if job.status == JobStatus.FAILED else None
    error = _problem(stored) if stored else None
    return JobView(
        id=job.id, kind=JobKind(job.kind), status=JobStatus(job.status), stage=job.stage, stages=tuple(job.stages),
        done=job.done_count, total=job.total_count, image_id=job.photo_id, batch_id=job.batch_id,
        result=_linked(svc, who, job.result), error=error, created_at=job.created_at, done_at=job.done_at,
    )  # fmt: skip


def _linked(svc: Service, who: Principal, node: Any) -> Any:
    if isinstance(node, list):
        return [_linked(svc, who, member) for member in node]
    if not isinstance(node, dict):
        return node
    shown: dict[str, Any] = {}
    for name, value in node.items():
        if name == "key" and isinstance(value, str):
            suffix = str(node.get("format") or value.rpartition(".")[2] if "." in value else node.get("format") or "")
            shown["url"] = link(svc, who.workspace_id, value, name=f"picture.{suffix}" if suffix else "")
        elif name not in _AT_WORK:
            shown[name] = _linked(svc, who, value)
    return shown


def _problem(stored: dict[str, Any]) -> Problem:
    return Problem(
        type=f"urn:packshot:problem:{stored['code']}", title=stored["code"].replace("_", " ").capitalize(),
        status=stored["status"], detail=": ".join(part for part in (stored["subject"], stored["problem"]) if part),
        code=stored["code"], subject=stored["subject"], remedy=stored["remedy"],
    )  # fmt: skip
