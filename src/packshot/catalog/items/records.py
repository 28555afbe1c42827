"""Items: one photo in one style. Looked through, looked at with all their versions, and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy import Row, func, or_, select, tuple_, update

from packshot.catalog.batches.lifecycle import row as batch_row
from packshot.catalog.batches.requests import with_master
from packshot.catalog.items.findings import flagged
from packshot.catalog.items.retry_reasons import Changed
from packshot.catalog.items.versions import Renewal, latest, remake, renew, tell_items
from packshot.catalog.ports import JobRef
from packshot.catalog.status import BatchState, ItemStatus, Priority
from packshot.catalog.styles import templates
from packshot.catalog.styles.channels import resolve as resolve_channels
from packshot.channel import Channel
from packshot.db import Tx
from packshot.db.tables import batches, item_versions, items, now, photos, products, renditions, reviews
from packshot.errors import Conflict, NotFound, OutOfDate
from packshot.finding import Finding
from packshot.template import Template

__all__ = ["ItemDetail", "ItemView", "change", "get", "page", "recent", "remake"]

_LEVELS = {priority.level: priority for priority in Priority}


class ItemError(BaseModel, frozen=True):
    """Why it failed."""

    cause: str
    reason: str
    at: datetime | None = None


class ItemView(BaseModel, frozen=True):
    """An item as a list shows it. Pictures and files are keys in the store, of which the API makes links."""

    id: str
    batch: str
    batch_name: str
    photo: str
    photo_name: str
    sku: str
    title: str
    role: str
    style: str
    status: ItemStatus
    stage: str
    version: int
    position: int
    priority: Priority
    needs_look: bool
    worst: float
    attempts: int
    findings: tuple[Finding, ...]
    error: ItemError | None
    not_before: datetime | None
    created_at: datetime
    touched_at: datetime
    done_at: datetime | None
    thumb: str
    before: str
    after: str


class RenditionView(BaseModel, frozen=True):
    """One finished file."""

    channel: str
    name: str
    sha256: str
    bytes: int
    width: int
    height: int
    format: str
    quality: int | None
    disclosure: str
    rejected: bool
    findings: tuple[Finding, ...]
    url: str


class VersionView(BaseModel, frozen=True):
    """One version of an item: what it was made with, what came of it, and what differs from the one before."""

    version: int
    reason: str
    changed: tuple[Changed, ...]
    style: str
    style_name: str
    options: dict[str, Any]
    channels: tuple[str, ...]
    refined: bool
    upscaled: bool
    uncertainty: float | None
    findings: tuple[Finding, ...]
    touched_product: tuple[str, ...] = Field(description="What touched the product's own pixels, in words.")
    steps: tuple[dict[str, Any], ...]
    renditions: tuple[RenditionView, ...]
    created_at: datetime
    done_at: datetime | None
    before: str
    after: str


class DecisionView(BaseModel, frozen=True):
    """One decision about an item."""

    act: str
    version: int
    decision: str
    reason: str
    note: str
    by: str | None
    at: datetime
    undone_at: datetime | None


class ItemDetail(ItemView, frozen=True):
    """An item with all its versions and decisions, the newest first."""

    versions: tuple[VersionView, ...]
    decisions: tuple[DecisionView, ...]


Order = Literal["position", "worst"]


def _query() -> Any:
    return (
        select(
            items, photos.c.name.label("photo_name"), photos.c.role, photos.c.thumb_key.label("thumb"),
            func.coalesce(products.c.sku, "").label("sku"), func.coalesce(products.c.title, "").label("title"),
            item_versions.c.findings, item_versions.c.before_key.label("before"),
            item_versions.c.after_key.label("after"), batches.c.name.label("batch_name"),
        )
        .join(photos, photos.c.id == items.c.photo_id)
        .outerjoin(products, products.c.id == photos.c.product_id)
        .join(item_versions, (item_versions.c.item_id == items.c.id) & (item_versions.c.version == items.c.version))
        .join(batches, batches.c.id == items.c.batch_id)
        .where(batches.c.deleted_at.is_(None))
    )  # fmt: skip


async def page(
    tx: Tx,
    workspace_id: str,
    batch_id: str,
    *,
    status: Sequence[ItemStatus] = (),
    needs_look: bool | None = None,
    sku: str | None = None,
    channel: str | None = None,
    finding: str | None = None,
    order: Order = "position",
    after: tuple[float, int, str] | None = None,
    limit: int = 50,
) -> list[ItemView]:
    """Items of a batch, in drawing order or the worst first.  after: (worst, position, id) of the last one seen.

    channel, finding: those of whose files in this channel a check of this name warns or fails; either alone works too.
    """
    await batch_row(tx, workspace_id, batch_id)
    query = _query().where(items.c.workspace_id == workspace_id, items.c.batch_id == batch_id)
    if status:
        query = query.where(items.c.status.in_(status))
    if needs_look is not None:
        query = query.where(items.c.needs_look.is_(needs_look))
    if sku is not None:
        query = query.where(products.c.sku == sku)
    if channel is not None or finding is not None:
        query = query.where(flagged(items.c.id, items.c.version, channel=channel, check=finding))
    if order == "worst":
        query = query.order_by(items.c.worst.desc(), items.c.position, items.c.id)
        if after:
            later = tuple_(items.c.position, items.c.id) > tuple_(after[1], after[2])
            query = query.where(or_(items.c.worst < after[0], (items.c.worst == after[0]) & later))
    else:
        query = query.order_by(items.c.position, items.c.id)
        if after:
            query = query.where(tuple_(items.c.position, items.c.id) > tuple_(after[1], after[2]))
    return [ItemView.model_validate(_view(row)) for row in await tx.execute(query.limit(limit))]


async def recent(
    tx: Tx,
    workspace_id: str,
    *,
    sku: str | None = None,
    product_id: str | None = None,
    image_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> list[ItemView]:
    """Items of all batches, those of the newest batch first.  after: the id of the last one seen."""
    query = _query().where(items.c.workspace_id == workspace_id).order_by(items.c.id.desc()).limit(limit)
    if sku is not None:
        query = query.where(products.c.sku == sku)
    if product_id is not None:
        query = query.where(photos.c.product_id == product_id)
    if image_id is not None:
        query = query.where(items.c.photo_id == image_id)
    if after:
        query = query.where(items.c.id < after)
    return [ItemView.model_validate(_view(row)) for row in await tx.execute(query)]


def _view(row: Row[Any]) -> dict[str, Any]:
    return {
        **row._mapping, "batch": row.batch_id, "photo": row.photo_id, "style": row.style_id,
        "priority": _LEVELS[row.priority], "error": row.error if row.status == ItemStatus.FAILED else None,
    }  # fmt: skip


async def get(tx: Tx, workspace_id: str, item_id: str) -> ItemDetail:
    """An item with its versions, the newest first.  Raises NotFound."""
    query = _query().where(items.c.workspace_id == workspace_id, items.c.id == item_id)
    row = (await tx.execute(query)).first()
    if row is None:
        raise NotFound("there is no such item.", subject=item_id)
    files: dict[int, list[RenditionView]] = {}
    for made in await tx.execute(select(renditions).where(renditions.c.item_id == item_id)):
        files.setdefault(made.version, []).append(RenditionView.model_validate({**made._mapping, "url": made.key}))
    versions = await tx.execute(
        select(item_versions).where(item_versions.c.item_id == item_id).order_by(item_versions.c.version.desc())
    )
    decided = await tx.execute(
        select(reviews).where(reviews.c.item_id == item_id).order_by(reviews.c.at.desc(), reviews.c.id.desc())
    )
    return ItemDetail.model_validate({
        **_view(row),
        "versions": [_version(version, files.get(version.version, [])) for version in versions],
        "decisions": [dict(decision._mapping) for decision in decided],
    })  # fmt: skip


def _version(row: Row[Any], files: list[RenditionView]) -> dict[str, Any]:
    style = Template.model_validate(row.style)
    order = [channel["id"] for channel in row.channels]
    return {
        **row._mapping, "style": style.id, "style_name": style.name, "channels": order,
        "options": {name: style.option_value(name) for name in style.options},
        "touched_product": row.changes, "before": row.before_key, "after": row.after_key,
        "renditions": sorted(files, key=lambda file: order.index(file.channel)),
    }  # fmt: skip


async def change(
    tx: Tx,
    workspace_id: str,
    item_id: str,
    *,
    version: int | None = None,
    style: str | None = None,
    options: Mapping[str, Any] | None = None,
    channels: Sequence[str] | None = None,
    priority: Priority | None = None,
) -> list[JobRef]:
    """Give an item another style, other channels or another place in the queue.  Returns the jobs to queue.

    A new style or channels make a new version; what was approved or delivered stays.  `options` are of `style`, or on
    top of the item's own.
    Raises NotFound, BadOption, OutOfDate (the item is no longer at `version`), Conflict (its batch was cancelled).
    """
    query = latest().where(items.c.workspace_id == workspace_id, items.c.id == item_id)
    item = (await tx.execute(query)).first()
    if item is None:
        raise NotFound("there is no such item.", subject=item_id)
    if version is not None and item.version != version:
        raise OutOfDate(
            f"it is at version {item.version} by now, not {version}.", subject=item.photo_name,
            remedy="Load it again and look at what changed.",
        )  # fmt: skip
    if item.batch_state == BatchState.CANCELLED or item.status == ItemStatus.CANCELLED:
        raise Conflict("its batch was cancelled.", subject=item.photo_name, remedy="Make a new batch.")
    new_style, new_channels = await restyled(tx, workspace_id, item, style, options, channels)
    changed = [*differences(item.style, new_style), *_channel_changes(item.channels, new_channels)]
    level = priority.level if priority else None
    if changed:
        return await renew(tx, workspace_id, [
            Renewal(item, "changed", new_style, style or item.style_id, new_channels, priority=level, changed=changed)
        ])  # fmt: skip
    if level is None or level == item.priority:
        return []
    await tx.execute(update(items).where(items.c.id == item.id).values(priority=level, touched_at=now()))
    await tell_items(tx, workspace_id, [(item.batch_id, item.id, ItemStatus(item.status))])
    if item.status != ItemStatus.PROCESSING or item.batch_state != BatchState.PROCESSING:
        return []
    return [JobRef(item.stage, item.id, item.version, level, item.not_before or 0.0)]


async def restyled(
    tx: Tx, workspace_id: str, item: Row[Any], style: str | None, options: Mapping[str, Any] | None,
    channels: Sequence[str] | None,
) -> tuple[Template | None, list[Channel] | None]:  # fmt: skip
    """The style and channels an item is to have; None for what stays.  Raises NotFound, BadOption."""
    resolved: Template | None = None
    if style is not None:
        resolved = await templates.resolve(tx, workspace_id, style, dict(options or {}))
    elif options:
        resolved = Template.model_validate(item.style).with_options(options)
    if channels is None:
        return resolved, None
    return resolved, await resolve_channels(tx, workspace_id, list(with_master(tuple(channels))))


def differences(before: Mapping[str, Any], after: Template | None) -> list[Changed]:
    """What a person changed in a style: parameter by parameter, or the style as a whole."""
    if after is None:
        return []
    old, why = Template.model_validate(before), "Asked for."
    if old.id != after.id or [step.kind for step in old.steps] != [step.kind for step in after.steps]:
        return [Changed(parameter="style", before=old.name, after=after.name, why=why)]
    told = []
    for was, is_now in zip(old.steps, after.steps, strict=True):
        left, right = was.model_dump(mode="json"), is_now.model_dump(mode="json")
        told += [
            Changed(parameter=f"{was.kind}.{name}", before=left[name], after=right[name], why=why)
            for name in right
            if left.get(name) != right[name]
        ]
    return told


def _channel_changes(before: Sequence[Mapping[str, Any]], after: Sequence[Channel] | None) -> list[Changed]:
    if after is None:
        return []
    old, new = [channel["id"] for channel in before], [channel.id for channel in after]
    return [] if old == new else [Changed(parameter="channels", before=old, after=new, why="Asked for.")]
