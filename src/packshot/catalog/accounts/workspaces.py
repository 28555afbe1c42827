"""Workspaces: what is in one is seen by its members only; and what holds for a whole one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, Field, field_validator
from sqlalchemy import func, insert, select, update

from packshot.catalog.old_names import STYLE
from packshot.catalog.status import Line, Priority, plain
from packshot.db import Tx
from packshot.db.tables import new_id, now, users, workspaces
from packshot.errors import BadOption
from packshot.intake.table import MOST_COLUMNS, checked_map, is_known


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


def _columns(columns: dict[str, str]) -> dict[str, str]:
    try:
        return checked_map(columns)
    except BadOption as error:
        raise ValueError(f"{error.problem} {error.remedy}".strip()) from error


class WorkspaceSettings(BaseModel, frozen=True, extra="forbid"):
    """What holds for the whole workspace."""

    off_peak: OffPeak | None = Field(None, description="null: overnight work runs at any time, after all other")
    retention_days: int = Field(30, ge=1, le=3650, description="how long what was deleted can be brought back")
    watch: Watch | None = Field(None, description="null: no folder is watched")
    list_columns: Annotated[dict[str, str], AfterValidator(_columns)] = Field(
        {}, max_length=MOST_COLUMNS, description="Columns of lists before: what each means, or nothing: it is left out."
    )


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


async def list_columns(tx: Tx, workspace_id: str) -> dict[str, str]:
    """What columns of lists before meant: name as it is compared → field."""
    settings = await tx.scalar(select(workspaces.c.settings).where(workspaces.c.id == workspace_id))
    columns: dict[str, str] = (settings or {}).get("list_columns") or {}
    return columns


async def remember_columns(tx: Tx, workspace_id: str, columns: Mapping[str, str]) -> None:
    """Keep what columns mean, the last that were said; not of those that are read anyway."""
    new = {name: means for name, means in columns.items() if not is_known(name)}
    if not new:
        return
    query = select(workspaces.c.settings).where(workspaces.c.id == workspace_id).with_for_update()
    settings = WorkspaceSettings.model_validate(await tx.scalar(query))
    earlier = {name: means for name, means in settings.list_columns.items() if name not in new}
    kept = dict([*earlier.items(), *new.items()][-MOST_COLUMNS:])
    await change_workspace(tx, workspace_id, name=None, settings=WorkspaceSettings(list_columns=kept))


async def change_workspace(tx: Tx, workspace_id: str, *, name: str | None, settings: WorkspaceSettings | None) -> None:
    """What settings does not name stays as it is."""
    values: dict[str, Any] = {} if name is None else {"name": name}
    if settings is not None:
        present = (await workspace(tx, workspace_id)).settings
        changes = settings.model_dump(mode="json", include=settings.model_fields_set)
        values["settings"] = present.model_dump(mode="json") | changes
    if values:
        await tx.execute(update(workspaces).where(workspaces.c.id == workspace_id).values(**values))
