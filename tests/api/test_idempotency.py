"""A POST with an Idempotency-Key is done once, whatever happens in between, and tells nobody what is not his."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from child import child
from fastapi import FastAPI
from pydantic import SecretStr
from shops import Shop
from sqlalchemy import select, update

from packshot.api import idempotency as claims
from packshot.api.service import Service
from packshot.catalog.accounts import api_keys, invites
from packshot.db.tables import idempotency, now, products, users
from packshot.settings import Settings
from places import SAMPLES
from servers import Postgres

KEY = {"Idempotency-Key": "order-1"}
PASSWORD = "correct horse battery"


async def skus(service: Service) -> list[str]:
    async with service.db.read() as tx:
        return sorted(await tx.scalars(select(products.c.sku)))


async def rows(service: Service) -> list[Any]:
    async with service.db.read() as tx:
        return list(await tx.execute(select(idempotency)))


@pytest.mark.anyio
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "BeArEr"])
async def test_a_key_counts_in_any_writing_of_bearer(
    service: Service, nobody: httpx.AsyncClient, ours: Shop, scheme: str
) -> None:
    headers = KEY | {"Authorization": f"{scheme} {ours.key}"}
    first = await nobody.post("/collections", json={"name": "Autumn"}, headers=headers)
    again = await nobody.post("/collections", json={"name": "Autumn"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len((await nobody.get("/collections", headers=ours.headers)).json()["items"]) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("key", ["", "x" * 201, "x" * 60_000])
async def test_a_key_of_the_wrong_length_is_refused_in_words(
    service: Service, nobody: httpx.AsyncClient, ours: Shop, key: str
) -> None:
    answer = await nobody.post("/products", json={"sku": "A"}, headers=ours.headers | {"Idempotency-Key": key})
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["detail"] and "200" in answer.json()["detail"]
    assert await skus(service) == []


@pytest.mark.anyio
async def test_a_key_of_the_longest_length_is_taken(service: Service, nobody: httpx.AsyncClient, ours: Shop) -> None:
    headers = ours.headers | {"Idempotency-Key": "x" * 200}
    for _ in range(2):
        assert (await nobody.post("/products", json={"sku": "A"}, headers=headers)).status_code == 201
    assert await skus(service) == ["A"]


@pytest.mark.anyio
async def test_an_answer_is_given_again_only_to_who_may_do_it(
    service: Service, app: FastAPI, nobody: httpx.AsyncClient, ours: Shop
) -> None:
    async with service.db.write() as tx:
        token = await invites.invite(tx, ours.workspace, email="mia@shop.example", role="owner", by=None)
    me = {"token": token, "email": "mia@shop.example", "name": "Mia", "password": PASSWORD}
    csrf = {"X-CSRF-Token": (await nobody.post("/invites/accept", json=me)).json()["csrf"]}
    body = {"email": "ben@shop.example"}
    assert (await nobody.post("/products", json={"sku": "A"}, headers=KEY | csrf)).status_code == 201
    assert (await nobody.post("/products", json={"sku": "A"}, headers=KEY | csrf)).status_code == 201
    for headers in (KEY, KEY | {"X-CSRF-Token": "guess"}, KEY | csrf | {"Origin": "https://evil.example"}):
        assert (await nobody.post("/products", json={"sku": "A"}, headers=headers)).status_code == 403
    # Made a member, she is still signed in, and may no longer do what only an owner may.
    once = {"Idempotency-Key": "invite-1"} | csrf
    assert (await nobody.post("/members", json=body, headers=once)).status_code == 201
    async with service.db.write() as tx:
        await invites.invite(tx, ours.workspace, email="zoe@shop.example", role="owner", by=None)
        await tx.execute(update(users).values(role="member"))
    assert (await nobody.post("/members", json=body, headers=once)).status_code == 403
    async with service.db.write() as tx:
        await tx.execute(update(users).values(disabled_at=now()))
    assert (await nobody.post("/products", json={"sku": "A"}, headers=KEY | csrf)).status_code == 401


@pytest.mark.anyio
async def test_a_key_belongs_to_one_request_of_one_asker(
    service: Service, nobody: httpx.AsyncClient, ours: Shop
) -> None:
    headers = ours.headers | KEY
    assert (await nobody.post("/products", json={"sku": "A"}, headers=headers)).status_code == 201
    async with service.db.write() as tx:
        _, other = await api_keys.make_key(tx, ours.workspace, name="other", scopes=["write"], by=None)
    for answer in (
        await nobody.post("/products", json={"sku": "B"}, headers=headers),
        await nobody.post("/products?x=1", json={"sku": "A"}, headers=headers),
        await nobody.post("/collections", json={"name": "A"}, headers=headers),
        await nobody.post("/products", json={"sku": "A"}, headers=KEY | {"Authorization": f"Bearer {other}"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert await skus(service) == ["A"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "body", "secret"),
    [("/keys", {"name": "k", "scopes": ["read"]}, "key"), ("/members", {"email": "ben@shop.example"}, "token")],
)
async def test_a_secret_is_shown_once_and_never_stored(
    service: Service, nobody: httpx.AsyncClient, ours: Shop, path: str, body: dict[str, Any], secret: str
) -> None:
    first = await nobody.post(path, json=body, headers=ours.headers | KEY)
    assert first.status_code == 201
    assert first.headers["cache-control"] == "no-store"
    again = await nobody.post(path, json=body, headers=ours.headers | KEY)
    assert (again.status_code, again.json()["code"]) == (409, "already_done")
    assert "shown once" in again.json()["detail"]
    stored = "".join(map(str, await rows(service)))
    for shown in (first, again):
        assert first.json()[secret] not in stored
        assert shown is first or first.json()[secret] not in shown.text
    content = b"".join(path.read_bytes() for path in Path(service.settings.data_dir).glob("packshot.db*"))
    assert first.json()[secret].encode() not in content


@pytest.mark.anyio
async def test_what_was_refused_may_be_done_under_the_same_key(
    service: Service, nobody: httpx.AsyncClient, ours: Shop
) -> None:
    headers = ours.headers | KEY
    assert (await nobody.post("/products", json={"sku": ""}, headers=headers)).status_code == 422
    assert (await nobody.post("/products", json={"sku": "A", "gtin": "1"}, headers=headers)).status_code == 422
    assert await rows(service) == []
    assert (await nobody.post("/products", json={"sku": "A"}, headers=headers)).status_code == 201


@pytest.mark.anyio
async def test_what_failed_before_it_was_committed_may_be_done_and_what_failed_after_it_may_not(
    service: Service, nobody: httpx.AsyncClient, ours: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"name": "B", "source": {"images": ["img_1"]}, "looks": [{"template": "white"}]}

    async def fails(*_: object) -> None:
        raise RuntimeError("the queue's client has a fault")

    with monkeypatch.context() as patch:
        patch.setattr("packshot.api.batches.lifecycle.get", fails)  # within the transaction
        assert (await nobody.post("/batches", json=body, headers=ours.headers | KEY)).status_code == 500
    assert await rows(service) == []
    with monkeypatch.context() as patch:
        patch.setattr(service.queues, "add", fails)  # after the commit
        assert (await nobody.post("/batches", json=body, headers=ours.headers | KEY)).status_code == 500
    again = await nobody.post("/batches", json=body, headers=ours.headers | KEY)
    assert (again.status_code, again.json()["code"]) == (409, "already_done")
    assert len((await nobody.get("/batches", headers=ours.headers)).json()["items"]) == 1


@pytest.mark.anyio
async def test_a_request_that_lost_its_key_to_another_does_nothing(
    service: Service, nobody: httpx.AsyncClient, ours: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a machine that stood still for minutes: somebody sent it again meanwhile, and it was done."""
    real = claims.claim

    async def stolen(*args: Any, **named: Any) -> None:
        await real(*args, **named)
        with sqlite3.connect(service.settings.data_dir / "packshot.db") as other:
            other.execute("UPDATE idempotency SET owner = 'another'")

    monkeypatch.setattr("packshot.api.access.claim", stolen)
    answer = await nobody.post("/products", json={"sku": "A"}, headers=ours.headers | KEY)
    assert (answer.status_code, answer.json()["code"]) == (409, "in_progress")
    assert answer.headers["retry-after"] == "5"
    assert await skus(service) == []
    assert [row.owner for row in await rows(service)] == ["another"]


@pytest.mark.anyio
async def test_an_answer_is_forgotten_after_a_day(service: Service, nobody: httpx.AsyncClient, ours: Shop) -> None:
    for _ in range(2):
        assert (await nobody.post("/collections", json={"name": "A"}, headers=ours.headers | KEY)).status_code == 201
        async with service.db.write() as tx:
            await tx.execute(update(idempotency).values(at=idempotency.c.at - claims.ANSWER_SECONDS - 1))
    assert len((await nobody.get("/collections", headers=ours.headers)).json()["items"]) == 2


# --- against the program itself ---


QUICK = "import packshot.api.idempotency as claims; claims.RENEW_SECONDS, claims.STALE_SECONDS = 0.2, 3.0"
# The process is gone between the commit of the work and the storing of its answer, or just before that commit.
DIES = {
    "after": "import os\nasync def dies(self, *_): self._held and os.kill(os.getpid(), 9)\nclaims.Claim.settle = dies",
    "before": "import os\nasync def dies(self, tx): self._held and os.kill(os.getpid(), 9)\n"
    "claims.Claim.note_work = dies",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def quick(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = ""
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.fresh()
    return Settings(data_dir=tmp_path / "data", secret=SecretStr("a secret of the tests"), database_url=url)


@pytest.mark.parametrize("when", DIES)
def test_a_crash_between_the_work_and_its_answer_does_not_do_it_twice(
    quick: Settings, tmp_path: Path, when: str
) -> None:
    body = {"name": "Once", "source": {"images": ["img_1"]}, "looks": [{"template": "white"}]}
    with child(quick, log=tmp_path / "log", program=f"{QUICK}\n{DIES[when]}") as first:
        headers = first.shop.headers
        with first.client(**headers) as http, pytest.raises(httpx.TransportError):
            http.post("/batches", json=body, headers=KEY)
        first.process.wait(60)
    with child(quick, log=tmp_path / "log", program=QUICK) as second, second.client(**headers) as http:
        answers = []
        deadline = time.monotonic() + 60
        while not answers or answers[-1][1] == "in_progress":
            assert time.monotonic() < deadline
            answer = http.post("/batches", json=body, headers=KEY)
            answers.append((answer.status_code, answer.json().get("code", "")))
            time.sleep(0.1)
        expected = {"after": (409, "already_done"), "before": (202, "")}
        assert answers[-1] == expected[when]
        assert len(http.get("/batches").json()["items"]) == 1


def slowly(content: bytes, seconds: float) -> Iterator[bytes]:
    pieces = 20
    size = len(content) // pieces + 1
    for start in range(0, len(content), size):
        yield content[start : start + size]
        time.sleep(seconds / pieces)


def test_a_slow_upload_holds_its_key_until_it_is_done(quick: Settings, tmp_path: Path) -> None:
    boundary = "xxxx"
    photo = (SAMPLES / "mug.jpg").read_bytes()
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="list.csv"\r\n\r\n'.encode()
    words = b'{"name": "Slow", "looks": [{"template": "white"}]}'
    rest = f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="batch"\r\n\r\n'.encode() + words
    form = part + b"sku,file\nA,a.jpg\n" + photo + rest + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with child(quick, log=tmp_path / "log", program=QUICK) as api, api.client(**api.shop.headers | kind | KEY) as http:
        begun = threading.Event()

        def first() -> httpx.Response:
            begun.set()
            return http.post("/batches", content=slowly(form, 8.0))  # far longer than a dead one is waited for

        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(first)
            begun.wait()
            answers = []
            time.sleep(1.0)
            while not running.done():
                with api.client(**api.shop.headers | kind | KEY) as other:
                    answer = other.post("/batches", content=form)
                answers.append((answer.status_code, answer.json().get("code", "")))
                time.sleep(0.5)
            first_answer = running.result()
        assert first_answer.status_code == 202, first_answer.text
        assert len(answers) > 6
        assert set(answers[:-1]) == {(409, "in_progress")}
        again = http.post("/batches", content=form)
        assert again.json() == first_answer.json()
        assert len(http.get("/batches").json()["items"]) == 1


def test_of_many_that_are_sent_at_once_one_is_done(quick: Settings, tmp_path: Path) -> None:
    with child(quick, log=tmp_path / "log") as api, ThreadPoolExecutor(8) as pool:

        def send(name: str) -> int:
            with api.client(**api.shop.headers | KEY) as http:
                return http.post("/collections", json={"name": name}).status_code

        statuses = list(pool.map(send, ["Autumn"] * 16))
        assert set(statuses) <= {201, 409} and 201 in statuses
        with api.client(**api.shop.headers) as http:
            assert len(http.get("/collections").json()["items"]) == 1
        assert "Traceback" not in api.logged()


def test_what_an_older_version_stored_goes_with_the_upgrade(tmp_path: Path) -> None:
    """Keys and invitations lay among it, in clear."""
    from alembic import command

    from packshot.db.upgrade import configuration, sync_engine, upgrade

    path = tmp_path / "packshot.db"
    engine = sync_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        command.upgrade(configuration(connection), "0001")
    engine.dispose()
    with sqlite3.connect(path) as old:
        values = "('ws', 'k', 'f', 201, '[]', CAST('eyJrZXkiOiAicHNrX+In0=' AS BLOB), 0)"
        old.execute(f"INSERT INTO idempotency VALUES {values}")
    upgrade(f"sqlite:///{path}")
    with sqlite3.connect(path) as new:
        assert new.execute("SELECT count(*) FROM idempotency").fetchone() == (0,)
