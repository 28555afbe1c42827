"""What routes say about themselves beside their models: headers of their answers, files in bodies."""

from __future__ import annotations

from typing import Any

HEADERS: dict[str, Any] = {
    "ETag": {
        "description": "For If-Match and If-None-Match.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "The path of what was made.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer"}},
    "Preference-Applied": {"description": "What `Prefer` said.", "schema": {"type": "string"}},
    "Set-Cookie": {"description": "The session's cookie, set or taken away.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "With 401: how to sign in.", "schema": {"type": "string"}},
    "X-Request-Id": {"description": "This request's number in the log.", "schema": {"type": "string"}},
}
FILE: dict[str, Any] = {"type": "string", "format": "binary"}
PNG: dict[str, Any] = {"image/png": {"schema": FILE}}


def headers(*names: str) -> dict[str, Any]:
    """Of an answer, for its entry in a route's `responses`."""
    return {"headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names}}


def file_body(media_type: str, description: str) -> dict[str, Any]:
    """For a route's `openapi_extra`: a body that is a file, or a form with the part `file`."""
    form = {"type": "object", "required": ["file"], "properties": {"file": FILE | {"description": description}}}
    content = {media_type: {"schema": FILE | {"description": description}}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}
