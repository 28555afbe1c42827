"""For whoever runs it: is it up, can it work, what does it do."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel
from sqlalchemy import text

from packshot.api.access import bearer_key, check_runs_installation, identify, was_forwarded
from packshot.api.service import Service, Svc
from packshot.errors import NotAllowed
from packshot.service import metrics

log = structlog.get_logger(__name__)
router = APIRouter(tags=["operate"])

PART_SECONDS = 2.0  # for each part to answer
GIVEN_UP_SECONDS = 15.0  # then it is asked anew, on another connection


class Ready(BaseModel):
    """What can be reached."""

    database: bool
    store: bool
    queue: bool


class Parts:
    """Asks each part whether it is there, once at a time however many want to know: one that does not answer holds one
    connection, and one thread, and no more."""

    def __init__(self) -> None:
        self._pending: dict[str, tuple[float, asyncio.Task[bool]]] = {}

    async def answers(self, name: str, check: Callable[[], Awaitable[bool]]) -> bool:
        now = time.monotonic()
        began, task = self._pending.get(name, (now, None))
        if task is not None and not task.done() and now - began > GIVEN_UP_SECONDS:
            task.cancel()
            task = None
        if task is None or task.done():
            task = asyncio.create_task(_tried(check))
            self._pending[name] = now, task
        done, _ = await asyncio.wait({task}, timeout=PART_SECONDS)
        return bool(done) and not task.cancelled() and task.result()


async def _tried(check: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await check()
    except Exception as away:
        log.debug("ready.part_away", error=type(away).__name__)
        return False


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The program is up."""
    return {"status": "up"}


@router.get("/readyz", responses={503: {"model": Ready, "description": "Something that is needed is away."}})
async def readyz(svc: Svc, request: Request, response: Response) -> Ready:
    """Database, store and queue can be reached; one that does not answer in time counts as away."""
    state = request.app.state
    parts: Parts = getattr(state, "parts", None) or Parts()
    state.parts = parts
    database, store, queue = await asyncio.gather(
        parts.answers("database", lambda: _database(svc)), parts.answers("store", lambda: _store(svc)),
        parts.answers("queue", svc.queues.ping),
    )  # fmt: skip
    if not (database and store and queue):
        response.status_code = 503
    return Ready(database=database, store=store, queue=queue)


@router.get("/metrics", response_class=PlainTextResponse, openapi_extra={"security": [{}, {"key": []}]})
async def prometheus(svc: Svc, request: Request) -> Response:
    """Prometheus metrics: from this machine, or with a key of the first workspace that has the scope “admin”."""
    if not _from_this_machine(request):
        who = await identify(svc, key=bearer_key(request.headers.get("authorization", "")))
        if "admin" not in who.scopes:
            raise NotAllowed("this needs a key with the scope “admin”.")
        await check_runs_installation(svc, who)
    return Response(await metrics.collect(svc), media_type=metrics.CONTENT_TYPE)


def _from_this_machine(request: Request) -> bool:
    """What came through a proxy did not, even if the proxy is here."""
    try:
        here = request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:  # a trusted proxy may name anything
        return False
    return here and not was_forwarded(request)


async def _database(svc: Service) -> bool:
    async with svc.db.read() as tx:
        await tx.execute(text("SELECT 1"))
    return True


async def _store(svc: Service) -> bool:
    await svc.store.asize("healthz")
    return True
