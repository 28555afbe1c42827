"""The studio: files that `npm run build` in web/ puts into the package, and one page for all of its addresses."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ASSETS = "/assets/studio"
_LOOSE = ("mark.svg", "scheme.js")
_NOT_BUILT = "The studio is not built here: `make run` builds it, or `npm ci && npm run build` in web/. The API works."


def add_to(app: FastAPI) -> None:
    """After all other routes: what none of them answers is an address of the studio."""
    built = Path(str(resources.files("packshot"))) / "studio"
    # Their names hold a hash of their content: they never change.
    app.mount(ASSETS, GZipMiddleware(_CachedFiles(directory=built / ASSETS.strip("/"), check_dir=False)))

    @app.get("/{path:path}", include_in_schema=False)
    async def studio(path: str) -> Response:
        if path.startswith(("api/", "assets/")):
            raise HTTPException(404)
        if path in _LOOSE:
            return FileResponse(built / path, headers={"Cache-Control": "max-age=3600"})
        if not (built / "index.html").is_file():
            return PlainTextResponse(_NOT_BUILT, 503)
        return FileResponse(built / "index.html", headers={"Cache-Control": "no-cache"})


class _CachedFiles(StaticFiles):
    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer
