"""Members of a workspace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import func, select, update

from packshot.catalog.accounts.roles import Role
from packshot.catalog.accounts.sessions import sign_out
from packshot.db import Tx
from packshot.db.tables import now, users
from packshot.errors import Conflict, NotFound


class MemberRecord(BaseModel, frozen=True):
    """A member who may sign in, with what proves that."""

    id: str
    workspace_id: str
    email: str
    role: Role
    password_hash: str = Field(repr=False)


class MemberView(BaseModel, frozen=True):
    """Somebody who may sign in."""

    id: str
    email: str
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None


async def members(tx: Tx, workspace_id: str) -> list[MemberView]:
    query = select(users).where(users.c.workspace_id == workspace_id).order_by(users.c.id)
    return [MemberView.model_validate(row, from_attributes=True) for row in await tx.execute(query)]


async def change_member(
    tx: Tx, workspace_id: str, user_id: str, *, role: Role | None = None, disabled: bool | None = None
) -> None:
    """Raises NotFound; Conflict where no owner would be left."""
    mine = users.c.workspace_id == workspace_id
    member = (await tx.execute(select(users).where(mine, users.c.id == user_id))).first()
    if member is None:
        raise NotFound("there is no such member.", subject=user_id)
    if member.role == "owner" and (role == "member" or disabled):
        active = mine, users.c.role == "owner", users.c.disabled_at.is_(None), users.c.id != user_id
        if not (await tx.execute(select(func.count()).where(*active))).scalar():
            raise Conflict("the last owner stays.", subject=member.email, remedy="Make somebody else an owner first.")
    values: dict[str, Any] = {} if role is None else {"role": role}
    if disabled is not None:
        values["disabled_at"] = now() if disabled else None
    if values:
        await tx.execute(update(users).where(users.c.id == user_id).values(**values))
    if disabled:
        await sign_out(tx, user_id=user_id)


async def member_of(tx: Tx, email: str) -> MemberRecord | None:
    """Who has this address, unless access was taken away."""
    mine = users.c.email == email.strip().lower(), users.c.disabled_at.is_(None)
    row = (await tx.execute(select(users).where(*mine))).first()
    return MemberRecord.model_validate(row, from_attributes=True) if row else None
