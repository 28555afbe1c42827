"""Data files of a workspace's own beside those that come with Packshot: channels and specifications, stored alike."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Table, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from packshot.catalog.status import line
from packshot.channel import Channel
from packshot.db import Tx, typed
from packshot.db.tables import now
from packshot.errors import BadOption, Conflict, NotFound
from packshot.specification import Specification

Body = TypeVar("Body", Channel, Specification)


@dataclass(frozen=True, slots=True)
class OwnedRecord:
    """A row of `channels` or `specifications`."""

    workspace_id: str
    id: str
    body: dict[str, Any]
    revision: int
    created_at: float
    updated_at: float
    deleted_at: float | None


@dataclass(frozen=True)
class Owned(Generic[Body]):
    """One kind of them.  noun: what people call it.  most: of a workspace's own; most_text: characters of each."""

    table: Table
    kind: type[Body]
    noun: str
    shipped: Callable[[], Mapping[str, Body]]
    most: int
    most_text: int

    async def resolve(self, tx: Tx, workspace_id: str, ids: Sequence[str]) -> list[Body]:
        """In the order of their ids, each once.  Raises NotFound."""
        unique = list(dict.fromkeys(ids))
        available = dict(self.shipped())
        own = [id for id in unique if id not in available]
        if own:
            query = select(self.table.c.id, self.table.c.body)
            for id, body in await tx.execute(query.where(self._live(workspace_id), self.table.c.id.in_(own))):
                available[id] = self.kind.model_validate(body)
        for id in unique:
            if id not in available:
                near = difflib.get_close_matches(id, available, 1)
                hint = f"Did you mean “{near[0]}”?" if near else f"There are {', '.join(self.shipped())}, and your own."
                raise NotFound(f"there is no {self.noun} of this id.", subject=id, remedy=hint)
        return [available[id] for id in unique]

    async def all(self, tx: Tx, workspace_id: str) -> list[OwnedRecord]:
        """The workspace's own."""
        rows = await tx.execute(select(self.table).where(self._live(workspace_id)).order_by(self.table.c.id))
        return [typed(OwnedRecord, row) for row in rows]

    async def find(self, tx: Tx, workspace_id: str, id: str) -> OwnedRecord:
        """One of the workspace's own.  Raises NotFound."""
        record = await self._record(tx, workspace_id, id)
        if record is None:
            raise NotFound(f"there is no {self.noun} of this id.", subject=id)
        return record

    async def own(self, tx: Tx, workspace_id: str, id: str, *, lock: bool = False) -> OwnedRecord:
        """One that may be changed.  Raises NotFound, Conflict for a shipped one."""
        self._must_not_be_shipped(id)
        record = await self._record(tx, workspace_id, id, lock=lock)
        if record is None:
            raise NotFound(f"there is no {self.noun} of this id.", subject=id)
        return record

    async def create(self, tx: Tx, workspace_id: str, made: Body) -> None:
        """Raises Conflict where the id is in use, BadOption."""
        self._must_not_be_shipped(made.id)
        body, at, table = self._body(made), now(), self.table
        existing = await self._record(tx, workspace_id, made.id, lock=True, deleted=True)
        if existing is not None and existing.deleted_at is None:
            raise self._id_in_use(made.id)
        count = await tx.scalar(select(func.count()).select_from(table).where(self._live(workspace_id)))
        if (count or 0) >= self.most:
            raise Conflict(f"there are {self.most} {self.noun}s already.", remedy="Delete some that are not used.")
        if existing is not None:  # it was deleted once: its revisions go on, so that no ETag is given twice
            await tx.execute(
                update(table)
                .where(table.c.workspace_id == workspace_id, table.c.id == made.id)
                .values(body=body, revision=existing.revision + 1, created_at=at, updated_at=at, deleted_at=None)
            )
            return
        new = {"workspace_id": workspace_id, "id": made.id, "revision": 1, "created_at": at, "updated_at": at}
        try:
            async with tx.begin_nested():
                await tx.execute(insert(table).values(**new, body=body))
        except IntegrityError:  # somebody else created it just now
            raise self._id_in_use(made.id) from None

    async def replace(self, tx: Tx, workspace_id: str, made: Body) -> None:
        """Change all of it; what was made with it has a copy.  Raises NotFound, Conflict, BadOption."""
        await self.own(tx, workspace_id, made.id, lock=True)
        values = {"body": self._body(made), "revision": self.table.c.revision + 1, "updated_at": now()}
        await tx.execute(
            update(self.table).where(self._live(workspace_id), self.table.c.id == made.id).values(**values)
        )

    async def delete(self, tx: Tx, workspace_id: str, id: str) -> None:
        """Delete it; what was made with it has a copy.  Raises NotFound, Conflict for a shipped one."""
        await self.own(tx, workspace_id, id, lock=True)
        await tx.execute(
            update(self.table).where(self._live(workspace_id), self.table.c.id == id).values(deleted_at=now())
        )

    # --- parts ---

    def _must_not_be_shipped(self, id: str) -> None:
        if id in self.shipped():
            raise Conflict(
                f"this {self.noun} comes with Packshot and cannot be changed.", subject=id,
                remedy="Make one of your own from it, under another id.",
            )  # fmt: skip

    def _id_in_use(self, id: str) -> Conflict:
        return Conflict(
            f"there is a {self.noun} of this id already.", subject=id,
            remedy="Change it with PUT, or take another id.",
        )  # fmt: skip

    def _live(self, workspace_id: str) -> ColumnElement[bool]:
        return (self.table.c.workspace_id == workspace_id) & self.table.c.deleted_at.is_(None)

    async def _record(
        self, tx: Tx, workspace_id: str, id: str, *, lock: bool = False, deleted: bool = False
    ) -> OwnedRecord | None:
        """deleted: one that was deleted counts, too."""
        query = select(self.table).where(self.table.c.workspace_id == workspace_id, self.table.c.id == id)
        if not deleted:
            query = query.where(self.table.c.deleted_at.is_(None))
        row = (await tx.execute(query.with_for_update() if lock else query)).first()
        return None if row is None else typed(OwnedRecord, row)

    def _body(self, made: Body) -> dict[str, Any]:
        """As it is stored.  Raises BadOption."""
        body = json_of(made)
        try:
            for words in _texts(body):
                line(words)
            text = json.dumps(body, allow_nan=False)
        except ValueError:
            raise BadOption("its text must be one line each, its numbers ordinary ones.", subject=made.id) from None
        if len(text) > self.most_text:
            raise BadOption(f"this is far longer than a {self.noun}.", subject=made.id, remedy="Shorten its texts.")
        if not made.name.strip():
            raise BadOption("it needs a name.", subject="name")
        return body


def json_of(made: Channel | Specification) -> dict[str, Any]:
    """Its fields, in an order that is the same each time."""
    body: dict[str, Any] = made.model_dump(mode="json")
    rules = body["rules"] if isinstance(made, Channel) else body
    rules["hard"] = sorted(rules["hard"])
    return body


def _texts(value: Any) -> Iterator[str]:
    """Every text in a body, without the names of its fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(part)
