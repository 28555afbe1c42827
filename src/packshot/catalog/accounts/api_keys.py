"""API keys: for programs, each with scopes of its own."""

from __future__ import annotations

import secrets
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import insert, select, update

from packshot.catalog.accounts.roles import Scope
from packshot.catalog.accounts.tokens import hashed
from packshot.db import Tx
from packshot.db.tables import api_keys, new_id, now
from packshot.errors import NotFound, NotSignedIn


class KeyRecord(BaseModel, frozen=True):
    """A key that is in use."""

    id: str
    workspace_id: str
    name: str
    scopes: frozenset[Scope]
    last_used_at: float | None


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


async def key_of(tx: Tx, key: str) -> KeyRecord:
    """Raises NotSignedIn."""
    query = select(api_keys).where(api_keys.c.hash == hashed(key), api_keys.c.revoked_at.is_(None))
    row = (await tx.execute(query)).first()
    if row is None:
        raise NotSignedIn("there is no such API key, or it was revoked.", remedy="Create a new one in the settings.")
    return KeyRecord.model_validate(row, from_attributes=True)


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
