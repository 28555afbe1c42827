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
from starlette.types import ASGIApp, Receive, Scope, Send
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
    idempotency,
    images,
    items,
    jobs,
    layers,
    lists,
    members,
    openapi,
    problems,
    products,
    review,
    session,
    specifications,
    studio,
    styles,
)
from packshot.api.bodies import JSON_BYTES
from packshot.api.middleware import Edge
from packshot.api.openapi import DescribedApi
from packshot.api.service import Service, opened
from packshot.catalog.old_names import path_now
from packshot.db.upgrade import upgrade
from packshot.service import heartbeat, metrics, parent_watch
from packshot.service.maintenance import purge
from packshot.service.watched_folder import loop as watched_folder
from packshot.settings import Settings

log = structlog.get_logger(__name__)

ROUTERS = (
    session.router, members.router, products.router, collections.router, images.router, lists.router, layers.router,
    styles.router, channels.router, specifications.router, batches.router, items.router, review.router,
    failures.router, exports.router, destinations.router, jobs.router, events.router, files.router,
)  # fmt: skip


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

    app = DescribedApi(
        title="Packshot", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None,
        openapi_url="/api/v1/openapi.json", generate_unique_id_function=lambda route: route.name,
        description=openapi.DESCRIPTION, servers=openapi.SERVERS, contact=openapi.CONTACT,
        license_info=openapi.LICENSE, openapi_tags=openapi.TAGS, responses=problems.PROBLEMS,
        separate_input_output_schemas=False,
    )  # fmt: skip
    app.state.service = service
    problems.add_to(app)
    for router in ROUTERS:
        app.include_router(router, prefix="/api/v1", max_body_size=JSON_BYTES)
    app.include_router(health.router, max_body_size=JSON_BYTES)
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
    idempotency.add_to(app)
    app.add_middleware(Edge)
    app.add_middleware(OldPaths)
    app.add_middleware(metrics.Requests)
    return app


class OldPaths:
    """Addresses as they were called before lead to where the same is now."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "path" in scope:
            scope["path"] = path_now(scope["path"])
        await self._app(scope, receive, send)


def run(settings: Settings) -> None:
    """Serve until told to stop."""
    upgrade(settings.database)
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    async with opened(settings) as service:
        config = uvicorn.Config(
            create_app(service), host=settings.host, port=settings.port, log_config=None, access_log=False,
            timeout_graceful_shutdown=5, server_header=False,
            proxy_headers=bool(settings.trusted_proxies), forwarded_allow_ips=settings.trusted_proxies,
            # The other parser that uvicorn knows takes a head of any size.
            http="h11", h11_max_incomplete_event_size=64 * 1024,
            ws_max_size=256 * 1024,  # a listener sends its key at most
        )  # fmt: skip
        server = uvicorn.Server(config)
        orphaned = asyncio.create_task(parent_watch.watch(lambda: setattr(server, "should_exit", True)))
        await server.serve()
        orphaned.cancel()
