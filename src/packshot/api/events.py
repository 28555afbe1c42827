"""Events: a WebSocket that tells what changes, and the same for those who can only ask."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from packshot.api.access import COOKIE, Principal, Reader, bearer_key, identify
from packshot.api.service import Service, Svc
from packshot.catalog.events.hub import Hub, Listener, since
from packshot.db.errors import explained
from packshot.errors import NotAllowed, NotSignedIn, PackshotError, TooManyTries
from packshot.service import metrics

router = APIRouter(tags=["events"])

HEARTBEAT_SECONDS = 15.0
KEY_SECONDS = 10.0  # for the first message with the key
SLOW_SECONDS = 10.0  # a reader that takes no message for so long is cut off
CHECKED_EVERY = 60.0  # whether the reader may still listen
# Close codes, as HTTP's: 4401 not signed in, 4403 not allowed, 4429 too many listeners, 4408 too slow; and RFC 6455's
# "internal error" and "try again later".
NOT_SIGNED_IN, NOT_ALLOWED, TOO_MANY, TOO_SLOW, INTERNAL, TRY_LATER = 4401, 4403, 4429, 4408, 1011, 1013
_KEY_MESSAGE_LENGTH = 2_000

After = Annotated[int, Query(ge=0, le=2**53, description="The last `seq` that was seen.")]


_MESSAGE: dict[str, Any] = {
    "seq": 4711, "batch": "bat_0193a1b2c3d4", "state": "processing", "done": 120, "total": 300,
    "counts": {"processing": 180, "review": 118, "failed": 2}, "stages": {"segment": 180},
    "items": [{"id": "itm_0193a1b2c3d4", "status": "review", "version": 1, "stage": "", "by": None}],
}  # fmt: skip
_EVENTS: dict[str, Any] = {"examples": [{"seq": 4711, "reset": False, "messages": [_MESSAGE]}]}


class Events(BaseModel, frozen=True, json_schema_extra=_EVENTS):
    """What has changed since: one message for each thing, as it stands now.

    Of a batch: {seq, batch, state, counts, done, total, stages, items: [{id, status, version, stage, by}] or null for
    “too many, fetch them anew”}.  Of a job: {seq, job, kind, status, stage, batch, photo, done, total, error}.
    """

    seq: int = Field(description="Ask with this the next time.")
    reset: bool = Field(description="What happened since then is no longer known: fetch everything anew.")
    messages: tuple[dict[str, Any], ...]


@router.get("/events")
async def poll_events(
    after: After,
    svc: Svc,
    who: Reader,
    batch: Annotated[str | None, Query(max_length=40, description="Of this batch only.")] = None,
) -> Events:
    """What has changed since a number.

    A WebSocket at the same address, with the same parameters, sends these messages as they happen, which OpenAPI
    cannot describe. The session's cookie, an Authorization header or a first message `{"key": "psk_…"}` says who
    listens. Where nothing happens, `{"seq": 4711, "heartbeat": true}` comes every 15 seconds. It closes with 4401 (not
    signed in), 4403 (not allowed), 4429 (too many listeners) or 4408 (messages were not taken).
    """
    async with svc.db.read() as tx:
        told = await since(tx, who.workspace_id, after, batch=batch, look_back=not svc.db.is_sqlite)
    return Events.model_validate(told)


@router.websocket("/events")
async def listen(socket: WebSocket, after: int | None = None, batch: str | None = None) -> None:
    """Tell what changes, at most four times a second, until the reader leaves.

    The session's cookie (same origin only), an API key in the Authorization header, or the first message
    {"key": "…"} says who listens.
    """
    svc: Service = socket.app.state.service
    with suppress(WebSocketDisconnect):
        try:
            who, credentials = await _signed_in(socket, svc)
            async with hub(socket.app, svc).listen(who.workspace_id, after=after, batch=batch) as listener:
                await _tell(socket, svc, listener, credentials)
        except PackshotError as error:
            codes = {NotAllowed: NOT_ALLOWED, NotSignedIn: NOT_SIGNED_IN, TooManyTries: TOO_MANY}
            await _close(socket, codes.get(type(error), INTERNAL), error.message)
        except SQLAlchemyError as error:
            await _close_later(socket, error)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """A reason has 123 bytes at most (RFC 6455, 5.5)."""
    await socket.close(code, reason.encode()[:123].decode("utf-8", "ignore"))


async def _close_later(socket: WebSocket, error: SQLAlchemyError) -> None:
    """Where the database is away the reader comes again; any other error of it is raised."""
    reason = explained(error)
    if reason is None:
        raise error
    with suppress(RuntimeError, WebSocketDisconnect):
        await _close(socket, TRY_LATER, reason.message)


def hub(app: Any, svc: Service) -> Hub:
    """The one of this process, made when first asked for."""
    found: Hub | None = getattr(app.state, "hub", None)
    if found is None:
        found = app.state.hub = Hub(svc.db, on_lag=metrics.event_lag)
    return found


async def _tell(socket: WebSocket, svc: Service, listener: Listener, credentials: dict[str, str]) -> None:
    gone = asyncio.create_task(_until_gone(socket))
    clock = asyncio.get_running_loop().time
    checked = clock()
    try:
        while not gone.done():
            coming = asyncio.create_task(listener.next(HEARTBEAT_SECONDS))
            await asyncio.wait({gone, coming}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                with suppress(asyncio.CancelledError):
                    await coming
                return
            message = coming.result() or {"seq": listener.seq, "heartbeat": True}
            if clock() - checked > CHECKED_EVERY:
                checked = clock()
                try:
                    await identify(svc, **credentials)
                except PackshotError as error:  # signed out, or the key was revoked
                    await _close(socket, NOT_SIGNED_IN, error.message)
                    return
            try:
                async with asyncio.timeout(SLOW_SECONDS):
                    await socket.send_json(message)
            except TimeoutError:
                await _close(socket, TOO_SLOW, "Messages were not taken.")
                return
    finally:
        gone.cancel()
        with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await gone


async def _until_gone(socket: WebSocket) -> None:
    """Whatever else the reader sends is dropped."""
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            if (await socket.receive())["type"] == "websocket.disconnect":
                return


async def _signed_in(socket: WebSocket, svc: Service) -> tuple[Principal, dict[str, str]]:
    """Who listens, and by what it is known.  The connection is accepted.  Raises NotSignedIn, NotAllowed."""
    await socket.accept()
    key = bearer_key(socket.headers.get("authorization", ""))
    cookie = socket.cookies.get(COOKIE, "")
    if key:
        credentials = {"key": key}
    elif cookie:
        # A page of another site could open this connection with the user's cookie: browsers name the page.
        if not _same_origin(socket, svc):
            raise NotAllowed("this connection was opened by a page of another site.")
        credentials = {"session": cookie}
    else:
        credentials = {"key": await _first_message(socket)}
    return await identify(svc, **credentials), credentials


async def _first_message(socket: WebSocket) -> str:
    """The key that it holds.  Raises NotSignedIn for anything else."""
    with suppress(TimeoutError, ValueError, RecursionError, KeyError, TypeError):
        async with asyncio.timeout(KEY_SECONDS):
            words = await socket.receive_text()  # KeyError: it was binary
        key = json.loads(words[:_KEY_MESSAGE_LENGTH])["key"]
        if isinstance(key, str) and key.isascii():
            return key
    raise NotSignedIn('send {"key": "…"} first.', remedy="Or sign in, or send an Authorization header.")


def _same_origin(socket: WebSocket, svc: Service) -> bool:
    origin = socket.headers.get("origin", "").rstrip("/")
    own = f"{'https' if socket.url.scheme == 'wss' else 'http'}://{socket.headers.get('host', '')}"
    return origin in (own, svc.settings.address)
