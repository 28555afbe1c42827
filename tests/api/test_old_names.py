"""Names of before are still read in version 1, and lead to the same; answers have today's."""

from __future__ import annotations

import httpx
import pytest
from shops import Shop

from packshot.api.failures import RetryRequest
from packshot.api.images import GenerateRequest
from packshot.api.styles import PreviewRequest
from packshot.catalog.accounts.workspaces import Watch
from packshot.catalog.batches.requests import BatchRequest
from packshot.catalog.items.review import ReviewRequest


@pytest.mark.anyio
async def test_old_addresses_lead_to_styles_and_jobs(nobody: httpx.AsyncClient, ours: Shop) -> None:
    nobody.headers.update(ours.headers)
    now, before = await nobody.get("/styles"), await nobody.get("/templates")
    assert before.status_code == 200 and before.json() == now.json()
    made = (await nobody.post("/templates", json={"name": "Ours", "base": "white"})).json()
    renamed = await nobody.patch(f"/templates/{made['id']}", json={"name": "Mine"})
    assert renamed.json()["name"] == "Mine"
    assert (await nobody.get(f"/styles/{made['id']}")).json()["name"] == "Mine"
    assert (await nobody.get("/runs")).json() == (await nobody.get("/jobs")).json()
    assert (await nobody.get("/runs/job_0")).status_code == 404
    assert (await nobody.get("/runstitch")).status_code == 404


def test_old_fields_are_read_as_styles() -> None:
    old = {"name": "B", "source": {"images": ["img_1"]}, "looks": [{"template": "white", "options": {"shadow": 0.4}}],
           "channels": ["web"], "items": [{"sku": "A", "template": "color"}]}  # fmt: skip
    new = {"name": "B", "source": {"images": ["img_1"]}, "styles": [{"style": "white", "options": {"shadow": 0.4}}],
           "channels": ["web"], "items": [{"sku": "A", "style": "color"}]}  # fmt: skip
    assert BatchRequest.model_validate(old) == BatchRequest.model_validate(new)
    assert set(BatchRequest.model_validate(old).model_dump(exclude_unset=True)) == {*new}
    for model, more in ((GenerateRequest, {}), (PreviewRequest, {"images": ["img_1"]}), (Watch, {}),
                        (ReviewRequest, {"items": [{"id": "itm_1", "version": 1}], "decision": "retry"})):  # fmt: skip
        assert model.model_validate({"template": "white"} | more).style == "white"
    assert RetryRequest.model_validate({"runs": ["run_1"]}).jobs == ("run_1",)
