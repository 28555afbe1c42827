"""The API against its own description: whatever is sent, no server error and no answer that is not described."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from pydantic import SecretStr
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from shops import Shop, a_shop

from packshot.api.app import create_app
from packshot.api.service import Service, opened
from packshot.db.upgrade import upgrade
from packshot.service.valkey import Valkey
from packshot.settings import Settings

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Shop]]:
    """A real server of this process, on a port of its own."""
    made = Settings(data_dir=tmp_path_factory.mktemp("schema"), secret=SecretStr("of the tests"), port=0)
    upgrade(made.database)
    valkey = Valkey(made)
    valkey.start()
    ready, found = threading.Event(), {}

    async def serve() -> None:
        async with opened(made) as service:
            found["shop"] = await a_shop(service, "Ours")
            server = uvicorn.Server(uvicorn.Config(create_app(service), port=0, log_config=None, access_log=False))
            found["server"] = server
            work = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            found["port"] = server.servers[0].sockets[0].getsockname()[1]
            ready.set()
            await work

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(120)
    yield f"http://127.0.0.1:{found['port']}", found["shop"]
    found["server"].should_exit = True
    thread.join(120)
    valkey.stop()


@pytest.fixture(scope="module")
def line() -> Iterator[requests.Session]:
    """One connection for all requests."""
    with requests.Session() as made:
        made.trust_env = False
        yield made


TOLD: dict[str, Any] = create_app(cast(Service, None)).openapi()
schema = schemathesis.openapi.from_dict(TOLD)


@schema.parametrize()
@settings(
    max_examples=4,  # beside some fifty a route that cover its description
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_as_it_is_described(
    case: schemathesis.Case, running: tuple[str, Shop], line: requests.Session
) -> None:
    if case.operation.path == "/api/v1/keys/{key_id}":
        return  # it would revoke the key that asks
    address, shop = running
    case.call_and_validate(base_url=address, session=line, headers=shop.headers, checks=CHECKS, timeout=30)


def test_the_description_is_openapi_3_1_and_names_every_operation_once() -> None:
    assert TOLD["openapi"].startswith("3.1")
    names = [op["operationId"] for path in TOLD["paths"].values() for op in path.values()]
    assert len(names) == len(set(names)) > 80


def test_the_reference_page_loads_nothing_from_elsewhere(running: tuple[str, Shop]) -> None:
    import re

    import httpx

    page = httpx.get(f"{running[0]}/docs", trust_env=False, timeout=60).text
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert address.startswith("/"), address
        assert httpx.get(running[0] + address, trust_env=False, timeout=60).status_code == 200, address
