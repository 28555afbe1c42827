"""The workspace, its members and API keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from packshot.api.access import Admin, Reader, check_runs_installation
from packshot.api.service import Service, Svc
from packshot.api.session import Email
from packshot.catalog.accounts import api_keys, invites, members, workspaces
from packshot.catalog.accounts.api_keys import KeyView
from packshot.catalog.accounts.invites import InviteView
from packshot.catalog.accounts.members import MemberView
from packshot.catalog.accounts.roles import Role, Scope
from packshot.catalog.accounts.workspaces import WorkspaceSettings, WorkspaceView
from packshot.catalog.status import Line

router = APIRouter(tags=["workspace"])
Name = Annotated[Line, Field(min_length=1, max_length=200)]
Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9_]{1,40}$", description="By id.")]


class WorkspaceChange(BaseModel, extra="forbid"):
    """What is to be different; what is left out stays."""

    name: Name | None = None
    settings: WorkspaceSettings | None = None


class Invited(BaseModel):
    """Shown once: send it to whom it is for."""

    address: str
    token: str


class WorkspaceRequest(BaseModel, extra="forbid"):
    """A further workspace, and who owns it."""

    name: Name
    email: Email


class NewWorkspace(BaseModel):
    """Its invitation is shown once: send it to the one who will own it."""

    id: str
    name: str
    invitation: Invited


class InviteRequest(BaseModel, extra="forbid"):
    """Who is invited, and as what."""

    email: Email
    role: Role = "member"


class MemberChange(BaseModel, extra="forbid"):
    """What is to be different; what is left out stays."""

    role: Role | None = None
    disabled: bool | None = Field(None, description="True: no access from now on.")


class KeyRequest(BaseModel, extra="forbid"):
    """A key for a program, and what it may do."""

    name: Name
    scopes: list[Scope] = Field(min_length=1, max_length=4, examples=[["read", "write"]], description="What it may do.")


class NewKey(BaseModel):
    """Shown once: it is not kept and cannot be shown again."""

    id: str
    key: str = Field(examples=["psk_0193a1b2c3d4_…"])


@router.get("/workspace")
async def get_workspace(svc: Svc, who: Reader) -> WorkspaceView:
    """The workspace and its settings."""
    async with svc.db.read() as tx:
        return await workspaces.workspace(tx, who.workspace_id)


@router.patch("/workspace")
async def change_workspace(svc: Svc, who: Admin, body: WorkspaceChange) -> WorkspaceView:
    """Rename it; set when overnight work may run, how long deleted things are kept, what is watched."""
    async with svc.db.write() as tx:
        await workspaces.change_workspace(tx, who.workspace_id, name=body.name, settings=body.settings)
        return await workspaces.workspace(tx, who.workspace_id)


@router.post("/workspaces", status_code=201)
async def make_workspace(svc: Svc, who: Admin, body: WorkspaceRequest, response: Response) -> NewWorkspace:
    """Make a further workspace and invite its owner: the link is good once and for a week.

    For owners of the first workspace. Neither workspace sees what is in the other, nor who is.
    """
    await check_runs_installation(svc, who)
    response.headers["Cache-Control"] = "no-store"
    async with svc.db.write() as tx:
        id, token = await invites.found_workspace(tx, body.name, body.email)
    return NewWorkspace(id=id, name=body.name, invitation=_invited(svc, token))


@router.get("/members")
async def list_members(svc: Svc, who: Reader) -> list[MemberView]:
    """All members."""
    async with svc.db.read() as tx:
        return await members.members(tx, who.workspace_id)


@router.post("/members", status_code=201)
async def invite_member(svc: Svc, who: Admin, body: InviteRequest, response: Response) -> Invited:
    """Invite somebody: the link is good once and for a week."""
    response.headers["Cache-Control"] = "no-store"
    async with svc.db.write() as tx:
        token = await invites.invite(tx, who.workspace_id, email=body.email, role=body.role, by=who.by)
    return _invited(svc, token)


@router.get("/invites")
async def list_invites(svc: Svc, who: Admin) -> list[InviteView]:
    """Invitations that nobody has accepted yet, the newest first."""
    async with svc.db.read() as tx:
        return await invites.open_invites(tx, who.workspace_id)


@router.delete("/invites/{invite_id}", status_code=204)
async def withdraw_invite(svc: Svc, who: Admin, invite_id: Id) -> None:
    """Take an invitation back: its link no longer works."""
    async with svc.db.write() as tx:
        await invites.withdraw(tx, who.workspace_id, invite_id)


@router.patch("/members/{member_id}", status_code=204)
async def change_member(svc: Svc, who: Admin, member_id: Id, body: MemberChange) -> None:
    """Another role, or an end to access: sessions end at once."""
    async with svc.db.write() as tx:
        await members.change_member(tx, who.workspace_id, member_id, role=body.role, disabled=body.disabled)


@router.get("/keys")
async def list_keys(svc: Svc, who: Admin) -> list[KeyView]:
    """All API keys, without the keys themselves."""
    async with svc.db.read() as tx:
        return await api_keys.keys(tx, who.workspace_id)


@router.post("/keys", status_code=201)
async def make_key(svc: Svc, who: Admin, body: KeyRequest, response: Response) -> NewKey:
    """An API key for a program."""
    response.headers["Cache-Control"] = "no-store"
    async with svc.db.write() as tx:
        id, key = await api_keys.make_key(tx, who.workspace_id, name=body.name, scopes=body.scopes, by=who.by)
    return NewKey(id=id, key=key)


@router.delete("/keys/{key_id}", status_code=204)
async def revoke_key(svc: Svc, who: Admin, key_id: Id) -> None:
    """End a key at once."""
    async with svc.db.write() as tx:
        await api_keys.revoke(tx, who.workspace_id, key_id)


def _invited(svc: Service, token: str) -> Invited:
    return Invited(address=f"{svc.settings.address}/welcome?token={token}", token=token)
