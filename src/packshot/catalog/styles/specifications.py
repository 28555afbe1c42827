"""Specifications: those that come with Packshot, and a workspace's own."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from packshot import specification as shipped
from packshot.catalog.styles import templates
from packshot.catalog.styles.channels import resolve as resolve_channels
from packshot.catalog.styles.owned import Owned, OwnedRecord, json_of
from packshot.db import Tx
from packshot.db.tables import specifications as rows
from packshot.errors import BadOption
from packshot.specification import Specification, unsuited


class Refused(BaseModel, frozen=True):
    """An output that cannot satisfy a hard rule of its channel, so that it is not made."""

    channel: str
    style: str
    reason: str


class SpecificationView(BaseModel, frozen=True):
    """A specification, its version, and which of its outputs break a rule by design."""

    id: str
    shipped: bool
    version: str = Field(description="Of its content: changed content is the next version.")
    revision: int = Field(description="0 for what comes with Packshot.")
    specification: Specification = Field(description="What PUT takes.")
    refused: tuple[Refused, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None


@functools.cache
def _shipped() -> dict[str, Specification]:
    return shipped.specifications()


SPECIFICATIONS = Owned(rows, Specification, "specification", _shipped, 200, 60_000)


async def resolve(tx: Tx, workspace_id: str, id: str) -> Specification:
    """Raises NotFound."""
    return (await SPECIFICATIONS.resolve(tx, workspace_id, [id]))[0]


async def check(tx: Tx, workspace_id: str, one: Specification) -> tuple[Refused, ...]:
    """What of it is not made.  Raises NotFound or BadOption for a channel, style or option that is not there."""
    refused = []
    for output in one.outputs:
        [channel] = await resolve_channels(tx, workspace_id, [output.channel])
        try:
            style = await templates.resolve(tx, workspace_id, output.style, one.options_of(output))
        except BadOption as error:
            raise BadOption(error.problem, subject=f"{output.style}: {error.subject}", remedy=error.remedy) from error
        if reason := unsuited(style, one.applied(channel)):
            refused.append(Refused(channel=output.channel, style=output.style, reason=reason))
    return tuple(refused)


async def page(tx: Tx, workspace_id: str) -> list[SpecificationView]:
    """All: what comes with Packshot first, then the workspace's own."""
    own = await SPECIFICATIONS.all(tx, workspace_id)
    return [
        *(SpecificationView(id=one.id, shipped=True, version=one.version, revision=0, specification=one)
          for one in _shipped().values()),
        *(_view(record) for record in own),
    ]  # fmt: skip


async def get(tx: Tx, workspace_id: str, id: str) -> SpecificationView:
    """One.  Raises NotFound."""
    if id in _shipped():
        one = _shipped()[id]
        return SpecificationView(id=id, shipped=True, version=one.version, revision=0, specification=one)
    return _view(await SPECIFICATIONS.find(tx, workspace_id, id))


async def create(tx: Tx, workspace_id: str, one: Specification) -> SpecificationView:
    """Raises Conflict where the id is in use, NotFound, BadOption."""
    refused = await check(tx, workspace_id, one)
    await SPECIFICATIONS.create(tx, workspace_id, one)
    return (await get(tx, workspace_id, one.id)).model_copy(update={"refused": refused})


async def replace(tx: Tx, workspace_id: str, one: Specification) -> SpecificationView:
    """Its next version; batches keep the one that they were made with.  Raises NotFound, Conflict, BadOption."""
    refused = await check(tx, workspace_id, one)
    await SPECIFICATIONS.replace(tx, workspace_id, one)
    return (await get(tx, workspace_id, one.id)).model_copy(update={"refused": refused})


def snapshot(one: Specification) -> dict[str, Any]:
    """As a batch stores it."""
    return {"id": one.id, "name": one.name, "version": one.version, "body": json_of(one)}


def _view(record: OwnedRecord) -> SpecificationView:
    one = Specification.model_validate(record.body)
    return SpecificationView(
        id=record.id, shipped=False, version=one.version, revision=record.revision, specification=one,
        created_at=record.created_at, updated_at=record.updated_at,
    )  # fmt: skip
