"""A photo's matte corrected by hints: shown, or kept as its next version."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from packshot.catalog import jobs
from packshot.catalog.library import mattes
from packshot.catalog.ports import JobContext, JobRef
from packshot.db import Tx
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


async def work(job: Row[Any], ctx: JobContext) -> dict[str, Any]:
    """Do it.  Gives {matte: {key}, findings} where it is only shown, else {matte_version, uncertainty, findings}.

    Raises OutOfDate where the matte or the photo has changed since, BadInput, NotFound.
    """
    request = job.request
    async with ctx.db.read() as tx:
        photo, now_worn = await mattes.current(tx, job.workspace_id, job.photo_id)
    answer = await ctx.pixels.call(
        "correct", photo=photo.key, name=photo.name, cutout=request["matte"], hints=request["hints"],
        shown=not request["save"],
    )  # fmt: skip
    if not request["save"]:
        return {"matte": {"key": answer["key"], "format": "png"}, "findings": answer["findings"]}
    version = now_worn.version
    if now_worn.key != answer["key"]:  # else it was kept already, and the worker ended before it could say so
        async with ctx.db.write() as tx:
            made, refs = await mattes.put(
                tx, job.workspace_id, job.photo_id, answer, photo_sha256=request["photo_sha256"],
                matte_version=request["matte_version"], by=job.created_by,
            )  # fmt: skip
        await ctx.queues.add(refs)
        version = made.version
    return {"matte_version": version, "uncertainty": answer["uncertainty"], "findings": answer["findings"]}
