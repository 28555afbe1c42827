"""Destinations: a workspace's own S3 buckets, each with a secret that is stored encrypted and never shown."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from datetime import datetime

import httpcore
import httpx
from obstore.store import S3Store
from pydantic import BaseModel, Field, SecretStr, field_validator
from sqlalchemy import select, update

from packshot.catalog.delivery.bucket import PRIVATE_REMEDY, Bucket
from packshot.catalog.ports import Secrets
from packshot.db import Tx, typed
from packshot.db.tables import destinations, new_id, now
from packshot.errors import BadOption, FetchFailed, NotFound, PackshotError, UnsafeInput
from packshot.fetch import check_url
from packshot.pinned import checked_addresses, is_public
from packshot.settings import Settings

_LOOK_UP_SECONDS = 10.0


class DestinationRequest(BaseModel, frozen=True, extra="forbid"):
    """A bucket to deliver to."""

    name: str = Field(min_length=1, max_length=200)
    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="As the provider names it.")
    prefix: str = Field("", max_length=200, description="A folder in the bucket, such as shop/photos.")
    region: str = Field("us-east-1", pattern=r"^[a-z0-9-]{1,40}$")
    endpoint: str = Field("", max_length=300, description="https://… of another provider than AWS.")
    access_key_id: str = Field(min_length=1, max_length=200)
    secret_access_key: SecretStr = Field(min_length=1, max_length=400)

    @field_validator("prefix")
    @classmethod
    def _plain(cls, prefix: str) -> str:
        return plain_prefix(prefix)

    @field_validator("endpoint")
    @classmethod
    def _an_address(cls, endpoint: str) -> str:
        if not endpoint:
            return ""
        try:
            address = check_url(endpoint)
        except PackshotError as error:
            raise ValueError(error.message) from None
        if address.path not in ("", "/") or address.query:
            raise ValueError("give the address of the server alone, such as https://s3.example.com")
        return str(address).rstrip("/")


class DestinationView(BaseModel, frozen=True):
    """A destination without its secret."""

    id: str
    name: str
    kind: str
    bucket: str
    prefix: str
    region: str
    endpoint: str
    access_key_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DestinationRecord:
    """A row of `destinations`.  config: bucket, prefix, region, endpoint, access_key_id.  secret: encrypted."""

    id: str
    workspace_id: str
    name: str
    kind: str
    config: dict[str, str]
    secret: bytes
    created_at: float
    deleted_at: float | None


def plain_prefix(prefix: str) -> str:
    """A folder path of plain names.  Raises ValueError for anything that leads elsewhere."""
    parts = [part for part in prefix.strip("/").split("/") if part]
    if any(not re.fullmatch(r"[\w][\w .-]{0,99}", part) or part.rstrip(". ") != part for part in parts):
        raise ValueError("name folders with letters, digits, dots, hyphens and underscores, parted by /")
    return "/".join(parts)


async def create(tx: Tx, workspace_id: str, request: DestinationRequest, *, secrets: Secrets) -> DestinationView:
    """`check_endpoint` comes first, outside the transaction: it looks a name up."""
    id = new_id("dst")
    config = request.model_dump(exclude={"name", "secret_access_key"})
    await tx.execute(
        destinations.insert().values(
            id=id, workspace_id=workspace_id, name=request.name, kind="s3", config=config, created_at=now(),
            secret=secrets.encrypt(request.secret_access_key.get_secret_value()),
        )
    )  # fmt: skip
    return view(await row(tx, workspace_id, id))


async def change(
    tx: Tx, workspace_id: str, id: str, request: DestinationRequest, *, secrets: Secrets
) -> DestinationView:
    """Replace it, secret included; `check_endpoint` comes first.  Raises NotFound."""
    await row(tx, workspace_id, id)
    await tx.execute(
        update(destinations).where(destinations.c.workspace_id == workspace_id, destinations.c.id == id).values(
            name=request.name, config=request.model_dump(exclude={"name", "secret_access_key"}),
            secret=secrets.encrypt(request.secret_access_key.get_secret_value()),
        )
    )  # fmt: skip
    return view(await row(tx, workspace_id, id))


async def row(tx: Tx, workspace_id: str, id: str) -> DestinationRecord:
    """A destination as it is stored.  Raises NotFound."""
    record = (await tx.execute(select(destinations).where(
        destinations.c.workspace_id == workspace_id, destinations.c.id == id, destinations.c.deleted_at.is_(None)
    ))).first()  # fmt: skip
    if record is None:
        raise NotFound("there is no such destination.", subject=id)
    return typed(DestinationRecord, record)


async def page(tx: Tx, workspace_id: str, *, after: str | None = None, limit: int = 50) -> list[DestinationView]:
    query = select(destinations).where(
        destinations.c.workspace_id == workspace_id, destinations.c.deleted_at.is_(None)
    )  # fmt: skip
    if after:
        query = query.where(destinations.c.id < after)
    rows = await tx.execute(query.order_by(destinations.c.id.desc()).limit(limit))
    return [view(typed(DestinationRecord, row)) for row in rows]


async def delete(tx: Tx, workspace_id: str, id: str) -> None:
    """Hide it and delete its secret.  Raises NotFound."""
    await row(tx, workspace_id, id)
    await tx.execute(
        update(destinations).where(destinations.c.workspace_id == workspace_id, destinations.c.id == id)
        .values(deleted_at=now(), secret=b"")
    )  # fmt: skip


def view(record: DestinationRecord) -> DestinationView:
    return DestinationView(
        id=record.id, name=record.name, kind=record.kind, created_at=record.created_at, **record.config
    )  # fmt: skip


async def check_endpoint(endpoint: str, *, private: bool) -> None:
    """Every address of the server's name must be on the open internet, and spoken to with TLS.

    For a person who enters it; `opened` checks again as it connects.  Raises UnsafeInput, BadOption where the name has
    no address.
    """
    if not endpoint or private:
        return
    address = httpx.URL(endpoint)
    _check_scheme(address)
    deadline = time.monotonic() + _LOOK_UP_SECONDS
    try:
        await asyncio.to_thread(checked_addresses, address.host, address.port or 443, is_public, deadline=deadline)
    except UnsafeInput:
        raise UnsafeInput("this server is inside a private network.", subject=endpoint, remedy=PRIVATE_REMEDY) from None
    except (FetchFailed, httpcore.TimeoutException):
        raise BadOption("no server of this name was found.", subject=endpoint, remedy="Check the address.") from None


def opened(record: DestinationRecord, *, secrets: Secrets, settings: Settings) -> Bucket:
    """The bucket of a destination.  Raises UnsafeInput."""
    config, private = record.config, settings.private_endpoints
    if config["endpoint"] and not private:
        _check_scheme(httpx.URL(config["endpoint"]))
    # Everything is set here, so that no AWS settings of this machine are used.
    signer = S3Store(
        config["bucket"],
        prefix=config["prefix"] or None,
        config={
            "endpoint": config["endpoint"] or f"https://s3.{config['region']}.amazonaws.com",
            "region": config["region"],
            "access_key_id": config["access_key_id"],
            "secret_access_key": secrets.decrypt(record.secret),
            "virtual_hosted_style_request": False,
        },
        client_options={"allow_http": private},
    )
    # AWS' own name may lead into a private network: that is how it is reached without the internet.
    anywhere = private or not config["endpoint"]
    return Bucket(signer, record.name, allow=(lambda address: True) if anywhere else is_public)


def _check_scheme(address: httpx.URL) -> None:
    if address.scheme != "https":
        raise UnsafeInput("its address must begin with https://.", subject=str(address))
