"""A POST with an `Idempotency-Key` is done once: sent again, it is answered as it was the first time.

The key is claimed once it is known who asks and that he may. Each transaction of the work notes on the claim that
something was done, and is rolled back where the claim is no longer this request's. docs/decisions/0017 says why.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import MutableMapping
from contextlib import suppress
from enum import StrEnum
from typing import Any

import structlog
from fastapi import FastAPI
from sqlalchemy import delete, insert, select, true, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from packshot.api.bodies import LIST_BYTES, capped
from packshot.api.problems import answer
from packshot.api.service import Service
from packshot.db import Tx, before_commit
from packshot.db.tables import idempotency, now
from packshot.errors import AlreadyDone, BadInput, Conflict, InProgress

log = structlog.get_logger(__name__)

KEY_LENGTH = 200
ANSWER_BYTES, ANSWER_SECONDS = 2**20, 86_400
# A request says that it is still at work; one that has not for so long has died, and its key may be used again.
RENEW_SECONDS, STALE_SECONDS = 20.0, 60.0
_SCOPE_KEY = "packshot.idempotency"


class State(StrEnum):
    """How far the request that holds a key is."""

    WORKING = "working"  # nothing is committed yet
    WORKED = "worked"  # something is committed, and there is no answer yet
    ANSWERED = "answered"  # the answer is stored
    SECRET = "secret"  # done, and the answer held a secret: it is not stored
    LOST = "lost"  # done, and there is no answer: it failed after the work, or was too large


class AnsweredBefore(Exception):
    """Raised in place of the work: the answer that was given to the first request."""

    def __init__(self, status: int, headers: list[list[str]], body: bytes) -> None:
        self.response = Response(body, status)
        self.response.raw_headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self.response.headers["Idempotent-Replayed"] = "true"


def add_to(app: FastAPI) -> None:
    app.add_middleware(Idempotent)

    @app.exception_handler(AnsweredBefore)
    async def again(request: Request, before: AnsweredBefore) -> Response:
        return before.response


class Idempotent:
    """Holds an answer back until it is stored with its key."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" and scope["method"] == "POST" else Headers()
        key = headers.get("idempotency-key")
        if key is None:
            await self._app(scope, receive, send)
            return
        if not 0 < len(key) <= KEY_LENGTH:
            wrong = BadInput(
                f"it has 1 to {KEY_LENGTH} characters.", subject="Idempotency-Key", remedy="Use a UUID, for example."
            )
            await answer(wrong)(scope, receive, send)
            return
        if "json" in headers.get("content-type", ""):
            receive = capped(receive, LIST_BYTES)  # it is read whole, to be compared
        claim = scope[_SCOPE_KEY] = Claim(key)
        token = before_commit.set(claim.note_work)
        try:
            await self._app(scope, receive, claim.answering(send))
        finally:
            before_commit.reset(token)
            await claim.settle(500)


async def claim(svc: Service, request: Request, *, workspace_id: str, by: str) -> None:
    """Take the request's key for it, if it has one.

    by: who asks, who may do this.  Raises AnsweredBefore, AlreadyDone, InProgress, Conflict.
    """
    held: Claim | None = request.scope.get(_SCOPE_KEY)
    if held is None:
        return
    # An upload counts as the same by its key alone: its bytes move with the form's boundary.
    body = await request.body() if "json" in request.headers.get("content-type", "") else b""
    address = f"{by} {request.url.path}?{request.url.query}\n"
    await held.take(svc, workspace_id, hashlib.sha256(address.encode() + body).hexdigest())


class Claim:
    """One request's hold on a key."""

    def __init__(self, key: str) -> None:
        self._key, self._owner = key, secrets.token_hex(16)
        self._held = False
        self._svc: Service | None = None
        self._mine: tuple[Any, ...] = ()
        self._renewal: asyncio.Task[None] | None = None

    async def take(self, svc: Service, workspace_id: str, fingerprint: str) -> None:
        its_key = idempotency.c.workspace_id == workspace_id, idempotency.c.key == self._key
        values = {"workspace_id": workspace_id, "key": self._key, "fingerprint": fingerprint, "owner": self._owner,
                  "state": State.WORKING, "status": 0, "headers": [], "body": b"", "at": now()}  # fmt: skip
        try:
            async with svc.db.write() as tx:
                found = (await tx.execute(select(idempotency).where(*its_key))).first()
                if found is not None:
                    _raise_if_in_use(found, fingerprint)
                    await tx.execute(delete(idempotency).where(*its_key, idempotency.c.owner == found.owner))
                await tx.execute(insert(idempotency).values(**values))
        except IntegrityError:  # of two that came at once, the other was first
            raise _in_progress() from None
        self._svc, self._mine, self._held = svc, (*its_key, idempotency.c.owner == self._owner), True
        self._renewal = asyncio.create_task(self._renew(svc))

    async def note_work(self, tx: Tx) -> None:
        """The last statement of each transaction of the work.  Raises InProgress, which takes the work back."""
        if not self._held:
            return
        noted = await tx.execute(update(idempotency).where(*self._mine).values(state=State.WORKED, at=now()))
        if not noted.rowcount:  # this request stood still for so long that another took its key
            raise _in_progress()

    def answering(self, send: Send) -> Send:
        """`send`, which holds the answer back until it is stored; one that is too large goes on as it comes."""
        waiting: list[Message] = []

        async def stored_first(message: Message) -> None:
            if not self._held:
                await send(message)
                return
            waiting.append(message)
            body = b"".join(part.get("body", b"") for part in waiting)
            if len(body) <= ANSWER_BYTES and (len(waiting) < 2 or message.get("more_body")):
                return
            start = waiting[0]
            await self.settle(start["status"], start["headers"], body if len(body) <= ANSWER_BYTES else None)
            for part in waiting:
                await send(part)

        return stored_first

    async def settle(
        self, status: int, headers: list[tuple[bytes, bytes]] | None = None, body: bytes | None = None
    ) -> None:
        """Store what was answered.  Where it was refused nothing was done, and it may be tried again."""
        if not self._held or self._svc is None:
            return
        self._held = False
        if self._renewal is not None:
            self._renewal.cancel()
        try:
            async with self._svc.db.write() as tx:
                if status >= 400:  # the row says what was committed: a commit may have failed after it was noted
                    gone = idempotency.c.state == State.WORKING if status >= 500 else true()
                    await tx.execute(delete(idempotency).where(*self._mine, gone))
                values = _outcome(status, headers or [], body)
                await tx.execute(update(idempotency).where(*self._mine).values(**values, at=now()))
        except SQLAlchemyError as error:  # what was done is noted; whoever asks again hears that
            log.warning("idempotency.answer_not_stored", error=type(error).__name__)

    async def _renew(self, svc: Service) -> None:
        before_commit.set(None)
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with suppress(SQLAlchemyError):
                async with svc.db.write() as tx:
                    await tx.execute(update(idempotency).where(*self._mine).values(at=now()))


def _outcome(status: int, headers: list[tuple[bytes, bytes]], body: bytes | None) -> MutableMapping[str, Any]:
    if status >= 500 or body is None:
        return {"state": State.LOST}
    if "no-store" in Headers(raw=headers).get("cache-control", ""):
        return {"state": State.SECRET, "status": status}
    dropped = (b"set-cookie", b"content-length")
    named = [[n.decode("latin-1"), v.decode("latin-1")] for n, v in headers if n.lower() not in dropped]
    return {"state": State.ANSWERED, "status": status, "headers": named, "body": body}


def _raise_if_in_use(found: Any, fingerprint: str) -> None:
    """Raises AnsweredBefore, AlreadyDone, InProgress, Conflict; nothing where the key is free again."""
    age = now() - found.at
    if age > ANSWER_SECONDS or (found.state == State.WORKING and age > STALE_SECONDS):
        return
    if found.fingerprint != fingerprint:
        raise Conflict("this Idempotency-Key was used for another request.", remedy="Use a new key.")
    if found.state == State.ANSWERED:
        raise AnsweredBefore(found.status, found.headers, found.body)
    if found.state == State.SECRET:
        raise AlreadyDone(
            "this was done already, and its answer held a secret, which is shown once.",
            remedy="Take back what it made, and make another with a new Idempotency-Key.",
        )
    if found.state == State.LOST or age > STALE_SECONDS:
        raise AlreadyDone(
            "this was done already, at least in part, and its answer was lost.",
            remedy="Look what is there before you send it again with a new Idempotency-Key.",
        )
    raise _in_progress()


def _in_progress() -> InProgress:
    return InProgress("the same request is at work right now.", remedy="Try again in a moment.")
