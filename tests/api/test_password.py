"""Changing one's password ends every session, this one and those in other browsers."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from shops import browser

from packshot.api.service import Service
from packshot.catalog.accounts import invites

pytestmark = pytest.mark.anyio
OLD, NEW = "correct horse battery", "another horse battery"


async def test_a_changed_password_ends_all_sessions(service: Service, app: FastAPI, nobody: httpx.AsyncClient) -> None:
    async with service.db.write() as tx:
        token = await invites.first_login(tx)
    me = {"token": token, "email": "mia@shop.example", "name": "Mia", "password": OLD}
    csrf = (await nobody.post("/invites/accept", json=me)).json()["csrf"]
    async with browser(app) as elsewhere:
        signed_in = await elsewhere.post("/session", json={"email": "mia@shop.example", "password": OLD})
        assert signed_in.status_code == 201
        assert (await elsewhere.get("/session")).status_code == 200
        body = {"old": OLD, "new": NEW}
        assert (await nobody.put("/session/password", json=body, headers={"X-CSRF-Token": csrf})).status_code == 204
        assert (await elsewhere.get("/session")).status_code == 401
        assert (await nobody.get("/session")).status_code == 401
        again = await elsewhere.post("/session", json={"email": "mia@shop.example", "password": OLD})
        assert again.status_code in (401, 403)
        assert (
            await elsewhere.post("/session", json={"email": "mia@shop.example", "password": NEW})
        ).status_code == 201
