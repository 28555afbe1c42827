"""What every request passes on its way in and out: a number, limits, safe headers, one line in the log, and the answer
that was already given where a request is sent twice (`Idempotency-Key`)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from typing import Any

import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from packshot.api.access import COOKIE, identify
from packshot.api.bodies import IncomingBody, too_large
from packshot.api.files import asked_at
from packshot.api.problems import answer
from packshot.api.service import Service
from packshot.db.tables import idempotency, now
from packshot.errors import Conflict, PackshotError

log = structlog.get_logger(__name__)

KEPT_BYTES = 2**20
KEPT_SECONDS = 86_400
# A request that died in between holds its key for no longer than this.
AT_WORK_SECONDS = 60
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self'{}; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
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

        with structlog.contextvars.bound_contextvars(request=number), asked_at(request):
            try:
                await self._app(scope, body.receive, answered)
            finally:
                route = scope.get("route")
                path = getattr(route, "path", "other")
                ms = round((time.perf_counter() - started) * 1000, 1)
                asks = path in ("/healthz", "/readyz")  # every few seconds
                level = log.debug if asks else log.warning if status >= 500 else log.info
                level("request", method=request.method, route=path, status=status, ms=ms)


def _is_bare_413(message: Message) -> bool:
    """Whether this is FastAPI's own refusal of a body, a line of text."""
    return message["status"] == 413 and Headers(raw=message["headers"]).get("content-type", "").startswith("text/plain")


class Idempotent:
    """A POST with an `Idempotency-Key` is done once: sent again, it gets the first answer again."""

    def __init__(self, app: ASGIApp, *, service: Any) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive) if scope["type"] == "http" else None
        key = request.headers.get("idempotency-key", "") if request is not None else ""
        if request is None or request.method != "POST" or not key or len(key) > 200:
            await self._app(scope, receive, send)
            return
        svc: Service = self._service()
        body = b""
        if "json" in request.headers.get("content-type", ""):
            body = await request.body()
            receive = _again(body, receive)
        try:
            bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
            who = await identify(svc, key=bearer, session="" if bearer else request.cookies.get(COOKIE, ""))
        except PackshotError:
            await self._app(scope, receive, send)  # it is refused there, in its own words
            return
        # An upload counts as the same by its key alone: its length moves with the form's boundary.
        mark = hashlib.sha256(f"{who.by} {request.url.path}\n".encode() + body).hexdigest()
        try:
            known = await _claim(svc, who.workspace_id, key, mark)
        except PackshotError as error:
            await answer(error)(scope, receive, send)
            return
        if known is not None:
            headers = [(n.encode(), v.encode()) for n, v in known.headers]
            headers.append((b"idempotent-replayed", b"true"))
            await send({"type": "http.response.start", "status": known.status, "headers": headers})
            await send({"type": "http.response.body", "body": base64.b64decode(known.body)})
            return
        await self._first(svc, who.workspace_id, key, scope, receive, send)

    async def _first(self, svc: Service, workspace: str, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        parts: list[bytes] = []

        async def kept(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = dict(message)
            else:
                parts.append(message.get("body", b""))
            await send(message)

        mine = idempotency.c.workspace_id == workspace, idempotency.c.key == key
        try:
            await self._app(scope, receive, kept)
        finally:
            async with svc.db.write() as tx:
                body = b"".join(parts)
                # Where it was refused nothing was done, and it may be tried anew.
                if not start or start["status"] >= 400 or len(body) > KEPT_BYTES:
                    await tx.execute(delete(idempotency).where(*mine))
                else:
                    headers = [[n.decode("latin-1"), v.decode("latin-1")] for n, v in start["headers"]
                               if n.lower() not in (b"set-cookie", b"x-request-id")]  # fmt: skip
                    values = {"status": start["status"], "headers": headers, "body": base64.b64encode(body)}
                    await tx.execute(update(idempotency).where(*mine).values(**values))


async def _claim(svc: Service, workspace: str, key: str, mark: str) -> Any:
    """The answer that was given; None where this is the first time.  Raises Conflict."""
    mine = idempotency.c.workspace_id == workspace, idempotency.c.key == key
    try:
        async with svc.db.write() as tx:
            known = (await tx.execute(select(idempotency).where(*mine))).first()
            stale = KEPT_SECONDS if known is not None and known.status else AT_WORK_SECONDS
            if known is not None and known.at > now() - stale:
                if known.fingerprint != mark:
                    raise Conflict("this Idempotency-Key was used for another request.", remedy="Use a new key.")
                if not known.status:
                    raise Conflict("the same request is at work right now.", remedy="Try again in a moment.")
                return known
            await tx.execute(delete(idempotency).where(*mine))
            await tx.execute(
                insert(idempotency).values(
                    workspace_id=workspace, key=key, fingerprint=mark, status=0, headers=[], body=b"", at=now()
                )
            )
    except IntegrityError:
        raise Conflict("the same request is at work right now.", remedy="Try again in a moment.") from None
    return None


def _again(body: bytes, receive: Receive) -> Receive:
    """The body, then whatever comes after it."""
    told = False

    async def once_more() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once_more
