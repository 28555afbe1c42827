"""For whoever runs it: is it up, can it work, what does it do."""

from __future__ import annotations

import asyncio
import ipaddress

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel
from sqlalchemy import text

from packshot.api.access import bearer_key, identify, was_forwarded
from packshot.api.service import Service, Svc
from packshot.errors import NotAllowed
from packshot.service import metrics

router = APIRouter(tags=["operate"])


class Ready(BaseModel):
    """What can be reached."""

    database: bool
    store: bool
    queue: bool


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The program is up."""
    return {"status": "up"}


@router.get("/readyz", responses={503: {"model": Ready, "description": "Something that is needed is away."}})
async def readyz(svc: Svc, response: Response) -> Ready:
    """Database, store and queue can be reached."""
    found = Ready(database=await _database(svc), store=await _store(svc), queue=await svc.queues.ping())
    if not all(found.model_dump().values()):
        response.status_code = 503
    return found


@router.get("/metrics", response_class=PlainTextResponse, openapi_extra={"security": [{}, {"key": []}]})
async def prometheus(svc: Svc, request: Request) -> Response:
    """Prometheus metrics: from this machine, or with a key that has the scope “admin”."""
    if not _from_this_machine(request):
        who = await identify(svc, key=bearer_key(request.headers.get("authorization", "")))
        if "admin" not in who.scopes:
            raise NotAllowed("this needs a key with the scope “admin”.")
    return Response(await metrics.collect(svc), media_type=metrics.CONTENT_TYPE)


def _from_this_machine(request: Request) -> bool:
    """What came through a proxy did not, even if the proxy is here."""
    try:
        here = request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:  # a trusted proxy may name anything
        return False
    return here and not was_forwarded(request)


async def _database(svc: Service) -> bool:
    try:
        async with asyncio.timeout(5), svc.db.read() as tx:
            await tx.execute(text("SELECT 1"))
    except Exception:
        return False
    return True


async def _store(svc: Service) -> bool:
    try:
        async with asyncio.timeout(5):
            await svc.store.asize("healthz")
    except Exception:
        return False
    return True
