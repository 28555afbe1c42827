"""Sales channels: those that come with Packshot, and a workspace's own."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field
from sqlalchemy import select

from packshot import channel as shipped
from packshot.catalog.styles.owned import Owned, OwnedRecord
from packshot.channel import Channel
from packshot.db import Tx
from packshot.db.tables import batches, workspaces
from packshot.db.tables import channels as rows

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


@functools.cache
def _shipped() -> dict[str, Channel]:
    return shipped.channels()


CHANNELS = Owned(rows, Channel, "channel", _shipped, MOST_CHANNELS, 20_000)


async def resolve(tx: Tx, workspace_id: str, ids: Sequence[str]) -> list[Channel]:
    """Channels in the order of their ids, each once.  Raises NotFound."""
    return await CHANNELS.resolve(tx, workspace_id, ids)


async def page(tx: Tx, workspace_id: str) -> list[ChannelView]:
    """All channels: what comes with Packshot first, then the workspace's own."""
    own = await CHANNELS.all(tx, workspace_id)
    return [*(_shipped_view(channel) for channel in _shipped().values()), *(_view(record) for record in own)]


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
    own = await CHANNELS.all(tx, workspace_id)
    shipped_ones = [channel for id, channel in _shipped().items() if id in named or not named]
    return [*shipped_ones, *(Channel.model_validate(record.body) for record in own)]


async def get(tx: Tx, workspace_id: str, channel_id: str) -> ChannelView:
    """One channel.  Raises NotFound."""
    if channel_id in _shipped():
        return _shipped_view(_shipped()[channel_id])
    return _view(await CHANNELS.find(tx, workspace_id, channel_id))


async def create(tx: Tx, workspace_id: str, channel: Channel) -> ChannelView:
    """Raises Conflict where the id is in use, BadOption."""
    await CHANNELS.create(tx, workspace_id, channel)
    return await get(tx, workspace_id, channel.id)


async def replace(tx: Tx, workspace_id: str, channel: Channel) -> ChannelView:
    """Change all of it; items have a snapshot of before.  Raises NotFound, Conflict for a shipped one, BadOption."""
    await CHANNELS.replace(tx, workspace_id, channel)
    return await get(tx, workspace_id, channel.id)


async def delete(tx: Tx, workspace_id: str, channel_id: str) -> None:
    """Delete it; items have a snapshot of it.  Raises NotFound, Conflict for a shipped one."""
    await CHANNELS.delete(tx, workspace_id, channel_id)


async def own(tx: Tx, workspace_id: str, channel_id: str, *, lock: bool = False) -> OwnedRecord:
    """A channel of the workspace's own.  Raises NotFound, Conflict for a shipped one."""
    return await CHANNELS.own(tx, workspace_id, channel_id, lock=lock)


# --- parts ---


def _shipped_view(channel: Channel) -> ChannelView:
    return ChannelView(id=channel.id, shipped=True, revision=0, channel=channel)


def _view(record: OwnedRecord) -> ChannelView:
    return ChannelView(
        id=record.id, shipped=False, revision=record.revision, channel=Channel.model_validate(record.body),
        created_at=record.created_at, updated_at=record.updated_at,
    )  # fmt: skip
