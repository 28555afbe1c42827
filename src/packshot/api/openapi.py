"""The API's description (OpenAPI 3.1): FastAPI's own, mended into one that linters and generators of clients like."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from packshot.api import jobs, problems
from packshot.api.access import CSRF_HEADER
from packshot.api.described import HEADERS
from packshot.api.uploads import Addresses
from packshot.catalog.batches.requests import BatchChoices, BatchRequest

Node = dict[str, Any]

DESCRIPTION = """Raw product photos in, catalog files out.

Upload photos, make a batch of them in a style for your channels, review what comes of it, export what was approved.
Work that takes a while answers 202 with a job to follow, or the finished answer with `Prefer: wait=20`. A POST with an
`Idempotency-Key` is done once: sent again within a day, it gets the first answer again, with
`Idempotent-Replayed: true`. Changes to one thing take `If-Match` with the ETag you saw. Errors are problem details
(RFC 9457) that say what to do. Lists come in pages. All described fields of an answer are in it; new ones may come.
"""
SERVERS = [{"url": "/", "description": "Where this description was fetched; Packshot runs at an address of your own."}]
CONTACT = {"name": "Packshot", "url": "https://github.com/packshot/packshot"}
LICENSE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
_TAGS = {
    "session": "Sign in and out, accept an invitation, change one's own password. For people in a browser.",
    "workspace": "The workspace, its members, invitations and API keys.",
    "products": "What is sold, with its photos in order.",
    "collections": "Collections, seasons and categories: one tree that products are put into.",
    "images": "Photos taken in, looked at and replaced; single photos cut out, composed, enlarged.",
    "lists": "CSV lists looked at before anything of them is taken in, and what their columns mean.",
    "layers": "What a photo is made of: the original, its matte in all versions, its cut-out.",
    "styles": "Templates with their options set: what comes with Packshot, and one's own; previews.",
    "channels": "Where pictures are sold, with the rules of each place.",
    "specifications": "What is made for whom: which channel gets which style, for which shots.",
    "batches": "Photos × specification: made, followed, paused, stopped.",
    "items": "One photo in one style: its versions, files and findings.",
    "review": "Approve, reject, put aside, make anew; one item or five hundred at once; and take it back.",
    "failures": "What failed three times and why, and the call that tries it again.",
    "exports": "Approved files as a ZIP, into a folder or into a bucket.",
    "destinations": "Buckets to deliver to. Their secret goes in and never comes out.",
    "jobs": "Work that takes a while: followed, waited for, called off.",
    "events": "What changes, for those who can only ask. A WebSocket at the same address tells it as it happens.",
    "files": "Files by the links that other answers hold.",
    "operate": "For whoever runs it: is it up, can it work, what does it do.",
}
TAGS = [{"name": name, "description": description} for name, description in _TAGS.items()]

_REF = "#/components/schemas/"
_READ_BY_ROUTES = (BatchRequest, BatchChoices, Addresses)  # as JSON or a form, so FastAPI does not see them
_SUCCESS = {"200": "The answer.", "201": "What was made.", "202": "What has begun.", "204": "Done."}
_RESPONSES: Node = {"Problem": problems.RESPONSE, "NoContent": {"description": "Done."}} | jobs.RESPONSES
_SAFE = ("get", "head", "options")
_CSRF: Node = {
    "type": "apiKey", "in": "header", "name": CSRF_HEADER,
    "description": "`csrf` of GET /session: what a browser's change sends beside the session's cookie.",
}  # fmt: skip
_IDEMPOTENCY_KEY: Node = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any text of your own: sent again, it is not done again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


class DescribedApi(FastAPI):
    """FastAPI with the mended description."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = mended(super().openapi())
        return self.openapi_schema


def mended(document: Node) -> Node:
    """The same object: FastAPI's description with what it leaves out, and without what it says again and again."""
    components = document["components"]
    _, more = models_json_schema([(model, "validation") for model in _READ_BY_ROUTES], ref_template=_REF + "{model}")
    components["schemas"] = dict(sorted((more["$defs"] | components["schemas"]).items()))
    components |= {"responses": deepcopy(_RESPONSES), "headers": deepcopy(HEADERS), "parameters": {}}
    components["securitySchemes"]["csrf"] = dict(_CSRF)
    for method, operation in _operations(document):
        operation["description"] = re.sub(r"(?<!\n)\n(?!\n)", " ", operation["description"])  # a docstring's lines
        _secure(operation, safe=method in _SAFE)
        if method == "post" and operation["security"]:
            operation.setdefault("parameters", []).append(deepcopy(_IDEMPOTENCY_KEY))
        for parameter in operation.get("parameters", ()):
            parameter["schema"] = _without_null(parameter["schema"])
            parameter["schema"].pop("description", None)  # the parameter has it
        _mend_form(operation)
        _mend_answers(operation["responses"])
    for schema in _every_schema(document):
        _mend_schema(schema)
    _complete_answers(document)
    _share_parameters(document)
    return document


def _operations(document: Node) -> Iterator[tuple[str, Node]]:
    for path in document["paths"].values():
        yield from path.items()


# --- operations ---


def _secure(operation: Node, *, safe: bool) -> None:
    """Say where nobody need sign in, which scope is needed, and that a session's changes need its CSRF token too."""
    ways = operation.setdefault("security", [])
    scopes = sorted({scope for way in ways for needed in way.values() for scope in needed})
    if scopes:
        operation["description"] += f" Scope: {', '.join(f'`{scope}`' for scope in scopes)}."
    for way in ways:
        way.update({scheme: [] for scheme in way})  # scopes are OAuth's alone: linters refuse them elsewhere
        if "session" in way and not safe:
            way["csrf"] = []


def _mend_answers(answers: Node) -> None:
    for status, answer in answers.items():
        if answer["description"] == "Successful Response":  # FastAPI's words
            answer["description"] = _SUCCESS[status]
        if "$ref" in answer:
            answers[status] = {"$ref": answer["$ref"]}
        elif answer == _RESPONSES["NoContent"]:
            answers[status] = {"$ref": "#/components/responses/NoContent"}


def _mend_form(operation: Node) -> None:
    """A form's field that is left out is not sent: it is never null."""
    form = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data", {}).get("schema", {})
    for name, schema in form.get("properties", {}).items():
        form["properties"][name] = _without_null(schema)


def _without_null(schema: Node) -> Node:
    """The schema of what can be left out, but cannot be null: a parameter, a field of a form."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) != 1:
        return schema
    return {**{name: value for name, value in schema.items() if name != "anyOf"}, **choices[0]}


def _share_parameters(document: Node) -> None:
    """What several operations take alike stands once."""
    shared: Node = document["components"]["parameters"]
    texts = Counter(_text(one) for _, operation in _operations(document) for one in operation.get("parameters", ()))
    names: dict[str, str] = {}
    for text, count in texts.most_common():
        parameter = json.loads(text)
        name = "".join(part.capitalize() for part in parameter["name"].replace("_", "-").split("-"))
        name += {"path": "", "header": "", "query": "Query"}[parameter["in"]]
        if count > 1 and name not in shared:
            shared[name], names[text] = parameter, name
    for _, operation in _operations(document):
        if "parameters" in operation:
            operation["parameters"] = [
                {"$ref": f"#/components/parameters/{names[text]}"} if (text := _text(one)) in names else one
                for one in operation["parameters"]
            ]


def _text(parameter: Node) -> str:
    return json.dumps(parameter, sort_keys=True)


# --- schemas ---


def _every_schema(node: Any) -> Iterator[Node]:
    """Each schema of the document, and those inside it."""
    if isinstance(node, list):
        for member in node:
            yield from _every_schema(member)
    elif isinstance(node, dict):
        for name, member in node.items():
            if name == "schemas":
                for schema in member.values():
                    yield from _inside(schema)
            elif name == "schema":
                yield from _inside(member)
            elif name not in ("example", "examples"):
                yield from _every_schema(member)


def _inside(schema: Any) -> Iterator[Node]:
    if not isinstance(schema, dict):
        return
    yield schema
    for name in ("items", "additionalProperties"):
        yield from _inside(schema.get(name))
    for name in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for member in schema.get(name, ()):
            yield from _inside(member)
    for member in schema.get("properties", {}).values():
        yield from _inside(member)


def _mend_schema(schema: Node) -> None:
    schema.pop("title", None)  # each only repeats the name
    if "prefixItems" in schema and "items" not in schema:
        kinds = [kind for place, kind in enumerate(schema["prefixItems"]) if kind not in schema["prefixItems"][:place]]
        schema["items"] = deepcopy(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})


def _complete_answers(document: Node) -> None:
    """All fields of an answer are in it; those with a default may be left out of a request.

    A schema that stands in both is two: the request's has the name with “Request”.
    """
    schemas: Node = document["components"]["schemas"]
    bodies = [operation.get("requestBody") for _, operation in _operations(document)]
    requests = _reached(bodies, schemas)
    answers = _reached(
        [document["components"]["responses"], *(o["responses"] for _, o in _operations(document))], schemas
    )
    both = {name for name in requests & answers if any(map(_has_optional, _closure(name, schemas)))}
    names = {name: f"{name}Request" for name in both}
    for _, operation in _operations(document):
        if "requestBody" in operation:
            operation["requestBody"] = _renamed(operation["requestBody"], names)
    for name in requests:
        schemas[names.get(name, name)] = _renamed(schemas[name], names)
    for name in answers - (requests - both):
        if "properties" in schemas[name]:
            _complete(schemas[name])
    document["components"]["schemas"] = dict(sorted(schemas.items()))


def _complete(schema: Node) -> None:
    schema["required"] = list(schema["properties"])
    for field in schema["properties"].values():
        field.pop("default", None)
    for example in schema.get("examples", ()):  # FastAPI takes every null out of them
        for name, field in schema["properties"].items():
            if {"type": "null"} in field.get("anyOf", ()):
                example.setdefault(name, None)


def _has_optional(schema: Node) -> bool:
    return bool(set(schema.get("properties", ())) - set(schema.get("required", ())))


def _closure(name: str, schemas: Mapping[str, Node]) -> Collection[Node]:
    return [schemas[name], *(schemas[inner] for inner in _reached(schemas[name], schemas))]


def _reached(node: Any, schemas: Mapping[str, Node]) -> set[str]:
    """The names of all schemas that it refers to, and that those refer to."""
    found: set[str] = set()
    open = [node]
    while open:
        match open.pop():
            case list() as members:
                open += members
            case dict() as fields:
                open += fields.values()
            case str() as text if text.startswith(_REF) and (name := text.removeprefix(_REF)) not in found:
                found.add(name)
                open.append(schemas[name])
    return found


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    """A copy that refers to the schemas of these names."""
    match node:
        case list():
            return [_renamed(member, names) for member in node]
        case dict():
            return {name: _renamed(member, names) for name, member in node.items()}
        case str() if node.startswith(_REF):
            name = node.removeprefix(_REF)
            return _REF + names.get(name, name)
    return node
