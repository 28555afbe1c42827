"""Events: a WebSocket that tells what changes, and the same for those who can only ask."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from packshot.api.access import COOKIE, Principal, Reader, identify
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
# "try again later".
NOT_SIGNED_IN, NOT_ALLOWED, TOO_MANY, TOO_SLOW, TRY_LATER = 4401, 4403, 4429, 4408, 1013

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
    “too many, fetch them anew”}.  Of a run: {seq, run, kind, status, stage, batch, photo, done, total, error}.
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
    """What has changed since a number. The WebSocket at the same address tells the same by itself, as it happens."""
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
    try:
        who, credentials = await _signed_in(socket, svc)
    except WebSocketDisconnect:
        return
    except PackshotError as error:
        code = {NotAllowed: NOT_ALLOWED, NotSignedIn: NOT_SIGNED_IN}.get(type(error), 1008)
        await socket.close(code, error.message[:120])
        return
    except SQLAlchemyError as error:
        await _close_later(socket, error)
        return
    try:
        async with hub(socket.app, svc).listen(who.workspace_id, after=after, batch=batch) as listener:
            await _tell(socket, svc, listener, credentials)
    except TooManyTries as error:
        await socket.close(TOO_MANY, error.message[:120])
    except SQLAlchemyError as error:
        await _close_later(socket, error)
    except WebSocketDisconnect:
        return


async def _close_later(socket: WebSocket, error: SQLAlchemyError) -> None:
    """Where the database is away the reader comes again; any other error of it is raised."""
    reason = explained(error)
    if reason is None:
        raise error
    with suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(TRY_LATER, reason.message[:120])


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
                    await socket.close(NOT_SIGNED_IN, error.message[:120])
                    return
            try:
                async with asyncio.timeout(SLOW_SECONDS):
                    await socket.send_json(message)
            except TimeoutError:
                await socket.close(TOO_SLOW, "Messages were not taken.")
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
    header = socket.headers.get("authorization", "")
    cookie = socket.cookies.get(COOKIE, "")
    if header.lower().startswith("bearer "):
        credentials = {"key": header[7:].strip()}
    elif cookie:
        # A page of another site could open this connection with the user's cookie: browsers name the page.
        if not _same_origin(socket, svc):
            raise NotAllowed("this connection was opened by a page of another site.")
        credentials = {"session": cookie}
    else:
        credentials = {"key": await _first_message(socket)}
    return await identify(svc, **credentials), credentials


async def _first_message(socket: WebSocket) -> str:
    try:
        async with asyncio.timeout(KEY_SECONDS):
            words = await socket.receive_text()
        key = json.loads(words[:2000])["key"]
    except (TimeoutError, ValueError, KeyError, TypeError):
        raise NotSignedIn('send {"key": "…"} first.', remedy="Or sign in, or send an Authorization header.") from None
    return str(key)


def _same_origin(socket: WebSocket, svc: Service) -> bool:
    origin = socket.headers.get("origin", "").rstrip("/")
    own = f"{'https' if socket.url.scheme == 'wss' else 'http'}://{socket.headers.get('host', '')}"
    return origin in (own, svc.settings.address)
