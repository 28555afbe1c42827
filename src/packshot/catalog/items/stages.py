"""An item's stages: what each works on, and what of its result is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from packshot.catalog import jobs, photo_stages
from packshot.catalog.items import findings as flags
from packshot.catalog.jobs import Claim, Failed
from packshot.catalog.photo_stages import StagePhoto, StageResult, StageWork
from packshot.catalog.ports import JobRef
from packshot.catalog.status import ItemStatus
from packshot.catalog.tasks import (
    ComposeResult,
    CutoutResult,
    PhotoFile,
    Target,
    UpscaleResult,
    WriteResult,
)
from packshot.channel import Channel, file_stem
from packshot.db import Tx
from packshot.db.tables import item_versions, items, mattes, now, photos, products, renditions
from packshot.errors import OutOfMemory
from packshot.finding import Finding, Verdict
from packshot.pipeline import gravest_of_each
from packshot.report import StepRecord
from packshot.template import Template

_BAD = (Verdict.WARN, Verdict.FAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemWork(StageWork):
    """What a stage of an item needs, with what the stages before it wrote down."""

    findings: tuple[Finding, ...]
    steps: tuple[dict[str, Any], ...]
    uncertainty: float
    names: tuple[str, ...]  # of the files, in the order of the channels

    @property
    def photo(self) -> StagePhoto:
        return self.photos[0]


async def load(tx: Tx, claim: Claim) -> ItemWork:
    row = (await tx.execute(_WORK, {"item": claim.ref.id})).one()
    template, channels = Template.model_validate(row.style), tuple(map(Channel.model_validate, row.channels))
    matte_key = row.matte_key if row.matte_key and row.matte_of == row.sha256 else ""
    photo = StagePhoto(
        id=row.photo_id,
        file=PhotoFile(row.key, row.name, row.max_pixels),
        sha256=row.sha256,
        matte_key=matte_key,
        by_hand=bool(matte_key) and row.matte_source == "by hand",
        cutout=row.cutout_key,
        enlarged=next((str(step["layer"]) for step in row.steps if step.get("layer")), ""),
    )
    return ItemWork(
        claim=claim,
        photos=(photo,),
        target=Target(template, channels),
        refined=row.refined,
        upscaled=row.upscaled,
        pictures=await photo_stages.picture_keys(tx, claim.workspace_id, template.pictures()),
        findings=tuple(map(Finding.model_validate, row.findings)),
        steps=tuple(row.steps),
        uncertainty=row.uncertainty or 0.0,
        names=_file_names(row, channels),
    )


async def record(tx: Tx, work: ItemWork, results: Sequence[StageResult]) -> JobRef | None:
    """Write down what came of a stage.  Returns the reference of the next one, to be queued after the commit."""
    match results[0]:
        case CutoutResult() as cutout:
            return await _segmented(tx, work, cutout)
        case UpscaleResult() as upscaled:
            return await _next(tx, work, "generate", findings=[*work.findings, *upscaled.findings],
                               steps=_steps(work, upscaled.steps, layer=upscaled.enlarged))  # fmt: skip
        case ComposeResult() as composed:
            findings = gravest_of_each([*work.findings, *composed.findings])
            return await _next(tx, work, "export", findings=findings, steps=_steps(work, composed.steps),
                               changes=list(composed.changes))  # fmt: skip
        case WriteResult() as written:
            await _written(tx, work, written)
    return None


async def fail(tx: Tx, claim: Claim, error: BaseException) -> Failed:
    """Count a failed try; where memory was short or a layer is gone, the item begins again at its cut-out."""
    restart, error = photo_stages.restart_at(claim, error)
    failed = await jobs.fail(tx, claim, error, restart=restart)
    if restart and not failed.final:
        fewer: dict[str, Any] = {}
        if isinstance(error, OutOfMemory):
            fewer["max_pixels"] = photo_stages.fewer_pixels(claim.attempts + 1)
        await _update_version(tx, claim, cutout_key="", **fewer)
    return failed


async def _segmented(tx: Tx, work: ItemWork, result: CutoutResult) -> JobRef | None:
    """The cut-out is there: the photo's next matte version, unless it is the one it has."""
    following = photo_stages.stage_after_segment(result)
    if not await jobs.advance(tx, work.claim, following, event="stage"):
        return None
    matte_version = 0
    if work.photo.file.max_pixels is None:  # a matte at another size than its photo's is the item's own
        matte_version = await photo_stages.store_matte(tx, work.claim.workspace_id, work.photo, result.matte)
    await _update_version(
        tx, work.claim, cutout_key=result.matte.key, matte_version=matte_version, uncertainty=result.matte.uncertainty,
        findings=result.findings, steps=_json(result.steps), changes=[],
    )  # fmt: skip
    return _ref(work, following)


async def _next(tx: Tx, work: ItemWork, stage: str, *, findings: Sequence[Finding], **values: Any) -> JobRef | None:
    if not await jobs.advance(tx, work.claim, stage, event="stage"):
        return None
    await _update_version(tx, work.claim, findings=findings, **values)
    return _ref(work, stage)


async def _written(tx: Tx, work: ItemWork, result: WriteResult) -> None:
    """The files are there: the item waits for a person."""
    of_files = [finding for file in result.files for finding in file.findings if finding.verdict in _BAD]
    # What is wrong with the photo or any of its files, each once: a reviewer sees it without opening the files.
    gravest_last = sorted(
        [*work.findings, *of_files], key=lambda finding: (finding.verdict in _BAD, finding.verdict is Verdict.FAIL)
    )
    findings = {finding.check: finding for finding in gravest_last}
    rejected = any(file.rejected for file in result.files)
    flagged = any(finding.verdict in _BAD for finding in findings.values())
    at = now()
    advanced = await jobs.advance(
        tx, work.claim, "", event=ItemStatus.REVIEW, status=ItemStatus.REVIEW, needs_look=flagged, done_at=at,
        error=None, worst=2.0 * rejected + flagged + work.uncertainty,
    )  # fmt: skip
    if not advanced:
        return
    rows = [
        {
            "item_id": work.claim.ref.id, "version": work.claim.ref.version, "workspace_id": work.claim.workspace_id,
            "channel": file.channel, "name": name, "key": file.key, "sha256": file.sha256, "bytes": file.bytes,
            "width": file.width, "height": file.height, "format": file.format, "quality": file.quality,
            "disclosure": file.disclosure, "rejected": file.rejected, "findings": _json(file.findings),
            "created_at": at,
        }
        for file, name in zip(result.files, work.names, strict=True)
    ]  # fmt: skip
    await tx.execute(insert(renditions), rows)
    ref, by_channel = work.claim.ref, {file.channel: file.findings for file in result.files}
    await flags.store(tx, work.claim.workspace_id, ref.id, by_channel, version=ref.version)
    await _update_version(
        tx, work.claim, findings=tuple(findings.values()), steps=_steps(work, result.steps),
        after_key=result.thumbnail, done_at=at,
        before_key=select(photos.c.thumb_key).where(photos.c.id == work.photo.id).scalar_subquery(),
    )  # fmt: skip


def _ref(work: StageWork, stage: str) -> JobRef:
    return replace(work.claim.ref, stage=stage)


def _json(values: Sequence[Finding] | Sequence[StepRecord]) -> list[dict[str, Any]]:
    return [value.model_dump(mode="json") for value in values]


def _steps(work: ItemWork, steps: Sequence[StepRecord], *, layer: str = "") -> list[dict[str, Any]]:
    """The steps so far and those of this stage.  layer: key of what the upscale stage made."""
    return [*work.steps, *(one | {"layer": layer} if layer else one for one in _json(steps))]


async def _update_version(tx: Tx, claim: Claim, *, findings: Sequence[Finding] | None = None, **values: Any) -> None:
    ref = claim.ref
    if findings is not None:
        values["findings"] = _json(findings)
        await flags.store(tx, claim.workspace_id, ref.id, {"": findings}, version=ref.version)
    mine = item_versions.c.item_id == ref.id, item_versions.c.version == ref.version
    await tx.execute(update(item_versions).where(*mine).values(**values))


_WORK = (
    select(
        items.c.photo_id, item_versions.c.style, item_versions.c.channels, item_versions.c.refined,
        item_versions.c.upscaled, item_versions.c.cutout_key, item_versions.c.max_pixels, item_versions.c.findings,
        item_versions.c.steps, item_versions.c.uncertainty, photos.c.sha256, photos.c.key, photos.c.name, photos.c.role,
        products.c.sku, products.c.gtin, products.c.asin, products.c.title, mattes.c.key.label("matte_key"),
        mattes.c.source.label("matte_source"), mattes.c.photo_sha256.label("matte_of"),
    )
    .join(item_versions, (item_versions.c.item_id == items.c.id) & (item_versions.c.version == items.c.version))
    .join(photos, photos.c.id == items.c.photo_id)
    .outerjoin(products, products.c.id == photos.c.product_id)
    .outerjoin(mattes, (mattes.c.photo_id == photos.c.id) & (mattes.c.version == photos.c.matte_version))
    .where(items.c.id == bindparam("item"))
)  # fmt: skip


def _file_names(row: Any, channels: Sequence[Channel]) -> tuple[str, ...]:
    own_name = row.name.rpartition(".")[0] or row.name
    naming = {
        "sku": row.sku or own_name, "gtin": row.gtin or "", "asin": row.asin or "", "title": row.title or "",
        "role": row.role, "name": own_name,
    }  # fmt: skip
    return tuple(f"{file_stem(channel, **naming)[0]}{channel.suffix}" for channel in channels)
