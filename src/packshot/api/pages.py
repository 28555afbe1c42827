"""Two small pages until the studio is there: the first sign-in, and a place to land."""

from __future__ import annotations

from importlib import resources

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
@router.get("/welcome", response_class=HTMLResponse)
async def page() -> HTMLResponse:
    """One page for both: its script looks at the address and asks the API who is signed in."""
    return HTMLResponse(resources.files("packshot.api").joinpath("welcome.html").read_text("utf-8"))
