"""A batch made with a specification: what is planned, what is not and why, and which version it was."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from studio import OTHER, WS, Studio

from packshot.catalog.batches import lifecycle
from packshot.catalog.styles import specifications
from packshot.db import tables as t
from packshot.errors import BadOption, Conflict, NotFound
from packshot.specification import Output, Specification

pytestmark = pytest.mark.anyio


async def made(studio: Studio, **asked: Any) -> tuple[lifecycle.BatchView, dict[str, list[tuple[str, list[str]]]]]:
    """The batch, and photo → its items: (style, channels)."""
    id = await studio.make({"styles": []} | asked)
    async with studio.db.read() as tx:
        view = await lifecycle.get(tx, WS, id)
    versions = {row.item_id: row for row in await studio.rows(t.item_versions)}
    planned: dict[str, list[tuple[str, list[str]]]] = {}
    for item in sorted(await studio.rows(t.items, t.items.c.batch_id == id), key=lambda row: row.position):
        ids = [channel["id"] for channel in versions[item.id].channels]
        planned.setdefault(item.photo_id, []).append((item.style_id, ids))
    return view, planned


async def test_white_for_amazon_and_oak_for_the_shop_is_one_batch(studio: Studio) -> None:
    [photo] = await studio.add_photos(1)
    view, planned = await made(studio, source={"images": [photo]}, specification="everywhere")
    assert planned == {photo: [("white", ["master", "amazon", "google"]), ("oak", ["shopify", "web"])]}
    assert view.specification is not None
    assert (view.specification.id, view.flags) == ("everywhere", ())
    async with studio.db.read() as tx:
        assert view.specification.version == (await specifications.get(tx, WS, "everywhere")).version


async def test_what_breaks_a_rule_by_design_is_not_planned_and_said_unless_somebody_insists(studio: Studio) -> None:
    photos = await studio.add_photos(2)
    asked = {"source": {"images": photos}, "styles": [{"style": "white"}, {"style": "oak"}],
             "channels": ["amazon", "web"]}  # fmt: skip
    view, planned = await made(studio, **asked)
    assert planned[photos[0]] == [("white", ["master", "amazon", "web"]), ("oak", ["web"])]
    [flag] = [flag for flag in view.flags if flag.check == "rule"]
    assert flag.count == 2
    assert flag.words == "Not made: oak: Amazon main image requires a pure white backdrop."
    _, insisted = await made(studio, **asked, insist=True)
    assert insisted[photos[0]] == [("white", ["master", "amazon", "web"]), ("oak", ["amazon", "web"])]
    view, planned = await made(studio, source={"images": photos}, styles=[{"style": "oak"}], channels=["amazon"])
    assert planned == {}
    assert view.state == "failed"
    assert "requires a pure white backdrop" in view.error


async def test_outputs_are_for_roles_and_what_none_takes_is_said(studio: Studio) -> None:
    front, back = await studio.add_photos(2)
    async with studio.db.write() as tx:
        await tx.execute(update(t.photos).where(t.photos.c.id == back).values(role="back"))
    outputs = [{"channel": "web", "style": "oak", "roles": ["front"]}]
    view, planned = await made(studio, source={"images": [front, back]}, outputs=outputs)
    assert planned == {front: [("oak", ["master", "web"])]}
    [unmatched] = view.unmatched
    assert "takes its role (back)" in unmatched.reason


async def test_changed_content_is_the_next_version_and_a_batch_keeps_its_own(studio: Studio) -> None:
    [photo] = await studio.add_photos(1)
    one = Specification(id="ours", name="Ours", outputs=(Output(channel="web"),), hard=frozenset({"fill"}))
    async with studio.db.write() as tx:
        first = await specifications.create(tx, WS, one)
        with pytest.raises(Conflict):
            await specifications.create(tx, WS, one)
        with pytest.raises(Conflict):
            await specifications.replace(tx, WS, one.model_copy(update={"id": "everywhere"}))
        with pytest.raises(NotFound):
            await specifications.get(tx, OTHER, "ours")
    view, _ = await made(studio, source={"images": [photo]}, specification="ours")
    next_one = one.model_copy(update={"outputs": (Output(channel="web", style="oak"),)})
    async with studio.db.write() as tx:
        second = await specifications.replace(tx, WS, next_one)
    assert (first.revision, second.revision) == (1, 2)
    assert first.version != second.version
    assert view.specification is not None and view.specification.version == first.version
    _, later = await made(studio, source={"images": [photo]}, specification="ours")
    assert later == {photo: [("oak", ["master", "web"])]}
    versions = await studio.rows(t.item_versions)
    assert all("fill" in version.channels[-1]["rules"]["hard"] for version in versions)


async def test_what_is_not_there_is_refused_by_name(studio: Studio) -> None:
    for wrong, error in (
        ({"specification": "nope"}, NotFound),
        ({"outputs": [{"channel": "nope"}]}, NotFound),
        ({"outputs": [{"channel": "web", "style": "nope"}]}, NotFound),
        ({"outputs": [{"channel": "web", "options": {"nope": 1}}]}, BadOption),
        ({"specification": "everywhere", "styles": [{"style": "white"}]}, ValueError),
        ({"specification": "everywhere", "channels": ["web"]}, ValueError),
        ({}, ValueError),
    ):
        with pytest.raises(error):
            await studio.ask({"source": {"images": ["img_x"]}, "styles": []} | wrong)
