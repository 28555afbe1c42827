"""Signing in where others try too: what wrong tries cost, whom, and the way out."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from child import Child, child
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError
from shops import Shop, browser
from sqlalchemy import select

from packshot.api import sign_in_tries
from packshot.api.service import Service
from packshot.catalog.accounts import invites, members, passwords
from packshot.db import Database
from packshot.db.tables import login_tries
from packshot.errors import TooManyTries
from packshot.settings import Settings

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse battery"
MIA, BEN = "mia@shop.example", "ben@shop.example"
# A hash that takes a thousandth of the time: what is counted here is tries.
CHEAP = """
from packshot.catalog.accounts import passwords
passwords._hasher = passwords.PasswordHasher(1, 8, 1)
passwords._NOBODY = passwords._hasher.hash("x")
"""
From = Callable[[str, str, str], Awaitable[httpx.Response]]


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = PasswordHasher(1, 8, 1)
    monkeypatch.setattr(passwords, "_hasher", hasher)
    monkeypatch.setattr(passwords, "_NOBODY", hasher.hash("nobody"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    folder = tmp_path_factory.mktemp("api")
    settings = Settings(data_dir=folder / "data", secret=SecretStr("a secret of the tests"))
    with child(settings, log=folder / "log", program=CHEAP) as found:
        yield found


async def member(service: Service, shop: Shop, email: str) -> None:
    async with service.db.write() as tx:
        token = await invites.invite(tx, shop.workspace, email=email, role="owner", by=None)
        hashed = await passwords.hash_password(PASSWORD)
        await invites.accept(tx, token, email=email, name=email, password_hash=hashed)


@pytest.fixture
async def sign_in(service: Service, app: FastAPI, ours: Shop) -> From:
    for email in (MIA, BEN):
        await member(service, ours, email)

    async def tried(address: str, email: str, password: str) -> httpx.Response:
        async with browser(app, address) as http:
            return await http.post("/session", json={"email": email, "password": password})

    return tried


async def later(service: Service, seconds: float) -> None:
    async with service.db.write() as tx:
        await tx.execute(login_tries.update().values(at=login_tries.c.at - seconds))


async def test_an_account_that_others_try_stays_open_to_its_owner(sign_in: From) -> None:
    for n in range(12):
        assert (await sign_in("203.0.113.9", MIA, f"guess {n}")).status_code == (401 if n < 10 else 429)
    assert (await sign_in("203.0.113.9", MIA, PASSWORD)).status_code == 429
    assert (await sign_in("198.51.100.7", MIA, PASSWORD)).status_code == 201
    assert (await sign_in("203.0.113.9", BEN, PASSWORD)).status_code == 201  # nor is anybody else behind that address


async def test_each_wrong_try_makes_the_next_wait_longer_and_a_refused_one_does_not(
    service: Service, sign_in: From
) -> None:
    for n in range(10):
        assert (await sign_in("203.0.113.9", MIA, f"guess {n}")).status_code == 401
    waited = []
    for _ in range(9):
        for _ in range(2):
            refused = await sign_in("203.0.113.9", MIA, "guess")
            assert refused.status_code == 429
        waited.append(int(refused.headers["retry-after"]))
        assert f"{waited[-1]} seconds" in refused.json()["remedy"]
        assert "sign-in-link" in refused.json()["remedy"]
        await later(service, waited[-1])
        assert (await sign_in("203.0.113.9", MIA, "guess")).status_code == 401
    expected = [4, 8, 16, 32, 64, 128, 256, 512, 900]
    assert all(0 <= delay - found <= 1 for delay, found in zip(expected, waited, strict=True)), waited


async def test_the_right_password_clears_the_account_there_and_not_the_address(service: Service, sign_in: From) -> None:
    for _ in range(9):
        await sign_in("203.0.113.9", MIA, "guess")
    assert (await sign_in("203.0.113.9", MIA, PASSWORD)).status_code == 201
    for _ in range(10):
        assert (await sign_in("203.0.113.9", MIA, "guess")).status_code == 401
    async with service.db.read() as tx:
        tries = sorted(await tx.scalars(select(login_tries.c.tries)))
    assert tries == [10, 19]


async def test_many_accounts_tried_from_one_address_make_that_address_wait(sign_in: From) -> None:
    """An account of one's own between the guesses does not help."""
    statuses = []
    for n in range(32):
        if n % 8 == 7:
            await sign_in("203.0.113.9", BEN, PASSWORD)
        statuses.append((await sign_in("203.0.113.9", f"somebody{n}@shop.example", "guess")).status_code)
    assert statuses == [401] * 30 + [429] * 2
    assert (await sign_in("203.0.113.9", MIA, PASSWORD)).status_code == 429
    assert (await sign_in("198.51.100.7", MIA, PASSWORD)).status_code == 201


async def test_a_customer_of_ipv6_counts_as_one_however_many_addresses_he_uses(sign_in: From) -> None:
    statuses = [(await sign_in(f"2001:db8:1:2::{n:x}", MIA, "guess")).status_code for n in range(11)]
    assert statuses == [401] * 10 + [429]
    assert (await sign_in("2001:db8:1:3::1", MIA, PASSWORD)).status_code == 201


async def test_wrong_tries_are_forgotten_one_after_the_other(service: Service, sign_in: From) -> None:
    for _ in range(10):
        await sign_in("203.0.113.9", MIA, "guess")
    await later(service, 3 * sign_in_tries.FORGET_SECONDS)
    statuses = [(await sign_in("203.0.113.9", MIA, "guess")).status_code for _ in range(4)]
    assert statuses == [401] * 3 + [429]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_tries_at_the_same_moment_are_all_counted(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from packshot.db.upgrade import upgrade

    url = f"sqlite:///{tmp_path / 'x.db'}" if kind == "sqlite" else request.getfixturevalue("postgres").fresh()
    upgrade(url)
    db, source = Database(url), sign_in_tries.Source("one", 10)

    async def once() -> bool:
        try:
            async with db.write() as tx:
                await sign_in_tries.count(tx, source)
        except TooManyTries:
            return False
        return True

    try:
        passed = sum(await asyncio.gather(*(once() for _ in range(40))))
    finally:
        await db.close()
    assert passed == 10


async def test_the_old_password_is_not_guessed_either(service: Service, app: FastAPI, ours: Shop) -> None:
    await member(service, ours, MIA)
    async with browser(app) as http:
        session = await http.post("/session", json={"email": MIA, "password": PASSWORD})
        csrf = {"X-CSRF-Token": session.json()["csrf"]}
        wrong = {"old": "guess", "new": "another horse battery"}
        statuses = [(await http.put("/session/password", json=wrong, headers=csrf)).status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]


async def test_a_guessed_invitation_costs_no_hash(nobody: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hash_password", lambda _: pytest.fail("it was hashed"))
    me = {"token": "guess", "email": MIA, "name": "Mia", "password": PASSWORD}
    assert (await nobody.post("/invites/accept", json=me)).status_code == 404


# --- the way out ---


async def test_a_sign_in_link_opens_an_account_once_with_a_new_password(
    service: Service, app: FastAPI, ours: Shop
) -> None:
    await member(service, ours, MIA)
    async with service.db.write() as tx:
        first = await invites.sign_in_link(tx, "Mia@Shop.example")
        token = await invites.sign_in_link(tx, MIA)
    new = {"token": token, "password": "another horse battery"}
    async with browser(app) as before, browser(app) as http:
        await before.post("/session", json={"email": MIA, "password": PASSWORD})
        assert (await before.get("/session")).status_code == 200
        assert (await http.get("/invites", headers=ours.headers)).json() == []  # it is no invitation to anybody
        assert (await http.post("/invites/accept", json=new | {"token": first})).status_code == 404  # the newest alone
        assert (await http.post("/invites/accept", json=new | {"password": "short"})).status_code == 422
        opened = await http.post("/invites/accept", json=new)
        assert (opened.status_code, opened.json()["email"], opened.json()["role"]) == (201, MIA, "owner")
        assert (await http.get("/session")).status_code == 200
        assert (await before.get("/session")).status_code == 401
        assert (await http.post("/invites/accept", json=new)).status_code == 404
        assert (await http.post("/session", json={"email": MIA, "password": PASSWORD})).status_code == 401
        again = await http.post("/session", json={"email": MIA, "password": new["password"]})
        assert again.status_code == 201


async def test_a_sign_in_link_is_no_way_around_being_switched_off(service: Service, app: FastAPI, ours: Shop) -> None:
    for email in (MIA, BEN):
        await member(service, ours, email)
    async with service.db.write() as tx:
        token = await invites.sign_in_link(tx, BEN)
        ben = next(one for one in await members.members(tx, ours.workspace) if one.email == BEN)
        await members.change_member(tx, ours.workspace, ben.id, disabled=True)
    async with browser(app) as http:
        assert (await http.post("/invites/accept", json={"token": token, "password": PASSWORD})).status_code == 404


async def test_an_invitation_still_needs_a_name_and_an_address(service: Service, app: FastAPI, ours: Shop) -> None:
    async with service.db.write() as tx:
        token = await invites.first_login(tx)
    async with browser(app) as http:
        for more in ({}, {"email": MIA}, {"name": "Mia"}):
            answer = await http.post("/invites/accept", json={"token": token, "password": PASSWORD} | more)
            assert answer.status_code == 422, answer.text
        me = {"token": token, "password": PASSWORD, "email": MIA, "name": "Mia"}
        assert (await http.post("/invites/accept", json=me)).status_code == 201


def command(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    done = [sys.executable, "-m", "packshot", *words, "--data", str(settings.data_dir)]
    return subprocess.run(done, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)


def test_whoever_runs_it_can_let_a_locked_out_owner_in(running: Child) -> None:
    link = command(running.settings, "first-login").stdout
    token = re.search(r"token=(\S+)", link)
    assert token is not None, link
    me = {"token": token[1], "email": MIA, "name": "Mia", "password": PASSWORD}
    with running.client() as http:
        assert http.post("/invites/accept", json=me).status_code == 201
    with running.client() as http:
        for n in range(11):
            last = http.post("/session", json={"email": MIA, "password": "guess"})
            assert last.status_code == (401 if n < 10 else 429)
        done = command(running.settings, "sign-in-link", MIA)
        found = re.fullmatch(r"http://\S+/welcome\?token=([^&\s]+)&account=mia%40shop.example\n", done.stdout)
        assert found is not None, done
        new = {"token": found[1], "password": "another horse battery"}
        assert http.post("/invites/accept", json=new).status_code == 201
        assert http.get("/members").status_code == 200
    nobody = command(running.settings, "sign-in-link", "nobody@shop.example")
    assert nobody.returncode != 0
    assert nobody.stderr.startswith("error: nobody@shop.example: no member has this address")


def test_whoever_runs_it_makes_a_further_workspace(running: Child) -> None:
    told = command(running.settings, "new-workspace", "Northwind", "nora@n.example")
    token = re.fullmatch(r"http://\S+/welcome\?token=(\S+)\n", told.stdout)
    assert token is not None, told
    with running.client() as http:
        session = http.post("/invites/accept", json={"token": token[1], "name": "Nora", "password": PASSWORD}).json()
        assert session["workspace"]["name"] == "Northwind"
    listed = [json.loads(line) for line in command(running.settings, "workspaces").stdout.splitlines()]
    assert [(w["name"], w["members"]) for w in listed][-1] == ("Northwind", 1)
    again = command(running.settings, "invite-owner", listed[-1]["id"], "nils@n.example")
    token = re.fullmatch(r"http://\S+/welcome\?token=(\S+)\n", again.stdout)
    assert token is not None, again
    with running.client() as http:
        session = http.post("/invites/accept", json={"token": token[1], "name": "Nils", "password": PASSWORD}).json()
        assert (session["workspace"]["name"], session["role"]) == ("Northwind", "owner")
    unknown = command(running.settings, "invite-owner", "wsp_0", "nils2@n.example")
    assert unknown.returncode == 64 and "there is no such workspace" in unknown.stderr
    for wrong, words in ((("", "a@b.example"), "a name"), (("Shop", "nobody"), "no email address")):
        refused = command(running.settings, "new-workspace", *wrong)
        assert refused.returncode == 64
        assert words in refused.stderr


# --- behind a proxy ---


def guesses(api: Child, count: int, **headers: str) -> list[int]:
    found = []
    with api.client() as http:
        for n in range(count):
            named = {name.replace("_", "-"): value.format(n=n) for name, value in headers.items()}
            wrong = {"email": "zoe@shop.example", "password": "guess"}
            found.append(http.post("/session", json=wrong, headers=named).status_code)
    return found


def test_nobody_is_believed_where_he_comes_from(running: Child) -> None:
    for name in ("X_Forwarded_For", "Forwarded", "X_Real_IP"):
        assert 429 in guesses(running, 12, **{name: "203.0.113.{n}"})
    assert running.logged().count("proxy.not_trusted") == 1
    with running.client() as http:
        assert http.get(f"{running.address}/metrics").status_code == 200
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
            for value in ("127.0.0.1", "for=127.0.0.1", "nonsense"):
                assert http.get(f"{running.address}/metrics", headers={name: value}).status_code == 401


def test_a_trusted_proxy_says_where_a_request_comes_from(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", secret=SecretStr("a secret of the tests"))
    with child(settings, log=tmp_path / "log", program=CHEAP, PACKSHOT_TRUSTED_PROXIES="127.0.0.0/8, 10.1.2.3") as api:
        assert set(guesses(api, 12, X_Forwarded_For="203.0.113.{n}")) == {401}
        # What a client wrote itself stands before what the proxy adds.
        assert 429 in guesses(api, 12, X_Forwarded_For="192.0.2.{n}, 203.0.113.77")
        assert 429 in guesses(api, 12, X_Forwarded_For="192.0.2.{n}, 203.0.113.78, 10.1.2.3")
        with api.client() as http:
            for value in ("127.0.0.1", "nonsense", "203.0.113.1"):
                assert http.get(f"{api.address}/metrics", headers={"X-Forwarded-For": value}).status_code == 401
        assert "proxy.not_trusted" not in api.logged()
        assert "Traceback" not in api.logged()


def test_a_proxy_that_is_no_address_is_refused_at_the_start() -> None:
    assert Settings(trusted_proxies="10.0.0.1/8, ::1").trusted_proxies == "10.0.0.0/8,::1/128"
    for wrong in ("proxy", "10.0.0.0/99", "*"):
        with pytest.raises(ValidationError):
            Settings(trusted_proxies=wrong)
