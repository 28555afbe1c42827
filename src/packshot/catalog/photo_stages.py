"""The stages of one photo: cut out, enlarged, composed, written; for an item of a batch and for a single job alike.

What a stage works on is loaded when its job is claimed, and what came of it is recorded, by whoever the job belongs to:
`catalog/items/stages.py` and `catalog/library/photo_jobs.py`. What is done in between is here, once for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, insert, select, update

from packshot.catalog.jobs import Claim
from packshot.catalog.library import photo_flags
from packshot.catalog.ports import Pixels
from packshot.catalog.tasks import (
    ComposePhoto,
    ComposeResult,
    CutoutResult,
    Matte,
    PhotoFile,
    Picture,
    SegmentPhoto,
    Target,
    UpscalePhoto,
    UpscaleProduct,
    UpscaleResult,
    WriteFiles,
    WriteResult,
)
from packshot.db import Tx
from packshot.db.tables import mattes, now, photos
from packshot.errors import NotFound, OutOfMemory, PackshotError


class LayerGone(PackshotError):
    """What a job was made from is no longer there: it begins again."""

    code, retryable = "layer_gone", True


# Pixels that a photo is worked on at after it ran out of memory once, and twice.
STEP_DOWN = (12_000_000, 3_000_000)


@dataclass(frozen=True, slots=True)
class StagePhoto:
    """A photo as a stage needs it."""

    id: str
    file: PhotoFile
    sha256: str
    matte_key: str = ""  # of the photo's current matte; "" where there is none for this file
    by_hand: bool = False
    cutout: str = ""  # key of the cut-out that the segment stage settled on
    enlarged: str = ""  # key of what the upscale stage made; "" where the product's own pixels do


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWork:
    """All that one stage of a job needs."""

    claim: Claim
    photos: tuple[StagePhoto, ...]  # one, but for a preview of up to three
    target: Target | None = None  # None: the photo is cut out, or enlarged, for its own sake
    refined: bool = False
    upscaled: bool = False
    factor: int | None = None  # the product alone is enlarged so many times
    pictures: dict[str, str] = field(default_factory=dict)  # photo id → key: what the style lays behind the product


StageResult = CutoutResult | UpscaleResult | Picture | ComposeResult | WriteResult


async def do_stage(work: StageWork, pixels: Pixels) -> list[StageResult]:
    """One result a photo.  Raises what the pixel process raises."""
    return [await _do(work, photo, pixels) for photo in work.photos]


async def _do(work: StageWork, photo: StagePhoto, pixels: Pixels) -> StageResult:
    match work.claim.ref.stage:
        case "segment":
            # A second pass is wanted where the first was not good enough; a matte by hand is the last word.
            cutout = photo.matte_key if (photo.by_hand or not work.refined) and not photo.file.max_pixels else ""
            return await pixels.do(
                SegmentPhoto(photo.file, cutout, photo.by_hand, work.refined, work.target, work.upscaled)
            )
        case "upscale" if work.factor is not None:
            return await pixels.do(UpscaleProduct(photo.file, photo.cutout, work.factor))
        case "upscale":
            return await pixels.do(UpscalePhoto(photo.file, photo.cutout, _target(work), work.upscaled))
        case "generate":
            return await pixels.do(
                ComposePhoto(photo.file, photo.cutout, _target(work), photo.enlarged, work.pictures)
            )  # fmt: skip
        case _:
            return await pixels.do(WriteFiles(photo.file, photo.cutout, _target(work), photo.enlarged, work.pictures))


def _target(work: StageWork) -> Target:
    assert work.target is not None, "only a job with a style goes through this stage"
    return work.target


def stage_after_segment(result: CutoutResult) -> str:
    return "upscale" if result.enlarge else "generate"


# --- what both kinds of job write down, and how both begin again ---


def restart_at(claim: Claim, error: BaseException) -> tuple[str, BaseException]:
    """The stage that a failed job begins again at, "" for the same one; and the error as it is to be recorded."""
    if isinstance(error, NotFound) and claim.ref.stage != "segment":
        error = LayerGone("a stored layer is gone; the photo is cut out again.", subject=error.subject)
    return ("segment" if isinstance(error, OutOfMemory | LayerGone) else ""), error


def fewer_pixels(attempts: int) -> int:
    """What a photo is worked on at after so many failed tries."""
    return STEP_DOWN[min(attempts, len(STEP_DOWN)) - 1]


async def picture_keys(tx: Tx, workspace_id: str, ids: Sequence[str]) -> dict[str, str]:
    """Photo id → key of its original."""
    if not ids:
        return {}
    found = await tx.execute(
        select(photos.c.id, photos.c.key).where(photos.c.workspace_id == workspace_id, photos.c.id.in_(ids))
    )
    return {row.id: row.key for row in found}


async def store_matte(tx: Tx, workspace_id: str, photo: StagePhoto, matte: Matte) -> int:
    """Write a cut-out down as the photo's current matte.  Returns its version; 0 where the photo was replaced."""
    row = (await tx.execute(select(photos).where(photos.c.id == photo.id).with_for_update())).one()
    if row.sha256 == photo.sha256:
        await photo_flags.cut_out(tx, workspace_id, photo.id, matte.product_px)
    newest = await tx.scalar(
        select(mattes.c.key).where(mattes.c.photo_id == photo.id, mattes.c.version == row.matte_version)
    )
    if newest == matte.key:
        return int(row.matte_version)
    if row.sha256 != photo.sha256:
        return 0
    last = await tx.scalar(select(func.max(mattes.c.version)).where(mattes.c.photo_id == photo.id))
    version = (last or 0) + 1
    await tx.execute(
        insert(mattes).values(
            photo_id=photo.id, version=version, workspace_id=workspace_id, photo_sha256=photo.sha256, key=matte.key,
            sha256=matte.sha256, source=matte.source, uncertainty=matte.uncertainty, product_px=matte.product_px,
            findings=[finding.model_dump(mode="json") for finding in matte.findings], created_by=None, created_at=now(),
        )
    )  # fmt: skip
    await tx.execute(update(photos).where(photos.c.id == photo.id).values(matte_version=version))
    return version
