"""The API against its own description: whatever is sent, no server error and no answer that is not described."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from pydantic import SecretStr
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from shops import Shop, a_shop

from packshot.api.app import create_app
from packshot.api.service import Service, opened
from packshot.db.upgrade import upgrade
from packshot.service.valkey import Valkey
from packshot.settings import Settings

HEADERS = ("ETag", "Location", "Preference-Applied", "Retry-After", "Set-Cookie", "WWW-Authenticate")


def no_header_that_is_not_described(ctx: Any, response: schemathesis.Response, case: schemathesis.Case) -> None:
    described = case.operation.responses.find_by_status_code(response.status_code)
    names = {name.lower() for name, _ in described.headers.items()} if described is not None else set()
    for name in HEADERS:
        assert name.lower() not in response.headers or name.lower() in names, f"{name} is not described"


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    no_header_that_is_not_described,
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Shop]]:
    """A real server of this process, on a port of its own."""
    made = Settings(data_dir=tmp_path_factory.mktemp("schema"), secret=SecretStr("of the tests"))
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


DOCUMENT: dict[str, Any] = create_app(cast(Service, None)).openapi()
schema = schemathesis.openapi.from_dict(DOCUMENT)


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


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        yield from (inner for member in node.values() for inner in nodes(member))
    if isinstance(node, list):
        yield from (inner for member in node for inner in nodes(member))


def test_the_description_is_openapi_3_1_and_names_every_operation_once() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1") and DOCUMENT["servers"] and "webhooks" not in DOCUMENT
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names)) > 80
    assert all(re.fullmatch("[a-z][a-z_]*", name) for name in names)


def test_the_description_stays_small() -> None:
    assert len(json.dumps(DOCUMENT, indent=1, ensure_ascii=False).encode()) <= 450_000


def test_every_operation_parameter_and_schema_is_described() -> None:
    for where, operation in operations():
        assert operation["summary"] and operation["description"] and operation["tags"], where
        for parameter in operation.get("parameters", ()):
            assert "$ref" in parameter or parameter["description"], f"{where}: {parameter['name']}"
    for kind in ("schemas", "parameters", "headers", "responses", "securitySchemes"):
        for name, part in DOCUMENT["components"][kind].items():
            assert part.get("description"), f"{kind}/{name}"


def test_every_error_of_every_operation_is_the_one_problem() -> None:
    for where, operation in operations():
        for status in ("4XX", "5XX"):
            assert operation["responses"][status] == {"$ref": "#/components/responses/Problem"}, where
        assert "422" not in operation["responses"], where
    problem = DOCUMENT["components"]["responses"]["Problem"]
    assert list(problem["content"]) == ["application/problem+json"]
    assert all(code in problem["description"] for code in ("404 `not_found`", "422 `bad_json`", "507 `disk_full`"))


def test_a_request_may_leave_out_what_has_a_default_and_an_answer_holds_all_its_fields() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["UpscaleRequest"].get("required", []) == []
    assert set(schemas["BatchRequest"]["required"]) == {"name", "source"}
    assert set(schemas["ChannelRequest"]["required"]) == {"id", "name", "size", "format"}
    for name in ("Channel", "JobView", "PhotoView", "Problem", "WorkspaceSettings"):
        assert schemas[name]["required"] == list(schemas[name]["properties"]), name


def test_arrays_say_what_is_in_them_and_no_parameter_is_null() -> None:
    arrays = [node for node in nodes(DOCUMENT) if node.get("type") == "array"]
    assert arrays and all("items" in array for array in arrays)
    assert any("prefixItems" in array for array in arrays)
    for where, operation in operations():
        for parameter in operation.get("parameters", ()):
            assert {"type": "null"} not in parameter.get("schema", {}).get("anyOf", ()), where


def test_files_are_described_as_such() -> None:
    file = {"type": "string", "format": "binary"}
    for path in ("matte", "cutout"):
        answer = DOCUMENT["paths"][f"/api/v1/images/{{image_id}}/{path}"]["get"]["responses"]["200"]
        assert answer["content"] == {"image/png": {"schema": file}}
    for path, kind in (("matte", "image/png"), ("file", "application/octet-stream")):
        body = DOCUMENT["paths"][f"/api/v1/images/{{image_id}}/{path}"]["put"]["requestBody"]["content"]
        assert body[kind]["schema"].items() >= file.items()
        assert body["multipart/form-data"]["schema"]["properties"]["file"].items() >= file.items()
    download = DOCUMENT["paths"]["/api/v1/files/{token}"]["get"]["responses"]["200"]["content"]
    assert all(content == {"schema": file} for content in download.values())
    assert DOCUMENT["paths"]["/metrics"]["get"]["responses"]["200"]["content"]["text/plain"]


def test_every_operation_says_who_may_ask() -> None:
    key, session = {"key": []}, {"session": []}
    for where, operation in operations():
        if where in ("post /api/v1/session", "post /api/v1/invites/accept") or "/files/" in where:
            assert operation["security"] == [], where
        elif "/api/" in where:
            changes = not where.startswith("get ")
            assert operation["security"] == [key, session | ({"csrf": []} if changes else {})], where
            assert re.search(r"Scope: `(read|write|review|admin)`\.$", operation["description"]), where


def test_every_post_of_somebody_takes_an_idempotency_key() -> None:
    for where, operation in operations():
        takes = {"$ref": "#/components/parameters/IdempotencyKey"} in operation.get("parameters", ())
        assert takes == (where.startswith("post ") and bool(operation["security"])), where


def test_examples_are_what_their_schemas_take() -> None:
    tried = 0
    for node in nodes(DOCUMENT):
        schema = node.get("schema", node)
        examples = node.get("examples", ())
        for example in examples.values() if isinstance(examples, dict) else examples:
            value = example["value"] if isinstance(examples, dict) else example
            Draft202012Validator(DOCUMENT | schema).validate(value)
            tried += 1
    assert tried > 20


def test_the_reference_page_loads_nothing_from_elsewhere(running: tuple[str, Shop]) -> None:
    page = httpx.get(f"{running[0]}/docs", trust_env=False, timeout=60).text
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert address.startswith("/"), address
        assert httpx.get(running[0] + address, trust_env=False, timeout=60).status_code == 200, address
