"""What waits in a queue, and what becomes of it: draw a ticket, do the stage, write down what came of it.

A ticket holds ids only; what is to be done is read from SQL when it is drawn. Whoever writes a result down names the
version and the stage that it is for: of two workers that did the same thing, only the first finds them as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from packshot.catalog.batches.offpeak import window
from packshot.catalog.events.log import record_event
from packshot.catalog.items import findings as flags
from packshot.catalog.ports import JobRef
from packshot.catalog.status import BatchState, ItemStatus, Priority
from packshot.db import Tx
from packshot.db.tables import (
    batches,
    item_versions,
    items,
    mattes,
    now,
    photos,
    products,
    renditions,
    workspaces,
)
from packshot.errors import Fault, OutOfMemory, PackshotError
from packshot.finding import Finding, Verdict
from packshot.pipeline import gravest_of_each

TRIES = 3
# Pixels that a photo is worked on at after it ran out of memory once, and twice.
STEP_DOWN = (12_000_000, 3_000_000)


class LayerGone(PackshotError):
    """What an item was made from is no longer there: it begins again."""

    code, retryable = "layer_gone", True


@dataclass(frozen=True, slots=True)
class Task:
    """An item at one stage, with all that its stage needs."""

    item_id: str
    version: int
    stage: str
    workspace_id: str
    batch_id: str
    photo_id: str
    photo_sha256: str
    photo_key: str
    photo_name: str
    priority: int
    attempts: int
    style: dict[str, Any]
    channels: list[dict[str, Any]]
    refined: bool
    upscaled: bool
    cutout_key: str  # what the segment stage settled on
    matte_key: str  # of the photo's current matte; "" where there is none for this file
    by_hand: bool
    max_pixels: int | None
    naming: dict[str, str]  # sku, gtin, asin, role, title, name
    kept: dict[str, Any]  # what the stages before this one wrote down: findings, steps, uncertainty

    def ref(self, stage: str, *, not_before: float = 0.0) -> JobRef:
        return JobRef(stage, self.item_id, self.version, self.priority, not_before)

    @property
    def enlarged_key(self) -> str:
        """What the upscale stage settled on; empty where the product's own pixels do."""
        return next((str(step["layer"]) for step in self.kept["steps"] if step.get("layer")), "")

    @property
    def picture_ids(self) -> list[str]:
        """Photos that its template lays behind the product."""
        return [step["picture"] for step in self.style["steps"] if step.get("picture")]


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a drawn ticket turned out to be: work, a ticket of a later stage, a wait, or nothing any more."""

    task: Task | None = None
    instead: JobRef | None = None
    wait_until: float = 0.0
    retry_failed: bool = False  # it had failed for good, and somebody retried it at the queue


async def draw(tx: Tx, ref: JobRef) -> Claimed:
    """Read what a ticket stands for.  Work that was paused, cancelled or overtaken is dropped here."""
    row = (await tx.execute(_ITEM, {"item": ref.id})).first()
    if row is None or row.version != ref.version:
        return Claimed()
    failed = row.status == ItemStatus.FAILED and row.stage == ref.stage
    if row.status != ItemStatus.PROCESSING and not failed:
        return Claimed()
    if row.batch_state in (BatchState.PAUSED, BatchState.CANCELLED) or row.batch_deleted_at is not None:
        return Claimed()
    if row.priority == Priority.OVERNIGHT.level:
        is_open, next_open = window(now(), row.settings)
        if not is_open:
            return Claimed(wait_until=next_open)
    task = _task(row)
    if row.stage != ref.stage:
        return Claimed(instead=task.ref(row.stage))
    return Claimed(task=task, retry_failed=failed)


async def retry_failed(tx: Tx, task: Task) -> None:
    """Take a dead letter up again."""
    await tx.execute(
        update(items)
        .where(items.c.id == task.item_id, items.c.version == task.version)
        .values(status=ItemStatus.PROCESSING, attempts=0, error=None, touched_at=now())
    )
    await record_event(tx, task.workspace_id, "item.processing", batch_id=task.batch_id, item_id=task.item_id)


async def picture_keys(tx: Tx, workspace_id: str, ids: Sequence[str]) -> dict[str, str]:
    """Photo id → where its file lies."""
    if not ids:
        return {}
    found = await tx.execute(
        select(photos.c.id, photos.c.key).where(photos.c.workspace_id == workspace_id, photos.c.id.in_(ids))
    )
    return {row.id: row.key for row in found}


async def segmented(tx: Tx, task: Task, answer: dict[str, Any]) -> JobRef | None:
    """The cut-out is there: the photo's next matte version, unless it is the one it has."""
    following = "upscale" if answer["enlarge"] else "generate"
    if not await _advance(tx, task, following):
        return None
    version = 0
    if task.max_pixels is None:  # a matte at another size than its photo's is the item's own
        version = await keep_matte(tx, task.workspace_id, task.photo_id, task.photo_sha256, answer)
    await _update_version(
        tx, task, cutout_key=answer["cutout"], matte_version=version, uncertainty=answer["uncertainty"],
        findings=answer["findings"], steps=answer["steps"], changes=[],
    )  # fmt: skip
    return task.ref(following)


async def keep_matte(tx: Tx, workspace_id: str, photo_id: str, photo_sha256: str, answer: dict[str, Any]) -> int:
    """Write a cut-out down as the photo's current matte; returns its version."""
    photo = (await tx.execute(select(photos).where(photos.c.id == photo_id).with_for_update())).one()
    newest = (
        await tx.execute(
            select(mattes).where(mattes.c.photo_id == photo_id, mattes.c.version == photo.matte_version)
        )
    ).first()  # fmt: skip
    if newest is not None and newest.key == answer["cutout"]:
        return int(photo.matte_version)
    if photo.sha256 != photo_sha256:
        return 0  # the photo was replaced meanwhile
    last = (await tx.execute(select(func.max(mattes.c.version)).where(mattes.c.photo_id == photo_id))).scalar()
    version = (last or 0) + 1
    await tx.execute(
        insert(mattes).values(
            photo_id=photo_id, version=version, workspace_id=workspace_id, photo_sha256=photo_sha256,
            key=answer["cutout"], sha256=answer["sha256"], source=answer["source"], uncertainty=answer["uncertainty"],
            findings=answer["matte_findings"], created_by=None, created_at=now(),
        )
    )  # fmt: skip
    await tx.execute(update(photos).where(photos.c.id == photo_id).values(matte_version=version))
    return version


async def upscaled(tx: Tx, task: Task, answer: dict[str, Any]) -> JobRef | None:
    """The product is larger, or says why it is not."""
    if not await _advance(tx, task, "generate"):
        return None
    await _update_version(
        tx, task, findings=[*task.kept["findings"], *answer["findings"]],
        steps=[*task.kept["steps"], *answer["steps"]],
    )  # fmt: skip
    return task.ref("generate")


async def generated(tx: Tx, task: Task, answer: dict[str, Any]) -> JobRef | None:
    if not await _advance(tx, task, "export"):
        return None
    findings = gravest_of_each(Finding.model_validate(f) for f in [*task.kept["findings"], *answer["findings"]])
    await _update_version(
        tx, task, findings=[f.model_dump(mode="json") for f in findings], changes=answer["changes"],
        steps=[*task.kept["steps"], *answer["steps"]],
    )  # fmt: skip
    return task.ref("export")


_BAD = (Verdict.WARN, Verdict.FAIL)


async def exported(tx: Tx, task: Task, answer: dict[str, Any], names: dict[str, str]) -> None:
    """The files are there: the item waits for a person.  names: channel → file name."""
    kept, at = task.kept, now()
    files = answer["renditions"]
    found = [Finding.model_validate(f) for f in kept["findings"]]
    found += [f for file in files for f in map(Finding.model_validate, file["findings"]) if f.verdict in _BAD]
    # What is wrong with the photo or any of its files, each once: a reviewer sees it without opening the files.
    told = {finding.check: finding for finding in sorted(found, key=lambda f: (f.verdict in _BAD, f.verdict == "fail"))}
    rejected = any(file["rejected"] for file in files)
    flagged = any(finding.verdict in _BAD for finding in told.values())
    done = await _advance(
        tx, task, "", status=ItemStatus.REVIEW, needs_look=flagged, done_at=at, error=None,
        worst=2.0 * rejected + flagged + (kept["uncertainty"] or 0.0),
    )  # fmt: skip
    if not done:
        return
    rows = [
        {"item_id": task.item_id, "version": task.version, "workspace_id": task.workspace_id,
         "name": names[file["channel"]], "created_at": at} | file
        for file in files
    ]  # fmt: skip
    await tx.execute(insert(renditions), rows)
    by_channel = {file["channel"]: map(Finding.model_validate, file["findings"]) for file in files}
    await flags.store(tx, task.workspace_id, task.item_id, by_channel, version=task.version)
    thumb = select(photos.c.thumb_key).where(photos.c.id == task.photo_id).scalar_subquery()
    await _update_version(
        tx,
        task,
        findings=[f.model_dump(mode="json") for f in told.values()],
        steps=[*kept["steps"], *answer["steps"]],
        after_key=answer["after"],
        before_key=thumb,
        done_at=at,
    )


@dataclass(frozen=True, slots=True)
class Failed:
    """What follows a failed try."""

    final: bool
    instead: JobRef | None = None  # it goes on from an earlier stage
    reason: str = ""


async def failed(tx: Tx, task: Task, error: BaseException) -> Failed:
    """Count a failed try; after three, or where a retry cannot help, the item is a dead letter and says why."""
    attempts = task.attempts + 1
    reason = error.message if isinstance(error, PackshotError) else f"Packshot itself failed ({error})."
    lasting = isinstance(error, PackshotError) and not error.retryable
    at = now()
    told = {
        "reason": reason,
        "cause": error.code if isinstance(error, PackshotError) else "fault",
        "stack": error.stack if isinstance(error, Fault) else "",
        "stage": task.stage,
        "attempts": attempts,
        "at": at,
    }
    mine = items.c.id == task.item_id, items.c.version == task.version, items.c.status == ItemStatus.PROCESSING
    if lasting or attempts >= TRIES:
        values: dict[str, Any] = {"status": ItemStatus.FAILED, "done_at": at}
        await tx.execute(update(items).where(*mine).values(**values, attempts=attempts, error=told, touched_at=at))
        await record_event(tx, task.workspace_id, "item.failed", batch_id=task.batch_id, item_id=task.item_id)
        return Failed(True, reason=reason)
    instead = None
    stage = task.stage
    if isinstance(error, OutOfMemory | LayerGone):
        stage = "segment"  # from the start, and after a lack of memory at fewer pixels
        smaller = {"max_pixels": STEP_DOWN[min(attempts, len(STEP_DOWN)) - 1]} if isinstance(error, OutOfMemory) else {}
        await _update_version(tx, task, cutout_key="", **smaller)
        if task.stage != stage:
            instead = task.ref(stage)
    await tx.execute(update(items).where(*mine).values(attempts=attempts, error=told, stage=stage, touched_at=at))
    return Failed(False, instead=instead, reason=reason)


async def stalled(tx: Tx, *, since: float, limit: int = 1000) -> list[JobRef]:
    """Items that nobody has touched for so long: their tickets may be lost. They count as touched from now on."""
    found = (
        await tx.execute(
            select(items.c.id, items.c.stage, items.c.version, items.c.priority, items.c.not_before)
            .join(batches, batches.c.id == items.c.batch_id)
            .where(
                items.c.status == ItemStatus.PROCESSING,
                items.c.touched_at < since,
                batches.c.state == BatchState.PROCESSING,
                batches.c.deleted_at.is_(None),
            )
            .order_by(items.c.touched_at)
            .limit(limit)
        )
    ).all()
    for start in range(0, len(found), 500):
        part = [row.id for row in found[start : start + 500]]
        await tx.execute(update(items).where(items.c.id.in_(part)).values(touched_at=now()))
    return [JobRef(row.stage, row.id, row.version, row.priority, row.not_before or 0.0) for row in found]


# --- how it is read and written ---

_ITEM = (
    select(
        items.c.id, items.c.version, items.c.stage, items.c.status, items.c.workspace_id, items.c.batch_id,
        items.c.photo_id, items.c.priority, items.c.attempts, item_versions.c.style, item_versions.c.channels,
        item_versions.c.refined, item_versions.c.upscaled, item_versions.c.cutout_key, item_versions.c.max_pixels,
        item_versions.c.findings, item_versions.c.steps, item_versions.c.uncertainty,
        photos.c.sha256, photos.c.key, photos.c.name, photos.c.role, products.c.sku, products.c.gtin, products.c.asin,
        products.c.title, mattes.c.key.label("matte_key"), mattes.c.source.label("matte_source"),
        mattes.c.photo_sha256.label("matte_of"), batches.c.state.label("batch_state"),
        batches.c.deleted_at.label("batch_deleted_at"), workspaces.c.settings,
    )
    .join(item_versions, (item_versions.c.item_id == items.c.id) & (item_versions.c.version == items.c.version))
    .join(photos, photos.c.id == items.c.photo_id)
    .join(batches, batches.c.id == items.c.batch_id)
    .join(workspaces, workspaces.c.id == items.c.workspace_id)
    .outerjoin(products, products.c.id == photos.c.product_id)
    .outerjoin(mattes, (mattes.c.photo_id == photos.c.id) & (mattes.c.version == photos.c.matte_version))
    .where(items.c.id == bindparam("item"))
)  # fmt: skip


def _task(row: Any) -> Task:
    current = row.matte_key if row.matte_key and row.matte_of == row.sha256 else ""
    return Task(
        item_id=row.id,
        version=row.version,
        stage=row.stage,
        workspace_id=row.workspace_id,
        batch_id=row.batch_id,
        photo_id=row.photo_id,
        photo_sha256=row.sha256,
        photo_key=row.key,
        photo_name=row.name,
        priority=row.priority,
        attempts=row.attempts,
        style=row.style,
        channels=row.channels,
        refined=row.refined,
        upscaled=row.upscaled,
        cutout_key=row.cutout_key,
        matte_key=current,
        by_hand=bool(current) and row.matte_source == "by hand",
        max_pixels=row.max_pixels,
        naming={
            "sku": row.sku or row.name.rpartition(".")[0] or row.name, "gtin": row.gtin or "", "asin": row.asin or "",
            "title": row.title or "", "role": row.role, "name": row.name.rpartition(".")[0] or row.name,
        },
        kept={"findings": row.findings, "steps": row.steps, "uncertainty": row.uncertainty},
    )  # fmt: skip


async def _advance(tx: Tx, task: Task, stage: str, **values: Any) -> bool:
    """Move an item on, unless somebody has meanwhile."""
    moved = await tx.execute(
        update(items)
        .where(
            items.c.id == task.item_id,
            items.c.version == task.version,
            items.c.stage == task.stage,
            items.c.status == ItemStatus.PROCESSING,
        )
        .values(stage=stage, attempts=0, touched_at=now(), **values)
    )
    if not moved.rowcount:
        return False
    kind = "item.stage" if stage else "item.review"
    await record_event(tx, task.workspace_id, kind, batch_id=task.batch_id, item_id=task.item_id)
    return True


async def _update_version(tx: Tx, task: Task, **values: Any) -> None:
    mine = item_versions.c.item_id == task.item_id, item_versions.c.version == task.version
    await tx.execute(update(item_versions).where(*mine).values(**values))
    if "findings" in values:
        composition = map(Finding.model_validate, values["findings"])
        await flags.store(tx, task.workspace_id, task.item_id, {"": composition}, version=task.version)
