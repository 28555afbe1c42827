"""The routes of batches, items, review, exports and events: who asks, what is answered, nothing of others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, get_args

import httpx
import pytest
import uvicorn
import websockets
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import update
from starlette.datastructures import State
from studio import OTHER, WS, FakeQueues, Studio

from packshot.api import access, batches, destinations, events, exports, failures, items, review
from packshot.api.access import Principal
from packshot.api.service import Service
from packshot.catalog.batches import expand
from packshot.catalog.delivery import export_run
from packshot.catalog.events.log import record_event
from packshot.db import tables as t
from packshot.errors import NotSignedIn, PackshotError
from packshot.settings import Limits
from waiting import SOON, until

pytestmark = pytest.mark.anyio

OWNER = Principal(WS, "usr_1", None, "owner", frozenset({"read", "write", "review", "admin"}))


class Queues(FakeQueues):
    async def move(self, refs: Any) -> None:
        await self.remove(refs)
        await self.add(refs)


@pytest.fixture(scope="module")
def routes() -> FastAPI:
    """Only these routes; who asks is what the header X-Workspace says."""
    made = FastAPI()
    for module in (batches, destinations, events, exports, failures, items, review):
        made.include_router(module.router)

    def asks(request: Request) -> Principal:
        return replace(OWNER, workspace_id=request.headers.get("x-workspace", WS))

    for wanted in (access.Reader, access.Editor, access.Reviewer, access.Admin):
        made.dependency_overrides[get_args(wanted)[1].dependency] = asks

    @made.exception_handler(PackshotError)
    async def told(request: Request, error: PackshotError) -> JSONResponse:
        return JSONResponse({"detail": error.message}, error.status)

    return made


@pytest.fixture
async def app(studio: Studio, routes: FastAPI, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """The routes over a studio of its own."""
    studio.settings.limits, studio.settings.address = Limits(), "http://studio.example"
    studio.queues = Queues()
    rest: dict[str, Any] = {"queues": studio.queues, "signer": None, "pixels": None}
    service = Service(settings=studio.settings, db=studio.db, store=studio.store, secrets=studio.secrets, **rest)
    routes.state = State({"service": service})

    def link(svc: Any, workspace_id: str, key: str, *, name: str = "") -> str:
        return f"/files/{key}"

    for module in (items, exports):
        monkeypatch.setattr(module, "link", link)
    return routes


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://t") as made:
        yield made


async def batch(studio: Studio, client: httpx.AsyncClient, count: int = 3) -> str:
    """A batch made through the API, filled."""
    body = {
        "name": "Spring", "source": {"images": await studio.add_photos(count)}, "styles": [{"style": "white"}],
        "channels": ["web"],
    }  # fmt: skip
    answer = await client.post("/batches", json=body)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"].endswith(answer.json()["batch"]["id"])
    assert (await client.get("/events", params={"after": 0})).json()["messages"]
    await expand.work(await studio.job(answer.json()["job"]), studio)
    return str(answer.json()["batch"]["id"])


async def test_a_batch_from_its_making_to_its_end(studio: Studio, client: httpx.AsyncClient) -> None:
    id = await batch(studio, client)
    status = (await client.get(f"/batches/{id}/status")).json()
    assert (status["state"], status["counts"]["processing"], status["stages"]) == ("processing", 3, {"segment": 3})
    mark = (await client.get(f"/batches/{id}")).headers["etag"]
    assert (await client.patch(f"/batches/{id}", json={"name": "x"}, headers={"If-Match": '"99"'})).status_code == 412
    changed = await client.patch(f"/batches/{id}", json={"priority": "urgent"}, headers={"If-Match": mark})
    assert changed.json()["priority"] == "urgent" and changed.headers["etag"] != mark
    assert {ref.priority for ref in studio.queues.refs.values() if ref.version} == {1}
    for act, state in (("pause", "paused"), ("resume", "processing"), ("cancel", "cancelled")):
        assert (await client.post(f"/batches/{id}/{act}")).json()["state"] == state
    assert (await client.post(f"/batches/{id}/start")).status_code == 409
    assert not [ref for ref in studio.queues.refs.values() if ref.id.startswith("itm_")]
    assert (await client.delete(f"/batches/{id}")).status_code == 204
    assert (await client.get(f"/batches/{id}")).status_code == 404


async def test_lists_go_on_where_they_stopped(studio: Studio, client: httpx.AsyncClient) -> None:
    id = await batch(studio, client)
    await studio.make({"source": {"images": ["nothing"]}})
    await studio.finish(id)
    for path, total in (("/batches", 2), (f"/batches/{id}/items", 3), (f"/batches/{id}/items?order=worst", 3),
                        ("/items", 3), ("/items?sku=SKU-00001", 1)):  # fmt: skip
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await client.get(path, params={"limit": "1", **cursor} | dict(httpx.URL(path).params))).json()
            seen += [entry["id"] for entry in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert len(seen) == len(set(seen)) == total
    for bad in ("x", "e30", "bnVsbA", "WzFd", "\u00e4"):
        assert (await client.get(f"/batches/{id}/items", params={"cursor": bad})).status_code in (200, 422)
    assert (await client.get("/batches", params={"cursor": "e30"})).status_code == 422


async def test_an_item_is_looked_at_changed_decided_and_delivered(studio: Studio, client: httpx.AsyncClient) -> None:
    id = await batch(studio, client)
    ids = await studio.finish(id)
    shown = (await client.get(f"/items/{ids[0]}")).json()
    assert shown["thumb"].startswith("/files/thumbs/")
    files = shown["versions"][0]["renditions"]
    assert [file["channel"] for file in files] == ["master", "web"] and files[0]["url"].startswith("/files/renditions/")
    act = (await client.post(f"/items/{ids[0]}/review", json={"version": 1, "decision": "approve"})).json()["act"]
    again = await client.post(f"/items/{ids[0]}/review", json={"version": 1, "decision": "approve"})
    assert again.status_code == 409 and "approved already" in again.json()["detail"]
    seen = [{"id": item, "version": 1, "status": "review"} for item in ids[1:]]
    seen.append({"id": ids[0], "version": 1, "status": "approved"})
    rejected = {"items": seen, "decision": "reject", "reason": "edge_rough", "retry": True}
    done = (await client.post("/review", json=rejected)).json()
    assert done["done"] == 3
    assert (await client.post(f"/review/{act}/undo")).status_code == 409
    assert (await client.post(f"/review/{done['act']}/undo")).json()["done"] == 3
    assert len((await client.get(f"/batches/{id}/reviews")).json()["items"]) == 4
    export = {"batch": id, "to": {"kind": "zip"}}
    dry = await client.post("/exports", json={**export, "dry_run": True})
    assert (dry.status_code, dry.json()["files_total"], dry.json()["left_out_total"]) == (200, 2, 2)
    assert "key" not in dry.json()["files"][0]
    job = (await client.post("/exports", json=export)).json()["job"]
    result = await export_run.work(await studio.job(job), studio)
    async with studio.db.write() as tx:
        await tx.execute(update(t.jobs).where(t.jobs.c.id == job).values(status="done", result=result))
    found = (await client.get(f"/exports/{job}")).json()
    assert found["export"]["zip"] == f"/files/exports/{WS}/{job}.zip" and len(found["files"]) == 2
    assert [e["id"] for e in (await client.get("/exports")).json()["items"]] == [job]
    change = await client.patch(f"/items/{ids[1]}", json={"options": {"shadow": 0.1}}, headers={"If-Match": '"1"'})
    assert change.json()["version"] == 3 and change.headers["etag"] == '"3"'  # 2 was undone, and is not given again
    late = await client.patch(f"/items/{ids[1]}", json={"options": {"shadow": 0.2}}, headers={"If-Match": '"1"'})
    assert late.status_code == 412


async def test_failures_are_listed_and_tried_again(studio: Studio, client: httpx.AsyncClient) -> None:
    await batch(studio, client)
    error = {"cause": "fault", "reason": "Packshot itself failed.", "stack": "Traceback …", "at": 1.0}
    async with studio.db.write() as tx:
        await tx.execute(update(t.items).values(status="failed", error=error))
    listed = (await client.get("/failures", params={"limit": 1})).json()
    assert (listed["groups"][0]["count"], listed["items"][0]["stack"]) == (3, "Traceback …")
    assert listed["next_cursor"]
    assert (await client.post("/failures/retry", json={"cause": "fault"})).json() == {"items": 3, "jobs": 0, "left": 0}
    assert (await client.post("/failures/retry", json={"cause": "fault"})).status_code == 404
    assert (await client.post("/failures/retry", json={})).status_code == 422


async def test_a_form_brings_its_own_list(studio: Studio, client: httpx.AsyncClient) -> None:
    await studio.add_photos(2)
    words = json.dumps({"name": "List", "styles": [{"style": "white"}]})
    sheet = b"sku,file\nSKU-00000,\nSKU-00001,\nSKU-9,\n"
    answer = await client.post("/batches", data={"batch": words}, files={"file": ("list.csv", sheet)})
    assert answer.status_code == 202, answer.text
    await expand.work(await studio.job(answer.json()["job"]), studio)
    view = (await client.get(f"/batches/{answer.json()['batch']['id']}")).json()
    assert (view["total"], [u["name"] for u in view["unmatched"]]) == (2, ["row 4: SKU-9"])
    for data, files, status in (
        ({"batch": words}, {"file": ("list.xlsx", b"PK\x03\x04")}, 415),
        ({"batch": words}, {"file": ("list.csv", b"")}, 422),
        ({"batch": "{"}, {"file": ("list.csv", sheet)}, 422),
        ({"batch": "[]"}, {"file": ("list.csv", sheet)}, 422),
        ({"batch": "{}"}, {"file": ("list.csv", sheet)}, 422),
        ({}, {"file": ("list.csv", sheet)}, 422),
    ):
        assert (await client.post("/batches", data=data, files=files)).status_code == status
    for body in (b"", b"{", b"[]", b"{}", b"\xff"):
        assert (await client.post("/batches", content=body)).status_code == 422


async def test_a_destination_s_secret_goes_in_and_never_comes_out(client: httpx.AsyncClient) -> None:
    body = {"name": "Shop", "bucket": "shop", "access_key_id": "key", "secret_access_key": "hidden-words"}
    made = await client.post("/destinations", json=body)
    id = made.json()["id"]
    listed, shown = await client.get("/destinations"), await client.get(f"/destinations/{id}")
    replaced = await client.put(f"/destinations/{id}", json={**body, "name": "Other"})
    assert replaced.json()["name"] == "Other"
    assert all("hidden-words" not in answer.text for answer in (made, listed, shown, replaced))
    inside = await client.post("/destinations", json={**body, "endpoint": "https://127.0.0.1"})
    assert inside.status_code == 422 and "hidden-words" not in inside.text
    assert (await client.delete(f"/destinations/{id}")).status_code == 204
    assert (await client.post(f"/destinations/{id}/test")).status_code == 404


async def test_others_ids_are_as_if_they_were_not_there(studio: Studio, client: httpx.AsyncClient) -> None:
    id = await batch(studio, client)
    ids = await studio.finish(id)
    act = (await client.post(f"/items/{ids[0]}/review", json={"version": 1, "decision": "approve"})).json()["act"]
    job = (await client.post("/exports", json={"batch": id, "to": {"kind": "zip"}})).json()["job"]
    stranger = {"x-workspace": OTHER}
    seen = {"items": [{"id": ids[0], "version": 1}], "decision": "skip"}
    for method, path, body in (
        ("GET", f"/batches/{id}", None), ("PATCH", f"/batches/{id}", {"name": "x"}), ("DELETE", f"/batches/{id}", None),
        ("GET", f"/batches/{id}/status", None), ("GET", f"/batches/{id}/items", None),
        ("GET", f"/batches/{id}/reviews", None), ("POST", f"/batches/{id}/pause", None),
        ("POST", f"/batches/{id}/resume", None), ("POST", f"/batches/{id}/start", None),
        ("POST", f"/batches/{id}/cancel", None), ("GET", f"/items/{ids[0]}", None),
        ("PATCH", f"/items/{ids[0]}", {"options": {"shadow": 0.1}}),
        ("POST", f"/items/{ids[0]}/review", {"version": 1, "decision": "skip"}), ("POST", "/review", seen),
        ("POST", f"/review/{act}/undo", None), ("POST", "/exports", {"batch": id, "to": {"kind": "zip"}}),
        ("POST", "/exports", {"items": ids, "to": {"kind": "zip"}, "dry_run": True}), ("GET", f"/exports/{job}", None),
        ("POST", "/failures/retry", {"items": ids}),
    ):  # fmt: skip
        answer = await client.request(method, path, json=body, headers=stranger)
        assert answer.status_code in (404, 409), (method, path, answer.text)
        assert "Spring" not in answer.text
    for path in ("/batches", "/exports", "/failures", "/destinations"):
        assert not (await client.get(path, headers=stranger)).json()["items"]
    assert not (await client.get("/events", params={"after": 0}, headers=stranger)).json()["messages"]


async def test_the_stream_knows_who_listens(studio: Studio, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    async def identify(svc: Any, *, key: str = "", session: str = "") -> Principal:
        if "good" not in (key, session):
            raise NotSignedIn("sign in first.")
        return OWNER

    monkeypatch.setattr(events, "identify", identify)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    host = f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    url = f"ws://{host}/events"
    id = await studio.make({"source": {"images": await studio.add_photos(1)}})
    cookie = {"Cookie": f"{events.COOKIE}=good", "Origin": f"http://{host}"}
    try:
        async with (
            websockets.connect(url, additional_headers={"Authorization": "Bearer good"}) as by_header,
            websockets.connect(f"{url}?batch={id}") as by_message,
            websockets.connect(url, additional_headers=cookie) as by_cookie,
        ):
            await by_message.send('{"key": "good"}')
            await until(lambda: (hub := getattr(app.state, "hub", None)) is not None and len(hub._listeners) == 3)
            await until(lambda: app.state.hub._loop is not None)
            async with studio.db.write() as tx:
                await record_event(tx, WS, "batch.processing", batch_id=id)
            for reader in (by_header, by_message, by_cookie):
                told = json.loads(await asyncio.wait_for(reader.recv(), SOON))
                assert (told["batch"], told["state"], told["total"]) == (id, "processing", 1)
        for headers, first, code in (
            ({"Authorization": "Bearer bad"}, "", 4401), ({}, '{"key": "bad"}', 4401), ({}, "not json", 4401),
            ({**cookie, "Origin": "https://evil.example"}, "", 4403), ({"Cookie": cookie["Cookie"]}, "", 4403),
        ):  # fmt: skip
            async with websockets.connect(url, additional_headers=headers) as reader:
                if first:
                    await reader.send(first)
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await asyncio.wait_for(reader.recv(), SOON)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == code
    finally:
        server.should_exit = True
        await serving
    assert not app.state.hub._listeners
