"""Codes of problems that a program decides by: what the studio does next never hangs on a sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import httpx
import pytest
from fastapi import FastAPI
from shelf import settings_in
from starlette.datastructures import State
from studio import WS, Studio

from packshot.api import access, batches, collections, images, problems, review
from packshot.api.access import Principal

pytestmark = pytest.mark.anyio

FORM = {"content-type": "multipart/form-data; boundary=x"}


@pytest.fixture
async def client(studio: Studio, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.add_to(app)
    for module in (batches, collections, images, review):
        app.include_router(module.router)
    owner = Principal(WS, "usr_1", None, "owner", frozenset({"read", "write", "review", "admin"}))
    for kind in (access.Reader, access.Editor, access.Reviewer):
        app.dependency_overrides[get_args(kind)[1].dependency] = lambda: owner
    service = SimpleNamespace(settings=settings_in(tmp_path), db=studio.db, store=studio.store, queues=studio.queues)
    app.state = State({"service": service})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://t") as client:
        yield client


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_approving_a_file_that_breaks_a_hard_rule(studio: Studio, client: httpx.AsyncClient) -> None:
    """Alone it is an error; beside others that were decided, its result says so."""
    ids = await studio.add_photos(2)
    bad = await studio.finish(await studio.make({"source": {"images": ids[:1]}}), rejected=True)
    good = await studio.finish(await studio.make({"source": {"images": ids[1:]}}))
    alone = await client.post(f"/items/{bad[0]}/review", json={"version": 1, "decision": "approve"})
    assert said(alone) == (409, "breaks_rule")
    seen = [{"id": id, "version": 1} for id in (*bad, *good)]
    results = (await client.post("/review", json={"decision": "approve", "items": seen})).json()["results"]
    assert [(one["outcome"], one["code"]) for one in results] == [("refused", "breaks_rule"), ("done", "")]
    anyway = await client.post(f"/items/{bad[0]}/review", json={"version": 1, "decision": "approve", "anyway": True})
    assert anyway.status_code == 200


async def test_what_has_changed_meanwhile_is_a_conflict_of_another_kind(
    studio: Studio, client: httpx.AsyncClient
) -> None:
    [id] = await studio.finish(await studio.make({"source": {"images": await studio.add_photos(1)}}), rejected=True)
    late = await client.post(f"/items/{id}/review", json={"version": 2, "decision": "approve"})
    assert said(late) == (409, "conflict")


async def test_a_collection_that_is_gone(studio: Studio, client: httpx.AsyncClient) -> None:
    gone = (404, "no_such_collection")
    assert said(await client.get("/images", params={"collection_id": "col_gone"})) == gone
    assert said(await client.patch("/collections/col_gone", json={"name": "x"}, headers={"If-Match": "*"})) == gone
    upload = {"sku": "SHOE-7", "collection_id": "col_gone"}
    assert said(await client.post("/images", files={"file": ("a.jpg", b"x")}, data=upload)) == gone
    batch = {"name": "Spring", "source": {"collection": "col_gone"}, "styles": [{"style": "white"}]}
    assert said(await client.post("/batches", json=batch)) == gone


@pytest.mark.parametrize("body", [b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\nabc", b"--y--"])
async def test_an_upload_that_broke_off(client: httpx.AsyncClient, body: bytes) -> None:
    assert said(await client.post("/images", content=body, headers=FORM)) == (422, "incomplete_upload")
    assert said(await client.post("/images", content=b"--x--\r\n", headers=FORM)) == (422, "bad_input")
