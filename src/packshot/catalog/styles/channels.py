"""Sales channels: those that come with Packshot, and a workspace's own."""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from packshot import channel as shipped
from packshot.catalog.status import line
from packshot.channel import Channel
from packshot.db import Tx, typed
from packshot.db.tables import batches, now, workspaces
from packshot.db.tables import channels as rows
from packshot.errors import BadOption, Conflict, NotFound

MOST_CHANNELS = 200
LATEST_BATCHES = 20  # what a workspace sells through is read off these


class ChannelView(BaseModel, frozen=True):
    """A channel: the file it gets, and the rules that the file is checked by."""

    id: str
    shipped: bool
    revision: int = Field(description="0 for what comes with Packshot.")
    channel: Channel = Field(description="What PUT takes.")
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """A row of `channels`."""

    workspace_id: str
    id: str
    body: dict[str, Any]
    revision: int
    created_at: float
    updated_at: float
    deleted_at: float | None


async def resolve(tx: Tx, workspace_id: str, ids: Sequence[str]) -> list[Channel]:
    """Channels in the order of their ids, each once.  Raises NotFound."""
    unique = list(dict.fromkeys(ids))
    own = [id for id in unique if id not in _shipped()]
    available = dict(_shipped())
    if own:
        for id, body in await tx.execute(select(rows.c.id, rows.c.body).where(_live(workspace_id), rows.c.id.in_(own))):
            available[id] = Channel.model_validate(body)
    for id in unique:
        if id not in available:
            near = difflib.get_close_matches(id, available, 1)
            hint = f"Did you mean “{near[0]}”?" if near else f"There are {', '.join(_shipped())}, and your own."
            raise NotFound("there is no channel of this id.", subject=id, remedy=hint)
    return [available[id] for id in unique]


async def page(tx: Tx, workspace_id: str) -> list[ChannelView]:
    """All channels: what comes with Packshot first, then the workspace's own."""
    own = await tx.execute(select(rows).where(_live(workspace_id)).order_by(rows.c.id))
    return [
        *(_shipped_view(channel) for channel in _shipped().values()),
        *(_view(typed(ChannelRecord, row)) for row in own),
    ]


async def in_use(tx: Tx, workspace_id: str) -> list[Channel]:
    """Those that a new photo is judged for: the workspace's own, the watched folder's and those of the latest batches.

    Where there was no batch and there is no watched folder: all that come with Packshot, instead of these two.
    """
    latest = (
        select(batches.c.channels)
        .where(batches.c.workspace_id == workspace_id, batches.c.deleted_at.is_(None))
        .order_by(batches.c.id.desc())
        .limit(LATEST_BATCHES)
    )
    settings = await tx.scalar(select(workspaces.c.settings).where(workspaces.c.id == workspace_id)) or {}
    named = {id for ids in await tx.scalars(latest) for id in ids} | set(
        (settings.get("watch") or {}).get("channels", ())
    )
    own = await tx.execute(select(rows.c.id, rows.c.body).where(_live(workspace_id)).order_by(rows.c.id))
    shipped_ones = [channel for id, channel in _shipped().items() if id in named or not named]
    return [*shipped_ones, *(Channel.model_validate(body) for _, body in own)]


async def get(tx: Tx, workspace_id: str, channel_id: str) -> ChannelView:
    """One channel.  Raises NotFound."""
    if channel_id in _shipped():
        return _shipped_view(_shipped()[channel_id])
    record = await _record(tx, workspace_id, channel_id)
    if record is None:
        raise NotFound("there is no channel of this id.", subject=channel_id)
    return _view(record)


async def create(tx: Tx, workspace_id: str, channel: Channel) -> ChannelView:
    """Raises Conflict where the id is in use, BadOption."""
    _must_not_be_shipped(channel.id)
    body, at = _body(channel), now()
    existing = await _record(tx, workspace_id, channel.id, lock=True, deleted=True)
    if existing is not None and existing.deleted_at is None:
        raise _id_in_use(channel.id)
    count = await tx.scalar(select(func.count()).select_from(rows).where(_live(workspace_id)))
    if (count or 0) >= MOST_CHANNELS:
        raise Conflict(f"there are {MOST_CHANNELS} channels already.", remedy="Delete some that are not used.")
    if existing is not None:  # it was deleted once: its revisions go on, so that no ETag is given twice
        await tx.execute(
            update(rows)
            .where(rows.c.workspace_id == workspace_id, rows.c.id == channel.id)
            .values(body=body, revision=existing.revision + 1, created_at=at, updated_at=at, deleted_at=None)
        )
    else:
        new = {"workspace_id": workspace_id, "id": channel.id, "revision": 1, "created_at": at, "updated_at": at}
        try:
            async with tx.begin_nested():
                await tx.execute(insert(rows).values(**new, body=body))
        except IntegrityError:  # somebody else created it just now
            raise _id_in_use(channel.id) from None
    return await get(tx, workspace_id, channel.id)


async def replace(tx: Tx, workspace_id: str, channel: Channel) -> ChannelView:
    """Change all of it; items have a snapshot of before.  Raises NotFound, Conflict for a shipped one, BadOption."""
    await own(tx, workspace_id, channel.id, lock=True)
    await tx.execute(
        update(rows)
        .where(_live(workspace_id), rows.c.id == channel.id)
        .values(body=_body(channel), revision=rows.c.revision + 1, updated_at=now())
    )
    return await get(tx, workspace_id, channel.id)


async def delete(tx: Tx, workspace_id: str, channel_id: str) -> None:
    """Delete it; items have a snapshot of it.  Raises NotFound, Conflict for a shipped one."""
    await own(tx, workspace_id, channel_id, lock=True)
    await tx.execute(update(rows).where(_live(workspace_id), rows.c.id == channel_id).values(deleted_at=now()))


async def own(tx: Tx, workspace_id: str, channel_id: str, *, lock: bool = False) -> ChannelRecord:
    """A channel of the workspace's own.  Raises NotFound, Conflict for a shipped one."""
    _must_not_be_shipped(channel_id)
    record = await _record(tx, workspace_id, channel_id, lock=lock)
    if record is None:
        raise NotFound("there is no channel of this id.", subject=channel_id)
    return record


# --- parts ---


@functools.cache
def _shipped() -> dict[str, Channel]:
    return shipped.channels()


def _must_not_be_shipped(channel_id: str) -> None:
    if channel_id in _shipped():
        raise Conflict(
            "this channel comes with Packshot and cannot be changed.",
            subject=channel_id,
            remedy="Make one of your own from it, under another id.",
        )


def _id_in_use(channel_id: str) -> Conflict:
    return Conflict(
        "there is a channel of this id already.", subject=channel_id, remedy="Change it with PUT, or take another id."
    )


def _live(workspace_id: str) -> ColumnElement[bool]:
    return (rows.c.workspace_id == workspace_id) & rows.c.deleted_at.is_(None)


async def _record(
    tx: Tx, workspace_id: str, channel_id: str, *, lock: bool = False, deleted: bool = False
) -> ChannelRecord | None:
    """deleted: one that was deleted counts, too."""
    query = select(rows).where(rows.c.workspace_id == workspace_id, rows.c.id == channel_id)
    if not deleted:
        query = query.where(rows.c.deleted_at.is_(None))
    row = (await tx.execute(query.with_for_update() if lock else query)).first()
    return None if row is None else typed(ChannelRecord, row)


def _body(channel: Channel) -> dict[str, Any]:
    """A channel as it is stored.  Raises BadOption."""
    body: dict[str, Any] = channel.model_dump(mode="json")
    body["rules"]["hard"] = sorted(body["rules"]["hard"])
    try:
        for words in _texts(body):
            line(words)
        text = json.dumps(body, allow_nan=False)
    except ValueError:
        raise BadOption("its text must be one line each, its numbers ordinary ones.", subject=channel.id) from None
    if len(text) > 20_000:
        raise BadOption("this is far longer than a channel.", subject=channel.id, remedy="Shorten its texts.")
    if not channel.name.strip():
        raise BadOption("it needs a name.", subject="name")
    return body


def _texts(value: Any) -> Iterator[str]:
    """Every text in a body, without the names of its fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(part)


def _shipped_view(channel: Channel) -> ChannelView:
    return ChannelView(id=channel.id, shipped=True, revision=0, channel=channel)


def _view(record: ChannelRecord) -> ChannelView:
    return ChannelView(
        id=record.id, shipped=False, revision=record.revision, channel=Channel.model_validate(record.body),
        created_at=record.created_at, updated_at=record.updated_at,
    )  # fmt: skip
