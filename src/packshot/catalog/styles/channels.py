"""Outlets: the sales channels that come with Packshot, and those that a workspace made for itself."""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from packshot import channel as shipped
from packshot.catalog.status import line
from packshot.channel import Channel
from packshot.db import Tx
from packshot.db.tables import channels as rows
from packshot.db.tables import now
from packshot.errors import BadOption, Conflict, NotFound

MOST_CHANNELS = 200


class ChannelView(BaseModel, frozen=True):
    """A channel: the file that is made for it, and the rules that file is judged by."""

    id: str
    shipped: bool
    revision: int = Field(description="0 for what comes with Packshot.")
    channel: Channel = Field(description="What PUT takes.")
    created_at: datetime | None = None
    updated_at: datetime | None = None


async def resolve(tx: Tx, workspace_id: str, ids: Sequence[str]) -> list[Channel]:
    """Channels in the order that was asked for, each once.  Raises NotFound."""
    wanted = list(dict.fromkeys(ids))
    own = [id for id in wanted if id not in _shipped()]
    found = dict(_shipped())
    if own:
        for row in await tx.execute(select(rows).where(_live(workspace_id), rows.c.id.in_(own))):
            found[row.id] = Channel.model_validate(row.body)
    for id in wanted:
        if id not in found:
            near = difflib.get_close_matches(id, found, 1)
            hint = f"Did you mean “{near[0]}”?" if near else f"There are {', '.join(_shipped())}, and your own."
            raise NotFound("there is no channel of this id.", subject=id, remedy=hint)
    return [found[id] for id in wanted]


async def page(tx: Tx, workspace_id: str) -> list[ChannelView]:
    """All channels: what comes with Packshot first, then the workspace's own."""
    own = await tx.execute(select(rows).where(_live(workspace_id)).order_by(rows.c.id))
    return [_shipped_view(channel) for channel in _shipped().values()] + [_view(row) for row in own]


async def get(tx: Tx, workspace_id: str, channel_id: str) -> ChannelView:
    """One channel.  Raises NotFound."""
    if channel_id in _shipped():
        return _shipped_view(_shipped()[channel_id])
    row = await _row(tx, workspace_id, channel_id)
    if row is None:
        raise NotFound("there is no channel of this id.", subject=channel_id)
    return _view(row)


async def create(tx: Tx, workspace_id: str, asked: Channel) -> ChannelView:
    """Raises Conflict where the id is taken, BadOption."""
    _free(asked.id)
    body, at = _body(asked), now()
    known = (await tx.execute(_own(workspace_id, asked.id).with_for_update())).first()
    if known is not None and known.deleted_at is None:
        raise _taken(asked.id)
    count = await tx.scalar(select(func.count()).select_from(rows).where(_live(workspace_id)))
    if (count or 0) >= MOST_CHANNELS:
        raise Conflict(f"there are {MOST_CHANNELS} channels already.", remedy="Delete some that are not used.")
    if known is not None:  # it was deleted once: its revisions go on, so that no ETag is given twice
        await tx.execute(
            update(rows)
            .where(rows.c.workspace_id == workspace_id, rows.c.id == asked.id)
            .values(body=body, revision=known.revision + 1, created_at=at, updated_at=at, deleted_at=None)
        )
    else:
        new = {"workspace_id": workspace_id, "id": asked.id, "revision": 1, "created_at": at, "updated_at": at}
        try:
            async with tx.begin_nested():
                await tx.execute(insert(rows).values(**new, body=body))
        except IntegrityError:  # somebody else made it just now
            raise _taken(asked.id) from None
    return await get(tx, workspace_id, asked.id)


async def replace(tx: Tx, workspace_id: str, asked: Channel) -> ChannelView:
    """Batches that were made with it keep it as it was.  Raises NotFound, Conflict for a shipped one, BadOption."""
    await own(tx, workspace_id, asked.id, lock=True)
    await tx.execute(
        update(rows)
        .where(_live(workspace_id), rows.c.id == asked.id)
        .values(body=_body(asked), revision=rows.c.revision + 1, updated_at=now())
    )
    return await get(tx, workspace_id, asked.id)


async def delete(tx: Tx, workspace_id: str, channel_id: str) -> None:
    """Batches that were made with it keep it.  Raises NotFound, Conflict for a shipped one."""
    await own(tx, workspace_id, channel_id, lock=True)
    await tx.execute(update(rows).where(_live(workspace_id), rows.c.id == channel_id).values(deleted_at=now()))


async def own(tx: Tx, workspace_id: str, channel_id: str, *, lock: bool = False) -> Row[Any]:
    """A channel of the workspace's own.  Raises NotFound, Conflict for a shipped one."""
    _free(channel_id)
    row = await _row(tx, workspace_id, channel_id, lock=lock)
    if row is None:
        raise NotFound("there is no channel of this id.", subject=channel_id)
    return row


# --- parts ---


@functools.cache
def _shipped() -> dict[str, Channel]:
    return shipped.channels()


def _free(channel_id: str) -> None:
    if channel_id in _shipped():
        raise Conflict(
            "this channel comes with Packshot and cannot be changed.",
            subject=channel_id,
            remedy="Make one of your own from it, under another id.",
        )


def _taken(channel_id: str) -> Conflict:
    return Conflict(
        "there is a channel of this id already.", subject=channel_id, remedy="Change it with PUT, or take another id."
    )


def _live(workspace_id: str) -> Any:
    return (rows.c.workspace_id == workspace_id) & rows.c.deleted_at.is_(None)


def _own(workspace_id: str, channel_id: str) -> Any:
    return select(rows).where(rows.c.workspace_id == workspace_id, rows.c.id == channel_id)


async def _row(tx: Tx, workspace_id: str, channel_id: str, *, lock: bool = False) -> Row[Any] | None:
    query = _own(workspace_id, channel_id).where(rows.c.deleted_at.is_(None))
    return (await tx.execute(query.with_for_update() if lock else query)).first()


def _body(asked: Channel) -> dict[str, Any]:
    """A channel as it is kept.  Raises BadOption."""
    body: dict[str, Any] = asked.model_dump(mode="json")
    body["rules"]["hard"] = sorted(body["rules"]["hard"])
    try:
        for words in _texts(body):
            line(words)
        text = json.dumps(body, allow_nan=False)
    except ValueError:
        raise BadOption("its text must be one line each, its numbers ordinary ones.", subject=asked.id) from None
    if len(text) > 20_000:
        raise BadOption("this is far longer than a channel.", subject=asked.id, remedy="Shorten its texts.")
    if not asked.name.strip():
        raise BadOption("it needs a name.", subject="name")
    return body


def _texts(value: Any) -> Iterator[str]:
    """Every text in a body, its names apart."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(part)


def _shipped_view(channel: Channel) -> ChannelView:
    return ChannelView(id=channel.id, shipped=True, revision=0, channel=channel)


def _view(row: Row[Any]) -> ChannelView:
    return ChannelView.model_validate({**row._mapping, "shipped": False, "channel": row.body})
