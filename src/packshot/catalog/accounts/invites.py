"""Links that let somebody in: of the first owner, of those who are invited, of a member who cannot sign in."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import delete, insert, select, update

from packshot.catalog.accounts import sessions, workspaces
from packshot.catalog.accounts.members import member_of
from packshot.catalog.accounts.roles import Role
from packshot.catalog.accounts.tokens import hashed
from packshot.db import Tx
from packshot.db.tables import invites, new_id, now, users
from packshot.errors import BadInput, Conflict, NotFound

INVITE_SECONDS, LINK_SECONDS = 7 * 86_400, 3_600


async def first_login(tx: Tx) -> str | None:
    """The token of the first-login link, anew at each start; None once there is an owner. Makes the workspace."""
    workspace = await workspaces.first_id(tx)
    if workspace is None:
        workspace = await workspaces.make_workspace(tx, "My shop")
    elif (await tx.execute(select(users.c.id).where(users.c.workspace_id == workspace).limit(1))).first() is not None:
        return None
    await tx.execute(delete(invites).where(invites.c.email == ""))
    return await invite(tx, workspace, email="", role="owner", by=None)


async def found_workspace(tx: Tx, name: str, email: str) -> tuple[str, str]:
    """Make a workspace and invite its first owner: the workspace's id, the invitation's token.

    Raises Conflict for an address that has an account: an account belongs to one workspace.
    """
    id = await workspaces.make_workspace(tx, name)
    return id, await invite(tx, id, email=email, role="owner", by=None)


async def invite(tx: Tx, workspace_id: str, *, email: str, role: Role, by: str | None) -> str:
    """The token of an invitation, good once and for a week.  Raises Conflict for an address that has an account."""
    email = email.strip().lower()
    if email and (await tx.execute(select(users.c.id).where(users.c.email == email))).first() is not None:
        raise Conflict("somebody with this address has an account already.", subject=email)
    token, at = secrets.token_urlsafe(32), now()
    await tx.execute(
        insert(invites).values(
            id=new_id("inv"), workspace_id=workspace_id, email=email, role=role, token_hash=hashed(token),
            invited_by=by, created_at=at, expires_at=at + INVITE_SECONDS,
        )
    )  # fmt: skip
    return token


async def invite_owner(tx: Tx, workspace_id: str, email: str) -> str:
    """The token of an invitation to own a workspace.  Raises NotFound, and Conflict as `invite` does."""
    if workspace_id not in {id for id, *_ in await workspaces.workspace_rows(tx)}:
        raise NotFound("there is no such workspace.", subject=workspace_id, remedy="`packshot workspaces` lists them.")
    return await invite(tx, workspace_id, email=email, role="owner", by=None)


async def sign_in_link(tx: Tx, email: str) -> str:
    """The token of a link for who cannot sign in, good once and for an hour.  Raises NotFound."""
    member = await member_of(tx, email)
    if member is None:
        raise NotFound("no member has this address, or is switched off.", subject=email)
    await tx.execute(delete(invites).where(invites.c.user_id == member.id))
    token, at = secrets.token_urlsafe(32), now()
    await tx.execute(
        insert(invites).values(
            id=new_id("inv"), workspace_id=member.workspace_id, email=member.email, role=member.role,
            token_hash=hashed(token), user_id=member.id, created_at=at, expires_at=at + LINK_SECONDS,
        )
    )  # fmt: skip
    return token


class InviteRecord(BaseModel, frozen=True):
    """What the holder of a token may do: make an account, or with a sign-in link open the one of `user_id`."""

    id: str
    workspace_id: str
    email: str
    role: Role
    user_id: str | None


class InviteView(BaseModel, frozen=True):
    """An invitation that nobody has accepted yet."""

    id: str
    email: str
    role: Role
    invited_by: str | None = Field(description="The member, or the key, by id.")
    created_at: datetime
    expires_at: datetime


async def open_invites(tx: Tx, workspace_id: str) -> list[InviteView]:
    """Those that can still be accepted, the newest first, without the first-login link."""
    query = select(invites).where(_open(workspace_id), invites.c.expires_at > now()).order_by(invites.c.id.desc())
    return [InviteView.model_validate(row, from_attributes=True) for row in await tx.execute(query)]


async def withdraw(tx: Tx, workspace_id: str, invite_id: str) -> None:
    """Its link no longer works.  Raises NotFound."""
    deleted = await tx.execute(delete(invites).where(_open(workspace_id), invites.c.id == invite_id))
    if not deleted.rowcount:
        raise NotFound("there is no such invitation, or it was accepted.", subject=invite_id)


def _open(workspace_id: str) -> Any:
    unused = invites.c.used_at.is_(None) & invites.c.user_id.is_(None)
    return (invites.c.workspace_id == workspace_id) & unused & (invites.c.email != "")


async def invitation(tx: Tx, token: str) -> InviteRecord:
    """What a token stands for.  Raises NotFound."""
    mine = invites.c.token_hash == hashed(token), invites.c.used_at.is_(None), invites.c.expires_at >= now()
    found = (await tx.execute(select(invites).where(*mine).with_for_update())).first()
    if found is None:
        raise NotFound("this invitation was used, or has expired.", remedy="Ask for a new one.")
    return InviteRecord.model_validate(found, from_attributes=True)


async def accept(tx: Tx, token: str, *, email: str, name: str, password_hash: str) -> sessions.SignedIn:
    """Make the account that an invitation stands for, or give the one that a sign-in link opens a new password.

    The account is signed in.  email, name: of a new account.  Raises NotFound, Conflict, BadInput.
    """
    found = await invitation(tx, token)
    if found.user_id:
        id = found.user_id
        user = (await tx.execute(select(users.c.disabled_at).where(users.c.id == id))).one()
        if user.disabled_at is not None:
            raise NotFound("this account was switched off.", remedy="Ask an owner.")
        await sessions.change_password(tx, id, password_hash)
    else:
        id = await _make_user(tx, found, email=found.email or email, name=name, password_hash=password_hash)
    await tx.execute(update(invites).where(invites.c.id == found.id).values(used_at=now()))
    return await sessions.sign_in(tx, id, found.workspace_id)


async def _make_user(tx: Tx, invite: InviteRecord, *, email: str, name: str, password_hash: str) -> str:
    email = email.strip().lower()
    if not email or not name:
        raise BadInput("a new account needs an address and a name.", subject="name" if email else "email")
    if (await tx.execute(select(users.c.id).where(users.c.email == email))).first() is not None:
        raise Conflict("somebody with this address has an account already.", subject=email, remedy="Sign in.")
    id = new_id("usr")
    await tx.execute(
        insert(users).values(
            id=id, workspace_id=invite.workspace_id, email=email, name=name, role=invite.role,
            password_hash=password_hash, created_at=now(),
        )
    )  # fmt: skip
    return id
