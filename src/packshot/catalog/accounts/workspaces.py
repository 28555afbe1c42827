"""Workspaces: what is in one is seen by its members only; and what holds for a whole one."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, Field, field_validator
from sqlalchemy import func, insert, select, update

from packshot.catalog.old_names import STYLE
from packshot.catalog.status import Line, Priority, plain
from packshot.db import Tx
from packshot.db.tables import new_id, now, users, workspaces


class OffPeak(BaseModel, frozen=True, extra="forbid"):
    """When overnight work may run."""

    start: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])
    end: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["06:00"])
    time_zone: str = Field(max_length=64, examples=["Europe/Berlin"])

    @field_validator("time_zone")
    @classmethod
    def _remembered(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("it must be a time zone such as Europe/Berlin")
        return ZoneInfo(name).key


class Watch(BaseModel, frozen=True, extra="forbid"):
    """What becomes of photos that are put into the watched folder."""

    style: Line = Field("white", validation_alias=STYLE, max_length=60)
    options: Annotated[dict[str, str | float | bool], Field(max_length=40), AfterValidator(plain)] = {}
    channels: list[Line] = Field(["shopify"], max_length=40)
    priority: Priority = Priority.STANDARD


class WorkspaceSettings(BaseModel, frozen=True, extra="forbid"):
    """What holds for the whole workspace."""

    off_peak: OffPeak | None = Field(None, description="null: overnight work runs at any time, after all other")
    retention_days: int = Field(30, ge=1, le=3650, description="how long what was deleted can be brought back")
    watch: Watch | None = Field(None, description="null: no folder is watched")


class WorkspaceView(BaseModel, frozen=True):
    """A workspace: what is in it is seen by its members only."""

    id: str
    name: str
    first: bool = Field(description="Whether its owners run this installation: they alone make further workspaces.")
    settings: WorkspaceSettings


async def make_workspace(tx: Tx, name: str) -> str:
    """A new, empty one; its id."""
    id = new_id("wsp")
    values = {"id": id, "name": name, "settings": WorkspaceSettings().model_dump(mode="json"), "created_at": now()}
    await tx.execute(insert(workspaces).values(**values))
    return id


async def first_id(tx: Tx) -> str | None:
    """Of the oldest, whose owners run this installation.  None where there is none yet."""
    return (await tx.execute(select(workspaces.c.id).order_by(workspaces.c.id).limit(1))).scalar()


async def workspace_rows(tx: Tx) -> list[tuple[str, str, int]]:
    """All of them, for whoever runs the service: id, name, and how many members have access; the oldest first."""
    active = (users.c.workspace_id == workspaces.c.id) & users.c.disabled_at.is_(None)
    query = (
        select(workspaces.c.id, workspaces.c.name, func.count(users.c.id))
        .outerjoin(users, active)
        .group_by(workspaces.c.id, workspaces.c.name)
        .order_by(workspaces.c.id)
    )
    return [(row[0], row[1], row[2]) for row in await tx.execute(query)]


async def workspace(tx: Tx, workspace_id: str) -> WorkspaceView:
    row = (await tx.execute(select(workspaces).where(workspaces.c.id == workspace_id))).one()
    first = row.id == await first_id(tx)
    return WorkspaceView(id=row.id, name=row.name, first=first, settings=WorkspaceSettings.model_validate(row.settings))


async def change_workspace(tx: Tx, workspace_id: str, *, name: str | None, settings: WorkspaceSettings | None) -> None:
    """What settings does not name stays as it is."""
    values: dict[str, Any] = {} if name is None else {"name": name}
    if settings is not None:
        present = (await workspace(tx, workspace_id)).settings
        changes = settings.model_dump(mode="json", include=settings.model_fields_set)
        values["settings"] = present.model_dump(mode="json") | changes
    if values:
        await tx.execute(update(workspaces).where(workspaces.c.id == workspace_id).values(**values))
