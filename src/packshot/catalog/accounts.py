"""Who may do what: workspaces, members, invites, sessions, API keys. Secrets are stored as hashes and shown once."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from pydantic import AfterValidator, BaseModel, Field, field_validator
from sqlalchemy import Row, delete, func, insert, select, update

from packshot.catalog.old_names import STYLE
from packshot.catalog.status import Line, Priority, plain
from packshot.db import Tx
from packshot.db.tables import api_keys, invites, new_id, now, sessions, users, workspaces
from packshot.errors import BadInput, Conflict, NotFound, NotSignedIn

Role = Literal["owner", "member"]
Scope = Literal["read", "write", "review", "admin"]
SCOPES: dict[str, frozenset[str]] = {
    "owner": frozenset({"read", "write", "review", "admin"}),
    "member": frozenset({"read", "write", "review"}),
}
SESSION_SECONDS, INVITE_SECONDS, LINK_SECONDS = 14 * 86_400, 7 * 86_400, 3_600
LEAST_PASSWORD = 10

_hasher = PasswordHasher()  # argon2id, RFC 9106's second recommendation: 64 MiB and three passes a password
# However many sign in at once, they take this much memory and no thread from anybody else.
_hashing = ThreadPoolExecutor(2, "packshot-password")
_NOBODY = _hasher.hash("nobody has this password")  # an unknown address takes as long as a known one


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


class SignedIn(BaseModel, frozen=True):
    """A new session with its secrets, which are shown only once."""

    token: str
    csrf: str
    user_id: str
    workspace_id: str


def hashed(secret: str) -> str:
    """Tokens have 256 random bits: a plain hash is enough to store them."""
    return hashlib.sha256(secret.encode()).hexdigest()


# --- the first user, and those he invites ---


async def first_login(tx: Tx) -> str | None:
    """The token of the first-login link, anew at each start; None once there is an owner. Makes the workspace."""
    workspace = (await tx.execute(select(workspaces.c.id).order_by(workspaces.c.id).limit(1))).scalar()
    if workspace is None:
        workspace = await make_workspace(tx, "My shop")
    elif (await tx.execute(select(users.c.id).where(users.c.workspace_id == workspace).limit(1))).first() is not None:
        return None
    await tx.execute(delete(invites).where(invites.c.email == ""))
    return await invite(tx, workspace, email="", role="owner", by=None)


async def make_workspace(tx: Tx, name: str) -> str:
    """A new, empty one; its id."""
    id = new_id("wsp")
    values = {"id": id, "name": name, "settings": WorkspaceSettings().model_dump(mode="json"), "created_at": now()}
    await tx.execute(insert(workspaces).values(**values))
    return id


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


async def sign_in_link(tx: Tx, email: str) -> str:
    """The token of a link for who cannot sign in, good once and for an hour.  Raises NotFound."""
    user = await user_of(tx, email)
    if user is None:
        raise NotFound("no member has this address, or is switched off.", subject=email)
    await tx.execute(delete(invites).where(invites.c.user_id == user.id))
    token, at = secrets.token_urlsafe(32), now()
    await tx.execute(
        insert(invites).values(
            id=new_id("inv"), workspace_id=user.workspace_id, email=user.email, role=user.role,
            token_hash=hashed(token), user_id=user.id, created_at=at, expires_at=at + LINK_SECONDS,
        )
    )  # fmt: skip
    return token


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


async def invitation(tx: Tx, token: str) -> Row[Any]:
    """What a token stands for.  Raises NotFound."""
    mine = invites.c.token_hash == hashed(token), invites.c.used_at.is_(None), invites.c.expires_at >= now()
    found = (await tx.execute(select(invites).where(*mine).with_for_update())).first()
    if found is None:
        raise NotFound("this invitation was used, or has expired.", remedy="Ask for a new one.")
    return found


async def accept(tx: Tx, token: str, *, email: str, name: str, password_hash: str) -> SignedIn:
    """Make the account that an invitation stands for, or give the one that a sign-in link opens a new password.

    The account is signed in.  email, name: of a new account.  Raises NotFound, Conflict, BadInput.
    """
    found = await invitation(tx, token)
    if found.user_id:
        id = str(found.user_id)
        user = (await tx.execute(select(users.c.disabled_at).where(users.c.id == id))).one()
        if user.disabled_at is not None:
            raise NotFound("this account was switched off.", remedy="Ask an owner.")
        await change_password(tx, id, password_hash)
    else:
        id = await _make_user(tx, found, email=found.email or email, name=name, password_hash=password_hash)
    await tx.execute(update(invites).where(invites.c.id == found.id).values(used_at=now()))
    return await _session(tx, id, found.workspace_id)


async def _make_user(tx: Tx, invite: Row[Any], *, email: str, name: str, password_hash: str) -> str:
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


async def hash_password(password: str) -> str:
    """Raises BadInput for one that is too short.  Off the event loop: it takes its time on purpose."""
    if len(password) < LEAST_PASSWORD:
        raise BadInput(f"a password has at least {LEAST_PASSWORD} characters.", subject="password")
    return await asyncio.get_running_loop().run_in_executor(_hashing, _hasher.hash, password)


# --- signing in ---


async def user_of(tx: Tx, email: str) -> Row[Any] | None:
    mine = users.c.email == email.strip().lower(), users.c.disabled_at.is_(None)
    return (await tx.execute(select(users).where(*mine))).first()


async def verify(user: Row[Any] | None, password: str) -> bool:
    """Whether it is this user's password; takes as long when there is no such user."""
    try:
        stored = user.password_hash if user else _NOBODY
        await asyncio.get_running_loop().run_in_executor(_hashing, _hasher.verify, stored, password)
    except (Argon2Error, InvalidHashError):
        return False
    return user is not None


async def sign_in(tx: Tx, user: Row[Any]) -> SignedIn:
    return await _session(tx, user.id, user.workspace_id)


async def _session(tx: Tx, user_id: str, workspace_id: str) -> SignedIn:
    session = SignedIn(
        token=secrets.token_urlsafe(32), csrf=secrets.token_urlsafe(24), user_id=user_id, workspace_id=workspace_id
    )
    at = now()
    await tx.execute(
        insert(sessions).values(
            token_hash=hashed(session.token), workspace_id=workspace_id, user_id=user_id, csrf=session.csrf,
            created_at=at, expires_at=at + SESSION_SECONDS,
        )
    )  # fmt: skip
    return session


async def session_of(tx: Tx, token: str) -> Row[Any]:
    """The session with its user.  Raises NotSignedIn."""
    found = (
        await tx.execute(
            select(sessions, users.c.role, users.c.name, users.c.email)
            .join(users, users.c.id == sessions.c.user_id)
            .where(sessions.c.token_hash == hashed(token), sessions.c.expires_at > now(), users.c.disabled_at.is_(None))
        )
    ).first()
    if found is None:
        raise NotSignedIn("you are not signed in, or were signed out.", remedy="Sign in again.")
    return found


async def sign_out(tx: Tx, *, token: str = "", user_id: str = "") -> None:
    """End one session, or all of a user's."""
    which = sessions.c.user_id == user_id if user_id else sessions.c.token_hash == hashed(token)
    await tx.execute(delete(sessions).where(which))


async def change_password(tx: Tx, user_id: str, password_hash: str) -> None:
    """Ends all of the user's sessions."""
    await tx.execute(update(users).where(users.c.id == user_id).values(password_hash=password_hash))
    await sign_out(tx, user_id=user_id)


# --- API keys ---


class KeyView(BaseModel, frozen=True):
    """An API key without the key itself."""

    id: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


async def make_key(tx: Tx, workspace_id: str, *, name: str, scopes: list[Scope], by: str | None) -> tuple[str, str]:
    """Its id, and the key itself, which is not stored and cannot be shown again."""
    id = new_id("key")
    key = f"psk_{id.removeprefix('key_')}_{secrets.token_urlsafe(32)}"
    await tx.execute(
        insert(api_keys).values(
            id=id, workspace_id=workspace_id, name=name, hash=hashed(key), scopes=sorted(set(scopes)), created_by=by,
            created_at=now(),
        )
    )  # fmt: skip
    return id, key


async def key_of(tx: Tx, key: str) -> Row[Any]:
    """Raises NotSignedIn."""
    query = select(api_keys).where(api_keys.c.hash == hashed(key), api_keys.c.revoked_at.is_(None))
    row = (await tx.execute(query)).first()
    if row is None:
        raise NotSignedIn("there is no such API key, or it was revoked.", remedy="Create a new one in the settings.")
    return row


async def used(tx: Tx, key_id: str) -> None:
    await tx.execute(update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=now()))


async def keys(tx: Tx, workspace_id: str) -> list[KeyView]:
    query = select(api_keys).where(api_keys.c.workspace_id == workspace_id).order_by(api_keys.c.id.desc())
    return [KeyView.model_validate(row, from_attributes=True) for row in await tx.execute(query)]


async def revoke(tx: Tx, workspace_id: str, key_id: str) -> None:
    """Raises NotFound."""
    mine = api_keys.c.workspace_id == workspace_id, api_keys.c.id == key_id
    done = await tx.execute(update(api_keys).where(*mine, api_keys.c.revoked_at.is_(None)).values(revoked_at=now()))
    if not done.rowcount:
        raise NotFound("there is no such key.", subject=key_id)


# --- members ---


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


# --- the workspace ---


class WorkspaceView(BaseModel, frozen=True):
    """A workspace: what is in it is seen by its members only."""

    id: str
    name: str
    settings: WorkspaceSettings


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


async def found_workspace(tx: Tx, name: str, email: str) -> tuple[str, str]:
    """Make a workspace and invite its first owner: the workspace's id, the invitation's token.

    Raises Conflict for an address that has an account: an account belongs to one workspace.
    """
    id = await make_workspace(tx, name)
    return id, await invite(tx, id, email=email, role="owner", by=None)


async def workspace(tx: Tx, workspace_id: str) -> WorkspaceView:
    row = (await tx.execute(select(workspaces).where(workspaces.c.id == workspace_id))).one()
    return WorkspaceView(id=row.id, name=row.name, settings=WorkspaceSettings.model_validate(row.settings))


async def change_workspace(tx: Tx, workspace_id: str, *, name: str | None, settings: WorkspaceSettings | None) -> None:
    """What settings does not name stays as it is."""
    values: dict[str, Any] = {} if name is None else {"name": name}
    if settings is not None:
        present = (await workspace(tx, workspace_id)).settings
        changes = settings.model_dump(mode="json", include=settings.model_fields_set)
        values["settings"] = present.model_dump(mode="json") | changes
    if values:
        await tx.execute(update(workspaces).where(workspaces.c.id == workspace_id).values(**values))
