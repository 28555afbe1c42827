"""Signing in and out, accepting an invitation, one's own password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from packshot.api import sign_in_tries
from packshot.api.access import COOKIE, Reader, address_of, same_origin
from packshot.api.bodies import OPEN_BYTES
from packshot.api.described import headers
from packshot.api.service import Service, Svc
from packshot.catalog.accounts import invites, members, passwords, sessions, workspaces
from packshot.catalog.accounts.sessions import SignedIn
from packshot.catalog.accounts.workspaces import WorkspaceView
from packshot.catalog.status import Line
from packshot.errors import NotAllowed, NotSignedIn

router = APIRouter(tags=["session"], max_body_size=OPEN_BYTES)

Email = Annotated[
    Line, Field(min_length=3, max_length=320, pattern=r"^[^@\s]+@[^@\s]+$", examples=["mia@shop.example"])
]
Password = Annotated[str, Field(min_length=1, max_length=1024)]


Everywhere = Annotated[bool, Query(description="End all sessions of this member, not only this one.")]


class Login(BaseModel, extra="forbid"):
    """Who signs in."""

    email: Email
    password: Password


class Acceptance(BaseModel, extra="forbid"):
    """Of an account that a sign-in link opens, address and name stay as they are: both may be left out."""

    token: str = Field(max_length=200, description="of the invitation, the first-login link or the sign-in link")
    email: Email | None = None
    name: Annotated[Line, Field(min_length=1, max_length=200)] | None = None
    password: Password


class NewPassword(BaseModel, extra="forbid"):
    """The old password and the one that takes its place."""

    old: Password
    new: Password


class SessionView(BaseModel):
    """Who is signed in; `csrf` goes into X-CSRF-Token of every change."""

    user: str
    name: str = Field(description="Of the member, or of the API key.")
    email: str = Field(description="Of the member; empty for an API key.")
    role: str
    csrf: str
    workspace: WorkspaceView


@router.post("/session", status_code=201, responses={201: headers("Set-Cookie")})
async def sign_in(svc: Svc, request: Request, response: Response, body: Login) -> SessionView:
    """Sign in with an address and a password: sets the session's cookie."""
    _from_here(svc, request)
    address = address_of(svc, request)
    account, everybody = sign_in_tries.of_account(body.email, address), sign_in_tries.of_address(address)
    async with svc.db.write() as tx:
        await sign_in_tries.count(tx, account, everybody)
    async with svc.db.read() as tx:
        user = await members.member_of(tx, body.email)
    if not await passwords.verify(body.password, user.password_hash if user else None) or user is None:
        raise NotSignedIn("the address or the password is wrong.", remedy="Try again, or ask an owner for an invite.")
    async with svc.db.write() as tx:
        await sign_in_tries.right(tx, account, everybody)
        signed_in = await sessions.sign_in(tx, user.id, user.workspace_id)
    return await _signed_in(svc, response, signed_in)


@router.post("/invites/accept", status_code=201, responses={201: headers("Set-Cookie")})
async def accept_invite(svc: Svc, request: Request, response: Response, body: Acceptance) -> SessionView:
    """Make the account that an invitation or the first-login link stands for, or give the one that a sign-in link opens
    a new password; and sign it in."""
    _from_here(svc, request)
    async with svc.db.read() as tx:  # a hash is work, which is done for no guessed token
        await invites.invitation(tx, body.token)
    password_hash = await passwords.hash_password(body.password)
    async with svc.db.write() as tx:
        signed_in = await invites.accept(
            tx, body.token, email=body.email or "", name=body.name or "", password_hash=password_hash
        )
    return await _signed_in(svc, response, signed_in)


@router.get("/session")
async def who_am_i(svc: Svc, who: Reader) -> SessionView:
    """Who is signed in."""
    async with svc.db.read() as tx:
        shop = await workspaces.workspace(tx, who.workspace_id)
    return SessionView(user=who.by, name=who.name, email=who.email, role=who.role, csrf=who.csrf, workspace=shop)


@router.delete("/session", status_code=204, responses={204: headers("Set-Cookie")})
async def sign_out(svc: Svc, request: Request, response: Response, who: Reader, everywhere: Everywhere = False) -> None:
    """End this session, or all of this member's."""
    async with svc.db.write() as tx:
        token = request.cookies.get(COOKIE, "")
        await sessions.sign_out(tx, token=token, user_id=(who.user_id or "") if everywhere else "")
    response.delete_cookie(COOKIE, path="/")


@router.put("/session/password", status_code=204, responses={204: headers("Set-Cookie")})
async def change_password(svc: Svc, response: Response, who: Reader, body: NewPassword) -> None:
    """Change one's own password; all sessions end."""
    if who.user_id is None:
        raise NotAllowed("an API key has no password.")
    tries = sign_in_tries.of_user(who.user_id)
    async with svc.db.write() as tx:
        await sign_in_tries.count(tx, tries)
    async with svc.db.read() as tx:
        mine = next(m for m in await members.members(tx, who.workspace_id) if m.id == who.user_id)
        user = await members.member_of(tx, mine.email)
    if not await passwords.verify(body.old, user.password_hash if user else None):
        raise NotAllowed("the old password is wrong.")
    password_hash = await passwords.hash_password(body.new)
    async with svc.db.write() as tx:
        await sign_in_tries.right(tx, tries)
        await sessions.change_password(tx, who.user_id, password_hash)
    response.delete_cookie(COOKIE, path="/")


def _from_here(svc: Service, request: Request) -> None:
    if not same_origin(svc, request):
        raise NotAllowed("this did not come from Packshot's own pages.")


async def _signed_in(svc: Service, response: Response, signed_in: SignedIn) -> SessionView:
    response.set_cookie(
        COOKIE, signed_in.token, max_age=sessions.SESSION_SECONDS, path="/", httponly=True, samesite="lax",
        secure=svc.settings.address.startswith("https://"),
    )  # fmt: skip
    async with svc.db.read() as tx:
        row = await sessions.session_of(tx, signed_in.token)
        shop = await workspaces.workspace(tx, signed_in.workspace_id)
    return SessionView(
        user=signed_in.user_id, name=row.name, email=row.email, role=row.role, csrf=signed_in.csrf, workspace=shop
    )
