"""Jobs of single photos: cut out, enlarged, shown in a style; started here, and what comes of each stage recorded.

`result` of such a job has, while it is at work, what its stages settled on for each photo under `work`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select

from packshot.catalog import jobs, photo_stages
from packshot.catalog.jobs import Claim, Failed, JobRecord
from packshot.catalog.photo_stages import LayerGone, StagePhoto, StageResult, StageWork
from packshot.catalog.ports import JobRef
from packshot.catalog.styles.snapshots import channels_json, style_json
from packshot.catalog.tasks import (
    ComposeResult,
    CutoutResult,
    PhotoFile,
    Picture,
    Target,
    UpscaleResult,
    WriteResult,
)
from packshot.channel import Channel
from packshot.db import Tx
from packshot.db.tables import mattes, photos
from packshot.errors import NotFound, OutOfMemory
from packshot.finding import Finding
from packshot.rules import FileFormat
from packshot.template import Template

KINDS = ("segment", "upscale", "generate", "preview")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoJobWork(StageWork):
    """What a stage of such a job needs, with the job as it was when it was claimed."""

    job: JobRecord
    done: dict[str, dict[str, Any]]  # photo id → what its stages settled on


# --- started ---


def plain_channel(size: tuple[int, int], format: FileFormat) -> Channel:
    """No shop's: a picture of this size, under no rules."""
    return Channel(id="picture", name="Picture", size=size, format=format)


async def start_segment(tx: Tx, workspace_id: str, photo_id: str, *, refined: bool, by: str | None) -> JobRef:
    return await jobs.start(
        tx, workspace_id, "segment", stages=["segment"], request={"refined": refined}, photo_id=photo_id, by=by
    )  # fmt: skip


async def start_upscale(tx: Tx, workspace_id: str, photo_id: str, *, factor: int, by: str | None) -> JobRef:
    return await jobs.start(
        tx, workspace_id, "upscale", stages=["segment", "upscale"], request={"factor": factor}, photo_id=photo_id, by=by
    )  # fmt: skip


async def start_generate(
    tx: Tx, workspace_id: str, photo_id: str, style: Template, channel: Channel, *, by: str | None
) -> JobRef:
    """One picture of a photo, by the same stages as a batch's."""
    return await jobs.start(
        tx, workspace_id, "generate", stages=jobs.PHOTO_STAGES,
        request={"style": style_json(style), "channels": channels_json([channel])}, photo_id=photo_id, by=by,
    )  # fmt: skip


async def start_preview(
    tx: Tx, workspace_id: str, photo_ids: Sequence[str], style: Template, channel: Channel, *, by: str | None
) -> JobRef:
    """A few photos in a style at 512 pixels; nothing is enlarged for it."""
    return await jobs.start(
        tx, workspace_id, "preview", stages=["segment", "generate", "export"],
        request={"style": style_json(style), "channels": channels_json([channel]), "images": list(photo_ids)}, by=by,
    )  # fmt: skip


# --- at work ---


async def load(tx: Tx, claim: Claim) -> PhotoJobWork:
    """Raises NotFound where a photo is gone, LayerGone where an older version of Packshot began the job."""
    job = await jobs.get(tx, claim.workspace_id, claim.ref.id)
    ids = job.request.get("images") or [job.photo_id]
    rows = {row.id: row for row in await tx.execute(
        select(photos, mattes.c.key.label("matte_key"), mattes.c.photo_sha256.label("matte_of"))
        .outerjoin(mattes, (mattes.c.photo_id == photos.c.id) & (mattes.c.version == photos.c.matte_version))
        .where(photos.c.workspace_id == claim.workspace_id, photos.c.id.in_(ids), photos.c.deleted_at.is_(None))
    )}  # fmt: skip
    missing = next((id for id in ids if id not in rows), None)
    if missing:
        raise NotFound("this photo is gone.", subject=missing)
    done: dict[str, dict[str, Any]] = job.result.get("work") or {}
    if claim.ref.stage != "segment" and any(id not in done for id in ids):
        raise LayerGone("its cut-out is not known any more; the photo is cut out again.", subject=rows[ids[0]].name)
    at_work = tuple(
        StagePhoto(
            id=id,
            file=PhotoFile(rows[id].key, rows[id].name, job.result.get("max_pixels")),
            sha256=rows[id].sha256,
            matte_key=rows[id].matte_key if rows[id].matte_key and rows[id].matte_of == rows[id].sha256 else "",
            cutout=done.get(id, {}).get("cutout", ""),
            enlarged=done.get(id, {}).get("enlarged", ""),
        )
        for id in ids
    )
    target, pictures = None, {}
    if "style" in job.request:
        style = Template.model_validate(job.request["style"])
        channels = tuple(map(Channel.model_validate, job.request["channels"]))
        target = Target(style, channels, preview=job.kind == "preview")
        pictures = await photo_stages.picture_keys(tx, claim.workspace_id, style.pictures())
    return PhotoJobWork(
        claim=claim, photos=at_work, target=target, refined=bool(job.request.get("refined")),
        factor=job.request.get("factor"), pictures=pictures, job=job, done=done,
    )  # fmt: skip


async def record(tx: Tx, work: PhotoJobWork, results: Sequence[StageResult]) -> JobRef | None:
    """Write down what came of a stage.  Returns the reference of the next one, to be queued after the commit."""
    result = {**work.job.result}
    done = {id: {**values} for id, values in work.done.items()}
    following = _stage_after(work.job, results)
    for photo, outcome in zip(work.photos, results, strict=True):
        entry = done.setdefault(photo.id, {})
        match outcome:
            case CutoutResult():
                version = 0
                if photo.file.max_pixels is None:
                    version = await photo_stages.store_matte(tx, work.claim.workspace_id, photo, outcome.matte)
                entry |= {"cutout": outcome.matte.key, "findings": _json(outcome.findings)}
                result |= {"matte_version": version, "uncertainty": outcome.matte.uncertainty,
                           "findings": _json(outcome.findings)}  # fmt: skip
            case UpscaleResult():
                entry |= {"enlarged": outcome.enlarged, "findings": entry["findings"] + _json(outcome.findings)}
            case Picture():
                result |= asdict(outcome) | {"findings": _json(outcome.findings), "factor": work.factor}
            case ComposeResult():
                entry |= {"changes": list(outcome.changes), "findings": entry["findings"] + _json(outcome.findings)}
            case WriteResult():
                [file] = outcome.files
                entry |= {
                    "picture": {
                        "key": file.key, "format": file.format, "size": [file.width, file.height],
                        "findings": entry["findings"] + _json(file.findings), "changes": entry["changes"],
                    }
                }  # fmt: skip
    if following:
        result["work"] = done
    else:
        result.pop("work", None)
        result.pop("max_pixels", None)
        pictures = [{"image": id} | entry["picture"] for id, entry in done.items() if "picture" in entry]
        if work.job.kind == "preview":
            result = {"pictures": pictures}
        elif pictures:
            result |= pictures[0]
    return await jobs.advance_job(tx, work.claim, following, result)


async def fail(tx: Tx, claim: Claim, error: BaseException) -> Failed:
    """Count a failed try; where memory was short or a layer is gone, the job begins again at its cut-out."""
    restart, error = photo_stages.restart_at(claim, error)
    failed = await jobs.fail(tx, claim, error, restart=restart)
    if restart and not failed.final and isinstance(error, OutOfMemory):
        job = await jobs.get(tx, claim.workspace_id, claim.ref.id)
        await jobs.set_result(tx, claim, {**job.result, "max_pixels": photo_stages.fewer_pixels(claim.attempts + 1)})
    return failed


def _stage_after(job: JobRecord, results: Sequence[StageResult]) -> str:
    """The next of the job's own stages; one that nothing calls for is passed over."""
    later = job.stages[job.stages.index(job.stage) + 1 :]
    if isinstance(results[0], CutoutResult) and "upscale" in later and "factor" not in job.request:
        return photo_stages.stage_after_segment(results[0])
    return later[0] if later else ""


def _json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [finding.model_dump(mode="json") for finding in findings]
