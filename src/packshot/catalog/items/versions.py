"""New versions of items: for a retry, another style, a replaced photo. What was approved is never touched.

A version's number is never used twice, not even after an undo.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, null, select, update

from packshot.catalog.batches.offpeak import window
from packshot.catalog.items.retry_reasons import Changed
from packshot.catalog.ports import JobRef
from packshot.catalog.status import BatchState, ItemStatus, Priority
from packshot.catalog.styles.snapshots import channels_json, style_json
from packshot.channel import Channel
from packshot.db import Tx, typed
from packshot.db.tables import batches, events, item_versions, items, now, photos, workspaces
from packshot.template import Template

# While a batch is in one of these its items are not queued: that happens when it goes on.
_WAITING = (BatchState.CREATED, BatchState.VALIDATING, BatchState.PAUSED)
_OPEN = (ItemStatus.REVIEW, ItemStatus.REJECTED, ItemStatus.FAILED, ItemStatus.SKIPPED)


@dataclass(frozen=True, slots=True)
class LatestItem:
    """A row of `latest`."""

    id: str
    batch_id: str
    style_id: str
    priority: int
    status: str
    stage: str
    version: int
    attempts: int
    needs_look: bool
    worst: float
    error: dict[str, Any] | None
    not_before: float | None
    done_at: float | None
    style: dict[str, Any]
    channels: list[dict[str, Any]]
    refined: bool
    upscaled: bool
    photo_sha256: str  # of the photo as it is now
    photo_name: str
    batch_state: str
    highest: int  # version, of those there were


@dataclass(frozen=True, slots=True)
class Renewal:
    """One item's next version.  What is None stays as it is."""

    item: LatestItem
    reason: str
    style: Template | None = None
    style_id: str | None = None
    channels: Sequence[Channel] | None = None
    refined: bool | None = None
    priority: int | None = None
    changed: Sequence[Changed] = ()


def latest() -> Select[*tuple[Any, ...]]:
    """Items with the settings of their present version, their batch's state, and their photo as it is now; locked."""
    all_versions = item_versions.alias("all_versions")
    highest = select(func.max(all_versions.c.version)).where(all_versions.c.item_id == items.c.id)
    return (
        select(
            items.c.id, items.c.batch_id, items.c.style_id, items.c.priority, items.c.status, items.c.stage,
            items.c.version, items.c.attempts, items.c.needs_look, items.c.worst, items.c.error, items.c.not_before,
            items.c.done_at, item_versions.c.style, item_versions.c.channels, item_versions.c.refined,
            item_versions.c.upscaled, photos.c.sha256.label("photo_sha256"), photos.c.name.label("photo_name"),
            batches.c.state.label("batch_state"), highest.scalar_subquery().label("highest"),
        )
        .join(item_versions, (item_versions.c.item_id == items.c.id) & (item_versions.c.version == items.c.version))
        .join(photos, photos.c.id == items.c.photo_id)
        .join(batches, batches.c.id == items.c.batch_id)
        .where(batches.c.deleted_at.is_(None))
        .with_for_update(of=items)
    )  # fmt: skip


async def locked(tx: Tx, workspace_id: str, ids: Sequence[str]) -> dict[str, LatestItem]:
    """Items by id, which nobody else changes until this is committed.

    Locked in one order, so that no two wait for each other, and before they are read: what PostgreSQL waited for while
    it joined, it would leave out.
    """
    mine = items.c.workspace_id == workspace_id, items.c.id.in_(ids)
    await tx.execute(select(items.c.id).where(*mine).order_by(items.c.id).with_for_update())
    rows = await tx.execute(latest().where(*mine))
    return {item.id: item for item in (typed(LatestItem, row) for row in rows)}


async def renew(tx: Tx, workspace_id: str, renewals: Sequence[Renewal]) -> list[JobRef]:
    """Store the next versions and send their items back to the first stage.  Returns the jobs to queue."""
    if not renewals:
        return []
    at = now()
    settings = await tx.scalar(select(workspaces.c.settings).where(workspaces.c.id == workspace_id))
    is_open, opens = window(at, settings or {})
    versions: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    refs = []
    for renewal in renewals:
        item, number = renewal.item, renewal.item.highest + 1
        priority = renewal.priority or item.priority
        not_before = opens if priority == Priority.OVERNIGHT.level and not is_open else None
        versions.append({
            "item_id": item.id, "version": number, "workspace_id": workspace_id,
            "style": style_json(renewal.style) if renewal.style else item.style,
            "channels": channels_json(renewal.channels) if renewal.channels is not None else item.channels,
            "refined": item.refined if renewal.refined is None else renewal.refined, "upscaled": item.upscaled,
            "reason": renewal.reason, "changed": [change.model_dump(mode="json") for change in renewal.changed],
            "photo_sha256": item.photo_sha256, "matte_version": 0, "findings": [], "changes": [], "steps": [],
            "before_key": "", "after_key": "", "created_at": at,
        })  # fmt: skip
        moved.append({
            "item": item.id, "number": number, "level": priority, "wait": not_before,
            "chosen": renewal.style_id or item.style_id,
        })  # fmt: skip
        if item.batch_state not in _WAITING:
            refs.append(JobRef("segment", item.id, number, priority, not_before or 0.0, workspace_id, item.batch_id))
    await tx.execute(insert(item_versions), versions)
    await tx.execute(
        update(items).where(items.c.id == bindparam("item")).values(
            version=bindparam("number"), status=ItemStatus.PROCESSING.value, stage="segment", attempts=0, error=null(),
            needs_look=False, worst=0.0, done_at=None, touched_at=at, priority=bindparam("level"),
            not_before=bindparam("wait"), style_id=bindparam("chosen"),
        ),
        moved,
    )  # fmt: skip
    await reopen(tx, workspace_id, {r.item.batch_id for r in renewals})
    await record_item_events(tx, workspace_id, [(r.item.batch_id, r.item.id, ItemStatus.PROCESSING) for r in renewals])
    return refs


async def remake(
    tx: Tx,
    workspace_id: str,
    photo_id: str | None = None,
    item_ids: Sequence[str] | None = None,
    reason: str = "photo_changed",
) -> list[JobRef]:
    """Make items of a photo, or these items, again in the same style, because their photo or its matte has changed.

    Approved items stay, and so do those of cancelled and deleted batches.  An item at work is made again only if its
    photo is no longer the one it began with.  Returns the jobs to queue.
    """
    query = latest().where(items.c.workspace_id == workspace_id, batches.c.state != BatchState.CANCELLED)
    if photo_id is not None:
        query = query.where(items.c.photo_id == photo_id)
    if item_ids is not None:
        query = query.where(items.c.id.in_(item_ids))
    outdated = (items.c.status == ItemStatus.PROCESSING) & (item_versions.c.photo_sha256 != photos.c.sha256)
    rows = await tx.execute(query.where(items.c.status.in_(_OPEN) | outdated))
    return await renew(tx, workspace_id, [Renewal(typed(LatestItem, row), reason) for row in rows])


async def reopen(tx: Tx, workspace_id: str, batch_ids: Iterable[str]) -> None:
    """A batch that was exported is in progress again once one of its items changes."""
    exported = (await tx.scalars(
        select(batches.c.id).where(
            batches.c.workspace_id == workspace_id, batches.c.id.in_(list(batch_ids)),
            batches.c.state == BatchState.EXPORTED,
        )
    )).all()  # fmt: skip
    for id in exported:
        await tx.execute(
            update(batches).where(batches.c.id == id)
            .values(state=BatchState.PROCESSING, revision=batches.c.revision + 1, updated_at=now())
        )  # fmt: skip


async def record_item_events(tx: Tx, workspace_id: str, changes: Iterable[tuple[str, str, ItemStatus]]) -> None:
    """One event for each (batch, item, status)."""
    rows = [
        {"workspace_id": workspace_id, "kind": f"item.{status}", "batch_id": batch, "item_id": item, "at": now()}
        for batch, item, status in changes
    ]
    if rows:
        await tx.execute(insert(events), rows)
