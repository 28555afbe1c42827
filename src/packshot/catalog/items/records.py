"""Items: one photo in one style. Lists of them, one with all its versions, and changes to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import Select, case, func, or_, select, tuple_, update

from packshot.catalog.batches.lifecycle import row as batch_row
from packshot.catalog.batches.requests import with_master
from packshot.catalog.items.findings import flagged
from packshot.catalog.items.retry_reasons import Changed
from packshot.catalog.items.versions import LatestItem, Renewal, latest, record_item_events, renew
from packshot.catalog.ports import JobRef
from packshot.catalog.status import BatchState, ItemStatus, Priority
from packshot.catalog.styles import templates
from packshot.catalog.styles.channels import resolve as resolve_channels
from packshot.channel import Channel
from packshot.db import Tx, typed
from packshot.db.tables import batches, item_versions, items, now, photos, products, renditions, reviews
from packshot.errors import Conflict, NotFound, OutOfDate
from packshot.finding import Finding
from packshot.template import Template

_Priority = Annotated[
    Priority, BeforeValidator(lambda value: Priority.of_level(value) if isinstance(value, int) else value)
]  # fmt: skip


class ItemError(BaseModel, frozen=True):
    """Why it failed."""

    cause: str
    reason: str
    at: datetime | None = None


class ItemView(BaseModel, frozen=True):
    """An item in a list. Its pictures are links; inside the catalog they are keys in the store."""

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
    priority: _Priority
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
    """One version of an item: its settings, its result, and what differs from the version before."""

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


@dataclass(frozen=True, slots=True)
class _Version:
    """What is shown of a row of `item_versions`."""

    version: int
    reason: str
    changed: list[dict[str, Any]]
    style: dict[str, Any]
    channels: list[dict[str, Any]]
    refined: bool
    upscaled: bool
    uncertainty: float | None
    findings: list[dict[str, Any]]
    touched_product: list[str]
    steps: list[dict[str, Any]]
    created_at: float
    done_at: float | None
    before: str
    after: str


_VERSION = (
    item_versions.c.version, item_versions.c.reason, item_versions.c.changed, item_versions.c.style,
    item_versions.c.channels, item_versions.c.refined, item_versions.c.upscaled, item_versions.c.uncertainty,
    item_versions.c.findings, item_versions.c.changes.label("touched_product"), item_versions.c.steps,
    item_versions.c.created_at, item_versions.c.done_at, item_versions.c.before_key.label("before"),
    item_versions.c.after_key.label("after"),
)  # fmt: skip


def _query() -> Select[*tuple[Any, ...]]:
    """The columns of an `ItemView`."""
    return (
        select(
            items.c.id, items.c.batch_id.label("batch"), batches.c.name.label("batch_name"),
            items.c.photo_id.label("photo"), photos.c.name.label("photo_name"),
            func.coalesce(products.c.sku, "").label("sku"), func.coalesce(products.c.title, "").label("title"),
            photos.c.role, items.c.style_id.label("style"), items.c.status, items.c.stage, items.c.version,
            items.c.position, items.c.priority, items.c.needs_look, items.c.worst, items.c.attempts,
            item_versions.c.findings, case((items.c.status == ItemStatus.FAILED, items.c.error)).label("error"),
            items.c.not_before, items.c.created_at, items.c.touched_at, items.c.done_at,
            photos.c.thumb_key.label("thumb"), item_versions.c.before_key.label("before"),
            item_versions.c.after_key.label("after"),
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
    """Items of a batch, in order or the worst first.  after: (worst, position, id) of the last on the page before.

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
    return [ItemView.model_validate(row, from_attributes=True) for row in await tx.execute(query.limit(limit))]


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
    """Items of all batches, those of the newest batch first.  after: the id of the last on the page before."""
    query = _query().where(items.c.workspace_id == workspace_id).order_by(items.c.id.desc()).limit(limit)
    if sku is not None:
        query = query.where(products.c.sku == sku)
    if product_id is not None:
        query = query.where(photos.c.product_id == product_id)
    if image_id is not None:
        query = query.where(items.c.photo_id == image_id)
    if after:
        query = query.where(items.c.id < after)
    return [ItemView.model_validate(row, from_attributes=True) for row in await tx.execute(query)]


async def get(tx: Tx, workspace_id: str, item_id: str) -> ItemDetail:
    """An item with its versions, the newest first.  Raises NotFound."""
    query = _query().where(items.c.workspace_id == workspace_id, items.c.id == item_id)
    row = (await tx.execute(query)).first()
    if row is None:
        raise NotFound("there is no such item.", subject=item_id)
    item = ItemView.model_validate(row, from_attributes=True)
    files: dict[int, list[RenditionView]] = {}
    of_item = select(renditions, renditions.c.key.label("url")).where(renditions.c.item_id == item_id)
    for file in await tx.execute(of_item):
        files.setdefault(file.version, []).append(RenditionView.model_validate(file, from_attributes=True))
    version_rows = await tx.execute(
        select(*_VERSION).where(item_versions.c.item_id == item_id).order_by(item_versions.c.version.desc())
    )
    versions = [typed(_Version, version) for version in version_rows]
    decisions = await tx.execute(
        select(reviews).where(reviews.c.item_id == item_id).order_by(reviews.c.at.desc(), reviews.c.id.desc())
    )
    return ItemDetail(
        **dict(item),
        versions=[_version_view(version, files.get(version.version, [])) for version in versions],
        decisions=[DecisionView.model_validate(decision, from_attributes=True) for decision in decisions],
    )


def _version_view(version: _Version, files: list[RenditionView]) -> VersionView:
    style = Template.model_validate(version.style)
    order = [channel["id"] for channel in version.channels]
    shown = {
        "style": style.id, "style_name": style.name, "channels": order,
        "options": {name: style.option_value(name) for name in style.options},
        "renditions": sorted(files, key=lambda file: order.index(file.channel)),
    }  # fmt: skip
    return VersionView.model_validate(asdict(version) | shown)


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
    """Give an item another style, other channels or another priority.  Returns the jobs to queue.

    Another style or other channels make a new version; what was approved or delivered stays.  `options` are of `style`,
    or on top of the item's own.
    Raises NotFound, BadOption, OutOfDate (the item is no longer at `version`), Conflict (its batch was cancelled).
    """
    query = latest().where(items.c.workspace_id == workspace_id, items.c.id == item_id)
    row = (await tx.execute(query)).first()
    if row is None:
        raise NotFound("there is no such item.", subject=item_id)
    item = typed(LatestItem, row)
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
    await record_item_events(tx, workspace_id, [(item.batch_id, item.id, ItemStatus(item.status))])
    if item.status != ItemStatus.PROCESSING or item.batch_state != BatchState.PROCESSING:
        return []
    return [JobRef(item.stage, item.id, item.version, level, item.not_before or 0.0, workspace_id, item.batch_id)]


async def restyled(
    tx: Tx, workspace_id: str, item: LatestItem, style: str | None, options: Mapping[str, Any] | None,
    channels: Sequence[str] | None,
) -> tuple[Template | None, list[Channel] | None]:  # fmt: skip
    """The new style and channels of an item; None for what stays.  Raises NotFound, BadOption."""
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
    changed = []
    for old_step, new_step in zip(old.steps, after.steps, strict=True):
        left, right = old_step.model_dump(mode="json"), new_step.model_dump(mode="json")
        changed += [
            Changed(parameter=f"{old_step.kind}.{name}", before=left[name], after=right[name], why=why)
            for name in right
            if left.get(name) != right[name]
        ]
    return changed


def _channel_changes(before: Sequence[Mapping[str, Any]], after: Sequence[Channel] | None) -> list[Changed]:
    if after is None:
        return []
    old, new = [channel["id"] for channel in before], [channel.id for channel in after]
    return [] if old == new else [Changed(parameter="channels", before=old, after=new, why="Asked for.")]
