"""One workspace never sees, changes or learns of another's things: every route is called with another's ids."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from shops import Shop
from sqlalchemy import MetaData, Table, insert, select, update

from packshot.api.service import Service
from packshot.catalog.accounts.api_keys import make_key
from packshot.catalog.accounts.invites import invite
from packshot.catalog.accounts.roles import Scope
from packshot.channel import channel
from packshot.db.tables import api_keys, invites, item_versions, items, metadata, now, renditions, reviews, users
from packshot.template import template
from places import SAMPLES

pytestmark = pytest.mark.anyio

# Routes that know no workspace: signing in, and what everybody may see.
OPEN = {"/api/v1/session", "/api/v1/invites/accept", "/api/v1/session/password", "/healthz", "/readyz", "/metrics",
        "/api/v1/files/{token}"}  # fmt: skip
NOT_CUT_OUT = {"/api/v1/images/{image_id}/matte", "/api/v1/images/{image_id}/cutout"}
REFUSED = {400, 403, 404, 405, 409, 412, 413, 415, 422, 428}


async def filled(service: Service, http: httpx.AsyncClient, shop: Shop) -> dict[str, str]:
    """One of everything: the name that routes give it → its id."""

    async def made(path: str, **body: Any) -> dict[str, Any]:
        answer = await http.post(path, headers=shop.headers, **body)
        assert answer.status_code in (201, 202), f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    product = await made("/products", json={"sku": "SECRET-SKU", "title": "Secret mug"})
    files = {"file": ("secret.jpg", (SAMPLES / "mug.jpg").read_bytes(), "image/jpeg")}
    image = await made("/images", files=files, data={"product_id": product["id"]})
    collection = await made("/collections", json={"name": "Secret season", "kind": "season"})
    style = await made("/styles", json={"name": "Secret look", "base": "white", "options": {"shadow": 0.3}})
    own = channel("shopify").model_dump(mode="json") | {"id": "secret", "name": "Secret channel"}
    await made("/channels", json=own)
    spec = {"id": "secret", "name": "Secret specification", "outputs": [{"channel": "secret", "style": style["id"]}]}
    await made("/specifications", json=spec)
    asked = {"name": "Secret batch", "source": {"images": [image["id"]]}, "styles": [{"style": "white"}],
             "channels": ["shopify"]}  # fmt: skip
    batch = (await made("/batches", json=asked))["batch"]
    async with service.db.write() as tx:
        member = {"id": "usr_secret", "email": "secret@shop.example", "name": "Secret member", "role": "member"}
        await tx.execute(
            insert(users).values(**member, workspace_id=shop.workspace, password_hash="x", created_at=now())
        )
    await made("/members", json={"email": "secret@else.example"})
    async with service.db.read() as tx:
        invite_id = await tx.scalar(select(invites.c.id).where(invites.c.workspace_id == shop.workspace))
    assert invite_id
    key = await made("/keys", json={"name": "secret", "scopes": ["read"]})
    bucket = {"name": "Secret bucket", "bucket": "secret-bucket", "access_key_id": "AKIA", "secret_access_key": "x"}
    goal = await made("/destinations", json=bucket)
    at = now()
    common = {"workspace_id": shop.workspace, "created_at": at}
    async with service.db.write() as tx:
        item = {"id": "itm_secret", "batch_id": batch["id"], "photo_id": image["id"], "style_id": "white",
                "position": 0, "priority": 5, "status": "review", "stage": "", "version": 1,
                "touched_at": at}  # fmt: skip
        await tx.execute(insert(items).values(**common, **item))
        version = {"item_id": "itm_secret", "version": 1, "style": template("white").model_dump(mode="json"),
                   "channels": [own], "changed": [], "photo_sha256": image.get("sha256", "x"), "findings": [],
                   "changes": [], "steps": []}  # fmt: skip
        await tx.execute(insert(item_versions).values(**common, **version))
        file = {"item_id": "itm_secret", "version": 1, "channel": "secret", "name": "secret.webp",
                "key": "renditions/x", "sha256": "x", "bytes": 1, "width": 1, "height": 1, "format": "webp",
                "disclosure": "x", "rejected": False, "findings": []}  # fmt: skip
        await tx.execute(insert(renditions).values(**common, **file))
        act = {"id": "rev_secret", "item_id": "itm_secret", "version": 1, "act": "act_secret", "decision": "approve",
               "before": {"status": "review", "version": 1}, "pins": {}, "at": at}  # fmt: skip
        await tx.execute(insert(reviews).values(workspace_id=shop.workspace, **act))
    return {
        "product_id": product["id"], "image_id": image["id"], "collection_id": collection["id"],
        "style_id": style["id"], "channel_id": "secret", "specification_id": "secret",
        "batch_id": batch["id"], "item_id": "itm_secret", "act": "act_secret",
        "job_id": batch["job"], "export_id": batch["job"], "key_id": key["id"],
        "member_id": "usr_secret", "destination_id": goal["id"], "invite_id": invite_id,
    }  # fmt: skip


async def state(service: Service, workspace: str) -> list[Any]:
    """Everything a workspace has, as the database holds it."""
    found = []
    async with service.db.read() as tx:
        for table in metadata.sorted_tables:
            if "workspace_id" in table.c and table.name not in ("events", "idempotency"):
                rows = await tx.execute(select(table).where(table.c.workspace_id == workspace))
                found += [(table.name, *map(str, row)) for row in rows]
    return sorted(found)


async def test_no_route_shows_or_changes_what_belongs_to_another_workspace(
    service: Service, app: FastAPI, nobody: httpx.AsyncClient, ours: Shop, theirs: Shop
) -> None:
    ids = await filled(service, nobody, ours)
    before = await state(service, ours.workspace)
    walked = 0
    for path, operations in app.openapi()["paths"].items():
        if path in OPEN:
            continue
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        assert set(names) <= set(ids), f"{path}: teach this test what {names} are"
        for method, told in operations.items():
            address = path.removeprefix("/api/v1").format(**ids)
            types = told.get("requestBody", {}).get("content", {})
            body: dict[str, Any] = {"json": _likely(path, ids)} if "application/json" in types else {}
            answer = await nobody.request(method, address, headers=theirs.headers, **body)
            walked += 1
            where = f"{method} {path}: {answer.status_code} {answer.text[:300]}"
            assert answer.status_code < 500, where
            if names:
                assert answer.status_code in REFUSED, where
            for secret in ("Secret", "SECRET", "secret@", "itm_secret", ids["image_id"], ids["product_id"]):
                told_back = answer.status_code in REFUSED  # an error may repeat what it was asked for
                assert told_back or secret not in answer.text, where
    assert walked > 70
    assert await state(service, ours.workspace) == before


def _likely(path: str, ids: dict[str, str]) -> Any:
    """A body that would do something, if it were one's own workspace."""
    bodies: dict[str, Any] = {
        "/api/v1/review": {"items": [{"id": ids["item_id"], "version": 1}], "decision": "approve"},
        "/api/v1/items/{item_id}/review": {"decision": "approve", "version": 1},
        "/api/v1/failures/retry": {"items": [ids["item_id"]]},
        "/api/v1/exports": {"batch": ids["batch_id"], "to": {"kind": "zip"}},
        "/api/v1/previews": {"style": "white", "images": [ids["image_id"]]},
        "/api/v1/batches": {"source": {"images": [ids["image_id"]]}, "styles": [{"style": ids["style_id"]}]},
        "/api/v1/collections/{collection_id}/products": {"add": [ids["product_id"]]},
        "/api/v1/products/{product_id}/photos": {"photos": [ids["image_id"]]},
        "/api/v1/images/{image_id}/generate": {"style": "white"},
        "/api/v1/images/{image_id}/matte/revert": {"version": 1},
        "/api/v1/members/{member_id}": {"disabled": True},
    }
    return bodies.get(path, {})


async def test_the_same_calls_find_ones_own_things(
    service: Service, app: FastAPI, nobody: httpx.AsyncClient, ours: Shop
) -> None:
    """What the walk above asks for is there: it is refused for whose it is, and for nothing else."""
    ids = await filled(service, nobody, ours)
    for path, operations in app.openapi()["paths"].items():
        if "get" in operations and "{" in path and path not in OPEN | NOT_CUT_OUT | {"/api/v1/exports/{export_id}"}:
            answer = await nobody.get(path.removeprefix("/api/v1").format(**ids), headers=ours.headers)
            assert answer.status_code == 200, f"{path}: {answer.text}"
            as_described(app.openapi(), operations["get"]["responses"]["200"], answer)
    for path in ("/products", "/images", "/batches", "/exports", "/destinations", "/jobs", "/items"):
        answer = await nobody.get(path, headers=ours.headers)
        described = app.openapi()["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]
        assert path == "/exports" or answer.json()["items"], path
        as_described(app.openapi(), described, answer)


def as_described(document: dict[str, Any], described: dict[str, Any], answer: httpx.Response) -> None:
    """What schemathesis cannot see, as it finds nothing by its made-up ids: all fields are there, and all headers."""
    Draft202012Validator(document | described["content"]["application/json"]["schema"]).validate(answer.json())
    assert ("ETag" in described.get("headers", {})) == ("etag" in answer.headers), answer.url


async def test_every_route_says_what_it_cannot_read(app: FastAPI, nobody: httpx.AsyncClient, ours: Shop) -> None:
    headers = ours.headers | {"Content-Type": "application/json"}
    asked = 0
    for path, operations in app.openapi()["paths"].items():
        for method, told in operations.items():
            if "application/json" in told.get("requestBody", {}).get("content", {}):
                address = path.removeprefix("/api/v1").replace("{", "").replace("}", "")
                answer = await nobody.request(method, address, headers=headers, content=b'{"name": "\xff"}')
                asked += 1
                assert answer.status_code in (400, 422), f"{method} {path}: {answer.status_code} {answer.text}"
                assert answer.headers["content-type"] == "application/problem+json"
    assert asked > 20


async def test_every_route_but_the_open_ones_wants_to_know_who_asks(app: FastAPI, nobody: httpx.AsyncClient) -> None:
    for path, operations in app.openapi()["paths"].items():
        if path in OPEN - {"/api/v1/session/password"}:
            continue
        for method in operations:
            address = path.removeprefix("/api/v1").replace("{", "").replace("}", "")
            answer = await nobody.request(method, address)
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"


SAFE = {"get", "head"}
# What a route needs of a key: the first that fits, else `read` to look and `write` to change.
NEEDS = (
    (("get", "/api/v1/members"), "read"), (("get", "/api/v1/workspace"), "read"),
    (("get", "/api/v1/destinations"), "read"), (("delete", "/api/v1/session"), "read"),
    (("put", "/api/v1/session/password"), "read"),
    (("", "/api/v1/members"), "admin"), (("", "/api/v1/keys"), "admin"), (("", "/api/v1/invites"), "admin"),
    (("", "/api/v1/workspace"), "admin"), (("", "/api/v1/destinations"), "admin"),
    (("post", "/api/v1/review"), "review"), (("post", "/api/v1/items/{item_id}/review"), "review"),
)  # fmt: skip


def needed(method: str, path: str) -> str:
    for (of_method, of_path), scope in NEEDS:
        if of_method in ("", method) and path.startswith(of_path):
            return scope
    return "read" if method in SAFE else "write"


async def test_a_key_does_what_its_scopes_say_and_nothing_else(
    service: Service, app: FastAPI, nobody: httpx.AsyncClient, ours: Shop
) -> None:
    ids = await filled(service, nobody, ours)
    scopes: tuple[Scope, ...] = ("read", "write", "review", "admin")
    keys: dict[str, tuple[str, str]] = {}
    async with service.db.write() as tx:
        for scope in scopes:
            others = [other for other in scopes if other != scope]
            _, alone = await make_key(tx, ours.workspace, name="one", scopes=[scope], by=None)
            _, without = await make_key(tx, ours.workspace, name="all but one", scopes=others, by=None)
            keys[scope] = alone, without
        await tx.execute(update(api_keys).values(last_used_at=now()))  # which would be noted
    before = await state(service, ours.workspace)
    walked = [
        (method, path, told) for path, operations in app.openapi()["paths"].items()
        for method, told in operations.items() if path not in OPEN - {"/api/v1/session/password"}
    ]  # fmt: skip
    for method, path, told in walked:
        answer = await called(nobody, method, path, told, ids, keys[needed(method, path)][1])
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code} {answer.text[:200]}"
    assert await state(service, ours.workspace) == before
    for method, path, told in walked:
        answer = await called(nobody, method, path, told, ids, keys[needed(method, path)][0])
        assert answer.status_code not in (401, 403, 500), f"{method} {path}: {answer.text[:200]}"


async def called(
    http: httpx.AsyncClient, method: str, path: str, told: dict[str, Any], ids: dict[str, str], key: str
) -> httpx.Response:
    types = told.get("requestBody", {}).get("content", {})
    body: dict[str, Any] = {"json": _likely(path, ids)} if "application/json" in types else {}
    headers = {"Authorization": f"Bearer {key}"}
    return await http.request(method, path.removeprefix("/api/v1").format(**ids), headers=headers, **body)


async def test_a_cookie_alone_changes_nothing(
    service: Service, app: FastAPI, nobody: httpx.AsyncClient, ours: Shop
) -> None:
    """Whoever gets a browser to send it from another page has the cookie, and not the token."""
    ids = await filled(service, nobody, ours)
    async with service.db.write() as tx:
        token = await invite(tx, ours.workspace, email="mia@shop.example", role="owner", by=None)
    me = {"token": token, "email": "mia@shop.example", "name": "Mia", "password": "correct horse battery"}
    csrf = (await nobody.post("/invites/accept", json=me)).json()["csrf"]
    before = await state(service, ours.workspace)
    walked = 0
    for path, operations in app.openapi()["paths"].items():
        for method, told in operations.items():
            if method in SAFE or (path in OPEN and path != "/api/v1/session/password" and method != "delete"):
                continue
            types = told.get("requestBody", {}).get("content", {})
            body: dict[str, Any] = {"json": _likely(path, ids)} if "application/json" in types else {}
            address = path.removeprefix("/api/v1").format(**ids)
            for headers in (
                {}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": csrf[:-1]}, {"X-CSRF-Token": b"\xff"},
                {"X-CSRF-Token": csrf, "Origin": "https://evil.example"}, {"X-CSRF-Token": csrf, "Origin": "null"},
                {"Authorization": "Basic eDp5"}, {"Idempotency-Key": "k"},
            ):  # fmt: skip
                answer = await nobody.request(method, address, headers=headers, **body)
                assert answer.status_code == 403, f"{method} {path} {headers}: {answer.status_code}"
            walked += 1
    assert walked > 40
    assert await state(service, ours.workspace) == before


def test_every_table_of_somebodys_things_names_its_workspace() -> None:
    shared = {"workspaces", "login_tries", "product_collections"}
    tables: MetaData = metadata
    missing = [t.name for t in tables.sorted_tables if _nobodys(t) and t.name not in shared]
    assert not missing


def _nobodys(table: Table) -> bool:
    return "workspace_id" not in table.c
