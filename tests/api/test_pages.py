"""The studio's files: one page for all of its addresses, never in place of the API's answers."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

import packshot

pytestmark = pytest.mark.anyio
BUILT = Path(packshot.__file__).parent / "studio" / "index.html"


@pytest.fixture
def root(nobody: httpx.AsyncClient) -> httpx.AsyncClient:
    nobody.base_url = nobody.base_url.join("/")
    return nobody


async def test_every_address_of_the_studio_is_its_page(root: httpx.AsyncClient) -> None:
    if not BUILT.is_file():
        pytest.skip("the studio is not built: npm run build in web/")
    for path in ("/", "/library", "/review/bat_1?group=look", "/welcome?token=x"):
        page = await root.get(path)
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-cache"
        assert "script-src 'self';" in page.headers["content-security-policy"]
    script = page.text.split('src="/assets/')[1].split('"')[0]
    found = await root.get(f"/assets/{script}", headers={"Accept-Encoding": "gzip"})
    assert "immutable" in found.headers["cache-control"]
    assert found.headers["content-encoding"] == "gzip"


async def test_what_is_no_page_is_not_found(root: httpx.AsyncClient) -> None:
    for path in ("/api/v1/nothing", "/api/nothing", "/assets/studio/gone.js", "/assets/gone.js"):
        assert (await root.get(path)).status_code == 404


async def test_only_the_api_reference_runs_a_script_of_its_own(root: httpx.AsyncClient) -> None:
    page = await root.get("/docs")
    assert page.status_code == 200
    assert "script-src 'self' 'unsafe-inline';" in page.headers["content-security-policy"]
