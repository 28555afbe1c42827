"""A photo's matte corrected by hints: shown, or kept as its next version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from packshot.catalog import jobs
from packshot.catalog.jobs import JobRecord
from packshot.catalog.library import mattes
from packshot.catalog.ports import JobContext, JobRef
from packshot.catalog.tasks import CorrectMatte, PhotoFile, ShowCorrectedMatte
from packshot.db import Tx
from packshot.finding import Finding
from packshot.model import Hints


async def start(tx: Tx, workspace_id: str, photo_id: str, hints: Hints, *, save: bool, by: str | None) -> JobRef:
    """Write a job of kind `hints` down; it counts from the photo's present matte.  Raises NotFound, BadInput."""
    photo, matte = await mattes.current(tx, workspace_id, photo_id)
    hints.check((photo.width, photo.height))
    request = {
        "hints": hints.model_dump(mode="json", include=set(Hints.model_fields)), "save": save, "matte": matte.key,
        "matte_version": matte.version, "photo_sha256": photo.sha256,
    }  # fmt: skip
    return await jobs.start(tx, workspace_id, "hints", stages=["segment"], request=request, photo_id=photo_id, by=by)


async def work(job: JobRecord, context: JobContext) -> dict[str, Any]:
    """Do it.  Gives {matte: {key}, findings} where it is only shown, else {matte_version, uncertainty, findings}.

    Raises OutOfDate where the matte or the photo has changed since, BadInput, NotFound.
    """
    request = job.request
    assert job.photo_id is not None
    async with context.db.read() as tx:
        photo, current = await mattes.current(tx, job.workspace_id, job.photo_id)
    file, hints = PhotoFile(photo.key, photo.name), Hints.model_validate(request["hints"])
    if not request["save"]:
        shown = await context.pixels.do(ShowCorrectedMatte(file, request["matte"], hints))
        return {"matte": {"key": shown.key, "format": shown.format}, "findings": _json(shown.findings)}
    matte = await context.pixels.do(CorrectMatte(file, request["matte"], hints))
    version = current.version
    if current.key != matte.key:  # else it was stored already, and the worker ended before it could say so
        async with context.db.write() as tx:
            stored, refs = await mattes.put(
                tx, job.workspace_id, job.photo_id, matte, photo_sha256=request["photo_sha256"],
                matte_version=request["matte_version"], by=job.created_by,
            )  # fmt: skip
        await context.queues.add(refs)
        version = stored.version
    return {"matte_version": version, "uncertainty": matte.uncertainty, "findings": _json(matte.findings)}


def _json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [finding.model_dump(mode="json") for finding in findings]
