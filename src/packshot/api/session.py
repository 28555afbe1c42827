"""Signing in and out, accepting an invitation, one's own password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from packshot import accounts
from packshot.accounts import SignedIn, WorkspaceView
from packshot.api import sign_in_tries
from packshot.api.access import COOKIE, Reader, address_of, same_origin
from packshot.api.bodies import OPEN_BYTES
from packshot.api.service import Service, Svc
from packshot.catalog.status import Line
from packshot.errors import NotAllowed, NotSignedIn

router = APIRouter(tags=["session"], max_body_size=OPEN_BYTES)

Email = Annotated[
    Line, Field(min_length=3, max_length=320, pattern=r"^[^@\s]+@[^@\s]+$", examples=["mia@shop.example"])
]
Password = Annotated[str, Field(min_length=1, max_length=1024)]


class Login(BaseModel, extra="forbid"):
    email: Email
    password: Password


class Acceptance(BaseModel, extra="forbid"):
    """Of an account that a sign-in link opens, address and name stay as they are: both may be left out."""

    token: str = Field(max_length=200, description="of the invitation, the first-login link or the sign-in link")
    email: Email | None = None
    name: Annotated[Line, Field(min_length=1, max_length=200)] | None = None
    password: Password


class NewPassword(BaseModel, extra="forbid"):
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


@router.post("/session", status_code=201)
async def sign_in(svc: Svc, request: Request, response: Response, body: Login) -> SessionView:
    """Sign in with an address and a password: sets the session's cookie."""
    _from_here(svc, request)
    address = address_of(svc, request)
    account, everybody = sign_in_tries.of_account(body.email, address), sign_in_tries.of_address(address)
    async with svc.db.write() as tx:
        await sign_in_tries.count(tx, account, everybody)
    async with svc.db.read() as tx:
        user = await accounts.user_of(tx, body.email)
    if not await accounts.verify(user, body.password) or user is None:
        raise NotSignedIn("the address or the password is wrong.", remedy="Try again, or ask an owner for an invite.")
    async with svc.db.write() as tx:
        await sign_in_tries.right(tx, account, everybody)
        session = await accounts.sign_in(tx, user)
    return await _signed_in(svc, response, session)


@router.post("/invites/accept", status_code=201)
async def accept_invite(svc: Svc, request: Request, response: Response, body: Acceptance) -> SessionView:
    """Make the account that an invitation or the first-login link stands for, or give the one that a sign-in link opens
    a new password; and sign it in."""
    _from_here(svc, request)
    async with svc.db.read() as tx:  # a hash is work, which is done for no guessed token
        await accounts.invitation(tx, body.token)
    password_hash = await accounts.hash_password(body.password)
    async with svc.db.write() as tx:
        session = await accounts.accept(
            tx, body.token, email=body.email or "", name=body.name or "", password_hash=password_hash
        )
    return await _signed_in(svc, response, session)


@router.get("/session")
async def who_am_i(svc: Svc, who: Reader) -> SessionView:
    """Who is signed in."""
    async with svc.db.read() as tx:
        shop = await accounts.workspace(tx, who.workspace_id)
    return SessionView(user=who.by, name=who.name, email=who.email, role=who.role, csrf=who.csrf, workspace=shop)


@router.delete("/session", status_code=204)
async def sign_out(svc: Svc, request: Request, response: Response, who: Reader, everywhere: bool = False) -> None:
    """End this session, or all of this member's."""
    async with svc.db.write() as tx:
        token = request.cookies.get(COOKIE, "")
        await accounts.sign_out(tx, token=token, user_id=(who.user_id or "") if everywhere else "")
    response.delete_cookie(COOKIE, path="/")


@router.put("/session/password", status_code=204)
async def change_password(svc: Svc, response: Response, who: Reader, body: NewPassword) -> None:
    """Change one's own password; all sessions end."""
    if who.user_id is None:
        raise NotAllowed("an API key has no password.")
    tries = sign_in_tries.of_user(who.user_id)
    async with svc.db.write() as tx:
        await sign_in_tries.count(tx, tries)
    async with svc.db.read() as tx:
        mine = next(m for m in await accounts.members(tx, who.workspace_id) if m.id == who.user_id)
        user = await accounts.user_of(tx, mine.email)
    if not await accounts.verify(user, body.old):
        raise NotAllowed("the old password is wrong.")
    password_hash = await accounts.hash_password(body.new)
    async with svc.db.write() as tx:
        await sign_in_tries.right(tx, tries)
        await accounts.change_password(tx, who.user_id, password_hash)
    response.delete_cookie(COOKIE, path="/")


def _from_here(svc: Service, request: Request) -> None:
    if not same_origin(svc, request):
        raise NotAllowed("this did not come from Packshot's own pages.")


async def _signed_in(svc: Service, response: Response, session: SignedIn) -> SessionView:
    response.set_cookie(
        COOKIE, session.token, max_age=accounts.SESSION_SECONDS, path="/", httponly=True, samesite="lax",
        secure=svc.settings.address.startswith("https://"),
    )  # fmt: skip
    async with svc.db.read() as tx:
        row = await accounts.session_of(tx, session.token)
        shop = await accounts.workspace(tx, session.workspace_id)
    return SessionView(
        user=session.user_id, name=row.name, email=row.email, role=row.role, csrf=session.csrf, workspace=shop
    )
