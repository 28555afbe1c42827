"""The routes of products, images, layers, templates, channels and jobs: uploads of all kinds, states once seen."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import httpx
import numpy as np
import pytest
from fastapi import FastAPI, Request
from PIL import Image
from shelf import InProcess, packed, photo, settings_in
from sqlalchemy import update
from starlette.datastructures import State
from studio import OTHER, WS, Studio

from packshot.api import access, channels, collections, images, jobs, layers, problems, products, styles
from packshot.api.access import Principal
from packshot.api.service import Service
from packshot.catalog import jobs as catalog_jobs
from packshot.catalog.library import matte_hints
from packshot.db import tables as t
from packshot.errors import OutOfDate
from packshot.service.worker import work_on
from packshot.settings import Limits
from packshot.store import Store

pytestmark = pytest.mark.anyio

OWNER = Principal(WS, "usr_1", None, "owner", frozenset({"read", "write", "review", "admin"}))
FORM = "multipart/form-data; boundary=x"
ROUTES = (channels, collections, images, layers, products, jobs, styles)


class Signer:
    def sign(self, fields: dict[str, Any]) -> str:
        return str(fields["k"])


@pytest.fixture(scope="module")
def routes() -> FastAPI:
    """Only these routes; who asks is what the header X-Workspace says."""
    made = FastAPI()
    problems.add_to(made)
    for module in ROUTES:
        made.include_router(module.router)

    def asks(request: Request) -> Principal:
        return replace(OWNER, workspace_id=request.headers.get("x-workspace", WS))

    for wanted in (access.Reader, access.Editor, access.Reviewer, access.Admin):
        made.dependency_overrides[get_args(wanted)[1].dependency] = asks
    return made


@pytest.fixture
async def app(studio: Studio, routes: FastAPI, tmp_path: Path) -> FastAPI:
    """The routes over a studio of its own."""
    studio.settings = settings_in(tmp_path).model_copy(update={"limits": Limits(photo_bytes=200_000)})
    studio.store, studio.pixels = Store(studio.settings.store), InProcess(studio.settings)
    rest: dict[str, Any] = {"signer": Signer(), "queues": studio.queues, "secrets": studio.secrets}
    service = Service(
        settings=studio.settings, db=studio.db, store=studio.store, pixels=studio.pixels, **rest
    )  # fmt: skip
    routes.state = State({"service": service})
    return routes


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://t") as made:
        yield made


def parts(*files: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", file) for file in files]


async def upload(client: httpx.AsyncClient, seed: int = 1, name: str = "shoe.jpg", **fields: str) -> dict[str, Any]:
    answer = await client.post("/images", files=parts((name, photo(seed))), data=fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def asked(studio: Studio, client: httpx.AsyncClient, path: str, body: Any = None) -> dict[str, Any]:
    """Ask, let the workers do it, and read the job."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/v1/jobs/{answer.json()['id']}"
    assert any(ref.id == answer.json()["id"] for ref in studio.queues.refs.values())
    await studio.work_off(studio.queues.refs[f"{answer.json()['id']}-v0-{answer.json()['stage']}"])
    return dict((await client.get(f"/jobs/{answer.json()['id']}")).json())


# --- uploads ---


async def test_one_photo_is_answered_with_its_analysis(client: httpx.AsyncClient) -> None:
    answer = await client.post("/images", files=parts(("../../shoe.jpg", photo(1))), data={"sku": "SHOE-7"})
    made = answer.json()
    assert answer.status_code == 201 and answer.headers["location"] == f"/api/v1/images/{made['id']}"
    assert (made["name"], made["role"], made["width"], made["height"], made["format"]) == (
        "shoe.jpg", "main", 96, 72, "JPEG",
    )  # fmt: skip
    assert made["original"].endswith(made["sha256"]) and "thumbs/" in made["thumb"]
    [product] = (await client.get("/products")).json()["items"]
    assert (product["sku"], product["photos"][0]["id"]) == ("SHOE-7", made["id"])
    again = (await client.post("/images", files=parts(("copy.jpg", photo(1))), data={"sku": "SHOE-7"})).json()
    assert again["role"] == "angle 2" and again["findings"][-1]["check"] == "duplicate"
    assert "“shoe.jpg” of SHOE-7" in again["findings"][-1]["words"] and again["findings"][-1]["value"] == 1


async def test_of_several_photos_a_bad_one_loses_no_other(client: httpx.AsyncClient) -> None:
    files = parts(("a.jpg", photo(1)), ("b.jpg", b"not a photo"), ("big.jpg", b"\xff" * 300_000), ("c.png", b""),
                  ("d.png", photo(2, format="PNG")))  # fmt: skip
    answer = await client.post("/images", files=files, data={"sku": "A"})
    assert answer.status_code == 201
    items = answer.json()["items"]
    assert [item["problem"] and item["problem"]["status"] for item in items] == [None, 415, 413, 422, None]
    assert [item["image"] and item["image"]["role"] for item in items] == ["main", None, None, None, "angle 2"]
    none = await client.post("/images", files=files[1:3])
    assert none.status_code == 200 and not any(item["image"] for item in none.json()["items"])


async def test_a_photo_over_the_limit_is_refused_while_it_still_comes(client: httpx.AsyncClient) -> None:
    answer = await client.post("/images", files=parts(("big.jpg", b"\xff" * 300_000)))
    assert answer.status_code == 413 and "0 MB" in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("multipart/form-data", b"", 422), (FORM, b"", 422),
        (FORM, b"--x\r\nnonsense", 422), ("text/plain", b"hello", 415),
        (FORM, b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n', 422),
        (FORM, b'--x\r\nContent-Disposition: form-data; name="role"\r\n\r\nm\r\n--x--\r\n', 422),
        (FORM, b"--x\r\nX-Y: " + b"z" * 20_000 + b"\r\n\r\n\r\n--x--\r\n", 422),
        ("application/json", b"{", 422), ("application/json", b"{}", 422), ("application/json", b"[" * 5000, 422),
        ("application/json", b'{"url": "https://x.example/a.jpg", "urls": ["https://x.example/b.jpg"]}', 422),
        ("application/json", b'{"url": "https://x.example/a.jpg", "nonsense": 1}', 422),
        ("application/json", b"\xff\xfe", 422),
        ("application/json", b'{"urls": ["https://x.example/\\u0000.jpg"]}', 422),
    ],
)  # fmt: skip
async def test_a_broken_upload_is_refused_in_words(
    client: httpx.AsyncClient, kind: str, body: bytes, status: int
) -> None:
    answer = await client.post("/images", content=body, headers={"content-type": kind})
    assert answer.status_code == status and answer.json()["detail"], answer.text


async def test_names_from_forms_are_only_names(client: httpx.AsyncClient) -> None:
    for seed, (name, kept) in enumerate(
        (("..\\..\\x.jpg", "x.jpg"), ("C:/a/b.jpg", "b.jpg"), ("ü" * 300 + ".jpg", "ü" * 196 + ".jpg"))
    ):
        assert (await upload(client, seed, name))["name"] == kept


async def test_an_empty_field_of_a_browser_s_form_is_no_file(client: httpx.AsyncClient) -> None:
    def part(name: str, head: str, content: bytes) -> bytes:
        return f'--x\r\nContent-Disposition: form-data; name="{name}"{head}\r\n\r\n'.encode() + content + b"\r\n"

    empty, end = part("more", '; filename=""\r\nContent-Type: application/octet-stream', b""), b"--x--\r\n"
    body = part("sku", "", b"") + part("file", '; filename="a.jpg"', photo(1)) + empty + end
    answer = await client.post("/images", content=body, headers={"content-type": FORM})
    assert answer.status_code == 201 and answer.json()["name"] == "a.jpg", answer.text
    assert (await client.post("/images", content=empty + end, headers={"content-type": FORM})).status_code == 422


async def test_wishes_that_do_not_fit_are_refused_before_work_is_spent(
    studio: Studio, client: httpx.AsyncClient
) -> None:
    two = parts(("a.jpg", photo(1)), ("b.jpg", photo(2)))
    assert (await client.post("/images", files=two, data={"role": "main"})).status_code == 422
    for fields, status in (({"product_id": "prd_none"}, 404), ({"sku": "a", "product_id": "prd_x"}, 422),
                           ({"collection_id": "col_x"}, 422), ({"sku": "A", "collection_id": "col_x"}, 404),
                           ({"sku": "a\0b"}, 422), ({"nonsense": "1"}, 422)):  # fmt: skip
        answer = await client.post("/images", files=parts(("a.jpg", photo(1))), data=fields)
        assert answer.status_code == status, (fields, answer.text)
    assert studio.pixels.tasks == [] and (await client.get("/products")).json()["items"] == []


async def test_a_zip_is_followed_as_a_run(studio: Studio, client: httpx.AsyncClient) -> None:
    content = packed({"SHOE-1.jpg": photo(1), "bad.jpg": b"\xff\xd8\xff"})
    answer = await client.post("/images", files=parts(("shoes.zip", content)))
    assert answer.status_code == 202 and answer.json()["kind"] == "import", answer.text
    await studio.work_off(studio.queues.refs[f"{answer.json()['id']}-v0-{answer.json()['stage']}"])
    job = (await client.get(answer.headers["location"].removeprefix("/api/v1"))).json()
    assert (job["status"], job["done"], job["total"]) == ("done", 2, 2)
    assert len(job["result"]["images"]) == 1 and job["result"]["refused"][0]["words"]
    mixed = await client.post("/images", files=parts(("a.zip", content), ("a.jpg", photo(1))))
    assert mixed.status_code == 422 and "by itself" in mixed.json()["detail"]
    assert (await client.post("/images", files=parts(("a.zip", photo(1))))).status_code == 422
    assert (await client.post("/images", files=parts(("named wrong.jpg", content)))).status_code == 202


async def test_an_import_can_be_waited_for(studio: Studio, client: httpx.AsyncClient) -> None:
    sheet = b"sku,url\nA,ftp://nothing\n"

    async def worker() -> None:
        while not (refs := list(studio.queues.refs.values())):
            await asyncio.sleep(0.01)
        await studio.work_off(refs[0])

    working = asyncio.create_task(worker())
    answer = await client.post("/images", files=parts(("l.csv", sheet)), headers={"Prefer": "wait=20"})
    await working
    assert answer.status_code == 200 and answer.json()["status"] == "done"
    assert answer.headers["preference-applied"] == "wait=20"
    assert answer.json()["result"]["refused"]
    short = await client.post("/images", json={"url": "https://x.example/a.jpg"}, headers={"Prefer": "wait=1"})
    assert short.status_code == 202 and short.json()["status"] == "queued"


# --- photos ---


async def test_a_photo_is_changed_only_in_the_state_that_was_seen(client: httpx.AsyncClient) -> None:
    id = (await upload(client, sku="A"))["id"]
    seen = (await client.get(f"/images/{id}")).headers["etag"]
    changed = await client.patch(f"/images/{id}", json={"role": "Swatch"}, headers={"If-Match": seen})
    assert (changed.json()["role"], changed.status_code) == ("swatch", 200)
    for call in (
        client.patch(f"/images/{id}", json={"name": "x"}, headers={"If-Match": seen}),
        client.delete(f"/images/{id}", headers={"If-Match": seen}),
        client.put(f"/images/{id}/file", content=photo(2), headers={"If-Match": seen}),
    ):
        assert (await call).status_code == 412
    assert (await client.patch(f"/images/{id}", json={"product_id": None})).json()["product_id"] is None
    assert (await client.delete(f"/images/{id}", headers={"If-Match": '"3"'})).status_code == 204
    assert (await client.get(f"/images/{id}")).status_code == 404


async def test_a_photo_is_replaced_and_keeps_its_settings(studio: Studio, client: httpx.AsyncClient) -> None:
    made = await upload(client, sku="A", role="angle 3")
    batch = await studio.make({"source": {"images": [made["id"]]}})
    [item] = await studio.finish(batch)
    studio.queues.refs.clear()
    answer = await client.put(f"/images/{made['id']}/file", content=photo(2))
    assert answer.status_code == 200, answer.text
    assert answer.json()["sha256"] != made["sha256"] and answer.json()["role"] == "angle 3"
    assert [(ref.id, ref.version) for ref in studio.queues.refs.values()] == [(item, 2)]
    form = await client.put(f"/images/{made['id']}/file", files={"file": ("new.jpg", photo(3))})
    assert form.json()["name"] == "new.jpg"
    for body, status in ((b"", 422), (b"x" * 300_000, 413), (b"GIF89a", 415)):
        assert (await client.put(f"/images/{made['id']}/file", content=body)).status_code == status
    assert (await client.get(f"/images/{made['id']}")).json()["sha256"] == form.json()["sha256"]


async def test_lists_go_on_where_they_stopped(client: httpx.AsyncClient) -> None:
    ids = [(await upload(client, n, f"{n}.jpg", sku=f"S{n}"))["id"] for n in range(3)]
    for path in ("/images", "/products"):
        seen: list[dict[str, Any]] = []
        cursor: dict[str, Any] = {}
        while True:
            page = (await client.get(path, params={"limit": 2, **cursor})).json()
            seen += page["items"]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert len(seen) == 3
    assert [one["id"] for one in (await client.get("/images", params={"q": "1.JPG"})).json()["items"]] == [ids[1]]
    place = (await client.post("/collections", json={"name": "Spring"})).json()["id"]
    within = (await client.post("/collections", json={"name": "Shoes", "parent_id": place})).json()["id"]
    one = (await client.get("/products", params={"sku": "S2"})).json()["items"][0]["id"]
    put = await client.post(f"/collections/{within}/products", json={"add": [one]})
    assert put.status_code in (200, 204), put.text
    alone = (await upload(client, 9, "alone.jpg"))["id"]
    for params, wanted in (({"collection_id": place}, [ids[2]]), ({"unassigned": True}, [alone]),
                           ({"unassigned": False}, ids[::-1]), ({"product_id": one}, [ids[2]])):  # fmt: skip
        shown = (await client.get("/images", params=params)).json()["items"]
        assert [photo["id"] for photo in shown] == wanted, params
    assert (await client.get("/images", params={"collection_id": "col_x"})).status_code == 404
    for bad in ("nonsense", "!!!", "\x00"):
        for path in ("/images", "/products"):
            assert (await client.get(path, params={"cursor": bad})).status_code == 422


async def test_lists_are_counted_where_it_is_asked_for_and_go_on_in_their_order(client: httpx.AsyncClient) -> None:
    ids = [(await upload(client, n, f"{n}.jpg", sku=sku))["id"] for n, sku in enumerate(("B", "a", "C"))]
    one = (await client.get("/products", params={"order": "sku", "limit": 2, "count": True})).json()
    assert ([p["sku"] for p in one["items"]], one["total"]) == (["a", "B"], 3)
    asked = {"order": "sku", "limit": 2, "cursor": one["next_cursor"]}
    two = (await client.get("/products", params=asked)).json()
    assert ([p["sku"] for p in two["items"]], two["total"], two["next_cursor"]) == (["C"], None, None)
    other = await client.get("/products", params=asked | {"order": "title"})
    assert other.status_code == 422 and other.json()["subject"] == "cursor"
    for flagged, total in ((True, 3), (False, 0)):  # their photos are blurred
        params = {"flagged": flagged, "unsorted": True, "count": True, "limit": 1}
        found = (await client.get("/products", params=params)).json()
        assert (len(found["items"]), found["total"]) == (min(total, 1), total)
    some = (await client.get("/images", params={"ids": [ids[2], ids[0], "img_0"], "limit": 1, "count": True})).json()
    assert ([p["id"] for p in some["items"]], some["total"]) == ([ids[2]], 2) and some["next_cursor"]
    assert (await client.get("/images", params={"ids": ["x"] * 201})).status_code == 422
    assert (await client.get("/images", params={"ids": "no-id"})).status_code == 422
    assert (await client.get("/products", params={"order": "price"})).status_code == 422


async def test_what_is_wrong_and_what_to_do_are_told_apart(client: httpx.AsyncClient) -> None:
    await client.post("/products", json={"sku": "A"})
    told = (await client.post("/products", json={"sku": "A"})).json()
    assert told["detail"] == "A: there is a product of this sku already." and told["subject"] == "A"
    assert told["remedy"] == "Change that one, or take another."
    sent = await client.post("/images", files=parts(("a.jpg", b"no photo"), ("b.jpg", photo(1))), data={"sku": "A"})
    problem = sent.json()["items"][0]["problem"]
    assert problem["remedy"] and problem["remedy"] not in problem["detail"]


# --- products and collections ---


async def test_products_and_collections_through_the_api(client: httpx.AsyncClient) -> None:
    made = await client.post("/products", json={"sku": "A", "gtin": "4006381333931"})
    id = made.json()["id"]
    assert made.status_code == 201 and made.headers["etag"] == '"1"'
    assert (await client.post("/products", json={"sku": "A"})).status_code == 409
    wrong = await client.post("/products", json={"sku": "B", "gtin": "4006381333932"})
    assert wrong.status_code == 422 and "check digit" in wrong.json()["detail"]
    changed = await client.patch(f"/products/{id}", json={"title": "Shoe"}, headers={"If-Match": '"1"'})
    assert changed.json()["title"] == "Shoe" and changed.headers["etag"] == '"2"'
    assert (await client.delete(f"/products/{id}", headers={"If-Match": '"1"'})).status_code == 412
    first, second = [(await upload(client, n, product_id=id))["id"] for n in range(2)]
    ordered = await client.put(f"/products/{id}/photos", json={"photos": [second, first]})
    assert [one["id"] for one in ordered.json()["photos"]] == [second, first]
    assert (await client.put(f"/products/{id}/photos", json={"photos": [second]})).status_code == 422
    place = (await client.post("/collections", json={"kind": "season", "name": "Spring"})).json()["id"]
    moved = await client.post(f"/collections/{place}/products", json={"add": [id]})
    assert moved.json() == {"added": 1, "removed": 0}
    assert (await client.get("/collections")).json()["items"][0]["products"] == 1
    assert len((await client.get("/products", params={"collection_id": place})).json()["items"]) == 1
    renamed = await client.patch(f"/collections/{place}", json={"name": "Summer"}, headers={"If-Match": '"1"'})
    assert renamed.json()["name"] == "Summer"
    assert (await client.delete(f"/collections/{place}", headers={"If-Match": '"1"'})).status_code == 412
    assert (await client.delete(f"/collections/{place}")).status_code == 204
    assert (await client.delete(f"/products/{id}")).status_code == 204
    assert (await client.get("/images")).json()["items"] == []


async def test_nothing_of_another_workspace_is_reached(app: FastAPI, client: httpx.AsyncClient) -> None:
    """Every route with an id in it, and another's id: not found."""
    product = (await client.post("/products", json={"sku": "A"})).json()["id"]
    image = (await upload(client, product_id=product))["id"]
    ids = {
        "product_id": product, "image_id": image,
        "collection_id": (await client.post("/collections", json={"name": "x"})).json()["id"],
        "style_id": (await client.post("/styles", json={"name": "x", "base": "white"})).json()["id"],
        "channel_id": "mine", "job_id": (await client.post(f"/images/{image}/segment")).json()["id"],
    }  # fmt: skip
    mine = {"id": "mine", "name": "x", "size": [800, 800], "format": "jpeg"}
    assert (await client.post("/channels", json=mine)).status_code == 201
    bodies: dict[str, Any] = {
        "/channels/{channel_id}": mine, "/products/{product_id}/photos": {"photos": []},
        "/collections/{collection_id}/products": {"add": [product]}, "/images/{image_id}/matte/revert": {"version": 1},
        "/images/{image_id}/generate": {"style": "white"}, "/images/{image_id}/matte/hints": {"keep": [[3, 3]]},
    }  # fmt: skip
    walked = 0
    for module in ROUTES:
        for route in module.router.routes:
            if "{" not in route.path:
                continue
            for method in route.methods:
                headers = {"x-workspace": OTHER, "content-type": "application/json"}
                content = json.dumps(bodies.get(route.path, {})).encode()
                answer = await client.request(method, route.path.format(**ids), headers=headers, content=content)
                assert answer.status_code == 404, (method, route.path, answer.text)
                walked += 1
    assert walked > 25
    for path in ("/images", "/products", "/jobs", "/collections"):
        assert (await client.get(path, headers={"x-workspace": OTHER})).json()["items"] == []
    other = {"x-workspace": OTHER}
    preview = await client.post("/previews", json={"style": "white", "images": [image]}, headers=other)
    assert preview.status_code == 404


# --- one photo's work ---


async def test_a_photo_is_cut_out_and_its_layers_are_there(studio: Studio, client: httpx.AsyncClient) -> None:
    id = (await upload(client))["id"]
    before = await client.get(f"/images/{id}/matte")
    assert before.status_code == 404 and "not cut out yet" in before.json()["detail"]
    assert [layer["kind"] for layer in (await client.get(f"/images/{id}/layers")).json()["layers"]] == [
        "photo", "thumb",
    ]  # fmt: skip
    job = await asked(studio, client, f"/images/{id}/segment")
    assert (job["status"], job["result"]["matte_version"]) == ("done", 1) and "cutouts" not in job["result"]
    matte = await client.get(f"/images/{id}/matte")
    with Image.open(io.BytesIO(matte.content)) as picture:
        assert (picture.mode, picture.size) == ("L", (96, 72))
    again = await client.get(f"/images/{id}/matte", headers={"If-None-Match": matte.headers["etag"]})
    assert again.status_code == 304 and not again.content
    cutout = await client.get(f"/images/{id}/cutout")
    with Image.open(io.BytesIO(cutout.content)) as picture:
        assert picture.mode == "RGBA"
    shown = (await client.get(f"/images/{id}/layers")).json()
    assert [layer["kind"] for layer in shown["layers"]] == ["photo", "thumb", "matte", "cutout"]
    assert shown["layers"][2]["etag"] == matte.headers["etag"]


def drawn(size: tuple[int, int] = (96, 72)) -> bytes:
    out = io.BytesIO()
    gray = np.zeros((size[1], size[0]), np.uint8)
    gray[10:50, 20:70] = 255
    Image.fromarray(gray).save(out, "PNG")
    return out.getvalue()


async def test_a_matte_is_drawn_by_hand_on_what_was_seen(studio: Studio, client: httpx.AsyncClient) -> None:
    id = (await upload(client))["id"]
    await asked(studio, client, f"/images/{id}/segment")
    batch = await studio.make({"source": {"images": [id]}})
    [item] = await studio.finish(batch)
    studio.queues.refs.clear()
    seen, png = (await client.get(f"/images/{id}/matte")).headers["etag"], {"content-type": "image/png"}
    path = f"/images/{id}/matte"
    unsaid = await client.put(path, content=drawn(), headers=png)
    assert (unsaid.status_code, unsaid.json()["code"]) == (428, "precondition_required")
    assert (await client.put(path, content=drawn(), headers=png | {"If-Match": '"other"'})).status_code == 412
    here = png | {"If-Match": seen}
    assert (await client.put(path, content=drawn(), headers=here | {"content-type": "image/tiff"})).status_code == 415
    for wrong in (drawn((10, 72)), photo(1, format="PNG"), b"", photo(1), b"\x89PNG\r\n\x1a\nnonsense"):
        assert (await client.put(path, content=wrong, headers=here)).status_code == 422
    made = await client.put(path, content=drawn(), headers=here)
    assert (made.status_code, made.json()["version"], made.json()["source"]) == (200, 2, "by hand"), made.text
    assert [(ref.id, ref.version) for ref in studio.queues.refs.values()] == [(item, 2)]
    with Image.open(io.BytesIO((await client.get(path)).content)) as picture:
        assert picture.tobytes() == Image.open(io.BytesIO(drawn())).tobytes()
    assert (await client.put(path, content=drawn(), headers=here)).status_code == 412
    back = await client.post(f"{path}/revert", json={"version": 1}, headers={"If-Match": made.headers["etag"]})
    assert back.headers["etag"] == seen
    assert [one["version"] for one in (await client.get(f"/images/{id}/mattes")).json()] == [2, 1]
    assert (await client.post(f"{path}/revert", json={"version": 7})).status_code == 404


async def test_hints_are_shown_first_and_saved_as_a_version_then(studio: Studio, client: httpx.AsyncClient) -> None:
    id = (await upload(client))["id"]
    path, here = f"/images/{id}/matte/hints", {"keep": [[3, 4]]}
    assert (await client.post(path, json=here)).status_code == 404  # there is no matte to correct yet
    await asked(studio, client, f"/images/{id}/segment")
    batch = await studio.make({"source": {"images": [id]}})
    [item] = await studio.finish(batch)
    studio.queues.refs.clear()
    before = await client.get(f"/images/{id}/matte")
    shown = await asked(studio, client, path, here | {"save": False})
    assert (shown["kind"], shown["status"]) == ("hints", "done")
    assert "renditions/" in shown["result"]["matte"]["url"]
    assert (await client.get(f"/images/{id}/matte")).content == before.content
    kept = await asked(studio, client, path, here)
    assert kept["result"]["matte_version"] == 2
    newest = (await client.get(f"/images/{id}/mattes")).json()[0]
    assert (newest["version"], newest["source"]) == (2, "by hand")
    assert newest["created_by"]
    assert (item, 2) in [(ref.id, ref.version) for ref in studio.queues.refs.values()]
    back = await client.post(f"/images/{id}/matte/revert", json={"version": 1})
    assert back.headers["etag"] == before.headers["etag"]


async def test_hints_that_cannot_be_are_refused_with_a_reason(studio: Studio, client: httpx.AsyncClient) -> None:
    id = (await upload(client))["id"]
    await asked(studio, client, f"/images/{id}/segment")
    path = f"/images/{id}/matte/hints"
    for body, words in (
        ({}, "no hint"), ({"keep": [[96, 10]]}, "96, 10 lies outside"), ({"remove": [[-1, 10]]}, "lies outside"),
        ({"boxes": [[0, 0, 97, 72]]}, "does not lie in the photo"), ({"keep": [[1, 1]] * 65}, "at most 64"),
        ({"boxes": [[0, 0, 50, 50]] * 9}, "at most 8"), ({"points": [[1, 1]]}, ""),
    ):  # fmt: skip
        answer = await client.post(path, json=body)
        assert answer.status_code == 422, answer.text
        assert words in answer.text
    stale = await client.post(path, json={"keep": [[1, 1]]}, headers={"If-Match": '"other"'})
    assert stale.status_code == 412


async def test_hints_for_a_matte_that_has_changed_since_are_out_of_date(
    studio: Studio, client: httpx.AsyncClient
) -> None:
    id = (await upload(client))["id"]
    await asked(studio, client, f"/images/{id}/segment")
    started = (await client.post(f"/images/{id}/matte/hints", json={"keep": [[3, 4]]})).json()["id"]
    seen = (await client.get(f"/images/{id}/matte")).headers["etag"]
    png = {"content-type": "image/png", "If-Match": seen}
    assert (await client.put(f"/images/{id}/matte", content=drawn(), headers=png)).status_code == 200
    with pytest.raises(OutOfDate):
        await matte_hints.work(await studio.job(started), studio)


async def test_a_matte_may_come_as_a_form(client: httpx.AsyncClient) -> None:
    id = (await upload(client))["id"]
    path, first = f"/images/{id}/matte", {"If-None-Match": "*"}
    for files, status in (
        (parts(("a.png", drawn()), ("b.png", drawn())), 422), (parts(("a.png", b"")), 422),
        (parts(("a.png", b"x" * 300_000)), 413),
    ):  # fmt: skip
        assert (await client.put(path, files=files, headers=first)).status_code == status
    made = await client.put(path, files=parts(("a.png", drawn())), headers=first)
    assert (made.status_code, made.json()["source"]) == (200, "by hand"), made.text


async def test_the_first_matte_may_be_drawn_by_hand(client: httpx.AsyncClient) -> None:
    id = (await upload(client))["id"]
    headers = {"content-type": "image/png", "If-None-Match": "*"}
    assert (await client.put(f"/images/{id}/matte", content=drawn(), headers=headers)).json()["version"] == 1
    assert (await client.put(f"/images/{id}/matte", content=drawn(), headers=headers)).status_code == 428


async def test_a_photo_in_a_style_and_previews(studio: Studio, client: httpx.AsyncClient) -> None:
    id = (await upload(client))["id"]
    style = await client.post("/styles", json={"name": "G", "base": "color", "options": {"color": "#123456"}})
    body = {"style": style.json()["id"], "size": [300, 200], "format": "webp"}
    job = await asked(studio, client, f"/images/{id}/generate", body)
    assert job["result"]["size"] == [300, 200] and "renditions/" in job["result"]["url"]
    assert "key" not in json.dumps(job["result"])
    plain = await studio.job((await client.post(f"/images/{id}/generate", json={"style": "transparent"})).json()["id"])
    [channel] = plain.request["channels"]
    assert (channel["format"], channel["size"]) == ("png", [2048, 2048])
    shop = {"style": "white", "channel": "amazon"}
    job_id = (await client.post(f"/images/{id}/generate", json=shop)).json()["id"]
    assert (await studio.job(job_id)).request["channels"][0]["id"] == "amazon"
    previews = await asked(studio, client, "/previews", {"style": "gradient", "images": [id]})
    [picture] = previews["result"]["pictures"]
    assert picture["image"] == id and picture["size"] == [512, 512] and picture["url"]
    for path, wrong, status in (
        (f"/images/{id}/generate", {"style": "nope"}, 404), (f"/images/{id}/generate", {}, 422),
        (f"/images/{id}/generate", {"style": "white", "prompt": "x"}, 422),
        (f"/images/{id}/generate", {"style": "white", "options": {"shadow": 9}}, 422),
        (f"/images/{id}/generate", {"style": "white", "channel": "nope"}, 404),
        (f"/images/{id}/generate", {"style": "white", "size": [1, 99999]}, 422),
        (f"/images/{id}/generate", {"style": "white", "channel": "web", "size": [300, 300]}, 422),
        ("/previews", {"style": "white", "images": [id] * 4}, 422),
        ("/previews", {"style": "image", "images": [id], "options": {"picture": "img_x"}}, 422),
    ):  # fmt: skip
        assert (await client.post(path, json=wrong)).status_code == status, wrong


async def test_what_no_installed_model_can_do_is_refused_and_says_what_is_missing(client: httpx.AsyncClient) -> None:
    id = (await upload(client))["id"]
    for body in ({"prompt": "on marble"}, {"reference": "img_x"}):
        answer = await client.post(f"/images/{id}/generate", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "no_such_model")
        assert "no model that paints scenes" in answer.json()["detail"] and "nstall" in answer.json()["remedy"]
    assert (await client.post(f"/images/{id}/upscale", json={"factor": 2})).status_code == 202
    assert (await client.post(f"/images/{id}/upscale", json={"factor": 9})).status_code == 422


async def test_a_run_is_called_off_until_it_is_done(studio: Studio, client: httpx.AsyncClient) -> None:
    id = (await upload(client))["id"]
    first, second = [(await client.post(f"/images/{id}/segment")).json()["id"] for _ in range(2)]
    assert (await client.delete(f"/jobs/{first}")).status_code == 204
    assert first not in {ref.id for ref in studio.queues.refs.values()}
    assert (await client.delete(f"/jobs/{first}")).status_code == 204
    await studio.work_off(studio.queues.refs[f"{second}-v0-segment"])
    assert (await client.delete(f"/jobs/{second}")).status_code == 409
    found = (await client.get("/jobs", params={"kind": "segment", "status": "cancelled"})).json()["items"]
    assert [job["id"] for job in found] == [first]
    error = {
        "code": "damaged_file",
        "status": 422,
        "problem": "cut short.",
        "subject": "a",
        "remedy": "r",
        "reason": "a: cut short. r",
    }
    async with studio.db.write() as tx:
        await tx.execute(update(t.jobs).where(t.jobs.c.id == second).values(status="failed", error=error))
    shown = (await client.get(f"/jobs/{second}")).json()["error"]
    assert (shown["code"], shown["status"], shown["detail"]) == ("damaged_file", 422, "a: cut short.")
    assert (shown["type"], shown["remedy"]) == ("urn:packshot:problem:damaged_file", "r")


async def test_a_run_at_work_is_called_off_and_what_comes_of_it_is_dropped(
    studio: Studio, client: httpx.AsyncClient
) -> None:
    id = (await upload(client))["id"]
    job_id = (await client.post(f"/images/{id}/segment")).json()["id"]
    claim = await studio.claim(studio.queues.refs[f"{job_id}-v0-segment"])
    assert (await client.delete(f"/jobs/{job_id}")).status_code == 204
    assert await work_on(claim, studio) is None
    shown = (await client.get(f"/jobs/{job_id}")).json()
    assert (shown["status"], shown["result"], shown["error"]) == ("cancelled", {}, None)
    async with studio.db.write() as tx:
        ref = await catalog_jobs.start(tx, WS, "export", stages=["export"], request={})
    await studio.claim(ref)
    assert (await client.delete(f"/jobs/{ref.id}")).status_code == 409


# --- templates and channels ---


async def test_templates_and_channels_through_the_api(client: httpx.AsyncClient) -> None:
    styles = (await client.get("/styles")).json()["items"]
    assert {style["id"] for style in styles} >= {"white", "color", "gradient", "image", "transparent"}
    made = await client.post("/styles", json={"name": "Gray", "base": "color", "options": {"color": "#e4e4e2"}})
    id = made.json()["id"]
    assert made.status_code == 201 and made.json()["options"][0]["value"] == "#e4e4e2"
    changed = await client.patch(f"/styles/{id}", json={"name": "Grey"}, headers={"If-Match": '"1"'})
    assert changed.json()["name"] == "Grey" and changed.headers["etag"] == '"2"'
    assert (await client.delete(f"/styles/{id}", headers={"If-Match": '"1"'})).status_code == 412
    assert (await client.delete(f"/styles/{id}")).status_code == 204
    assert (await client.patch("/styles/white", json={"name": "x"})).status_code == 409
    shop = {"id": "our-shop", "name": "Our shop", "size": [800, 800], "format": "jpeg"}
    assert (await client.post("/channels", json=shop)).status_code == 201
    assert (await client.post("/channels", json=shop | {"id": "amazon"})).status_code == 409
    for wrong in ({"id": "Our Shop"}, {"size": [1, 1]}, {"name_pattern": "x"}, {"nonsense": 1}):
        assert (await client.post("/channels", json=shop | wrong)).status_code == 422
    found = (await client.get("/channels/our-shop")).json()
    put = await client.put("/channels/our-shop", json=found["channel"] | {"quality": 70})
    assert put.status_code == 200 and put.json()["revision"] == 2, put.text
    assert (await client.put("/channels/our-shop", json=shop | {"id": "other"})).status_code == 422
    assert (await client.delete("/channels/our-shop")).status_code == 204
    assert (await client.get("/channels/our-shop")).status_code == 404
