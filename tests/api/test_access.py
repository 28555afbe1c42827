"""Who gets in, how often one may try, what a key may do, and what never reaches a log."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from shops import ROOT, Shop, browser
from sqlalchemy import update

from packshot import logs
from packshot.api.service import Service
from packshot.catalog.accounts import invites, sessions, workspaces
from packshot.db import tables
from packshot.db.tables import now
from places import SAMPLES

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse battery"


async def first_user(service: Service, http: httpx.AsyncClient, email: str = "mia@shop.example") -> str:
    """Signed in as the owner; the CSRF token."""
    async with service.db.write() as tx:
        token = await invites.first_login(tx)
    me = {"token": token, "email": email, "name": "Mia", "password": PASSWORD}
    answer = await http.post("/invites/accept", json=me)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["csrf"])


async def test_the_first_login_link_makes_an_owner_once(service: Service, nobody: httpx.AsyncClient) -> None:
    async with service.db.write() as tx:
        token = await invites.first_login(tx)
    me = {"token": token, "email": "Mia@Shop.example", "name": "Mia", "password": PASSWORD}
    assert (await nobody.post("/invites/accept", json=me | {"password": "short"})).status_code == 422
    made = await nobody.post("/invites/accept", json=me)
    assert made.status_code == 201
    assert made.json()["role"] == "owner"
    assert "httponly" in made.headers["set-cookie"].lower()
    assert "samesite=lax" in made.headers["set-cookie"].lower()
    assert (await nobody.post("/invites/accept", json=me)).status_code == 404
    async with service.db.write() as tx:
        assert await invites.first_login(tx) is None


async def test_a_change_from_another_page_is_refused(service: Service, nobody: httpx.AsyncClient) -> None:
    csrf = await first_user(service, nobody)
    body = {"name": "Autumn", "kind": "collection"}
    assert (await nobody.post("/collections", json=body)).status_code == 403
    assert (await nobody.post("/collections", json=body, headers={"X-CSRF-Token": "guess"})).status_code == 403
    elsewhere = {"X-CSRF-Token": csrf, "Origin": "https://evil.example"}
    assert (await nobody.post("/collections", json=body, headers=elsewhere)).status_code == 403
    assert (await nobody.post("/collections", json=body, headers={"X-CSRF-Token": csrf})).status_code == 201


async def test_a_disabled_member_is_out_at_once_and_the_last_owner_stays(
    service: Service, app: FastAPI, nobody: httpx.AsyncClient
) -> None:
    csrf = await first_user(service, nobody)
    owner = (await nobody.get("/members")).json()[0]
    refused = await nobody.patch(f"/members/{owner['id']}", json={"disabled": True}, headers={"X-CSRF-Token": csrf})
    assert refused.status_code == 409
    invited = await nobody.post("/members", json={"email": "ben@shop.example"}, headers={"X-CSRF-Token": csrf})
    async with browser(app) as ben:
        me = {"token": invited.json()["token"], "email": "other@x.example", "name": "Ben", "password": PASSWORD}
        assert (await ben.post("/invites/accept", json=me)).status_code == 201
        member = next(m for m in (await ben.get("/members")).json() if m["name"] == "Ben")
        assert member["email"] == "ben@shop.example"  # the address that was invited, not the one that was typed
        assert (await ben.get("/keys")).status_code == 403
        await nobody.patch(f"/members/{member['id']}", json={"disabled": True}, headers={"X-CSRF-Token": csrf})
        assert (await ben.get("/members")).status_code == 401


async def test_an_invitation_is_listed_until_it_is_accepted_or_withdrawn(
    service: Service, app: FastAPI, nobody: httpx.AsyncClient
) -> None:
    csrf = {"X-CSRF-Token": await first_user(service, nobody)}
    me = (await nobody.get("/session")).json()
    assert (me["name"], me["email"]) == ("Mia", "mia@shop.example")
    tokens = []
    for email, role in (("ben@shop.example", "member"), ("zoe@shop.example", "owner")):
        made = await nobody.post("/members", json={"email": email, "role": role}, headers=csrf)
        tokens.append(made.json()["token"])
    zoe, ben = (await nobody.get("/invites")).json()
    assert (ben["email"], ben["role"], ben["invited_by"]) == ("ben@shop.example", "member", me["user"])
    assert zoe["role"] == "owner" and zoe["created_at"] < zoe["expires_at"]
    listed = (await nobody.get("/invites")).text
    assert not any(token in listed for token in tokens)
    assert (await nobody.delete(f"/invites/{zoe['id']}", headers=csrf)).status_code == 204
    assert (await nobody.delete(f"/invites/{zoe['id']}", headers=csrf)).status_code == 404
    async with browser(app) as other:
        account = {"email": "x@x.example", "name": "Ben", "password": PASSWORD}
        assert (await other.post("/invites/accept", json=account | {"token": tokens[1]})).status_code == 404
        made = await other.post("/invites/accept", json=account | {"token": tokens[0]})
        assert (made.json()["name"], made.json()["email"]) == ("Ben", "ben@shop.example")
        assert (await other.get("/invites")).status_code == 403
        own = {"X-CSRF-Token": made.json()["csrf"]}
        assert (await other.delete(f"/invites/{ben['id']}", headers=own)).status_code == 403
    assert (await nobody.get("/invites")).json() == []
    assert (await nobody.delete(f"/invites/{ben['id']}", headers=csrf)).status_code == 404
    await nobody.post("/members", json={"email": "late@shop.example"}, headers=csrf)
    async with service.db.write() as tx:
        await tx.execute(update(tables.invites).values(expires_at=1.0))
    assert (await nobody.get("/invites")).json() == []


async def test_a_key_says_its_name_where_a_member_says_his(nobody: httpx.AsyncClient, ours: Shop) -> None:
    told = (await nobody.get("/session", headers=ours.headers)).json()
    assert (told["name"], told["email"], told["role"]) == ("test", "", "key")


async def test_a_key_may_do_what_its_scopes_say_until_it_is_revoked(
    service: Service, nobody: httpx.AsyncClient, ours: Shop
) -> None:
    made = await nobody.post("/keys", json={"name": "reader", "scopes": ["read"]}, headers=ours.headers)
    reader = {"Authorization": f"Bearer {made.json()['key']}"}
    assert (await nobody.get("/products", headers=reader)).status_code == 200
    assert (await nobody.post("/products", json={"sku": "A"}, headers=reader)).status_code == 403
    kept = (await nobody.get("/keys", headers=ours.headers)).text
    assert made.json()["key"] not in kept
    await nobody.delete(f"/keys/{made.json()['id']}", headers=ours.headers)
    assert (await nobody.get("/products", headers=reader)).status_code == 401


async def test_a_link_to_a_file_opens_without_sign_in_and_only_as_it_was_signed(
    service: Service, nobody: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from packshot.api.files import link

    service.store.put("renditions/abc", b"pixels")
    address = link(service, "wsp_1", "renditions/abc", 'mug "blue".webp')
    found = await nobody.get(address)
    assert found.content == b"pixels"
    assert found.headers["content-type"] == "image/webp"
    assert '"' not in found.headers["content-disposition"]
    assert (await nobody.get(address[:-2] + "xx")).status_code == 404
    monkeypatch.setattr("packshot.service.secrets.LINK_SECONDS", -1)
    late = await nobody.get(address)
    assert late.status_code == 404
    assert "expired" in late.json()["detail"]


async def test_the_same_post_twice_is_done_once(nobody: httpx.AsyncClient, ours: Shop) -> None:
    headers = ours.headers | {"Idempotency-Key": "order-1"}
    first = await nobody.post("/products", json={"sku": "MUG"}, headers=headers)
    again = await nobody.post("/products", json={"sku": "MUG"}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = await nobody.post("/products", json={"sku": "JUG"}, headers=headers)
    assert other.status_code == 409
    assert len((await nobody.get("/products", headers=ours.headers)).json()["items"]) == 1


async def test_what_was_refused_is_tried_anew_under_the_same_key(nobody: httpx.AsyncClient, ours: Shop) -> None:
    headers = ours.headers | {"Idempotency-Key": "upload-1"}
    broken = await nobody.post("/images", files={"file": ("mug.jpg", b"no photo")}, headers=headers)
    assert broken.status_code in (415, 422)
    photo = (SAMPLES / "mug.jpg").read_bytes()
    made = await nobody.post("/images", files={"file": ("mug.jpg", photo)}, headers=headers)
    assert made.status_code == 201
    again = await nobody.post("/images", files={"file": ("mug.jpg", photo)}, headers=headers)
    assert again.json()["id"] == made.json()["id"]


async def test_no_secret_reaches_the_log(
    service: Service, nobody: httpx.AsyncClient, ours: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    logs.configure()
    csrf = await first_user(service, nobody)
    cookie = nobody.cookies["packshot_session"]
    made = await nobody.post("/keys", json={"name": "k", "scopes": ["read"]}, headers={"X-CSRF-Token": csrf})
    key = made.json()["key"]
    await nobody.get(f"/products?q={key}", headers={"Authorization": f"Bearer {key}"})
    await nobody.post("/session", json={"email": "mia@shop.example", "password": PASSWORD})
    assert '"event": "request"' in out.getvalue()
    for secret in (PASSWORD, csrf, cookie, key, ours.key):
        assert secret not in out.getvalue()


async def test_an_expired_session_is_over(
    service: Service, nobody: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await first_user(service, nobody)
    assert (await nobody.get("/session")).status_code == 200
    late = now() + sessions.SESSION_SECONDS + 1
    monkeypatch.setattr(sessions, "now", lambda: late)
    assert (await nobody.get("/session")).status_code == 401


async def test_json_without_end_is_cut_off(nobody: httpx.AsyncClient, ours: Shop) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b" " * 2**20

    headers = ours.headers | {"Content-Type": "application/json"}
    answer = await nobody.post("/products", content=endless(), headers=headers)
    assert answer.status_code == 413
    deep = await nobody.post("/batches", content=b"[" * 100_000, headers=headers)
    assert deep.status_code == 422


async def test_settings_that_are_not_named_stay(nobody: httpx.AsyncClient, ours: Shop) -> None:
    nights = {"start": "22:00", "end": "06:00", "time_zone": "Europe/Berlin"}
    for settings in ({"off_peak": nights}, {"watch": {"style": "color"}}):
        answer = await nobody.patch("/workspace", json={"settings": settings}, headers=ours.headers)
    assert answer.json()["settings"]["off_peak"] == nights
    assert answer.json()["settings"]["watch"]["channels"] == ["shopify"]


async def test_an_owner_makes_a_further_workspace_and_neither_sees_the_other(
    service: Service, app: FastAPI, nobody: httpx.AsyncClient
) -> None:
    csrf = {"X-CSRF-Token": await first_user(service, nobody)}
    made = await nobody.post("/workspaces", json={"name": "Northwind", "email": "nora@n.example"}, headers=csrf)
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    taken = await nobody.post("/workspaces", json={"name": "Again", "email": "mia@shop.example"}, headers=csrf)
    assert taken.status_code == 409  # an account belongs to one workspace
    await nobody.post("/collections", json={"name": "Autumn", "kind": "collection"}, headers=csrf)
    assert not (await nobody.get("/invites")).json()  # it is the other workspace's
    async with browser(app) as nora:
        me = {"token": made.json()["invitation"]["token"], "name": "Nora", "password": PASSWORD}
        session = (await nora.post("/invites/accept", json=me)).json()
        assert (session["role"], session["workspace"]["name"]) == ("owner", "Northwind")
        # An owner of hers, but she does not run this installation.
        body = {"name": "Third", "email": "t@n.example"}
        refused = await nora.post("/workspaces", json=body, headers={"X-CSRF-Token": session["csrf"]})
        assert refused.status_code == 403 and "run this installation" in refused.json()["detail"]
        assert not session["workspace"]["first"]
        for http, token, status in ((nobody, csrf["X-CSRF-Token"], 200), (nora, session["csrf"], 403)):
            wanted = {"name": "metrics", "scopes": ["admin"]}
            key = (await http.post("/keys", json=wanted, headers={"X-CSRF-Token": token})).json()["key"]
            elsewhere = {"Authorization": f"Bearer {key}", "X-Forwarded-For": "203.0.113.7"}
            assert (await http.get(ROOT + "/metrics", headers=elsewhere)).status_code == status
        assert [m["name"] for m in (await nora.get("/members")).json()] == ["Nora"]
        assert (await nora.get("/collections")).json()["items"] == []
        # A member is no owner.
        ben = await nora.post("/members", json={"email": "b@n.example"}, headers={"X-CSRF-Token": session["csrf"]})
        me = {"token": ben.json()["token"], "name": "Ben", "password": PASSWORD}
        session = (await nora.post("/invites/accept", json=me)).json()
        refused = await nora.post("/workspaces", json=body, headers={"X-CSRF-Token": session["csrf"]})
        assert refused.status_code == 403
    assert [m["name"] for m in (await nobody.get("/members")).json()] == ["Mia"]


async def test_the_first_workspace_gets_its_owner_even_after_a_further_one(service: Service) -> None:
    async with service.db.write() as tx:
        assert await invites.first_login(tx)
        _, token = await invites.found_workspace(tx, "Northwind", "nora@n.example")
        await invites.accept(tx, token, email="", name="Nora", password_hash="-")
        first = await invites.first_login(tx)
        assert first
        await invites.accept(tx, first, email="mia@shop.example", name="Mia", password_hash="-")
        assert await invites.first_login(tx) is None
        assert [(name, members) for _, name, members in await workspaces.workspace_rows(tx)] == [
            ("My shop", 1),
            ("Northwind", 1),
        ]
