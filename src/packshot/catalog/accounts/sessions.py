"""Sessions of members who signed in."""

from __future__ import annotations

import secrets

from pydantic import BaseModel, Field
from sqlalchemy import delete, insert, select, update

from packshot.catalog.accounts.roles import Role
from packshot.catalog.accounts.tokens import hashed
from packshot.db import Tx
from packshot.db.tables import now, sessions, users
from packshot.errors import NotSignedIn

SESSION_SECONDS = 14 * 86_400


class SignedIn(BaseModel, frozen=True):
    """A new session with its secrets, which are shown only once."""

    token: str
    csrf: str
    user_id: str
    workspace_id: str


class SessionRecord(BaseModel, frozen=True):
    """A session with its member."""

    workspace_id: str
    user_id: str
    csrf: str = Field(repr=False)
    role: Role
    name: str
    email: str


async def sign_in(tx: Tx, user_id: str, workspace_id: str) -> SignedIn:
    """Begin a session."""
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


async def session_of(tx: Tx, token: str) -> SessionRecord:
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
    return SessionRecord.model_validate(found, from_attributes=True)


async def sign_out(tx: Tx, *, token: str = "", user_id: str = "") -> None:
    """End one session, or all of a user's."""
    which = sessions.c.user_id == user_id if user_id else sessions.c.token_hash == hashed(token)
    await tx.execute(delete(sessions).where(which))


async def change_password(tx: Tx, user_id: str, password_hash: str) -> None:
    """Ends all of the user's sessions."""
    await tx.execute(update(users).where(users.c.id == user_id).values(password_hash=password_hash))
    await sign_out(tx, user_id=user_id)
