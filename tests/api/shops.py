"""The whole application over a fresh database, with a member of each of two workspaces."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.datastructures import State

from packshot.api.app import create_app
from packshot.api.service import Service, opened
from packshot.catalog.accounts import api_keys, workspaces
from packshot.db import Database
from packshot.settings import Settings

ROOT = "http://127.0.0.1:8484"


@pytest.fixture
def settings(tmp_path: Path, migrated_sqlite: Path) -> Settings:
    made = Settings(data_dir=tmp_path, secret=SecretStr("a secret of the tests"))
    shutil.copyfile(migrated_sqlite, tmp_path / "packshot.db")
    return made


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    async with opened(settings) as made:
        yield made


@pytest.fixture(scope="session")
def application() -> FastAPI:
    """Made once: it takes longer than most tests."""
    return create_app(cast(Service, None))


@pytest.fixture
def app(application: FastAPI, service: Service) -> FastAPI:
    application.state = State({"service": service})
    return application


@pytest.fixture
async def nobody(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is not signed in."""
    async with browser(app) as http:
        yield http


def browser(app: FastAPI, address: str = "127.0.0.1") -> httpx.AsyncClient:
    """One with cookies of its own, at this address."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1234))
    return httpx.AsyncClient(transport=transport, base_url=f"{ROOT}/api/v1")


@dataclass(frozen=True)
class Shop:
    workspace: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


async def a_shop(service: Service, name: str) -> Shop:
    return await shop_in(service.db, name)


async def shop_in(db: Database, name: str) -> Shop:
    async with db.write() as tx:
        workspace = await workspaces.make_workspace(tx, name)
        _, key = await api_keys.make_key(
            tx, workspace, name="test", scopes=["read", "write", "review", "admin"], by=None
        )  # fmt: skip
    return Shop(workspace, key)


@pytest.fixture
async def ours(service: Service) -> Shop:
    return await a_shop(service, "Ours")


@pytest.fixture
async def theirs(service: Service) -> Shop:
    return await a_shop(service, "Theirs")
