"""What every request passes on its way in and out: a number, safe headers, one line in the log, an orderly end."""

from __future__ import annotations

import re
import secrets
import time

import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from packshot.api.bodies import IncomingBody, too_large
from packshot.api.files import requested_at
from packshot.api.problems import answer

log = structlog.get_logger(__name__)

_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self'{}; "
    "worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")


class Edge:
    """Numbers, headers, the log, and the end of a connection whose request was refused while it was still sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, body = Request(scope), IncomingBody(scope, receive)
        given = request.headers.get("x-request-id", "")
        number = given if _ID.match(given) else secrets.token_hex(8)
        # Swagger UI's page starts itself with a script of its own.
        policy = _POLICY.format(" 'unsafe-inline'" if scope["path"] == "/docs" else "").encode()
        added = [*_HEADERS, (b"content-security-policy", policy), (b"x-request-id", number.encode())]
        started, status, closes, replaced = time.perf_counter(), 500, False, False

        async def answered(message: Message) -> None:
            nonlocal status, closes, replaced
            if replaced:
                return
            if message["type"] == "http.response.start":
                if _is_bare_413(message):
                    await answer(too_large(scope))(scope, body.receive, answered)
                    replaced = True
                    return
                status = message["status"]
                closes = status >= 400 and body.much_is_left
                last = [(b"connection", b"close")] if closes else []
                message["headers"] = [*message["headers"], *added, *last]
            elif closes and not message.get("more_body"):
                await send({**message, "more_body": True})
                await body.drop()
                message = {"type": "http.response.body"}
            await send(message)

        with structlog.contextvars.bound_contextvars(request=number), requested_at(request):
            try:
                await self._app(scope, body.receive, answered)
            finally:
                route = scope.get("route")
                path = getattr(route, "path", "other")
                ms = round((time.perf_counter() - started) * 1000, 1)
                is_probe = path in ("/healthz", "/readyz")  # every few seconds
                level = log.debug if is_probe else log.warning if status >= 500 else log.info
                level("request", method=request.method, route=path, status=status, ms=ms)


def _is_bare_413(message: Message) -> bool:
    """Whether this is FastAPI's own refusal of a body, a line of text."""
    return message["status"] == 413 and Headers(raw=message["headers"]).get("content-type", "").startswith("text/plain")
