"""Lists over HTTP: looked at before anything is taken in; what their columns mean is remembered."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from fastapi import FastAPI
from shelf import InProcess, packed, photo, settings_in
from starlette.datastructures import State
from studio import WS, Studio

from packshot.api import access, images, jobs, lists, members, problems, products
from packshot.api.access import Principal
from packshot.api.service import Service
from packshot.store import Store

pytestmark = pytest.mark.anyio
OWNER = Principal(WS, "usr_1", None, "owner", frozenset({"read", "write", "review", "admin"}))


class Signer:
    def sign(self, fields: dict[str, Any]) -> str:
        return str(fields["k"])


@pytest.fixture
async def client(studio: Studio, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The routes that lists go through, over a studio of its own."""
    app = FastAPI()
    problems.add_to(app)
    for module in (images, jobs, lists, members, products):
        app.include_router(module.router)
    for wanted in (access.Reader, access.Editor, access.Admin):
        app.dependency_overrides[get_args(wanted)[1].dependency] = lambda: OWNER
    studio.settings = settings_in(tmp_path)
    studio.store, studio.pixels = Store(studio.settings.store), InProcess(studio.settings)
    rest: dict[str, Any] = {"signer": Signer(), "queues": studio.queues, "secrets": studio.secrets}
    app.state = State(
        {"service": Service(settings=studio.settings, db=studio.db, store=studio.store, pixels=studio.pixels, **rest)}
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://t") as made:
        yield made


def parts(*files: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", file) for file in files]


async def look(client: httpx.AsyncClient, text: str | bytes, columns: dict[str, str] | None = None) -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    fields = {} if columns is None else {"columns": json.dumps(columns)}
    return await client.post("/lists", files=parts(("list.csv", content)), data=fields)


async def test_a_list_is_shown_with_what_its_columns_mean(client: httpx.AsyncClient) -> None:
    shown = (await look(client, "SKU;Datei;Preis;title\nA;a.jpg;9,90;Mug\n4,00638E+12;b.jpg;;\n")).json()
    assert [(one["name"], one["means"], one["values"]) for one in shown["columns"]] == [
        ("SKU", "sku", ["A", "4,00638E+12"]), ("Datei", None, ["a.jpg", "b.jpg"]), ("Preis", None, ["9,90"]),
        ("title", "title", ["Mug"]),
    ]  # fmt: skip
    assert shown["lacks"] == ["file"] and "sku" in shown["fields"]
    assert [row["number"] for row in shown["rows"]] == [2, 3]
    assert shown["rows"][0]["problem"] is None and "shortened" in shown["rows"][1]["problem"]["words"]


async def test_what_a_column_means_is_remembered_and_can_be_changed(client: httpx.AsyncClient) -> None:
    text = "Artikel,Datei,Preis\nA,a.jpg,9\n"
    shown = (await look(client, text, {"Artikel": "sku", "Datei": "file", "Preis": ""})).json()
    assert shown["rows"][0]["sku"] == "A" and shown["rows"][0]["file"] == "a.jpg" and shown["lacks"] == []
    again = (await look(client, text)).json()
    assert [(one["means"], one["remembered"]) for one in again["columns"]] == [
        ("sku", True),
        ("file", True),
        ("", True),
    ]
    assert any("Artikel was read as sku" in note for note in again["notes"])
    settings = (await client.get("/workspace")).json()["settings"]
    assert settings["list_columns"] == {"artikel": "sku", "datei": "file", "preis": ""}
    changed = await look(client, "Preis,sku,url\nx,A,https://x.example/a.jpg\n", {"Preis": "title"})
    assert changed.json()["rows"][0]["title"] == "x"
    assert (await client.get("/workspace")).json()["settings"]["list_columns"]["preis"] == "title"
    assert (await client.patch("/workspace", json={"settings": {"list_columns": {}}})).status_code == 200
    assert (await look(client, text)).json()["columns"][0]["means"] is None


async def test_what_a_column_cannot_mean_is_refused(client: httpx.AsyncClient) -> None:
    text = "Artikel,file\nA,a.jpg\n"
    for columns in ({"Artikel": "colour"}, {"": "sku"}, {f"c{n}": "" for n in range(201)}, {"x" * 300: "sku"}):
        assert (await look(client, text, columns)).status_code == 422, columns
    for words in ("nonsense", "[1]", '{"a": 1}'):
        answer = await client.post("/lists", files=parts(("list.csv", text.encode())), data={"columns": words})
        assert answer.status_code == 422 and answer.json()["subject"] == "columns"
    assert (await look(client, "a,b\n1,2\n", {"a": "sku", "b": "sku"})).json()["detail"].startswith("list.csv: ")
    assert (await client.get("/workspace")).json()["settings"]["list_columns"] == {}
    assert (await client.patch("/workspace", json={"settings": {"list_columns": {"a": "b"}}})).status_code == 422


async def test_an_import_takes_the_columns_too_and_the_next_needs_no_asking(
    studio: Studio, client: httpx.AsyncClient
) -> None:
    content = packed({"list.csv": "Artikel;Datei;Titel\nA;1.jpg;Größe\n".encode("cp1252"), "1.jpg": photo(1)})
    columns = json.dumps({"Artikel": "sku", "Datei": "file", "Titel": "title"})
    for fields in ({"columns": columns}, {}):
        answer = await client.post("/images", files=parts(("a.zip", content)), data=fields)
        assert answer.status_code == 202, answer.text
        await studio.work_off(studio.queues.refs[f"{answer.json()['id']}-v0-{answer.json()['stage']}"])
        result = (await client.get(f"/jobs/{answer.json()['id']}")).json()["result"]
        assert len(result["images"]) == 1 and result["refused"] == []
        assert "Windows-1252" in result["notes"][0]["words"]
    products = (await client.get("/products")).json()["items"]
    assert [(one["sku"], one["title"]) for one in products] == [("A", "Größe")]


async def test_an_unknown_column_refuses_the_import_and_says_what_to_do(
    studio: Studio, client: httpx.AsyncClient
) -> None:
    content = packed({"list.csv": b"Artikel,file\nA,1.jpg\n", "1.jpg": photo(1)})
    answer = await client.post("/images", files=parts(("a.zip", content)))
    await studio.work_off(studio.queues.refs[f"{answer.json()['id']}-v0-{answer.json()['stage']}"])
    [refused] = (await client.get(f"/jobs/{answer.json()['id']}")).json()["result"]["refused"]
    assert "'Artikel'" in refused["words"] and "--map Artikel=sku" in refused["remedy"]
