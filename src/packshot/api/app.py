"""The API as one application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import resources

import structlog
import uvicorn
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from uvicorn.loops.auto import auto_loop_factory

from packshot import __version__
from packshot.api import (
    batches,
    channels,
    collections,
    destinations,
    events,
    exports,
    failures,
    files,
    health,
    images,
    items,
    jobs,
    layers,
    members,
    problems,
    products,
    review,
    session,
    studio,
    styles,
)
from packshot.api.middleware import Edge, Idempotent
from packshot.api.service import Service, opened
from packshot.db.upgrade import upgrade
from packshot.service import heartbeat, metrics, parent_watch
from packshot.service.maintenance import purge
from packshot.service.watched_folder import loop as watched_folder
from packshot.settings import Settings

log = structlog.get_logger(__name__)

ROUTERS = (
    session.router, members.router, products.router, collections.router, images.router, layers.router,
    styles.router, channels.router, batches.router, items.router, review.router, failures.router, exports.router,
    destinations.router, jobs.router, events.router, files.router,
)  # fmt: skip
WORDS = """Raw product photos in, catalog files out.

Upload photos, make a batch of them in a look for your channels, review what comes of it, export what was approved.
Work that takes a while answers 202 with a run to follow, or the finished answer with `Prefer: wait=20`. A POST with an
`Idempotency-Key` is done once. Changes to one thing take `If-Match` with the ETag you saw. Errors are problem details
(RFC 9457) that say what to do. Lists come in pages.
"""


def create_app(service: Service) -> FastAPI:
    """The application over a service that is open."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loops = [
            asyncio.create_task(heartbeat.watch(service.db, service.queues)),
            asyncio.create_task(purge.loop(service.db, service.store, service.queues)),
            asyncio.create_task(watched_folder.loop(service.settings, service.db, service.store, service.queues)),
        ]
        log.info("api.started", host=service.settings.host, port=service.settings.port)
        yield
        log.info("api.stopping")
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        hub = getattr(app.state, "hub", None)
        if hub is not None:
            await hub.close()

    app = FastAPI(
        title="Packshot", version=__version__, description=WORDS, lifespan=lifespan, docs_url=None, redoc_url=None,
        openapi_url="/api/v1/openapi.json", generate_unique_id_function=lambda route: route.name,
        separate_input_output_schemas=False,
    )  # fmt: skip
    app.state.service = service
    problems.add_to(app)
    for router in ROUTERS:
        app.include_router(router, prefix="/api/v1", responses=problems.PROBLEMS)
    app.include_router(health.router)
    # Swagger UI's own files, out of a package: its usual address on the web is not reached from everywhere.
    app.mount("/assets/docs", StaticFiles(directory=str(resources.files("fastapi_offline") / "static")))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/api/v1/openapi.json", title="Packshot API",
            swagger_js_url="/assets/docs/swagger-ui-bundle.js", swagger_css_url="/assets/docs/swagger-ui.css",
            swagger_favicon_url="/assets/docs/favicon.png",
        )  # fmt: skip

    studio.add_to(app)
    app.add_middleware(Idempotent, service=lambda: app.state.service)
    app.add_middleware(Edge)
    app.add_middleware(metrics.Requests)
    return app


def run(settings: Settings) -> None:
    """Serve until told to stop."""
    upgrade(settings.database)
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    async with opened(settings) as service:
        config = uvicorn.Config(
            create_app(service), host=settings.host, port=settings.port, log_config=None, access_log=False,
            timeout_graceful_shutdown=5, server_header=False, h11_max_incomplete_event_size=64 * 1024,
        )  # fmt: skip
        server = uvicorn.Server(config)
        orphaned = asyncio.create_task(parent_watch.watch(lambda: setattr(server, "should_exit", True)))
        await server.serve()
        orphaned.cancel()
