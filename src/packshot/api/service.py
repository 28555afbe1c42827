"""What every route works with, built once when the API starts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from packshot.catalog.ports import Pixels
from packshot.db import Database
from packshot.service.pixel_process import PixelProcess
from packshot.service.queues import Queues
from packshot.service.secrets import Secrets, Signer
from packshot.settings import Settings
from packshot.store import Store

DECODERS = 2  # uploads that are decoded side by side


@dataclass(frozen=True)
class Service:
    settings: Settings
    db: Database
    store: Store
    queues: Queues
    pixels: Pixels
    signer: Signer
    secrets: Secrets


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    db, queues = Database(settings.database), Queues(settings.redis)
    child = PixelProcess(settings, concurrency=DECODERS, nice=5)
    try:
        yield Service(settings, db, Store(settings.store), queues, child, Signer.open(settings), Secrets.open(settings))
    finally:
        child.stop()
        await queues.close()
        await db.close()


def service(connection: HTTPConnection) -> Service:
    found: Service = connection.app.state.service
    return found


Svc = Annotated[Service, Depends(service)]
